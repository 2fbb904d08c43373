//! `docs/protocol.md`, heading "Updates of the official helpers": the update of each event, by index, position and
//! key of its block, with its snapshot.

use serde_json::{Value, json};
use ssewire_messages::{
    Accumulator, BlockKey, BlockRef, ContentBlock, Message, MessageDecoder, PartialStrings, Step, StreamEvent,
    ToolInput, Update,
};
use ssewire_tests::partial_json::Mirror;

use super::support::*;

/// The input of each call that an update returns, in a body that ends after these events, by decoding function.
fn calls_of_a_body(events: &[Value]) -> Vec<String> {
    let bytes = sse(events);
    let (mut decoder, mut input, mut calls) = (MessageDecoder::new(), bytes.as_bytes(), Vec::new());
    let mut record = |update: Update<'_>| {
        if let Update::ToolCall(call) = update {
            calls.push(call.input.to_string());
        }
    };
    while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
        record(event.update);
    }
    while let Some(event) = decoder.decode_end().unwrap() {
        record(event.update);
    }
    assert!(decoder.decode_end().unwrap().is_none());
    if let Ok(message) = decoder.finish() {
        let of_message: Vec<_> = message.tool_calls().unwrap().iter().map(|call| call.input.to_string()).collect();
        assert_eq!(calls, of_message, "an update returns each call of the message");
    }
    calls
}

