//! Strategies for bodies as defective servers and gateways send them: events out of order, lost or damaged, several
//! messages in one body, other data between the events, and a body that ends anywhere.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::messages::{any_spelling, any_streamed, encode};

/// Any body: a valid message that was damaged, or events in random order.
pub fn any_body() -> BoxedStrategy<Vec<u8>> {
    let blocks = prop_oneof![
        3 => vec(block(), 0..24),
        2 => (damaged_message(), damaged_message()).prop_map(|(first, second)| [first, second].concat()),
        3 => damaged_message(),
        3 => message_of_calls(),
    ];
    let end = prop_oneof![3 => Just(None), 1 => any::<Index>().prop_map(Some)];
    let last = select(vec!["\n", "", "\n\n", "\r"]);
    (blocks, end, last)
        .prop_map(|(blocks, end, last)| {
            let mut body = blocks.concat();
            match end {
                None => {}
                // The end of the last event is missing, or the input ended anywhere.
                Some(end) if end.index(2) == 0 => body.truncate(body.trim_ascii_end().len()),
                Some(end) => body.truncate(end.index(body.len() + 1)),
            }
            [body, last.into()].concat()
        })
        // The types of these strategies are too large for the stack of a test.
        .boxed()
}

/// The blocks of a valid message in which events are missing, repeated, exchanged or added.
fn damaged_message() -> BoxedStrategy<Vec<Vec<u8>>> {
    let damage = (0..5u8, any::<Index>(), any::<Index>(), block());
    (any_streamed().boxed(), vec(any::<Index>(), 1..20), vec(any_spelling(), 1..4), vec(damage, 0..5), 0..3usize)
        .prop_map(|(streamed, dice, spellings, damages, initial)| {
            let events = streamed.events(initial, &dice);
            let mut blocks: Vec<_> =
                events.iter().map(|event| encode(std::slice::from_ref(event), &spellings)).collect();
            for (kind, at, other, added) in damages {
                let (at, other) = (at.index(blocks.len()), other.index(blocks.len()));
                match kind {
                    0 if blocks.len() > 1 => drop(blocks.remove(at)),
                    1 => blocks.insert(at, blocks[other].clone()),
                    2 => blocks.swap(at, other),
                    3 => {
                        let length = other % (blocks[at].len() + 1);
                        let cut = blocks[at][..length].trim_ascii_end().to_vec();
                        blocks[at] = [cut, b"\n\n".to_vec()].concat();
                    }
                    _ => blocks.insert(at, added),
                }
            }
            blocks
        })
        .boxed()
}

/// A message of tool calls with few deltas: its initial blocks, the order and the stop reasons decide which of the
/// calls are complete. It may begin with other events, and have no `message_stop`.
fn message_of_calls() -> BoxedStrategy<Vec<Vec<u8>>> {
    let tool = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
    let text = json!({"type": "text"});
    let contents =
        [vec![], vec![&tool], vec![&text, &tool], vec![&tool, &text], vec![&tool, &tool], vec![&text, &text]];
    let contents = contents.map(|blocks| json!({"type": "message_start", "message": {"content": blocks}})).to_vec();
    let reasons = ["max_tokens", "max_tokens", "tool_use", "refusal"];
    let reason =
        select(reasons.map(|reason| json!({"type": "message_delta", "delta": {"stop_reason": reason}})).to_vec());
    let start = |index: u64| json!({"type": "content_block_start", "index": index, "content_block": tool});
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let input = |index: u64, json: &str| {
        let delta = json!({"type": "input_json_delta", "partial_json": json});
        json!({"type": "content_block_delta", "index": index, "delta": delta})
    };
    let events: Vec<_> = (0..3)
        .flat_map(|index| [start(index), stop(index), stop(index)])
        .chain((0..2).flat_map(|index| ["", " ", "1", "{}"].map(|json| input(index, json))))
        .collect();
    let early = select(vec![vec![], vec![start(0), stop(0)], vec![start(1), stop(1)]]);
    let events = || vec(prop_oneof![2 => select(events.clone()), 1 => reason.clone()], 0..4).boxed();
    let end = prop_oneof![Just(None), Just(Some(json!({"type": "message_stop"})))];
    (prop_oneof![3 => early, 1 => events()], select(contents), events(), reason.clone(), end, any_spelling())
        .prop_map(|(early, start, events, reason, end, spelling)| {
            let events = early.into_iter().chain([start]).chain(events).chain([reason]).chain(end);
            events.map(|event| encode(&[event], &[spelling])).collect()
        })
        .boxed()
}

