//! Server-Sent Events as a protocol: bytes in, events out, cut anywhere.
//!
//! This crate decodes the [event stream] format of the HTML standard and nothing else. It opens no connection, knows no
//! HTTP client, reads no clock and never reconnects by itself: the caller feeds it bytes, in whatever pieces they
//! arrive. It is `no_std`, needs no allocator, and depends on memchr alone.
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
//! decoder.finish()?; // an error if the stream stopped within an event
//! assert_eq!(decoder.last_event_id(), b"1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! * **The standard, exactly.** One byte order mark, all three line ends, also when a chunk boundary falls between CR
//!   and LF; a CR ends its line at once. Exact field names, `retry` in digits only, `id` without NUL; ill-formed UTF-8
//!   is replaced as browsers do, and only where text is asked for.
//! * **The result does not depend on the chunking.** Events, errors and the bytes consumed are the same however the
//!   input is cut. With a fixed storage, [`CapacityExceeded`](DecodeError::CapacityExceeded), ignored IDs and truncated
//!   comments depend on it.
//! * **Zero copy.** An event that lies within one chunk is borrowed from it. A value is copied if its block continues
//!   in the next chunk or after a returned frame. Several `data` lines and every `id` are copied, too.
//! * **Linear time.** Each byte is examined at most twice, three times in an unknown field that is returned, and at
//!   most seven more bytes are examined for each chunk. The first bytes of an event, at most 33, are also compared once
//!   with those of an earlier event.
//! * **Bounded memory.** An event above the [limit](Decoder::with_max_event_bytes) is an error, and the stream
//!   continues after it. IDs, comments and unknown fields have small bounds of their own and do not count towards the
//!   limit; comments and unknown fields that nobody asked for need no memory.
//! * **Truncation is detected.** [`finish`](Decoder::finish) returns an error if the stream ended within an event.
//!
//! # How it works
//!
//! ```text
//!          current chunk                                 what crosses a chunk boundary
//!  ┌──────────────────────────────────────┐        ┌──────────────────────────────────────┐
//!  │ …x\n\n event: e\n data: whole\n\n da │  ───>  │ data so far │ free │ type │ id │ last │
//!  └──────────────────────────────────────┘        └──────────────────────────────────────┘
//!             │ borrowed                                        │ borrowed
//!             └─────────────────────────┐      ┌────────────────┘
//!                                     Event<'_>
//! ```
//!
//! The buffer holds the values that are copied (see *Zero copy*). A chunk that ends within the first bytes of a line
//! (`da|ta: `) leaves at most six bytes, kept beside the buffer. The buffer is a [`HeapBuffer`] (feature `alloc`), an
//! array inside the decoder, or a `&mut [u8]`: one engine drives all of them.
//!
//! # Errors
//!
//! An error means that one event is lost, not that the stream is broken: the next call continues after that event. `?`
//! ends the stream at the first lost event. To go on, match:
//!
//! ```
//! use ssewire::{DecodeError, Decoder};
//!
//! let mut decoder = Decoder::new().with_max_event_bytes(5);
//! let (mut events, mut lost) = (Vec::new(), 0);
//! let mut chunk = &b"data: one\n\ndata: too long\n\ndata: two\n\n"[..];
//! loop {
//!     match decoder.decode(&mut chunk) {
//!         Ok(Some(event)) => events.push(event.data().to_vec()),
//!         Ok(None) => break, // the chunk is consumed
//!         Err(DecodeError::LimitExceeded { .. } | DecodeError::CapacityExceeded { .. }) => lost += 1,
//!         Err(other) => return Err(other),
//!     }
//! }
//! assert_eq!((events, lost), (vec![b"one".to_vec(), b"two".to_vec()], 1));
//! # Ok::<(), DecodeError>(())
//! ```
//!
//! # The end of the input
//!
//! Only the caller knows where the input ends: an empty chunk is not the end, it decodes to nothing. What to call then:
//!
//! | situation | call | pending bytes |
//! |---|---|---|
//! | the response ended, and each event ends in a blank line, as the standard has it | [`finish`](Decoder::finish) | discarded; [`Truncated`] reports them |
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
//!    [`Reconnect::connected`].
//! 3. Decode until the body ends or fails, and call [`reset`](Decoder::reset).
//! 4. Wait for the time that [`Reconnect::disconnected`] returns for the stream's [`retry`](Decoder::retry).
//!
//! [`Reconnect`] shows the whole loop. A client that stores the ID itself gives it back with
//! [`set_last_event_id`](Decoder::set_last_event_id).
//!
//! # Memory
//!
//! A decoder is at most 192 bytes on 64-bit targets, plus the bytes of an array as storage. It owns nothing on the
//! heap until it copies something. Then a [`HeapBuffer`] grows to the next of 256 · 2^k and 384 · 2^k bytes that holds
//! the copied values: the data and type so far, the value of the open line, the `id` of the block, and the last event
//! ID. While the buffer grows, the old one exists beside the new one. So a decoder holds at most 1.5 · *n*, and 2.5 ·
//! *n* while it grows, where *n* is `max_event_bytes` + 4 · `max_id_bytes` + `max_comment_bytes`; at least 256 bytes.
//! Owned and shared events share one more copy of the last event ID. By default *n* is 16 MiB + 17 KiB; see
//! [`Decoder::with_max_event_bytes`], [`with_max_id_bytes`](Decoder::with_max_id_bytes) and
//! [`with_max_comment_bytes`](Decoder::with_max_comment_bytes). After a large event the buffer
//! [shrinks](Decoder::shrink_to_fit) again.
//!
//! Without an allocator the caller chooses the storage. An event that does not fit is
//! [`CapacityExceeded`](DecodeError::CapacityExceeded): it is lost, with the remaining comments and unknown fields of
//! its block. An ID takes room, too: set [`with_max_id_bytes`](Decoder::with_max_id_bytes) well below the size of the
//! storage.
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
//! How large must a fixed storage be? If a block has at most one `id` and one `event` line, and no frame is returned
//! within it, no event is lost in a storage of
//!
//! *largest event (type and data, with the LFs that join its lines) + 3 · longest ID*,
//!
//! and with [comments](Decoder::with_comments) or [unknown fields](Decoder::with_unknown_fields) their
//! [bound](Decoder::with_max_comment_bytes) in addition. Three, because the last event ID, the `id` of the block and a
//! cut `id` line can be held at the same time.
//!
//! A storage of zero bytes still decodes every event that lies within one chunk and has one `data` line. It ignores
//! every non-empty `id` ([`Block::id_ignored`]), because an ID must be kept.
//!
//! # Layers
//!
//! Each layer can be used alone:
//!
//! * [`LineDecoder`]: bytes to lines, also for newline-delimited JSON;
//! * [`Field::parse`]: one line split into name and value;
//! * [`Decoder`]: events, [blocks](Decoder::decode_block) without data, and [frames](Decoder::decode_frame) with
//!   comments and unknown fields;
//! * [`EventBuilder`]: events to bytes;
//! * [`Reconnect`]: when to connect again.
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

mod buffer;
mod decoder;
mod encode;
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
mod trace;

pub use decoder::Decoder;
pub use encode::{EncodeError, EventBuilder};
pub use error::{DecodeError, InvalidId, Truncated};
pub use event::{Block, BlockSpan, Event, EventSpan, Frame, FrameSpan};
pub use field::{Field, parse_retry};
pub use line_decoder::{LineDecoder, LineSpan};
pub use lossy::Lossy;
#[cfg(feature = "alloc")]
pub use owned::{OwnedBlock, OwnedEvent, OwnedEvents, OwnedFrame};
pub use reconnect::{Reconnect, ResponseAction, last_event_id_header};
#[cfg(feature = "bytes")]
pub use shared::SharedEvent;
pub use storage::{HeapBuffer, Storage};
#[cfg(ssewire_observe)]
pub use trace::counting::take_bytes_examined;

/// Compiles the README's example with the tests.
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
struct Readme;
