//! Strategies for random messages, and for event streams that produce them.
//!
//! A [`Streamed`] message has both sides: the final value of each block, and the events that produce it by
//! `docs/protocol.md`, heading "Merge rules". Nothing here calls the code under test.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// A message as the API returns it without streaming, and the same message as events.
#[derive(Debug, Clone)]
pub struct Streamed {
    /// The final message.
    pub message: Value,
    /// `message_start`, without the blocks.
    pub start: Value,
    pub blocks: Vec<Block>,
    /// The `message_delta` events, which follow the blocks. Without `message_stop`.
    pub end: Vec<Value>,
}

/// A content block: its final value, and the start and deltas that produce it.
#[derive(Debug, Clone)]
pub struct Block {
    pub whole: Value,
    /// The `content_block` of its start.
    pub start: Value,
    /// The `delta` values, in order.
    pub deltas: Vec<Value>,
}

impl Streamed {
    /// All events in a valid order. The first `initial` blocks are in `message_start`. The others interleave by `dice`:
    /// the next event may belong to any open block, or may start another. Pings and unknown events, which change
    /// nothing, occur anywhere.
    #[must_use]
    pub fn events(&self, initial: usize, dice: &[Index]) -> Vec<Value> {
        let mut dice = dice.iter().cycle();
        let mut below = |n: usize| dice.next().map_or(0, |die| die.index(n));
        let initial = initial.min(self.blocks.len());

        let mut start = self.start.clone();
        if initial > 0 {
            start["message"]["content"] = self.blocks[..initial].iter().map(|block| block.start.clone()).collect();
        }
        let mut events = vec![start];
        let mut waiting = (initial..self.blocks.len()).collect::<Vec<_>>().into_iter();
        let mut open: Vec<_> =
            (0..initial).map(|index| (index, self.blocks[index].events_after_start(index))).collect();
        loop {
            match below(open.len() + 1) {
                // Servers send one block after the other: this is as likely as all other cases together.
                at if at < open.len() || (waiting.len() == 0 && !open.is_empty()) => {
                    let at = at % open.len();
                    let (_, rest) = &mut open[at];
                    events.extend(rest.next());
                    if rest.len() == 0 {
                        open.remove(at);
                    }
                }
                _ => match waiting.next() {
                    Some(index) => {
                        events.push(self.blocks[index].start_at(index));
                        open.push((index, self.blocks[index].events_after_start(index)));
                    }
                    None => break,
                },
            }
        }
        events.extend(self.end.iter().cloned());
        events.push(message_stop());
        for _ in 0..below(5) {
            // An unknown delta must be within the message; pings and unknown events may also be before or after it.
            let of_kind = |kind| events.iter().position(|event| event["type"] == kind).unwrap_or(0);
            let (begin, end) = (of_kind("message_start") + 1, of_kind("message_stop"));
            events.insert(begin + below(end - begin + 1), noise(below(4)));
            events.insert(below(events.len() + 1), noise(below(3)));
        }
        events
    }
}

impl Block {
    #[must_use]
    pub fn start_at(&self, index: usize) -> Value {
        json!({"type": "content_block_start", "index": index, "content_block": self.start})
    }

    #[must_use]
    pub fn deltas_at(&self, index: usize) -> Vec<Value> {
        self.deltas.iter().map(|delta| delta_at(index, delta)).collect()
    }

    fn events_after_start(&self, index: usize) -> std::vec::IntoIter<Value> {
        let mut events = self.deltas_at(index);
        events.push(stop_at(index));
        events.into_iter()
    }
}

#[must_use]
pub fn delta_at(index: usize, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

#[must_use]
pub fn stop_at(index: usize) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

#[must_use]
pub fn message_stop() -> Value {
    json!({"type": "message_stop"})
}

/// Events that change nothing.
fn noise(which: usize) -> Value {
    match which {
        0 | 1 => json!({"type": "ping"}),
        2 => json!({"type": "future_event", "index": 0, "text": "not content"}),
        _ => json!({"type": "content_block_delta", "index": 0, "delta": {"type": "future_delta", "text": "no"}}),
    }
}

/// Layout of an event on the wire. It does not affect the meaning.
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    line_end: &'static str,
    is_named: bool,
    space: &'static str,
    json: JsonSpelling,
}

