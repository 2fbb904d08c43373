//! Events of other kinds.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// An event that this version does not know, with its name and all its members.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownEvent {
    pub(crate) name: Box<str>,
    pub(crate) raw: Box<Map<String, Value>>,
}

impl UnknownEvent {
    /// The payload's `type`, or the SSE event type where the payload has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The payload.
    #[must_use]
    pub fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl Serialize for UnknownEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}
