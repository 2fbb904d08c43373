//! 100,000 streams at once in one thread, fed alternately: the memory of each stream, and the cost of alternating between
//! them.

use std::hint::black_box;
use std::time::Duration;

use ssewire::Decoder;
use ssewire_benches::clock::worked;
use ssewire_benches::{Corpus, allocations, corpora};
use ssewire_messages::{Accumulator, MessageDecoder, Step};

const STREAMS: usize = 100_000;
const CHUNK: usize = 1400;
/// Number of chunks for each stream.
const TURNS: usize = 5;
const LONG_STREAMS: usize = 20;

pub(crate) fn report() {
    let corpus = corpora::deltas(2 * CHUNK * TURNS);
    println!(
        "size_of: Decoder {} B, Accumulator {} B, MessageDecoder {} B",
        size_of::<Decoder>(),
        size_of::<Accumulator>(),
        size_of::<MessageDecoder>()
    );

    let before = allocations::live();
    let mut streams: Vec<MessageDecoder> = (0..STREAMS).map(|_| MessageDecoder::new()).collect();
    println!("{STREAMS} streams");
    println!("idle, without input:               {:>6} B per stream", (allocations::live() - before) / STREAMS);
    // The goal is for this state: the response has started, and the stream waits.
    let (message_start, block_start) = corpora::START.split_at(corpora::START.find("\n\n").map_or(0, |at| at + 2));
    for (what, events) in [("message started:       ", message_start), ("message and block started:", block_start)] {
        for stream in &mut streams {
            feed(stream, events.as_bytes());
        }
        println!("idle, {what:<28} {:>6} B per stream", (allocations::live() - before) / STREAMS);
    }

    let in_turns = timed(|| {
        for chunk in chunks(&corpus) {
            for stream in &mut streams {
                feed(stream, chunk);
            }
        }
    });
    let held = allocations::live() - before;
    let text: usize = streams.iter().map(|stream| stream.snapshot().final_text().len()).sum();
    println!(
        "after {} B, in the middle of an event: {} B a stream, {} B of them text",
        CHUNK * TURNS,
        held / STREAMS,
        text / STREAMS
    );
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
    let rate = |time: Duration| (STREAMS * CHUNK * TURNS) as f64 / time.as_secs_f64() / 1e6;
    println!("alternately, a chunk of {CHUNK} B each:  {:>5.0} MB/s", rate(in_turns));
    println!("one stream:                         {:>5.0} MB/s", rate(alone));
}

fn chunks(corpus: &Corpus) -> impl Iterator<Item = &[u8]> {
    corpus.stream.chunks(CHUNK).take(TURNS)
}

fn feed(stream: &mut MessageDecoder, mut input: &[u8]) {
    while let Step::Update(event) = stream.decode(&mut input).expect("not strict") {
        black_box(event.update);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = worked();
    work();
    worked().saturating_sub(start)
}
