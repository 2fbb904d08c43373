//! Properties of the message decoder and the accumulator: for any message, chunking, JSON layout and order of events,
//! the result is the one that `docs/protocol.md` specifies.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use serde_json::{Value, json};
use ssewire_messages::{
    Accumulator, Completion, Delta, Message, MessageDecoder, Step, StreamEvent, Update, Validation,
};
use ssewire_tests::chunks::{self, any_lengths};
use ssewire_tests::fuzz;
use ssewire_tests::messages::{
    Block, Streamed, any_json_spelling, any_spelling, any_streamed, any_text, delta_at, encode, message_stop, spell,
    stop_at,
};
use ssewire_tests::order;

/// The concatenated deltas of the text and thinking blocks of a message, by index.
type Pieces = BTreeMap<u64, String>;

fn config(cases: u32) -> Config {
    Config { failure_persistence: None, cases, max_shrink_iters: 4000, ..Config::default() }
}

proptest! {
    #![proptest_config(config(300))]

    /// All members are equal, and the deltas have the same text.
    #[test]
    fn message_decoder_returns_the_streamed_message(
        streamed in any_streamed(),
        initial in prop_oneof![2 => Just(0), 1 => 1..3usize],
        dice in vec(any::<Index>(), 1..60),
        spellings in vec(any_spelling(), 1..9),
        lengths in any_lengths(),
    ) {
        let events = streamed.events(initial, &dice);
        let body = encode(&events, &spellings);

        let mut stream = MessageDecoder::new();
        let mut pieces = Pieces::new();
        for mut chunk in chunks::of_lengths(&lengths, &body) {
            while let Step::Update(event) = stream.decode(&mut chunk).unwrap() {
                take_pieces(&mut pieces, event.update);
            }
        }
        prop_assert!(stream.violations().is_empty(), "{:?}", stream.violations());
        let message = stream.finish().unwrap();
        prop_assert_eq!(&serde_json::to_value(&message).unwrap(), &streamed.message);
        let whole: Message = serde_json::from_value(streamed.message.clone()).unwrap();
        pieces.retain(|_, text| !text.is_empty());
        prop_assert_eq!(pieces, texts(&streamed));
        prop_assert_eq!(message.text(), whole.text());
    }

    #[test]
    fn to_events_decodes_to_the_same_message(
        streamed in any_streamed(),
        dice in vec(any::<Index>(), 1..60),
        characters in prop_oneof![0..20_usize, Just(usize::MAX)],
    ) {
        let message = accumulate(Accumulator::new(), &streamed.events(0, &dice)).into_message().unwrap();
        let mut again = Accumulator::new().with_validation(Validation::Strict);
        for event in message.to_events_in_pieces(characters).unwrap() {
            let piece = match again.accumulate_json(event.as_str().as_bytes()).unwrap() {
                Update::Text { text, .. } => text,
                Update::Thinking { thinking, .. } => thinking,
                Update::ToolInput { partial_json, .. } => partial_json,
                _ => continue,
            };
            prop_assert!((1..=characters.max(1)).contains(&piece.chars().count()), "{characters}: {piece:?}");
        }
        let again = again.into_message().unwrap();
        prop_assert_eq!(&again, &message);
        prop_assert_eq!(serde_json::to_value(again).unwrap(), serde_json::to_value(&message).unwrap());
    }

    /// Without an event stream, with owned events, and in strict mode.
    #[test]
    fn accumulator_returns_the_streamed_message(
        streamed in any_streamed(),
        dice in vec(any::<Index>(), 1..60),
        spelling in any_json_spelling(),
    ) {
        let mut bare = Accumulator::new().with_validation(Validation::Strict);
        let mut owned = Accumulator::new();
        for event in streamed.events(0, &dice) {
            let payload = spell(&event, spelling);
            let decoded = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
            bare.accumulate(decoded.clone()).unwrap();
            owned.accumulate(decoded.into_owned()).unwrap();
        }
        for accumulator in [bare, owned] {
            prop_assert!(accumulator.violations().is_empty());
            let message = accumulator.into_message().unwrap();
            prop_assert_eq!(&serde_json::to_value(&message).unwrap(), &streamed.message);
        }
    }

    /// Text deltas are returned in order of arrival. If blocks do not interleave, their concatenation is the final
    /// text.
    #[test]
    fn text_deltas_of_consecutive_blocks_are_the_final_text(streamed in any_streamed(), initial in 0..3usize) {
        let mut accumulator = Accumulator::new();
        let mut text = String::new();
        // With two initial blocks, deltas of the first could follow the start of the second.
        let initial = initial.min(1);
        for event in consecutive(&streamed, initial) {
            let payload = event.to_string();
            let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
            text.extend(accumulator.accumulate(event.clone()).unwrap().text_deltas());
        }
        let message = accumulator.into_message().unwrap();
        prop_assert_eq!(&text, &message.text());
        let whole: Message = serde_json::from_value(streamed.message).unwrap();
        prop_assert_eq!(&text, &whole.text());
    }

    /// Starts, deltas and stops are shuffled; only the deltas of each block keep their order.
    #[test]
    fn accumulator_merges_events_in_any_order(order in order::any_order()) {
        order.merges();
    }
}

