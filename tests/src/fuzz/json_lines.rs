//! The reader of JSON lines of `ssewire-cli`, compiled from its source: the crate is a program.

#[expect(dead_code, reason = "the program asks whether input passes unchanged")]
#[path = "../../../crates/ssewire-cli/src/input/json_lines.rs"]
mod reader;

use self::reader::Translator;
use super::cost;
use super::input::{Input, cut};

/// As in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Auto,
    Sse,
    Jsonl,
}

/// Checks that the translation depends on the bytes alone, that an event stream passes unchanged, and that little more
/// than a line is held.
///
/// The first byte of the input is the format, the second the limit of a line. Then come the lengths of the chunks and
/// the bytes.
pub fn json_lines(input: &[u8]) {
    let mut input = Input::new(input);
    let format = [Format::Auto, Format::Sse, Format::Jsonl][usize::from(input.byte()) % 3];
    let max_line_bytes = usize::from(input.byte());
    let lengths = input.lengths();
    let bytes = input.rest();

    let whole = translated(format, max_line_bytes, &[bytes]);
    let chunks = cut(&lengths, bytes);
    for chunks in [&chunks, &bytes.chunks(1).collect()] {
        assert_eq!(translated(format, max_line_bytes, chunks), whole, "{}", bytes.escape_ascii());
    }
    if format == Format::Sse {
        assert_eq!(whole, bytes);
    }
    let (output, cost) = cost::of(|| translated(format, max_line_bytes, &chunks));
    // Each line has its type as event type, too; in both, an ill-formed byte is three. It may have a note.
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(output.len() <= 6 * bytes.len() + 80 * lines, "{} bytes of {}", output.len(), bytes.len());
    assert!(cost.peak <= 12 * bytes.len() + 240 * lines + 2048, "{cost:?} for {} bytes", bytes.len());
    assert!(cost.allocated <= 64 * bytes.len() + 480 * lines + 4096, "{cost:?} for {} bytes", bytes.len());
}

/// The translation, with the notes in their places.
fn translated(format: Format, max_line_bytes: usize, chunks: &[&[u8]]) -> Vec<u8> {
    let (mut translator, mut output) = (Translator::new(format, max_line_bytes), Vec::new());
    for mut chunk in chunks.iter().copied() {
        while let Some(note) = translator.translate(&mut chunk, &mut output) {
            output.extend(note.bytes());
        }
        assert!(chunk.is_empty(), "input is left");
    }
    while let Some(note) = translator.finish(&mut output) {
        output.extend(note.bytes());
    }
    output
}
