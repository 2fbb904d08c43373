//! json-stream-parser: reads single characters; the value can be borrowed at any time.

use std::hint::black_box;

use json_stream_parser::JsonStreamParser;

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn partial_json<S: Sink>(corpus: &Corpus, piece: usize) -> Answer {
    let text = std::str::from_utf8(&corpus.stream).expect("UTF-8");
    let mut parser = JsonStreamParser::new();
    for from in (0..text.len()).step_by(piece) {
        for character in text[from..text.len().min(from + piece)].chars() {
            parser.add_char(character).expect("JSON");
        }
        black_box(parser.get_result());
    }
    let mut sink = S::default();
    sink.value(|| parser.get_result().to_string());
    sink.answer()
}