proptest! {
    #![proptest_config(config(750))]

    /// Text that arrives before the end of the message is in the snapshot exactly once.
    #[test]
    fn accumulator_loses_no_text_in_any_sequence(sequence in any_sequence()) {
        let mut accumulator = Accumulator::new();
        let mut expected = Vec::new();
        let (mut stopped, mut failed) = (false, false);
        for (event, tokens) in &sequence {
            let kind = event["type"].as_str().unwrap();
            // A second message_start is ignored; its content does not belong to this message.
            let is_ignored = kind == "message_start" && accumulator.has_started();
            if !(stopped || failed || is_ignored || accumulator.is_ended()) {
                expected.extend(tokens.iter().cloned());
            }
            let payload = event.to_string();
            accumulator.accumulate(StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap()).unwrap();
            failed |= kind == "error" && !stopped && accumulator.server_error().is_some();
            stopped |= kind == "message_stop" && !failed;
            let snapshot = accumulator.snapshot().to_json_lossy().into_string();
            for token in &expected {
                prop_assert_eq!(snapshot.matches(token.as_str()).count(), 1, "{} in {}", token, snapshot);
            }
        }
        prop_assert_eq!(accumulator.server_error().is_some(), failed);
        let (snapshot, completion) = (accumulator.snapshot().to_json_lossy().to_value().unwrap(), accumulator.completion());
        prop_assert_eq!(failed, completion == Completion::ServerError);
        prop_assert!(completion != Completion::Complete || stopped);
        let text = accumulator.snapshot().text();
        let message = match accumulator.into_message() {
            Ok(message) => {
                prop_assert!(matches!(completion, Completion::Complete | Completion::Unterminated));
                message
            }
            Err(incomplete) => {
                prop_assert_eq!(incomplete.reason(), completion);
                incomplete.into_partial()
            }
        };
        // Truncated tool input may lose an incomplete string at its end; everything else is kept.
        prop_assert_eq!(without_input(message.to_json_lossy().to_value().unwrap()), without_input(snapshot));
        prop_assert_eq!(message.text(), text);
    }

    /// The events that strict mode accepts have no violation.
    #[test]
    fn event_that_strict_mode_rejects_changes_nothing(sequence in any_sequence()) {
        let mut strict = Accumulator::new().with_validation(Validation::Strict);
        let mut without = Accumulator::new();
        for (event, _) in &sequence {
            let payload = event.to_string();
            let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
            let before = state(&strict);
            if strict.accumulate(event.clone()).is_ok() {
                without.accumulate(event.clone()).unwrap();
            } else {
                prop_assert_eq!(state(&strict), before, "{}", payload);
            }
            prop_assert!(strict.violations().is_empty());
        }
        prop_assert!(without.violations().is_empty(), "{:?}", without.violations());
        prop_assert_eq!(state(&strict), state(&without));
    }

    #[test]
    fn strict_mode_rejects_exactly_the_violations_that_lenient_mode_records(sequence in any_sequence()) {
        let mut lenient = Accumulator::new();
        for (event, _) in &sequence {
            let payload = event.to_string();
            let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
            let before = lenient.violations().total();
            let mut strict = lenient.clone().with_validation(Validation::Strict);
            let is_rejected = strict.accumulate(event.clone()).is_err();
            lenient.accumulate(event.clone()).unwrap();
            prop_assert_eq!(lenient.violations().total() > before, is_rejected, "{}", payload);
        }
    }

    /// The fast path of the decoder agrees with its slow path for any layout of the payload.
    #[test]
    fn delta_decodes_equally_in_any_json_layout(
        (kind, member) in select(vec![
            ("text_delta", "text"),
            ("thinking_delta", "thinking"),
            ("input_json_delta", "partial_json"),
            ("signature_delta", "signature"),
        ]),
        text in any_text(),
        index in prop_oneof![3 => 0..9u64, 1 => any::<u64>()],
        spelling in any_json_spelling(),
        name in select(vec!["content_block_delta", "message", "ping", "a_future_event", "error", ""]),
    ) {
        let payload = json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, member: text}});
        // The layout that servers send.
        let usual = format!(
            r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{member}":{}}}}}"#,
            json!(text)
        );
        // The fast path does not handle further members.
        let mut odd = payload.clone();
        odd["odd"] = json!(1);
        let mut odder = payload.clone();
        odder["delta"]["odd"] = json!(null);
        // A float of this size is not precise.
        let precise = if index < 1 << 53 { spelling } else { spelling.with_plain_index() };
        let spelled = spell(&payload, precise);
        let (usual, spelled) = (delta(name, &usual), delta(name, &spelled));
        prop_assert_eq!(&usual, &spelled);
        prop_assert_eq!(&usual, &(index, text, kind.to_owned()));
        prop_assert_eq!(&usual, &delta(name, &odd.to_string()));
        prop_assert_eq!(&usual, &delta(name, &odder.to_string()));
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// The result of a body depends on its bytes alone, never on how they are cut; and it is that of the parts of the
    /// decoder, one by one. `fuzz::message_stream` compares all that is visible.
    #[test]
    fn any_body_gives_the_same_in_any_chunks(
        fragments in vec(select(FRAGMENTS.to_vec()), 0..14),
        end in any::<Index>(),
        flags in any::<u8>(),
        limit in any::<u8>(),
        lengths in vec(0..30u8, 1..6),
    ) {
        let body = fragments.concat();
        // One of four bodies is cut anywhere.
        let end = if end.index(4) == 0 { end.index(body.len() + 1) } else { body.len() };
        let count = u8::try_from(lengths.len()).unwrap();
        fuzz::message_stream(&[&[flags, limit, count][..], &lengths, &body[..end]].concat());
    }
}