/// A delta with one or two further members as text, so that a member may occur twice.
fn delta_with_further_members() -> BoxedStrategy<Vec<u8>> {
    let names = select(vec!["text", "thinking", "signature", "citation"]);
    let values = select(vec!["5", "null", "\"x\"", "\"\"", "{\"type\":\"c\"}", "[]"]);
    let deltas: Vec<_> = deltas().into_iter().filter(Value::is_object).collect();
    (0..3u64, select(deltas), vec((names, values), 1..3))
        .prop_map(|(index, delta, further)| {
            let delta = delta.to_string();
            let members = delta.strip_suffix('}').expect("an object");
            let further: String = further.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
            let event =
                format!("{{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{members}{further}}}}}");
            format!("data: {event}\n\n").into_bytes()
        })
        .boxed()
}

/// One block of an event stream, or other text up to a blank line.
fn block() -> BoxedStrategy<Vec<u8>> {
    let odd = select(vec![
        ": a comment\n\n",
        "\n",
        "data: [DONE]\n\n",
        "event: ping\ndata: \"\"\n\n",
        "event: ping\ndata:\n\n",
        "data:  \n\n",
        "data: []\n\n",
        "data: : PROCESSING\n\n",
        "data: {\"not\n\n",
        "data: {}\n\n",
        "event: error\ndata:\n\n",
        "event: error\n\n",
        "event: error\ndata: upstream connect error\n\n",
        "event: error\ndata:  connect error \t\n\n",
        "error:  {\"code\"\n\n",
        "error: \"\"\n\n",
        "event: future\n\n",
        "event: error\ndata: {\"type\":\"overloaded_error\",\"message\":\"busy\"}\n\n",
        "event: error\ndata: {\"type\":\"ping\"}\n\n",
        "data: {\"error\":{\"message\":\"boom\"}}\n\n",
        "data: {\"error\":null}\n\n",
        "data: {\"type\":\"ping\",\"error\":{\"message\":\"no error\"}}\n\n",
        "data: {\"object\":\"error\",\"object\":\"x\",\"type\":\"ping\"}\n\n",
        "data: {\"detail\":\"boom\"}\n\n",
        "error: {\"code\":400,\"message\":\"context size\"}\n\n",
        "error: {\"type\":\"ping\"}\ndata: {\"type\":\"ping\"}\n\n",
        "error: {\"type\":\"ping\"}\nerror: boom\n\n",
        "error: [DONE]\nevent: message_stop\ndata: {}\nerror: boom\n\n",
        "error: {\"type\":\"content_block_delta\"}\nerror: {\"type\":\"ping\"}\n\n",
        "event: chunk\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\n\n",
        "event: ping\ndata: {\"type\":\"content_block_delta\",\"index\":1\n\n",
        "event: future\ndata: {\"type\":\"content_block_start\"\n\n",
        "event: ping\ndata: {\"type\":\"message_delta\",\"delta\n\n",
        "event: content_block_delta\ndata: {\"type\":\"message_delta\",\"index\":0,\n\n",
        "data: {\"type\":\"ping\",\"index\":0,\n\n",
        "event: future\ndata: {\"type\":\"error\",\n\n",
        "event: future\ndata: {\"type\":\"\",\n\n",
        "error: stopped\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "event: message_stop\ndata: {}\n\n",
        "event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"max_tokens\"}}\n\n",
        "event: message_delta\ndata: nothing\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":7}\n\n",
        "event: content_block_start\ndata: nothing\n\n",
        "event: content_block_delta\ndata: nothing\n\n",
        "event: content_block_delta\ndata: {\"index\":1}\n\n",
        "event: content_block_stop\ndata: {}\n\n",
        "event: message_start\ndata: {\"message\":[]}\n\n",
        "event: future\ndata: nothing\n\n",
        "event: future\ndata: {\"a\":1}\n\n",
        "event: future\ndata: {\"type\":\"content_block_stop\",\"index\":\"1\"}\n\n",
        "data: {\"id\":\"chatcmpl\",\"object\":\"chat.completion.chunk\"}\n\n",
        "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bare\"}}\n\n",
        "{\"detail\":\"bare\"}\n\n",
        "[{\"error\":{\"code\":503}}]\n\n",
        "{\"type\":\"message\",\"content\":[],\"error\":\"bare\"}\n\n",
        "<html>\n\n",
        "id: 7\nretry: 10\n\n",
    ]);
    prop_oneof![
        5 => (event(), vec(any_spelling(), 1)).prop_map(|(event, spellings)| encode(&[event], &spellings)),
        1 => odd.prop_map(|text| text.as_bytes().to_vec()),
        1 => select(vec![&b"\x80\n\n"[..], b"\x1f\x8b\n\n"]).prop_map(<[u8]>::to_vec),
        1 => (event(), select(NAMES.to_vec()))
            .prop_map(|(event, name)| format!("event: {name}\ndata: {event}\n\n").into_bytes()),
        2 => delta_with_further_members(),
    ]
    .boxed()
}

const NAMES: [&str; 5] = ["ping", "error", "content_block_delta", "future", "message"];

