//! A hand-written loop for a part of the format: lines end in LF, fields have a space after the colon, and only `data`
//! and `event` exist. No byte order mark, no CR, no id, no retry, no limit.

use super::payload_shapes::{Flat, FlatMessage, exact_text};
use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn framing<S: Sink, const TEXT: bool>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut sink = S::default();
    let mut decoder = LfOnly::default();
    for input in corpus.chunks(chunk) {
        decoder.feed(input, |event_type, data| {
            let data = if TEXT { std::str::from_utf8(data).expect("UTF-8").as_bytes() } else { data };
            sink.event(event_type, data, b"");
        });
    }
    sink.answer()
}

pub(super) fn accumulation<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut message = FlatMessage::default();
    let mut decoder = LfOnly::default();
    for input in corpus.chunks(chunk) {
        decoder.feed(input, |_, data| {
            let data = std::str::from_utf8(data).expect("UTF-8");
            match exact_text(data) {
                Some(text) => message.add_text(text),
                None => message.add(serde_json::from_str::<Flat<'_>>(data).expect("JSON")),
            }
        });
    }
    message.answer::<S>()
}

/// Borrows complete lines from the chunk, copies split ones.
#[derive(Default)]
struct LfOnly {
    /// The start of a line that crosses the chunk boundary.
    line: Vec<u8>,
    has_type: bool,
    has_data: bool,
    kept_type: Vec<u8>,
    kept_data: Vec<u8>,
}

/// A field of the current event.
#[derive(Clone, Copy)]
enum Piece<'c> {
    None,
    Borrowed(&'c [u8]),
    Kept,
}

impl LfOnly {
    #[inline]
    fn feed(&mut self, input: &[u8], mut event: impl FnMut(&[u8], &[u8])) {
        let mut event_type = if self.has_type { Piece::Kept } else { Piece::None };
        let mut data = if self.has_data { Piece::Kept } else { Piece::None };
        let mut rest = input;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let line = &rest[..at];
            rest = &rest[at + 1..];
            if !self.line.is_empty() {
                self.line.extend_from_slice(line);
                self.end_straddling_line(&mut event_type, &mut data);
            } else if let Some(value) = line.strip_prefix(b"data: ") {
                data = match data {
                    Piece::None => Piece::Borrowed(value),
                    _ => self.join(data, value),
                };
            } else if let Some(value) = line.strip_prefix(b"event: ") {
                event_type = Piece::Borrowed(value);
            } else if line.is_empty() {
                if !matches!(data, Piece::None) {
                    let event_type = resolve(event_type, &self.kept_type);
                    let event_type = if event_type.is_empty() { b"message" } else { event_type };
                    event(event_type, resolve(data, &self.kept_data));
                }
                (event_type, data) = (Piece::None, Piece::None);
            }
        }
        self.line.extend_from_slice(rest);
        (self.has_type, self.has_data) = (keep(event_type, &mut self.kept_type), keep(data, &mut self.kept_data));
    }

    #[cold]
    fn end_straddling_line(&mut self, event_type: &mut Piece<'_>, data: &mut Piece<'_>) {
        let mut line = std::mem::take(&mut self.line);
        if let Some(value) = line.strip_prefix(b"data: ") {
            *data = self.join(*data, value);
        } else if let Some(value) = line.strip_prefix(b"event: ") {
            self.kept_type.clear();
            self.kept_type.extend_from_slice(value);
            *event_type = Piece::Kept;
        }
        line.clear();
        self.line = line;
    }

    fn join(&mut self, data: Piece<'_>, value: &[u8]) -> Piece<'static> {
        match data {
            Piece::None => self.kept_data.clear(),
            Piece::Borrowed(first) => {
                self.kept_data.clear();
                self.kept_data.extend_from_slice(first);
                self.kept_data.push(b'\n');
            }
            Piece::Kept => self.kept_data.push(b'\n'),
        }
        self.kept_data.extend_from_slice(value);
        Piece::Kept
    }
}

#[inline]
fn resolve<'p>(piece: Piece<'p>, kept: &'p [u8]) -> &'p [u8] {
    match piece {
        Piece::None => b"",
        Piece::Borrowed(bytes) => bytes,
        Piece::Kept => kept,
    }
}

/// Copies the parts of the event that are in the chunk, at its end. Returns whether there are any.
fn keep(piece: Piece<'_>, kept: &mut Vec<u8>) -> bool {
    match piece {
        Piece::None => return false,
        Piece::Borrowed(bytes) => {
            kept.clear();
            kept.extend_from_slice(bytes);
        }
        Piece::Kept => {}
    }
    true
}
