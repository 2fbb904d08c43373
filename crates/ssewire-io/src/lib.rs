//! Event streams over common transports: `std::io::Read`, any futures stream of byte chunks, `http_body`, tokio-util
//! codecs. Also a tap for gateways and a response body for servers.
//!
//! | your HTTP client returns | use | feature |
//! |---|---|---|
//! | `impl std::io::Read` (ureq, curl, a file) | [`EventReader`] | `std` (default) |
//! | `impl Stream<Item = Result<impl AsRef<[u8]>, E>>` | [`EventStream`] | `stream` |
//! | the same of `Bytes` (reqwest) | [`SharedEventStream`], which does not copy an event that lies within one chunk | `bytes` |
//! | `impl http_body::Body` (hyper, axum) | [`BodyEventStream`] | `http-body` |
//! | `impl tokio::io::AsyncRead` | [`EventCodec`] in a `FramedRead` | `codec` |
//! | bytes that you forward to a client | [`Tap`] | `tap` |
//! | another type | [`Decoder`], to which you pass the bytes | |
//!
//! | you want | stream | reader | feature |
//! |---|---|---|---|
//! | events | [`sse_events`](ByteStreamExt::sse_events) | [`sse_events`](ReadExt::sse_events) | |
//! | events that share the chunks | [`shared_sse_events`](ByteStreamExt::shared_sse_events) | none | `bytes` |
//! | events as strings | [`text_events`](ByteStreamExt::text_events) | [`text_events`](ReadExt::text_events) | |
//! | blocks, also without data (`id`, `retry`) | [`sse_blocks`](ByteStreamExt::sse_blocks) | [`sse_blocks`](ReadExt::sse_blocks) | |
//! | comments and unknown fields, too | [`sse_frames`](ByteStreamExt::sse_frames) | [`sse_frames`](ReadExt::sse_frames) | |
//! | newline-delimited JSON | [`sse_lines`](ByteStreamExt::sse_lines) | [`sse_lines`](ReadExt::sse_lines) | |
//! | JSON of any vendor until `[DONE]` | [`json_until_done`](ByteStreamExt::json_until_done) | [`json_until_done`](ReadExt::json_until_done) | `json` |
//! | a message of the Claude Messages API | [`message`](ByteStreamExt::message) | [`message`](ReadExt::message) | `messages` |
//! | its cost, while its bytes pass | [`tap_message`](ByteStreamExt::tap_message) | [`tap_message`](ReadExt::tap_message) | `messages`, `tap` |
//!
//! [`HttpBodyExt`] has the most frequent of these for bodies; [`BodyChunks`] has the others. tokio-util's
//! `ReaderStream` converts an `AsyncRead` to a stream of `Bytes`. A server sends events with an [`EventBody`].
//!
//! ```toml
//! [dependencies]
//! ssewire-io = { version = "0.1", features = ["messages", "stream"] }
//! ```
//!
//! The crate re-exports both lower crates: `ssewire_io::ssewire` and `ssewire_io::ssewire_messages`.
//!
//! The [guide] leads from the first text to tools, retries, gateways and tests. The [recipes] solve single problems:
//! idle timeouts, cancellation, events of your own, resumption, failover, reconnection, proxies, Bedrock. The
//! [migration] page is for users of eventsource-stream and five other crates. Complete programs with ureq, reqwest and
//! hyper are in the folder `examples` of this crate.
//!
//! [guide]: https://docs.rs/ssewire-io/latest/ssewire_io/guide/index.html
//! [recipes]: https://docs.rs/ssewire-io/latest/ssewire_io/recipes/index.html
//! [migration]: https://docs.rs/ssewire-io/latest/ssewire_io/migration/index.html
//!
//! # Common behaviour
//!
//! * The transport's error is returned unchanged, once. If the message is complete when the transport fails, only
//!   `next_message` returns it, for the further message that is missing. `Display` prints it, and `source` returns its
//!   source, so that each cause is printed once.
//! * An error type is an `Error` if the transport's error is one: `Box<dyn Error + Send + Sync>`, `String` and
//!   `anyhow::Error` are not. Convert these on the stream or body, once, with `.map_err(std::io::Error::other)` before
//!   `.message()`; or each error, with `.map_transport(std::io::Error::other)`. Without `std`, convert them to an
//!   `Error` of your own.
//! * `None` is final until `reconnect` or `next_message`: every `Stream` is a `FusedStream`, every iterator a
//!   `FusedIterator`. There are two exceptions: `FramedRead` with an `EventCodec` reads on after its end, and a `Tap`
//!   is fused only if its transport is.
//! * `with_decoder` sets limits and a last event ID. [`UnfinishedEvent`] defines the treatment of an unfinished event
//!   at the end of the input. `get_ref`, `get_mut` and `into_inner` give access to the transport.
//! * A message ends at its last event, even if the connection stays open.
//!
//! # Out of scope
//!
//! This crate does not split bytes into lines, events or messages: `ssewire` and `ssewire-messages` do. Only
//! `JsonReader` and `JsonStream` (feature `json`) look at payloads, which they parse with serde_json.
//!
//! Nothing opens a connection, reads a clock that the caller has not passed, spawns a task or needs a certain executor;
//! nothing has to be `Send` or `Sync`.
//! A [`MessageStream`], a [`StartedStream`] and the methods of [`ByteStreamExt`] and [`HttpBodyExt`], except
//! `tap_message` and `chunks`, box the transport, once, so that callers need not pin it. Nothing reconnects by itself:
//! [`Reconnect`](ssewire::Reconnect) computes the delay, and `reconnect` continues with a new connection.
//!
//! # Features
//!
//! `std` (default), `stream`, `bytes`, `http-body`, `codec`, `tap`, `json`, `messages`, `vocabulary`. Features only
//! add items; they never change others. `bytes` and `tap` include `stream`, and `http-body` includes `bytes` and
//! `stream`. `vocabulary` includes `messages`, and adds the types of `ssewire_messages::vocabulary`. `codec` includes
//! `std`; the crate http-body, on which `http-body` depends, needs it, too. All others work without `std`, with `alloc`
//! only.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "std", feature = "stream"))]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(all(
    any(doc, doctest),
    feature = "std",
    feature = "stream",
    feature = "http-body",
    feature = "tap",
    feature = "json",
    feature = "messages"
))]
pub mod guide;

