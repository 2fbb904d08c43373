//! `Serialize` and `Deserialize` for values that are kept as text: written verbatim, read verbatim.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};
use serde_json::Number;
use serde_json::value::RawValue;

use super::{Cursor, RawJson, push_string};

/// Writes JSON text as it is. Other formats than JSON get the struct that `serde_json::value::RawValue` writes, of one
/// member with a private name, and do not read it as the value again.
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
    // A binary format may have written the struct of `serialize` as a list: that is an error, not another value.
    if !deserializer.is_human_readable() {
        return Box::deserialize(deserializer);
    }
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
        let mut text = String::new();
        AppendText(&mut text).deserialize(deserializer)?;
        self.visitor.visit_map(MapDeserializer::new(core::iter::once((self.name, text))))
    }
}

/// Appends a value as JSON text. `serde_json::Value` would change it: it sorts the members, unless another crate
/// enables `preserve_order`, keeps the last one of a repeated name, and takes the private names of serde_json for its
/// own.
struct AppendText<'a>(&'a mut String);

impl AppendText<'_> {
    fn append<E: Error>(self, value: &dyn fmt::Display) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for AppendText<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AppendText<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.append(&"null")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.append(&"null")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.append(&value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.append(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.append(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.append(&Number::from_f64(value).ok_or_else(|| E::custom("number is not finite"))?)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        push_string(self.0, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.push('[');
        let begin = self.0.len();
        while list.next_element_seed(AppendText(self.0))?.is_some() {
            self.0.push(',');
        }
        end(self.0, begin, ']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let object = self.0.len();
        self.0.push('{');
        let begin = self.0.len();
        while let Some(name) = members.next_key::<String>()? {
            push_string(self.0, &name);
            self.0.push(':');
            members.next_value_seed(AppendText(self.0))?;
            self.0.push(',');
        }
        end(self.0, begin, '}');
        if let Some(number) = self.0.get(object..).and_then(exact_number) {
            self.0.truncate(object);
            self.0.push_str(&number);
        }
        Ok(())
    }
}

/// Ends a list or an object, whose items are each followed by a comma.
fn end(out: &mut String, begin: usize, bracket: char) {
    if out.len() > begin {
        out.pop();
    }
    out.push(bracket);
}

/// Returns the number in a map of one member, as which serde_json passes it with its feature `arbitrary_precision`.
#[inline(never)]
fn exact_number(object: &str) -> Option<String> {
    let number = object.strip_prefix(r#"{"$serde_json::private::Number":""#)?.strip_suffix("\"}")?;
    let is_enabled = "1e999".parse::<Number>().is_ok();
    (is_enabled && number.parse::<Number>().is_ok()).then(|| String::from(number))
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
