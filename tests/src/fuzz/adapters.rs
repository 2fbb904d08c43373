//! The adapters of ssewire-io, over a transport that waits, fails and ends anywhere, polled by any schedule.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use serde_json::Value;
use ssewire::{Decoder, Event, LineDecoder};
use ssewire_io::{
    DecodeStream, EventError, EventObserver, EventReader, EventStream, Format, IdleTimeout, LineStream, MessageReader,
    MessageStream, NotStarted, SharedEventStream, StartedStream, Tap, TextEventStream, UnfinishedEvent,
};
use ssewire_messages::{Completion, Message, MessageDecoder, Step};

use super::cost;
use super::input::{Input, cut};
use crate::json::deep_value;
use crate::transport::{self, Script};

/// What all adapters are given.
struct Case<'a> {
    bytes: &'a [u8],
    chunks: Vec<&'a [u8]>,
    /// Bit 0: the transport waits before the chunk of this number; bit 1: it sends an empty chunk before it.
    schedule: &'a [u8],
    fails: bool,
    max_bytes: usize,
    end: UnfinishedEvent,
    /// Polls by a future that is dropped after each poll.
    drops_futures: bool,
}

/// The bytes that a blocking reader reads at once.
const READ_BYTES: usize = 16 * 1024;

/// A kept chunk in a queue that has just grown.
const KEPT_CHUNK_BYTES: usize = 128;

/// Type, data, last event ID and reconnection time; or the kind of an error.
type Seen = Vec<Result<(Vec<u8>, Vec<u8>, Vec<u8>, Option<Duration>), &'static str>>;

/// Checks that each adapter returns the same as the decoders, whatever the transport and the polls.
///
/// The first byte of the input is flags, the second a limit. Then come the lengths of the chunks, see `Input::lengths`,
/// the schedule, and the body.
pub fn adapters(input: &[u8]) {
    let mut input = Input::new(input);
    let (flags, limit) = (input.byte(), usize::from(input.byte()));
    let lengths = input.lengths();
    let schedule = input.blob_of(0x0F);
    let bytes = input.rest();
    let case = Case {
        bytes,
        chunks: cut(&lengths, bytes),
        schedule,
        fails: flags & 1 != 0,
        max_bytes: if flags & 2 == 0 { Decoder::DEFAULT_MAX_EVENT_BYTES } else { limit },
        end: [UnfinishedEvent::Report, UnfinishedEvent::Dispatch, UnfinishedEvent::Discard]
            [usize::from(flags >> 4) % 3],
        drops_futures: flags & 4 != 0,
    };
    case.events();
    case.lines();
    case.passed_on();
    case.messages();
}

