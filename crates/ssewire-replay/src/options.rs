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

/// Says which of `--chunk-size`, `--delay-ms` and `--speed`, if they were given, has no effect beside these faults and
/// the delay: a fault sets its own, and a delay replaces the recorded pace.
#[must_use]
pub fn overridden_option(faults: &[Fault], has_chunk_size: bool, has_delay: bool, has_speed: bool) -> Option<String> {
    let by_fault = faults.iter().find_map(|fault| {
        let script = fault.script();
        let (sets_sizes, sets_delay) = (!script.sizes.is_empty(), !script.delay.is_zero());
        let option = if has_chunk_size && sets_sizes {
            "--chunk-size"
        } else if has_delay && sets_delay {
            "--delay-ms"
        } else if has_speed && sets_delay {
            "--speed"
        } else {
            return None;
        };
        Some(format!("{option} has no effect with --fault {fault}, which sets its own"))
    });
    let by_delay = || "--speed has no effect with --delay-ms, which replaces the recorded pace".to_owned();
    by_fault.or_else(|| (has_speed && has_delay).then(by_delay))
}

/// Parses the value of `--speed`.
///
/// # Errors
/// It is not a number greater than zero; `inf` is one.
pub fn parse_speed(value: &str) -> Result<f64, &'static str> {
    value.parse().ok().filter(|speed| *speed > 0.0).ok_or("not a number greater than zero")
}
