//! The result of decoding a stream, in the words of the standard. The oracle and the drivers both produce it, so that a
//! test is one `assert_eq!`.

use std::fmt;
use std::time::Duration;

use ssewire::{Block, DecodeError, Event, Frame};

/// Everything observable after the end of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub items: Vec<Item>,
    /// The reconnection time that was set last.
    pub retry: Option<Duration>,
    /// The last event ID string.
    pub last_event_id: Text,
    /// The number of pending bytes that `finish` reports, if any.
    pub pending: Option<u64>,
}

impl Outcome {
    /// The events among the items, each with its offset.
    pub fn events(&self) -> Vec<(usize, &OwnedEvent)> {
        self.items.iter().filter_map(|item| Some((item.at, item.decoded.event()?))).collect()
    }

    /// The errors among the items, each with its offset.
    pub fn errors(&self) -> Vec<(usize, DecodeError)> {
        let items = self.items.iter();
        items
            .filter_map(|item| match item.decoded {
                Decoded::Error(error) => Some((item.at, error)),
                _ => None,
            })
            .collect()
    }

    /// The items without their offsets.
    pub fn decoded(&self) -> Vec<&Decoded> {
        self.items.iter().map(|item| &item.decoded).collect()
    }
}

/// One result of a decoder, and the number of bytes of the stream consumed by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub at: usize,
    pub decoded: Decoded,
}

/// An event, a frame, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    Event(OwnedEvent),
    Block(OwnedBlock),
    Comment { text: Text, truncated: bool },
    UnknownField { name: Text, value: Text, truncated: bool },
    Error(DecodeError),
}

impl Decoded {
    pub fn event(&self) -> Option<&OwnedEvent> {
        match self {
            Self::Event(event) => Some(event),
            Self::Block(block) => block.event.as_ref(),
            _ => None,
        }
    }
}

/// An event that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEvent {
    pub event_type: Text,
    pub data: Text,
    pub last_event_id: Text,
    pub retry: Option<Duration>,
}

/// A block that owns its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedBlock {
    pub event: Option<OwnedEvent>,
    pub event_type: Option<Text>,
    pub id: Option<Text>,
    pub has_ignored_id: bool,
    pub retry: Option<Duration>,
}

/// Bytes that a failing test shows as text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl Text {
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl<B: AsRef<[u8]> + ?Sized> From<&B> for Text {
    fn from(bytes: &B) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl From<Event<'_>> for OwnedEvent {
    fn from(event: Event<'_>) -> Self {
        Self {
            event_type: event.event_type().into(),
            data: event.data().into(),
            last_event_id: event.last_event_id().into(),
            retry: event.retry(),
        }
    }
}

impl From<Block<'_>> for OwnedBlock {
    fn from(block: Block<'_>) -> Self {
        Self {
            event: block.event().map(OwnedEvent::from),
            event_type: block.event_type().map(Text::from),
            id: block.id().map(Text::from),
            has_ignored_id: block.has_ignored_id(),
            retry: block.retry(),
        }
    }
}

impl From<Frame<'_>> for Decoded {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Block(block) => Self::Block(block.into()),
            Frame::Comment { text, truncated } => Self::Comment { text: text.into(), truncated },
            Frame::UnknownField { name, value, truncated } => {
                Self::UnknownField { name: name.into(), value: value.into(), truncated }
            }
            other => panic!("frame without a case in the tests: {other:?}"),
        }
    }
}

// Short constructors for expectations.

pub fn event(event_type: impl AsRef<[u8]>, data: impl AsRef<[u8]>, last_event_id: impl AsRef<[u8]>) -> Decoded {
    Decoded::Event(OwnedEvent {
        event_type: event_type.as_ref().into(),
        data: data.as_ref().into(),
        last_event_id: last_event_id.as_ref().into(),
        retry: None,
    })
}

/// A block that sets nothing but data.
pub fn data_block(data: impl AsRef<[u8]>) -> Decoded {
    let Decoded::Event(event) = event("message", data, "") else { unreachable!() };
    Decoded::Block(OwnedBlock { event: Some(event), ..OwnedBlock::default() })
}

/// A block that sets nothing but an id.
pub fn id_block(id: impl AsRef<[u8]>) -> Decoded {
    Decoded::Block(OwnedBlock { id: Some(id.as_ref().into()), ..OwnedBlock::default() })
}

/// A block that sets nothing.
pub fn empty_block() -> Decoded {
    Decoded::Block(OwnedBlock::default())
}

pub fn comment(text: impl AsRef<[u8]>) -> Decoded {
    Decoded::Comment { text: text.as_ref().into(), truncated: false }
}

pub fn unknown_field(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Decoded {
    Decoded::UnknownField { name: name.as_ref().into(), value: value.as_ref().into(), truncated: false }
}

pub fn limit_exceeded(limit: usize) -> Decoded {
    Decoded::Error(DecodeError::LimitExceeded { limit })
}

pub fn capacity_exceeded(capacity: usize) -> Decoded {
    Decoded::Error(DecodeError::CapacityExceeded { capacity })
}
