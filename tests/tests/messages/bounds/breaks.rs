//! Inputs that once violated a guarantee: linear time, bounded memory, or correct completion.
//!
//! Time is not measured, and nothing ends a slow test: quadratic work shows only as a run of minutes. `ci/growth`
//! counts the instructions of such inputs, and fails.

use std::iter::once;

use ssewire_messages::{
    Accumulator, Completion, ContentBlock, InvalidMessage, Message, MessageDecoder, PartialStrings, Step, StreamEvent,
    ToolInput, Update, Validation,
};

const MIB: usize = 1 << 20;
/// Bytes that may be held in addition to [`HELD`] for each received byte.
const CONSTANT: usize = 8 * 1024;
const HELD: usize = 4;

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn sse(payload: &str) -> String {
    format!("data: {payload}\n\n")
}

fn decode(decoder: &mut MessageDecoder, mut input: &[u8]) {
    while let Step::Update(_) = decoder.decode(&mut input).expect("not strict") {}
}

/// Peak bytes held while the chunks were decoded, without the chunks.
fn peak<'a>(decoder: &mut MessageDecoder, chunks: impl IntoIterator<Item = &'a [u8]>) -> usize {
    let ((), peak) = ssewire_heap::peak_of(|| chunks.into_iter().for_each(|chunk| decode(decoder, chunk)));
    peak
}

