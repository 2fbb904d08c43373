//! The whole driver: any body, cut anywhere.

use serde_json::Value;
use ssewire::{Decoder, EventBuilder};
use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, MessageStream, NotAStream, PartialStrings, StreamEvent, Strictness,
};

use super::input::{Input, cut};
use super::slow::{Slow, Transcript, tell};
use crate::chunks;

/// What a driver is told before the first byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) strictness: Strictness,
    pub(super) partial_strings: PartialStrings,
    pub(super) max_event: usize,
    pub(super) max_bytes: usize,
    pub(super) content_type: Option<&'static str>,
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

/// A body gives the same however it is cut; what an event stream gives is what its parts give one by one; and however
/// it ends, what came is there and the end is told in one way.
///
/// The first byte of the input is flags, the second a limit, then come the lengths of the chunks, see
/// `Input::lengths`, and the body.
pub fn message_stream(input: &[u8]) {
    let mut input = Input::new(input);
    let (flags, limit) = (input.byte(), usize::from(input.byte()));
    let lengths = input.lengths();
    let options = Options {
        strictness: if flags & 1 == 0 { Strictness::Tolerant } else { Strictness::Strict },
        partial_strings: if flags & 2 == 0 { PartialStrings::Hide } else { PartialStrings::Show },
        max_event: if flags & 4 == 0 { usize::MAX } else { limit * 4 },
        max_bytes: if flags & 8 == 0 { usize::MAX } else { limit * 8 },
        content_type: CONTENT_TYPES[usize::from(flags >> 4 & 7)],
    };
    let body = input.rest();
    check(body, &cut(&lengths, body), options);
}

/// The same however the body is cut.
fn check(body: &[u8], chunks: &[&[u8]], options: Options) {
    let whole = Run::of(&chunks::whole(body), options);
    whole.same(&Run::of(chunks, options));
    if body.len() <= 400 {
        whole.same(&Run::of(&chunks::of(1, body), options));
    }
    as_its_parts(body, chunks, options);
}

/// The driver tells what its parts tell one by one.
pub(super) fn as_its_parts(body: &[u8], chunks: &[&[u8]], options: Options) {
    let run = Run::of(chunks, options);
    let mut slow = Slow::new(options.decoder(), options.accumulator());
    slow.read(body);
    assert_eq!(run.transcript, slow.transcript);
    assert_eq!(run.anomalies, format!("{:?}", slow.accumulator.anomalies()));
    assert_eq!(run.snapshot, serde_json::to_value(slow.accumulator.snapshot()).unwrap());
    run.ends_well(body, &slow, options);
    owned_events(chunks, &slow, options);
}

impl Options {
    fn decoder(&self) -> Decoder {
        Decoder::new().with_max_event_bytes(self.max_event)
    }

    fn accumulator(&self) -> Accumulator {
        let accumulator =
            Accumulator::new().with_strictness(self.strictness).with_partial_strings(self.partial_strings);
        accumulator.with_max_bytes(self.max_bytes)
    }

    fn stream(&self) -> MessageStream {
        let stream = MessageStream::new().with_decoder(self.decoder()).with_accumulator(self.accumulator());
        match self.content_type {
            Some(content_type) => stream.with_content_type(content_type),
            None => stream,
        }
    }
}

/// What a driver told.
struct Run {
    transcript: Transcript,
    /// As things stood before the end.
    snapshot: Value,
    anomalies: String,
    events: u64,
    ended: Result<(), Completion>,
    result: Result<Message, Incomplete>,
}

