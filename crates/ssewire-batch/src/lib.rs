//! Event streams in batches, for foreign function interfaces: push a chunk, take records and the text they point into.
//!
//! A call from Python, Go or JavaScript into Rust takes longer than decoding one event. So a batch returns all events
//! of a chunk at once, in a form that a program in any language can read without further calls:
//!
//! ```text
//!  chunk: &[u8] ──> BatchDecoder::push ──>  records  [ kind | type | data | last event ID | retry ] [ … ] …
//!                                                              │      │         │
//!                                           the chunk itself ──┴──────┘         │
//!                                           text, for what is not in the chunk ─┘
//! ```
//!
//! * [`BatchDecoder`]: events, as [`ssewire::Decoder`] returns them. Records are [`EventRecord`]s.
//! * [`MessageBatchDecoder`]: updates of a message of the Claude Messages API, as `ssewire_messages::MessageDecoder`
//!   returns them. Records are [`MessageRecord`]s.
//!
//! ```
//! use ssewire_batch::{BatchDecoder, EventKind};
//!
//! let mut decoder = BatchDecoder::new();
//! let mut data = Vec::new();
//! for mut chunk in [&b"id: 1\nevent: greeting\nda"[..], b"ta: hello\n\ndata: bye\n\n"] {
//!     while !chunk.is_empty() {
//!         let batch = decoder.push(&mut chunk);
//!         for record in batch.records() {
//!             assert_eq!(record.kind, EventKind::Event);
//!             data.push(batch.data(record).to_owned());
//!         }
//!     }
//! }
//! assert_eq!(data, ["hello", "bye"]);
//! decoder.finish()?; // An error if the stream ended within an event.
//! # Ok::<(), ssewire::Truncated>(())
//! ```
//!
//! # One chunk, step by step
//!
//! `push` gets the 35 bytes `id: 7\ndata: a\n\n: note\n\ndata: b\n\ndat`.
//!
//! 1. The text is `message`, the type of events without an `event` field.
//! 2. The first event is decoded. Its data lies in the chunk, so the record says so, and has its place there. Its ID,
//!    `7`, is appended to the text. Its type is the `message` at the start of the text. A type other than this
//!    would lie in the chunk, as the data does.
//! 3. The comment is skipped, because nobody asked for comments.
//! 4. The second event has the last event ID of the first one. So only a record is appended.
//! 5. `dat` stays in the decoder.
//! 6. The UTF-8 of the chunk is checked, from the first of these events to the last. If it is ill-formed, the values
//!    are appended to the text, with U+FFFD, and the records point there. The batch is returned, and the input is
//!    empty.
//!
//! A value that crosses chunks, and data of several lines, are copied to the text.
//!
//! The next `push` clears records and text, but keeps their memory.
//!
//! # Guarantees
//!
//! * **The result is that of the decoders**, whatever the chunks. The records of all batches together do not depend on
//!   the chunks, except for the places of their values.
//! * **Well-formed text.** Every value is UTF-8, in the text and in the input. Ill-formed bytes are replaced by U+FFFD,
//!   as in browsers.
//! * **Bounded memory.** A batch ends at [`with_max_records`](BatchDecoder::with_max_records) records, and leaves the
//!   rest of the chunk in the input. Its text has at most 1 KiB and three times the sum of the bytes that the batch
//!   consumed and those that the decoder had kept before. For messages it has 8 KiB and nine times the sum, because
//!   the ID of a tool call is in its payload, its start and its call. A text buffer above 64 KiB that is used to less
//!   than a quarter is freed.
//! * **No allocation in the steady state.** The memory of a batch is used again for the next one.
//!
//! # Cost
//! Beside that of the decoder: one check of UTF-8, and a record of 64 bytes per event. An update of a message is
//! copied. [`Batch::data`] and [`Batch::event_type`] check a value in the chunk again, because the crate has no unsafe
//! code. The figures are of C, which does not.
//!
//! The page `BENCHMARKS.md` of the repository compares it with the decoders. A batch takes 1.1 to 1.6 times their
//! time, and one of events 0.7 to 1.3 times that of a decoder and a check of UTF-8.
//!
//! # Features
//!
//! * `messages` (default): [`MessageBatchDecoder`]. Without it only the event decoder is compiled.
//! * `std` (default): passes `std` on to the dependencies. Without it the crate needs `alloc` only.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod batch;
mod event;
#[cfg(feature = "messages")]
mod message;

pub use batch::{Batch, Span};
pub use event::{BatchDecoder, EventBatch, EventKind, EventRecord};
#[cfg(feature = "messages")]
pub use message::{MessageBatch, MessageBatchDecoder, MessageKind, MessageRecord};

/// The default of [`BatchDecoder::with_max_records`] and of [`MessageBatchDecoder`]: a batch of text deltas of the
/// Messages API is then about 50 KB, with its part of the chunk, and fits in the second-level cache.
pub const DEFAULT_MAX_RECORDS: usize = 256;

/// Runs the README's examples with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
