//! The samples are those of the replay server: recorded streams, each with its message or its error.

use std::fs;
use std::path::Path;

use ssewire_messages::RawJson;

use super::*;
use crate::record::Times;

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

const SSE: &str = "text/event-stream";

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Meters a body that arrives in chunks of this size, one each 10 ms, for a request at 1000 ms.
fn meter_all(body: &[u8], chunk: usize, limits: Limits, end: End) -> Vec<Record> {
    let mut meter = Meter::new(limits, 200, SSE, ms(1000));
    let (mut records, mut now) = (Vec::new(), 1000);
    for mut chunk in body.chunks(chunk) {
        now += 10;
        while !chunk.is_empty() {
            records.extend(meter.push(&mut chunk, ms(now)));
        }
    }
    records.extend(std::iter::from_fn(|| meter.end(ms(now), end)));
    assert_eq!(meter.end(ms(now), end), None, "a record after the end");
    records
}

fn meter_in(body: &[u8], chunk: usize, limits: Limits, end: End) -> Record {
    let mut records = meter_all(body, chunk, limits, end);
    assert_eq!(records.len(), 1, "one record");
    records.remove(0)
}

fn meter(body: &[u8]) -> Record {
    meter_in(body, body.len().max(1), Limits::default(), End::EndOfStream)
}

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/ssewire-replay/samples");
    let mut samples = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sse") {
            samples.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    assert!(samples.len() > 20, "{}", samples.len());
    samples
}

fn sample(name: &str) -> Vec<u8> {
    let found = samples().into_iter().find(|(path, _)| path.ends_with(&format!("/{name}.sse")));
    found.expect("a sample of this name").1
}

#[test]
fn every_sample_has_the_usage_of_its_message() {
    for (path, body) in samples() {
        let expected = path.replace(".sse", ".message.json");
        let record = meter(&body);
        let Ok(json) = fs::read(&expected) else {
            assert_eq!(record.completion, "server_error", "{path}");
            continue;
        };
        let json = RawJson::from_bytes(&json).unwrap();
        let text = |name: &str| json.get(name).and_then(|value| value.decode_string().map(String::from));
        let count = |name: &str| json.get("usage").and_then(|usage| usage.get(name)?.as_u64());
        assert_eq!(record.completion, "complete", "{path}");
        assert_eq!(record.model.as_deref(), text("model").as_deref(), "{path}");
        assert_eq!(record.stop_reason, text("stop_reason"), "{path}");
        assert_eq!(record.tokens.input, count("input_tokens"), "{path}");
        assert_eq!(record.tokens.output, count("output_tokens"), "{path}");
        assert_eq!(record.tokens.cache_read, count("cache_read_input_tokens"), "{path}");
        assert_eq!(record.tokens.cache_write, count("cache_creation_input_tokens"), "{path}");
        let blocks = json.get("content").unwrap();
        let calls = blocks.elements().filter(|block| block.get("type").unwrap().decode_string().unwrap() == "tool_use");
        assert_eq!(record.tool_calls, calls.count() as u64, "{path}");
    }
}