/// Layout of a JSON payload.
#[derive(Debug, Clone, Copy)]
pub struct JsonSpelling {
    is_pretty: bool,
    escapes: bool,
    /// Position of the member that is written first; the map sorts its members.
    first: usize,
    /// Spaces before the last brace.
    padding: usize,
    /// 0: an index is an integer. 1: a string of digits. 2: a float.
    index: usize,
}

impl JsonSpelling {
    /// Returns the same layout with integer indices. Required for an index that a float cannot represent.
    #[must_use]
    pub fn with_plain_index(self) -> Self {
        Self { index: 0, ..self }
    }
}

pub fn any_spelling() -> impl Strategy<Value = Spelling> {
    let line_end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    let space = prop_oneof![3 => Just(" "), 1 => Just("")];
    (line_end, proptest::bool::weighted(0.8), space, any_json_spelling())
        .prop_map(|(line_end, is_named, space, json)| Spelling { line_end, is_named, space, json })
}

pub fn any_json_spelling() -> impl Strategy<Value = JsonSpelling> {
    let padding = prop_oneof![1 => Just(0), 1 => 1..12usize];
    let index = prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(2)];
    (proptest::bool::weighted(0.2), proptest::bool::weighted(0.2), 0..3usize, padding, index).prop_map(
        |(is_pretty, escapes, first, padding, index)| JsonSpelling { is_pretty, escapes, first, padding, index },
    )
}

/// Encodes the events as a body of `text/event-stream`, cycling through the spellings.
#[must_use]
pub fn encode(events: &[Value], spellings: &[Spelling]) -> Vec<u8> {
    let mut body = String::new();
    for (event, spelling) in events.iter().zip(spellings.iter().cycle()) {
        let Spelling { line_end, is_named, space, json } = spelling;
        if *is_named {
            body += &format!("event:{space}{}{line_end}", event["type"].as_str().unwrap_or_default());
        }
        for line in spell(event, *json).split('\n') {
            // A decoder removes one space, so a line of JSON that starts with a space needs one more.
            let space = if line.starts_with(' ') { " " } else { space };
            body += &format!("data:{space}{line}{line_end}");
        }
        body += line_end;
    }
    body.into_bytes()
}

