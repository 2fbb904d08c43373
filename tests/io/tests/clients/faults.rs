//! The behaviours of the server, each with the outcome that every client must have.

use core::time::Duration;

use ssewire_messages::{Completion, ErrorKind};
use ssewire_replay::{Gate, Script};

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

pub(crate) fn whole() -> Fault {
    fault(Script::stream(STREAM), Text::All, End::Whole)
}

pub(crate) fn held_back() -> Fault {
    let gate = Gate::new();
    let delta = b"text_delta";
    // After the first piece of text, within the next event.
    let middle = STREAM.windows(delta.len()).position(|window| window == delta).unwrap() + 100;
    let (begin, rest) = STREAM.split_at(middle);
    Fault { gate: Some(gate.clone()), ..fault(Script::stream(begin).wait(&gate).send(rest), Text::All, End::Whole) }
}

/// A gateway fails over to another server after a part of the text: a second message, with another id.
pub(crate) fn spliced() -> Fault {
    let delta = b"event: content_block_delta";
    let last = STREAM.windows(delta.len()).rposition(|window| window == delta).unwrap();
    let again = String::from_utf8(STREAM.to_vec()).unwrap().replace("\"id\":\"msg_", "\"id\":\"msg_again_");
    fault(Script::stream(&STREAM[..last]).send(again), Text::Beginning, TRUNCATED)
}

/// Faults of the replay server, each with the sample `text`.
macro_rules! built_in {
    ($($function:ident = $fault:ident: $text:ident, $end:expr;)*) => {
        $(pub(crate) fn $function() -> Fault {
            let fault = fault(ssewire_replay::Fault::$fault.script(), Text::$text, $end);
            let is_silent = matches!(ssewire_replay::Fault::$fault, ssewire_replay::Fault::Stall | ssewire_replay::Fault::StallFirst);
            let idle = if is_silent { Duration::from_secs(1) } else { fault.idle };
            Fault { idle, ..fault }
        })*
    };
}

const TRUNCATED: End = End::Incomplete(Completion::Truncated);

built_in! {
    cut = Cut: Beginning, TRUNCATED;
    cut_in_chunk = CutInChunk: Beginning, TRUNCATED;
    cut_unnoticed = CutUnnoticed: Beginning, TRUNCATED;
    cut_with_length = CutWithLength: Beginning, TRUNCATED;
    cut_first_event = CutFirstEvent: None, TRUNCATED;
    ends_early = EndsEarly: Beginning, TRUNCATED;
    // The stop reason was sent; only the end of the last event is missing.
    no_last_blank_line = NoLastBlankLine: All, End::Whole;
    // A reset may discard bytes that were not read yet.
    reset = Reset: Part, TRUNCATED;
    wrong_length = WrongLength: All, End::Whole;
    stall = Stall: Beginning, TRUNCATED;
    // No byte arrived. The error of the transport says why.
    stall_first = StallFirst: None, End::NonStreamBody("empty");
    slow = Slow: All, End::Whole;
    split = Split: All, End::Whole;
    odd_chunks = OddChunks: All, End::Whole;
    content_length = ContentLength: All, End::Whole;
    until_close = UntilClose: All, End::Whole;
    pings = Pings: All, End::Whole;
    bom = ByteOrderMark: All, End::Whole;
    crlf = CrLf: All, End::Whole;
    cr = Cr: All, End::Whole;
    done = Done: All, End::Whole;
    error_event = ErrorEvent: Beginning, End::ServerError(Some(ErrorKind::Overloaded));
    error_first = ErrorFirst: None, End::ServerError(Some(ErrorKind::Overloaded));
    status_204 = NoContent: None, End::NonStreamBody("empty");
    status_400 = BadRequest: None, End::Refused(400, Some(ErrorKind::InvalidRequest));
    status_429 = RateLimit: None, End::Refused(429, Some(ErrorKind::RateLimit));
    status_502 = BadGateway: None, End::Refused(502, Option::None);
    status_529 = Overloaded: None, End::Refused(529, Some(ErrorKind::Overloaded));
    json_body = JsonBody: None, End::NonStreamBody("message");
    html_body = HtmlBody: None, End::NonStreamBody("html");
    gzip = Gzip: None, End::NonStreamBody("compressed");
    empty = Empty: None, End::NonStreamBody("empty");
}
