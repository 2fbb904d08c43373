//! Measurements without another contestant: memory, many streams at once in one thread, growth, and messages as events
//! again.

use std::hint::black_box;
use std::time::Duration;

use ssewire::{Decoder, EventBuilder};
use ssewire_benches::chunks::Chunks;
use ssewire_benches::clock::worked;
use ssewire_benches::{Corpus, allocations, corpora};
use ssewire_messages::{Accumulator, Message, MessageDecoder, Step};

const STREAMS: usize = 100_000;
const IDLE_DECODERS: usize = 1_000_000;
const CHUNK: usize = 1400;
/// Number of chunks for each stream.
const TURNS: usize = 5;
const LONG_STREAMS: usize = 20;
const MIB: usize = 1024 * 1024;

/// A measured number and its goal, if it has one.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) goal: Option<Bound>,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Measure {
    fn new(name: &'static str, value: f64, unit: &'static str, goal: impl Into<Option<Bound>>) -> Self {
        Self { name, value, unit, goal: goal.into() }
    }

    pub(crate) fn is_missed(&self) -> bool {
        match self.goal {
            Some(Bound::AtLeast(goal)) => self.value < goal,
            Some(Bound::AtMost(goal)) => self.value > goal,
            None => false,
        }
    }
}

/// Measures all of them. `rounds`: of those that take a time; the best counts.
pub(crate) fn measure(rounds: usize) -> Vec<Measure> {
    let mut measures = vec![
        Measure::new("size of a Decoder", size_of::<Decoder>() as f64, "B", None),
        Measure::new("size of an Accumulator", size_of::<Accumulator>() as f64, "B", None),
        Measure::new("size of a MessageDecoder", size_of::<MessageDecoder>() as f64, "B", None),
    ];
    measures.extend(streams());
    measures.push(idle_decoders());
    measures.push(allocations_of_a_stream());
    measures.push(to_events(rounds));
    measures.push(linearity(rounds.min(5)));
    measures
}

/// Many streams, fed alternately: the memory of each, and the cost of alternating between them.
fn streams() -> Vec<Measure> {
    let mut measures = Vec::new();
    let corpus = corpora::deltas(2 * CHUNK * TURNS);
    let before = allocations::live();
    let held = || (allocations::live() - before) as f64 / STREAMS as f64;
    let mut streams: Vec<MessageDecoder> = (0..STREAMS).map(|_| MessageDecoder::new()).collect();
    let (message_start, block_start) = corpora::START.split_at(corpora::START.find("\n\n").map_or(0, |at| at + 2));
    measures.push(Measure::new("100,000 streams, each before its first byte", held(), "B", None));
    for (name, events, goal) in [
        ("100,000 streams, each with a message begun", message_start, None),
        ("100,000 streams, each with a block begun", block_start, Some(Bound::AtMost(1024.0))),
    ] {
        for stream in &mut streams {
            feed(stream, events.as_bytes());
        }
        measures.push(Measure::new(name, held(), "B", goal));
    }
    let in_turns = timed(|| {
        for chunk in corpus.stream.chunks(CHUNK).take(TURNS) {
            for stream in &mut streams {
                feed(stream, chunk);
            }
        }
    });
    measures.push(Measure::new("100,000 streams, each with 7 KB received", held(), "B", None));
    drop(streams);
    // The same number of bytes in a few long streams.
    let long = corpora::deltas(CHUNK * TURNS * STREAMS / LONG_STREAMS);
    let alone = timed(|| {
        for _ in 0..LONG_STREAMS {
            let mut stream = MessageDecoder::new();
            feed(&mut stream, corpora::START.as_bytes());
            for chunk in long.stream.chunks(CHUNK) {
                feed(&mut stream, chunk);
            }
            black_box(stream.snapshot());
        }
    });
    let ratio = alone.as_secs_f64() / in_turns.as_secs_f64();
    measures.push(Measure::new(
        "throughput of 100,000 streams in turns",
        ratio,
        "of one stream's",
        Bound::AtLeast(0.85),
    ));
    measures
}

fn idle_decoders() -> Measure {
    let before = allocations::live();
    let decoders: Vec<Decoder> = (0..IDLE_DECODERS).map(|_| Decoder::new()).collect();
    let held = (allocations::live() - before) as f64 / MIB as f64;
    black_box(&decoders);
    Measure::new("1,000,000 idle decoders", held, "MiB", Bound::AtMost(200.0))
}

fn allocations_of_a_stream() -> Measure {
    let corpus = corpora::recorded();
    let before = allocations::count();
    for chunks in corpus.streams(CHUNK) {
        black_box(decode(chunks));
    }
    let each = (allocations::count() - before) as f64 / corpus.streams.len() as f64;
    Measure::new("allocations of a recorded stream", each, "", Bound::AtMost(15.0))
}

/// All recorded messages as payloads, with pieces as a server sends them, and these as event streams, against copying
/// the same bytes.
fn to_events(rounds: usize) -> Measure {
    let corpus = corpora::recorded();
    let messages: Vec<Message> = corpus.streams(CHUNK).map(decode).collect();
    let mut written = Vec::new();
    let encode = |message: &Message, written: &mut Vec<u8>| {
        for payload in message.to_events_in_pieces(16).expect("complete") {
            EventBuilder::new().data(payload.as_str()).encode_into_vec(written);
        }
    };
    messages.iter().for_each(|message| encode(message, &mut written));
    let bytes = written.clone();
    let mut copied = vec![0; bytes.len()];
    let (mut ours, mut copying) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds.max(1) {
        written.clear();
        ours = ours.min(timed(|| messages.iter().for_each(|message| encode(message, &mut written))));
        assert_eq!(written, bytes);
        copying = copying.min(timed(|| black_box(&mut copied).copy_from_slice(black_box(&bytes))));
    }
    let ratio = copying.as_secs_f64() / ours.as_secs_f64();
    Measure::new(
        "to_events and encoding, pieces of 16 characters, against memcpy",
        ratio,
        "of its speed",
        Bound::AtLeast(0.05),
    )
}

/// A message of twice the length takes twice the time.
fn linearity(rounds: usize) -> Measure {
    let [short, long] = [16, 32].map(|size| corpora::message(size * MIB));
    let (mut of_short, mut of_long) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds.max(1) {
        for (corpus, best) in [(&short, &mut of_short), (&long, &mut of_long)] {
            *best = (*best).min(timed(|| drop(black_box(decode(corpus.chunks(CHUNK))))));
        }
    }
    let per_byte = |time: Duration, corpus: &Corpus| time.as_secs_f64() / corpus.stream.len() as f64;
    let ratio = per_byte(of_short, &short) / per_byte(of_long, &long);
    Measure::new("a message of 32 MiB, speed per byte", ratio, "of one of 16 MiB", Bound::AtLeast(0.9))
}

fn decode(chunks: Chunks<'_>) -> Message {
    let mut stream = MessageDecoder::new();
    chunks.for_each(|chunk| feed(&mut stream, chunk));
    stream.finish().expect("a complete message")
}

fn feed(stream: &mut MessageDecoder, mut input: &[u8]) {
    while let Step::Update(event) = stream.decode(&mut input).as_ref().expect("not strict") {
        black_box(&event.update);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = worked();
    work();
    worked().saturating_sub(start)
}
