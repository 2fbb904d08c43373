//! Events, blocks and frames that own their bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::decoder::Decoder;
use crate::error::DecodeError;
use crate::event::{Block, Event, EventSpan, Frame};
use crate::lossy::Lossy;
use crate::shared_id::SharedId;
use crate::storage::Storage;

/// An event that owns its bytes: `Send`, `'static`, and independent of the decoder. Type and data are in one
/// allocation.
///
/// Events made by [`Decoder::decode_owned`] share the last event ID; [`Event::into_owned`] copies it. With the feature
/// `bytes`, `SharedEvent` also shares the chunk instead of copying from it.
///
/// ```
/// let mut decoder = ssewire::Decoder::new();
/// let mut input = &b"event: greeting\ndata: hello\n\n"[..];
/// let event = decoder.decode_owned(&mut input)?.unwrap();
/// drop(decoder);
/// assert_eq!(event.event_type(), b"greeting");
/// assert_eq!(event.data_str(), Ok("hello"));
/// # Ok::<(), ssewire::DecodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedEvent {
    /// Type, then data.
    pub(crate) bytes: Box<[u8]>,
    pub(crate) data_start: usize,
    pub(crate) last_event_id: SharedId,
    pub(crate) retry: Option<Duration>,
}

impl OwnedEvent {
    /// Borrows the event.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        let (event_type, data) = self.bytes.split_at_checked(self.data_start).unwrap_or_default();
        Event::new(Some(event_type), data, self.last_event_id.bytes(), self.retry)
    }

    pub(crate) fn new(event: Event<'_>, last_event_id: SharedId) -> Self {
        Self {
            bytes: concat(event.event_type(), event.data()),
            data_start: event.event_type().len(),
            last_event_id,
            retry: event.retry,
        }
    }
}

/// The accessors of [`Event`] for a type that owns one.
macro_rules! forward_accessors {
    ($owner:ty) => {
        impl $owner {
            /// Returns the event type, as [`Event::event_type`] does.
            #[must_use]
            pub fn event_type(&self) -> &[u8] {
                self.as_event().event_type()
            }

            /// Returns the data, as [`Event::data`] does.
            #[must_use]
            pub fn data(&self) -> &[u8] {
                self.as_event().data()
            }

            /// Returns the last event ID, as [`Event::last_event_id`] does.
            #[must_use]
            pub fn last_event_id(&self) -> &[u8] {
                self.as_event().last_event_id()
            }

            /// Returns the reconnection time, as [`Event::retry`] does.
            #[must_use]
            pub fn retry(&self) -> Option<core::time::Duration> {
                self.as_event().retry()
            }

            /// Returns whether the data is the end marker, as [`Event::is_done`] does.
            #[must_use]
            pub fn is_done(&self) -> bool {
                self.as_event().is_done()
            }

            /// Returns the event type as text, as [`Event::event_type_str`] does.
            ///
            /// # Errors
            /// [`Utf8Error`](core::str::Utf8Error) if it is not UTF-8.
            pub fn event_type_str(&self) -> Result<&str, core::str::Utf8Error> {
                self.as_event().event_type_str()
            }

            /// Returns the data as text, as [`Event::data_str`] does.
            ///
            /// # Errors
            /// [`Utf8Error`](core::str::Utf8Error) if it is not UTF-8.
            pub fn data_str(&self) -> Result<&str, core::str::Utf8Error> {
                self.as_event().data_str()
            }

            /// Returns the last event ID as text, as [`Event::last_event_id_str`] does.
            ///
            /// # Errors
            /// [`Utf8Error`](core::str::Utf8Error) if it is not UTF-8.
            pub fn last_event_id_str(&self) -> Result<&str, core::str::Utf8Error> {
                self.as_event().last_event_id_str()
            }

            /// Returns the event type as lossy text, as [`Event::event_type_lossy`] does.
            pub fn event_type_lossy(&self) -> crate::lossy::Lossy<'_> {
                self.as_event().event_type_lossy()
            }

            /// Returns the data as lossy text, as [`Event::data_lossy`] does.
            pub fn data_lossy(&self) -> crate::lossy::Lossy<'_> {
                self.as_event().data_lossy()
            }

            /// Returns the last event ID as lossy text, as [`Event::last_event_id_lossy`] does.
            pub fn last_event_id_lossy(&self) -> crate::lossy::Lossy<'_> {
                self.as_event().last_event_id_lossy()
            }
        }
    };
}

