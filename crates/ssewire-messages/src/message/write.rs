//! Writes a message as JSON.

use alloc::string::String;

use super::{Known, Message};
use crate::Nullable;
use crate::json::ObjectWriter;
use crate::stop_reason::StopReason;
use crate::tool_input::{ToolInputError, WriteInput};

impl Message {
    pub(crate) fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
        let mut object = self.write_without_content(out, self.stop_reason.as_ref());
        let content = object.value("content");
        content.push('[');
        for (at, block) in self.content.iter().enumerate() {
            if at > 0 {
                content.push(',');
            }
            block.write(content, write_input)?;
        }
        content.push(']');
        object.end();
        Ok(())
    }

    /// Writes everything but the content.
    pub(crate) fn write_without_content<'o>(
        &self,
        out: &'o mut String,
        stop_reason: Nullable<&StopReason>,
    ) -> ObjectWriter<'o> {
        let mut object = ObjectWriter::new(out);
        if let Some(id) = self.id() {
            object.string("id", id);
        }
        if !self.is_mistyped(Known::Type) {
            object.string("type", "message");
        }
        if !self.is_mistyped(Known::Role) {
            object.string("role", "assistant");
        }
        if let Some(model) = self.model() {
            object.string("model", model);
        }
        match stop_reason {
            Nullable::Absent => {}
            Nullable::Null => object.raw("stop_reason", "null"),
            Nullable::Value(reason) => object.string("stop_reason", reason.as_str()),
        }
        match &self.usage {
            Nullable::Absent => {}
            Nullable::Null => object.raw("usage", "null"),
            Nullable::Value(usage) => usage.write(object.value("usage")),
        }
        self.extra.write(&mut object);
        object
    }
}
