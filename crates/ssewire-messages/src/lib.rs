//! The Claude Messages API stream: from events to the message.
//!
//! ```text
//!  bytes ──> Decoder ──> StreamEvent ──> Accumulator ──> Message
//!            (ssewire)   typed, borrowed   by index        complete, or Incomplete with the part that came
//!  └──────────────────── MessageStream ────────────────────┘
//! ```
//!
//! * [`MessageStream`] drives it all over the bytes of a response body, cut anywhere. It is sans-IO: feed it from any
//!   HTTP client, blocking or not.
//! * [`StreamEvent`] is one event, decoded from an SSE event or from bare JSON. The text of deltas is borrowed where it
//!   can be. Events, blocks, deltas and members that this version does not know are kept as they came.
//! * [`Accumulator`] builds the [`Message`] in place, each content block by its index, and tells each change as an
//!   [`Update`] with its snapshot. Interleaved blocks, deltas before their start and starts out of order are tolerated
//!   and recorded as [anomalies](Accumulator::anomalies), or refused ([`Strictness::Strict`]).
//! * A stream that ends early never looks like success: [`MessageStream::finish`] gives the message, or an
//!   [`Incomplete`] that holds what came and says [why](Completion). Tool input is a [`ToolInput`]: half of one cannot
//!   be taken for a value by accident.
//!
//! ```
//! use ssewire_messages::{MessageStream, Update};
//!
//! # let body = b"data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
//! let mut stream = MessageStream::new();
//! for mut chunk in body.chunks(1400) {
//!     loop {
//!         match stream.decode(&mut chunk) {
//!             Ok(Some(item)) => {
//!                 // Not only `Update::Text` brings text: the start of a message or of a block may.
//!                 item.update.text_pieces().for_each(|text| print!("{text}"));
//!                 if let Update::BlockStop { block, .. } = item.update {
//!                     if let Some(call) = block.content().as_tool_use() {
//!                         match call.input.value() {
//!                             Ok(input) => println!("call {:?} with {input}", call.name),
//!                             Err(error) => println!("do not call {:?}: {error}", call.name),
//!                         }
//!                     }
//!                 }
//!             }
//!             Ok(None) => break,                   // Bring the next chunk.
//!             Err(error) => eprintln!("{error}"),  // Of one event: the stream goes on, and `finish` judges.
//!         }
//!     }
//! }
//! let message = stream.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it does not do
//!
//! It opens no connection and keeps no key. It never sends a request again: a stream that was cut has been paid for,
//! and replaying it would pay twice for other words. What came is in [`Incomplete::message`]; a new request can go on
//! from there.
//!
//! # Features
//!
//! * `std` (default): passes `std` on to the dependencies, and reads a `retry-after` that is an HTTP date. Without it
//!   the crate needs `alloc` only, and such a date counts as absent.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod accumulator;
mod api_error;
mod bare_json;
mod decode;
mod event;
mod not_a_stream;
mod payload_error;
mod response_head;
mod retry;
mod stream;
mod structured;

// The wire vocabulary: every type that stands in a message.
pub mod citation;
pub mod container;
pub mod content;
pub mod context_management;
pub mod diagnostics;
mod error_kind;
pub mod input_transformation;
mod message;
pub mod stop;
mod tool_input;
pub mod usage;
mod wire;

pub use accumulator::{
    AccumulateError, Accumulator, Anomalies, Anomaly, AnomalyKind, BlockKey, BlockRef, Completion, Incomplete,
    Strictness, Update,
};
pub use api_error::ApiError;
pub use event::{
    CitationsDelta, CompactionDelta, ContentBlockDelta, ContentBlockStart, ContentBlockStop, Delta, InputJsonDelta,
    MessageDelta, MessageDeltaBody, MessageStart, SignatureDelta, StreamEvent, TextDelta, ThinkingDelta, UnknownEvent,
};
pub use not_a_stream::NotAStream;
pub use payload_error::{PayloadError, PayloadErrorKind};
pub use response_head::{ResponseHead, RetryAfter};
pub use retry::{Backoff, GiveUp, RetryAdvice};
pub use ssewire_json::{JsonError, PartialStrings};
pub use stream::{Item, MessageStream, ReadyItem, StreamError};
pub use structured::{ParseTextError, ParseTextErrorKind, StructuredOutput};
pub use tool_input::{InputError, InputState};

pub use citation::Citation;
pub use content::{
    Content, ContentBlock, McpToolUseBlock, RedactedThinkingBlock, ServerToolUseBlock, TextBlock, ThinkingBlock,
    ToolUseBlock, UnknownBlock,
};
pub use error_kind::ErrorKind;
pub use message::{Message, Role};
pub use stop::{RefusalCategory, StopDetails, StopReason};
pub use tool_input::ToolInput;
pub use usage::Usage;
pub use wire::{Extra, Nullable, UnknownObject};

/// The README's example runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