/// Regression: a message that lacks only `message_stop` has calls whose block has no stop. No update returned them.
#[test]
fn the_end_without_message_stop_returns_the_calls_without_a_stop() {
    let initial = |inputs: &[Value]| {
        let blocks: Vec<_> = inputs.iter().map(|input| tool(input.clone())).collect();
        message_start(json!({ "id": "msg_1", "content": blocks }))
    };
    let reason = stopped_by("tool_use");
    for (events, calls) in [
        (vec![initial(&[json!({"x":1})]), reason.clone()], vec![r#"{"x":1}"#]),
        (vec![initial(&[json!(null), json!({"y":2})]), reason.clone()], vec!["{}", r#"{"y":2}"#]),
        (vec![begin(), start(0, tool(json!({}))), input(0, r#"{"x":1}"#), reason.clone()], vec![r#"{"x":1}"#]),
        // Its block has stopped, so an update has returned it.
        (vec![begin(), start(0, tool(json!({}))), input(0, "[]"), stop(0), reason.clone()], vec!["[]"]),
        // The text that arrived after the stop completes it.
        (vec![begin(), start(0, tool(json!({}))), input(0, "["), stop(0), input(0, "]"), reason.clone()], vec!["[]"]),
        // Another message ends this one, in the same state.
        (vec![initial(&[json!({"x":1})]), reason.clone(), message_start(json!({"id": "msg_2"}))], vec![r#"{"x":1}"#]),
        // The message is not complete.
        (vec![initial(&[json!({"x":1})])], vec![]),
        (vec![begin(), start(0, tool(json!({}))), input(0, r#"{"x""#), reason.clone()], vec![]),
        (vec![initial(&[json!({"x":1})]), reason.clone(), error()], vec![]),
    ] {
        assert_eq!(calls_of_a_body(&events), calls, "{events:?}");
    }
}

/// Regression: an error in a line that is JSON is not an event, but the message is incomplete all the same.
#[test]
fn the_end_returns_no_call_of_a_message_with_an_error_as_a_json_line() {
    let bytes = sse(&[message_start(json!({"content": [tool(json!({"x":1}))]})), stopped_by("tool_use")])
        + "{\"error\":{\"type\":\"overloaded_error\"}}\n\n";
    let (mut decoder, mut input) = (MessageDecoder::new(), bytes.as_bytes());
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    assert!(decoder.decode_end().unwrap().is_none());
    assert_eq!(decoder.finish().unwrap_err().reason(), ssewire_messages::Completion::ServerError);
}

/// Regression: input may go on after its end. A call that the end returned is not returned again, and none is lost.
#[test]
fn each_call_is_returned_once_if_the_input_goes_on_after_its_end() {
    let before = [
        begin(),
        start(0, tool(json!({}))),
        start(1, tool(json!({}))),
        stop(1),
        // It may have truncated the call of block 1, whose input arrives all the same.
        stopped_by("max_tokens"),
        input(1, "[1]"),
        input(0, "["),
        input(0, "0]"),
    ];
    let after = [stopped_by("tool_use"), stop(0), json!({"type": "message_stop"})];
    let (before, after) = (sse(&before), sse(&after));
    let (mut decoder, mut calls) = (MessageDecoder::new(), Vec::new());
    let mut record = |update: Update<'_>| {
        if let Update::ToolCall(call) = update {
            calls.push(call.input.to_string());
        }
    };
    let mut bytes = before.as_bytes();
    while let Step::Update(event) = decoder.decode(&mut bytes).unwrap() {
        record(event.update);
    }
    record(decoder.decode_end().unwrap().expect("a call").update);
    // The rest of the updates of the end needs no input.
    let Step::Update(event) = decoder.decode(&mut &b""[..]).unwrap() else { panic!("no update") };
    record(event.update);
    let mut bytes = after.as_bytes();
    while let Step::Update(event) = decoder.decode(&mut bytes).unwrap() {
        record(event.update);
    }
    assert!(decoder.decode_end().unwrap().is_none());
    assert_eq!(calls, ["[0]", "[1]"]);
}

#[test]
fn a_strict_decoder_returns_no_call_of_a_message_without_message_stop() {
    let bytes = sse(&[message_start(json!({"content": [tool(json!({"x":1}))]})), stopped_by("tool_use")]);
    let (mut decoder, mut input) = (MessageDecoder::new().with_accumulator(strict_accumulator()), bytes.as_bytes());
    while let Step::Update(_) = decoder.decode(&mut input).unwrap() {}
    assert!(decoder.decode_end().unwrap().is_none());
    assert_eq!(decoder.finish().unwrap_err().reason(), ssewire_messages::Completion::Unterminated);
}

/// The updates of the events, one for each. Checks that an accumulator and a decoder of bytes agree.
fn updates(events: &[Value]) -> Vec<Value> {
    let mut accumulator = showing(PartialStrings::Hide);
    let updates: Vec<_> = events.iter().map(|event| update(&mut accumulator, event)).collect();
    // A decoder ends with the message.
    let of_a_stream = updates_of_a_stream(events);
    assert_eq!(of_a_stream, updates[..of_a_stream.len()]);
    let ends = |update: &Value| matches!(update["update"].as_str(), Some("message_stop" | "error"));
    assert!(of_a_stream.len() == updates.len() || of_a_stream.last().is_some_and(ends));
    updates
}

/// The update of the last event.
fn last(events: &[Value]) -> Value {
    updates(events).pop().unwrap()
}

fn update(accumulator: &mut Accumulator, event: &Value) -> Value {
    let json = event.to_string();
    let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
    let returned = describe(&accumulator.accumulate(event).unwrap());
    if let Some(message) = returned.get("message") {
        assert_eq!(*message, to_json(&accumulator.snapshot()), "the message is the snapshot");
    }
    returned
}

/// Each update has the payload and the type of its event.
fn updates_of_a_stream(events: &[Value]) -> Vec<Value> {
    let bytes = sse(events);
    let stream = MessageDecoder::new().with_accumulator(showing(PartialStrings::Hide));
    let (mut stream, mut input, mut updates) = (stream, bytes.as_bytes(), Vec::new());
    while let Step::Update(item) = stream.decode(&mut input).unwrap() {
        // Separate tests cover further updates of the same event.
        if item.event_type.is_empty() {
            continue;
        }
        let event = &events[updates.len()];
        assert_eq!(item.payload, event.to_string().as_bytes(), "the raw event comes along");
        assert_eq!(item.event_type, event["type"].as_str().unwrap().as_bytes());
        updates.push(describe(&item.update));
    }
    updates
}

/// An update as JSON: its name, its block, its members.
fn describe(update: &Update<'_>) -> Value {
    let described = match update {
        Update::MessageStart { message, .. } => of_message("message_start", message),
        Update::MessageDelta { stop_reason, usage, .. } => {
            json!({"update": "message_delta", "stop_reason": stop_reason, "usage": usage})
        }
        Update::MessageStop { message, .. } => of_message("message_stop", message),
        Update::BlockStart { block, text, thinking, .. } => {
            of_block("block_start", block, json!({"text": text, "thinking": thinking, "content_block": lossy(block)}))
        }
        Update::Text { block, text, snapshot, .. } => {
            assert_eq!(block.content().as_text().unwrap().text(), *snapshot);
            of_block("text", block, json!({"text": text, "snapshot": snapshot}))
        }
        Update::Thinking { block, thinking, snapshot, .. } => {
            assert_eq!(block.content().as_thinking().unwrap().thinking(), *snapshot);
            of_block("thinking", block, json!({"thinking": thinking, "snapshot": snapshot}))
        }
        Update::Signature { block, signature, .. } => {
            assert_eq!(block.content().as_thinking().unwrap().signature(), Some(*signature));
            of_block("signature", block, json!({"signature": signature}))
        }
        Update::Citation { block, citation, snapshot, .. } => {
            assert_eq!(block.content().as_text().unwrap().citations().into_option().unwrap(), *snapshot);
            of_block("citation", block, json!({"citation": citation, "snapshot": snapshot.iter().collect::<Vec<_>>()}))
        }
        Update::ToolInput { block, partial_json, input, .. } => {
            assert_eq!(block.content().tool_input().unwrap(), *input);
            let snapshot = json!({"partial": input.partial(), "raw": input.raw()});
            of_block("input_json", block, json!({"partial_json": partial_json, "snapshot": snapshot}))
        }
        Update::Compaction { block, .. } => {
            of_block("compaction", block, json!({"compaction": lossy(block), "content_block": lossy(block)}))
        }
        Update::RawBlock { block, .. } => of_block("unknown_block", block, json!({"content_block": lossy(block)})),
        Update::BlockStop { block, .. } => of_block("block_stop", block, json!({"content_block": lossy(block)})),
        Update::Error(error) => json!({"update": "error", "error": error.body()}),
        Update::Ping => json!({"update": "ping"}),
        Update::Done => json!({"update": "done"}),
        Update::Unchanged => json!({"update": "nothing"}),
        other => panic!("an update of no known kind: {other:?}"),
    };
    assert_eq!(update.block().map(|block| block.index()), described["block"]["index"].as_u64(), "{described}");
    described
}

/// The block as JSON, whatever its input.
fn lossy(block: &BlockRef<'_>) -> Value {
    match block.content().to_json() {
        Ok(json) => json.to_value().unwrap(),
        Err(_) => {
            let mut json = block
                .content()
                .as_tool_use()
                .map_or(json!({}), |call| json!({"type": call.type_name(), "id": call.id(), "name": call.name()}));
            json["input"] = block.content().tool_input().unwrap().partial().cloned().unwrap_or(json!({}));
            json
        }
    }
}

fn of_message(name: &str, message: &Message) -> Value {
    json!({"update": name, "message": to_json(message)})
}

fn of_block(name: &str, block: &BlockRef<'_>, members: Value) -> Value {
    let BlockKey { index, generation, .. } = block.key();
    assert_eq!(block.index(), index);
    at([index, block.position() as u64, u64::from(generation)], name, members)
}

/// The update of a block by its index, its position and its generation.
fn at([index, position, generation]: [u64; 3], name: &str, members: Value) -> Value {
    let mut update = members;
    update["update"] = json!(name);
    update["block"] = json!({"index": index, "position": position, "generation": generation});
    update
}

/// The update of the first block.
fn first(name: &str, members: Value) -> Value {
    at([0, 0, 0], name, members)
}

// Each update

#[test]
fn text_and_its_snapshot() {
    let returned = updates(&[begin(), start(0, text_block("a")), text(0, "b"), text(0, ""), text(0, "c\u{1F600}")]);
    let expected = [
        first("text", json!({"text": "b", "snapshot": "ab"})),
        first("text", json!({"text": "", "snapshot": "ab"})),
        first("text", json!({"text": "c\u{1F600}", "snapshot": "abc\u{1F600}"})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn input_json_and_its_snapshot() {
    let returned = updates(&[
        begin(),
        start(0, tool(json!({}))),
        input(0, ""),
        input(0, "{\"a\": \"x"),
        input(0, "y\", \"b\": "),
        input(0, "[1"),
        input(0, ", 2]}"),
    ]);
    let piece = |piece: &str, raw: &str, partial: Value| {
        first("input_json", json!({"partial_json": piece, "snapshot": {"raw": raw, "partial": partial}}))
    };
    let expected = [
        piece("", "", Value::Null),
        piece("{\"a\": \"x", "{\"a\": \"x", json!({})),
        piece("y\", \"b\": ", "{\"a\": \"xy\", \"b\": ", json!({"a": "xy"})),
        piece("[1", "{\"a\": \"xy\", \"b\": [1", json!({"a": "xy", "b": [1]})),
        piece(", 2]}", "{\"a\": \"xy\", \"b\": [1, 2]}", json!({"a": "xy", "b": [1, 2]})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn input_json_of_every_block_that_takes_it() {
    for kind in ["tool_use", "server_tool_use", "mcp_tool_use", "future_tool_use"] {
        let block = json!({"type": kind, "id": "i", "name": "f", "input": {}});
        let returned = last(&[begin(), start(0, block), input(0, "{\"a\": 1}")]);
        let snapshot = json!({"raw": "{\"a\": 1}", "partial": {"a": 1}});
        assert_eq!(
            returned,
            first("input_json", json!({"partial_json": "{\"a\": 1}", "snapshot": snapshot})),
            "{kind}"
        );
    }
}

#[test]
fn citation_and_its_snapshot() {
    let returned = updates(&[begin(), start(0, text_block("t")), citation(0, "1"), text(0, "u"), citation(0, "2")]);
    let expected = [
        first("citation", json!({"citation": cited("1"), "snapshot": [cited("1")]})),
        first("text", json!({"text": "u", "snapshot": "tu"})),
        first("citation", json!({"citation": cited("2"), "snapshot": [cited("1"), cited("2")]})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn a_citation_of_an_unknown_kind() {
    let unknown = json!({"type": "future_location", "where": [1]});
    let event = delta(0, json!({"type": "citations_delta", "citation": unknown}));
    let returned = last(&[begin(), start(0, text_block("t")), event]);
    assert_eq!(returned, first("citation", json!({"citation": unknown, "snapshot": [unknown]})));
}

#[test]
fn thinking_and_its_snapshot() {
    let returned =
        updates(&[begin(), start(0, thinking_block("a")), thinking(0, "b"), thinking(0, ""), thinking(0, "c")]);
    let expected = [
        first("thinking", json!({"thinking": "b", "snapshot": "ab"})),
        first("thinking", json!({"thinking": "", "snapshot": "ab"})),
        first("thinking", json!({"thinking": "c", "snapshot": "abc"})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn signature_is_returned_whole() {
    let returned = updates(&[begin(), start(0, thinking_block("x")), signature(0, "one"), signature(0, "two")]);
    let expected = [first("signature", json!({"signature": "one"})), first("signature", json!({"signature": "two"}))];
    assert_eq!(returned[2..], expected);
}

#[test]
fn compaction_and_its_content() {
    let returned = updates(&[
        begin(),
        start(0, compaction_block(Value::Null)),
        compaction(0, json!("short")),
        delta(0, json!({"type": "compaction_delta", "encrypted_content": "e"})),
        compaction(0, Value::Null),
    ]);
    let piece = |block: Value| first("compaction", json!({"compaction": block, "content_block": block}));
    let expected = [
        piece(compaction_block(json!("short"))),
        piece(json!({"type": "compaction", "content": "short", "encrypted_content": "e"})),
        piece(json!({"type": "compaction", "content": null, "encrypted_content": "e"})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn deltas_that_an_unknown_block_accepts() {
    let block = |text| json!({"type": "future_block", "text": text});
    let returned = last(&[begin(), start(0, block("a")), text(0, "b")]);
    assert_eq!(returned, first("unknown_block", json!({"content_block": block("ab")})));
}

#[test]
fn block_start_with_its_block() {
    for (block, text, thinking) in [
        (text_block(""), "", ""),
        (text_block("a"), "a", ""),
        (thinking_block("a"), "", "a"),
        (tool(json!({})), "", ""),
        (json!({"type": "future_block", "text": "a"}), "", ""),
    ] {
        let returned = last(&[begin(), start(0, block.clone())]);
        let members = json!({"text": text, "thinking": thinking, "content_block": block});
        assert_eq!(returned, first("block_start", members));
    }
}

#[test]
fn a_block_has_the_id_and_name_of_its_tool_and_shows_its_key_and_content() {
    let mut accumulator = Accumulator::new();
    accumulator.accumulate_json(begin().to_string().as_bytes()).unwrap();
    for (index, block, id, name) in [(0, tool(json!({})), Some("toolu_1"), Some("f")), (1, text_block("a"), None, None)]
    {
        let event = start(index, block).to_string();
        let Update::BlockStart { block, .. } = accumulator.accumulate_json(event.as_bytes()).unwrap() else {
            panic!("a start");
        };
        assert_eq!((block.tool_id().as_deref(), block.tool_name().as_deref()), (id, name));
        let shown = format!("{block:?}");
        assert_eq!(shown, format!("BlockRef {{ key: {:?}, content: {:?} }}", block.key(), block.content()));
    }
}

#[test]
fn block_stop_with_its_block() {
    for (block, delta, whole) in [
        (text_block("a"), text(0, "b"), text_block("ab")),
        (thinking_block("a"), thinking(0, "b"), thinking_block("ab")),
        (tool(json!({})), input(0, "{\"k\": 1}"), tool(json!({"k": 1}))),
        (compaction_block(Value::Null), compaction(0, json!("c")), compaction_block(json!("c"))),
        (json!({"type": "redacted_thinking", "data": "d"}), ping(), json!({"type": "redacted_thinking", "data": "d"})),
    ] {
        let returned = last(&[begin(), start(0, block), delta, stop(0)]);
        assert_eq!(returned, first("block_stop", json!({"content_block": whole})));
    }
}

#[test]
fn message_start_with_its_message() {
    let begun = json!({"id": "msg_1", "usage": {"output_tokens": 1}, "content": [text_block("a")]});
    let returned = last(&[message_start(begun.clone())]);
    assert_eq!(returned, json!({"update": "message_start", "message": message(begun)}));
}

#[test]
fn message_delta_with_stop_reason_and_usage_so_far() {
    let returned = last(&[
        message_start(json!({"usage": {"input_tokens": 1}})),
        message_delta(json!({"stop_reason": "end_turn"}), json!({"output_tokens": 5})),
    ]);
    let usage = json!({"input_tokens": 1, "output_tokens": 5});
    assert_eq!(returned, json!({"update": "message_delta", "stop_reason": "end_turn", "usage": usage}));
}

#[test]
fn message_stop_with_its_message() {
    let events = [begin(), start(0, text_block("a")), text(0, "b"), stop(0), end_turn(), end()];
    let whole = message(json!({"content": [text_block("ab")], "stop_reason": "end_turn"}));
    assert_eq!(last(&events), json!({"update": "message_stop", "message": whole}));
}

#[test]
fn error_and_ping() {
    let returned = updates(&[ping(), begin(), ping(), error()]);
    assert_eq!(returned[0], json!({"update": "ping"}));
    assert_eq!(returned[2..], [json!({"update": "ping"}), json!({"update": "error", "error": error()})]);
}

#[test]
fn done() {
    let mut accumulator = Accumulator::new();
    let done = StreamEvent::from_json(b"[DONE]").unwrap().unwrap();
    assert_eq!(describe(&accumulator.accumulate(done).unwrap()), json!({"update": "done"}));
    let mut stream = MessageDecoder::new();
    let Step::Update(item) = stream.decode(&mut &b"data: [DONE]\n\n"[..]).unwrap() else { panic!("an update") };
    assert_eq!((describe(&item.update), item.payload), (json!({"update": "done"}), &b"[DONE]"[..]));
}

#[test]
fn event_that_changes_nothing_is_unchanged() {
    let nothing = json!({"update": "nothing"});
    let unknown_delta = delta(0, json!({"type": "future_delta", "text": "x"}));
    let begun = [begin(), start(0, text_block("t"))];
    for late in [unknown_event(), unknown_delta, input(0, "{"), begin(), stop(1)] {
        assert_eq!(last(&[&begun[..], &[late]].concat()), nothing);
    }
    let ended = [&begun[..], &[stop(0), end_turn(), end()]].concat();
    for late in [text(0, "x"), start(1, text_block("x")), stop(0), end(), error(), begin()] {
        assert_eq!(last(&[&ended[..], &[late]].concat()), nothing);
    }
    for late in [text(0, "x"), end_turn(), end(), error()] {
        assert_eq!(last(&[&begun[..], &[error(), late]].concat()), nothing);
    }
}

// Which block

#[test]
fn the_position_of_a_block_is_that_in_the_present_content() {
    let returned = updates(&[
        begin(),
        start(5, text_block("")),
        text(5, "e"),
        start(3, text_block("")),
        text(5, "E"),
        text(3, "c"),
        start(4, text_block("")),
        text(4, "d"),
        stop(5),
    ]);
    let piece = |block, text, snapshot| at(block, "text", json!({"text": text, "snapshot": snapshot}));
    assert_eq!(returned[2], piece([5, 0, 0], "e", "e"));
    assert_eq!(returned[4], piece([5, 1, 0], "E", "eE"));
    assert_eq!(returned[5], piece([3, 0, 0], "c", "c"));
    assert_eq!(returned[7], piece([4, 1, 0], "d", "d"));
    assert_eq!(returned[8], at([5, 2, 0], "block_stop", json!({"content_block": text_block("eE")})));
}

#[test]
fn the_key_distinguishes_blocks_of_one_index() {
    let returned = updates(&[
        message_start(json!({"content": [text_block("i")]})),
        start(0, text_block("a")),
        start(0, tool(json!({}))),
        text(0, "A"),
        input(0, "[]"),
        stop(0),
        stop(0),
        stop(0),
    ]);
    let expected = [
        at([0, 1, 1], "block_start", json!({"text": "a", "thinking": "", "content_block": text_block("a")})),
        at([0, 2, 2], "block_start", json!({"text": "", "thinking": "", "content_block": tool(json!({}))})),
        at([0, 1, 1], "text", json!({"text": "A", "snapshot": "aA"})),
        at([0, 2, 2], "input_json", json!({"partial_json": "[]", "snapshot": {"raw": "[]", "partial": []}})),
        at([0, 2, 2], "block_stop", json!({"content_block": tool(json!([]))})),
        at([0, 1, 1], "block_stop", json!({"content_block": text_block("aA")})),
        at([0, 0, 0], "block_stop", json!({"content_block": text_block("i")})),
    ];
    assert_eq!(returned[1..], expected);
}

#[test]
fn every_update_is_by_the_index_of_its_block() {
    // The block precedes others, so its index, its position and the last block all differ.
    let others = [start(7, thinking_block("other")), start(9, text_block("other"))];
    for (block, delta) in [
        (text_block(""), text(4, "a")),
        (text_block(""), citation(4, "a")),
        (thinking_block(""), thinking(4, "a")),
        (thinking_block(""), signature(4, "a")),
        (tool(json!({})), input(4, "{}")),
        (compaction_block(Value::Null), compaction(4, json!("a"))),
        (json!({"type": "future_block", "text": ""}), text(4, "a")),
    ] {
        let initial = message_start(json!({"content": [text_block("initial")]}));
        let events = [&[initial, start(4, block)], &others[..], &[delta, stop(4)]].concat();
        for update in &updates(&events)[4..] {
            assert_eq!(update["block"], json!({"index": 4, "position": 1, "generation": 0}), "{update}");
        }
    }
}

#[test]
fn the_highest_index() {
    let returned = last(&[begin(), start(u64::MAX, text_block("")), text(u64::MAX, "a")]);
    assert_eq!(returned, at([u64::MAX, 0, 0], "text", json!({"text": "a", "snapshot": "a"})));
}

/// "Each piece replaces the changes of the piece before": a caller that asks after each update of the block gets each
/// change once, also if a piece is empty, was lost, or ends in half a character.
#[test]
fn each_change_of_partial_input_is_returned_once() {
    let piece = |json: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":"{json}"}}}}"#
        )
    };
    let tool = start(0, tool(json!({}))).to_string();
    let [begin, stop] = [begin(), stop(0)].map(|event| event.to_string());
    let lost = r#"{"type":"content_block_delta","index":0,"delta":{"#.to_owned();
    let [par, is, half] = [r#"{\"city\":\"Par"#, r#"is\"}"#, r#"i\ud83d"#].map(piece);
    let [empty, blank] = ["", " "].map(piece);
    for (payloads, expected) in [
        (vec![&tool, &empty, &par, &empty, &empty, &is, &empty, &stop], json!({"city": "Paris"})),
        (vec![&tool, &par, &lost, &is, &empty, &blank, &stop], json!({"city": "Par"})),
        (vec![&tool, &par, &half, &empty, &stop], json!({"city": "Pari\u{FFFD}"})),
        (vec![&tool, &par, &is, &stop, &blank], json!({"city": "Paris"})),
        (vec![&par, &tool, &is, &stop], json!({"city": "Paris"})),
        (vec![&par, &empty, &tool, &empty, &stop], json!({"city": "Par"})),
        (vec![&par, &lost, &is, &tool, &empty, &stop], json!({"city": "Par"})),
    ] {
        let mut accumulator = Accumulator::new().with_partial_changes(PartialStrings::Show);
        let mut mirror = Mirror::default();
        for payload in std::iter::once(&begin).chain(payloads.iter().copied()) {
            let input = match accumulator.accumulate_json(payload.as_bytes()).unwrap() {
                Update::BlockStart { block, .. } | Update::BlockStop { block, .. } => block.content().tool_input(),
                Update::ToolInput { input, .. } => Some(input),
                _ => None,
            };
            input.into_iter().flat_map(ToolInput::partial_changes).for_each(|change| mirror.apply(change));
        }
        assert_eq!(mirror.value(), Some(&expected), "{payloads:?}");
        assert_eq!(accumulator.tool_input(0).unwrap().partial(), Some(&expected), "{payloads:?}");
    }
}

/// Regression: in a block that has other strings, the changes of a piece of input came again with each further update.
#[test]
fn changes_of_a_piece_come_once_in_a_block_with_other_strings() {
    let delta = |kind: &str, member: &str, text: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{kind}","{member}":"{text}"}}}}"#)
    };
    let text = |text| delta("text_delta", "text", text);
    let piece = |piece| delta("input_json_delta", "partial_json", piece);
    let with_citation =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"z","citation":{}}}"#;
    let block = json!({"type": "future", "text": "", "citations": [], "input": {}});
    let [begin, start, stop] = [begin(), start(0, block), stop(0)].map(|event| event.to_string());
    let mut accumulator = Accumulator::new().with_partial_changes(PartialStrings::Show);
    let mut counts = Vec::new();
    for payload in [
        begin,
        start,
        piece(r#"{\"a\":1,"#),
        text("x"),
        text(r"y\ud83d"),
        stop,
        // A half of the input ends where a text begins: its change comes with that.
        piece(r#"\"b\":\"\ud83d"#),
        text("x"),
        text("y"),
        piece(r"c\ud83d"),
        with_citation.to_owned(),
    ] {
        accumulator.accumulate_json(payload.as_bytes()).unwrap();
        counts.push(accumulator.tool_input(0).map_or(0, |input| input.partial_changes().count()));
    }
    assert_eq!(counts[..6], [0, 0, 3, 0, 0, 0]);
    assert!(counts[6] > 0 && counts[7] > 0 && counts[8] == 0 && counts[9] > 0 && counts[10] > 0, "{counts:?}");
}

// Interleaved blocks

#[test]
fn interleaved_blocks_are_not_mixed_up() {
    let returned = updates(&[
        begin(),
        start(0, text_block("")),
        start(1, tool(json!({}))),
        start(2, text_block("")),
        start(3, thinking_block("")),
        start(4, tool(json!({}))),
        text(2, "c"),
        input(4, "{\"e\""),
        text(0, "a"),
        thinking(3, "d"),
        input(1, "{\"b\""),
        text(2, "C"),
        text(0, "A"),
        input(4, ": 5}"),
        citation(0, "cited"),
        input(1, ": 2}"),
        signature(3, "s"),
        stop(4),
        text(0, "!"),
        stop(1),
        stop(0),
        stop(3),
        stop(2),
    ]);
    let text = |index, text, snapshot| at([index, index, 0], "text", json!({"text": text, "snapshot": snapshot}));
    let json = |index, piece, raw: &str, partial: Value| {
        let snapshot = json!({"raw": raw, "partial": partial});
        at([index, index, 0], "input_json", json!({"partial_json": piece, "snapshot": snapshot}))
    };
    let stopped = |index, block: Value| at([index, index, 0], "block_stop", json!({"content_block": block}));
    let expected = [
        text(2, "c", "c"),
        json(4, "{\"e\"", "{\"e\"", json!({})),
        text(0, "a", "a"),
        at([3, 3, 0], "thinking", json!({"thinking": "d", "snapshot": "d"})),
        json(1, "{\"b\"", "{\"b\"", json!({})),
        text(2, "C", "cC"),
        text(0, "A", "aA"),
        json(4, ": 5}", "{\"e\": 5}", json!({"e": 5})),
        at([0, 0, 0], "citation", json!({"citation": cited("cited"), "snapshot": [cited("cited")]})),
        json(1, ": 2}", "{\"b\": 2}", json!({"b": 2})),
        at([3, 3, 0], "signature", json!({"signature": "s"})),
        stopped(4, tool(json!({"e": 5}))),
        text(0, "!", "aA!"),
        stopped(1, tool(json!({"b": 2}))),
        stopped(0, json!({"type": "text", "text": "aA!", "citations": [cited("cited")]})),
        stopped(3, json!({"type": "thinking", "thinking": "d", "signature": "s"})),
        stopped(2, text_block("cC")),
    ];
    assert_eq!(returned[6..], expected);
}

// Protocol violations

#[test]
fn an_early_delta_and_its_start_name_the_same_block() {
    let returned = updates(&[begin(), text(2, "early"), start(2, text_block("start ")), text(2, " later"), stop(2)]);
    let expected = [
        at([2, 0, 0], "text", json!({"text": "early", "snapshot": "early"})),
        at(
            [2, 0, 0],
            "block_start",
            json!({
                "text": "start ", "thinking": "", "content_block": text_block("start early"),
            }),
        ),
        at([2, 0, 0], "text", json!({"text": " later", "snapshot": "start early later"})),
        at([2, 0, 0], "block_stop", json!({"content_block": text_block("start early later")})),
    ];
    assert_eq!(returned[1..], expected);
}

#[test]
fn a_mismatched_delta_names_the_block_that_it_opens() {
    let returned =
        updates(&[begin(), start(0, tool(json!({}))), text(0, "a"), thinking(0, "b"), compaction(0, json!("c"))]);
    let compacted = compaction_block(json!("c"));
    let expected = [
        at([0, 1, 1], "text", json!({"text": "a", "snapshot": "a"})),
        at([0, 2, 2], "thinking", json!({"thinking": "b", "snapshot": "b"})),
        at([0, 3, 3], "compaction", json!({"compaction": compacted, "content_block": compacted})),
    ];
    assert_eq!(returned[2..], expected);
}

#[test]
fn input_that_waited_is_in_the_snapshot_once_its_block_has_come() {
    let returned = updates(&[begin(), input(0, "{\"a\": "), start(0, tool(json!({}))), input(0, "1}")]);
    assert_eq!(returned[1], json!({"update": "nothing"}));
    assert_eq!(returned[2]["update"], "block_start");
    let snapshot = json!({"raw": "{\"a\": 1}", "partial": {"a": 1}});
    assert_eq!(returned[3], first("input_json", json!({"partial_json": "1}", "snapshot": snapshot})));
}

#[test]
fn a_delta_after_the_stop_of_its_block_names_it() {
    let returned = last(&[begin(), start(0, text_block("a")), stop(0), text(0, "b")]);
    assert_eq!(returned, first("text", json!({"text": "b", "snapshot": "ab"})));
}

// Pieces

/// The pieces of text and of thinking of each event.
fn pieces(events: &[Value]) -> Vec<[Vec<String>; 2]> {
    let mut accumulator = Accumulator::new();
    let mut pieces = Vec::new();
    for event in events {
        let json = event.to_string();
        let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
        let update = accumulator.accumulate(event).unwrap();
        let owned = |pieces: Vec<&str>| pieces.into_iter().map(str::to_owned).collect();
        pieces.push([owned(update.text_deltas().collect()), owned(update.thinking_deltas().collect())]);
    }
    pieces
}

fn of_text<const N: usize>(texts: [&str; N]) -> [Vec<String>; 2] {
    [texts.map(str::to_owned).to_vec(), vec![]]
}

fn of_thinking<const N: usize>(thoughts: [&str; N]) -> [Vec<String>; 2] {
    [vec![], thoughts.map(str::to_owned).to_vec()]
}

#[test]
fn the_start_of_a_block_brings_its_initial_piece() {
    let returned = pieces(&[
        begin(),
        start(0, text_block("a")),
        start(1, thinking_block("b")),
        start(2, text_block("")),
        start(3, thinking_block("")),
        start(4, tool(json!({"text": "no text"}))),
        start(5, json!({"type": "future_block", "text": "no text", "thinking": "no thinking"})),
    ]);
    let nothing = of_text([]);
    let expected = [
        nothing.clone(),
        of_text(["a"]),
        of_thinking(["b"]),
        nothing.clone(),
        nothing.clone(),
        nothing.clone(),
        nothing,
    ];
    assert_eq!(returned, expected);
}

#[test]
fn each_delta_brings_its_piece_and_other_events_none() {
    let returned = pieces(&[
        begin(),
        start(0, text_block("")),
        text(0, "a"),
        text(0, ""),
        citation(0, "c"),
        stop(0),
        start(1, thinking_block("")),
        thinking(1, "b"),
        signature(1, "s"),
        stop(1),
        end_turn(),
        end(),
    ]);
    for (place, returned) in returned.into_iter().enumerate() {
        let expected = match place {
            2 => of_text(["a"]),
            7 => of_thinking(["b"]),
            _ => of_text([]),
        };
        assert_eq!(returned, expected, "{place}");
    }
}

#[test]
fn message_start_brings_the_pieces_of_its_blocks() {
    let content = [text_block("a"), thinking_block("b"), text_block(""), text_block("c"), tool(json!({}))];
    let returned = pieces(&[message_start(json!({"content": content})), text(3, "C")]);
    let [text, thinking] = &returned[0];
    assert_eq!((text.concat(), thinking.concat()), ("ac".to_owned(), "b".to_owned()));
    assert_eq!((text.len(), thinking.len()), (2, 1));
    assert_eq!(returned[1], of_text(["C"]));
}

/// Updates before the start were returned before it.
#[test]
fn message_start_brings_only_the_blocks_of_its_own() {
    let mut accumulator = Accumulator::new();
    update(&mut accumulator, &text(0, "early"));
    let json = message_start(json!({"content": [text_block("a"), thinking_block("b")]})).to_string();
    let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
    let update = accumulator.accumulate(event).unwrap();
    let initial: Vec<_> = update.start_blocks().iter().map(|block| serde_json::to_value(block).unwrap()).collect();
    assert_eq!(initial, [text_block("a"), thinking_block("b")]);
    assert_eq!(update.text_deltas().collect::<Vec<_>>(), ["a"]);
    assert_eq!(update.thinking_deltas().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn only_message_start_brings_start_blocks() {
    let mut run = run(&[message_start(json!({"content": [text_block("a")]}))]);
    for event in [start(1, text_block("b")), text(1, "c"), stop(1), end_turn(), end()] {
        let json = event.to_string();
        let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
        assert_eq!(run.accumulator.accumulate(event).unwrap().start_blocks().len(), 0);
    }
}

// Convenience functions

#[test]
fn the_final_text_is_that_of_all_text_blocks_with_nothing_between() {
    let run = run(&[
        message_start(json!({"content": [text_block("a"), thinking_block("no")]})),
        start(4, text_block("d")),
        start(2, text_block("b")),
        start(3, json!({"type": "future_block", "text": "no"})),
        text(2, "c"),
        text(4, "e"),
        start(5, tool(json!({"text": "no"}))),
        start(6, text_block("")),
    ]);
    assert_eq!(run.accumulator.snapshot().text(), "abcde");
    let run = run.then(&[stop(2), stop(4), text(6, "f"), end_turn(), end()]);
    assert_eq!(run.end().unwrap().text(), "abcdef");
    assert_eq!(Message::default().text(), "");
}

#[test]
fn the_snapshot_is_current_after_each_event() {
    let mut run = run(&[]);
    for (event, so_far) in [
        (begin(), json!({})),
        (start(0, text_block("a")), json!({"content": [text_block("a")]})),
        (text(0, "b"), json!({"content": [text_block("ab")]})),
        (stop(0), json!({"content": [text_block("ab")]})),
        (end_turn(), json!({"content": [text_block("ab")], "stop_reason": "end_turn"})),
        (end(), json!({"content": [text_block("ab")], "stop_reason": "end_turn"})),
    ] {
        run = run.then(&[event]);
        assert_eq!(run.message(), message(so_far));
    }
}

#[test]
fn the_block_of_an_update_is_the_one_in_the_message() {
    let mut accumulator = run(&[begin(), start(1, text_block("b")), start(0, text_block("a"))]).accumulator;
    let json = text(1, "!").to_string();
    let event = StreamEvent::from_json(json.as_bytes()).unwrap().unwrap();
    let Update::Text { block, .. } = accumulator.accumulate(event).unwrap() else { panic!("a piece of text") };
    let (position, content): (usize, ContentBlock) = (block.position(), block.content().clone());
    assert_eq!(accumulator.snapshot().content().get(position), Some(&content));
}

/// Regression: `next_update` returned the call of an earlier event after an event that was lost or blank.
#[test]
fn an_event_that_is_not_merged_discards_the_updates_of_the_event_before() {
    let call = [begin(), start(0, tool(json!({}))), input(0, "{}"), stop(0)];
    let lost: [fn(&mut Accumulator); 3] = [
        |message| assert!(matches!(message.accumulate_json(b"{"), Ok(Update::Lost(_)))),
        |message| assert!(matches!(message.accumulate_json(b" "), Ok(Update::Unchanged))),
        |message| message.record_oversized_event(ssewire::DecodeError::LimitExceeded { limit: 1 }),
    ];
    for lose in lost {
        let mut message = run(&call).accumulator;
        let mut returned = message.clone();
        assert!(matches!(returned.next_update(), Some(Update::ToolCall(_))));
        lose(&mut message);
        assert!(message.next_update().is_none());
    }
}

/// Regression: that of an initial block was not there before an event had named its index.
#[test]
fn the_input_of_a_call_is_there_once_its_block_has_started() {
    let initial = message_start(json!({"content": [text_block(""), tool(json!({"a": 1}))]}));
    let message = run(&[initial, start(2, tool(json!({})))]).accumulator;
    let inputs = [0, 1, 2, 3].map(|index| message.tool_input(index).is_some());
    assert_eq!(inputs, [false, true, true, false]);
}
