use alloc::borrow::Cow;
use alloc::string::String;

use super::Block;
use crate::json::{Cursor, JsonStr, ObjectWriter, RawJson, RawJsonRef};
use crate::members::{ReadError, each_member};
use crate::tool_input::{InputState, ToolInput, ToolInputError, WriteInput, write_finished, write_with_input};

/// A call of a tool (Messages API: `ToolUseBlock`, `ServerToolUseBlock`, `BetaMCPToolUseBlock`).
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUseBlock {
    start: RawJson,
    pub(crate) input: InputState,
}

/// Who runs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolKind {
    /// The client: `tool_use`.
    Client,
    /// The API: `server_tool_use`.
    Server,
    /// An MCP server that the API is connected to: `mcp_tool_use` (beta).
    Mcp,
}

impl ToolKind {
    /// The side that runs a block of this `type`.
    pub(crate) fn of(type_name: &str) -> Self {
        match type_name {
            "server_tool_use" => Self::Server,
            "mcp_tool_use" => Self::Mcp,
            _ => Self::Client,
        }
    }
}

impl ToolUseBlock {
    /// Returns which side runs the tool.
    #[must_use]
    pub fn kind(&self) -> ToolKind {
        ToolKind::of(&self.type_name())
    }

    /// Returns the `type` of the block on the wire.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        Block::type_name(self)
    }

    /// Returns the identifier of the call, which its result has to name.
    #[must_use]
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.get("id")?.decode_string()
    }

    /// Returns the name of the tool.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.get("name")?.decode_string()
    }

    /// Returns the input of the call.
    #[must_use]
    pub fn input(&self) -> ToolInput<'_> {
        ToolInput::new(self.start.as_json(), Some(&self.input))
    }

    /// [`type_name`](Self::type_name), [`id`](Self::id) and [`name`](Self::name), in one pass.
    pub(crate) fn type_id_and_name(&self) -> [Option<Cow<'_, str>>; 3] {
        let [mut kind, mut id, mut name] = [None; 3];
        let mut has_type = false;
        // Valid, as the scanner has found.
        let _ = each_member(&mut Cursor::of_document(self.start.as_str().as_bytes()), &mut |member, cursor| {
            let slot = match member.bytes {
                // The first `type` counts, and the last of other members.
                b"type" if !has_type => {
                    has_type = true;
                    &mut kind
                }
                b"id" => &mut id,
                b"name" => &mut name,
                _ => return cursor.skip_value().map(|_| ()).map_err(ReadError::from),
            };
            *slot = cursor.string()?;
            if slot.is_none() {
                cursor.skip_value()?;
            }
            Ok(())
        });
        [kind, id, name].map(|text| text.map(JsonStr::to_text))
    }

    /// Writes the start of the block, without its input.
    pub(crate) fn write_start(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        for (name, value) in self.start.as_json().members().filter(|(name, _)| name != "input") {
            object.raw(&name, value.as_str());
        }
        object.raw("input", "{}");
        object.end();
    }

    /// Returns a member as the start of the block had it, unless it is null. Linear in the length of the start.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.start.get(name)?.non_null()
    }
}

impl Block for ToolUseBlock {
    const TYPES: &'static [&'static str] = &["tool_use", "server_tool_use", "mcp_tool_use"];

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        Ok(Self { start: cursor.keep_value()?, input: InputState::default() })
    }

    fn type_name(&self) -> Cow<'_, str> {
        let first = self.start.as_json().members().find(|(name, _)| name == "type");
        first.and_then(|(_, value)| value.decode_string()).unwrap_or_default()
    }

    fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
        write_with_input(out, self.start.as_json(), self.input(), write_input)
    }

    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        if self.kind() != ToolKind::Client {
            return self.write(out, write_finished).map(|()| true);
        }
        let input = self.input().value()?;
        let mut object = ObjectWriter::new(out);
        object.string("type", "tool_use");
        for name in ["id", "caller", "name", "toolset_name"] {
            if let Some(value) = self.get(name) {
                object.raw(name, value.as_str());
            }
        }
        object.raw("input", input.as_str());
        object.end();
        Ok(true)
    }

    fn byte_size(&self) -> usize {
        self.start.as_str().len().saturating_add(self.input.byte_size())
    }

    /// No delta opens such a block.
    fn merge_start(&mut self, start: Self) {
        *self = start;
    }
}