/// Any event. Few indices, so that blocks, deltas and stops often meet.
fn event() -> BoxedStrategy<Value> {
    let index =
        prop_oneof![8 => (0..3u64).prop_map(Value::from), 1 => select(vec![json!(-1), json!(1.5), json!(null)])];
    let on = |kind: &'static str, name: &'static str, part: Vec<Value>| {
        (index.clone(), select(part)).prop_map(move |(index, part)| {
            let mut event = json!({"type": kind, "index": index});
            event[name] = part;
            event
        })
    };
    prop_oneof![
        5 => on("content_block_start", "content_block", starts()),
        9 => on("content_block_delta", "delta", deltas()),
        4 => index.clone().prop_map(|index| json!({"type": "content_block_stop", "index": index})),
        5 => select(others()),
    ]
    .boxed()
}

fn starts() -> Vec<Value> {
    vec![
        json!({"type": "text", "text": ""}),
        json!({"type": "text", "text": "initial ", "citations": [{"type": "char_location"}]}),
        json!({"type": "text", "citations": null}),
        json!({"type": "text", "text": 7}),
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        json!({"type": "thinking", "thinking": "first "}),
        json!({"type": "tool_use", "id": "t", "name": "f", "input": {}}),
        json!({"type": "tool_use", "id": "u", "name": "g", "input": {"start": true}}),
        json!({"type": "server_tool_use", "id": "s", "name": "web_search"}),
        json!({"type": "mcp_tool_use", "id": "m", "name": "h", "input": null, "server_name": "x"}),
        json!({"type": "compaction", "content": null}),
        json!({"type": "compaction", "content": "start", "encrypted_content": "e"}),
        json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}),
        json!({"type": "fallback", "from": {"model": "a"}, "to": {"model": "c"}}),
        json!({"type": "future", "text": "t", "thinking": null, "input": {}}),
        json!({"type": "future"}),
        json!({"text": "no type"}),
        json!("no object"),
    ]
}

fn deltas() -> Vec<Value> {
    let text = |text: &str| json!({"type": "text_delta", "text": text});
    let input = |json: &str| json!({"type": "input_json_delta", "partial_json": json});
    vec![
        text(""),
        text("one "),
        text("two "),
        text("drei\u{e9}"),
        json!({"type": "text_delta", "text": null}),
        json!({"type": "text_delta", "text": "cited", "citation": {"type": "page_location"}}),
        json!({"type": "text_delta"}),
        input(""),
        input("{"),
        input("{\"a\":"),
        input("1}"),
        input("{\"a\": [1, \"x"),
        input("{\"a\":1}"),
        input("}"),
        input(" "),
        input("\u{c}"),
        input("7"),
        json!({"type": "thinking_delta", "thinking": "hm "}),
        json!({"type": "thinking_delta", "thinking": "so ", "signature": "own", "estimated_tokens": 5}),
        json!({"type": "thinking_delta", "thinking": 5}),
        json!({"type": "signature_delta", "signature": "sig"}),
        json!({"type": "signature_delta", "signature": "sig2", "thinking": "late "}),
        json!({"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "c"}}),
        json!({"type": "citations_delta", "citation": {"type": "char_location"}, "text": "extra"}),
        json!({"type": "citations_delta", "citation": []}),
        json!({"type": "compaction_delta", "content": "summary"}),
        json!({"type": "compaction_delta", "content": null, "encrypted_content": "x"}),
        json!({"type": "compaction_delta", "content": 7}),
        json!({"type": "future_delta", "text": "no"}),
        json!({"text": "no type"}),
        json!(null),
    ]
}

fn others() -> Vec<Value> {
    let start = |message: Value| json!({"type": "message_start", "message": message});
    let delta = |delta: Value| json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": "7"}});
    let stop = json!({"type": "message_stop"});
    vec![
        start(json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
            "usage": {"input_tokens": 3, "output_tokens": 1}})),
        start(json!({"id": "msg_2", "content": [{"type": "text", "text": "begun "}], "usage": null})),
        start(json!({"id": "msg_1", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}},
            {"type": "thinking", "thinking": "at first "}], "stop_reason": "end_turn"})),
        start(json!({"id": "msg_3", "content": [{"type": "future", "text": ""}]})),
        start(json!({"content": null})),
        start(json!({"id": 7, "content": 7})),
        delta(json!({"stop_reason": "end_turn"})),
        delta(json!({"stop_reason": "max_tokens", "stop_sequence": null})),
        delta(json!({"stop_reason": 5})),
        delta(json!({"stop_reason": "tool_use", "container": {"id": "c"}, "odd": [1], "model": "no"})),
        json!({"type": "message_delta", "delta": {"stop_reason": null}, "context_management": {"applied_edits": []}}),
        json!({"type": "message_delta", "usage": {"output_tokens": 9, "cache_creation": {"a": 1}, "input_tokens": null}}),
        stop.clone(),
        stop,
        json!({"type": "ping"}),
        json!({"type": "future_event", "index": 0, "delta": {"type": "text_delta", "text": "no"}}),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ]
}
