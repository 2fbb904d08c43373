//! Reads the members of an event, in any order and with any white space.

use alloc::boxed::Box;

use super::envelope::EnvelopeMembers;
use super::kind::EventKind;
use crate::block::ContentBlock;
use crate::delta::Delta;
use crate::event::{ContentBlockDelta, ContentBlockStart, ContentBlockStop, EVENT_MEMBERS, MessageDelta, StreamEvent};
use crate::json::{Cursor, ScannedJson, SyntaxError};
use crate::members::{Member, ReadError, Visit, count, each_further_member, each_member, read_member};
use crate::message::Message;

/// Reads an event whose `type` equals the SSE event type, in one pass. `None`: it is another one, an error, or
/// undecodable.
pub(super) fn read_as_named<'a>(event_type: &[u8], data: &'a [u8]) -> Option<StreamEvent<'a>> {
    let kind = EventKind::of(event_type);
    if matches!(kind, EventKind::Error | EventKind::Untyped | EventKind::Unknown) {
        return None;
    }
    let (mut cursor, mut envelope) = (Cursor::new(data), EnvelopeMembers::default());
    if cursor.begin_with(&[b"{\"type\":\"", event_type, b"\""]) {
        envelope.kind = Some(kind);
    }
    let event = read(kind, &mut cursor, &mut envelope).ok()??;
    cursor.end().ok()?;
    (envelope.kind == Some(kind) && !envelope.is_error(kind, true, event_type)).then_some(event)
}

/// Reads an event of a kind. `None`: an unknown one, or an error.
pub(super) fn read<'a>(
    kind: EventKind,
    cursor: &mut Cursor<'a>,
    envelope: &mut EnvelopeMembers,
) -> Result<Option<StreamEvent<'a>>, ReadError> {
    let event = match kind {
        EventKind::MessageStart => StreamEvent::MessageStart(read_message_start(cursor, envelope)?),
        EventKind::BlockStart => StreamEvent::ContentBlockStart(read_block_start(cursor, envelope)?),
        EventKind::BlockDelta => StreamEvent::ContentBlockDelta(read_block_delta(cursor, envelope)?),
        EventKind::BlockStop => StreamEvent::ContentBlockStop(read_block_stop(cursor, envelope)?),
        EventKind::MessageDelta => StreamEvent::MessageDelta(read_message_delta(cursor, envelope)?),
        EventKind::MessageStop | EventKind::Ping | EventKind::Error | EventKind::Untyped | EventKind::Unknown => {
            read_unknown(cursor, envelope)?;
            match kind {
                EventKind::MessageStop => StreamEvent::MessageStop,
                EventKind::Ping => StreamEvent::Ping,
                _ => return Ok(None),
            }
        }
    };
    Ok(Some(event))
}

fn read_message_start(cursor: &mut Cursor<'_>, envelope: &mut EnvelopeMembers) -> Result<Box<Message>, ReadError> {
    let mut message = None;
    each_event_member(cursor, envelope.kind, &mut |name, cursor| match name.bytes {
        b"message" => {
            message = Some(read_member(cursor, Message::read_boxed)?);
            Ok(())
        }
        other => envelope.read(other, cursor),
    })?;
    message.unwrap_or(Err(ReadError::Member("message")))
}

fn read_block_start(cursor: &mut Cursor<'_>, envelope: &mut EnvelopeMembers) -> Result<ContentBlockStart, ReadError> {
    let (mut index, mut block) = (None, None);
    each_event_member(cursor, envelope.kind, &mut |name, cursor| {
        match name.bytes {
            b"index" => index = Some(read_member(cursor, read_index)?),
            b"content_block" => block = Some(read_member(cursor, ContentBlock::read)?),
            other => envelope.read(other, cursor)?,
        }
        Ok(())
    })?;
    let index = index.unwrap_or(Err(ReadError::Member("index")))?;
    let content_block = block.unwrap_or(Err(ReadError::Member("content_block")))?;
    Ok(ContentBlockStart { index, content_block })
}

