//! `MessageDecoder`: any body, in any chunking.

use crate::json::deep_value;
use serde_json::Value;
use ssewire::{Decoder, EventBuilder};
use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, MessageDecoder, NonStreamBody, PartialStrings, Step, Validation,
};

use super::cost;
use super::input::{Input, cut};
use super::slow::{Slow, Transcript, describe};
use crate::chunks;
use crate::protocol_oracle::{Protocol, compare};

/// The configuration of a decoder before the first byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) validation: Validation,
    pub(super) partial: Option<PartialStrings>,
    pub(super) max_event: usize,
    pub(super) max_bytes: usize,
    pub(super) content_type: Option<&'static str>,
    pub(super) discards_text: bool,
}

const CONTENT_TYPES: [Option<&str>; 8] = [
    None,
    Some("text/event-stream; charset=utf-8"),
    Some("Application/JSON"),
    Some("text/html"),
    Some("application/vnd.amazon.eventstream"),
    Some("text/plain"),
    Some("not a type\r\n"),
    Some(""),
];

/// Checks that the result of a body does not depend on its chunks, and that all methods report the same end. The result
/// contains everything received at any end, and equals that of decoder and accumulator called separately.
///
/// The first byte of the input is flags, the second a limit. The chunk lengths follow, see `Input::lengths`, and then
/// the body.
pub fn message_stream(input: &[u8]) {
    let (options, lengths, body) = parts(input);
    let chunks = cut(&lengths, body);
    check(body, &chunks, options);
    bounded(&chunks, options);
    bounded(&body.chunks(1).collect::<Vec<_>>(), options);
}

/// Checks that the result of a body is the one of the oracle of `docs/protocol.md`. The input is that of
/// [`message_stream`].
pub fn message_protocol(input: &[u8]) {
    let (options, lengths, body) = parts(input);
    let chunks = cut(&lengths, body);
    let protocol = Protocol { validation: options.validation, max_event_bytes: options.max_event };
    // The nodes of a partial value count towards the limit, and the oracle keeps all text.
    let options = Options { partial: None, discards_text: false, ..options };
    if options.max_bytes == usize::MAX {
        compare::same(protocol, body, &chunks);
    } else {
        // The oracle has no limit on the message.
        compare::within_limit(protocol, options.accumulator(), body, &chunks);
    }
}

/// The configuration, the lengths of the chunks, and the body.
fn parts(input: &[u8]) -> (Options, Vec<usize>, &[u8]) {
    let mut input = Input::new(input);
    let options = Options::of(input.byte(), input.byte());
    let lengths = input.lengths();
    (options, lengths, input.rest())
}

/// Checks the promised memory: without partial values, four times the received bytes and 8 KiB at any time. A byte of
/// ill-formed UTF-8 counts as three. In an error whose text is not JSON, a control character takes up to seventeen.
fn bounded(chunks: &[&[u8]], options: Options) {
    let received: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let (decoder, cost) = cost::of(|| {
        let mut decoder = options.stream();
        'body: for chunk in chunks {
            let mut input: &[u8] = chunk;
            loop {
                match decoder.decode(&mut input) {
                    Ok(Step::Update(_)) | Err(_) => {}
                    Ok(Step::NeedInput) => break,
                    Ok(Step::Ended) => break 'body,
                }
            }
        }
        decoder
    });
    if options.partial.is_none() {
        let is_text =
            decoder.accumulator().server_error().is_some_and(|error| error.body().as_json().as_str().starts_with('"'));
        let body = chunks.concat();
        let controls = if is_text { body.iter().filter(|byte| byte.is_ascii_control()).count() } else { 0 };
        let received = String::from_utf8_lossy(&body).len();
        let allowed = 4 * received + (17 - 4) * controls + 8 * 1024;
        assert!(cost.peak <= allowed, "{cost:?} for {received} bytes, {controls} of them control characters");
    }
    assert!(cost.allocated <= 320 * received + 32 * 1024, "{cost:?} for {received} bytes");
    assert!(cost.allocations <= 2 * received + 128, "{cost:?} for {received} bytes");
    drop(decoder);
}

/// The result does not depend on the chunks.
fn check(body: &[u8], chunks: &[&[u8]], options: Options) {
    let whole = Run::of(&chunks::whole(body), options);
    whole.same(&Run::of(chunks, options));
    if body.len() <= 400 {
        whole.same(&Run::of(&chunks::of(1, body), options));
    }
    as_its_parts(body, chunks, options);
}

/// `MessageDecoder` returns the same as its parts called separately.
pub(super) fn as_its_parts(body: &[u8], chunks: &[&[u8]], options: Options) {
    let run = Run::of(chunks, options);
    let mut slow = Slow::new(options.decoder(), options.accumulator());
    slow.read(body);
    assert_eq!(run.transcript, slow.transcript);
    assert_eq!(run.violations, format!("{:?}", slow.accumulator.violations()));
    assert_eq!(run.snapshot, deep_value(slow.accumulator.snapshot().to_json_lossy().as_json()));
    run.ends_well(body, &slow, options);
}

impl Options {
    pub(super) fn of(flags: u8, limit: u8) -> Self {
        let limit = usize::from(limit);
        Self {
            validation: if flags & 1 == 0 { Validation::Lenient } else { Validation::Strict },
            partial: if flags & 2 == 0 { None } else { Some(PartialStrings::Show) },
            max_event: if flags & 4 == 0 { usize::MAX } else { limit * 4 },
            max_bytes: if flags & 8 == 0 { usize::MAX } else { limit * 8 },
            content_type: CONTENT_TYPES[usize::from(flags >> 4 & 7)],
            discards_text: flags & 128 != 0,
        }
    }

    fn decoder(&self) -> Decoder {
        Decoder::new().with_max_event_bytes(self.max_event)
    }

