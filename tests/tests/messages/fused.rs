//! The fused fast path: deltas that repeat the previous one exactly or nearly.
//!
//! The expectation is the result of the parts of the decoder, called separately, as in the fuzz target
//! `message_stream`.

use ssewire_messages::{Accumulator, Completion, MessageDecoder, PartialStrings, Step, Update};
use ssewire_tests::fuzz::message_stream;

const START: &str = "\
    event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"content\":[]}}\n\n\
    event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
    event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n\
    event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}}\n\n";

const END: &str = "\
    event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
    event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// Layouts of a delta: `{text}` is its text, `{kind}` its kind, `{member}` the member of this kind, `{index}` its
/// block.
const SPELLINGS: [&str; 9] = [
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"}   }\n\n",
    "event: content_block_delta\ndata: {\"delta\":{\"{member}\":\"{text}\",\"type\":\"{kind}\"},\"index\":{index},\"type\":\"content_block_delta\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"},\"index\":{index}  }\n\n",
    "data: {\"type\": \"content_block_delta\", \"index\": {index}, \"delta\": {\"type\": \"{kind}\", \"{member}\": \"{text}\"}}\n\n",
    "event: other\ndata: {\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"}}\n\n",
    "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"}}\r\n\r\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"first\",\"{member}\":\"{text}\"}}\n\n",
    "event: content_block_delta\ndata: {\"index\":{index},\"delta\":{\"type\":\"{kind}\",\"{member}\":\"{text}\"}}\n\n",
];

const KINDS: [(&str, &str); 3] =
    [("text_delta", "text"), ("thinking_delta", "thinking"), ("input_json_delta", "partial_json")];

/// JSON string contents, valid and invalid.
const TEXTS: [&[u8]; 14] = [
    b"Hi",
    b"",
    b"a word or two and some more of them, so that there are many",
    "é😀 and \u{2028}".as_bytes(),
    br#"{\"a\":\"b\\n\"}"#,
    br"\n\t\b\f\r\/",
    br"\u00e9",
    br"\ud83d",
    br"\ude00",
    b"\xFF",
    b"\xC3",
    b"\x01",
    br"\x",
    b"\"}} \n",
];

/// Events between repeated deltas.
const BETWEEN: [&[u8]; 12] = [
    b"",
    b": comment\n\n",
    b"id: 7\n",
    b"retry: 1\n\n",
    b"error: overloaded\n\n",
    b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
    b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"new\"}}\n\n",
    b"data: {\n\n",
    b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"content\":[]}}\n\n",
    b"data: x\n",
    b"\n",
];

/// The flag of `Accumulator::with_discarded_text`.
const DISCARD: u8 = 128;

fn event(spelling: &str, kind: usize, index: usize, text: &[u8]) -> Vec<u8> {
    let (kind, member) = KINDS[kind];
    let event = spelling.replace("{kind}", kind).replace("{member}", member).replace("{index}", &index.to_string());
    let (before, after) = event.split_once("{text}").expect("a text");
    [before.as_bytes(), text, after.as_bytes()].concat()
}

/// Lengths of chunks, besides 1.
const LENGTHS: [u8; 4] = [7, 64, 117, 255];

/// In one chunk and in chunks of some lengths.
fn check(flags: u8, limit: u8, body: &[u8]) {
    check_with(&LENGTHS, flags, limit, body);
}

/// As [`check`], but with only one of [`LENGTHS`], for tests with many limits. The limit and the number of the case,
/// its flags or its body, select it: four cases meet every length at every limit.
fn check_limit(number: usize, flags: u8, limit: u8, body: &[u8]) {
    let length = LENGTHS[(number + usize::from(limit)) % LENGTHS.len()];
    check_with(&[length], flags, limit, body);
}

/// In one chunk, in chunks of one byte, which meet a limit at any byte, and in chunks of these lengths.
fn check_with(lengths: &[u8], flags: u8, limit: u8, body: &[u8]) {
    message_stream(&[&[flags, limit, 0], body].concat());
    for length in [&[1], lengths].concat() {
        message_stream(&[&[flags, limit, 1, length], body].concat());
    }
}

#[test]
fn a_repeated_delta_is_merged_as_any_other() {
    for spelling in SPELLINGS {
        for kind in 0..KINDS.len() {
            let mut body = START.as_bytes().to_vec();
            for text in TEXTS {
                for text in [b"one", text, b"two"] {
                    body.extend(event(spelling, kind, kind, text));
                }
            }
            body.extend(END.as_bytes());
            check(0, 0, &body);
        }
    }
}