/// Writes an object as JSON text in this layout.
#[must_use]
pub fn spell(object: &Value, spelling: JsonSpelling) -> String {
    let mut members: Vec<_> = object.as_object().into_iter().flatten().collect();
    let first = spelling.first % members.len().max(1);
    members.rotate_left(first);
    let member = |(name, value): (&String, &Value)| {
        let text = json_text(value, spelling.is_pretty, spelling.escapes);
        match (name.as_str(), spelling.index) {
            ("index", 1) => format!(r#""index":"{text}""#),
            ("index", 2) => format!(r#""index":{text}.0"#),
            _ => format!("{}:{text}", json!(name)),
        }
    };
    let members: Vec<_> = members.into_iter().map(member).collect();
    let between = if spelling.is_pretty { ",\n  " } else { "," };
    format!("{{{}{}}}", members.join(between), " ".repeat(spelling.padding))
}

/// Writes a value as JSON text: with or without white space, and with all optional escapes or none.
fn json_text(value: &Value, is_pretty: bool, escapes: bool) -> String {
    let text = if is_pretty { format!("{value:#}") } else { value.to_string() };
    if !escapes {
        return text;
    }
    // Neither kind of character occurs outside of strings.
    let escape = |character: char| match character {
        '/' => r"\/".to_owned(),
        '\0'..='\x7f' => character.to_string(),
        other => other.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    text.chars().map(escape).collect()
}

/// Any message of up to five blocks.
pub fn any_streamed() -> impl Strategy<Value = Streamed> {
    let known = (option::of(any_text()), option::of(select(MODELS)), 0..1000u64, odd_members());
    let rounds = vec(message_delta(), 1..4);
    (known, nullable(any_container()), any_usage(), rounds, vec(any_block(), 0..6)).prop_map(
        |((id, model, input_tokens, odd), container, usage, end, blocks)| {
            let mut message = Map::from_iter([("type".into(), json!("message")), ("role".into(), json!("assistant"))]);
            message.extend(id.map(|id| ("id".into(), json!(id))));
            message.extend(model.map(|model| ("model".into(), json!(model))));
            message.extend(container.map(|container| ("container".into(), container)));
            message.extend([("stop_reason".into(), Value::Null), ("stop_sequence".into(), Value::Null)]);
            message.extend(odd);
            message.insert("content".into(), json!([]));
            message.insert("usage".into(), json!({"input_tokens": input_tokens, "output_tokens": 1}));
            overwrite(&mut message["usage"], &usage);
            let start = json!({"type": "message_start", "message": message});

            let mut message = Value::Object(message);
            let mut end = end;
            // With a stop reason that means truncation, a tool call without input at the end would count as truncated.
            let ends_in_call = blocks
                .last()
                .is_some_and(|block| block.whole["type"].as_str().unwrap_or_default().ends_with("tool_use"));
            for reason in end.iter_mut().map(|delta| &mut delta["delta"]["stop_reason"]) {
                let cuts = !matches!(reason.as_str(), Some("end_turn" | "tool_use" | "stop_sequence" | "pause_turn"));
                if ends_in_call && cuts {
                    *reason = json!("tool_use");
                }
            }
            end.iter().for_each(|delta| merge_message_delta(&mut message, delta));
            message["content"] = blocks.iter().map(|block| block.whole.clone()).collect();
            Streamed { message, start, blocks, end }
        },
    )
}

const MODELS: &[&str] = &["claude-opus-5", "claude-sonnet-5", "a model / of \"tomorrow\""];

/// `docs/protocol.md`, heading "Merge rules", `message_delta`: a present, non-null value overwrites, each usage field
/// by itself.
pub fn merge_message_delta(message: &mut Value, event: &Value) {
    let mut delta = event["delta"].clone();
    if let Some(delta) = delta.as_object_mut() {
        delta.retain(|name, _| !OWNED.contains(&name.as_str()));
    }
    overwrite(message, &delta);
    overwrite(message, &json!({"context_management": event.get("context_management")}));
    if event["usage"].is_object() {
        if !message["usage"].is_object() {
            message["usage"] = json!({});
        }
        overwrite(&mut message["usage"], &event["usage"]);
    }
}

/// Members that a `message_delta` must not overwrite.
const OWNED: [&str; 6] = ["id", "type", "role", "model", "content", "usage"];

fn overwrite(known: &mut Value, with: &Value) {
    for (name, value) in with.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        known[name] = value.clone();
    }
}

/// A `message_delta`. It always has a stop reason, because without one in the last of them the stream is truncated.
fn message_delta() -> impl Strategy<Value = Value> {
    let reasons = ["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "a_future_reason"];
    let body = (
        select(reasons.to_vec()),
        nullable(any_text().prop_map(Value::from)),
        nullable(any_container()),
        nullable(any_text().prop_map(|text| json!({"type": "refusal", "category": "cyber", "explanation": text}))),
        odd_members(),
        proptest::bool::weighted(0.1),
    );
    let edits = json!({"applied_edits": [
        {"type": "clear_tool_uses_20250919", "cleared_input_tokens": 7, "cleared_tool_uses": 1}
    ]});
    (body, nullable(any_usage()), nullable(Just(edits))).prop_map(
        |((reason, sequence, container, details, odd, meddles), usage, edits)| {
            let mut delta = odd;
            delta.insert("stop_reason".into(), json!(reason));
            delta.extend(sequence.map(|sequence| ("stop_sequence".into(), sequence)));
            delta.extend(container.map(|container| ("container".into(), container)));
            delta.extend(details.map(|details| ("stop_details".into(), details)));
            if meddles {
                delta.extend(OWNED.map(|name| (name.into(), json!("meddled"))));
            }
            let mut event = json!({"type": "message_delta", "delta": delta});
            if let Some(usage) = usage {
                event["usage"] = usage;
            }
            if let Some(edits) = edits {
                event["context_management"] = edits;
            }
            event
        },
    )
}

fn any_usage() -> impl Strategy<Value = Value> {
    let cache =
        (0..9000u64).prop_map(|tokens| json!({"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": tokens}));
    let server = (0..9u64).prop_map(|count| json!({"web_search_requests": count, "web_fetch_requests": 0}));
    (
        any::<u32>(),
        nullable(any::<u32>().prop_map(Value::from)),
        nullable(cache),
        nullable(server),
        nullable(select(vec![json!("standard"), json!("of_tomorrow")])),
        odd_members(),
    )
        .prop_map(|(output, cached, cache, server, tier, mut usage)| {
            usage.insert("output_tokens".into(), json!(output));
            usage.extend(cached.map(|cached| ("cache_read_input_tokens".into(), cached)));
            usage.extend(cache.map(|cache| ("cache_creation".into(), cache)));
            usage.extend(server.map(|server| ("server_tool_use".into(), server)));
            usage.extend(tier.map(|tier| ("service_tier".into(), tier)));
            Value::Object(usage)
        })
}

fn any_container() -> impl Strategy<Value = Value> {
    (any_text(), odd_members()).prop_map(|(id, mut container)| {
        container.insert("id".into(), json!(id));
        container.insert("expires_at".into(), json!("2026-11-01T00:00:00Z"));
        Value::Object(container)
    })
}

/// A block of any kind.
pub fn any_block() -> impl Strategy<Value = Block> {
    (
        prop_oneof![
            4 => text_block(),
            3 => thinking_block(),
            4 => tool_block(),
            1 => compaction_block(),
            1 => unknown_block_with_deltas(),
            2 => block_without_deltas(),
        ],
        odd_members(),
    )
        .prop_map(|(mut block, odd)| {
            overwrite_all(&mut block.start, &odd);
            overwrite_all(&mut block.whole, &odd);
            block
        })
}

fn overwrite_all(block: &mut Value, members: &Map<String, Value>) {
    for (name, value) in members {
        block[name] = value.clone();
    }
}

/// A text block whose start may have text, with citations between its deltas.
fn text_block() -> impl Strategy<Value = Block> {
    let first = nullable(vec(any_citation(), 0..2).prop_map(Value::from));
    let later = vec((any::<Index>(), any_citation()), 0..3);
    (initial_text(), any_text().prop_flat_map(cut), first, later).prop_map(|(initial, pieces, first, later)| {
        let mut start = json!({"type": "text", "text": initial});
        if let Some(first) = first {
            start["citations"] = first;
        }
        let mut whole = start.clone();
        whole["text"] = json!(initial + &pieces.concat());
        let mut deltas = of_pieces("text_delta", "text", &pieces);
        for (at, citation) in later {
            deltas.insert(at.index(deltas.len() + 1), json!({"type": "citations_delta", "citation": citation}));
        }
        // In the order of the shuffled deltas.
        for delta in deltas.iter().filter(|delta| delta["type"] == "citations_delta") {
            match whole.get_mut("citations") {
                Some(Value::Array(citations)) => citations.push(delta["citation"].clone()),
                _ => whole["citations"] = json!([delta["citation"]]),
            }
        }
        Block { whole, start, deltas }
    })
}

fn initial_text() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => any_text()]
}

fn any_citation() -> impl Strategy<Value = Value> {
    prop_oneof![
        (any_text(), nullable(any_text().prop_map(Value::from))).prop_map(|(text, title)| {
            let mut citation = json!({"type": "char_location", "cited_text": text, "document_index": 0,
                "start_char_index": 1, "end_char_index": 9});
            if let Some(title) = title {
                citation["document_title"] = title;
            }
            citation
        }),
        any_text().prop_map(|text| json!({"type": "web_search_result_location", "cited_text": text,
            "encrypted_index": "e", "title": null, "url": "https://example.org/"})),
        (any_text(), odd_members()).prop_map(|(text, mut odd)| {
            odd.insert("type".into(), json!("future_location"));
            odd.insert("cited_text".into(), json!(text));
            Value::Object(odd)
        }),
    ]
}

/// A thinking block; the last of several signatures wins.
fn thinking_block() -> impl Strategy<Value = Block> {
    let signatures = vec(any_text(), 0..3);
    let hint = option::of(0..500u32);
    (initial_text(), option::of(Just("")), any_text().prop_flat_map(cut), hint, signatures).prop_map(
        |(initial, signature, pieces, hint, signatures)| {
            let mut start = json!({"type": "thinking", "thinking": initial});
            if let Some(signature) = signature {
                start["signature"] = json!(signature);
            }
            let mut deltas = of_pieces("thinking_delta", "thinking", &pieces);
            if let (Some(hint), Some(delta)) = (hint, deltas.first_mut()) {
                delta["estimated_tokens"] = json!(hint);
            }
            deltas.extend(of_pieces("signature_delta", "signature", &signatures));
            let mut whole = start.clone();
            whole["thinking"] = json!(initial + &pieces.concat());
            if let Some(signature) = signatures.last() {
                whole["signature"] = json!(signature);
            }
            Block { whole, start, deltas }
        },
    )
}

/// A tool call whose input is in deltas, in the start, or absent.
fn tool_block() -> impl Strategy<Value = Block> {
    let kinds = prop_oneof![
        3 => (Just("tool_use"), any_text()),
        1 => (Just("server_tool_use"), select(vec!["web_search", "code_execution", "a_future_tool"]).prop_map(String::from)),
        1 => (Just("mcp_tool_use"), any_text()),
    ];
    (kinds, nullable(any_caller()), any_input()).prop_map(|((kind, name), caller, (initial, input, deltas))| {
        let mut start = json!({"type": kind, "id": "toolu_1", "name": name});
        if let Some(caller) = caller.filter(|_| kind != "mcp_tool_use") {
            start["caller"] = caller;
        }
        let mut whole = start.clone();
        if let Some(initial) = initial {
            start["input"] = initial;
        }
        whole["input"] = input;
        Block { whole, start, deltas }
    })
}

fn any_caller() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"type": "direct"}),
        json!({"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}),
        json!({"type": "a_future_caller", "x": [1]}),
    ])
}