impl Case<'_> {
    fn transport(&self) -> Script {
        let mut steps = Vec::new();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let how = self.schedule.get(number % self.schedule.len().max(1)).copied().unwrap_or_default();
            if how & 2 != 0 {
                steps.push(transport::Step::chunk(b""));
            }
            if how & 1 != 0 {
                steps.push(transport::Step::Wait);
            }
            steps.push(transport::Step::chunk(chunk));
        }
        let script = Script::new(steps);
        if self.fails { script.failing(io::Error::other("failed")) } else { script }
    }

    fn decoder(&self) -> Decoder {
        Decoder::new().with_max_event_bytes(self.max_bytes)
    }

    fn events(&self) {
        let expected = self.expected_events();
        let stream = || EventStream::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end);
        assert_eq!(self.stream(stream(), |event| of(event.as_event())), expected);
        let texts = TextEventStream::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end);
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_bytes();
        let as_texts: Seen = expected
            .iter()
            .cloned()
            .map(|event| event.map(|(kind, data, id, retry)| (lossy(&kind), lossy(&data), lossy(&id), retry)))
            .collect();
        let text = |event: ssewire_io::TextEvent| {
            (event.event.into_bytes(), event.data.into_bytes(), event.id.into_bytes(), event.retry)
        };
        assert_eq!(self.stream(texts, text), as_texts);

        let shared = SharedEventStream::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end);
        assert_eq!(self.stream(shared, |event| of(event.as_event())), expected);

        let mut reader = EventReader::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end);
        let read: Vec<_> = reader.by_ref().collect();
        assert_eq!(seen(read, |event| of(event.as_event())), expected);
        assert!(reader.next().is_none());

        self.bounded_stream(stream());
        self.bounded_stream(
            TextEventStream::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end),
        );
        self.bounded_stream(
            SharedEventStream::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end),
        );
        let mut reader = EventReader::with_decoder(self.transport(), self.decoder()).with_unfinished_event(self.end);
        self.bounded(READ_BYTES, || reader.by_ref().count());
    }

    /// Checks the memory and the allocations of a stream whose items are dropped.
    fn bounded_stream<F: Format>(&self, mut stream: DecodeStream<Script, F>)
    where
        DecodeStream<Script, F>: Stream<Item = Result<F::Item, EventError<io::Error>>>,
    {
        self.bounded(0, || {
            let mut count = 0;
            while_some(|context| Pin::new(&mut stream).poll_next(context), |_| count += 1);
            count
        });
    }

    /// Checks the memory that is promised of a message: 4 bytes for each received byte and 8 KiB, an ill-formed byte
    /// being three. An adapter adds its copy of a chunk, or the chunks that it keeps.
    fn bounded_memory<T>(&self, chunks: usize, run: impl FnOnce() -> T) -> (T, cost::Cost) {
        let (result, cost) = cost::of(run);
        let received = String::from_utf8_lossy(self.bytes).len();
        // In an error whose text is not JSON, a control character takes up to seventeen.
        let controls = self.bytes.iter().filter(|byte| byte.is_ascii_control()).count();
        let copy = self.chunks.iter().map(|chunk| chunk.len()).max().unwrap_or_default();
        let most = 4 * received + (17 - 4) * controls + 8192 + copy + chunks;
        assert!(cost.peak <= most, "{cost:?} for {received} bytes, {controls} of them control characters");
        (result, cost)
    }

    /// As [`bounded_memory`](Self::bounded_memory), and the number of allocations. `run` returns the number of items.
    fn bounded(&self, chunks: usize, run: impl FnOnce() -> usize) {
        let (count, cost) = self.bounded_memory(chunks, run);
        let most = 8 * (count + self.chunks.len()) + 32;
        assert!(cost.allocations <= most, "{cost:?} for {count} items in {} chunks", self.chunks.len());
    }

    fn expected_events(&self) -> Seen {
        let (mut decoder, mut input, mut expected) = (self.decoder(), self.bytes, Seen::new());
        while let Some(event) = decoder.decode(&mut input).transpose() {
            expected.push(event.map(of).map_err(|_| "lost"));
        }
        if self.fails {
            expected.push(Err("transport"));
            return expected;
        }
        match self.end {
            UnfinishedEvent::Report if decoder.finish().is_err() => expected.push(Err("truncated")),
            UnfinishedEvent::Dispatch => match decoder.finish_event() {
                Ok(event) => expected.extend(event.map(of).map(Ok)),
                Err(_) => expected.push(Err("lost")),
            },
            _ => {}
        }
        expected
    }

    fn lines(&self) {
        let line = |line: &[u8]| (Vec::new(), line.to_vec(), Vec::new(), None);
        let decoder = || LineDecoder::new().with_max_line_bytes(self.max_bytes);
        let stream = LineStream::with_decoder(self.transport(), decoder()).with_unfinished_event(self.end);
        let (mut decoder, mut input, mut expected) = (decoder(), self.bytes, Seen::new());
        while let Some(found) = decoder.decode(&mut input).transpose() {
            expected.push(found.map(line).map_err(|_| "lost"));
        }
        if self.fails {
            expected.push(Err("transport"));
        } else if self.end == UnfinishedEvent::Dispatch && decoder.pending_bytes() > 0 {
            let mut end = LineDecoder::LINE_END;
            expected.extend(decoder.decode(&mut end).map_err(|_| "lost").transpose().map(|found| found.map(line)));
        } else if self.end == UnfinishedEvent::Report && decoder.finish().is_err() {
            expected.push(Err("truncated"));
        }
        assert_eq!(self.stream(stream, |found| line(&found)), expected);
        let decoder = LineDecoder::new().with_max_line_bytes(self.max_bytes);
        self.bounded_stream(LineStream::with_decoder(self.transport(), decoder).with_unfinished_event(self.end));
    }

    /// Polls a stream directly, or by futures that are dropped.
    fn stream<F: Format, T>(
        &self,
        mut stream: DecodeStream<Script, F>,
        of: impl Fn(F::Item) -> T,
    ) -> Vec<Result<T, &'static str>>
    where
        DecodeStream<Script, F>: Stream<Item = Result<F::Item, EventError<io::Error>>>,
    {
        let items = poll_all(|context| {
            if self.drops_futures {
                let next = pin!(stream.try_next());
                next.poll(context).map(Result::transpose)
            } else {
                Pin::new(&mut stream).poll_next(context)
            }
        });
        seen(items, of)
    }

    /// Wrappers that pass bytes on.
    fn passed_on(&self) {
        let mut seen = Vec::new();
        let observer = EventObserver::with_decoder(self.decoder(), |event: Event<'_>| seen.push(of(event)));
        let mut tap = Tap::new(self.transport(), observer);
        self.is_unchanged(until_error(|context| Pin::new(&mut tap).poll_next(context)));
        drop(tap);
        let mut expected = self.expected_events();
        // The observer has no policy for the end: it is as if the pending event were discarded.
        if let (UnfinishedEvent::Dispatch, false) = (self.end, self.fails) {
            expected = Case { end: UnfinishedEvent::Discard, chunks: Vec::new(), ..*self }.expected_events();
        }
        assert_eq!(seen, expected.into_iter().flatten().collect::<Vec<_>>());

        let observer = EventObserver::with_decoder(self.decoder(), |_: Event<'_>| {});
        let mut tap = Tap::new(self.transport(), observer);
        self.bounded(0, || {
            let mut count = 0;
            while_some(ending_at_error(|context| Pin::new(&mut tap).poll_next(context)), |_| count += 1);
            count
        });

        let mut idle = IdleTimeout::new(self.transport(), std::future::pending::<()>);
        let items = until_error(|context| Pin::new(&mut idle).poll_next(context));
        self.is_unchanged(items.into_iter().map(|item| item.map_err(|_| io::Error::other("failed"))).collect());
    }

    fn is_unchanged(&self, items: Vec<Result<bytes::Bytes, io::Error>>) {
        let failed = items.last().is_some_and(Result::is_err);
        assert_eq!(failed, self.fails);
        assert_eq!(items.into_iter().flatten().collect::<Vec<_>>().concat(), self.bytes);
    }

    fn messages(&self) {
        let decoder = || MessageDecoder::new().with_decoder(self.decoder());
        let (expected, is_complete) = self.expected_message(decoder());

        let mut stream = MessageStream::with_decoder(self.transport(), decoder());
        let (mut texts, mut error) = (String::new(), None);
        while_some(
            |context| match stream.poll_next_event(context) {
                Poll::Ready(Ok(event)) => {
                    Poll::Ready(event.map(|event| Ok(event.update.text_deltas().collect::<String>())))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error.to_string()))),
                Poll::Pending => Poll::Pending,
            },
            |text| match text {
                Ok(text) => texts.push_str(&text),
                Err(reason) => assert!(error.replace(reason).is_none(), "one error"),
            },
        );
        let snapshot = value_of(&stream.snapshot());
        assert_eq!((&texts, &snapshot), (&expected.0, &expected.1));
        assert_eq!(error.is_none(), is_complete, "{error:?}");
        let finished = poll_once(stream.finish());
        assert_eq!(finished.is_ok(), is_complete);

        let mut reader = MessageReader::with_decoder(self.transport(), decoder());
        let mut texts = String::new();
        while let Ok(Some(update)) = reader.next_update() {
            texts.extend(update.text_deltas());
        }
        assert_eq!(value_of(&reader.snapshot()), expected.1);
        assert_eq!(texts, expected.0);
        assert_eq!(reader.finish().is_ok(), is_complete);
        self.bounded_messages();

        if self.max_bytes > self.bytes.len() {
            self.started(is_complete);
        }
    }

    /// The same memory, also of the error at the end. Deltas have no bound on their number of allocations.
    fn bounded_messages(&self) {
        let decoder = || MessageDecoder::new().with_decoder(self.decoder());
        let mut stream = MessageStream::with_decoder(self.transport(), decoder());
        self.bounded_memory(0, || {
            while_some(
                |context| stream.poll_next_event(context).map(|found| found.map(|event| event.map(drop)).transpose()),
                drop,
            );
            drop(poll_once(stream.finish()));
        });
        let mut reader = MessageReader::with_decoder(self.transport(), decoder());
        self.bounded_memory(READ_BYTES, || {
            while let Ok(Some(_)) = reader.next_update() {}
            drop(reader.finish());
        });
        let transport = self.transport();
        // An empty chunk may come before each.
        self.bounded_memory(2 * self.chunks.len() * KEPT_CHUNK_BYTES, || drop(Self::start(transport)));
    }

    /// Text, snapshot at the end, and whether the message is complete.
    fn expected_message(&self, mut decoder: MessageDecoder) -> ((String, Value), bool) {
        let (mut input, mut texts) = (self.bytes, String::new());
        let has_ended = loop {
            match decoder.decode(&mut input) {
                Ok(Step::Update(event)) => texts.extend(event.update.text_deltas()),
                Ok(Step::NeedInput) => break false,
                Ok(Step::Ended) | Err(_) => break true,
            }
        };
        if !has_ended {
            while let Ok(Some(event)) = decoder.decode_end() {
                texts.extend(event.update.text_deltas());
            }
        }
        let is_complete = matches!(decoder.completion(), Completion::Complete | Completion::Unterminated);
        let snapshot = match decoder.finish() {
            Ok(message) => value_of(&message),
            Err(incomplete) => value_of(incomplete.partial()),
        };
        ((texts, snapshot), is_complete)
    }

    fn start(transport: Script) -> Result<StartedStream<Script>, NotStarted<Script>> {
        let mut wait = pin!(StartedStream::wait_for(transport));
        let mut has_ended = false;
        let started = poll_all(|context| {
            if has_ended {
                return Poll::Ready(None);
            }
            let started = wait.as_mut().poll(context);
            has_ended = started.is_ready();
            started.map(Some)
        });
        started.into_iter().next().expect("it ends")
    }

    /// All bytes pass, also those of a body that does not count as started, which is incomplete.
    fn started(&self, is_complete: bool) {
        let mut body = Self::start(self.transport()).unwrap_or_else(|error| {
            assert!(!is_complete);
            error.into_body()
        });
        let items = poll_all(|context| Pin::new(&mut body).poll_next(context));
        self.is_unchanged(items);
    }
}