// Only `shared.rs` imports it.
#[cfg(feature = "bytes")]
pub(crate) use forward_accessors;

forward_accessors!(OwnedEvent);

impl fmt::Debug for OwnedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}

impl Event<'_> {
    /// Copies the event: one allocation, and one more if it has a last event ID.
    #[must_use]
    pub fn into_owned(self) -> OwnedEvent {
        OwnedEvent::new(self, SharedId::copy_of(self.last_event_id()))
    }
}

/// Copies the event, as [`Event::into_owned`] does.
impl From<Event<'_>> for OwnedEvent {
    fn from(event: Event<'_>) -> Self {
        event.into_owned()
    }
}

impl<S: Storage> Decoder<S> {
    /// As [`decode`](Self::decode), but the event owns its bytes.
    ///
    /// # Cost
    /// One allocation per event. The last event ID is copied once for all events that carry it; on targets
    /// without atomic pointers, for each. Each `id` is compared with the one before.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_owned(&mut self, input: &mut &[u8]) -> Result<Option<OwnedEvent>, DecodeError> {
        let chunk = *input;
        Ok(self.poll_event(input)?.map(|span| self.resolve_owned(chunk, span)))
    }

    /// Copies the event that [`poll_event`](Self::poll_event) found; see [`resolve_event`](Self::resolve_event).
    #[must_use]
    pub fn resolve_owned(&mut self, chunk: &[u8], span: EventSpan) -> OwnedEvent {
        let last_event_id = self.buffer.shared_last_event_id();
        OwnedEvent::new(self.resolve_event(chunk, span), last_event_id)
    }

    /// Decodes all events that end in a chunk: for callers that push chunks.
    ///
    /// ```
    /// let mut decoder = ssewire::Decoder::new();
    /// let mut events = Vec::new();
    /// for chunk in [&b"data: one\n\nda"[..], b"ta: two\n\n"] {
    ///     for event in decoder.owned_events(chunk) {
    ///         events.push(event?);
    ///     }
    /// }
    /// assert_eq!(events[1].data(), b"two");
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    ///
    /// Dropping the iterator early loses the rest of the chunk.
    ///
    /// # Errors
    /// Each item is an event or the [`DecodeError`] of a lost one, after which the iterator continues.
    pub fn owned_events<'d>(&'d mut self, chunk: &'d [u8]) -> OwnedEvents<'d, S> {
        OwnedEvents { decoder: self, rest: chunk }
    }
}

/// The events of a chunk; see [`Decoder::owned_events`].
#[must_use = "events are decoded as the iterator is advanced"]
pub struct OwnedEvents<'d, S> {
    decoder: &'d mut Decoder<S>,
    rest: &'d [u8],
}

/// Shows counts and states, never the contents of the stream.
impl<S: Storage> fmt::Debug for OwnedEvents<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedEvents").field("decoder", &self.decoder).field("rest_bytes", &self.rest.len()).finish()
    }
}

impl<S: Storage> Iterator for OwnedEvents<'_, S> {
    type Item = Result<OwnedEvent, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.decoder.decode_owned(&mut self.rest).transpose()
    }
}

impl<S: Storage> core::iter::FusedIterator for OwnedEvents<'_, S> {}

/// A block that owns its bytes; see [`Block::into_owned`]. Each has a copy of the last event ID, which events share.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedBlock {
    /// Type, then data.
    bytes: Box<[u8]>,
    /// The length of the type, `None` without one.
    event_type: Option<usize>,
    has_data: bool,
    last_event_id: Box<[u8]>,
    retry: Option<Duration>,
    has_id: bool,
    has_ignored_id: bool,
}

