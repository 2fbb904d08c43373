//! Whether a payload is an error of the server instead of a value.

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// An object with a member `error` that is not null, or whose `type` or `object` is `error`. Of several members of one
/// name, each counts.
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
                "type" | "object" => members.next_value::<Value>()? == "error",
                _ => members.next_value::<IgnoredAny>().map(|_| false)?,
            };
        }
        Ok(is_error)
    }
}
