//! The behaviours of the server, each with the outcome that every client must have.

use core::time::Duration;

use ssewire_messages::{Completion, ErrorKind};
use ssewire_replay::{Framing, Gate, Script, faults};

use crate::outcome::{End, Expected, Text};

pub(crate) struct Fault {
    pub(crate) script: Script,
    pub(crate) expected: Expected,
    /// Holds back the rest of the stream until the client has received the first text.
    pub(crate) gate: Option<Gate>,
    /// Idle timeout of the client.
    pub(crate) idle: Duration,
}

const STREAM: &[u8] = include_bytes!("../../../data/streams/samples/text.sse");

fn fault(script: Script, text: Text, end: End) -> Fault {
    Fault { script, expected: Expected { text, end }, gate: None, idle: Duration::from_secs(30) }
}

fn good(script: Script) -> Fault {
    fault(script, Text::All, End::Whole)
}

/// A fault that is built into the replay server.
fn built_in(name: &str, text: Text, end: End) -> Fault {
    let (_, script) = faults().into_iter().find(|(known, _)| *known == name).unwrap();
    fault(script, text, end)
}

pub(crate) fn whole() -> Fault {
    good(Script::stream(STREAM))
}

pub(crate) fn byte_by_byte() -> Fault {
    built_in("byte-by-byte", Text::All, End::Whole)
}

pub(crate) fn odd_pieces() -> Fault {
    good(Script::stream(STREAM).chunk_sizes([1, 7, 64, 3, 1400]))
}

pub(crate) fn pings() -> Fault {
    good(Script::stream(STREAM).with_pings_every(1).chunked_by(50))
}

pub(crate) fn until_close() -> Fault {
    good(Script::stream(STREAM).framed(Framing::UntilClose))
}

pub(crate) fn content_length() -> Fault {
    good(Script::stream(STREAM).framed(Framing::ContentLength))
}

pub(crate) fn slow() -> Fault {
    good(Script::stream(STREAM).chunked_by(100).delayed_by(Duration::from_millis(5)))
}

pub(crate) fn held_back() -> Fault {
    let gate = Gate::new();
    let (begin, rest) = STREAM.split_at(middle());
    Fault { gate: Some(gate.clone()), ..good(Script::stream(begin).wait(&gate).send(rest)) }
}

/// Offset of the middle of the event after the first text delta.
fn middle() -> usize {
    let delta = b"text_delta";
    STREAM.windows(delta.len()).position(|window| window == delta).unwrap() + 100
}

fn is_cut(script: Script) -> Fault {
    fault(script.cut_after(middle()), Text::Beginning, End::Incomplete(Completion::Truncated))
}

pub(crate) fn cut() -> Fault {
    is_cut(Script::stream(STREAM).chunked_by(1))
}

pub(crate) fn cut_in_chunk() -> Fault {
    is_cut(Script::stream(STREAM))
}

pub(crate) fn cut_unnoticed() -> Fault {
    is_cut(Script::stream(STREAM).framed(Framing::UntilClose))
}

pub(crate) fn cut_before_content_length() -> Fault {
    is_cut(Script::stream(STREAM).framed(Framing::ContentLength))
}

pub(crate) fn cut_in_the_first_event() -> Fault {
    fault(Script::stream(STREAM).chunked_by(3).cut_after(12), Text::None, End::Incomplete(Completion::Truncated))
}

pub(crate) fn hold() -> Fault {
    let script = Script::stream(&STREAM[..middle()]).hold();
    let fault = fault(script, Text::Beginning, End::Incomplete(Completion::Truncated));
    Fault { idle: Duration::from_secs(1), ..fault }
}

pub(crate) fn error_event() -> Fault {
    let events = STREAM[..middle()].windows(2).rposition(|window| window == b"\n\n").unwrap() + 2;
    let script =
        Script::stream(&STREAM[..events]).error_event("overloaded_error", "Overloaded").send(&STREAM[events..]);
    fault(script, Text::Beginning, End::ServerError(Some(ErrorKind::Overloaded)))
}

pub(crate) fn error_first() -> Fault {
    built_in("error-first", Text::None, End::ServerError(Some(ErrorKind::Overloaded)))
}

pub(crate) fn rate_limit() -> Fault {
    built_in("rate-limit", Text::None, End::Refused(429, Some(ErrorKind::RateLimit)))
}

pub(crate) fn overloaded() -> Fault {
    built_in("overloaded", Text::None, End::Refused(529, Some(ErrorKind::Overloaded)))
}

pub(crate) fn json_error() -> Fault {
    built_in("json-error", Text::None, End::Refused(400, Some(ErrorKind::InvalidRequest)))
}

pub(crate) fn json_message() -> Fault {
    built_in("json-message", Text::None, End::NonStreamBody("message"))
}

pub(crate) fn html() -> Fault {
    built_in("html", Text::None, End::NonStreamBody("html"))
}

pub(crate) fn compressed() -> Fault {
    built_in("compressed", Text::None, End::NonStreamBody("compressed"))
}

pub(crate) fn empty() -> Fault {
    built_in("empty", Text::None, End::NonStreamBody("empty"))
}
