//! Generated messages and their streams, the same in every run for a given number.

use std::iter;

use serde_json::{Value, json};
use ssewire_messages::{ContentBlock, Message};

use crate::random::Random;

/// A message of three blocks (thinking, text, the input of a tool), and its stream as the API would send it.
#[derive(Debug, Clone)]
pub struct Made {
    /// The text of the text block, of the thinking block and of the tool input.
    pub text: String,
    pub stream: Vec<u8>,
    /// Length of the part of the stream up to the first text delta and half of the next event, in bytes.
    pub begin: usize,
}

/// Characters of the texts: one to four bytes in UTF-8, some of them escaped in JSON.
const LETTERS: [char; 16] = ['e', 't', 'a', 'o', 'n', ' ', ' ', 'ß', 'é', '\n', '"', '\\', '漢', '‘', '🌍', '\u{1}'];

/// The usage at the end is one token for each character.
const START: &str = r#""message":{"id":"msg_1","type":"message","role":"assistant","model":"none","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#;
const TEXT: &str = r#"{"type":"text","text":""}"#;
const THINKING: &str = r#"{"type":"thinking","thinking":"","signature":""}"#;
const TOOL: &str = r#"{"type":"tool_use","id":"toolu_1","name":"write_file","input":{}}"#;

impl Made {
    /// Generates a text of the given number of characters, in pieces of the size of tokens.
    #[must_use]
    pub fn new(number: u64, characters: usize) -> Self {
        let mut random = Random::new(number);
        let text: String = (0..characters).map(|_| random.of(&LETTERS)).collect();
        let input = json!({ "path": format!("{number}.txt"), "content": text }).to_string();

        let mut stream = Stream(Vec::new());
        stream.event("message_start", START);
        stream.start(0, TEXT);
        let mut begin = 0;
        for (nth, piece) in pieces(&text, &mut random).enumerate() {
            let before = stream.0.len();
            stream.delta(0, "text_delta", "text", piece);
            if nth == 1 {
                begin = before.midpoint(stream.0.len());
            }
        }
        stream.stop(0);
        stream.event("ping", "");
        stream.start(1, THINKING);
        pieces(&text, &mut random).for_each(|piece| stream.delta(1, "thinking_delta", "thinking", piece));
        stream.delta(1, "signature_delta", "signature", "c2lnbmVk");
        stream.stop(1);
        stream.start(2, TOOL);
        pieces(&input, &mut random).for_each(|piece| stream.delta(2, "input_json_delta", "partial_json", piece));
        stream.stop(2);
        let end = format!(r#""delta":{{"stop_reason":"tool_use"}},"usage":{{"output_tokens":{characters}}}"#);
        stream.event("message_delta", &end);
        stream.event("message_stop", "");
        Self { text, stream: stream.0, begin }
    }

    /// Returns whether this is exactly the sent message, in every block.
    #[must_use]
    pub fn is(&self, message: &Message) -> bool {
        let blocks: Vec<_> = message.content().iter().collect();
        let [ContentBlock::Text(text), ContentBlock::Thinking(thinking), ContentBlock::ToolUse(tool)] = blocks[..]
        else {
            return false;
        };
        text.text() == self.text
            && thinking.thinking() == self.text
            && tool.input().parse::<Value>().is_ok_and(|input| input["content"] == *self.text)
            && message.output_tokens() == Some(self.text.chars().count() as u64)
    }
}

/// Splits a text into pieces of one to eight characters.
fn pieces<'a>(text: &'a str, random: &mut Random) -> impl Iterator<Item = &'a str> {
    let mut rest = text;
    iter::from_fn(move || {
        let end = rest.char_indices().nth(1 + random.below(8)).map_or(rest.len(), |(end, _)| end);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Writes the JSON by hand, because the API has an order of members, which serde_json does not keep.
struct Stream(Vec<u8>);

impl Stream {
    fn start(&mut self, index: u64, block: &str) {
        self.event("content_block_start", &format!(r#""index":{index},"content_block":{block}"#));
    }

    fn delta(&mut self, index: u64, kind: &str, member: &str, piece: &str) {
        let piece = Value::from(piece);
        let delta = format!(r#""index":{index},"delta":{{"type":"{kind}","{member}":{piece}}}"#);
        self.event("content_block_delta", &delta);
    }

    fn stop(&mut self, index: u64) {
        self.event("content_block_stop", &format!(r#""index":{index}"#));
    }

    fn event(&mut self, kind: &str, members: &str) {
        let comma = if members.is_empty() { "" } else { "," };
        let event = format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{comma}{members}}}\n\n");
        self.0.extend_from_slice(event.as_bytes());
    }
}