#[cfg(all(any(doc, doctest), feature = "std", feature = "stream", feature = "tap", feature = "messages"))]
#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}

#[cfg(all(any(doc, doctest), feature = "stream", feature = "bytes", feature = "http-body", feature = "json"))]
#[doc = include_str!("../docs/migration.md")]
pub mod migration {}

#[cfg(feature = "http-body")]
mod body;
#[cfg(feature = "stream")]
mod chunk_buffer;
#[cfg(feature = "codec")]
mod codec;
#[cfg(feature = "std")]
mod decode_reader;
#[cfg(feature = "stream")]
mod decode_stream;
#[cfg(any(feature = "std", feature = "stream"))]
mod end;
mod error;
#[cfg(feature = "http-body")]
mod event_body;
mod ext;
#[cfg(any(feature = "std", feature = "stream"))]
mod format;
#[cfg(feature = "stream")]
mod idle_timeout;
#[cfg(all(feature = "json", any(feature = "std", feature = "stream")))]
mod json;
#[cfg(feature = "messages")]
mod messages;
#[cfg(feature = "tap")]
mod observe;
#[cfg(feature = "std")]
mod read_source;
#[cfg(feature = "tap")]
mod tap;
#[cfg(any(feature = "std", feature = "stream"))]
mod text_event;

#[cfg(feature = "http-body")]
pub use body::{BodyChunks, BodyEventStream};
#[cfg(feature = "codec")]
pub use codec::EventCodec;
#[cfg(feature = "std")]
pub use decode_reader::{BlockReader, DecodeReader, EventReader, FrameReader, LineReader, TextEventReader};
#[cfg(feature = "bytes")]
pub use decode_stream::SharedEventStream;
#[cfg(feature = "stream")]
pub use decode_stream::{BlockStream, DecodeStream, EventStream, FrameStream, LineStream, TextEventStream};
#[cfg(any(feature = "std", feature = "stream"))]
pub use end::UnfinishedEvent;
pub use error::EventError;
#[cfg(feature = "http-body")]
pub use event_body::{EventBody, NoTimer};
#[cfg(feature = "http-body")]
pub use ext::HttpBodyExt;
#[cfg(feature = "std")]
pub use ext::ReadExt;
#[cfg(feature = "stream")]
pub use ext::{ByteStreamExt, IdleTimeoutExt};
#[cfg(feature = "bytes")]
pub use format::SharedEvents;
#[cfg(any(feature = "std", feature = "stream"))]
pub use format::{Blocks, Events, Format, Frames, Lines, TextEvents};
#[cfg(feature = "stream")]
pub use idle_timeout::{IdleError, IdleTimeout};
#[cfg(all(feature = "json", feature = "std"))]
pub use json::JsonReader;
#[cfg(all(feature = "json", feature = "stream"))]
pub use json::JsonStream;
#[cfg(all(feature = "json", any(feature = "std", feature = "stream")))]
pub use json::{JsonEvent, JsonPayloadError, JsonPayloadErrorKind, JsonStreamError};
#[cfg(all(feature = "messages", feature = "stream"))]
pub use messages::{FlatMapUpdates, MessageStream, NotStarted, StartedStream, TextDeltaStream};
#[cfg(all(feature = "messages", any(feature = "std", feature = "stream")))]
pub use messages::{IncompleteMessage, MessageReadError, StructuredError, StructuredMessage};
#[cfg(all(feature = "messages", feature = "tap"))]
pub use messages::{MessageEnd, MessageEndObserver, MessageObserver, Observed};
#[cfg(all(feature = "messages", feature = "std"))]
pub use messages::{MessageReader, TextDeltas};
#[cfg(feature = "tap")]
pub use observe::{EventObserver, Observer};
// Their types are in public signatures, so callers get the matching version.
pub use ssewire;
pub use ssewire::{Decoder, LineDecoder};
#[cfg(feature = "messages")]
pub use ssewire_messages;
#[cfg(feature = "tap")]
pub use tap::Tap;
#[cfg(any(feature = "std", feature = "stream"))]
pub use text_event::TextEvent;

/// Runs the README's examples with the tests.
#[cfg(all(doctest, feature = "std", feature = "stream", feature = "messages"))]
#[doc = include_str!("../README.md")]
struct Readme;