    pub(super) fn accumulator(&self) -> Accumulator {
        let accumulator = Accumulator::new().with_validation(self.validation).with_max_bytes(self.max_bytes);
        let accumulator = if self.discards_text { accumulator.with_discarded_text() } else { accumulator };
        match self.partial {
            Some(strings) => accumulator.with_partial_input(strings),
            None => accumulator,
        }
    }

    pub(super) fn stream(&self) -> MessageDecoder {
        let stream = MessageDecoder::new().with_decoder(self.decoder()).with_accumulator(self.accumulator());
        match self.content_type {
            Some(content_type) => stream.with_content_type(content_type),
            None => stream,
        }
    }
}

/// The results of a decoder.
struct Run {
    transcript: Transcript,
    /// Before the end.
    snapshot: Value,
    violations: String,
    events: u64,
    completion: Completion,
    /// Updates returned at the end of the input.
    last: Transcript,
    result: Result<Message, Incomplete>,
}

impl Run {
    fn of(chunks: &[&[u8]], options: Options) -> Self {
        let mut decoder = options.stream();
        let mut transcript = Transcript::new();
        'body: for chunk in chunks {
            let mut input: &[u8] = chunk;
            loop {
                match decoder.decode(&mut input) {
                    Ok(Step::Update(event)) => {
                        transcript.push(describe(event.event_type, event.payload, &event.update))
                    }
                    Ok(Step::NeedInput) => break,
                    Ok(Step::Ended) => break 'body,
                    Err(error) => transcript.push(format!("rejected: {error}")),
                }
            }
            assert!(input.is_empty(), "asked for more before the chunk was used up");
        }
        let snapshot = deep_value(decoder.snapshot().to_json_lossy().as_json());
        let (violations, events) = (format!("{:?}", decoder.violations()), decoder.event_count());
        let mut last = Transcript::new();
        loop {
            match decoder.decode_end() {
                Ok(Some(event)) => last.push(describe(event.event_type, event.payload, &event.update)),
                Ok(None) => break,
                Err(error) => last.push(format!("rejected: {error}")),
            }
        }
        let completion = decoder.completion();
        Self { transcript, snapshot, violations, events, completion, last, result: decoder.finish() }
    }

    /// Equal to the other run, which had other chunks.
    fn same(&self, other: &Self) {
        assert_eq!(self.transcript, other.transcript);
        assert_eq!((&self.snapshot, &self.violations), (&other.snapshot, &other.violations));
        assert_eq!((self.events, self.completion, &self.last), (other.events, other.completion, &other.last));
        same_result(&self.result, &other.result);
    }

    /// The end loses nothing received, and equals that of the parts.
    fn ends_well(&self, body: &[u8], slow: &Slow, options: Options) {
        assert!(self.events <= self.transcript.len() as u64 + body.len() as u64);
        let message = match &self.result {
            Ok(message) => message,
            Err(incomplete) => {
                assert_eq!(incomplete.reason(), self.completion);
                let no_stream = incomplete.reason() == Completion::NonStreamBody;
                assert_eq!(incomplete.non_stream_body().is_some(), no_stream);
                if let Some(NonStreamBody::Message(message)) = incomplete.non_stream_body() {
                    assert_eq!(**message, Message::from_json(without_response_head(body)).unwrap());
                }
                incomplete.partial()
            }
        };
        // An incomplete character becomes U+FFFD only at the end; and the last event may be pending.
        if self.last.is_empty() {
            let text = slow.accumulator.snapshot().text();
            assert!(message.text().replace('\u{FFFD}', "").starts_with(&text.replace('\u{FFFD}', "")));
            let by_parts = match slow.accumulator.completion() {
                // The parts do not see the body, which may show that a stream began.
                Completion::NonStreamBody => return assert!(self.result.is_err()),
                _ if slow.is_rejected => return assert!(self.result.is_err()),
                Completion::Complete => true,
                // A bare error explains a stream without an end. Another start ends the message, too.
                Completion::Unterminated => {
                    let is_explained = slow.has_bare_error && !slow.accumulator.is_ended();
                    options.validation == Validation::Lenient && !is_explained
                }
                _ => false,
            };
            assert_eq!(self.result.is_ok(), by_parts);
        }
    }
}

/// The body after a byte order mark and after the heads of responses that were printed in front of it.
fn without_response_head(body: &[u8]) -> &[u8] {
    let mut rest = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
    while rest.starts_with(b"HTTP/") {
        let is_blank = |line: &&[u8]| line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        let head: usize =
            rest.split_inclusive(|byte| *byte == b'\n').take_while(|line| !is_blank(line)).map(<[u8]>::len).sum();
        rest = rest[head..].trim_ascii();
    }
    rest
}

/// Equal in everything that is visible.
pub(super) fn same_result(one: &Result<Message, Incomplete>, other: &Result<Message, Incomplete>) {
    match (one, other) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => {
            assert_eq!(one.partial(), other.partial());
            assert_eq!(one.reasons(), other.reasons());
            assert_eq!(one.to_string(), other.to_string());
            assert_eq!(one.has_started(), other.has_started());
            assert_eq!(one.unmatched_input(), other.unmatched_input());
            assert_eq!(one.server_error(), other.server_error());
            assert_eq!(one.pending_bytes(), other.pending_bytes());
            assert!(one.non_stream_body() == other.non_stream_body(), "{one:?} {other:?}");
        }
        (one, other) => panic!("{one:?} {other:?}"),
    }
}

/// An event in the form of a server.
pub(super) fn as_sse(name: &[u8], payload: &[u8], body: &mut Vec<u8>) {
    EventBuilder::new().event_type(name).expect("a name without a line end").data(payload).encode_into_vec(body);
}
