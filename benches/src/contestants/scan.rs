//! How fast line ends can be found at all, with nothing done about them.

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

/// One `memchr` to the next line end, again and again. It finds no events: the answer is given to it if it has counted
/// the lines right.
pub(super) fn framing<S: Sink>(corpus: &Corpus, chunk: usize) -> Answer {
    let mut lines = 0;
    for input in corpus.stream.chunks(chunk) {
        let mut rest = input;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            rest = &rest[at + 1..];
            lines += 1;
        }
    }
    if lines == corpus.lines { S::given(corpus.expected) } else { Answer::default() }
}
