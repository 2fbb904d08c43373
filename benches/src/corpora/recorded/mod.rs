//! The corpus "as recorded": complete streams with the kinds of events, sizes, escapes, padding, member orders,
//! characters and blocks of recorded streams. `profile.json` says how often each occurs; `tests/recorded.rs` compares.

mod kinds;
mod payloads;
mod plan;
mod profile;
mod texts;

use std::ops::Range;

pub use self::kinds::{kinds, name_of, other_kinds};
use self::payloads::{Payloads, delta, pad, string};
use self::plan::{Block, Kind, Stream};
pub use self::profile::{PERCENTILES, profile};
use self::texts::{Input, Texts};
use super::Corpus;
use crate::answer::{Hashes, Sink};

/// As many streams as were recorded.
const STREAMS: usize = 1153;

/// Generates the streams. The answer is what [`say_message`] says of each.
#[must_use]
pub fn recorded() -> Corpus {
    let mut writer = Writer::default();
    let profile = profile();
    let mut sources = Sources {
        text: Texts::new(&profile, "content_block_delta text_delta"),
        thinking: Texts::new(&profile, "content_block_delta thinking_delta"),
        input: Texts::new(&profile, "content_block_delta input_json_delta"),
        payloads: Payloads::new(&profile),
    };
    let mut expected = Hashes::default();
    for stream in plan::streams(&profile, STREAMS) {
        let from = writer.stream.len();
        let (reason, blocks) = sources.write(&stream, &mut writer);
        say_message(&mut expected, reason, blocks.iter().map(String::as_str));
        writer.streams.push(from..writer.stream.len());
    }
    let lines = writer.stream.bytes().filter(|&byte| byte == b'\n').count() as u64;
    Corpus {
        name: "as recorded",
        stream: writer.stream.into(),
        expected: expected.answer(),
        lines,
        units: writer.ends.len() as u64,
        payloads: writer.payloads,
        ends: writer.ends,
        streams: writer.streams,
        ..Corpus::default()
    }
}

/// Describes a message: its stop reason, then the text, thinking, or tool input of each block; nothing of others.
pub fn say_message<'a>(sink: &mut impl Sink, reason: &str, blocks: impl Iterator<Item = &'a str>) {
    sink.event(reason.as_bytes(), b"", b"");
    for block in blocks {
        sink.text(block);
    }
}

/// The bytes of the streams, and the positions of their parts.
#[derive(Default)]
struct Writer {
    stream: String,
    payloads: Vec<Range<usize>>,
    ends: Vec<usize>,
    streams: Vec<Range<usize>>,
}

impl Writer {
    fn event(&mut self, name: &str, payload: &str) {
        self.stream += &format!("event: {name}\ndata: ");
        let from = self.stream.len();
        self.stream += payload;
        self.payloads.push(from..self.stream.len());
        self.stream += "\n\n";
        self.ends.push(self.stream.len());
    }
}

struct Sources {
    text: Texts,
    thinking: Texts,
    input: Texts,
    payloads: Payloads,
}

impl Sources {
    fn write(&mut self, stream: &Stream, writer: &mut Writer) -> (&'static str, Vec<String>) {
        let is_sorted = stream.is_sorted;
        let mut blocks = Vec::new();
        writer.event("message_start", &self.payloads.message_start(is_sorted));
        for (index, block) in stream.blocks.iter().enumerate() {
            let start = self.payloads.block_start(index, &block.name, block.start, is_sorted);
            writer.event("content_block_start", &start);
            if index == 0 && stream.has_ping {
                writer.event("ping", &self.payloads.ping());
            }
            blocks.push(self.write_deltas(index, block, is_sorted, writer));
            writer.event("content_block_stop", &self.payloads.block_stop(index, is_sorted));
        }
        let has_tool = stream.blocks.iter().any(|block| block.name == "tool_use");
        let reason = if has_tool { "tool_use" } else { "end_turn" };
        writer.event("message_delta", &self.payloads.message_delta(reason, is_sorted));
        writer.event("message_stop", &self.payloads.message_stop(is_sorted));
        (reason, blocks)
    }

    /// Writes the deltas of a block, and returns the text that they have together.
    fn write_deltas(&mut self, index: usize, block: &Block, is_sorted: bool, writer: &mut Writer) -> String {
        let mut whole = String::new();
        let mut input = Input::default();
        let texts = block.deltas - block.others;
        for at in 0..block.deltas {
            if at >= texts {
                let payload = match block.kind {
                    Kind::Text => self.payloads.citation(index, is_sorted),
                    _ => self.payloads.signature(index, is_sorted),
                };
                writer.event("content_block_delta", &payload);
                continue;
            }
            let (name, member, text, padding) = match block.kind {
                Kind::Text => ("text_delta", "text", self.text.text(), self.text.padding()),
                Kind::Thinking => ("thinking_delta", "thinking", self.thinking.text(), self.thinking.padding()),
                Kind::ToolUse | Kind::Complete => (
                    "input_json_delta",
                    "partial_json",
                    self.input.input(&mut input, at + 1 == texts),
                    self.input.padding(),
                ),
            };
            whole += &text;
            let payload = delta(index, name, vec![(member, string(&text))], is_sorted);
            let bytes = payload.len() + padding;
            writer.event("content_block_delta", &pad(payload, bytes));
        }
        whole
    }
}
