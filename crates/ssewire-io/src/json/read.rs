use core::fmt;
use core::iter::{self, FusedIterator};
use core::time::Duration;
use std::io::{self, Read};
use std::time::Instant;

use serde::de::DeserializeOwned;
use ssewire::Decoder;

use super::body_decoder::BodyDecoder;
use super::{Json, JsonEvent, JsonStreamError, Progress, json_methods};
use crate::{DecodeReader, UnfinishedEvent};

/// The payloads of the events of a blocking reader, parsed as `T`, until `[DONE]` or the end of the input.
///
/// ```
/// use ssewire_io::ReadExt as _;
///
/// # let response = &b"data: {\"text\":\"Hi\"}\n\ndata: [DONE]\n"[..];
/// for event in response.json_until_done::<serde_json::Value>() {
///     print!("{}", event?.value["text"]);
/// }
/// # Ok::<(), ssewire_io::JsonStreamError<std::io::Error>>(())
/// ```
///
#[doc = include_str!("payloads.md")]
///
/// At `[DONE]` it does not read on; [`into_inner`](Self::into_inner) returns the reader, to drain it.
#[must_use = "nothing is read before a method is called"]
pub struct JsonReader<R, T> {
    events: DecodeReader<R, Json<T>>,
    progress: Progress,
}

impl<R, T> JsonReader<R, T> {
    /// Creates a reader with default limits.
    pub fn new(reader: R) -> Self {
        Self::with_decoder(reader, Decoder::new())
    }

    /// Creates a reader with the given decoder, for another limit or a last event ID.
    pub fn with_decoder(reader: R, decoder: Decoder) -> Self {
        Self {
            events: DecodeReader::with_decoder(reader, BodyDecoder::new(decoder))
                .with_unfinished_event(UnfinishedEvent::Dispatch),
            progress: Progress::default(),
        }
    }

    json_methods!();

    /// Sets how long a call may wait for an item, as [`DecodeReader::with_idle_timeout`] does. Events with blank data
    /// do not restart the time.
    pub fn with_idle_timeout(self, timeout: Duration, now: fn() -> Instant) -> Self {
        Self { events: self.events.with_idle_timeout(timeout, now), ..self }
    }

    /// Borrows the reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        self.events.get_ref()
    }

    /// Borrows the reader mutably. Reading from it loses bytes for this one.
    pub fn get_mut(&mut self) -> &mut R {
        self.events.get_mut()
    }

    /// Returns the reader, to drain it.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.events.into_inner()
    }

    /// Continues with another connection, as [`DecodeReader::reconnect`] does.
    pub fn reconnect(&mut self, reader: R) {
        self.progress.reopen();
        self.events.reconnect(reader);
    }
}

impl<R: Read, T: DeserializeOwned> Iterator for JsonReader<R, T> {
    type Item = Result<JsonEvent<T>, JsonStreamError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.progress.is_ended() {
            return None;
        }
        // Keep-alives are skipped, and do not restart the idle timeout.
        let mut wait = self.events.begin_wait();
        let item = iter::from_fn(|| self.events.next_within(&mut wait)).find_map(Result::transpose);
        self.progress.next(item, self.events.decoder())
    }
}

impl<R: Read, T: DeserializeOwned> FusedIterator for JsonReader<R, T> {}

/// Shows the state of the decoder, never bytes of the stream.
impl<R, T> fmt::Debug for JsonReader<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonReader").field("events", &self.events).field("progress", &self.progress).finish()
    }
}