/// The value of a message. Its text would differ where an unfinished input has a member twice: while more may follow,
/// the partial value is shown, which has it once.
fn value_of(message: &Message) -> Value {
    deep_value(message.to_json_lossy().as_json())
}

fn of(event: Event<'_>) -> (Vec<u8>, Vec<u8>, Vec<u8>, Option<Duration>) {
    (event.event_type().to_vec(), event.data().to_vec(), event.last_event_id().to_vec(), event.retry())
}

fn seen<I, T>(items: Vec<Result<I, EventError<io::Error>>>, of: impl Fn(I) -> T) -> Vec<Result<T, &'static str>> {
    let kind = |error| match error {
        EventError::Transport(_) => "transport",
        EventError::Decode(_) => "lost",
        EventError::Truncated(_) => "truncated",
        _ => "other",
    };
    items.into_iter().map(|item| item.map(&of).map_err(kind)).collect()
}

/// Notes that the task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Polls to the end. Whatever is pending must have woken the task, and the end must stay.
fn while_some<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<Option<T>>, mut each: impl FnMut(T)) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        match poll(&mut context) {
            Poll::Ready(Some(item)) => each(item),
            Poll::Ready(None) => break,
            Poll::Pending => assert!(woken.0.swap(false, Relaxed), "pending without a wake"),
        }
    }
    assert!(matches!(poll(&mut context), Poll::Ready(None)), "the end is final");
}

fn poll_all<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<Option<T>>) -> Vec<T> {
    let mut items = Vec::new();
    while_some(poll, |item| items.push(item));
    items
}

/// As [`poll_all`], up to the first error, for wrappers that continue after an error as their transport does.
fn until_error<T, E>(poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, E>>>) -> Vec<Result<T, E>> {
    poll_all(ending_at_error(poll))
}

/// A poll that is not called again after an error or the end.
fn ending_at_error<T, E>(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, E>>>,
) -> impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, E>>> {
    let mut has_ended = false;
    move |context| {
        if has_ended {
            return Poll::Ready(None);
        }
        let item = poll(context);
        has_ended = matches!(item, Poll::Ready(None | Some(Err(_))));
        item
    }
}

/// The result of a future that has nothing to wait for.
fn poll_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it has ended"),
    }
}