impl OwnedBlock {
    /// Borrows the block, with all of its accessors.
    #[must_use]
    pub fn as_block(&self) -> Block<'_> {
        let (event_type, data) = self.bytes.split_at_checked(self.event_type.unwrap_or(0)).unwrap_or_default();
        Block {
            event_type: self.event_type.map(|_| Lossy::new(event_type)),
            data: self.has_data.then_some(Lossy::new(data)),
            last_event_id: Lossy::new(&self.last_event_id),
            retry: self.retry,
            has_id: self.has_id,
            has_ignored_id: self.has_ignored_id,
        }
    }
}

impl Block<'_> {
    /// Copies the block: at most two allocations, one of them for the last event ID.
    #[must_use]
    pub fn into_owned(self) -> OwnedBlock {
        OwnedBlock {
            bytes: concat(self.event_type().unwrap_or_default(), self.data.map_or(&[][..], |data| data.bytes)),
            event_type: self.event_type().map(<[u8]>::len),
            has_data: self.data.is_some(),
            last_event_id: self.last_event_id().into(),
            retry: self.retry,
            has_id: self.has_id,
            has_ignored_id: self.has_ignored_id,
        }
    }
}

/// Copies the block, as [`Block::into_owned`] does.
impl From<Block<'_>> for OwnedBlock {
    fn from(block: Block<'_>) -> Self {
        block.into_owned()
    }
}

impl fmt::Debug for OwnedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_block().fmt(f)
    }
}

/// A frame that owns its bytes; see [`Frame::into_owned`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnedFrame {
    /// See [`Frame::Block`].
    Block(OwnedBlock),
    /// See [`Frame::Comment`].
    Comment {
        /// Everything after the colon.
        text: Box<[u8]>,
        /// See [`Frame::Comment`].
        truncated: bool,
    },
    /// See [`Frame::UnknownField`].
    UnknownField {
        /// Everything before the first colon.
        name: Box<[u8]>,
        /// Everything after it, without one leading space.
        value: Box<[u8]>,
        /// See [`Frame::UnknownField`].
        truncated: bool,
    },
}

impl OwnedFrame {
    /// Borrows the frame.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        match self {
            Self::Block(block) => Frame::Block(block.as_block()),
            Self::Comment { text, truncated } => Frame::Comment { text, truncated: *truncated },
            Self::UnknownField { name, value, truncated } => Frame::UnknownField { name, value, truncated: *truncated },
        }
    }
}

impl Frame<'_> {
    /// Copies the frame: at most two allocations; see [`Block::into_owned`].
    ///
    /// ```
    /// use ssewire::{Decoder, Frame};
    ///
    /// let mut decoder = Decoder::new().with_comments();
    /// let frame = decoder.decode_frame(&mut &b": ping\n"[..])?.unwrap().into_owned();
    /// drop(decoder);
    /// assert_eq!(frame.as_frame(), Frame::Comment { text: b" ping", truncated: false });
    /// # Ok::<(), ssewire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn into_owned(self) -> OwnedFrame {
        match self {
            Self::Block(block) => OwnedFrame::Block(block.into_owned()),
            Self::Comment { text, truncated } => OwnedFrame::Comment { text: text.into(), truncated },
            Self::UnknownField { name, value, truncated } => {
                OwnedFrame::UnknownField { name: name.into(), value: value.into(), truncated }
            }
        }
    }
}

/// Copies the frame, as [`Frame::into_owned`] does.
impl From<Frame<'_>> for OwnedFrame {
    fn from(frame: Frame<'_>) -> Self {
        frame.into_owned()
    }
}

fn concat(first: &[u8], second: &[u8]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(first.len().saturating_add(second.len()));
    bytes.extend_from_slice(first);
    bytes.extend_from_slice(second);
    bytes.into()
}
