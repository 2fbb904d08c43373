//! `MessageDecoder` as a state machine: any sequence of its public calls, beside a decoder that receives the consumed
//! bytes one by one and is never looked at.

use ssewire_messages::{MessageDecoder, ProtocolViolation, Step, UpdateEvent};

use super::cost;
use super::input::Input;
use super::message_stream::{Options, same_result};
use super::slow::describe;
use crate::json::deep_value;

/// Checks that a decoder depends on the consumed bytes and on the calls that change it, whatever the chunks, the
/// methods and the calls between them that only read; and that its costs are bounded in any sequence of calls.
///
/// The first byte of the input is flags, the second a limit. Then come the calls, two bytes for each, and the body.
pub fn driver(input: &[u8]) {
    let mut input = Input::new(input);
    let (flags, limit) = (input.byte(), input.byte());
    let calls: Vec<_> = input.blob_of(0x3E).chunks_exact(2).map(|call| Call::of(call[0], call[1])).collect();
    let body = input.rest();
    let options = Options::of(flags, limit);
    let decoder = || {
        let accumulator = match (flags & 0x80, options.partial) {
            (0, _) => return options.stream(),
            (_, Some(strings)) => options.accumulator().with_partial_changes(strings),
            (_, None) => options.accumulator().with_discarded_text(),
        };
        options.stream().with_accumulator(accumulator)
    };

    let mut pair = Pair { tested: decoder(), plain: decoder() };
    let mut rest = Rest { body, chunk: &[] };
    for call in &calls {
        pair.call(call, &mut rest);
    }
    pair.call(&Call::Decode { how: How::Decode, bytes: usize::MAX, steps: usize::MAX }, &mut rest);
    pair.look();
    pair.finish();

    let ((), cost) = cost::of(|| alone(decoder(), &calls, body));
    if options.partial.is_none() {
        assert!(cost.peak <= 4 * body.len() + 8 * 1024, "{cost:?} for {} bytes", body.len());
    }
    let begun = calls.iter().filter(|call| matches!(call, Call::NextMessage)).count() + 1;
    assert!(cost.allocated <= 320 * body.len() + begun * 32 * 1024, "{cost:?} for {} bytes", body.len());
    assert!(cost.allocations <= 2 * body.len() + begun * 128, "{cost:?} for {} bytes", body.len());
}

/// A public call, or several of one kind.
#[derive(Debug)]
enum Call {
    /// Receives further bytes, and makes at most this number of steps.
    Decode {
        how: How,
        bytes: usize,
        steps: usize,
    },
    /// Every call that only reads.
    Look,
    End {
        polls: bool,
        steps: usize,
    },
    NextMessage,
    /// An update resolved with another chunk: unspecified, but without a panic.
    ResolveElsewhere,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Decode,
    Poll,
}

impl Call {
    fn of(kind: u8, detail: u8) -> Self {
        let decode = |how, steps| Self::Decode { how, bytes: detail.into(), steps };
        let few = usize::from(kind >> 4);
        match kind & 0x0F {
            0..3 => decode(How::Decode, usize::MAX),
            3..6 => decode(How::Poll, usize::MAX),
            6 | 7 => decode(How::Decode, few),
            8 => decode(How::Poll, few),
            9 | 10 => Self::Look,
            11 => Self::End { polls: detail & 1 == 0, steps: few },
            12 => Self::ResolveElsewhere,
            _ => Self::NextMessage,
        }
    }
}

/// The input that is left: of the current chunk, and of the body after it.
struct Rest<'b> {
    body: &'b [u8],
    chunk: &'b [u8],
}

impl Rest<'_> {
    /// Adds bytes to the chunk.
    fn receive(&mut self, bytes: usize) {
        let bytes = bytes.min(self.body.len() - self.chunk.len());
        self.chunk = &self.body[..self.chunk.len() + bytes];
    }

    fn consume(&mut self, bytes: usize) {
        (self.body, self.chunk) = (&self.body[bytes..], &self.chunk[bytes..]);
    }
}

/// An update as text, or the reason why there is none.
type Described = Result<String, String>;

