//! The Claude Messages API stream: from events to the message.
//!
//! ```text
//!  bytes ──> Decoder ──> StreamEvent ──> Accumulator ──> Message
//!            (ssewire)   typed, borrowed   by index        complete, or Incomplete with the partial one
//!  └─────────────────── MessageDecoder ────────────────────┘
//! ```
//!
//! * [`MessageDecoder`] drives it all over the bytes of a response body, in chunks of any size. It is sans-IO: feed it
//!   from any HTTP client, blocking or not.
//! * [`StreamEvent`] is one event, decoded from an SSE event or from bare JSON.
//! * [`Accumulator`] builds the [`Message`] in place, each content block by its index, and returns each change as an
//!   [`Update`] with its snapshot. Interleaved blocks, deltas before their start and starts out of order are tolerated
//!   and recorded as [violations](Accumulator::violations), or rejected ([`Validation::Strict`]).
//! * What deltas build is typed: text, thinking, tool input, usage. Everything else is [`RawJson`], which you parse on
//!   demand: see [`vocabulary`].
//! * Truncation is detected: [`MessageDecoder::finish`] returns the message, or an [`Incomplete`] with the partial
//!   message and the [reason](Completion). Tool input of a stream is a [`ToolInput`]: truncated
//!   input is never returned as a value. A message read from JSON does not record its end; [`Message::tool_calls`]
//!   checks it.
//!
//! ```
//! use ssewire_messages::{MessageDecoder, Step, Update};
//!
//! # let body = b"data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
//! let mut decoder = MessageDecoder::new();
//! for mut chunk in body.chunks(1400) {
//!     while let Step::Update(event) = decoder.decode(&mut chunk)? {
//!         show(event.update);
//!     }
//!     if decoder.is_ended() {
//!         break; // The message has ended, even if the connection stays open.
//!     }
//! }
//! while let Some(event) = decoder.decode_end()? {
//!     show(event.update); // Of a last event whose blank line is missing, as in recorded files.
//! }
//! let message = decoder.finish()?; // An error if content is missing.
//!
//! fn show(update: Update<'_>) {
//!     // The start of a message or of a block may have text, too, not only `Update::Text`.
//!     update.text_deltas().for_each(|text| print!("{text}"));
//!     match update {
//!         Update::ToolCall(call) => println!("call {} with {}", call.name, call.input),
//!         Update::Lost(error) => eprintln!("{error}"), // `finish` returns whether content is missing.
//!         _ => {}
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Out of scope
//!
//! The crate opens no connection and keeps no key. It never sends a request again: the tokens of a truncated stream are
//! billed, and the same request is billed again and gets another answer. The partial message is in
//! [`Incomplete::partial`]; a new request can continue it.
//!
//! # Features
//!
//! * `std` (default): passes `std` on to the dependencies, and reads a `retry-after` that is an HTTP date. Without it
//!   the crate needs `alloc` only, and such a date counts as absent.
//! * `vocabulary` (default): the types of results, citations and details, which are not merged.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod accumulator;
mod api_error;
mod block;
mod decode;
mod decoder;
mod delta;
mod error_kind;
mod event;
mod fused;
mod id_and_model;
mod json;
mod lost_event;
mod members;
mod memory;
mod message;
mod non_stream_body;
mod nullable;
mod partial;
mod payload_error;
mod piece;
mod response_head;
mod retry;
mod sort;
mod stop_reason;
mod string_enum;
mod structured;
mod to_events;
mod tool_input;
mod turn;
mod usage;
#[cfg(feature = "vocabulary")]
pub mod vocabulary;

pub use self::accumulator::{
    AccumulateError, Accumulator, BlockKey, BlockRef, Completion, ExceededLimit, Incomplete, ProtocolViolation,
    ProtocolViolations, Update, Validation, ViolationKind,
};
pub use self::api_error::ApiError;
pub use self::block::{
    Citations, CitationsIter, CompactionBlock, ContentBlock, RawBlock, TextBlock, ThinkingBlock, ToolKind, ToolUseBlock,
};
pub use self::decoder::{MessageDecoder, Step, UpdateEvent, UpdateSpan};
pub use self::delta::{
    CitationsDelta, CompactionDelta, Delta, InputJsonDelta, SignatureDelta, TextDelta, ThinkingDelta, UnknownDelta,
};
pub use self::error_kind::ErrorKind;
pub use self::event::{
    ContentBlockDelta, ContentBlockStart, ContentBlockStop, MessageDelta, StreamEvent, UnknownEvent,
};
pub use self::json::{ExtraMembers, ExtraMembersIter, InvalidJson, RawJson, RawJsonRef};
pub use self::lost_event::LostEvent;
pub use self::message::{InvalidMessage, Message};
pub use self::non_stream_body::NonStreamBody;
pub use self::nullable::Nullable;
pub use self::partial::{JsonError, PartialChange, PartialStrings};
pub use self::payload_error::{PayloadError, PayloadErrorKind};
pub use self::response_head::{ResponseHead, RetryAfter};
pub use self::retry::{Backoff, GiveUp};
pub use self::stop_reason::StopReason;
pub use self::structured::{ParseTextError, StructuredOutput};
pub use self::tool_input::{ParseInputError, ToolInput, ToolInputError};
pub use self::turn::{OwnedToolCall, ToolCall, ToolResult, TurnError};
pub use self::usage::Usage;

/// Runs the README's examples with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
