use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{FromJson, deserialize};

/// An object whose `type` this version does not know, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownObject {
    members: Box<Map<String, Value>>,
}

impl UnknownObject {
    /// Returns the `type` of the object; empty where that is absent or no string.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.members.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns all its members, `type` included.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

impl FromJson for UnknownObject {
    fn matches(value: &Value) -> bool {
        value.is_object()
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(members) => Ok(Self { members: Box::new(members) }),
            other => Err(other),
        }
    }
}

impl Serialize for UnknownObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UnknownObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer, "UnknownObject")
    }
}