/// The `input` in the start, the final input, and the deltas.
fn any_input() -> impl Strategy<Value = (Option<Value>, Value, Vec<Value>)> {
    let blank = prop_oneof![3 => Just(""), 1 => Just(" \n")];
    let without_deltas = (nullable(any_object()), option::of(blank)).prop_map(|(initial, blank)| {
        let input = initial.clone().filter(Value::is_object).unwrap_or_else(|| json!({}));
        (initial, input, of_pieces("input_json_delta", "partial_json", &Vec::from_iter(blank.map(String::from))))
    });
    // A model may send a value that is not an object; the value is kept. Null and the empty string are kept as well,
    // but in a message that was not streamed they mean "no input", so no message can be compared.
    let odd = any_json().prop_filter("not null and not empty", |value| !value.is_null() && value != "");
    let value = prop_oneof![7 => any_object(), 1 => odd];
    let initial = option::of(select(vec![json!({}), json!({"a": 1}), json!(""), Value::Null]));
    let with_deltas = (initial, value, any::<bool>(), any::<bool>())
        .prop_map(|(initial, value, is_pretty, escapes)| (initial, json_text(&value, is_pretty, escapes), value))
        .prop_flat_map(|(initial, text, value)| (Just(initial), Just(value), cut(text)))
        .prop_map(|(initial, value, pieces)| {
            // The first delta is usually empty.
            let pieces: Vec<_> = [String::new()].into_iter().chain(pieces).collect();
            (initial, value, of_pieces("input_json_delta", "partial_json", &pieces))
        });
    prop_oneof![1 => without_deltas, 4 => with_deltas]
}