#[test]
fn chunks_change_nothing_but_the_times() {
    for (path, body) in samples() {
        let whole = meter(&body);
        for size in [1, 7, 64, 1400] {
            let record = meter_in(&body, size, Limits::default(), End::EndOfStream);
            assert_eq!(Record { times: whole.times, ..record }, whole, "{path} in chunks of {size}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_is_truncated_at_every_byte_before_the_stop_reason() {
    let body = sample("text");
    let end = body.windows(13).position(|window| window == b"message_delta").unwrap();
    for length in 0..end {
        let record = meter_in(&body[..length], 64, Limits::default(), End::Cut);
        assert_eq!(record.completion, "truncated", "after {length} bytes");
    }
}

#[test]
fn a_message_whose_client_went_away_is_cancelled_unless_it_has_a_finding() {
    let body = sample("text");
    let end = body.windows(13).position(|window| window == b"message_delta").unwrap();
    for length in [0, 1, end / 2, end - 1] {
        let record = meter_in(&body[..length], 64, Limits::default(), End::Cancelled);
        assert_eq!(record.completion, "cancelled", "after {length} bytes");
    }
    let stop = body.windows(19).position(|window| window == b"event: message_stop").unwrap();
    assert_eq!(meter_in(&body[..stop], 64, Limits::default(), End::Cancelled).completion, "unterminated");
    assert_eq!(meter_in(&body, 64, Limits::default(), End::Cancelled).completion, "complete");
    assert_eq!(meter_in(&sample("error_mid_stream"), 64, Limits::default(), End::Cancelled).completion, "server_error");
}

#[test]
fn a_message_that_is_cut_has_no_speed() {
    let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
    let start = r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":7,"output_tokens":1}}}"#;
    let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word "}}"#;
    let mut now = 0;
    for event in [start, block].into_iter().chain([delta; 1000]) {
        now += 30;
        assert_eq!(meter.push(&mut format!("data: {event}\n\n").as_bytes(), ms(now)), None);
    }
    let record = meter.end(ms(now), End::Cut).unwrap();
    assert_eq!((record.completion, record.tokens.output), ("truncated", Some(1)));
    assert_eq!(record.times.tokens_per_second, None, "the count is that of the start of the message");
}

#[test]
fn times_are_those_of_the_clock() {
    let mut meter = Meter::new(Limits::default(), 200, SSE, ms(100));
    let mut events = Vec::new();
    for event in [
        r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":7,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}"#,
        r#"{"type":"message_stop"}"#,
    ] {
        events.push(format!("data: {event}\n\n"));
    }
    let mut record = None;
    for (event, now) in events.iter().zip([150, 160, 400, 410, 500, 650]) {
        assert_eq!(record, None);
        record = meter.push(&mut event.as_bytes(), ms(now));
    }
    let times = record.unwrap().times;
    assert_eq!(times.first_byte_ms, Some(50));
    assert_eq!(times.first_text_ms, Some(300));
    assert_eq!(times.longest_gap_ms, Some(240));
    assert_eq!(times.tokens_per_second, Some(100), "50 tokens in the 500 ms after the first byte");
    assert_eq!(meter.end(ms(700), End::EndOfStream), None);
}

/// A `message_start` whose blank line is missing ends the message before it, and counts as a message.
#[test]
fn a_last_message_start_without_its_blank_line_counts() {
    let start = |id: &str, tokens: u64| {
        format!(r#"data: {{"type":"message_start","message":{{"id":"{id}","usage":{{"input_tokens":{tokens}}}}}}}"#)
    };
    let body = format!("{}\n\n{}", start("a", 7), start("b", 9));
    for (end, last) in [(End::EndOfStream, "truncated"), (End::Cancelled, "cancelled")] {
        for blank_line in ["", "\n\n"] {
            let records = meter_all(format!("{body}{blank_line}").as_bytes(), 50, Limits::default(), end);
            let seen: Vec<_> = records.iter().map(|record| (record.completion, record.tokens.input)).collect();
            assert_eq!(seen, [("truncated", Some(7)), (last, Some(9))], "{end:?} {blank_line:?}");
        }
    }
}

#[test]
fn a_stall_is_the_longest_gap() {
    // Some gateways end the body in order when they give up.
    for end in [End::Cut, End::EndOfStream] {
        let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
        assert_eq!(meter.push(&mut &b"data: {\"type\":\"message_start\",\"message\":{}}\n\n"[..], ms(10)), None);
        let record = meter.end(ms(30_010), end).unwrap();
        assert_eq!((record.completion, record.times.longest_gap_ms), ("truncated", Some(30_000)), "{end:?}");
    }
}

#[test]
fn a_clock_that_goes_back_is_not_an_error() {
    let mut meter = Meter::new(Limits::default(), 200, SSE, ms(1000));
    assert_eq!(meter.push(&mut &sample("text")[..100], ms(500)), None);
    let record = meter.end(ms(10), End::Cut).unwrap();
    assert_eq!(record.times.first_byte_ms, Some(0));
    assert_eq!(record.times.longest_gap_ms, Some(0));
}

#[test]
fn a_message_as_json_has_usage_and_no_stream_times() {
    let json = br#"{"type":"message","model":"m","content":[{"type":"tool_use","id":"t","name":"n","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    let mut meter = Meter::new(Limits::default(), 200, "application/json", ms(0));
    assert_eq!(meter.push(&mut &json[..], ms(5)), None);
    let record = meter.end(ms(6), End::EndOfStream).unwrap();
    assert_eq!(
        (record.completion, record.stop_reason.as_deref(), record.tool_calls),
        ("complete", Some("tool_use"), 1)
    );
    assert_eq!((record.tokens.input, record.tokens.output), (Some(3), Some(4)));
    assert_eq!((record.times.first_byte_ms, record.times.longest_gap_ms), (Some(5), None));
}

/// As the whole body has none. A stream that is cut within its first event has them.
#[test]
fn a_json_body_that_is_cut_has_no_stream_times() {
    let message = r#"{"type":"message","model":"m","content":[{"type":"text","text":"Hello"}],"#;
    let event = r#"event: message_start"#;
    for (body, content_type, gap) in
        [(message, "application/json", None), (message, SSE, None), (event, SSE, Some(30_000))]
    {
        for (end, completion) in [(End::Cut, "truncated"), (End::Cancelled, "cancelled")] {
            let mut meter = Meter::new(Limits::default(), 200, content_type, ms(0));
            assert_eq!(meter.push(&mut body.as_bytes(), ms(10)), None);
            let record = meter.end(ms(30_010), end).unwrap();
            assert_eq!((record.completion, record.times.longest_gap_ms), (completion, gap), "{body} {content_type}");
        }
    }
}

#[test]
fn other_bodies_have_a_kind() {
    let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let cases: [(&[u8], _, _); 5] = [
        (error, "server_error", None),
        (b"<!DOCTYPE html><html></html>", "non_stream_body", Some("html")),
        (b"\x1f\x8b\x08\0\0\0\0\0", "non_stream_body", Some("compressed")),
        (b"", "non_stream_body", Some("empty")),
        (b"data: {\"choices\":[]}\n\n", "non_stream_body", Some("other_events")),
    ];
    for (body, completion, kind) in cases {
        let record = meter(body);
        assert_eq!((record.completion, record.body), (completion, kind), "{:?}", body.escape_ascii().to_string());
    }
}

#[test]
fn a_json_body_beyond_the_limit_exceeds_it() {
    let text = "x".repeat(8192);
    let bodies = [
        format!(r#"{{"type":"message","model":"m","content":[{{"type":"text","text":"{text}"}}]}}"#),
        format!(r#"{{"data":["{text}"]}}"#),
    ];
    let limits = Limits { message_bytes: 4096, ..Limits::default() };
    for (body, end) in bodies.iter().flat_map(|body| [(body, End::EndOfStream), (body, End::Cut)]) {
        let record = meter_in(body.as_bytes(), 1400, limits, end);
        assert_eq!((record.completion, record.body), ("limit_exceeded", None), "{end:?}");
    }
}

#[test]
fn an_error_has_the_kind_that_it_names_or_else_that_of_the_status() {
    let cases = [
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, 529, "overloaded_error"),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, 200, "overloaded_error"),
        (r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#, 400, "invalid_request_error"),
        (r#"{"type":"error","error":{"type":"a_kind_of_tomorrow","message":"m"}}"#, 429, "rate_limit_error"),
        (r#"{"type":"error","error":{"type":"a|model=b","message":"m"}}"#, 418, "4xx"),
        (r#"{"detail":"no healthy upstream"}"#, 503, "5xx"),
        (r#"{"detail":"no healthy upstream"}"#, 200, "other"),
    ];
    for (body, status, expected) in cases {
        let mut meter = Meter::new(Limits::default(), status, "application/json", ms(0));
        assert_eq!(meter.push(&mut body.as_bytes(), ms(5)), None);
        let record = meter.end(ms(6), End::EndOfStream).unwrap();
        assert_eq!((record.completion, record.error.as_deref()), ("server_error", Some(expected)), "{status} {body}");
    }
    let body = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    assert_eq!(meter(body.as_bytes()).error.as_deref(), Some("api_error"));
    assert_eq!(meter(&sample("text")).error, None);
}

/// The server says so, whatever the body is, and whether it arrives.
#[test]
fn a_body_without_a_message_is_an_error_if_the_status_is_one() {
    let bodies = ["", "<html>", r#"{"id":1}"#, ": comment\n\n", "data: {\"choices\":[]}\n\n", &"{".repeat(5000)];
    let limits = Limits { event_bytes: 4096, message_bytes: 4096, ..Limits::default() };
    for (body, end) in bodies.iter().flat_map(|body| [End::EndOfStream, End::Cut].map(|end| (body, end))) {
        for (status, error) in [(400, "invalid_request_error"), (418, "4xx"), (502, "5xx"), (504, "timeout_error")] {
            let mut meter = Meter::new(limits, status, "application/json", ms(0));
            assert_eq!(meter.push(&mut body.as_bytes(), ms(5)), None);
            let record = meter.end(ms(6), end).unwrap();
            let found = (record.completion, record.error.as_deref(), record.body);
            assert_eq!(found, ("server_error", Some(error), None), "{status} {end:?} {body:.20}");
        }
    }
    let mut meter = Meter::new(Limits::default(), 500, SSE, ms(0));
    assert_eq!(meter.push(&mut &sample("text")[..], ms(5)).unwrap().completion, "complete");
}

#[test]
fn implausible_counts_are_left_out_and_counted() {
    let text = String::from_utf8(sample("text")).unwrap();
    let lie = text.replace("\"output_tokens\":", "\"output_tokens\":9999999999");
    assert_ne!(lie, text);
    let record = meter(lie.as_bytes());
    assert_eq!((record.completion, record.tokens.output, record.implausible_counts), ("complete", None, 1));
    assert!(record.tokens.input.is_some());
}

#[test]
fn an_unknown_stop_reason_is_other() {
    let text = String::from_utf8(sample("text")).unwrap().replace("end_turn", "a_reason_of_tomorrow");
    assert_eq!(meter(text.as_bytes()).stop_reason.as_deref(), Some("other"));
}

#[test]
fn violations_are_counted_by_kind() {
    let text = String::from_utf8(sample("text")).unwrap();
    let stop = text.find("event: content_block_stop").unwrap();
    let end = stop + text[stop..].find("\n\n").unwrap() + 2;
    let without = [&text[..stop], &text[end..]].concat();
    let record = meter(without.as_bytes());
    assert_eq!((record.completion, record.violations), ("complete", vec![("missing_stop", 1)]));
}

#[test]
fn a_giant_event_exceeds_the_limit_and_the_usage_still_counts() {
    let mut body = sample("text");
    let stop = body.windows(25).position(|window| window == b"event: content_block_stop").unwrap();
    let giant = format!(
        "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{}\"}}}}\n\n",
        "x".repeat(8192)
    );
    body.splice(stop..stop, giant.into_bytes());
    let record = meter_in(&body, 1400, Limits { event_bytes: 4096, ..Limits::default() }, End::EndOfStream);
    assert_eq!(record.completion, "limit_exceeded");
    assert_eq!(record.tokens, meter(&sample("text")).tokens);
}

#[test]
fn text_of_any_length_stays_within_a_small_limit() {
    let mut body = sample("text");
    let stop = body.windows(25).position(|window| window == b"event: content_block_stop").unwrap();
    let delta = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word \"}}\n\n";
    body.splice(stop..stop, delta.repeat(10_000).into_bytes());
    let limits = Limits { event_bytes: 4096, message_bytes: 4096, ..Limits::default() };
    assert_eq!(meter_in(&body, 1400, limits, End::EndOfStream).completion, "complete");
}

#[test]
fn tool_input_beyond_the_limit_exceeds_it() {
    let mut body = sample("tool_use");
    let delta = body.windows(16).position(|window| window == b"input_json_delta").unwrap();
    let event = body[..delta].windows(7).rposition(|window| window == b"event: ").unwrap();
    let more = "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"        \"}}\n\n";
    body.splice(event..event, more.repeat(1000).into_bytes());
    let limits = Limits { event_bytes: 4096, message_bytes: 4096, ..Limits::default() };
    let record = meter_in(&body, 1400, limits, End::EndOfStream);
    assert_eq!((record.completion, record.stop_reason.as_deref()), ("limit_exceeded", Some("tool_use")));
}

/// Shapes that keep much for few bytes, or that keep less than they count.
#[test]
fn the_heap_of_a_meter_is_at_most_four_times_its_count() {
    const LEN: usize = 900_000;
    let start = |block: &str| format!("data: {{\"type\":\"message_start\",\"message\":{{\"content\":[{block}]}}}}\n\n");
    let delta = |index: u32, kind: &str, name: &str, text: &str| {
        let delta = format!("{{\"type\":\"{kind}\",\"{name}\":\"{text}\"}}");
        format!("data: {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{delta}}}\n\n")
    };
    let tool = start(r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#);
    let text = start(r#"{"type":"text","text":""}"#);
    let bodies = [
        ("nothing", String::new()),
        ("an open event", "data: ".to_owned() + &"x".repeat(LEN)),
        ("an open JSON body", r#"{"type":"message","id":""#.to_owned() + &"x".repeat(LEN)),
        ("tool input", tool + &delta(0, "input_json_delta", "partial_json", &" ".repeat(4000)).repeat(LEN / 4000)),
        ("blocks", start(&vec![r#"{"type":""}"#; 1000].join(","))),
        ("text at once", text.clone() + &delta(0, "text_delta", "text", &"x".repeat(LEN))),
        ("text", text + &delta(0, "text_delta", "text", "some words ").repeat(LEN / 100)),
    ];
    for (name, body) in bodies {
        let before = ssewire_heap::held();
        let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
        let mut largest = 0;
        for mut chunk in body.as_bytes().chunks(1400) {
            assert_eq!(meter.push(&mut chunk, ms(1)), None, "{name}");
            largest = largest.max(meter.byte_count());
            let (held, count) = (ssewire_heap::held() - before, meter.byte_count());
            assert!(held <= 4 * count, "{name}: {held} held, {count} counted");
        }
        // Discarded bytes do not fill the budget of other streams: the room of one event at most.
        let most = if name == "text" { 10_000 } else { 2 * LEN + 10_000 };
        assert!(largest <= most, "{name}: {largest} counted");
    }
}

/// The VM crashes where it needs more. Shapes that need much for few bytes.
#[test]
fn the_heap_of_a_meter_grows_by_at_most_its_bound() {
    const LENGTHS: [usize; 5] = [100, 1400, 10_000, 60_000, 150_000];
    let event = |members: &str| format!("data: {{{members}}}\n\n");
    let start = |members: &str| event(&format!("\"type\":\"message_start\",\"message\":{{{members}}}"));
    let content = |block: &str, number| start(&format!("\"content\":[{}]", vec![block; number].join(",")));
    let members = |number: usize| (0..number).map(|name| format!(",\"\\u0061{name}\":1")).collect::<String>();
    let escapes = |len: usize| "\\u0001".repeat(len / 6);
    let message = |len: usize| format!("{{\"type\":\"message\",\"content\":[{}]}}", vec!["{}"; len / 3].join(","));
    let error = |len: usize| format!("{{\"type\":\"error\",\"error\":{{\"message\":\"{}\"}}}}", escapes(len));
    let tool_input = |len: usize| {
        let delta = format!("{{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}", escapes(len));
        event(&format!("\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}"))
    };
    let mut bodies = Vec::new();
    for len in LENGTHS {
        for (before, after) in [("event: error\ndata: ", ""), ("error: ", ""), ("data: {\"message\":{\"a\":\"", "\"}}")]
        {
            for byte in [b"\x01", b"\xFF", b"x"] {
                bodies.push([before.as_bytes(), &byte.repeat(len), after.as_bytes(), b"\n\n"].concat());
            }
        }
        for text in [
            format!("error: {}\n\n", escapes(len)),
            format!("error: {}\n\n", error(len)),
            format!("event: error\ndata: {}\n\n", error(len)),
            error(len),
            message(len),
            message(len) + "\n",
            start(&format!("\"id\":\"m\"{}", members(len / 18)))
                + &event(&format!("\"delta\":{{\"a\":1{}}}", members(len / 18))),
            content("{}", len / 3) + "data: {\n\n",
            content(r#"{"type":"tool_use"}"#, len / 20) + "data: {\n\n",
            content(r#"{"type":"tool_use"}"#, 1) + &tool_input(len).repeat(3),
            start("\"id\":\"a\"") + &content("{}", len / 3).replacen('{', "{\"id\":\"b\",", 2),
        ] {
            bodies.push(text.into_bytes());
        }
    }
    // Many small events, and large ones with ill-formed UTF-8 in the type of a block.
    let starts = |len: usize| (0..len / 50).map(|id| start(&format!("\"id\":\"m{id}\""))).collect::<String>();
    for len in LENGTHS {
        for text in ["error:x\n\n".repeat(len / 9), starts(len), "data: {\n\n".repeat(len / 9)] {
            bodies.push(text.into_bytes());
        }
        let block = b"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"";
        bodies.push([b"data: ", &block[..], &b"\xFF".repeat(len), b"\"}}\n\n"].concat());
        let message = b"{\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"";
        bodies.push([b"data: ", &message[..], &b"\xFF".repeat(len), b"\"}]}}\n\n"].concat());
    }
    let mut greatest = 0.0_f64;
    // Without its line ends, the last event of a body is read when the body ends.
    for body in bodies.iter().flat_map(|body| [&body[..], body.trim_ascii_end()]) {
        for (piece, blocks) in [(64 * 1024, 1024), (64 * 1024, 65_536), (1400, 65_536)] {
            let limits = Limits { blocks, message_bytes: 16 << 20, ..Limits::default() };
            let mut meter = Meter::new(limits, 200, SSE, ms(0));
            for chunk in body.chunks(piece).chain([&[][..]]) {
                let most = meter.max_growth(chunk.len());
                let held = ssewire_heap::held();
                ssewire_heap::begin();
                let mut input = chunk;
                while !input.is_empty() {
                    drop(meter.push(&mut input, ms(1)));
                }
                if chunk.is_empty() {
                    while meter.end(ms(1), End::EndOfStream).is_some() {}
                }
                // The host copies the chunk.
                let growth = ssewire_heap::peak() - held + chunk.len();
                let (name, len) = (body[..body.len().min(40)].escape_ascii(), body.len());
                assert!(growth <= most, "{name}, {len} bytes: {growth} allocated, the bound is {most}");
                greatest = greatest.max(growth as f64 / most as f64);
            }
        }
    }
    assert!(greatest > 0.7, "the bound is too high: {greatest}");
}

/// A VM without memory does not fail a stream whose messages all have their records.
#[test]
fn a_body_that_ends_with_a_message_needs_no_memory_for_its_end() {
    let start = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"b\"}}";
    let stop = "data: {\"type\":\"message_stop\"}\n\n";
    let message = format!("{start}\n\n{stop}");
    let other_start = start.replace("\"b\"", "\"a\"");
    for (body, needs_none, records) in [
        (message.clone(), true, 0),
        (message.repeat(2), true, 0),
        // Without its blank line, the start is read when the body ends.
        (format!("{message}{start}"), false, 1),
        (format!("{message}{start}\n\n"), false, 1),
        // It ends the message before it.
        (format!("{other_start}\n\n{start}\n\n"), false, 1),
        (format!("{other_start}\n\n{start}"), false, 2),
        (String::new(), false, 1),
    ] {
        for size in [1, 64, 1400] {
            let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
            for mut chunk in body.as_bytes().chunks(size) {
                while !chunk.is_empty() {
                    drop(meter.push(&mut chunk, ms(1)));
                }
            }
            let (most, before) = (meter.max_growth(0), ssewire_heap::allocated());
            assert_eq!(most == 0, needs_none, "{body:?} in chunks of {size}");
            let ended = std::iter::from_fn(|| meter.end(ms(1), End::EndOfStream)).count();
            let allocated = ssewire_heap::allocated() - before;
            assert!(allocated <= most, "{body:?} in chunks of {size}: {allocated} allocated");
            assert_eq!(ended, records, "{body:?} in chunks of {size}");
        }
    }
}

/// V8 gives a VM 1 GiB. Larger limits would promise what no VM has.
#[test]
fn a_vm_has_room_for_any_meter_of_the_largest_limits() {
    const PIECE: usize = 64 * 1024;
    let config = br#"{"max_event_bytes":16777216,"max_message_bytes":16777216}"#;
    let limits = crate::Config::from_json(config).unwrap().limits;
    for body in ["data: ", "error: ", "{\"type\":\"message\",\"id\":\""] {
        let mut meter = Meter::new(limits, 200, SSE, ms(0));
        assert_eq!(meter.push(&mut body.as_bytes(), ms(1)), None);
        for _ in 0..=limits.event_bytes / PIECE {
            let most = meter.byte_count() + meter.max_growth(PIECE);
            assert!(most < 1 << 30, "{body}: {most}");
            assert_eq!(meter.push(&mut &[b'x'; PIECE][..], ms(1)), None);
        }
    }
}

#[test]
fn an_endless_event_counts_no_more_than_the_limits_let_a_meter_keep() {
    let limits = Limits { event_bytes: 4096, message_bytes: 4096, blocks: 8, ..Limits::default() };
    // A line of JSON may be an error in place of a stream: 64 KiB of it are kept.
    let most = 2048 + 2 * 4096 + 4096 + 64 * 1024;
    for beginning in ["data: ", ": ", "data: x\n: ", "{\"a\":\""] {
        let mut meter = Meter::new(limits, 200, SSE, ms(0));
        assert_eq!(meter.push(&mut beginning.as_bytes(), ms(1)), None);
        for _ in 0..200 {
            assert_eq!(meter.push(&mut &[b'x'; 1400][..], ms(1)), None);
        }
        assert!((2048..=most).contains(&meter.byte_count()), "{beginning}: {}", meter.byte_count());
    }
}

#[test]
fn endless_comments_do_not_change_the_message() {
    let body = [b": keep-alive\n".repeat(10_000), sample("text")].concat();
    let record = meter_in(&body, 4096, Limits::default(), End::EndOfStream);
    assert_eq!(
        Record { times: Times::default(), ..record },
        Record { times: Times::default(), ..meter(&sample("text")) }
    );
}

#[test]
fn each_message_of_a_body_has_a_record() {
    let names = ["text", "tool_use", "text"];
    let body =
        names.map(sample).join(&b"\n: between\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\ndata: [DONE]\n\n"[..]);
    for chunk in [1, 7, 1400, body.len()] {
        let records = meter_all(&body, chunk, Limits::default(), End::EndOfStream);
        assert_eq!(records.len(), 3, "in chunks of {chunk}");
        for (record, name) in records.into_iter().zip(names) {
            let alone = meter(&sample(name));
            assert_eq!(Record { times: alone.times, ..record }, alone, "{name} in chunks of {chunk}");
        }
    }
}

#[test]
fn a_second_message_that_is_cut_is_truncated_if_it_has_started() {
    let (first, second) = (sample("text"), sample("tool_use"));
    let started = second.windows(2).position(|window| window == b"\n\n").unwrap() + 2;
    for length in [0, 1, 20, started, started + 50] {
        let body = [&first[..], &second[..length]].concat();
        let completions: Vec<_> =
            meter_all(&body, 64, Limits::default(), End::Cut).iter().map(|record| record.completion).collect();
        let expected: &[_] = if length < started { &["complete"] } else { &["complete", "truncated"] };
        assert_eq!(completions, expected, "{length} bytes of the second message");
    }
}

#[test]
fn a_message_that_another_one_replaces_is_truncated_and_the_other_counts() {
    let second = String::from_utf8(sample("tool_use")).unwrap().replacen("\"id\":\"msg_", "\"id\":\"msg_other_", 1);
    let (first, second) = (sample("text"), second.into_bytes());
    let end = first.windows(25).position(|window| window == b"event: content_block_stop").unwrap();
    let body = [&first[..end], &second[..]].concat();
    let records = meter_all(&body, 1400, Limits::default(), End::EndOfStream);
    assert_eq!(records.iter().map(|record| record.completion).collect::<Vec<_>>(), ["truncated", "complete"]);
    assert_eq!(records[1].tokens, meter(&second).tokens);
}

#[test]
fn the_times_of_a_second_message_begin_at_the_end_of_the_first() {
    let (first, second) = (sample("text"), sample("text"));
    let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
    assert!(meter.push(&mut &first[..], ms(100)).is_some());
    assert_eq!(meter.push(&mut &b": keep-alive\n\n"[..], ms(150)), None);
    let (start, rest) = second.split_at(second.windows(2).position(|window| window == b"\n\n").unwrap() + 2);
    assert_eq!(meter.push(&mut &start[..], ms(400)), None);
    let times = meter.push(&mut &rest[..], ms(500)).unwrap().times;
    assert_eq!((times.first_byte_ms, times.first_text_ms, times.longest_gap_ms), (Some(300), Some(400), Some(100)));
}

/// Also if nothing comes after it, and if the body ends before its blank line.
#[test]
fn a_further_message_begins_with_the_bytes_of_its_start() {
    let start = |id: &str| format!("data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\"}}}}\n\n");
    let (ping, stop) = ("data: {\"type\":\"ping\"}\n\n", "data: {\"type\":\"message_stop\"}\n\n");
    // Without its blank line, the start is found at the end of the body. So is the end of the message that it replaces.
    for (stop, has_blank_line, next, first_byte_ms) in [
        ("", true, None, 0),
        ("", true, Some(ping), 0),
        ("", false, None, 0),
        (stop, true, None, 90),
        (stop, true, Some(ping), 90),
        (stop, false, None, 90),
    ] {
        let case = (stop, has_blank_line, next);
        let mut meter = Meter::new(Limits::default(), 200, SSE, ms(0));
        let first = start("a") + stop;
        assert_eq!(meter.push(&mut first.as_bytes(), ms(10)).is_some(), !stop.is_empty(), "{case:?}");
        let second = start("b");
        let second = if has_blank_line { &second } else { second.trim_ascii_end() };
        let replaced = meter.push(&mut second.as_bytes(), ms(100));
        assert_eq!(replaced.is_some(), stop.is_empty() && has_blank_line, "{case:?}");
        assert_eq!(next.and_then(|next| meter.push(&mut next.as_bytes(), ms(300))), None, "{case:?}");
        let records: Vec<_> = std::iter::from_fn(|| meter.end(ms(30_100), End::Cut)).collect();
        let times = records.last().unwrap().times;
        assert_eq!(times.first_byte_ms, Some(first_byte_ms), "{case:?}");
        assert_eq!(times.longest_gap_ms, Some(if next.is_some() { 29_800 } else { 30_000 }), "{case:?}");
    }
}

#[test]
fn any_bytes_yield_one_record() {
    let mut state = 1u32;
    for _ in 0..200 {
        let body: Vec<u8> = (0..500)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        assert_ne!(meter_in(&body, 64, Limits::default(), End::EndOfStream).completion, "complete");
    }
}