#[test]
fn the_first_deltas_of_a_block_are_merged_as_any_other() {
    let events: Vec<_> = START.split_inclusive("\n\n").collect();
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    for spelling in SPELLINGS {
        for kind in 0..KINDS.len() {
            // Regression: an empty first piece of input was visible in `Debug`.
            for (first, between) in [(&b""[..], ""), (b"", ping), (b"\\n", ""), (b"\\u00e9", ping), (b"one", ping)] {
                let mut body = [events[0], events[1 + kind], between].concat().into_bytes();
                for text in [first, b"two", b"three"] {
                    body.extend(event(spelling, kind, kind, text));
                }
                body.extend(END.as_bytes());
                for flags in [0, 2] {
                    check(flags, 0, &body);
                }
            }
        }
    }
}

#[test]
fn whatever_comes_between_ends_the_repetition() {
    for between in BETWEEN {
        let mut body = START.as_bytes().to_vec();
        for text in [&b"one"[..], b"two", b"three"] {
            body.extend(event(SPELLINGS[0], 0, 0, text));
        }
        body.extend(between);
        for text in [&b"four"[..], b"five"] {
            body.extend(event(SPELLINGS[0], 0, 0, text));
        }
        body.extend(END.as_bytes());
        for flags in [0, 1, 2, DISCARD] {
            check(flags, 0, &body);
        }
    }
}

