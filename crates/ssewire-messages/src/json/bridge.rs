//! `Serialize` and `Deserialize` for values that are kept as text: written verbatim, read verbatim.

use alloc::boxed::Box;
use core::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::Value;
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
    let raw = read_text(deserializer)?;
    let mut cursor = Cursor::of_document(raw.get().as_bytes());
    read(&mut cursor).ok_or_else(|| D::Error::custom(format_args!("not a Messages API `{what}`")))
}

/// Reads a value as JSON text, or writes the text of a value that serde has read already.
pub(crate) fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    Box::deserialize(TextOrValue(deserializer))
}

/// A deserializer that `serde_json::value::RawValue` can read from, also where serde passes it a value: inside tagged
/// and untagged enums, and below `flatten`.
///
/// A `RawValue` asks for a newtype struct of a certain name. `serde_json` then passes a map of one member, which has
/// this name and the text; every other deserializer passes the value.
struct TextOrValue<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for TextOrValue<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, TextVisitor { name, visitor })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct TextVisitor<V> {
    name: &'static str,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for TextVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(map)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let text = alloc::string::ToString::to_string(&Value::deserialize(deserializer)?);
        self.visitor.visit_map(MapDeserializer::new(core::iter::once((self.name, text))))
    }
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
        let raw = read_text(deserializer)?;
        Self::from_bytes(raw.get().as_bytes()).map_err(D::Error::custom)
    }
}

impl From<SyntaxError> for super::InvalidJson {
    fn from(error: SyntaxError) -> Self {
        Self { offset: error.at }
    }
}