/// What servers, gateways and proxies write into a body.
const FRAGMENTS: [&[u8]; 44] = [
    b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"a\",\"content\":[{\"type\":\"text\",\"text\":\"i\"}]}}\n\n",
    b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"b\",\"stop_reason\":\"end_turn\"}}\n\n",
    b"event: content_block_start\ndata: {\"content_block\":{\"type\":\"text\",\"text\":\"\"},\"index\":1}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"input\":{}}}\n\n",
    b"data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"new\",\"text\":\"\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\\ud83d\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\ude00\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\ud83d\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\ude00\\\":1}\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"t\",\"signature\":\"s\"}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"\xFF\",\"citation\":{}}}\n\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":\n\n",
    b"data: {\"type\":\"content_block_stop\",\"index\":1}\r\n\r\n",
    b"data: {\"type\":\"content_block_stop\",\"index\":2}\n\n",
    b"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":\"7\"}}\n\n",
    b"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"}}\n\n",
    b"data: {\"type\":\"message_stop\"}\n\n",
    b"error: boom\ndata: {\"type\":\"message_stop\"}\n\n",
    b"event: ping\ndata: {\"type\": \"ping\"}\n\n",
    b"event: ping\ndata: \"\"\n\n",
    b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}\n\n",
    b"event: error\ndata: boom\n\n",
    b"error: {\"message\":\"boom\"}\n",
    b"error: {\"type\":\"ping\"}\n\n",
    b"{\"error\":\"boom\"}\n",
    b"{\"type\":\"message\",\"content\":[]}",
    b"{\"type\":\"error\",\n\"error\":{}}",
    b"data: [DONE]\n\n",
    b"data: : PROCESSING\n\n",
    b"data: {\"x\"\n\n",
    b"event: future\ndata: {\"a\":1}\n\n",
    b": comment\n",
    b"id: 1\nretry: 5\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"<html>\ndata: 1\n\n</html>",
    b"\xEF\xBB\xBF",
    b"\x1F\x8B\x08",
    b"\n",
    b"\r",
    b"  ",
    b"data:",
    b"even",
    b"data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"no end\"}}",
];

