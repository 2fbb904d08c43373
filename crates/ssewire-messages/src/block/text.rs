use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use super::{Block, Citations};
use crate::Nullable;
use crate::json::{Cursor, Extra, ObjectWriter};
use crate::read::{ReadError, each_member, text};
use crate::tool_input::{ToolInputError, WriteInput};

/// Text for the user (Messages API: `TextBlock`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextBlock {
    pub(crate) text: String,
    rest: Option<Box<Rest>>,
}

/// What few text blocks have.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rest {
    citations: Nullable<Citations>,
    extra: Extra,
}

impl TextBlock {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sources of the text, in the order of its passages.
    #[must_use]
    pub fn citations(&self) -> Nullable<&Citations> {
        self.rest.as_ref().map_or(Nullable::Absent, |rest| rest.citations.as_ref())
    }

    /// Members that this version does not know.
    #[must_use]
    pub fn extra(&self) -> Option<&Extra> {
        self.rest.as_ref().map(|rest| &rest.extra).filter(|extra| !extra.is_empty())
    }

    /// Appends a citation. Returns where it lies.
    pub(crate) fn push_citation(&mut self, valid: &[u8]) -> usize {
        let citations = &mut self.rest.get_or_insert_default().citations;
        if !citations.is_value() {
            *citations = Nullable::Value(Citations::default());
        }
        match citations {
            Nullable::Value(citations) => citations.push(valid),
            _ => 0,
        }
    }
}

impl Block for TextBlock {
    const TYPES: &'static [&'static str] = &["text"];

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        let mut block = Self::default();
        each_member(cursor, &mut |name, cursor| {
            match &*name.name() {
                b"type" => {
                    cursor.skip_value()?;
                }
                b"text" => block.text = text(cursor, "content_block.text")?.to_text().into_owned(),
                b"citations" => {
                    let citations = Citations::read(cursor, "content_block.citations")?;
                    block.rest.get_or_insert_default().citations = citations.map_or(Nullable::Null, Nullable::Value);
                }
                _ => block.rest.get_or_insert_default().extra.push(name, cursor.skip_value()?),
            }
            Ok(())
        })?;
        Ok(block)
    }

    fn type_name(&self) -> Cow<'_, str> {
        "text".into()
    }

    fn write(&self, out: &mut String, _: WriteInput) -> Result<(), ToolInputError> {
        let mut object = ObjectWriter::new(out);
        object.string("type", "text");
        match self.citations() {
            Nullable::Absent => {}
            Nullable::Null => object.raw("citations", "null"),
            Nullable::Value(citations) => citations.write(object.value("citations")),
        }
        object.string("text", &self.text);
        if let Some(rest) = &self.rest {
            rest.extra.write(&mut object);
        }
        object.end();
        Ok(())
    }

    /// The API refuses a text block without text.
    fn write_turn(&self, out: &mut String) -> Result<bool, ToolInputError> {
        if self.text.trim().is_empty() {
            return Ok(false);
        }
        let mut object = ObjectWriter::new(out);
        object.string("type", "text");
        if let Nullable::Value(citations) = self.citations() {
            citations.write(object.value("citations"));
        }
        object.string("text", &self.text);
        object.end();
        Ok(true)
    }

    fn held(&self) -> usize {
        let rest = self
            .rest
            .as_ref()
            .map_or(0, |rest| rest.extra.held().saturating_add(rest.citations.as_option().map_or(0, Citations::held)));
        self.text.len().saturating_add(rest)
    }

    fn merge_start(&mut self, mut start: Self) {
        start.text.push_str(&self.text);
        if let Some(Rest { citations: Nullable::Value(later), .. }) = self.rest.as_deref() {
            let citations = &mut start.rest.get_or_insert_default().citations;
            match citations {
                Nullable::Value(citations) => citations.append(later),
                none => *none = Nullable::Value(later.clone()),
            }
        }
        *self = start;
    }
}
