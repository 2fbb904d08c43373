//! A decoder and an encoder for server-sent events, without I/O.
//!
//! The decoder takes the bytes of an [event stream] in chunks of any size and returns its events, as the HTML standard
//! defines them. It works with any transport: the crate opens no connection, reads no clock and never reconnects by
//! itself. It is `no_std`, needs no allocator, and depends on memchr alone.
//!
//! ```
//! use ssewire::Decoder;
//!
//! let mut decoder = Decoder::new();
//! for mut chunk in [&b"id: 1\nevent: greeting\nda"[..], b"ta: hello\n\n"] {
//!     while let Some(event) = decoder.decode(&mut chunk)? {
//!         assert_eq!(event.event_type(), b"greeting");
//!         assert_eq!(event.data_str()?, "hello");
//!     }
//! }
//! decoder.finish()?; // An error if the stream stopped within an event.
//! assert_eq!(decoder.last_event_id(), b"1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | task | use |
//! |---|---|
//! | decode events | [`Decoder::decode`] |
//! | keep events, or send them to another thread | [`Decoder::decode_owned`], `Decoder::decode_shared` (feature `bytes`) |
//! | see blocks without data, comments and unknown fields | [`Decoder::decode_block`], [`Decoder::decode_frame`] |
//! | recognise the end marker `[DONE]` | [`Event::is_done`] |
//! | write events | [`EventBuilder`] |
//! | reconnect | [`Reconnect`], [`ResponseAction`], [`last_event_id_header`] |
//! | decode without an allocator | [`Decoder::with_storage`], see [below](#without-an-allocator) |
//! | split lines, for example of newline-delimited JSON | [`LineDecoder`] |
//! | split one line into name and value | [`Field::parse`] |
//! | recognise JSON or HTML in place of a stream | [`BodyStart`], [`BomSkipper`] |
//!
//! # Errors
//!
//! An error means that one event is lost: the next call continues after that event. `?` ends the stream at the first
//! lost event. To go on, match:
//!
//! ```
//! use ssewire::{DecodeError, Decoder};
//!
//! let mut decoder = Decoder::new().with_max_event_bytes(5);
//! let mut events = Vec::new();
//! let mut lost = 0;
//! let mut chunk = &b"data: one\n\ndata: too long\n\ndata: two\n\n"[..];
//! loop {
//!     match decoder.decode(&mut chunk) {
//!         Ok(Some(event)) => events.push(event.data().to_vec()),
//!         Ok(None) => break, // The chunk is consumed.
//!         Err(DecodeError::LimitExceeded { .. } | DecodeError::CapacityExceeded { .. }) => lost += 1,
//!         Err(other) => return Err(other),
//!     }
//! }
//! assert_eq!(events, [b"one", b"two"]);
//! assert_eq!(lost, 1);
//! # Ok::<(), DecodeError>(())
//! ```
//!
//! # The end of the input
//!
//! Only the caller knows where the input ends. An empty chunk is not the end: it decodes to nothing. At the end, call:
//!
//! | situation | call | pending bytes |
//! |---|---|---|
//! | the response ended, and each event ends in a blank line, as the standard requires | [`finish`](Decoder::finish) | discarded; [`Truncated`] reports them |
//! | the response ended, and its last event may lack the blank line (`data: [DONE]\n`, a file) | [`finish_event`](Decoder::finish_event) | returned as the last event |
//! | the connection broke, and the client reconnects | [`reset`](Decoder::reset) | discarded |
//! | the caller wants to know whether anything is pending | [`pending_bytes`](Decoder::pending_bytes) | kept |
//!
//! # Reconnecting
//!
//! The decoder outlives the connection: it keeps the last event ID and the reconnection time. For each connection:
//!
//! 1. Send the header of [`last_event_id_header`] with the decoder's [`last_event_id`](Decoder::last_event_id).
//! 2. Ask [`ResponseAction`] whether to read the response, to try again, or to stop. To read it, call
//!    [`Reconnect::record_connected`].
//! 3. Decode until the body ends or fails, and call [`reset`](Decoder::reset).
//! 4. Wait for the time that [`Reconnect::record_disconnected`] returns for the stream's [`retry`](Decoder::retry).
//!
//! [`Reconnect`] shows the complete loop. A client that stores the ID itself sets it with
//! [`set_last_event_id`](Decoder::set_last_event_id).
//!
//! # Without an allocator
//!
//! The caller chooses the storage: an array inside the decoder, or a `&mut [u8]`.
//!
//! ```
//! use ssewire::Decoder;
//!
//! // A bare-metal loop: no heap, a receive buffer of 64 bytes, 256 bytes for events that cross its boundaries.
//! fn run(mut receive: impl FnMut(&mut [u8]) -> usize, mut handle: impl FnMut(&[u8])) {
//!     let mut decoder = Decoder::with_storage([0; 256]);
//!     let mut buffer = [0; 64];
//!     loop {
//!         let received = receive(&mut buffer);
//!         if received == 0 {
//!             break;
//!         }
//!         let mut input = buffer.get(..received).unwrap_or_default();
//!         loop {
//!             match decoder.decode(&mut input) {
//!                 Ok(Some(event)) => handle(event.data()),
//!                 Ok(None) => break,
//!                 Err(_) => {} // One event exceeded the buffer; decoding continues after it.
//!             }
//!         }
//!     }
//! }
//! # let mut rest = &b"data: one\n\nevent: e\ndata: two\n\n"[..];
//! # let mut seen = Vec::new();
//! # run(
//! #     |buffer| {
//! #         let n = rest.len().min(7);
//! #         buffer[..n].copy_from_slice(&rest[..n]);
//! #         rest = &rest[n..];
//! #         n
//! #     },
//! #     |data| seen.push(data.to_vec()),
//! # );
//! # assert_eq!(seen, [b"one", b"two"]);
//! ```
//!
//! An event that does not fit the storage is [`CapacityExceeded`](DecodeError::CapacityExceeded): it is lost, with the
//! remaining comments and unknown fields of its block. An ID takes room, too: set
//! [`with_max_id_bytes`](Decoder::with_max_id_bytes) well below the size of the storage. No event is lost in a storage
//! of
//!
//! *largest event (type and data, with an LF after each line) + 3 · longest ID*,
//!
//! if a block has at most one `id` and one `event` line, and no frame is returned within it. Three, because the last
//! event ID, the `id` of the block and a split `id` line can be stored at the same time. With
//! [comments](Decoder::with_comments) or [unknown fields](Decoder::with_unknown_fields), add their
//! [limit](Decoder::with_max_comment_bytes).
//!
//! A storage of zero bytes still decodes every event that lies within one chunk and has one `data` line. It ignores
//! every non-empty `id` ([`Block::has_ignored_id`]), because an ID must be kept.
//!
//! # How it works
//!
//! ```text
//!          current chunk                                 copied across chunk boundaries
//!  ┌──────────────────────────────────────┐        ┌──────────────────────────────────────┐
//!  │ …x\n\n event: e\n data: whole\n\n da │  ───>  │ data so far │ free │ type │ id │ last │
//!  └──────────────────────────────────────┘        └──────────────────────────────────────┘
//!             │ borrowed                                        │ borrowed
//!             └─────────────────────────┐      ┌────────────────┘
//!                                     Event<'_>
//! ```
//!
//! An event that lies within one chunk is borrowed from the chunk. Other values are copied to the buffer: those of a
//! block that continues in the next chunk or after a returned frame, several `data` lines, and every `id`. Of a field
//! name that a chunk boundary splits (`da|ta: `), the decoder keeps only the first byte and the number of its bytes.
//!
//! # Guarantees
//!
//! * **Conforms to the standard.** One byte order mark; LF, CR and CR LF, also split between two chunks; exact field
//!   names; `retry` in digits only; `id` without NUL. Text accessors replace ill-formed UTF-8 as browsers do.
//! * **The result does not depend on the chunks**: events, errors and the bytes consumed are the same however the input
//!   is split. With a storage of fixed size, whether a value fits may depend on it.
//! * **Linear time.** Each byte is searched a bounded number of times: see the costs of [`Decoder`].
//! * **Bounded memory.** An event above the [limit](Decoder::with_max_event_bytes) is an error, and the stream
//!   continues after it. [IDs](Decoder::with_max_id_bytes) and [comments](Decoder::with_max_comment_bytes) have bounds
//!   of their own. Comments and unknown fields that the caller does not read need no memory.
//! * **Truncation is detected.** [`finish`](Decoder::finish) returns an error if the stream ended within an event.
//!
//! # Memory
//!
//! A decoder is at most 184 bytes on 64-bit targets, plus the bytes of an array as storage. It owns no heap memory
//! until it copies a value. A [`HeapBuffer`] takes at most 1.5 · *n*, and 2.5 · *n* while it grows. Here *n* is
//! `max_event_bytes` + 4 · `max_id_bytes` + `max_comment_bytes` + 1: 16 MiB + 17 KiB by default. It takes at least 256
//! bytes, and [shrinks](Decoder::shrink_to_fit) after a large event. Owned and shared events share one more copy of the
//! last event ID.
//!
//! # Features
//!
//! * `std` (default): `alloc`, and memchr selects vector instructions at run time.
//! * `alloc`: [`HeapBuffer`], `Decoder::new`, owned events, `Lossy::to_cow`, `EventBuilder::to_vec` and
//!   `encode_into_vec`.
//! * `bytes`: events that own a slice of the chunk (`Decoder::decode_shared`), and `EventBuilder::to_bytes`. Adds the
//!   crate bytes.
//!
//! [event stream]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod body_start;
mod buffer;
mod decoder;
mod encode;
mod end_marker;
mod error;
mod event;
mod fast_path;
mod field;
mod line;
mod line_decoder;
mod lossy;
#[cfg(feature = "alloc")]
mod owned;
mod reconnect;
#[cfg(feature = "bytes")]
mod shared;
#[cfg(feature = "alloc")]
mod shared_id;
mod slow_path;
mod storage;

pub use body_start::BodyStart;
pub use decoder::Decoder;
pub use encode::{EncodeError, EventBuilder};
pub use end_marker::is_done;
pub use error::{DecodeError, LastEventIdError, Truncated};
pub use event::{Block, BlockSpan, Event, EventSpan, Frame, FrameSpan};
pub use field::{Field, parse_retry};
pub use line::BomSkipper;
pub use line_decoder::{LineDecoder, LineSpan};
pub use lossy::Lossy;
#[cfg(feature = "alloc")]
pub use owned::{OwnedBlock, OwnedEvent, OwnedEvents, OwnedFrame};
pub use reconnect::{Reconnect, ResponseAction, last_event_id_header};
#[cfg(feature = "bytes")]
pub use shared::SharedEvent;
pub use storage::{HeapBuffer, Storage};

/// Runs the README's examples with the tests.
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
struct Readme;