/// A compaction block. Its delta replaces the value instead of appending to it.
fn compaction_block() -> impl Strategy<Value = Block> {
    let initial = nullable(any_text().prop_map(Value::from));
    let delta = (nullable(any_text().prop_map(Value::from)), nullable(any_text().prop_map(Value::from)));
    (initial, option::of(delta)).prop_map(|(initial, delta)| {
        let mut start = json!({"type": "compaction"});
        if let Some(initial) = initial {
            start["content"] = initial;
        }
        let mut whole = start.clone();
        let deltas = delta.map(|(content, encrypted)| {
            let mut delta = json!({"type": "compaction_delta"});
            for (name, value) in [("content", content), ("encrypted_content", encrypted)] {
                if let Some(value) = value {
                    delta[name] = value.clone();
                    whole[name] = value;
                }
            }
            delta
        });
        let deltas = deltas.into_iter().collect();
        Block { whole, start, deltas }
    })
}

/// A block of an unknown type that accepts known deltas, because it has their member.
fn unknown_block_with_deltas() -> impl Strategy<Value = Block> {
    let strings = (
        select(vec![("text_delta", "text"), ("thinking_delta", "thinking")]),
        option::of(any_text()),
        any_text().prop_flat_map(cut),
    )
        .prop_map(|((kind, member), initial, pieces)| {
            let start = json!({"type": "future_text", member: initial});
            let mut whole = start.clone();
            if initial.is_some() || !pieces.is_empty() {
                whole[member] = json!(initial.unwrap_or_default() + &pieces.concat());
            }
            Block { whole, start, deltas: of_pieces(kind, member, &pieces) }
        });
    let input =
        any_object().prop_flat_map(|value| (cut(value.to_string()), Just(value))).prop_map(|(pieces, value)| {
            let start = json!({"type": "future_call", "input": {}});
            let whole = json!({"type": "future_call", "input": value});
            Block { whole, start, deltas: of_pieces("input_json_delta", "partial_json", &pieces) }
        });
    prop_oneof![strings, input]
}

