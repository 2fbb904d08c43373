//! What was read from a stream, in the words of the standard. The oracle and the drivers speak it alike, so that a test
//! is one `assert_eq!`.

use std::fmt;

use ssewire::{DecodeError, Event, Frame};

/// All that can be known after the end of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub told: Vec<Told>,
    /// The reconnection time that was set last.
    pub retry: Option<u64>,
    /// The last event ID string.
    pub last_event_id: Text,
    /// What `finish` says: nothing, or the number of bytes that were pending.
    pub pending: Option<u64>,
}

impl Outcome {
    /// The events among what was told, each with its offset.
    pub fn events(&self) -> Vec<(usize, &OwnedEvent)> {
        let told = self.told.iter();
        told.filter_map(|told| match &told.what {
            What::Event(event) => Some((told.at, event)),
            _ => None,
        })
        .collect()
    }

    /// The errors among what was told, each with its offset.
    pub fn errors(&self) -> Vec<(usize, DecodeError)> {
        let told = self.told.iter();
        told.filter_map(|told| match told.what {
            What::Lost(error) => Some((told.at, error)),
            _ => None,
        })
        .collect()
    }

    /// What was told, without the offsets.
    pub fn whats(&self) -> Vec<&What> {
        self.told.iter().map(|told| &told.what).collect()
    }
}

/// One thing that was told, and how many bytes of the stream had been consumed by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub at: usize,
    pub what: What,
}

/// A frame that owns its bytes, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Event(OwnedEvent),
    Comment(Text),
    Retry(u64),
    LastEventId(Text),
    UnknownField { name: Text, value: Text },
    EmptyBlock,
    Lost(DecodeError),
}

/// An event that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEvent {
    pub event_type: Text,
    pub data: Text,
    pub last_event_id: Text,
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
        }
    }
}

impl From<Frame<'_>> for What {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Event(event) => Self::Event(event.into()),
            Frame::Comment(text) => Self::Comment(text.into()),
            Frame::Retry(milliseconds) => Self::Retry(milliseconds),
            Frame::LastEventId(id) => Self::LastEventId(id.into()),
            Frame::UnknownField { name, value } => Self::UnknownField { name: name.into(), value: value.into() },
            Frame::EmptyBlock => Self::EmptyBlock,
            other => panic!("a frame that the tests do not know: {other:?}"),
        }
    }
}

// Short ways to type expectations.

pub fn event(event_type: impl AsRef<[u8]>, data: impl AsRef<[u8]>, last_event_id: impl AsRef<[u8]>) -> What {
    What::Event(OwnedEvent {
        event_type: event_type.as_ref().into(),
        data: data.as_ref().into(),
        last_event_id: last_event_id.as_ref().into(),
    })
}

pub fn comment(text: impl AsRef<[u8]>) -> What {
    What::Comment(text.as_ref().into())
}

pub fn last_event_id(id: impl AsRef<[u8]>) -> What {
    What::LastEventId(id.as_ref().into())
}

pub fn unknown_field(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> What {
    What::UnknownField { name: name.as_ref().into(), value: value.as_ref().into() }
}

pub fn too_large(limit: usize) -> What {
    What::Lost(DecodeError::TooLarge { limit })
}

pub fn buffer_full(capacity: usize) -> What {
    What::Lost(DecodeError::BufferFull { capacity })
}