fn described(step: Result<Step<UpdateEvent<'_>>, ProtocolViolation>) -> Described {
    match step {
        Ok(Step::Update(event)) => {
            Ok(format!("{} {}", describe(event.event_type, event.payload, &event.update), event.has_extra))
        }
        Ok(Step::NeedInput) => Err("needs input".into()),
        Ok(Step::Ended) => Err("ended".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// As [`described`], of an update at the end of the input.
fn described_last(last: Result<Option<UpdateEvent<'_>>, ProtocolViolation>) -> Described {
    described(last.map(|event| event.map_or(Step::Ended, Step::Update)))
}

struct Pair {
    tested: MessageDecoder,
    plain: MessageDecoder,
}

impl Pair {
    fn call(&mut self, call: &Call, rest: &mut Rest<'_>) {
        match *call {
            Call::Decode { how, bytes, steps } => {
                rest.receive(bytes);
                let _ = (0..steps).all(|_| self.step(how, rest).is_ok());
            }
            Call::Look => self.look(),
            Call::End { polls, steps } => {
                for _ in 0..=steps {
                    let last = if polls {
                        let polled = self.tested.poll_end();
                        described_last(polled.map(|span| span.map(|span| self.tested.resolve(&[], span))))
                    } else {
                        described_last(self.tested.decode_end())
                    };
                    assert_eq!(last, described_last(self.plain.decode_end()));
                }
            }
            Call::NextMessage => same_result(&self.tested.next_message(), &self.plain.next_message()),
            Call::ResolveElsewhere => {
                let mut input = rest.chunk;
                if let Ok(Step::Update(span)) = self.tested.poll(&mut input) {
                    for chunk in [&[][..], b"data: {}\n\n", &rest.chunk[rest.chunk.len() / 2..]] {
                        let event = self.tested.resolve(chunk, span);
                        let _ = describe(event.event_type, event.payload, &event.update);
                    }
                }
                let _ = self.follow(rest, rest.chunk.len() - input.len());
            }
        }
    }

    /// One step of both. An error if there is no update.
    fn step(&mut self, how: How, rest: &mut Rest<'_>) -> Described {
        let mut input = rest.chunk;
        let was_ended = self.tested.is_ended();
        let step = match how {
            How::Poll => {
                let step = self.tested.poll(&mut input);
                described(step.map(|step| resolved(&self.tested, rest.chunk, step)))
            }
            How::Decode => described(self.tested.decode(&mut input)),
        };
        let consumed = rest.chunk.len() - input.len();
        assert!(!was_ended || consumed == 0, "consumed {consumed} bytes after the end");
        assert_eq!(step, self.follow(rest, consumed));
        step
    }

    /// The plain decoder receives the consumed bytes one by one. They bring at most one update, with the last byte.
    fn follow(&mut self, rest: &mut Rest<'_>, consumed: usize) -> Described {
        let bytes = &rest.chunk[..consumed];
        let mut pieces = bytes.chunks(1).peekable();
        let step = loop {
            let mut piece = pieces.next().unwrap_or_default();
            let step = described(self.plain.decode(&mut piece));
            assert!(piece.is_empty(), "{step:?}");
            if pieces.peek().is_none() {
                break step;
            }
            assert_eq!(step, Err("needs input".into()));
        };
        rest.consume(consumed);
        step
    }

    fn look(&self) {
        let (tested, plain) = (&self.tested, &self.plain);
        let snapshot = |decoder: &MessageDecoder| deep_value(decoder.snapshot().to_json_lossy().as_json());
        assert_eq!(snapshot(tested), snapshot(plain));
        assert_eq!(format!("{:?}", tested.violations()), format!("{:?}", plain.violations()));
        assert_eq!((tested.event_count(), tested.completion()), (plain.event_count(), plain.completion()));
        assert_eq!((tested.is_ended(), tested.has_started()), (plain.is_ended(), plain.has_started()));
        assert_eq!(tested.has_used_pending_event(), plain.has_used_pending_event());
        assert_eq!(tested.is_complete(), plain.is_complete());
        let (tested, plain) = (tested.accumulator(), plain.accumulator());
        assert!(tested.unmatched_input().eq(plain.unmatched_input()));
        assert_eq!(tested.server_error().map(ToString::to_string), plain.server_error().map(ToString::to_string));
        for index in 0..4 {
            let shown = |input| format!("{input:?}");
            assert_eq!(tested.tool_input(index).map(shown), plain.tool_input(index).map(shown));
        }
    }

    fn finish(self) {
        same_result(&self.tested.finish(), &self.plain.finish());
    }
}

fn resolved<'s>(
    decoder: &'s MessageDecoder,
    chunk: &'s [u8],
    step: Step<ssewire_messages::UpdateSpan>,
) -> Step<UpdateEvent<'s>> {
    match step {
        Step::Update(span) => Step::Update(decoder.resolve(chunk, span)),
        Step::NeedInput => Step::NeedInput,
        Step::Ended => Step::Ended,
    }
}

/// The calls that change a decoder, without the comparison.
fn alone(mut decoder: MessageDecoder, calls: &[Call], body: &[u8]) {
    let mut rest = Rest { body, chunk: &[] };
    let last = Call::Decode { how: How::Decode, bytes: usize::MAX, steps: usize::MAX };
    for call in calls.iter().chain([&last]) {
        match *call {
            Call::Decode { bytes, steps, .. } => {
                rest.receive(bytes);
                let mut input = rest.chunk;
                let _ = (0..steps).all(|_| matches!(decoder.decode(&mut input), Ok(Step::Update(_))));
                rest.consume(rest.chunk.len() - input.len());
            }
            Call::End { steps, .. } => {
                for _ in 0..=steps {
                    let _ = decoder.poll_end();
                }
            }
            Call::NextMessage => drop(decoder.next_message()),
            Call::Look | Call::ResolveElsewhere => {}
        }
    }
    drop(decoder.finish());
}