/// Decodes a delta of a common kind: its index, text and type.
fn delta(name: &str, payload: &str) -> (u64, String, String) {
    let Some(StreamEvent::ContentBlockDelta(event)) = StreamEvent::decode(name.as_bytes(), payload.as_bytes()).unwrap()
    else {
        panic!("a delta: {payload}")
    };
    let kind = event.delta.type_name().into_owned();
    let text = match event.delta {
        Delta::Text(delta) => delta.text().to_owned(),
        Delta::Thinking(delta) => delta.thinking().to_owned(),
        Delta::InputJson(delta) => delta.partial_json().to_owned(),
        Delta::Signature(delta) => delta.signature().to_owned(),
        other => panic!("of another kind: {other:?}"),
    };
    (event.index, text, kind)
}

fn take_pieces(pieces: &mut Pieces, update: Update<'_>) {
    for (index, block) in (0..).zip(update.start_blocks()) {
        let of_block = pieces.entry(index).or_default();
        of_block.extend(block.as_text().map(|block| block.text()));
        of_block.extend(block.as_thinking().map(|block| block.thinking()));
    }
    let (index, piece, snapshot) = match update {
        Update::BlockStart { block, text, thinking, .. } => (block.index(), [text, thinking].concat(), None),
        Update::Text { block, text, snapshot, .. } => (block.index(), text.to_owned(), Some(snapshot)),
        Update::Thinking { block, thinking, snapshot, .. } => (block.index(), thinking.to_owned(), Some(snapshot)),
        _ => return,
    };
    let so_far = pieces.entry(index).or_default();
    so_far.push_str(&piece);
    assert!(snapshot.is_none_or(|snapshot| snapshot == so_far));
}

/// The text of the text and thinking blocks, by index.
fn texts(streamed: &Streamed) -> Pieces {
    let blocks = (0..).zip(&streamed.blocks);
    let texts = blocks.filter_map(|(index, Block { whole, .. })| match whole["type"].as_str() {
        Some(kind @ ("text" | "thinking")) => Some((index, whole[kind].as_str()?.to_owned())),
        _ => None,
    });
    texts.filter(|(_, text)| !text.is_empty()).collect()
}

/// The events with one block after the other. The first `initial` blocks are in `message_start`.
fn consecutive(streamed: &Streamed, initial: usize) -> Vec<Value> {
    let initial = initial.min(streamed.blocks.len());
    let mut events = vec![streamed.start.clone()];
    events[0]["message"]["content"] = streamed.blocks[..initial].iter().map(|block| block.start.clone()).collect();
    for (index, block) in streamed.blocks.iter().enumerate() {
        if index >= initial {
            events.push(block.start_at(index));
        }
        events.extend(block.deltas_at(index));
        if index >= initial {
            events.push(stop_at(index));
        }
    }
    events.extend(streamed.end.iter().cloned());
    events.push(message_stop());
    events
}

/// The complete observable state of an accumulator.
fn state(accumulator: &Accumulator) -> impl PartialEq + std::fmt::Debug + use<> {
    let unmatched: Vec<_> = accumulator.unmatched_input().map(|(index, json)| (index, json.to_owned())).collect();
    (
        Message::clone(&accumulator.snapshot()),
        accumulator.snapshot().to_json_lossy().to_value().unwrap(),
        accumulator.has_started(),
        accumulator.completion(),
        accumulator.server_error().map(|error| error.body().clone()),
        accumulator.violations().total(),
        unmatched,
        // Counts of blocks and of bytes.
        format!("{accumulator:?}"),
    )
}

