//! Recordings: a written recording is read back, and the result does not depend on the chunks.

use std::time::Duration;

use ssewire_replay::{RecordingDecoder, RecordingPart, RecordingWriter};

use super::cost;
use super::input::{Input, cut};

/// The bytes of a recording without its time comments, and each time with the number of bytes before it.
#[derive(Debug, PartialEq, Default)]
struct Read {
    bytes: Vec<u8>,
    times: Vec<(usize, Duration)>,
}

/// Checks that the chunks of a recording change nothing, that only the bytes of time comments are left out, and that a
/// reader holds no more than one comment. A written recording is read as the stream, with the times of its chunks.
///
/// The input begins with the lengths of the chunks, see `Input::lengths`. The rest is the recording, and the stream.
pub fn recording(input: &[u8]) {
    let mut input = Input::new(input);
    let lengths = input.lengths();
    let bytes = input.rest();
    let whole = read(&[bytes]);
    let chunks = cut(&lengths, bytes);
    assert_eq!(read(&chunks), whole);
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), whole);
    is_the_rest(bytes, &whole);
    bounded(&chunks);
    if whole.times.is_empty() {
        written(bytes, &chunks);
    }
}

fn read(chunks: &[&[u8]]) -> Read {
    let mut decoder = RecordingDecoder::new();
    let mut read = Read::default();
    for chunk in chunks {
        let mut input = *chunk;
        while let Some(part) = decoder.decode(&mut input) {
            match part {
                RecordingPart::Bytes(bytes) => {
                    assert!(!bytes.is_empty());
                    read.bytes.extend_from_slice(bytes);
                }
                RecordingPart::Elapsed(time) => read.times.push((read.bytes.len(), time)),
            }
        }
        assert!(input.is_empty(), "asked for more before the chunk was used up");
    }
    read.bytes.extend_from_slice(decoder.finish());
    read
}

/// With the comments at their places again, it is the recording.
fn is_the_rest(recording: &[u8], read: &Read) {
    let (mut rest, mut from, mut is_first) = (recording, 0, true);
    for (at, time) in &read.times {
        rest = strip(rest, read, from, *at, is_first).expect("the bytes before a comment");
        (from, is_first) = (*at, false);
        let after = rest.strip_prefix(b": ssewire +").expect("a comment");
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number: u64 = std::str::from_utf8(&after[..digits]).unwrap().parse().expect("a number");
        assert_eq!(Duration::from_millis(number), *time);
        let end = after[digits..].strip_prefix(b"ms").expect("the unit");
        rest = end.strip_prefix(b"\n").or_else(|| end.strip_prefix(b"\r\n")).expect("a line end");
    }
    assert_eq!(strip(rest, read, from, read.bytes.len(), is_first), Some(&b""[..]));
}

/// Takes these bytes off the start of a recording. An empty comment replaces time comments whose removal would join a
/// line end or make up a byte order mark.
fn strip<'r>(rest: &'r [u8], read: &Read, from: usize, to: usize, is_first: bool) -> Option<&'r [u8]> {
    let before = read.bytes[..from].strip_prefix("\u{feff}".as_bytes()).unwrap_or(&read.bytes[..from]);
    let joins = match before.last() {
        Some(last) => *last == b'\r' && rest.starts_with(b"\n"),
        None => rest.starts_with(b"\xEF"),
    };
    let bytes = &read.bytes[from..to];
    let bytes = if joins && !is_first { bytes.strip_prefix(b":\n")? } else { bytes };
    rest.strip_prefix(bytes)
}

fn bounded(chunks: &[&[u8]]) {
    let ((), cost) = cost::of(|| {
        let mut decoder = RecordingDecoder::new();
        for chunk in chunks {
            let mut input = *chunk;
            while decoder.decode(&mut input).is_some() {}
        }
    });
    assert!(cost.peak <= 128, "{cost:?}");
    assert!(cost.allocations <= 8, "{cost:?}");
}

/// A stream without time comments, written as a recording, one millisecond and a half for each chunk.
fn written(stream: &[u8], chunks: &[&[u8]]) {
    let mut writer = RecordingWriter::new(Vec::new());
    let mut at = Duration::ZERO;
    for chunk in chunks {
        at += Duration::from_micros(1500);
        writer.write(chunk, at).expect("a vector");
    }
    let recording = writer.finish().expect("a vector");
    let read = read(&[&recording]);
    assert_eq!(read.bytes, stream);
    let elapsed = read.times.iter().scan(Duration::ZERO, |elapsed, (offset, time)| {
        *elapsed += *time;
        Some((*offset, *elapsed))
    });
    assert_eq!(elapsed.collect::<Vec<_>>(), arrivals(stream, chunks, read.times.first().map(|(offset, _)| *offset)));
    // A comment for a reader of events: the decoder returns the same events.
    let events = |bytes: &[u8]| {
        let (mut decoder, mut input, mut events) = (ssewire::Decoder::new(), bytes, Vec::new());
        while let Ok(Some(event)) = decoder.decode(&mut input) {
            events.push((event.event_type().to_vec(), event.data().to_vec(), event.last_event_id().to_vec()));
        }
        (events, decoder.finish().is_err())
    };
    if !read.times.is_empty() {
        assert_eq!(events(&recording).0, events(stream).0);
    }
}

/// The first line start in each chunk, from the first line of the event stream on, with its time in milliseconds.
/// `first` is that line if its start follows another rule, for example after a response head.
fn arrivals(stream: &[u8], chunks: &[&[u8]], first: Option<usize>) -> Vec<(usize, Duration)> {
    let Some(first) = first_field(stream).or(first) else { return Vec::new() };
    let is_line_start = |at: &usize| match stream[at - 1] {
        b'\r' => stream[*at] != b'\n',
        last => last == b'\n',
    };
    let mut arrivals = Vec::new();
    let mut from = 0;
    for (chunk, number) in chunks.iter().zip(1..) {
        let to = from + chunk.len();
        let start =
            if (from..to).contains(&first) { Some(first) } else { (from.max(first + 1)..to).find(is_line_start) };
        arrivals.extend(start.map(|start| (start, Duration::from_millis(number * 3 / 2))));
        from = to;
    }
    arrivals
}

/// Where the first line starts, after blank ones, if it has a field of event streams or a comment.
fn first_field(stream: &[u8]) -> Option<usize> {
    let body = stream.strip_prefix("\u{feff}".as_bytes()).unwrap_or(stream);
    let blank = body.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let end = blank + body[blank..].iter().position(|byte| matches!(byte, b':' | b'\r' | b'\n'))?;
    let is_field = match &body[blank..end] {
        b"" => true,
        name => [&b"data"[..], b"event", b"id", b"retry"].contains(&name),
    };
    is_field.then_some(stream.len() - body.len() + blank)
}
