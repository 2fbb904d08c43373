//! Conversions of JSON for comparisons.

use serde_json::{Number, Value};

/// The functions that the reader of JSON lines uses, whose file is compiled for its fuzz target.
#[path = "../../crates/ssewire-cli/src/json.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod command;

pub(crate) use command::one_line;

/// Normalizes each number to its numeric value. Under serde_json's `arbitrary_precision` a number keeps its source
/// text, so `2.5e+3` and `2500.0` would differ.
pub fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_u64() || number.is_i64() => value.clone(),
        Value::Number(number) => number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        Value::Array(items) => items.iter().map(by_value).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), by_value(value))).collect(),
        other => other.clone(),
    }
}

/// Parses JSON text of any depth: `serde_json` has a depth limit.
#[must_use]
pub fn deep_value(json: ssewire_messages::RawJsonRef<'_>) -> Value {
    if json.is_object() {
        json.members().map(|(name, value)| (name.into_owned(), deep_value(value))).collect()
    } else if json.is_array() {
        json.elements().map(deep_value).collect()
    } else {
        // A number beyond the range of `f64` is compared as text.
        json.to_value().unwrap_or_else(|_| json.as_str().into())
    }
}
