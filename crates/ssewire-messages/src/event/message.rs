//! The events of the message as a whole.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::PayloadSize;
use crate::container::Container;
use crate::context_management::ContextManagementResponse;
use crate::input_transformation::InputTransformation;
use crate::message::Message;
use crate::stop::{StopDetails, StopReason};
use crate::usage::Usage;
use crate::wire::object;
use crate::{Extra, Nullable};

/// The message begins (Messages API: `RawMessageStartEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MessageStart {
    /// The message so far: usually without content and stop reason.
    pub message: Box<Message>,
    /// Members that this version does not know.
    pub extra: Extra,
    pub(crate) size: PayloadSize,
}

impl Serialize for MessageStart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", "message_start")?;
        object.serialize_entry("message", &self.message)?;
        for (name, value) in self.extra.iter() {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// What became known of the message as a whole (Messages API: `RawMessageDeltaEvent`). A present, non-null value
/// replaces what was known; counts are cumulative, so they are replaced, too, never added.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct MessageDelta {
    /// What the server's context management did to the request (beta).
    pub context_management: Nullable<Box<ContextManagementResponse>>,
    /// The members that stand on the message itself.
    pub delta: Nullable<Box<MessageDeltaBody>>,
    /// The usage so far.
    pub usage: Nullable<Box<Usage>>,
    /// What was changed in the request before the model saw it (beta).
    pub input_transformations: Nullable<Vec<InputTransformation>>,
    /// Members that this version does not know.
    pub extra: Extra,
    pub(crate) size: PayloadSize,
}

object! {
    /// The `delta` of a [`MessageDelta`] (Messages API: `Delta`).
    pub struct MessageDeltaBody {
        /// The container that code execution ran in.
        pub container: Nullable<Box<Container>>,
        /// What stands behind the stop reason, where it was a refusal.
        pub stop_details: Nullable<Box<StopDetails>>,
        /// Why the model stopped.
        pub stop_reason: Nullable<StopReason>,
        /// The stop sequence that was met, where the stop reason is `stop_sequence`.
        pub stop_sequence: Nullable<String>,
    }
}

impl Serialize for MessageDelta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", "message_delta")?;
        if !self.context_management.is_absent() {
            object.serialize_entry("context_management", &self.context_management)?;
        }
        if !self.delta.is_absent() {
            object.serialize_entry("delta", &self.delta)?;
        }
        if !self.usage.is_absent() {
            object.serialize_entry("usage", &self.usage)?;
        }
        if !self.input_transformations.is_absent() {
            object.serialize_entry("input_transformations", &self.input_transformations)?;
        }
        for (name, value) in self.extra.iter() {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}