fn accumulate(mut accumulator: Accumulator, events: &[Value]) -> Accumulator {
    for event in events {
        let payload = event.to_string();
        accumulator.accumulate(StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap()).unwrap();
    }
    accumulator
}

fn without_input(mut message: Value) -> Value {
    for block in message["content"].as_array_mut().unwrap() {
        block.as_object_mut().unwrap().remove("input");
    }
    message
}

/// Well-formed events in random order, each with its text. No two events have the same text.
fn any_sequence() -> impl Strategy<Value = Vec<(Value, Vec<String>)>> {
    vec((0..40u8, 0..4usize, 0..12usize), 0..40).prop_map(|events| {
        let numbered = events.into_iter().enumerate();
        numbered.map(|(number, (kind, index, detail))| any_event(number, kind, index, detail)).collect()
    })
}

fn any_event(number: usize, kind: u8, index: usize, detail: usize) -> (Value, Vec<String>) {
    let token = format!("<{number}>");
    let text = vec![token.clone()];
    let none = Vec::new();
    match kind {
        0..=2 => {
            let content = if detail < 6 { json!([]) } else { json!([{"type": "text", "text": token}]) };
            let text = if detail < 6 { none } else { text };
            (json!({"type": "message_start", "message": {"id": format!("msg_{number}"), "content": content}}), text)
        }
        3..=11 => {
            let (block, text) = any_start(&token, detail);
            (json!({"type": "content_block_start", "index": index, "content_block": block}), text)
        }
        12..=17 => (delta_at(index, &json!({"type": "text_delta", "text": token})), text),
        18..=21 => (delta_at(index, &json!({"type": "thinking_delta", "thinking": token})), text),
        22..=25 => {
            let json = [r#"{"a":"#, "1", r#""x"#, r#"y""#, "}", "", " ", "{}", "null", "]"][detail % 10];
            (delta_at(index, &json!({"type": "input_json_delta", "partial_json": json})), none)
        }
        26 => (delta_at(index, &json!({"type": "signature_delta", "signature": token})), none),
        27 => {
            let citation = json!({"type": "page_location", "cited_text": token});
            (delta_at(index, &json!({"type": "citations_delta", "citation": citation})), none)
        }
        28 => (delta_at(index, &json!({"type": "compaction_delta", "content": token})), none),
        29 => (delta_at(index, &json!({"type": "future_delta", "text": token})), none),
        30..=33 => (stop_at(index), none),
        34 => (json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "odd": number}}), none),
        35 => (json!({"type": "message_delta", "delta": {}, "usage": {"output_tokens": number}}), none),
        36 => (json!({"type": "ping"}), none),
        37 => (json!({"type": "future_event", "text": token}), none),
        // These two end the message, so they are rare.
        38 if detail == 0 => (json!({"type": "error", "error": {"type": "overloaded_error", "message": token}}), none),
        39 if detail < 3 => (message_stop(), none),
        _ => (stop_at(index), none),
    }
}

fn any_start(token: &str, detail: usize) -> (Value, Vec<String>) {
    let text = vec![token.to_owned()];
    match detail {
        0 | 1 => (json!({"type": "text", "text": ""}), Vec::new()),
        2 | 3 => (json!({"type": "text", "text": token, "citations": []}), text),
        4 => (json!({"type": "thinking", "thinking": token, "signature": ""}), text),
        5 => (json!({"type": "thinking", "thinking": ""}), Vec::new()),
        6 | 7 => (json!({"type": "tool_use", "id": "toolu_1", "name": token, "input": {}}), text),
        8 => (json!({"type": "future_text", "text": token, "citations": null, "signature": null}), text),
        9 => (json!({"type": "future_thought", "thinking": null, "input": null, "x": token}), text),
        10 => (json!({"type": "redacted_thinking", "data": token}), text),
        _ => (json!({"type": "compaction", "content": null}), Vec::new()),
    }
}
