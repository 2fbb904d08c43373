//! Memory for each byte of JSON that was received. SECURITY.md states the bounds.

use ssewire::Decoder;
use ssewire_json::PartialJson;
use ssewire_messages::{Accumulator, MessageDecoder, PartialStrings, Step};

/// The peak memory of the values, in bytes for each byte of JSON.
fn partial_json(json: &str) -> f64 {
    let mut incremental = PartialJson::new();
    let ((), peak) = ssewire_heap::peak_of(|| {
        let mut rest = json;
        while let Some((piece, after)) = rest.split_at_checked(20) {
            incremental.push(piece).unwrap();
            rest = after;
        }
        incremental.push(rest).unwrap();
    });
    assert!(incremental.is_complete());
    peak as f64 / json.len() as f64
}

/// A JSON array of about 256 KiB.
fn array(item: &str) -> String {
    format!("[{}]", vec![item; (1 << 18) / (item.len() + 1)].join(","))
}

/// As values, they need many times their bytes.
const HOSTILE: [&str; 8] = [r#"{"":0}"#, r#"{"a":0}"#, r#"{"a":{}}"#, "0", "[]", "[0]", "{}", r#""""#];
const TEXT: &str = r#""some words, as a model writes them, and then some more of them""#;

#[test]
fn message_needs_at_most_4_bytes_per_byte_of_an_unknown_member() {
    for item in HOSTILE.into_iter().chain([TEXT]) {
        let json = array(item);
        let body = format!("data: {{\"type\":\"message_start\",\"message\":{{\"unknown\":{json}}}}}\n\n");
        let mut decoder = MessageDecoder::new();
        let ((), peak) = ssewire_heap::peak_of(|| {
            for mut chunk in body.as_bytes().chunks(16 * 1024) {
                while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
            }
        });
        assert!(decoder.snapshot().extra().contains("unknown"));
        assert!(peak <= 4 * body.len() + 8 * 1024, "{item}: {peak} held for {}", body.len());
    }
}

#[test]
fn values_of_hostile_json_need_less_than_256_bytes_per_byte() {
    for item in HOSTILE {
        let cost = partial_json(&array(item));
        assert!(cost < 256.0, "{item}: {cost}");
    }
}

#[test]
fn values_of_text_need_less_than_8_bytes_per_byte() {
    let cost = partial_json(&array(TEXT));
    assert!(cost < 8.0, "{cost}");
}

#[test]
fn a_message_with_partial_values_needs_at_most_12_bytes_per_byte_of_text_and_260_of_any_json() {
    for item in HOSTILE.into_iter().chain([TEXT, r#""\n\u20ac""#]) {
        let json = array(item);
        for len in [20, 1000, json.len()] {
            let start = r#"{"type":"message_start","message":{"content":[{"type":"tool_use"}]}}"#;
            let mut body = format!("data: {start}\n\n");
            for piece in json.as_bytes().chunks(len) {
                let piece = serde_json::to_string(str::from_utf8(piece).unwrap()).unwrap();
                let delta = format!(r#"{{"type":"input_json_delta","partial_json":{piece}}}"#);
                let event = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
                body += &format!("data: {event}\n\n");
            }
            for options in [Accumulator::with_partial_input, Accumulator::with_partial_changes] {
                let mut decoder = MessageDecoder::new().map_accumulator(|accumulator| {
                    options(accumulator.with_max_bytes(usize::MAX), PartialStrings::Show)
                });
                let ((), peak) = ssewire_heap::peak_of(|| {
                    for mut chunk in body.as_bytes().chunks(1400) {
                        while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
                    }
                });
                let cost = peak.saturating_sub(8 * 1024) as f64 / json.len() as f64;
                let most = if item == TEXT { 12.0 } else { 260.0 };
                assert!(cost <= most, "{item} in pieces of {len}: {cost}");
            }
        }
    }
}

/// A byte of ill-formed UTF-8 becomes U+FFFD, which has three.
#[test]
fn ill_formed_utf8_needs_at_most_12_bytes_per_byte() {
    for delta in [
        r#"{"type":"text_delta","text":"@"}"#,
        r#"{"type":"thinking_delta","thinking":"@"}"#,
        r#"{"type":"signature_delta","signature":"@"}"#,
        r#"{"type":"input_json_delta","partial_json":"@"}"#,
        r#"{"type":"future_delta","text":"@"}"#,
    ] {
        let (before, after) = delta.split_once('@').unwrap();
        let start = r#"data: {"type":"content_block_delta","index":0,"delta":"#;
        let (_, cost) = peak_per_byte(&format!("{start}{before}"), 0xE8, &format!("{after}}}\n\n"));
        assert!(cost <= 12.0, "{delta}: {cost}");
    }
    for field in ["error: ", "event: error\ndata: "] {
        let (decoder, cost) = peak_per_byte(field, 0xE8, "\n\n");
        let message = decoder.accumulator().server_error().and_then(|error| error.message()).unwrap();
        assert_eq!(message, "\u{FFFD}".repeat(LEN));
        assert!(cost <= 12.0, "{field}: {cost}");
    }
}

/// The text of an error that is not JSON is kept as text and as a JSON string, where a control character has six bytes,
/// and a backslash and a quote two. At any length: the buffer of the decoder and the texts grow in steps.
#[test]
fn an_error_needs_at_most_4_bytes_per_byte_and_more_only_for_characters_that_json_escapes() {
    let fields = ["error: ", "event: error\ndata: "];
    let greatest = |before: &str, unit: &str, after: &str| {
        let mut greatest = 0.0_f64;
        let mut len = 2000;
        while len < LEN {
            for field in fields {
                let body = format!("{field}{before}{}{after}\n\n", unit.repeat(len / unit.len()));
                let (decoder, peak) = peak_of(&body, 64);
                assert!(decoder.accumulator().server_error().is_some());
                greatest = greatest.max(peak.saturating_sub(8 * 1024) as f64 / body.len() as f64);
            }
            len += len / 20;
        }
        greatest
    };
    for (before, unit, after) in [
        ("", "y", ""),
        ("", "\\/ \u{20ac}", ""),
        ("\"", r"\n", "\""),
        ("\"", "y", "\""),
        (r#"{"message":""#, "y", r#""}"#),
        (r#"{"message":""#, r#"\""#, r#""}"#),
        (r#"{"error":{"message":""#, r"\u20ac", r#""}}"#),
    ] {
        let cost = greatest(before, unit, after);
        assert!(cost <= 4.0, "{before}{unit}: {cost}");
    }
    for unit in ["\\", "\""] {
        let cost = greatest("", unit, "");
        assert!((4.0..=5.0).contains(&cost), "{unit}: {cost}");
    }
    let cost = greatest("", "\u{1}", "");
    assert!((8.0..=9.0).contains(&cost), "{cost}");
}

/// Members that are kept as JSON, at any number of them: their text grows while the buffer contains the event.
#[test]
fn members_without_escapes_need_at_most_4_bytes_per_byte_at_any_number() {
    /// Made of members, or of the elements of a list.
    type Body<'a> = &'a dyn Fn(&str, &str) -> String;
    let start = "event:message_start\ndata:{\"message\":{}}\n\n";
    let block = |block: &str| {
        format!("event:content_block_start\ndata:{{\"index\":0,\"content_block\":{{\"type\":{block}}}}}\n\n")
    };
    let delta =
        |delta: &str| format!("event:content_block_delta\ndata:{{\"index\":0,\"delta\":{{\"type\":{delta}}}}}\n\n");
    let text = delta(r#""text_delta","text":"x""#);
    let citation = delta(r#""citations_delta","citation":{}"#);
    let bodies: [Body; 10] = [
        &|members, _| format!("event:message_start\ndata:{{\"message\":{{{members}}}}}\n\n"),
        &|members, _| format!("{start}event:message_delta\ndata:{{\"usage\":{{{members}}}}}\n\n"),
        &|members, _| format!("{start}event:message_delta\ndata:{{\"delta\":{{{members}}}}}\n\n"),
        &|members, _| start.to_owned() + &block(&format!(r#""text",{members}"#)),
        &|members, _| start.to_owned() + &block(&format!(r#""thinking",{members}"#)),
        &|members, _| start.to_owned() + &block(&format!(r#""future",{members}"#)),
        &|_, list| start.to_owned() + &block(&format!(r#""text","citations":[{list}]"#)),
        // The start is merged into the block that a delta has opened.
        &|members, _| {
            let cited = "y".repeat(members.len());
            start.to_owned() + &citation + &block(&format!(r#""text","citations":[{{"":"{cited}"}}]"#))
        },
        &|members, _| start.to_owned() + &text + &block(&format!(r#""text","text":"{}""#, "y".repeat(members.len()))),
        &|members, _| start.to_owned() + &text + &block(&format!(r#""text",{members}"#)),
    ];
    for (number, body) in bodies.iter().enumerate() {
        for value in ["", "yyyyyyyy", "some words, as a model writes them"] {
            let mut count = 100;
            while count * (value.len() + 9) < 100_000 {
                let members: Vec<_> = (0..count).map(|at| format!("\"m{at}\":\"{value}\"")).collect();
                let body = body(&members.join(","), &vec![format!("{{\"\":\"{value}\"}}"); count].join(","));
                let (_, peak) = peak_of(&body, 64);
                let most = 4 * body.len() + 8 * 1024;
                assert!(
                    peak <= most,
                    "body {number}, {count} of {value:?}: {peak} bytes at the peak, {most} permitted"
                );
                count += count / 20;
            }
        }
    }
}

/// Some vectors grow with each block, so the cost depends on the number of blocks: most just after they have grown.
#[test]
fn blocks_of_a_few_bytes_need_at_most_5_bytes_per_byte_at_any_number_and_in_any_order() {
    const MOST: u64 = Accumulator::DEFAULT_MAX_BLOCKS as u64;
    let blocks = [
        r#"{"type":"tool_use"}"#,
        r#"{"type":"text","":0}"#,
        r#"{"type":"text_delta","text":"x"}"#,
        r#"{"type":"text_delta","text":"x","citation":{}}"#,
        r#"{"type":"citations_delta","citation":{}}"#,
        r#"{"type":"signature_delta","signature":""}"#,
    ];
    let orders: [fn(u64) -> u64; 3] = [|number| number, |number| MOST - 1 - number, |number| number * 1361 % MOST];
    let mut greatest = 0.0_f64;
    for block in blocks {
        let (kind, member) = if block.contains("_delta") {
            ("content_block_delta", "delta")
        } else {
            ("content_block_start", "content_block")
        };
        for order in orders {
            let event = |number| {
                let index = order(number);
                format!("event:{kind}\ndata:{{\"index\":{index},\"{member}\":{block}}}\n\n")
            };
            // The peak for each byte received, at the arrival of a block and, after that number of them, at the end.
            let cost = |blocks: u64| {
                let (mut decoder, mut received) = (MessageDecoder::new(), 0);
                let before = ssewire_heap::held();
                let (mut number_of_worst, mut worst) = (0, 0.0);
                let mut feed = |decoder: &mut MessageDecoder, event: &str, number| {
                    received += event.len();
                    ssewire_heap::begin();
                    let mut bytes = event.as_bytes();
                    while let Ok(Step::Update(_)) = decoder.decode(&mut bytes) {}
                    let peak = ssewire_heap::peak() - before;
                    let cost = peak.saturating_sub(8 * 1024) as f64 / received as f64;
                    if cost > worst {
                        (number_of_worst, worst) = (number, cost);
                    }
                };
                feed(&mut decoder, "event:message_start\ndata:{\"message\":{}}\n\n", 0);
                for number in 0..blocks {
                    let event = event(number);
                    feed(&mut decoder, &event, number + 1);
                }
                feed(&mut decoder, "event:message_stop\ndata:{}\n\n", blocks);
                assert_eq!(decoder.snapshot().content().len() as u64, blocks);
                (number_of_worst, worst)
            };
            let (number, at_arrival) = cost(MOST);
            let (_, worst) = cost(number);
            assert!(at_arrival.max(worst) <= 5.0, "{number} of {block}: {at_arrival}, {worst}");
            greatest = greatest.max(worst);
        }
    }
    assert!(greatest > 4.0, "no exception any more: {greatest}");
}

/// The list of blocks grows with the next block, a lost piece of input is recorded in each open block, and blocks that
/// come after another one are inserted.
#[test]
fn blocks_of_a_few_bytes_need_at_most_15_bytes_per_byte_with_other_events() {
    const BLOCKS: u64 = 4000;
    let start = |index: u64, block: &str| {
        format!("event:content_block_start\ndata:{{\"index\":{index},\"content_block\":{block}}}\n\n")
    };
    let rest = "data:{\n\n".to_owned() + &start(BLOCKS, r#"{"type":""}"#) + "event:message_stop\ndata:{}\n\n";
    let mut greatest = [0.0_f64; 2];
    for block in [r#"{"type":""}"#, r#"{"type":"","input":0}"#, r#"{"type":"tool_use"}"#] {
        let content = vec![block; BLOCKS as usize].join(",");
        let initial = format!("event:message_start\ndata:{{\"message\":{{\"content\":[{content}]}}}}\n\n");
        // 1361 is prime, so this is each index once, in another order.
        let later: String = (0..BLOCKS).map(|number| start(number * 1361 % BLOCKS, block)).collect();
        for (body, greatest) in [initial, later].into_iter().zip(&mut greatest) {
            let body = body + &rest;
            let mut decoder = MessageDecoder::new();
            let ((), peak) = ssewire_heap::peak_of(|| {
                for mut chunk in body.as_bytes().chunks(1400) {
                    while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
                }
            });
            assert_eq!(decoder.snapshot().content().len() as u64, BLOCKS + 1);
            *greatest = greatest.max(peak.saturating_sub(8 * 1024) as f64 / body.len() as f64);
        }
    }
    let delta = "event:content_block_delta\ndata:{\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n";
    let content = vec![r#"{"type":""}"#; 1599].join(",");
    let body = format!("{delta}event:message_start\ndata:{{\"message\":{{\"content\":[{content}]}}}}\n\n");
    let ((), peak) = ssewire_heap::peak_of(|| {
        let (mut decoder, mut input) = (MessageDecoder::new(), body.as_bytes());
        while let Ok(Step::Update(_)) = decoder.decode(&mut input) {}
    });
    let after_a_delta = peak.saturating_sub(8 * 1024) as f64 / body.len() as f64;
    assert!((6.0..=15.0).contains(&after_a_delta), "{after_a_delta}");
    let [initial, later] = greatest;
    assert!((6.0..=15.0).contains(&initial), "{initial}");
    assert!((5.0..=6.0).contains(&later), "{later}");
}

/// The budget of a program with many streams. Checked after each update, and where more input is needed.
#[test]
fn the_count_of_a_decoder_is_at_least_a_quarter_of_its_heap_until_the_message_ends() {
    const LEN: usize = 1 << 20;
    let start = |block: &str| format!("data: {{\"type\":\"message_start\",\"message\":{{\"content\":[{block}]}}}}\n\n");
    let tiny_blocks = vec![r#"{"type":""}"#; 4000].join(",");
    let tiny_starts = (0..4000).map(|index| {
        format!("event:content_block_start\ndata:{{\"index\":{index},\"content_block\":{{\"type\":\"tool_use\"}}}}\n\n")
    });
    let delta = |text: &str| {
        let delta = format!("{{\"type\":\"text_delta\",\"text\":\"{text}\"}}");
        format!("data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}}}\n\n")
    };
    // A line of JSON may count as body, as error, and as buffer that has just grown by half.
    for (name, body) in [
        ("a data line without an end", "data: ".to_owned() + &"x".repeat(LEN)),
        ("data lines without an end", "data: x\n".repeat(LEN / 8)),
        ("a JSON line without an end", "{\"a\":\"".to_owned() + &"x".repeat(LEN)),
        ("JSON lines", "[".to_owned() + &"1,\n".repeat(LEN / 3)),
        ("an error field without a blank line", "error: ".to_owned() + &"x".repeat(60_000) + "\n"),
        ("an error as a JSON line", format!("{{\"error\":\"{}\"}}\n", "x".repeat(60_000))),
        ("tiny blocks at once", start(&tiny_blocks)),
        ("tiny blocks, then a lost event", start(&tiny_blocks) + "data: {\n\n"),
        ("tiny blocks one by one", start("") + &tiny_starts.collect::<String>()),
        ("text", start(r#"{"type":"text","text":""}"#) + &delta("some words ").repeat(20_000)),
        ("text at once", start(r#"{"type":"text","text":""}"#) + &delta(&"x".repeat(LEN))),
    ] {
        let decoder = counts_a_quarter_of_its_heap(name, MessageDecoder::new(), &body, 4);
        assert!(!decoder.is_ended(), "{name}");
    }
}

/// Memory that was filled, and whose content was then removed.
#[test]
fn the_count_of_a_decoder_includes_the_capacity_that_remains() {
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n".to_owned();
    let message_delta = |value: &str| format!("event: message_delta\ndata: {value}\n\n");
    let long = |len: usize| format!("\"{}\"", "x".repeat(len));
    let mut bodies = Vec::new();
    // A member that is set again is appended, and the members are compacted.
    for (open, close) in [("{\"delta\":{\"z\":", "}}"), ("{\"usage\":{\"z\":", "}}"), ("{\"context_management\":", "}")]
    {
        let set = |value: &str| message_delta(&[open, value, close].concat());
        for len in [7, 100_000, 1 << 20] {
            // The second value is a little too short to start the compaction. The short ones start it, and it removes
            // both long ones.
            let body = set(&long(len)) + &set(&long(len + 400)) + &set("1").repeat(200);
            bodies.push((format!("{open}: {len} bytes, set again and again"), start.clone() + &body));
        }
    }
    // A delta appends its text before it turns out to be another one.
    for undone in ["\",\"text\":\"b\"}", "\"}", "\\x\"}"] {
        let blocks = |len: usize| {
            let block = |index: usize| {
                let start = format!("\"index\":{index},\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}");
                let text = "x".repeat(len);
                let delta = format!("\"index\":{index},\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}{undone}");
                format!("event: content_block_start\ndata: {{\"type\":\"content_block_start\",{start}}}\n\n")
                    + &format!("event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",{delta}")
                    + if undone == "\"}" { "\n\n" } else { "}\n\n" }
            };
            (0..2000).map(block).collect::<String>()
        };
        for len in [60, 255, 257, 1000, 1025] {
            bodies.push((format!("{len} bytes, then {undone}"), start.clone() + &blocks(len)));
        }
    }
    for (name, body) in bodies {
        counts_a_quarter_of_its_heap(&name, MessageDecoder::new(), &body, 4);
    }
    // Each piece replaces the one before.
    let pieces = |index: usize| {
        let piece = |len: usize| {
            let delta = format!("{{\"type\":\"text_delta\",\"text\":\"{}\"}}", "x".repeat(len));
            let payload = format!("{{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{delta}}}");
            format!("event: content_block_delta\ndata: {payload}\n\n")
        };
        [64, 1, 190, 1, 339, 240, 1].map(piece).concat()
    };
    let body = start + &(0..2000).map(pieces).collect::<String>();
    let decoder = MessageDecoder::new().map_accumulator(Accumulator::with_discarded_text);
    counts_a_quarter_of_its_heap("discarded text", decoder, &body, 4);
}

/// "A `message_start` that ended a message is kept: it begins the next message."
#[test]
fn the_count_of_a_decoder_includes_the_start_of_the_next_message() {
    let start = |id: &str, members: &str| {
        format!("event: message_start\ndata: {{\"message\":{{\"id\":\"{id}\"{members}}}}}\n\n")
    };
    let blocks = vec![r#"{"type":""}"#; 4000].join(",");
    for members in [format!(",\"z\":\"{}\"", "x".repeat(1 << 20)), format!(",\"content\":[{blocks}]")] {
        let body = start("a", "") + &start("b", &members);
        let before = ssewire_heap::held();
        let (mut decoder, mut input) = (MessageDecoder::new(), body.as_bytes());
        while let Ok(Step::Update(_)) = decoder.decode(&mut input) {}
        assert!(decoder.next_message().is_err() && !decoder.is_ended());
        let (held, count) = (ssewire_heap::held() - before, decoder.byte_count());
        assert!(held <= 4 * count + 8 * 1024, "{held} held, {count} counted");
        assert!(matches!(decoder.decode(&mut input), Ok(Step::Update(_))));
        assert_eq!((decoder.byte_count(), decoder.has_started()), (count, true), "counted once");
    }
}

/// The same with partial values of tool input, which hold its text and their nodes again.
#[test]
fn the_count_of_a_decoder_includes_partial_values() {
    const LEN: usize = 32 * 1024;
    let start = r#"data: {"type":"message_start","message":{"content":[{"type":"tool_use"}]}}"#.to_owned() + "\n\n";
    let delta = |index: usize, json: &str| {
        let delta = format!("{{\"type\":\"input_json_delta\",\"partial_json\":\"{json}\"}}");
        format!("data: {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{delta}}}\n\n")
    };
    let mut bodies = Vec::new();
    for open in [r#"[\""#, "[", ""] {
        for text in ["x", r"\\n", r"\\u20ac", r#"\","#, r#"{\"a\":"#, r#"\"a\":[],"#, "1,", " "] {
            for repeat in [1, 10, 1000, LEN / text.len()] {
                let piece = text.repeat(repeat);
                let pieces = (LEN / piece.len()).clamp(1, 2000);
                bodies.push((
                    format!("{open} {text} {repeat}"),
                    start.clone() + &delta(0, open) + &delta(0, &piece).repeat(pieces),
                ));
            }
        }
    }
    // Few bytes in each block: blocks of known and unknown kinds, in any order, and deltas before their starts.
    let orders: [fn(usize) -> usize; 3] = [|number| number, |number| 1001 - number, |number| number * 367 % 1009];
    for json in ["1", "null", "[", "{}", "{", r#"{\"a\":\""#] {
        for block in [r#"{"type":"tool_use"}"#, r#"{"type":"mcp_tool_use"}"#, r#"{"type":"","input":0}"#] {
            for (number, order) in orders.into_iter().enumerate() {
                let start_of = |index| {
                    let start = format!("{{\"index\":{index},\"content_block\":{block}}}");
                    format!("event: content_block_start\ndata: {start}\n\n")
                };
                let started = |number| start_of(order(number)) + &delta(order(number), json);
                let early = |number| delta(order(number), json) + &start_of(order(number));
                for body in [(1..300).map(started).collect::<String>(), (1..300).map(early).collect()] {
                    bodies.push((format!("{block} with {json} in order {number}"), start.clone() + &body));
                }
            }
        }
    }
    for (name, body) in bodies {
        for strings in [PartialStrings::Show, PartialStrings::Hide] {
            for accumulator in [Accumulator::with_partial_input, Accumulator::with_partial_changes] {
                let decoder = MessageDecoder::new().map_accumulator(|options| accumulator(options, strings));
                counts_a_quarter_of_its_heap(&name, decoder, &body, 1000);
            }
        }
    }
}

/// Blocks that add nothing to the message, however large: the buffer is counted until it is freed, and it is freed by
/// the time that further input is needed.
#[test]
fn the_buffer_of_a_large_block_is_counted_and_then_freed() {
    const LIMIT: usize = 1 << 20;
    let limited = || MessageDecoder::new().with_decoder(Decoder::new().with_max_event_bytes(LIMIT));
    let much = |len: usize| "x".repeat(len);
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    let too_large = format!("data: {}\n\n", much(LIMIT + 100_000));
    for (name, body) in [
        ("an event above the limit", too_large.clone()),
        ("an event above the limit, without its end", format!("data: {}", much(LIMIT + 100_000))),
        ("an event above the limit, then pings", too_large + &ping.repeat(31)),
        ("a block without data", format!("event: {}\n\n", much(LIMIT))),
        ("an unknown field", format!("{}: x\n\n", much(60_001))),
        ("an unknown event", format!("data: {{\"type\":\"future\",\"x\":\"{}\"}}\n\n", much(LIMIT - 100))),
        ("an undecodable event", format!("data: {}\n\n", much(LIMIT))),
        ("an event type", format!("event: {}\ndata: {{\"type\":\"ping\"}}\n\n", much(LIMIT - 100))),
        ("a replaced event type", format!("event: {}\n{ping}", much(LIMIT - 100))),
        ("an unknown field in a block with data", format!("{}: x\n{ping}", much(60_001))),
        ("an unknown field in an event above the limit", format!("{}: x\n{}\n\n", much(60_001), much(LIMIT))),
        ("an ID, then another", format!("id: {}\n\nid\n\n", much(4000))),
    ] {
        let start = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
        let before = ssewire_heap::held();
        let _decoder = counts_a_quarter_of_its_heap(name, limited(), &(start.to_owned() + &body), 4);
        let held = ssewire_heap::held() - before;
        assert!(held <= 8 * 1024, "{name}: {held} held");
    }
}

/// Decodes a body, and compares the count after each update, and where more input is needed. `most` is the largest
/// count for each byte received.
fn counts_a_quarter_of_its_heap(name: &str, mut decoder: MessageDecoder, body: &str, most: usize) -> MessageDecoder {
    let before = ssewire_heap::held();
    let mut received = 0;
    for mut chunk in body.as_bytes().chunks(1400) {
        received += chunk.len();
        loop {
            let is_update = matches!(decoder.poll(&mut chunk), Ok(Step::Update(_)));
            let (held, count) = (ssewire_heap::held() - before, decoder.byte_count());
            assert!(held <= 4 * count + 8 * 1024, "{name}, {received}: {held} held, {count} counted");
            if !is_update {
                break;
            }
        }
        let (count, blocks) = (decoder.byte_count(), decoder.snapshot().content().len());
        assert!(count <= most * received + 512 + 128 * blocks, "{name}, {received}: {count} counted");
    }
    assert_eq!(received, body.len(), "{name}");
    decoder
}

/// The length of a hostile value: less than the bound of an `error` field.
const LEN: usize = 60 * 1024;

/// Decodes one event with [`LEN`] of these bytes. Returns its peak memory for each of them.
fn peak_per_byte(before: &str, byte: u8, after: &str) -> (MessageDecoder, f64) {
    let body = [before.as_bytes(), &[byte; LEN], after.as_bytes()].concat();
    let (decoder, peak) = peak_of(&body, 1400);
    (decoder, peak.saturating_sub(8 * 1024) as f64 / LEN as f64)
}

/// Decodes a body in chunks. Returns the peak memory.
fn peak_of(body: impl AsRef<[u8]>, chunk_len: usize) -> (MessageDecoder, usize) {
    let mut decoder = MessageDecoder::new();
    let ((), peak) = ssewire_heap::peak_of(|| {
        for mut chunk in body.as_ref().chunks(chunk_len) {
            while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
        }
    });
    (decoder, peak)
}
