//! Whether a payload is an error of the server instead of a value.

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Returns whether a payload is an object with a member `error` that is not null, or whose `type` or `object` is
/// `error`. Of several members of one name, each counts.
pub(super) fn is_vendor_error(payload: &str) -> bool {
    // Most payloads lack this word, also with escaped letters (U+0065, U+006F, U+0072), so they are parsed only once.
    (payload.contains("\"error\"") || payload.contains("\\u006") || payload.contains("\\u007"))
        && serde_json::from_str(payload).is_ok_and(|IsError(is_error)| is_error)
}

/// Read from an object only. A derived implementation would accept an array, too, whose elements would be the members.
struct IsError(bool);

impl<'de> Deserialize<'de> for IsError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut is_error = false;
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            is_error |= match &*name {
                "error" => members.next_value::<Option<IgnoredAny>>()?.is_some(),
                "type" | "object" => members.next_value::<IsErrorName>()?.0,
                _ => members.next_value::<IgnoredAny>().map(|_| false)?,
            };
        }
        Ok(is_error)
    }
}

/// Whether a value is the string `error`. It is not kept: it may be most of the payload.
struct IsErrorName(bool);

impl<'de> Deserialize<'de> for IsErrorName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        Ok(value == "error")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<bool, A::Error> {
        IgnoredAny.visit_seq(elements).map(|_| false)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<bool, A::Error> {
        IgnoredAny.visit_map(members).map(|_| false)
    }
}
