//! Values of command-line options, for the commands `ssewire-replay` and `ssewire serve`.

use core::str::FromStr;

use crate::fault::{Fault, UnknownFault};

/// The value of `--fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultOrList {
    Fault(Fault),
    List,
}

impl FromStr for FaultOrList {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "list" { Ok(Self::List) } else { name.parse().map(Self::Fault) }
    }
}

/// Returns the values of `--fault`; `None` if one of them is `list`.
#[must_use]
pub fn faults(values: &[FaultOrList]) -> Option<Vec<Fault>> {
    let faults = values.iter().map(|value| match value {
        FaultOrList::Fault(fault) => Some(*fault),
        FaultOrList::List => None,
    });
    faults.collect()
}

/// Returns what `--fault list` prints: a line for each fault.
#[must_use]
pub fn fault_list() -> String {
    Fault::ALL.iter().map(|fault| format!("{fault:<20}{}\n", fault.description())).collect()
}

/// Says which of `--chunk-size` and `--delay-ms`, if they were given, has no effect beside these faults, because a fault
/// sets its own.
#[must_use]
pub fn overridden_option(faults: &[Fault], has_chunk_size: bool, has_delay: bool) -> Option<String> {
    faults.iter().find_map(|fault| {
        let script = fault.script();
        let option = if has_chunk_size && !script.sizes.is_empty() {
            "--chunk-size"
        } else if has_delay && !script.delay.is_zero() {
            "--delay-ms"
        } else {
            return None;
        };
        Some(format!("{option} has no effect with --fault {fault}, which sets its own"))
    })
}

/// Parses the value of `--speed`.
///
/// # Errors
/// It is not a number greater than zero; `inf` is one.
pub fn parse_speed(value: &str) -> Result<f64, &'static str> {
    value.parse().ok().filter(|speed| *speed > 0.0).ok_or("not a number greater than zero")
}