impl Run {
    fn of(chunks: &[&[u8]], options: Options) -> Self {
        let mut stream = options.stream();
        let mut transcript = Transcript::new();
        for chunk in chunks {
            let mut input: &[u8] = chunk;
            loop {
                match stream.decode(&mut input) {
                    Ok(Some(item)) => transcript.push(tell(item.event_type, item.payload, &item.update)),
                    Ok(None) => break,
                    Err(error) => transcript.push(format!("{error:?}")),
                }
            }
            assert!(input.is_empty(), "asked for more before the chunk was used up");
        }
        let snapshot = serde_json::to_value(stream.snapshot()).unwrap();
        let (anomalies, events) = (format!("{:?}", stream.anomalies()), stream.events());
        let ended = stream.end();
        assert_eq!(stream.end(), ended, "the second time it is the same");
        assert_eq!(serde_json::to_value(stream.snapshot()).unwrap(), snapshot, "the message stays");
        Self { transcript, snapshot, anomalies, events, ended, result: stream.finish() }
    }

    /// As the other run, which had other chunks.
    fn same(&self, other: &Self) {
        assert_eq!(self.transcript, other.transcript);
        assert_eq!((&self.snapshot, &self.anomalies), (&other.snapshot, &other.anomalies));
        assert_eq!((self.events, self.ended), (other.events, other.ended));
        match (&self.result, &other.result) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (Err(one), Err(other)) => {
                assert_eq!(one.message(), other.message());
                assert_eq!(one.reasons(), other.reasons());
                assert_eq!(one.to_string(), other.to_string());
                assert_eq!(one.started(), other.started());
                assert_eq!(one.orphan_input(), other.orphan_input());
                assert_eq!(one.error(), other.error());
                assert!(one.not_a_stream() == other.not_a_stream(), "{one:?} {other:?}");
            }
            (one, other) => panic!("{one:?} {other:?}"),
        }
    }

    /// The end is told in one way, nothing that came is lost by it, and it is what the parts say.
    fn ends_well(&self, body: &[u8], slow: &Slow, options: Options) {
        assert_eq!(self.ended.is_ok(), self.result.is_ok());
        assert!(self.events >= self.transcript.len().try_into().unwrap(), "each of them is told once");
        let message = match &self.result {
            Ok(message) => message,
            Err(incomplete) => {
                assert_eq!(Err(incomplete.reason()), self.ended);
                assert!(incomplete.reasons().is_sorted());
                let no_stream = incomplete.reason() == Completion::NotAStream;
                assert_eq!(incomplete.not_a_stream().is_some(), no_stream);
                if let Some(NotAStream::Message(message)) = incomplete.not_a_stream() {
                    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
                    assert_eq!(**message, serde_json::from_slice::<Message>(text).unwrap());
                }
                incomplete.message()
            }
        };
        // A cut input shows no half string at the end, which only the other view does.
        if options.partial_strings == PartialStrings::Hide {
            assert_eq!(serde_json::to_value(message).unwrap(), self.snapshot);
        }
        assert_eq!(message.final_text(), slow.accumulator.snapshot().final_text());

        let by_parts = match slow.accumulator.completion() {
            // The parts do not know the body, which may show that a stream began.
            Completion::NotAStream => return assert!(self.ended.is_err()),
            reason if slow.refused && reason > Completion::Refused => Err(Completion::Refused),
            Completion::Complete => Ok(()),
            Completion::Unterminated if options.strictness == Strictness::Tolerant => Ok(()),
            reason => Err(reason),
        };
        assert_eq!(self.ended, by_parts);
    }
}

/// Events that own their bytes are those that were lent.
fn owned_events(chunks: &[&[u8]], slow: &Slow, options: Options) {
    let mut stream = options.stream();
    let mut events = Vec::<StreamEvent<'static>>::new();
    for chunk in chunks {
        let mut input: &[u8] = chunk;
        loop {
            match stream.advance_owned(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_told_elsewhere) => {}
            }
        }
    }
    assert_eq!(events, slow.events);
    assert_eq!(stream.snapshot(), slow.accumulator.snapshot());
}

/// An event as a server writes it.
pub(super) fn as_sse(name: &[u8], payload: &[u8], body: &mut Vec<u8>) {
    EventBuilder::new().event_type(name).expect("a name without a line end").data(payload).encode_into_vec(body);
}