/// A mebibyte of objects in objects, each with an empty name.
fn nested(bytes: usize) -> String {
    let one = format!("{}0{}", r#"{"":"#.repeat(120), "}".repeat(120));
    let many = vec![one.as_str(); bytes / one.len()];
    format!("[{}]", many.join(","))
}

#[test]
fn large_unknown_event_is_not_kept() {
    let event = sse(&format!(r#"{{"x":"{}"}}"#, "x".repeat(16 * MIB - 100)));
    let mut decoder = MessageDecoder::new();
    let before = ssewire_heap::held();
    decode(&mut decoder, event.as_bytes());
    decode(&mut decoder, b"data: x\n\n");
    let held = ssewire_heap::held().saturating_sub(before);
    assert!(held <= 1024, "{held}");
}

#[test]
fn a_stream_with_one_block_begun_holds_a_kibibyte() {
    let mut decoder = MessageDecoder::new();
    let before = ssewire_heap::held();
    decode(&mut decoder, sse(START).as_bytes());
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    decode(&mut decoder, sse(start).as_bytes());
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#;
    decode(&mut decoder, sse(delta).as_bytes());
    let held = ssewire_heap::held().saturating_sub(before) + size_of::<MessageDecoder>();
    assert!(held <= 1024, "{held}");
    // A usual `message_start` leaves no more for the decoder.
    #[cfg(target_pointer_width = "64")]
    assert!(size_of::<MessageDecoder>() <= 656, "{}", size_of::<MessageDecoder>());
}

/// The text of F2: many members, a long key, and its value in pieces of two bytes. Each time with another start of the
/// key, which has to be decoded if it has an escape.
#[test]
fn a_piece_of_input_costs_the_same_however_much_its_object_holds() {
    let members: String = (0..40).map(|number| format!(r#"\"{number}\":0,"#)).collect();
    for escape in ["", r"\\n"] {
        let piece = |json: &str| {
            let delta = format!(r#"{{"type":"input_json_delta","partial_json":"{json}"}}"#);
            sse(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#))
        };
        let tool = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}}"#;
        let head = format!(r#"{{{members}\"{escape}{}\":[0"#, "k".repeat(MIB));
        let stream = sse(START) + &sse(tool) + &piece(&head) + &piece(",0").repeat(50_000) + &piece("]}");
        let accumulator = Accumulator::new().with_partial_input(PartialStrings::Show);
        let mut decoder = MessageDecoder::new().with_accumulator(accumulator);
        decode(&mut decoder, stream.as_bytes());
        let snapshot = decoder.snapshot();
        let partial = snapshot.content()[0].tool_input().and_then(ToolInput::partial).expect("a value");
        let key = escape.replace(r"\\n", "\n") + &"k".repeat(MIB);
        assert_eq!(partial[key].as_array().map(Vec::len), Some(50_001));
    }
}

/// A block of an unknown kind is searched once for the members that take deltas.
#[test]
fn deltas_of_a_large_unknown_block_cost_their_own_length() {
    let text = "x".repeat(4 * MIB);
    let block = format!(r#"{{"type":"future","large":"{text}","input":1,"thinking":"","signature":""}}"#);
    let start = sse(&format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#));
    let deltas = [
        r#"{"type":"input_json_delta","partial_json":"1"}"#,
        r#"{"type":"thinking_delta","thinking":"y","signature":"s"}"#,
    ];
    let mut decoder = MessageDecoder::new();
    decode(&mut decoder, (sse(START) + &start).as_bytes());
    for delta in deltas {
        let delta = sse(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#));
        (0..20_000).for_each(|_| decode(&mut decoder, delta.as_bytes()));
    }
    let snapshot = decoder.snapshot();
    assert_eq!(snapshot.content()[0].tool_input().map(|input| input.raw().len()), Some(20_000));
}

/// F9, cut at every byte: a stop reason of `message_start` proves nothing.
#[test]
fn truncated_stream_is_never_complete() {
    for reason in ["", "end_turn", "a_future_reason"] {
        let start = format!(r#"{{"type":"message_start","message":{{"content":[],"stop_reason":"{reason}"}}}}"#);
        let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
        let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#;
        let stop = r#"{"type":"content_block_stop","index":0}"#;
        let stream: String = [&start, block, delta, delta, stop].into_iter().map(sse).collect();
        for end in 1..=stream.len() {
            let mut decoder = MessageDecoder::new();
            decode(&mut decoder, &stream.as_bytes()[..end]);
            let incomplete = decoder.finish().expect_err("cut");
            // The first three bytes may begin any text.
            assert!(end < 3 || incomplete.reason() == Completion::Truncated, "{end}: {incomplete}");
        }
    }
}

/// F15: neither a comment nor an unknown field costs an event, whatever the limit.
#[test]
fn comments_and_unknown_fields_never_cost_an_event() {
    let whole = sse(START) + &sse(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#) + &sse(STOP);
    let comment = [b":".to_vec(), vec![b'a'; 20 * MIB], b"\n\n".to_vec(), whole.clone().into_bytes()].concat();
    let mut decoder = MessageDecoder::new();
    let held = peak(&mut decoder, comment.chunks(16 * 1024));
    assert!(held <= CONSTANT, "{held}");
    assert!(decoder.finish().is_ok());

    let field = format!("field: {}\n{whole}", "x".repeat(5000));
    let limited = ssewire::Decoder::new().with_max_event_bytes(4000);
    let mut decoder = MessageDecoder::new().with_decoder(limited);
    decode(&mut decoder, field.as_bytes());
    assert!(decoder.finish().is_ok());
}

#[test]
fn a_rejected_message_stop_does_not_collect_the_open_blocks_each_time() {
    let accumulator =
        Accumulator::new().with_validation(Validation::Strict).with_max_blocks(usize::MAX).with_max_bytes(usize::MAX);
    let mut accumulator = accumulator;
    accumulator.accumulate_json(START.as_bytes()).expect("the start");
    let many = 20_000_u64;
    for index in 0..many {
        let start =
            format!(r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"text","text":""}}}}"#);
        accumulator.accumulate_json(start.as_bytes()).expect("a start in order");
    }
    for _ in 0..many {
        assert!(accumulator.accumulate_json(STOP.as_bytes()).is_err());
    }
}

#[test]
fn assigning_among_many_unknown_members_is_linear() {
    let members: Vec<String> = (0..50_000).map(|number| format!(r#""x{number}":0"#)).collect();
    let starts = [
        format!(r#"{{"type":"message_start","message":{{"usage":{{{}}}}}}}"#, members.join(",")),
        format!(r#"{{"type":"message_start","message":{{{}}}}}"#, members.join(",")),
    ];
    for start in starts {
        let mut accumulator = Accumulator::new();
        accumulator.accumulate_json(start.as_bytes()).expect("lenient");
        for _ in 0..20_000 {
            for payload in [
                r#"{"type":"message_delta","usage":{"output_tokens":{}}}"#,
                r#"{"type":"message_delta","usage":{"output_tokens":1}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":5}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
            ] {
                accumulator.accumulate_json(payload.as_bytes()).expect("lenient");
            }
        }
        assert_eq!(accumulator.snapshot().stop_reason().map(|reason| reason.as_str()), Some("end_turn"));
    }
}

/// Deep JSON that is not merged is kept as text.
#[test]
fn deep_json_is_held_as_text_wherever_it_occurs() {
    let deep = nested(MIB);
    let replace = |shape: &str| shape.replace('@', &deep);
    let start = START.to_owned();
    let places = [
        ("message_start", vec![replace(r#"{"type":"message_start","message":{"content":[],"x":@}}"#)]),
        ("message_delta", vec![start.clone(), replace(r#"{"type":"message_delta","delta":{"x":@}}"#)]),
        (
            "block start",
            vec![
                start.clone(),
                replace(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","x":@}}"#),
            ],
        ),
        (
            "raw block",
            vec![
                start.clone(),
                replace(r#"{"type":"content_block_start","index":0,"content_block":{"type":"future","x":@}}"#),
            ],
        ),
        (
            "tool input",
            vec![
                start.clone(),
                replace(
                    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":@}}"#,
                ),
            ],
        ),
        ("error", vec![start, replace(r#"{"type":"error","error":{"type":"api_error","message":"m","x":@}}"#)]),
    ];
    for (place, payloads) in places {
        for lossy in ["", r#""\ud800","#, "\"\u{fffd}\","] {
            let stream: String =
                payloads.iter().map(|payload| sse(&payload.replacen("[{", &format!("[{lossy}{{"), 1))).collect();
            let mut stream = stream.into_bytes();
            for byte in &mut stream {
                // The first byte of U+FFFD: what remains is not UTF-8.
                if *byte == 0xef {
                    *byte = 0xff;
                }
            }
            let mut decoder = MessageDecoder::new();
            let peak = peak(&mut decoder, stream.chunks(16 * 1024));
            assert!(peak <= HELD * stream.len() + CONSTANT, "{place} {lossy:?}: {peak} held for {}", stream.len());
        }
    }
}

/// A string is decoded once, and no copy of it grows, whatever it is in and however it is written.
#[test]
fn a_long_string_is_held_within_bounds_wherever_it_occurs() {
    let strings = |len: usize| {
        [
            "x".repeat(len),
            "x".repeat(len) + r"\n",
            r"\n".to_owned() + &"x".repeat(len),
            r"\n".repeat(len / 2),
            r"\n".repeat(len / 2) + &r"\u0041".repeat(20),
            r"\u0041".repeat(len / 6),
        ]
    };
    let start = |block: &str| {
        sse(START) + &sse(&format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#))
    };
    let delta = |delta: &str| sse(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":{delta}}}}}"#));
    let text = start(r#"{"type":"text","text":""}"#) + &delta(r#""text_delta","text":"x""#);
    let thinking = start(r#"{"type":"thinking","thinking":""}"#) + &delta(r#""thinking_delta","thinking":"x""#);
    let input = start(r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#);
    let message_delta = |members: &str| sse(START) + &sse(&format!(r#"{{"type":"message_delta",{members}}}"#));
    let shapes = [
        text + &delta(r#""text_delta","text":"@""#),
        thinking + &delta(r#""thinking_delta","thinking":"@""#),
        input + &delta(r#""input_json_delta","partial_json":"@""#),
        message_delta(r#""delta":{"@":1}"#),
        message_delta(r#""usage":{"@":1}"#),
        message_delta(r#""usage":{"@" : 1}"#),
        start(r#"{"text":"","@":0,"type":"text"}"#),
        start(r#"{"text":"@","type":"text"}"#),
        start(r#"{"type":"fallback","to":{"model":"@"}}"#),
        sse(r#"{"type":"error","error":{"type":"e","message":"@"}}"#),
        "event: error\n".to_owned() + &sse(r#"{"error":"@"}"#),
        "error: {\"message\":\"@\"}\n\n".to_owned(),
        "{\"message\":\"@\"}\n\n".to_owned(),
        sse(START) + "{\"error\":\"@\"}\n\n",
        "[{\"message\":\"@\"}]\n\n".to_owned(),
        sse(START) + "[{\"error\":\"@\"}]\n\n",
        r#"{"type":"error","error":{"message":"@"}}"#.to_owned(),
        r#"{"detail":[{"msg":"@"}]}"#.to_owned(),
        r#"{"type":"message","content":[{"type":"text","text":"@"}]}"#.to_owned(),
    ];
    for shape in &shapes {
        // The second is longer than a line for which the exception below holds.
        for string in strings(60_000).iter().chain(&strings(100_000)) {
            let body = shape.replace('@', string);
            // SECURITY.md, heading "Memory": the exceptions of names with escapes, and of lines of at most 64 KiB that
            // are JSON.
            let times = if body.starts_with(['{', '[']) && body.len() <= 64 * 1024 {
                6
            } else if shape.contains("\"@\":") || shape.contains("\"@\" :") {
                5
            } else {
                HELD
            };
            for length in [1400, 16 * 1024] {
                let mut decoder = MessageDecoder::new();
                let (_result, peak) = ssewire_heap::peak_of(|| {
                    body.as_bytes().chunks(length).for_each(|chunk| decode(&mut decoder, chunk));
                    decoder.finish()
                });
                let what = (shape, &string[..10], &string[string.len() - 10..], length);
                assert!(peak <= times * body.len() + CONSTANT, "{what:?}: {peak} held for {}", body.len());
            }
        }
    }
    let messages = vec![r#"{"msg":"aaaaaaaaaaa"}"#; 1000].join(",");
    let body = format!(r#"{{"detail":[{messages}]}}"#);
    let mut decoder = MessageDecoder::new();
    let (_result, peak) = ssewire_heap::peak_of(|| {
        body.as_bytes().chunks(1400).for_each(|chunk| decode(&mut decoder, chunk));
        decoder.finish()
    });
    assert!(peak <= 5 * body.len() + CONSTANT, "{peak} held for {}", body.len());
}

#[test]
fn the_limit_counts_what_every_member_holds() {
    const LIMIT: usize = MIB;
    let deep = nested(MIB);
    let text = format!("{:?}", "x".repeat(MIB));
    let shapes = [
        r#"{"delta":{"stop_reason":T}}"#,
        r#"{"delta":{"stop_sequence":T}}"#,
        r#"{"delta":{"container":@}}"#,
        r#"{"delta":{"stop_details":@}}"#,
        r#"{"context_management":@}"#,
        r#"{"delta":{"input_transformations":@}}"#,
        r#"{"usage":{"iterations":@}}"#,
        r#"{"usage":{"cache_creation":@}}"#,
        r#"{"usage":{"output_tokens_details":@}}"#,
        r#"{"usage":{"server_tool_use":@}}"#,
        r#"{"usage":{"inference_geo":T}}"#,
        r#"{"usage":{"fallback_credit":@}}"#,
        r#"{"usage":{"service_tier":T}}"#,
        r#"{"usage":{"speed":T}}"#,
    ];
    for limit in [100, LIMIT] {
        let mut decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_max_bytes(limit));
        let before = ssewire_heap::held();
        decode(&mut decoder, sse(r#"{"type":"message_start","message":{"content":[]}}"#).as_bytes());
        for shape in shapes {
            let payload = shape.replace('@', &deep).replace('T', &text).replacen('{', r#"{"type":"message_delta","#, 1);
            decode(&mut decoder, sse(&payload).as_bytes());
        }
        decode(&mut decoder, sse(STOP).as_bytes());
        let held = ssewire_heap::held().saturating_sub(before);
        assert!(held <= HELD * limit + CONSTANT, "{held} held for a limit of {limit}");
        let incomplete = decoder.finish().expect_err("too much");
        assert!(matches!(incomplete.reason(), Completion::LimitExceeded), "{:?}", incomplete.reason());
    }
}

/// A lost piece of input is not skipped: from this piece on the input is an error.
#[test]
fn a_lost_piece_of_input_is_never_taken_for_input() {
    let tool = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#;
    let piece = |json: &str| {
        sse(&format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":{json:?}}}}}"#
        ))
    };
    let cut = sse(r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"etc"#);
    for pieces in [vec![piece(r#"{"path":"/""#), cut.clone(), piece("}")], vec![cut]] {
        let stop = sse(r#"{"type":"content_block_stop","index":0}"#);
        let end = sse(r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#) + &sse(STOP);
        let mut decoder = MessageDecoder::new();
        let mut has_lost = false;
        for event in [sse(START), sse(tool)].iter().chain(&pieces).chain(once(&stop)).chain(once(&end)) {
            let mut input = event.as_bytes();
            while let Step::Update(event) = decoder.decode(&mut input).expect("not strict") {
                assert!(!matches!(event.update, Update::ToolCall(_)), "a call of half an input");
                has_lost |= matches!(event.update, Update::Lost(_));
            }
            if let (true, Some(ContentBlock::ToolUse(block))) = (has_lost, decoder.snapshot().content().first()) {
                assert!(block.input().value().is_err());
            }
        }
        assert!(has_lost);
        let incomplete = decoder.finish().expect_err("a piece is lost");
        let Some(ContentBlock::ToolUse(block)) = incomplete.partial().content().first() else { panic!("no block") };
        assert!(block.input().value().is_err());
    }
}

#[test]
fn halves_of_surrogate_pairs_are_held_within_bounds() {
    let half = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d"}}"#;
    let stream = sse(START) + &sse(half).repeat(10_000);
    let mut decoder = MessageDecoder::new();
    let peak = peak(&mut decoder, stream.as_bytes().chunks(16 * 1024));
    assert!(peak <= HELD * stream.len() + CONSTANT, "{peak}");
}

/// An element that cannot be a block is found before memory is allocated for it.
#[test]
fn content_that_is_not_a_list_of_blocks_is_not_allocated() {
    for element in ["0", "{}", r#"{"":0}"#] {
        let content = format!("[{}{element}]", format!("{element},").repeat(MIB));
        let message = format!(r#"{{"content":{content}}}"#);
        let (result, peak) = ssewire_heap::peak_of(|| Message::from_json(message.as_bytes()));
        assert_eq!(result, Err(InvalidMessage::Member("content_block")));
        assert!(peak <= CONSTANT, "{peak}");

        let payload = format!(r#"{{"type":"message_start","message":{message}}}"#);
        let (result, peak) = ssewire_heap::peak_of(|| StreamEvent::from_json(payload.as_bytes()).map(drop));
        assert!(result.is_err());
        assert!(peak <= CONSTANT, "{peak}");
    }
}

/// SECURITY.md, heading "Memory": the exception of tiny initial blocks.
#[test]
fn tiny_initial_blocks_are_held_within_6_bytes_per_byte() {
    let blocks = format!(r#"{}{{"type":""}}"#, r#"{"type":""},"#.repeat(MIB / 12));
    let event = sse(&format!(r#"{{"type":"message_start","message":{{"content":[{blocks}]}}}}"#));
    let mut decoder = MessageDecoder::new();
    let peak = peak(&mut decoder, event.as_bytes().chunks(16 * 1024));
    assert!(peak <= 6 * event.len() + CONSTANT, "{peak} held for {}", event.len());
    assert_eq!(decoder.completion(), Completion::LimitExceeded);
}

/// A string with an escape is copied. Neither the spaces after it nor its escapes make the copy larger than the limit
/// counts.
#[test]
fn a_text_is_held_in_proportion_to_the_bytes_that_the_limit_counts() {
    const BLOCKS: usize = 8;
    let escapes = r"\u0041".repeat(MIB / 6);
    let spaces = " ".repeat(MIB);
    let delta = |index, kind: &str, member: &str, text: &str, end: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{member}":"{text}"}}{end}}}"#
        )
    };
    let start =
        |index, block: &str| format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
    let block = |kind: &str, text: &str| format!(r#"{{"type":"{kind}","{kind}":"{text}"}}"#);
    for kind in ["text", "thinking"] {
        let delta_kind = format!("{kind}_delta");
        let shapes: [&dyn Fn(usize) -> [String; 2]; 4] = [
            &|index| [start(index, &block(kind, "")), delta(index, &delta_kind, kind, r"\n", &spaces)],
            &|index| [start(index, &block(kind, "")), delta(index, &delta_kind, kind, &escapes, "")],
            &|index| [start(index, &block(kind, "")), delta(index, &delta_kind, kind, &escapes, r#","x":0"#)],
            &|index| [start(index, &block(kind, &escapes)), delta(index, &delta_kind, kind, "", "")],
        ];
        for (number, shape) in shapes.iter().enumerate() {
            let mut accumulator = Accumulator::new();
            let before = ssewire_heap::held();
            accumulator.accumulate_json(START.as_bytes()).expect("the start");
            // All starts first: the fast path merges only deltas of the newest block.
            for part in 0..2 {
                for index in 0..BLOCKS {
                    accumulator.accumulate_json(shape(index)[part].as_bytes()).expect("within the limit");
                }
            }
            let held = ssewire_heap::held().saturating_sub(before);
            let snapshot = accumulator.snapshot();
            let text = |block: &ContentBlock| match block {
                ContentBlock::Text(block) => block.text().len(),
                ContentBlock::Thinking(block) => block.thinking().len(),
                _ => 0,
            };
            let counted: usize = snapshot.content().iter().map(text).sum();
            assert!(counted >= BLOCKS);
            assert!(held <= 2 * counted + CONSTANT, "{kind} {number}: {held} held for {counted}");
        }
    }
}

/// What an event leaves of a block is bounded by the text that the block has then, not by that of the event.
#[test]
fn a_block_does_not_hold_the_text_that_it_lost_again() {
    const LIMIT: usize = 64 * 1024;
    const BLOCKS: usize = 200;
    const PER_BLOCK: usize = 2048;
    let large = "a".repeat(60 * 1024);
    let event = |payload: String| format!("event: content_block_delta\ndata: {payload}\n\n");
    let delta = |index: usize, kind: &str, member: &str, rest: &str| {
        event(format!(
            r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{member}":"{rest}}}"#
        ))
    };
    let kinds = [
        ("text_delta", "text", r#"{"type":"text","text":""}"#),
        ("thinking_delta", "thinking", r#"{"type":"thinking","thinking":""}"#),
        ("input_json_delta", "partial_json", r#"{"type":"tool_use","id":"t","name":"n","input":{}}"#),
    ];
    for (kind, member, block) in kinds {
        // A member that occurs twice, of which the last one counts; text that is not JSON. A long and a short piece.
        let twice = format!(r#"{large}","{member}":""}}"#);
        let no_json = format!(r#"{large}\x"}}"#);
        let (long, short) = (format!(r#"{large}"}}"#), r#"b"}"#.to_owned());
        let cases = [
            (false, "twice", [twice.clone(), r#"b"}"#.to_owned()]),
            (false, "no JSON", [no_json, r#"b"}"#.to_owned()]),
            (true, "discarded", [long, short]),
        ];
        for (is_discarded, what, deltas) in cases {
            if is_discarded && kind == "input_json_delta" {
                continue;
            }
            for length in [usize::MAX, 1400] {
                let accumulator = Accumulator::new().with_max_bytes(LIMIT);
                let accumulator = if is_discarded { accumulator.with_discarded_text() } else { accumulator };
                let mut decoder = MessageDecoder::new().with_accumulator(accumulator);
                let before = ssewire_heap::held();
                decode(&mut decoder, sse(START).as_bytes());
                for index in 0..BLOCKS {
                    let start = format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
                    let deltas = deltas.each_ref().map(|rest| delta(index, kind, member, rest)).concat();
                    let events = sse(&start) + &deltas;
                    events.as_bytes().chunks(length).for_each(|chunk| decode(&mut decoder, chunk));
                }
                let held = ssewire_heap::held().saturating_sub(before);
                assert_eq!(decoder.snapshot().content().len(), BLOCKS);
                assert_ne!(decoder.completion(), Completion::LimitExceeded);
                assert!(held <= HELD * LIMIT + PER_BLOCK * BLOCKS, "{kind}, {what}, {length}: {held} held");
            }
        }
    }
}

#[test]
fn a_large_first_citation_is_not_held_three_times() {
    let citation = format!(r#"{{"cited_text":"{}"}}"#, "x".repeat(11 * MIB / 10));
    let delta = format!(r#"{{"type":"citations_delta","citation":{citation}}}"#);
    let event = sse(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#));
    let stream = sse(START) + &event;
    let mut decoder = MessageDecoder::new();
    let peak = peak(&mut decoder, stream.as_bytes().chunks(16 * 1024));
    assert!(peak <= HELD * stream.len() + CONSTANT, "{peak} held for {}", stream.len());
    let mut accumulator = Accumulator::new();
    let before = ssewire_heap::held();
    accumulator.accumulate_json(event["data: ".len()..].trim_end().as_bytes()).expect("lenient");
    let held = ssewire_heap::held().saturating_sub(before);
    assert!(held <= citation.len() + CONSTANT, "{held} held for {}", citation.len());
}

/// The value so far is written as text, not built as a tree.
#[test]
fn truncated_input_is_written_in_proportion_to_its_text() {
    let json = format!("[{}", r#"{"":0},"#.repeat(MIB / 7));
    let call = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#;
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":{json:?}}}}}"#
    );
    let mut accumulator = Accumulator::new();
    for payload in [START, call, &delta] {
        accumulator.accumulate_json(payload.as_bytes()).expect("lenient");
    }
    let incomplete = accumulator.into_message().expect_err("truncated");
    let (written, peak) = ssewire_heap::peak_of(|| incomplete.partial().to_json_lossy());
    assert!(written.as_str().len() >= json.len());
    assert!(peak <= HELD * json.len() + CONSTANT, "{peak} held for {}", json.len());
}
