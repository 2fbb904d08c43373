use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use super::Citations;
use crate::json::{Cursor, JsonStr, ObjectWriter, RawJson, RawJsonRef};
use crate::members::{ReadError, peek_type};
use crate::tool_input::{InputState, ToolInput, ToolInputError, WriteInput};

/// A block that arrives complete, or of a kind that this version does not know, as raw JSON.
///
/// A block of an unknown kind accepts a known delta if it has the member for it.
#[derive(Clone, PartialEq)]
pub struct RawBlock {
    start: RawJson,
    accepts: Accepts,
    merged: Option<Box<MergedMembers>>,
}

/// Which deltas find a member for them. Found once: to search the block for every delta would be quadratic.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Accepts {
    pub(crate) text: bool,
    pub(crate) thinking: bool,
    pub(crate) signature: bool,
    pub(crate) citations: bool,
    pub(crate) input: bool,
}

/// The members that deltas have changed.
#[derive(Clone, Default, PartialEq)]
struct MergedMembers {
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    citations: Option<Citations>,
    input: Option<InputState>,
}

impl RawBlock {
    /// Reads the object at the cursor, and its first `type`, if that is a string.
    pub(crate) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<(Self, Option<Cow<'a, str>>), ReadError> {
        let mut accepts = Accepts::default();
        let mut kind = None;
        let start = cursor.keep_object(&mut |name, cursor| {
            let first = cursor.peek();
            let is_string = matches!(first, Some(b'"' | b'n'));
            // The last of several counts, but of `type` the first.
            match name.bytes {
                b"type" if kind.is_none() => {
                    kind = Some(cursor.string()?);
                    if matches!(kind, Some(Some(_))) {
                        return Ok(());
                    }
                }
                b"text" => accepts.text = is_string,
                b"thinking" => accepts.thinking = is_string,
                b"signature" => accepts.signature = is_string,
                b"citations" => accepts.citations = matches!(first, Some(b'[' | b'n')),
                b"input" => accepts.input = true,
                _ => {}
            }
            cursor.skip_value()?;
            Ok(())
        })?;
        Ok((Self { start, accepts, merged: None }, kind.flatten().map(JsonStr::to_text)))
    }

    /// Returns the `type` of the block.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        peek_type(&Cursor::of_document(self.start.as_str().as_bytes())).ok().flatten().unwrap_or_default()
    }

    /// Returns the block as it started: all of it, unless deltas were merged.
    /// [`ContentBlock::to_json`](super::ContentBlock::to_json) returns it with their changes.
    #[must_use]
    pub fn start_json(&self) -> RawJsonRef<'_> {
        self.start.as_json()
    }

    /// Returns a member as the [start](Self::start_json) of the block had it, unless it is null: deltas do not change
    /// it. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.start.get(name)?.non_null()
    }

    /// Returns the input, if the block has the member.
    #[must_use]
    pub fn input(&self) -> Option<ToolInput<'_>> {
        if !self.accepts.input {
            return None;
        }
        let state = self.merged.as_ref().and_then(|merged| merged.input.as_ref());
        Some(ToolInput::new(self.start.as_json(), state))
    }

    pub(crate) fn accepts(&self) -> Accepts {
        self.accepts
    }

    pub(crate) fn has_merged_members(&self) -> bool {
        self.merged.is_some()
    }

    // Out of line: few blocks have merged members, and many methods ask for them.
    #[inline(never)]
    fn merged_mut(&mut self) -> &mut MergedMembers {
        self.merged.get_or_insert_default()
    }

    pub(crate) fn input_state_mut(&mut self) -> Option<&mut InputState> {
        if !self.accepts.input {
            return None;
        }
        Some(self.merged_mut().input.get_or_insert_default())
    }

    pub(crate) fn has_broken_input(&self) -> bool {
        self.merged.as_ref().and_then(|merged| merged.input.as_ref()).is_some_and(InputState::is_broken_at_end)
    }

    pub(crate) fn existing_input_state_mut(&mut self) -> Option<&mut InputState> {
        self.merged.as_mut()?.input.as_mut()
    }

    /// Returns the text that deltas append to.
    pub(crate) fn text_mut(&mut self) -> &mut String {
        let merged = self.merged.get_or_insert_default();
        merged.text.get_or_insert_with(|| string(&self.start, "text"))
    }

    /// Returns the thinking that deltas append to.
    pub(crate) fn thinking_mut(&mut self) -> &mut String {
        let merged = self.merged.get_or_insert_default();
        merged.thinking.get_or_insert_with(|| string(&self.start, "thinking"))
    }

    pub(crate) fn push_citation(&mut self, valid: &[u8]) {
        let merged = self.merged.get_or_insert_default();
        let citations = merged.citations.get_or_insert_with(|| {
            let mut citations = Citations::default();
            if let Some(list) = self.start.get("citations") {
                for citation in list.elements() {
                    citations.push(citation.as_str().as_bytes());
                }
            }
            citations
        });
        citations.push(valid);
    }

    pub(crate) fn set_signature(&mut self, signature: &str) {
        self.merged_mut().signature = Some(signature.into());
    }

    pub(crate) fn write(&self, out: &mut String, write_input: WriteInput) -> Result<(), ToolInputError> {
        let Some(merged) = &self.merged else {
            out.push_str(self.start.as_str());
            return Ok(());
        };
        let mut object = ObjectWriter::new(out);
        object.members_but(self.start.as_json(), &|name| match name {
            "text" => merged.text.is_some(),
            "thinking" => merged.thinking.is_some(),
            "signature" => merged.signature.is_some(),
            "citations" => merged.citations.is_some(),
            "input" => merged.input.is_some(),
            _ => false,
        });
        let strings = [("text", &merged.text), ("thinking", &merged.thinking), ("signature", &merged.signature)];
        for (name, text) in strings {
            if let Some(text) = text {
                object.string(name, text);
            }
        }
        if let Some(citations) = &merged.citations {
            citations.write(object.value("citations"));
        }
        if merged.input.is_some() {
            let input = ToolInput::new(self.start.as_json(), merged.input.as_ref());
            write_input(input, object.value("input"))?;
        }
        object.end();
        Ok(())
    }

    pub(crate) fn byte_size(&self) -> usize {
        let merged = self.merged.as_ref().map_or(0, |merged| {
            let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            len(&merged.text)
                .saturating_add(len(&merged.thinking))
                .saturating_add(len(&merged.signature))
                .saturating_add(merged.citations.as_ref().map_or(0, Citations::byte_size))
                .saturating_add(merged.input.as_ref().map_or(0, InputState::byte_size))
        });
        self.start.as_str().len().saturating_add(merged)
    }
}

fn string(start: &RawJson, name: &str) -> String {
    start.get(name).and_then(RawJsonRef::decode_string).map(Cow::into_owned).unwrap_or_default()
}
