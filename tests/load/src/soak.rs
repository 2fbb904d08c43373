//! Streams of gigabytes, message after message, and the memory that they need.

use std::time::Instant;

use ssewire::Decoder;
use ssewire_messages::{Accumulator, Completion, MessageDecoder, Step, StreamEvent, Update};

use crate::made::Made;
use crate::random::Random;
use crate::resident;

/// The part of the library that decodes the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// One decoder for the complete stream, as on one connection; typed events; an accumulator for each message.
    Layers,
    /// A [`MessageDecoder`] for each message.
    Driver,
}

/// Measurements of a part of the stream.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Peak heap bytes, without the generator of the stream.
    pub peak: usize,
    /// Resident memory of the process at its end, in bytes.
    pub resident: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub struct Report {
    pub bytes: u64,
    pub messages: u64,
    pub seconds: f64,
    pub windows: Vec<Window>,
}

/// Decodes at least the given number of bytes. Compares every message with the sent one.
///
/// # Panics
/// A message differs from the sent one.
#[must_use]
pub fn run(by: By, bytes: u64, window: u64) -> Report {
    let made: Vec<_> = SIZES.iter().zip(0..).map(|(size, number)| Made::new(number, *size)).collect();
    let mut report = Report::default();
    // Allocated here, so that the measurement does not count it.
    report.windows.reserve_exact(usize::try_from(bytes / window + 2).unwrap_or_default());
    let mut books = Books { report, window, made: ssewire_heap::held() };
    ssewire_heap::begin();
    let begun = Instant::now();
    match by {
        By::Layers => layers(&made, bytes, &mut books),
        By::Driver => driver(&made, bytes, &mut books),
    }
    books.report.seconds = begun.elapsed().as_secs_f64();
    books.report
}

/// Lengths of texts in characters: mostly those of chat responses, some those of files. Together they are smaller than
/// a window, so that every window contains every length.
const SIZES: [usize; 12] = [40, 300, 1000, 12_000, 80, 5000, 600, 100_000, 200, 2500, 30_000, 20];

/// Chunk sizes: single bytes, packets, TLS records.
const CHUNKS: [usize; 6] = [1, 61, 1400, 1400, 4096, 16 * 1024];

fn layers(made: &[Made], bytes: u64, books: &mut Books) {
    let (mut decoder, mut accumulator) = (Decoder::new(), Accumulator::new());
    let mut random = Random::new(1);
    let mut chunk = Vec::with_capacity(16 * 1024);
    // The next message to send and the next expected one: a chunk may contain the end of one and the start of another.
    let (mut sent, mut expected) = (made.iter().cycle(), made.iter().cycle());
    let mut rest: &[u8] = &[];
    while books.report.bytes < bytes {
        let size = random.of(&CHUNKS);
        chunk.clear();
        while chunk.len() < size {
            if rest.is_empty() {
                rest = sent.next().map_or(&[], |made| &made.stream);
            }
            let (piece, after) = rest.split_at(rest.len().min(size - chunk.len()));
            chunk.extend_from_slice(piece);
            rest = after;
        }
        let mut input = &chunk[..];
        while let Some(event) = decoder.decode(&mut input).expect("an event that fits") {
            let decoded = StreamEvent::decode(event.event_type(), event.data()).expect("a decodable payload");
            let Some(decoded) = decoded else { continue };
            let is_end = matches!(decoded, StreamEvent::MessageStop);
            accumulator.accumulate(decoded).expect("an event in order");
            if is_end {
                let message = std::mem::take(&mut accumulator).into_message().expect("a complete message");
                assert!(expected.next().is_some_and(|made| made.is(&message)), "the message differs from the sent one");
                books.report.messages += 1;
            }
        }
        books.streamed(chunk.len());
    }
}

fn driver(made: &[Made], bytes: u64, books: &mut Books) {
    let mut random = Random::new(1);
    for made in made.iter().cycle() {
        let mut stream = MessageDecoder::new();
        let mut rest = &made.stream[..];
        while !rest.is_empty() {
            let (mut chunk, after) = rest.split_at(rest.len().min(random.of(&CHUNKS)));
            rest = after;
            let length = chunk.len();
            while let Step::Update(_) = stream.decode(&mut chunk).expect("a valid stream") {}
            books.streamed(length);
        }
        let message = stream.finish().expect("a complete message");
        assert!(made.is(&message), "the message differs from the sent one");
        books.report.messages += 1;
        if books.report.bytes >= bytes {
            return;
        }
    }
}

/// Decodes the given number of bytes of a message without an end with a [`MessageDecoder`]. Returns the peak heap
/// bytes.
///
/// # Panics
/// The decoder did not report exactly once, and again at the end, that the message exceeds its limit.
#[must_use]
pub fn endless_message(bytes: u64, max_bytes: usize) -> usize {
    let begin = concat!(
        "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    );
    // Large pieces, so that the text exceeds the limit.
    let text = "and so on ".repeat(40);
    let delta =
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#);
    let deltas = format!("event: content_block_delta\ndata: {delta}\n\n").repeat(100);
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut stream = MessageDecoder::new().with_accumulator(Accumulator::new().with_max_bytes(max_bytes));
        let mut errors = 0;
        let mut feed = |mut chunk: &[u8]| {
            while let Step::Update(event) = stream.decode(&mut chunk).expect("a valid stream") {
                errors += u64::from(matches!(event.update, Update::Lost(_)));
            }
        };
        feed(begin.as_bytes());
        for _ in 0..bytes.div_ceil(deltas.len() as u64) {
            deltas.as_bytes().chunks(1400).for_each(&mut feed);
        }
        assert_eq!(errors, 1, "number of reports");
        let incomplete = stream.finish().expect_err("a message without an end");
        assert_eq!(incomplete.reason(), Completion::LimitExceeded);
        assert!(incomplete.partial().text().len() <= max_bytes);
    });
    peak
}

/// Collects measurements while the stream runs.
struct Books {
    report: Report,
    window: u64,
    /// Heap bytes before the stream.
    made: usize,
}

impl Books {
    fn streamed(&mut self, bytes: usize) {
        self.report.bytes += bytes as u64;
        if self.report.bytes < (self.report.windows.len() as u64 + 1) * self.window {
            return;
        }
        let peak = ssewire_heap::peak() - self.made;
        let window = Window { peak, resident: resident::bytes() };
        self.report.windows.push(window);
        // Without the memory for reading `/proc`.
        ssewire_heap::begin();
    }
}

impl Report {
    /// Returns the growth of resident memory after the first window in bytes. `None` if it is unknown.
    #[must_use]
    pub fn resident_growth(&self) -> Option<usize> {
        let first = self.windows.first()?.resident?;
        let most = self.windows.iter().filter_map(|window| window.resident).max()?;
        Some(most - first)
    }

    /// Checks that memory does not grow: no window holds more than the first and `SLACK`, and none more than `bound`.
    ///
    /// # Panics
    /// Memory grows, or exceeds the bound.
    pub fn assert_flat(&self, bound: usize) {
        let (first, later) = self.windows.split_first().expect("a window");
        let most = later.iter().map(|window| window.peak).max().expect("several windows");
        assert!(most <= first.peak + SLACK, "{} held in the first window, {most} in another", first.peak);
        assert!(first.peak.max(most) <= bound, "{} or {most} held, of at most {bound}", first.peak);
    }
}

/// Chunks end at different positions in each window, and the longest event is copied where a chunk ends within it.
const SLACK: usize = 32 * 1024;
