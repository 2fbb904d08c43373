//! Server-Sent Events as a protocol: bytes in, events out, cut anywhere.
//!
//! This crate decodes the [event stream] format of the HTML standard and nothing else. It opens no connection, knows no
//! HTTP client, reads no clock and never reconnects: whoever has the bytes feeds them in, in whatever pieces they come.
//! It is `no_std`, needs no allocator, and has one dependency, memchr.
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
//! decoder.finish()?; // an error, if the stream stopped in the middle of an event
//! assert_eq!(decoder.last_event_id(), b"1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! * **The standard, exactly.** One byte order mark, all three line ends, also when a chunk boundary falls between CR
//!   and LF; a CR ends its line at once, without waiting for what follows. Exact field names, `retry` in digits only,
//!   `id` without NUL, ill-formed UTF-8 replaced as browsers do, and only where text is asked for.
//! * **Any chunking, one result.** Events, errors and the bytes consumed do not depend on how the input is cut.
//! * **Zero copy.** An event that lies within one chunk is lent from that chunk. Only what straddles a boundary, or joins
//!   several `data` lines, is copied.
//! * **Linear time.** No byte is scanned again because more came.
//! * **Bounded memory.** An event larger than the [limit](Decoder::with_limit) is an error, the stream goes on behind it.
//!   Comments, unknown fields and field names need no memory at all, however long they are.
//! * **No end in silence.** [`finish`](Decoder::finish) tells a stream that ended from one that was cut.
//!
//! # How it works
//!
//! ```text
//!          chunk at hand                                     what straddles chunks
//!  ┌───────────────────────────────────────┐          ┌──────────────────────────────────────┐
//!  │ …x\n\n event: e\n data: whole\n\n da   │   "da"   │ data so far │ free │ type │ id │ last │
//!  └───────────────────────────────────────┘ ───────> └──────────────────────────────────────┘
//!             │  borrowed                                        │  borrowed
//!             └──────────────────────────┐      ┌────────────────┘
//!                                      Event<'_>
//! ```
//!
//! While a line arrives it is classified byte by byte, so a chunk boundary in the middle of `da|ta` costs two small
//! numbers and no buffer. Values are copied into the buffer only when the chunk runs out beneath them. The buffer is
//! [`Growing`] (feature `alloc`), [`Fixed`] within the decoder, or a `&mut [u8]` of the caller's: one engine over all.
//!
//! # Memory
//!
//! A decoder is at most 192 bytes and owns nothing on the heap until something straddles a chunk boundary. Then
//! [`Growing`] holds the least of 64 · 2^k bytes into which goes what has to be kept: the data and type so far, the
//! value of the open line, the id of the block and the last event ID. While it grows, the half stands beside the whole:
//! the peak is one and a half times that. All but the last event ID counts towards the limit (16 MiB unless
//! [set](Decoder::with_limit)), so there is no more to it than three times the limit and the ID. After a giant the
//! buffer [shrinks](Decoder::shrink_to_fit) again.
//!
//! Without an allocator the storage is the caller's choice, and what does not fit is
//! [`BufferFull`](DecodeError::BufferFull): that event is lost, nothing else.
//!
//! ```
//! use ssewire::{Decoder, Fixed};
//!
//! // A bare-metal loop: no heap, a receive buffer of 64 bytes, room for 256 bytes of straddling event.
//! fn run(mut receive: impl FnMut(&mut [u8]) -> usize, mut handle: impl FnMut(&[u8])) {
//!     let mut decoder = Decoder::with_storage(Fixed::<256>::new());
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
//!                 Err(_lost) => {} // One event was too large for the room there is; go on behind it.
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
//! A storage of no bytes at all decodes every event of one `data` line and no `id` that lies within one chunk.
//!
//! # Layers
//!
//! Each layer is useful alone: [`LineDecoder`] (bytes to lines, also for newline-delimited JSON), [`Field::parse`] (one
//! line taken apart), [`Decoder`] (events, or [frames](Decoder::decode_frame): comments, `retry`, unknown fields, too),
//! [`EventBuilder`] (the way back).
//!
//! # Features
//!
//! * `std` (default): as `alloc`; and memchr may look at run time which vectors the processor has.
//! * `alloc`: [`Growing`], `Decoder::new`, `Event::into_owned`, `Lossy::to_cow`, `EventBuilder::encode_into_vec`.
//! * `bytes`: events that own a slice of the chunk, `Decoder::decode_bytes`. Brings the crate bytes along.
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
mod field;
mod line;
mod line_decoder;
mod lossy;
mod machine;
mod observe;
#[cfg(feature = "alloc")]
mod owned;
mod reconnect;
#[cfg(feature = "bytes")]
mod shared;
mod short;
mod whole;

pub use buffer::{Fixed, Growing, Storage};
pub use decoder::Decoder;
pub use encode::{EncodeError, EventBuilder};
pub use error::{DecodeError, Truncated};
pub use event::{Event, Frame, Ready, ReadyFrame};
pub use field::{Field, retry_milliseconds};
pub use line_decoder::{LineDecoder, ReadyLine};
pub use lossy::Lossy;
#[cfg(feature = "__observe")]
#[doc(hidden)]
pub use observe::counting::take_examined;
#[cfg(feature = "alloc")]
pub use owned::OwnedEvent;
pub use reconnect::{Reconnect, ResponseAction, last_event_id_header};
#[cfg(feature = "bytes")]
pub use shared::SharedEvent;

/// The README's example runs with the tests.
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
struct Readme;