/// Regression: the fast path compared only the payload, though the event type decides if `type` is missing.
#[test]
fn a_delta_without_a_type_is_one_only_under_its_event_type() {
    let others = [
        ("event: error\n", Completion::ServerError),
        ("event: ping\n", Completion::Complete),
        ("event: future\n", Completion::Complete),
        ("event: message_stop\n", Completion::Complete),
        ("", Completion::Complete),
    ];
    for kind in [r#""type":null,"#, ""] {
        let data = format!(r#"data: {{{kind}"index":0,"delta":{{"type":"text_delta","text":"w"}}}}"#) + "\n\n";
        for (other, completion) in others {
            let delta = format!("event: content_block_delta\n{data}");
            let blocks: String = START.split_inclusive("\n\n").take(2).collect();
            let body = blocks + &delta + &delta + other + &data + END;
            check(0, 0, body.as_bytes());
            for length in [1, body.len()] {
                let mut decoder = MessageDecoder::new();
                for mut chunk in body.as_bytes().chunks(length) {
                    while let Step::Update(_) = decoder.decode(&mut chunk).expect("not strict") {}
                }
                assert_eq!(decoder.completion(), completion, "{other}{data}");
                assert_eq!(decoder.snapshot().text(), "ww", "{other}{data}");
            }
        }
    }
}

/// Regression: the fast path discarded the piece before the delta was complete, and freed it before the limit was
/// checked.
#[test]
fn discarded_text_does_not_depend_on_the_chunks_nor_on_the_path() {
    for (number, spelling) in SPELLINGS.into_iter().enumerate() {
        let mut body = START.as_bytes().to_vec();
        for text in [&b"one"[..], b"two", b"", b"\\x", b"three", b"\\ud83d", b"\\ude00"] {
            body.extend(event(spelling, 0, 0, text));
        }
        for length in [body.len(), body.len() - 1, body.len() - 20] {
            check(DISCARD, 0, &body[..length]);
        }
        for limit in 0..30 {
            check_limit(number, 8 | DISCARD, limit, &body);
        }
    }
}

/// Regression: a signature and a citation discarded the text before them.
#[test]
fn only_the_next_piece_discards_a_piece() {
    let mut accumulator = Accumulator::new().with_discarded_text();
    let mut pass = |payload: &str| {
        accumulator.accumulate_json(payload.as_bytes()).unwrap();
        let content = accumulator.snapshot().to_json_lossy();
        [r#""text":"#, r#""thinking":"#].map(|member| {
            let (_, after) = content.as_str().split_once(member).unwrap_or_default();
            after.split('"').nth(1).unwrap_or_default().to_owned()
        })
    };
    pass(r#"{"type":"message_start","message":{}}"#);
    let others = [
        ("text", r#"{"type":"citations_delta","citation":{"type":"x"}}"#),
        ("thinking", r#"{"type":"signature_delta","signature":"s"}"#),
    ];
    for (index, (kind, other)) in others.into_iter().enumerate() {
        let block = format!(r#"{{"type":"{kind}","{kind}":""}}"#);
        pass(&format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#));
        for (delta, kept) in [
            (format!(r#"{{"type":"{kind}_delta","{kind}":"a"}}"#), "a"),
            (format!(r#"{{"type":"{kind}_delta","{kind}":"b"}}"#), "b"),
            (other.into(), "b"),
            (format!(r#"{{"type":"{kind}_delta","{kind}":"c"}}"#), "c"),
        ] {
            let seen = pass(&format!(r#"{{"type":"content_block_delta","index":{index},"delta":{delta}}}"#));
            assert_eq!(seen[index], kept, "{kind} after {delta}");
        }
    }
}

#[test]
fn deltas_of_other_kinds_blocks_and_spellings_take_turns() {
    let mut body = START.as_bytes().to_vec();
    for round in 0..40_usize {
        let (kind, index) = (round / 3 % 3, round / 5 % 4);
        body.extend(event(SPELLINGS[round / 2 % SPELLINGS.len()], kind, index, TEXTS[round % 7]));
    }
    body.extend(END.as_bytes());
    check(0, 0, &body);
}

#[test]
fn limits_hold_for_repeated_deltas() {
    let mut body = START.as_bytes().to_vec();
    for text in ["one", "two", "three", "\\n\\n\\n", "a longer text than the others, so that its event is too large"] {
        for _ in 0..3 {
            body.extend(event(SPELLINGS[0], 0, 0, text.as_bytes()));
        }
    }
    body.extend(END.as_bytes());
    for limit in 0..=60 {
        for (number, flags) in [4, 8, 9, 8 | DISCARD].into_iter().enumerate() {
            check_limit(number, flags, limit, &body);
        }
    }
}

#[test]
fn updates_and_payloads_of_repeated_deltas_are_those_of_their_events() {
    let mut body = START.as_bytes().to_vec();
    for text in ["{\\\"a\\\"", ":1", "}"] {
        body.extend(event(SPELLINGS[2], 2, 2, text.as_bytes()));
    }
    for accumulator in [Accumulator::new(), Accumulator::new().with_partial_input(PartialStrings::Show)] {
        let mut decoder = MessageDecoder::new().with_accumulator(accumulator);
        let mut seen = Vec::new();
        let mut input = &body[..];
        while let Step::Update(event) = decoder.decode(&mut input).expect("not strict") {
            if let Update::ToolInput { partial_json, block, input, .. } = event.update {
                let payload = String::from_utf8(event.payload.to_vec()).expect("UTF-8");
                let event_type = String::from_utf8(event.event_type.to_vec()).expect("UTF-8");
                seen.push((event_type, partial_json.to_owned(), block.index(), input.raw().to_owned(), payload));
            }
        }
        let piece = |piece: &str, raw: &str, text: &str| {
            let payload = format!(
                r#"{{"delta":{{"partial_json":"{text}","type":"input_json_delta"}},"index":2,"type":"content_block_delta"}}"#
            );
            ("content_block_delta".to_owned(), piece.to_owned(), 2, raw.to_owned(), payload)
        };
        assert_eq!(
            seen,
            [piece("{\"a\"", "{\"a\"", "{\\\"a\\\""), piece(":1", "{\"a\":1", ":1"), piece("}", "{\"a\":1}", "}"),]
        );
    }
}

#[test]
fn the_state_of_an_input_does_not_depend_on_the_path_of_its_pieces() {
    let states = |spelling: usize| -> Vec<String> {
        let mut decoder = MessageDecoder::new();
        let mut pass = |event: &[u8]| {
            let mut input = event;
            while !matches!(decoder.decode(&mut input), Ok(Step::NeedInput)) {}
            format!("{:?}", decoder.accumulator().snapshot().content())
        };
        let start = pass(START.as_bytes());
        let pieces = [&b""[..], b"", b"{}"].map(|piece| pass(&event(SPELLINGS[spelling], 2, 2, piece)));
        let stop = pass(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n");
        [start].into_iter().chain(pieces).chain([stop]).collect()
    };
    for spelling in 1..SPELLINGS.len() {
        assert_eq!(states(spelling), states(0), "{spelling}");
    }
}
