//! Reads the JSON of a message.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Known, Message};
use crate::Nullable;
use crate::block::ContentBlock;
use crate::id_and_model::IdAndModel;
use crate::json::{Cursor, JsonStr, MemberRanges};
use crate::members::{ReadError, each_element, each_member, is_string, read_member};
use crate::stop_reason::StopReason;
use crate::usage::Usage;

impl Message {
    /// Reads the object at the cursor.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self, ReadError> {
        let mut message = Self::default();
        message.read_members(cursor)?;
        Ok(message)
    }

    /// Reads the object at the cursor without moving the message, which has hundreds of bytes.
    pub(crate) fn read_boxed(cursor: &mut Cursor<'_>) -> Result<Box<Self>, ReadError> {
        let mut message = Box::<Self>::default();
        message.read_members(cursor)?;
        Ok(message)
    }

    fn read_members(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        let (message, mut members) = (self, MemberRanges::default());
        let (mut id, mut model, mut content) = (None, None, Ok(Vec::new()));
        let is_object = each_member(cursor, &mut |name, cursor| {
            match name.bytes {
                b"content" => content = read_member(cursor, read_content)?,
                b"id" => id = message.read_string(Known::Id, cursor)?,
                b"model" => model = message.read_string(Known::Model, cursor)?,
                b"stop_reason" => {
                    let reason = StopReason::read(cursor)?;
                    let mistyped = reason.as_ref().err().copied().filter(|other| *other != b"null");
                    message.stop_reason = nullable(reason.ok(), mistyped.is_none());
                    message.keep_mistyped(Known::StopReason, mistyped);
                }
                b"usage" => {
                    let usage = Usage::read(cursor)?;
                    let other = if usage.is_none() { Some(cursor.skip_value()?) } else { None };
                    let mistyped = other.filter(|other| *other != b"null");
                    message.usage = nullable(usage, mistyped.is_none());
                    message.keep_mistyped(Known::Usage, mistyped);
                }
                b"type" => message.read_constant(Known::Type, b"message", cursor)?,
                b"role" => message.read_constant(Known::Role, b"assistant", cursor)?,
                _ => {
                    let value = cursor.skip_value()?;
                    members.push(name, value, cursor, &mut message.extra);
                }
            }
            Ok(())
        })?;
        message.content = content?;
        members.append_to(&mut message.extra, cursor);
        let (id, model) = (id.map(JsonStr::to_text), model.map(JsonStr::to_text));
        message.id_and_model = IdAndModel::new(id.as_deref(), model.as_deref());
        if is_object { Ok(()) } else { Err(ReadError::Member("message")) }
    }

    /// Reads a string. Another value goes to the extras.
    // Inline: a result in memory would cost each start of a message 1 % more instructions.
    #[inline(always)]
    fn read_string<'a>(&mut self, known: Known, cursor: &mut Cursor<'a>) -> Result<Option<JsonStr<'a>>, ReadError> {
        let text = cursor.string()?;
        let mistyped = if text.is_none() { Some(cursor.skip_value()?) } else { None };
        self.keep_mistyped(known, mistyped);
        Ok(text)
    }

    /// Reads a member that always has this value. Another value goes to the extras.
    #[inline(always)]
    fn read_constant(&mut self, known: Known, expected: &[u8], cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        let value = cursor.skip_value()?;
        self.keep_mistyped(known, Some(value).filter(|value| !is_string(value, expected)));
        Ok(())
    }

    /// Returns whether a known member is of another type.
    pub(super) fn is_mistyped(&self, known: Known) -> bool {
        self.mistyped.get(known as usize) == Some(&true)
    }

    /// Keeps a known member of another type among the extras. It replaces the member of this name before it, as one of
    /// the documented type does: the last one counts.
    pub(super) fn keep_mistyped(&mut self, known: Known, mistyped: Option<&[u8]>) {
        let at = known as usize;
        let (Some(name), Some(flag)) = (Known::NAMES.get(at), self.mistyped.get_mut(at)) else { return };
        let was_mistyped = core::mem::replace(flag, mistyped.is_some());
        match mistyped {
            Some(mistyped) => self.extra.set(name, mistyped),
            None if was_mistyped => self.extra.remove(name),
            None => {}
        }
    }
}

fn nullable<T>(value: Option<T>, is_null: bool) -> Nullable<T> {
    match value {
        Some(value) => Nullable::Value(value),
        None if is_null => Nullable::Null,
        None => Nullable::Absent,
    }
}

const SHORTEST_BLOCK: &str = r#"{"type":""}"#;

/// Reads the blocks of a message: an array, or null.
fn read_content(cursor: &mut Cursor<'_>) -> Result<Vec<ContentBlock>, ReadError> {
    // Counted first, so that a long list of tiny blocks is not copied while it grows. Room for as many blocks as there
    // are elements could be 20 times the text: `0` is one.
    let (mut count, mut has_short) = (0_usize, false);
    let mut counting = cursor.clone();
    each_element(&mut counting, &mut |cursor| {
        has_short |= cursor.skip_value()?.len() < SHORTEST_BLOCK.len();
        count = count.saturating_add(1);
        Ok(())
    })?;
    if has_short {
        return Err(ReadError::Member("content_block"));
    }
    let mut content = Vec::with_capacity(count);
    let is_array = each_element(cursor, &mut |cursor| {
        content.push(ContentBlock::read(cursor)?);
        Ok(())
    })?;
    if is_array || cursor.skip_value()? == b"null" { Ok(content) } else { Err(ReadError::Member("message.content")) }
}
