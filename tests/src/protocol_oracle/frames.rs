//! From a body to the frames of `docs/protocol.md`: the events of the event stream, the events that were too large, the
//! unknown fields `error`, and bare lines of JSON.

use ssewire::DecodeError;

use super::body;
use super::event::Event;
use super::json::Json;
use crate::oracle::{Field, Oracle, field, lines};
use crate::outcome::{Decoded, OwnedEvent};

/// One piece of a body that may mean something.
#[derive(Debug, Clone)]
pub enum Frame {
    Event {
        event_type: String,
        data: Vec<u8>,
    },
    /// The event was too large.
    TooLarge,
    /// A line of JSON that is an error, outside of any event.
    BareError(Json),
}

/// The blocks of a body, and its end.
pub struct Frames {
    /// The frames of each block, in their order; the fields `error` of the block separately.
    pub blocks: Vec<Block>,
    /// The frames of the block whose blank line is missing.
    pub unfinished: Block,
    /// Number of bytes of that block; none if no line of it has a field.
    pub pending: Option<u64>,
    /// That block has a field `event:` or `data:`, or the beginning of one.
    pub has_unfinished_field: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Block {
    pub before: Vec<Frame>,
    pub event: Option<Frame>,
    pub error_fields: Vec<Frame>,
}

impl Block {
    /// "Of several such fields in one block, the first that is an error counts; if none is, the first one counts."
    fn keep_one_error_field(&mut self) {
        let first_error = self.error_fields.iter().position(|field| match field {
            Frame::Event { event_type, data } => matches!(Event::decode(event_type, data), Event::Error(_)),
            _ => false,
        });
        self.error_fields.drain(..first_error.unwrap_or(0));
        self.error_fields.truncate(1);
    }
}

/// Reads a whole body.
pub fn frames(body: &[u8], max_event_bytes: usize) -> Frames {
    let oracle = Oracle::new().limited(max_event_bytes).blocks();
    let outcome = oracle.read(body);
    let mut blocks = vec![(body.len(), Block::default())];
    let (mut block_start, mut has_unfinished_field) = (0, false);
    for line in lines(body) {
        let (_, block) = blocks.last_mut().expect("never empty");
        if line.bytes.is_empty() && line.ends_at.is_some() {
            has_unfinished_field = false;
            block_start = line.next;
            blocks.last_mut().expect("never empty").0 = line.ends_at.unwrap_or_default();
            blocks.push((body.len(), Block::default()));
            continue;
        }
        // The rest of a block that is too large is lost.
        let is_lost = outcome.errors().iter().any(|(at, _)| (block_start + 1..=line.start).contains(at));
        let is_unfinished = line.ends_at.is_none() && !line.bytes.is_empty();
        has_unfinished_field |=
            is_unfinished && [&b"event:"[..], b"data:"].iter().any(|name| name.starts_with(line.bytes));
        if let Field::Named { name, value } = field(line.bytes) {
            let has_colon = line.bytes.len() > name.len();
            match name {
                b"event" | b"data" => has_unfinished_field |= has_colon,
                _ if is_lost => {}
                b"error" => {
                    block.error_fields.push(Frame::Event { event_type: "error".into(), data: value.into() });
                }
                _ => block.before.extend(body::bare_error(line.bytes).map(Frame::BareError)),
            }
        }
    }
    for item in &outcome.items {
        let (_, block) = blocks.iter_mut().find(|(end, _)| item.at <= *end).expect("within the body");
        match &item.decoded {
            Decoded::Error(DecodeError::LimitExceeded { .. }) => block.before.push(Frame::TooLarge),
            other => block.event = other.event().map(event),
        }
    }
    let (_, mut unfinished) = blocks.pop().expect("never empty");
    if outcome.pending.is_some() && !unfinished.before.iter().any(|frame| matches!(frame, Frame::TooLarge)) {
        // The event as if its blank line were not missing.
        let finished = oracle.read(&[body, b"\n\n"].concat());
        let last = finished.events().pop().filter(|(at, _)| *at > body.len()).map(|(_, last)| event(last));
        unfinished.event = last.filter(is_object);
    }
    blocks.iter_mut().for_each(|(_, block)| block.keep_one_error_field());
    unfinished.keep_one_error_field();
    if unfinished.event.is_none() {
        unfinished.error_fields.retain(is_object);
    }
    let blocks = blocks.into_iter().map(|(_, block)| block).collect();
    Frames { blocks, unfinished, pending: outcome.pending, has_unfinished_field }
}

fn event(event: &OwnedEvent) -> Frame {
    Frame::Event { event_type: event.event_type.lossy(), data: event.data.0.clone() }
}

fn is_object(frame: &Frame) -> bool {
    matches!(frame, Frame::Event { data, .. } if Json::parse(data).is_some_and(|json| json.as_object().is_some()))
}