/// A block of a type without deltas.
fn block_without_deltas() -> impl Strategy<Value = Block> {
    prop_oneof![
        any_text().prop_map(|data| json!({"type": "redacted_thinking", "data": data})),
        any_text().prop_map(|title| {
            let result = json!({"type": "web_search_result", "encrypted_content": "e", "page_age": null,
                "title": title, "url": "https://example.org/"});
            json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [result]})
        }),
        Just(json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
            "content": {"type": "web_search_tool_result_error", "error_code": "a_future_code"}})),
        any_json().prop_map(|odd| json!({"type": "future_block", "odd": odd, "name": 7, "content": null})),
    ]
    .prop_map(|whole| Block { start: whole.clone(), whole, deltas: Vec::new() })
}

fn of_pieces(kind: &str, member: &str, pieces: &[String]) -> Vec<Value> {
    pieces.iter().map(|piece| json!({"type": kind, member: piece})).collect()
}

/// Splits a text into pieces between any two characters; some of the pieces are empty.
pub fn cut(text: String) -> impl Strategy<Value = Vec<String>> {
    vec(any::<Index>(), 0..8).prop_map(move |cuts| {
        let characters: Vec<char> = text.chars().collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|at| at.index(characters.len() + 1)).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([characters.len()]);
        let begins = [0].into_iter().chain(cuts.iter().copied());
        let pieces = begins.zip(ends).map(|(begin, end)| characters[begin..end].iter().collect());
        // An empty text may have no deltas at all.
        pieces.skip_while(|piece: &String| text.is_empty() && piece.is_empty()).collect()
    })
}

/// Text with all characters that are special in JSON or in event streams.
pub fn any_text() -> impl Strategy<Value = String> {
    let special = [
        "\n",
        "\r\n",
        "\n\n",
        "\"",
        "\\",
        "\\n",
        "/",
        "\0",
        "\u{1b}",
        "\t",
        "{",
        "}",
        "data: x",
        ": ",
        "é",
        "漢字",
        "😀",
        "\u{2028}",
        "\u{feff}",
        "\u{fffd}",
        "\u{10ffff}",
        "[DONE]",
        "\\ud83d",
    ];
    let piece = prop_oneof![
        4 => "[a-z ]{1,12}",
        4 => select(special.to_vec()).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Any object, for the input of a tool.
pub fn any_object() -> impl Strategy<Value = Value> {
    btree_map(any_text(), any_json(), 0..5).prop_map(|members| members.into_iter().collect::<Map<_, _>>().into())
}

/// Any JSON value of limited depth.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => (-99..99i64).prop_map(Value::from),
        2 => any_float().prop_map(Value::from),
        4 => any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any_text(), inner, 0..4).prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// A float that round-trips through `serde_json`.
fn any_float() -> impl Strategy<Value = f64> {
    let nice = (-4000..4000i32, 0..8i32).prop_map(|(mantissa, shift)| f64::from(mantissa) / f64::from(1 << shift));
    let fixed = select(vec![0.0, -0.0, 0.1, 1e21, -1.5e-7, 1e300, 5e-324, f64::MAX, 9_007_199_254_740_993.0]);
    let is_stable = |float: &f64| {
        float.is_finite() && serde_json::from_str::<f64>(&json!(float).to_string()).is_ok_and(|again| again == *float)
    };
    prop_oneof![nice, fixed, any::<f64>()].prop_filter("round-trips through serde_json", is_stable)
}

/// Unknown members. Their names differ from all known ones.
fn odd_members() -> impl Strategy<Value = Map<String, Value>> {
    let name = select(vec!["zeta", "", "Type", "future_member", "x-\u{e9}"]).prop_map(String::from);
    prop_oneof![
        2 => Just(Map::new()),
        1 => btree_map(name, any_json(), 0..3).prop_map(|members| members.into_iter().collect()),
    ]
}

/// Absent, null or a value.
fn nullable(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![2 => Just(None), 1 => Just(Some(Value::Null)), 3 => value.prop_map(Some)]
}
