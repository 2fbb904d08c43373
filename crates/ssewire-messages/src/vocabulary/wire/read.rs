//! From JSON values to typed ones.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::Nullable;
use crate::json::{parse_digits, whole_number};

/// A type that can be read from a JSON value.
pub(crate) trait FromJson: Sized {
    /// Returns whether [`from_json`](Self::from_json) would succeed. Only looks, so that an array is taken apart only
    /// if each of its elements matches.
    fn matches(value: &Value) -> bool;

    /// Takes the value over, or gives it back untouched if it is of another shape.
    fn from_json(value: Value) -> Result<Self, Value>;
}

/// The type of a field of an object; the default represents an absent member.
pub(crate) trait Member: FromJson + Serialize + Default {
    /// Returns whether the member is left out when the object is written.
    fn is_absent(&self) -> bool {
        false
    }
}

/// An object with a `type`.
pub(crate) trait Tagged {
    /// The `type` of the object.
    const TYPE: &'static str;
}

/// Returns the `type` of an object, if it is a string.
pub(crate) fn tag(value: &Value) -> Option<&str> {
    value.get("type")?.as_str()
}

/// Implements `Deserialize` for all types of the vocabulary. The error names the type, never the payload.
pub(crate) fn deserialize<'de, T: FromJson, D: Deserializer<'de>>(deserializer: D, name: &str) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    T::from_json(value).map_err(|_| D::Error::custom(format_args!("not a Messages API `{name}`")))
}

/// Returns a count of a parsed value, as [`RawJsonRef::count`](crate::RawJsonRef) does of a text.
pub(crate) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole_number(&number.to_string())),
        Value::String(digits) => parse_digits(digits),
        _ => None,
    }
}

/// Reads a member that is a [`count`].
pub(crate) fn count_or<M: Member + From<u64>>(value: Value) -> Result<M, Value> {
    match count(&value) {
        Some(count) => Ok(M::from(count)),
        None => M::from_json(value),
    }
}

impl<T: FromJson + Serialize> Member for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: FromJson + Serialize> Member for Nullable<T> {
    fn is_absent(&self) -> bool {
        self.is_absent()
    }
}

/// Null is not among the values of `T`, unless `T` itself takes it.
impl<T: FromJson> FromJson for Option<T> {
    fn matches(value: &Value) -> bool {
        T::matches(value)
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        T::from_json(value).map(Some)
    }
}

impl<T: FromJson> FromJson for Nullable<T> {
    fn matches(value: &Value) -> bool {
        value.is_null() || T::matches(value)
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Null => Ok(Self::Null),
            other => T::from_json(other).map(Self::Value),
        }
    }
}

/// All elements, or the array goes back unchanged.
impl<T: FromJson> FromJson for Vec<T> {
    fn matches(value: &Value) -> bool {
        value.as_array().is_some_and(|elements| elements.iter().all(T::matches))
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Array(elements) if elements.iter().all(T::matches) => {
                elements.into_iter().map(T::from_json).collect()
            }
            other => Err(other),
        }
    }
}

impl FromJson for Value {
    fn matches(_: &Value) -> bool {
        true
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl FromJson for Map<String, Value> {
    fn matches(value: &Value) -> bool {
        value.is_object()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(members) => Ok(members),
            other => Err(other),
        }
    }
}

impl FromJson for String {
    fn matches(value: &Value) -> bool {
        value.is_string()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(string) => Ok(string),
            other => Err(other),
        }
    }
}

impl FromJson for bool {
    fn matches(value: &Value) -> bool {
        value.is_boolean()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        value.as_bool().ok_or(value)
    }
}

impl FromJson for u64 {
    fn matches(value: &Value) -> bool {
        value.is_u64()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        value.as_u64().ok_or(value)
    }
}

impl FromJson for i64 {
    fn matches(value: &Value) -> bool {
        value.is_i64()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        value.as_i64().ok_or(value)
    }
}
