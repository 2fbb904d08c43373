//! `Serialize` and `Deserialize` for values that are kept as text: written verbatim, read verbatim.

use alloc::boxed::Box;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Cursor, RawJson, SyntaxError};

/// Writes JSON text as it is. Other formats than JSON get what `serde_json::value::RawValue` gives them.
pub(crate) fn serialize<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_str(json).map_err(|_| S::Error::custom("value is not valid JSON"))?;
    raw.serialize(serializer)
}

/// Reads a value as JSON text, and converts it by `read`. The error names the expected type, never the value.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    read: fn(&mut Cursor<'_>) -> Option<T>,
) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let mut cursor = Cursor::of_document(raw.get().as_bytes());
    read(&mut cursor).ok_or_else(|| D::Error::custom(format_args!("not a Messages API `{what}`")))
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.as_str(), serializer)
    }
}

impl Serialize for super::RawJsonRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.as_str(), serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_bytes(raw.get().as_bytes()).map_err(D::Error::custom)
    }
}

impl From<SyntaxError> for super::InvalidJson {
    fn from(error: SyntaxError) -> Self {
        Self { offset: error.at }
    }
}
