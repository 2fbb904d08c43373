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

/// Returns what `--fault list` prints: a line for each fault.
#[must_use]
pub fn fault_list() -> String {
    Fault::ALL.iter().map(|fault| format!("{fault:<20}{}\n", fault.description())).collect()
}

/// Parses the value of `--speed`.
///
/// # Errors
/// It is not a number greater than zero; `inf` is one.
pub fn parse_speed(value: &str) -> Result<f64, &'static str> {
    value.parse().ok().filter(|speed| *speed > 0.0).ok_or("not a number greater than zero")
}
