//! An SDK for several vendors: the shape of genai. It maps the updates of the Messages API to types that all vendors
//! share, and keeps its own accumulator.
//!
//! Worked around before: delta kinds in a closed enum, so that a `citations_delta` ended the stream; usage added up
//! although the API sends totals; tool input as `{}` after a cut; signatures of thinking dropped, so that the next
//! request was refused; `message_stop` assumed when the connection closed.
//!
//! Gone: `flat_map_updates` maps the known updates and omits the rest, updates carry totals and indices, and the
//! stream ends with an error unless the message is complete.

// Their code.
use std::collections::BTreeMap;

use futures::{Stream, TryStream, TryStreamExt as _};
use ssewire_io::ssewire_messages::{ContentBlock, Update, UpdateEvent};
use ssewire_io::{ByteStreamExt as _, IncompleteMessage};

/// What every vendor's stream becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    Text(u64, String),
    Reasoning(u64, String),
    Signature(u64, String),
    ToolCall {
        index: u64,
        id: String,
        name: String,
    },
    Arguments(u64, String),
    /// Totals so far.
    Usage {
        input: Option<u64>,
        output: Option<u64>,
        stop: Option<String>,
    },
}

fn deltas_of(UpdateEvent { update, .. }: UpdateEvent<'_>) -> Vec<Delta> {
    // A `message_start` may have blocks.
    let started = (0..).zip(update.start_blocks()).flat_map(|(index, block)| match block {
        ContentBlock::Text(block) => Some(Delta::Text(index, block.text().to_owned())),
        ContentBlock::Thinking(block) => Some(Delta::Reasoning(index, block.thinking().to_owned())),
        block => call(index, block),
    });
    let mut deltas: Vec<_> = started.collect();
    // The start and the stop of a block may have text, too. Only the U+FFFD of a `message_stop` has no block.
    if let Some(index) = update.block().map(|block| block.index()) {
        deltas.extend(update.text_deltas().map(|text| Delta::Text(index, text.to_owned())));
        deltas.extend(update.thinking_deltas().map(|thinking| Delta::Reasoning(index, thinking.to_owned())));
    }
    deltas.extend(delta(&update));
    deltas
}

/// `None` for a kind that this SDK does not share: the stream goes on.
fn call(index: u64, block: &ContentBlock) -> Option<Delta> {
    let tool = block.as_tool_use()?;
    Some(Delta::ToolCall { index, id: tool.id()?.into_owned(), name: tool.name()?.into_owned() })
}

fn delta(update: &Update<'_>) -> Option<Delta> {
    Some(match update {
        Update::BlockStart { block, .. } => return call(block.index(), block.content()),
        Update::Signature { block, signature, .. } => Delta::Signature(block.index(), (*signature).to_owned()),
        Update::ToolInput { block, partial_json, .. } => Delta::Arguments(block.index(), (*partial_json).to_owned()),
        Update::MessageDelta { stop_reason, usage, .. } => Delta::Usage {
            input: usage.and_then(|usage| usage.input_tokens()),
            output: usage.and_then(|usage| usage.output_tokens()),
            stop: stop_reason.map(|reason| reason.as_str().to_owned()),
        },
        _ => return None,
    })
}

pub fn deltas<S: TryStream>(body: S) -> impl Stream<Item = Result<Delta, IncompleteMessage<S::Error>>>
where
    S::Ok: AsRef<[u8]>,
{
    body.message().flat_map_updates(deltas_of)
}

/// The SDK's own accumulator.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub parts: BTreeMap<u64, Part>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub stop: Option<String>,
}

#[derive(Debug, Default, PartialEq)]
pub struct Part {
    pub text: String,
    pub reasoning: String,
    pub signature: String,
    pub tool: Option<(String, String)>,
    pub arguments: String,
}

impl Answer {
    fn part(&mut self, index: u64) -> &mut Part {
        self.parts.entry(index).or_default()
    }

    pub fn push(&mut self, delta: Delta) {
        match delta {
            Delta::Text(index, text) => self.part(index).text += &text,
            Delta::Reasoning(index, text) => self.part(index).reasoning += &text,
            Delta::Signature(index, signature) => self.part(index).signature = signature,
            Delta::ToolCall { index, id, name } => self.part(index).tool = Some((id, name)),
            Delta::Arguments(index, json) => self.part(index).arguments += &json,
            Delta::Usage { input, output, stop } => {
                self.input_tokens = input.or(self.input_tokens);
                self.output_tokens = output.or(self.output_tokens);
                self.stop = stop.or(self.stop.take());
            }
        }
    }