fn read_block_delta<'a>(
    cursor: &mut Cursor<'a>,
    envelope: &mut EnvelopeMembers,
) -> Result<ContentBlockDelta<'a>, ReadError> {
    let (mut index, mut delta, mut has_extra) = (None, None, false);
    each_event_member(cursor, envelope.kind, &mut |name, cursor| {
        match name.bytes {
            b"index" => index = Some(read_member(cursor, read_index)?),
            b"delta" => delta = Some(read_member(cursor, |cursor| Delta::read(cursor, &mut has_extra))?),
            other => envelope.read(other, cursor)?,
        }
        Ok(())
    })?;
    let index = index.unwrap_or(Err(ReadError::Member("index")))?;
    let delta = delta.unwrap_or(Err(ReadError::Member("delta")))?;
    Ok(ContentBlockDelta { index, delta, has_extra: has_extra || envelope.has_any })
}

fn read_block_stop(cursor: &mut Cursor<'_>, envelope: &mut EnvelopeMembers) -> Result<ContentBlockStop, ReadError> {
    let mut index = None;
    each_event_member(cursor, envelope.kind, &mut |name, cursor| {
        match name.bytes {
            b"index" => index = Some(read_member(cursor, read_index)?),
            other => envelope.read(other, cursor)?,
        }
        Ok(())
    })?;
    Ok(ContentBlockStop { index: index.unwrap_or(Err(ReadError::Member("index")))? })
}

fn read_message_delta<'a>(
    cursor: &mut Cursor<'a>,
    envelope: &mut EnvelopeMembers,
) -> Result<MessageDelta<'a>, ReadError> {
    let (mut delta, mut usage, mut event_members) = (Ok(None), Ok(None), [None; EVENT_MEMBERS.len()]);
    each_event_member(cursor, envelope.kind, &mut |name, cursor| {
        match name.bytes {
            b"delta" => delta = object_member(cursor, "delta")?,
            b"usage" => usage = object_member(cursor, "usage")?,
            other => {
                let mut members = EVENT_MEMBERS.iter().zip(&mut event_members);
                match members.find(|(known, _)| known.as_bytes() == other) {
                    Some((_, slot)) => {
                        let value = cursor.skip_value()?;
                        *slot = (value != b"null").then_some(value);
                    }
                    None => envelope.read(other, cursor)?,
                }
            }
        }
        Ok(())
    })?;
    let scanned = |value: Option<&'a [u8]>| value.map(ScannedJson::new);
    Ok(MessageDelta { delta: scanned(delta?), usage: scanned(usage?), event_members: event_members.map(scanned) })
}

/// Reads an object, or null.
fn object_member<'a>(cursor: &mut Cursor<'a>, name: &'static str) -> Result<Member<Option<&'a [u8]>>, SyntaxError> {
    Ok(match cursor.skip_value()? {
        b"null" => Ok(None),
        object @ [b'{', ..] => Ok(Some(object)),
        _ => Err(ReadError::Member(name)),
    })
}

/// Visits the members of the event at the cursor, after its `type` if that was read.
#[inline(never)]
fn each_event_member<'a>(
    cursor: &mut Cursor<'a>,
    read_type: Option<EventKind>,
    visit: Visit<'_, 'a>,
) -> Result<(), ReadError> {
    if read_type.is_some() {
        return each_further_member(cursor, &mut false, visit);
    }
    each_member(cursor, visit).map(drop)
}

pub(super) fn read_unknown(cursor: &mut Cursor<'_>, envelope: &mut EnvelopeMembers) -> Result<(), ReadError> {
    each_event_member(cursor, envelope.kind, &mut |name, cursor| envelope.read(name.bytes, cursor))
}

/// Reads an index, as leniently as a [`count`].
fn read_index(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    count(cursor)?.map_err(|_| ReadError::Member("index"))
}
