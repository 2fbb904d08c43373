use alloc::borrow::Cow;
use alloc::string::String;

use super::Block;
use crate::json::{Cursor, JsonStr, ObjectWriter, RawJson, RawJsonRef};
use crate::members::{ReadError, each_member};
use crate::tool_input::{InputState, ToolInput, ToolInputError, WriteInput, write_finished};

/// A call of a tool (Messages API: `ToolUseBlock`, `ServerToolUseBlock`, `BetaMCPToolUseBlock`).
#[derive(Clone, PartialEq)]
pub struct ToolUseBlock {
    kind: ToolKind,
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

impl ToolUseBlock {
    /// Returns which side runs the tool.
    #[must_use]
    pub const fn kind(&self) -> ToolKind {
        self.kind
    }

    /// Returns the `type` of the block on the wire.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            ToolKind::Client => "tool_use",
            ToolKind::Server => "server_tool_use",
            ToolKind::Mcp => "mcp_tool_use",
        }
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

    /// Returns [`id`](Self::id) and [`name`](Self::name), in one pass.
    pub(crate) fn id_and_name(&self) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
        let [mut id, mut name] = [None; 2];
        // Valid, as the scanner has found.
        let _ = each_member(&mut Cursor::of_document(self.start.as_str().as_bytes()), &mut |member, cursor| {
            let slot = match member.bytes {
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
        (id.map(JsonStr::to_text), name.map(JsonStr::to_text))
    }

    /// Writes the start of the block, without its input.
    pub(crate) fn write_start(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        object.members_but(self.start.as_json(), &|name| name == "input");
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

    fn read(cursor: &mut Cursor<'_>, type_name: &str) -> Result<Self, ReadError> {
        let kind = match type_name {
            "server_tool_use" => ToolKind::Server,
            "mcp_tool_use" => ToolKind::Mcp,
            _ => ToolKind::Client,
        };
        Ok(Self { kind, start: cursor.keep_value()?, input: InputState::default() })
    }

    fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
        let mut object = ObjectWriter::new(out);
        object.members_but(self.start.as_json(), &|name| name == "input");
        write_input(self.input(), object.value("input"))?;
        object.end();
        Ok(())
    }

    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        if self.kind != ToolKind::Client {
            return self.write(out, write_finished).map(|()| true);
        }
        let input = self.input().value()?;
        let mut object = ObjectWriter::new(out);
        object.string("type", self.type_name());
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

    /// Replaces the block: no delta opens such a block.
    fn merge_start(&mut self, start: Self) {
        *self = start;
    }
}