    pub async fn read(url: &str) -> (Self, Result<(), IncompleteMessage<reqwest::Error>>) {
        let mut answer = Self::default();
        let response = reqwest::get(url).await.expect("a response");
        let result = deltas(response.bytes_stream()).try_for_each(|delta| {
            answer.push(delta);
            futures::future::ok(())
        });
        let result = result.await;
        (answer, result)
    }
}

// Tests.
use serde_json::Value;
use ssewire_io::ssewire_messages::Completion;
use ssewire_replay::{Fault, SAMPLES, Script, Server, sample};

use crate::serve;

/// The expected message of a sample.
fn message(name: &str) -> Option<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/streams/samples/");
    let json = std::fs::read_to_string(format!("{folder}{name}.message.json")).ok()?;
    Some(serde_json::from_str(&json).unwrap())
}

#[tokio::test]
async fn every_sample_becomes_the_answer_that_its_message_has() {
    let server = Server::start().unwrap();
    let mut checked = 0;
    for (name, _) in SAMPLES {
        let Some(message) = message(name) else { continue };
        let (answer, result) = Answer::read(&format!("{}/{name}", server.base_url())).await;
        result.unwrap();
        assert_eq!(answer.stop.as_deref(), message["stop_reason"].as_str(), "{name}");
        assert_eq!(answer.output_tokens, message["usage"]["output_tokens"].as_u64(), "{name}");
        for (index, block) in message["content"].as_array().unwrap().iter().enumerate() {
            let Some(part) = answer.parts.get(&u64::try_from(index).unwrap()) else {
                let shared = ["text", "thinking", "tool_use", "server_tool_use", "mcp_tool_use"];
                assert!(!shared.contains(&block["type"].as_str().unwrap()), "{name}: {block}");
                continue;
            };
            assert_eq!(part.text, block["text"].as_str().unwrap_or_default(), "{name}");
            assert_eq!(part.reasoning, block["thinking"].as_str().unwrap_or_default(), "{name}");
            assert_eq!(part.signature, block["signature"].as_str().unwrap_or_default(), "{name}");
            let tool = part.tool.as_ref().map(|(id, tool)| (id.as_str(), tool.as_str()));
            assert_eq!(tool, block["id"].as_str().zip(block["name"].as_str()), "{name}");
            if !part.arguments.is_empty() {
                assert_eq!(serde_json::from_str::<Value>(&part.arguments).unwrap(), block["input"], "{name}");
            }
        }
        checked += 1;
    }
    assert!(checked >= 15, "{checked}");
}

/// Text may be in the starts of the message and of a block, in a delta, and in the stop of a block whose text ended
/// within a character.
#[tokio::test]
async fn text_of_every_update_of_a_block_is_kept() {
    let stream: String = [
        r#"{"type":"message_start","message":{"content":[{"type":"text","text":"a"},{"type":"thinking","thinking":"b"}]}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"c"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"d\ud83d"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .map(|data| format!("data: {data}\n\n"))
    .concat();
    let (_server, url) = serve(Script::stream(stream));
    let (answer, result) = Answer::read(&url).await;
    result.unwrap();
    let parts: Vec<_> = answer.parts.iter().map(|(index, part)| (*index, &*part.text, &*part.reasoning)).collect();
    assert_eq!(parts, [(0, "a", ""), (1, "", "b"), (2, "cd\u{FFFD}", "")]);
}

#[tokio::test]
async fn an_unknown_delta_does_not_end_the_stream() {
    let stream = String::from_utf8(sample("text").unwrap().to_vec()).unwrap();
    let stop = stream.find("event: content_block_stop").unwrap();
    let delta = |kind: &str| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{kind}}}\n\n"
        )
    };
    let unknown = delta(r#"{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}"#)
        + &delta(r#"{"type":"delta_of_next_year","value":1}"#);
    let (_server, url) = serve(Script::stream(stream[..stop].to_owned() + &unknown + &stream[stop..]));
    let (_plain_server, plain_url) = serve(Fault::Split.script());
    let (plain, _) = Answer::read(&plain_url).await;
    let (answer, result) = Answer::read(&url).await;
    result.unwrap();
    assert_eq!(answer, plain);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_an_error_after_its_deltas() {
    for fault in [Fault::Cut, Fault::CutUnnoticed, Fault::EndsEarly, Fault::CutWithLength] {
        let (_server, url) = serve(fault.apply(Script::stream(sample("tool_use").unwrap())));
        let (answer, result) = Answer::read(&url).await;
        let error = result.unwrap_err();
        assert_eq!(error.reason(), Completion::Truncated, "{fault}");
        assert!(!answer.parts.is_empty() && answer.stop.is_none(), "{fault}");
    }
    let (_server, url) = serve(Fault::ErrorEvent.script());
    let error = Answer::read(&url).await.1.unwrap_err();
    assert_eq!(error.server_error().unwrap().message(), Some("Overloaded"));
}
