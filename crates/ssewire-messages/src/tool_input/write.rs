//! Writes the input of a tool call as JSON.

use alloc::string::String;

use super::{ToolInput, ToolInputError};
use crate::json::append_value_so_far;

/// A function that writes the input of a tool call as JSON. With a flag instead, a program would also link the function
/// that it never asks for.
pub(crate) type WriteInput = fn(ToolInput<'_>, &mut String) -> Result<(), ToolInputError>;

/// Writes input that is finished; any other is an error.
pub(crate) fn write_finished(input: ToolInput<'_>, out: &mut String) -> Result<(), ToolInputError> {
    out.push_str(input.value()?.as_str());
    Ok(())
}

/// Writes the value so far, in any state. Never fails.
pub(crate) fn write_lossy(input: ToolInput<'_>, out: &mut String) -> Result<(), ToolInputError> {
    if write_finished(input, out).is_err() {
        match input.state.and_then(|state| state.text.as_ref()) {
            Some(text) if text.json().is_some() => {
                let text = text.text.get(..text.lost_at.unwrap_or(text.text.len())).unwrap_or_default();
                if !append_value_so_far(text, out) {
                    out.push_str("{}");
                }
            }
            _ => out.push_str(input.at_start().as_str()),
        }
    }
    Ok(())
}
