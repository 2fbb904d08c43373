//! Streams that are hostile to the message layer.

use super::{CHUNK, fill, repeat};
use crate::drive;
use crate::family::{Errors, Family, Input, Outcome, Room};

pub(super) const FAMILIES: &[Family] = &[
    // Defects of the first edition.
    new("f1-one-chunk", "F1: white space, `{`, comments in one chunk", body_in_one_chunk, drive::message),
    new("f1-chunks", "F1: the same in 16 KiB chunks", |n| body(n, CHUNK), drive::message),
    new("f1-1b", "F1: the same in one-byte chunks", |n| body(n, 1), drive::message),
    new("f1b", "F1b: one unknown event in one chunk", unknown_event, drive::message).held(Room::bytes(1024.0)),
    new(
        "f2",
        "F2: long key, input_json_delta of 2 bytes",
        |n| tool_input(40, "", n),
        drive::message_with_partial_input,
    )
    .control("f2-control", 2.0),
    new("f2-escape", "F2: an escape in the key", |n| tool_input(40, r"\n", n), drive::message_with_partial_input)
        .control("f2-control", 2.0),
    new("f2-control", "F2: the same with 10 members", |n| tool_input(10, "", n), drive::message_with_partial_input),
    new("f2-changes", "F2: with the changes", |n| tool_input(40, "", n), drive::message_with_partial_changes)
        .control("f2-changes-control", 2.0),
    new(
        "f2-changes-control",
        "F2: the same with 10 members",
        |n| tool_input(10, "", n),
        drive::message_with_partial_changes,
    ),
    new("f3", "F3: many blocks, many message_stop, strict", stops_in_strict_mode, drive::accumulate_strict),
    new("f3-lenient", "F3: the same, lenient", stops_in_strict_mode, drive::message_of_many_blocks),
    new("f3-closed", "F3: one open block after many closed ones", stops_after_closed_blocks, drive::accumulate_strict),
    new("f6-start", "F6: small objects in message_start", |n| f6(Place::Start, Text::Plain, n), drive::message),
    new("f6-start-surrogate", "F6: and a lone surrogate", |n| f6(Place::Start, Text::LoneSurrogate, n), drive::message),
    new("f6-start-ill-formed", "F6: and ill-formed UTF-8", |n| f6(Place::Start, Text::IllFormed, n), drive::message),
    new("f6-delta", "F6: in message_delta", |n| f6(Place::Delta, Text::Plain, n), drive::message),
    new("f6-delta-surrogate", "F6: and a lone surrogate", |n| f6(Place::Delta, Text::LoneSurrogate, n), drive::message),
    new("f6-delta-ill-formed", "F6: and ill-formed UTF-8", |n| f6(Place::Delta, Text::IllFormed, n), drive::message),
    new("f6-block", "F6: in a block start", |n| f6(Place::Block, Text::Plain, n), drive::message),
    new("f6-block-surrogate", "F6: and a lone surrogate", |n| f6(Place::Block, Text::LoneSurrogate, n), drive::message),
    new("f6-block-ill-formed", "F6: and ill-formed UTF-8", |n| f6(Place::Block, Text::IllFormed, n), drive::message),
    new("f6-input", "F6: in a tool's input", |n| f6(Place::Input, Text::Plain, n), drive::message),
    new("f6-input-surrogate", "F6: and a lone surrogate", |n| f6(Place::Input, Text::LoneSurrogate, n), drive::message),
    new("f6-input-ill-formed", "F6: and ill-formed UTF-8", |n| f6(Place::Input, Text::IllFormed, n), drive::message),
    new("f6-error", "F6: in an error", |n| f6(Place::Error, Text::Plain, n), drive::message),
    new("f6-error-surrogate", "F6: and a lone surrogate", |n| f6(Place::Error, Text::LoneSurrogate, n), drive::message),
    new("f6-error-ill-formed", "F6: and ill-formed UTF-8", |n| f6(Place::Error, Text::IllFormed, n), drive::message),
    new(
        "f7-limit-100",
        "F7: members of message_delta, limit 100",
        |n| members_of_delta(n).with_limit(100),
        drive::message,
    )
    .errors(Errors::AtLeastOne)
    .held(Room::per_limit(4.0, 8192.0)),
    new("f7", "F7: members of message_delta at the limit", |n| members_of_delta(n).with_limit(n / 14), drive::message)
        .errors(Errors::AtLeastOne)
        .held(Room::per_limit(4.0, 8192.0)),
    new("f11-usage", "F11: unknown members in usage, then deltas", |n| unknown_members("usage", n), drive::message),
    new("f11-message", "F11: unknown members in the message", |n| unknown_members("unknown", n), drive::message),
    new("f11-stop-reason", "F11: stop reasons of two types", stop_reasons, drive::message),
    new("long-name", "small members of usage beside one with a long name", long_name, drive::message),
    // Others.
    new("text-1b", "text deltas in one-byte chunks", |n| blocks_and_deltas(1, n, 1), drive::message),
    new("interleaved", "deltas of 100 blocks in turn", |n| blocks_and_deltas(100, n, CHUNK), drive::message),
    new(
        "interleaved-many",
        "deltas of many blocks in turn",
        |n| blocks_and_deltas(n / 256, n, CHUNK),
        drive::message_of_many_blocks,
    ),
    new("blocks-backwards", "block starts with falling indices", blocks_backwards, drive::message_of_many_blocks),
    new("same-index", "one block started again and again", same_index, drive::message_of_many_blocks),
    new("orphans", "deltas of blocks that never start", orphans, drive::message_of_many_blocks),
    new("blank-input", "stop reasons after a call with blank input", blank_input, drive::message),
    new("blank-calls", "calls without input after the stop reason", blank_calls, drive::message_of_many_blocks),
    new("fallbacks", "fallback blocks after a long id", fallbacks, drive::message_of_many_blocks),
    new(
        "pings",
        "only pings",
        |n| Input::chunks(fill(event(START), &event(r#"{"type":"ping"}"#), n), CHUNK),
        drive::message,
    ),
    new("unknown-block", "input and signatures for a large unknown block", unknown_block, drive::message),
    // The text that is written is held, too.
    new("written", "a block with many members, one of them set later, written", assigned_member, drive::write_message)
        .peak(Room::per_byte(5.0, 8192.0)),
    // To sort n names costs n log n.
    new("compared", "two messages with many members in another order", many_members, drive::compare_messages)
        .exponent(1.15),
    new(
        "not-json",
        "payloads that are not JSON",
        |n| Input::chunks(repeat("data: {\"type\"\n\n", n), CHUNK),
        drive::message,
    ),
    new(
        "error-fields",
        "fields named `error`",
        |n| Input::chunks(repeat("error: {}\n", n) + "\n", CHUNK),
        drive::message,
    ),
];

const START: &str = r#"{"type":"message_start","message":{"content":[]}}"#;

/// A family that may hold 4 bytes per byte received and 8 KiB, as SECURITY.md guarantees, and may return any error.
const fn new(name: &'static str, why: &'static str, build: fn(usize) -> Input, drive: fn(&Input) -> Outcome) -> Family {
    Family::new(name, why, build, drive).peak(Room::per_byte(4.0, 8192.0)).errors(Errors::Any)
}

fn event(payload: &str) -> String {
    format!("data: {payload}\n\n")
}

fn block_start(index: usize, block: &str) -> String {
    event(&format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#))
}

fn block_delta(index: usize, kind: &str, member: &str, text: &str) -> String {
    event(&format!(
        r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{member}":"{text}"}}}}"#
    ))
}

/// Half of the input is a block of an unknown kind.
fn unknown_block(len: usize) -> Input {
    let start = block_start(
        0,
        &format!(r#"{{"type":"new","x":"{}","input":1,"thinking":"","signature":""}}"#, "x".repeat(len / 2)),
    );
    let thinking = event(
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x","signature":"s"}}"#,
    );
    let deltas = block_delta(0, "input_json_delta", "partial_json", "1") + &thinking;
    Input::chunks(fill(event(START) + &start, &deltas, len), CHUNK)
}

const TEXT_BLOCK: &str = r#"{"type":"text","text":""}"#;

fn body_in_one_chunk(len: usize) -> Input {
    Input::chunks(fill(" ".repeat(len / 2) + "{\n", ":\n", len), len)
}

/// White space for half of the input, so that each size has the same share of it: a byte of white space costs less.
fn body(len: usize, chunk: usize) -> Input {
    let head = " ".repeat(len / 2) + "{\n";
    let tail = repeat(":\n", len.saturating_sub(head.len()));
    Input::head_and_chunks(head, tail, chunk)
}

fn unknown_event(len: usize) -> Input {
    Input::chunks(event(&format!(r#"{{"x":"{}"}}"#, "x".repeat(len))), len + 32)
}

/// The text of F2, each piece in an event of its own.
fn tool_input(members: usize, escape: &str, len: usize) -> Input {
    let members: String = (0..members).map(|index| format!("\\\"{index}\\\":0,")).collect();
    let escape = escape.replace('\\', r"\\");
    let head = format!("{{{members}\\\"{escape}{}\\\":[", "k".repeat(len / 2));
    let piece = |text: &str| block_delta(0, "input_json_delta", "partial_json", text);
    let start = block_start(0, r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#);
    Input::chunks(fill(event(START) + &start + &piece(&head), &piece("0,"), len), CHUNK)
}

fn stops_in_strict_mode(len: usize) -> Input {
    let count = len / 120;
    let starts: String = (0..count).map(|index| block_start(index, TEXT_BLOCK)).collect();
    Input::chunks(event(START) + &starts + &event(r#"{"type":"message_stop"}"#).repeat(count), CHUNK)
}

fn stops_after_closed_blocks(len: usize) -> Input {
    let count = len / 180;
    let closed: String = (0..count).map(|index| block_start(index, TEXT_BLOCK) + &block_stop(index)).collect();
    let stops = event(r#"{"type":"message_stop"}"#).repeat(count);
    Input::chunks(event(START) + &closed + &block_start(count, TEXT_BLOCK) + &stops, CHUNK)
}

/// Where small objects are.
#[derive(Debug, Clone, Copy)]
enum Place {
    Start,
    Delta,
    Block,
    Input,
    Error,
}

/// The other contents of the payload.
#[derive(Debug, Clone, Copy)]
enum Text {
    Plain,
    LoneSurrogate,
    IllFormed,
}

/// An array of objects that are nested 120 deep.
fn nested(len: usize) -> String {
    let item = format!("{}0{}", r#"{"":"#.repeat(120), "}".repeat(120));
    format!("[{}{item}]", repeat(&format!("{item},"), len.saturating_sub(item.len())))
}

fn f6(place: Place, text: Text, len: usize) -> Input {
    const ILL_FORMED: &str = "\u{1}";
    let text = match text {
        Text::Plain => "x",
        Text::LoneSurrogate => r"\ud83d",
        Text::IllFormed => ILL_FORMED,
    };
    let unknown = format!(r#""text":"{text}","unknown":{}"#, nested(len));
    let start = event(START);
    let stream = match place {
        Place::Start => event(&format!(r#"{{"type":"message_start","message":{{"content":[],{unknown}}}}}"#)),
        Place::Delta => start + &event(&format!(r#"{{"type":"message_delta","delta":{{{unknown}}}}}"#)),
        Place::Block => start + &block_start(0, &format!(r#"{{"type":"text",{unknown}}}"#)),
        Place::Input => {
            start + &block_start(0, &format!(r#"{{"type":"tool_use","id":"t","name":"n","input":{{{unknown}}}}}"#))
        }
        Place::Error => event(&format!(r#"{{"type":"error","error":{{"type":"e","message":"m",{unknown}}}}}"#)),
    };
    let bytes = stream.into_bytes().into_iter().map(|byte| if byte == 1 { 0xff } else { byte });
    Input::chunks(bytes.collect::<Vec<u8>>(), CHUNK)
}

fn members_of_delta(len: usize) -> Input {
    const DELTA: [&str; 4] = ["stop_reason", "stop_sequence", "container", "stop_details"];
    const MEMBERS: [&str; 2] = ["context_management", "input_transformations"];
    const USAGE: [&str; 8] = [
        "iterations",
        "cache_creation",
        "output_tokens_details",
        "server_tool_use",
        "inference_geo",
        "fallback_credit",
        "service_tier",
        "speed",
    ];
    let value = |name: &str| match name {
        "stop_reason" | "stop_sequence" | "inference_geo" | "service_tier" | "speed" => {
            format!(r#""{}""#, "x".repeat(len / 14))
        }
        _ => nested(len / 14),
    };
    let deltas = DELTA.iter().map(|name| format!(r#""delta":{{"{name}":{}}}"#, value(name)));
    let members = MEMBERS.iter().map(|name| format!(r#""{name}":{}"#, value(name)));
    let usage = USAGE.iter().map(|name| format!(r#""usage":{{"{name}":{}}}"#, value(name)));
    let events: String = deltas
        .chain(members)
        .chain(usage)
        .map(|member| event(&format!(r#"{{"type":"message_delta",{member}}}"#)))
        .collect();
    Input::chunks(event(START) + &events + &event(r#"{"type":"message_stop"}"#), CHUNK)
}

/// Unknown members in `usage`, or in another member of the message.
fn unknown_members(member: &str, len: usize) -> Input {
    let members: String = (0..len / 16).map(|index| format!(",\"x{index}\":0")).collect();
    let (usage, message) = if member == "usage" { (members.as_str(), "") } else { ("", members.as_str()) };
    let start = format!(
        r#"{{"type":"message_start","message":{{"content":[],"usage":{{"output_tokens":0{usage}}}{message}}}}}"#
    );
    let delta = |tokens| event(&format!(r#"{{"type":"message_delta","usage":{{"output_tokens":{tokens}}}}}"#));
    Input::chunks(fill(event(&start), &(delta("{}") + &delta("1")), len), CHUNK)
}

/// Half of the input is the new value of the member.
fn assigned_member(len: usize) -> Input {
    let members = repeat(r#","a":0"#, len / 2);
    let start = block_start(0, &format!(r#"{{"type":"compaction","content":"first"{members}}}"#));
    let delta = block_delta(0, "compaction_delta", "content", &"s".repeat(len / 2));
    Input::chunks(event(START) + &start + &delta, CHUNK)
}

fn many_members(len: usize) -> Input {
    let count = len / 32;
    let message = |numbers: &mut dyn Iterator<Item = usize>| -> String {
        let members: String = numbers.map(|number| format!("\"member {number:05}\":0,")).collect();
        format!(r#"{{{members}"":0}}"#)
    };
    Input::head_and_chunks(message(&mut (0..count)), message(&mut (0..count).rev()), len)
}

/// A quarter of the input is a name. With heapsort, which was used once, it is the second child of the root of the heap
/// for half of the others, which come until the members are compacted.
fn long_name(len: usize) -> Input {
    let is_below_first_child = |mut at: usize| {
        while at > 2 {
            at = (at - 1) / 2;
        }
        at == 1
    };
    let name = |at: usize| match at {
        0 => "z".to_owned(),
        2 => "b".repeat(len / 4),
        _ if is_below_first_child(at) => format!("z{at}"),
        _ => format!("a{at}"),
    };
    let members: Vec<String> = (0..len / 16).map(|at| format!(r#""{}":0"#, name(at))).collect();
    let delta = format!(r#"{{"type":"message_delta","usage":{{{}}}}}"#, members.join(","));
    Input::chunks(event(START) + &event(&delta), CHUNK)
}

fn stop_reasons(len: usize) -> Input {
    let members: String = (0..len / 16).map(|index| format!(",\"x{index}\":0")).collect();
    let start = format!(r#"{{"type":"message_start","message":{{"content":[]{members}}}}}"#);
    let delta = |reason| event(&format!(r#"{{"type":"message_delta","delta":{{"stop_reason":{reason}}}}}"#));
    Input::chunks(fill(event(&start), &(delta("5") + &delta("\"end_turn\"")), len), CHUNK)
}

fn blocks_and_deltas(blocks: usize, len: usize, chunk: usize) -> Input {
    let mut stream = event(START);
    stream.extend((0..blocks).map(|index| block_start(index, TEXT_BLOCK)));
    for index in (0..blocks).cycle() {
        stream.push_str(&block_delta(index, "text_delta", "text", "some text"));
        if stream.len() >= len {
            break;
        }
    }
    Input::chunks(stream, chunk)
}

fn blocks_backwards(len: usize) -> Input {
    let starts: String = (0..len / 90).rev().map(|index| block_start(index, TEXT_BLOCK)).collect();
    Input::chunks(event(START) + &starts, CHUNK)
}

fn same_index(len: usize) -> Input {
    Input::chunks(fill(event(START), &block_start(0, TEXT_BLOCK), len), CHUNK)
}

const CALL: &str = r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#;

fn truncated() -> String {
    event(r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#)
}

fn block_stop(index: usize) -> String {
    event(&format!(r#"{{"type":"content_block_stop","index":{index}}}"#))
}

/// Half of the input is one blank delta.
fn blank_input(len: usize) -> Input {
    let blank = block_delta(0, "input_json_delta", "partial_json", &" ".repeat(len / 2));
    let call = event(START) + &block_start(0, CALL) + &blank + &block_stop(0);
    Input::chunks(fill(call, &truncated(), len), CHUNK)
}

fn blank_calls(len: usize) -> Input {
    Input::chunks(fill(event(START) + &truncated(), &(block_start(0, CALL) + &block_stop(0)), len), CHUNK)
}

/// Half of the input is the id.
fn fallbacks(len: usize) -> Input {
    let id = "i".repeat(len / 2);
    let start = event(&format!(r#"{{"type":"message_start","message":{{"id":"{id}","content":[]}}}}"#));
    let fallback = |model| block_start(0, &format!(r#"{{"type":"fallback","to":{{"model":"{model}"}}}}"#));
    Input::chunks(fill(start, &(fallback("a") + &fallback("b")), len), CHUNK)
}

fn orphans(len: usize) -> Input {
    let deltas = (0..len / 110).map(|index| block_delta(index, "input_json_delta", "partial_json", "{}"));
    Input::chunks(event(START) + &deltas.collect::<String>(), CHUNK)
}
