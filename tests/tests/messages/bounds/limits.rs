//! The cost of a message is proportional to the bytes of its events, for any order and any indices, and never exceeds
//! its limits.
//!
//! Cost is counted in allocated bytes, not in seconds. A linear search through the blocks for each event does not show
//! there, only as a run of minutes; `ci/growth` counts the instructions of such inputs, and fails.

use serde_json::json;
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, ExceededLimit, MessageDecoder, PartialStrings, ProtocolViolations, Step,
    StreamEvent, ToolInput, ToolInputError, Update, ViolationKind,
};
use ssewire_tests::partial_json::Mirror;

/// The cost of a stream.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// The bytes of its payloads.
    received: usize,
    /// Bytes allocated in total, a measure of the work with memory.
    allocated: usize,
    /// Peak bytes held.
    peak: usize,
}

/// More events than any server sends.
const MANY: u64 = 40_000;

/// Peak bytes held for each received byte, in addition to [`CONSTANT`].
const HELD: usize = 4;
const CONSTANT: usize = 8 * 1024;

/// Bytes allocated in total for each received byte.
const ALLOCATED_IN_ALL: usize = 20;

type Payload = fn(u64) -> String;

/// Streams that attack the administration of the accumulator, and their numbers of events.
const HOSTILE: [(&str, u64, Payload); 12] = [
    ("starts that count down", MANY, |number| start(MANY - number)),
    ("starts that count down from the top", MANY, |number| start(u64::MAX - number)),
    ("starts from both ends", MANY / 10, |number| start(if number % 2 == 0 { number } else { u64::MAX - number })),
    ("one index for all", MANY, |_| start(7)),
    ("the last index for all", MANY, |_| start(u64::MAX)),
    ("one index, and each block is stopped", MANY / 10, |number| if number % 2 == 0 { start(7) } else { stop(7) }),
    ("text at ever other indices", MANY, |number| text(scattered(number), "x")),
    ("thinking at ever other indices", MANY / 10, |number| delta(scattered(number), "thinking_delta", "thinking", "x")),
    ("input at ever other indices", MANY, |number| input(scattered(number), "1")),
    ("blank input at ever other indices", MANY / 10, |number| input(scattered(number), " ")),
    ("text, then its start, at indices that count down", MANY / 10, |number| {
        let index = MANY - number / 2;
        if number % 2 == 0 { text(index, "x") } else { start(index) }
    }),
    ("input, then its start, at one index", MANY / 10, |number| if number % 2 == 0 { input(3, "1") } else { tool(3) }),
];

#[test]
fn hostile_indices_cost_in_proportion_to_the_received_bytes() {
    for (what, events, payload) in HOSTILE {
        let part = cost(unlimited(), events / 4, payload);
        let all = cost(unlimited(), events, payload);
        for Cost { received, allocated, peak } in [part, all] {
            assert!(peak <= HELD * received + CONSTANT, "{what}: {peak} held for {received}");
            assert!(allocated <= ALLOCATED_IN_ALL * received, "{what}: {allocated} allocated for {received}");
        }
        // Four times the events, four times the cost, with a margin: a vector may just have doubled.
        assert!(all.allocated <= part.allocated * 6, "{what}: {part:?}, {all:?}");
        assert!(all.peak <= part.peak * 6, "{what}: {part:?}, {all:?}");
    }
}

/// Events that open no block are not kept, at any number of indices.
#[test]
fn events_that_open_no_block_are_not_kept() {
    let payloads: [(&str, Payload); 3] = [
        ("stops", |number| stop(scattered(number))),
        ("empty input", |number| input(scattered(number), "")),
        ("unknown deltas", |number| delta(scattered(number), "future_delta", "text", "x")),
    ];
    for (what, payload) in payloads {
        let mut accumulator = unlimited();
        feed(&mut accumulator, 0..1000, payload);
        let before = ssewire_heap::held();
        feed(&mut accumulator, 1000..MANY / 4, payload);
        assert_eq!(ssewire_heap::held(), before, "{what}");
        assert!(accumulator.snapshot().content().is_empty(), "{what}");
    }
}

/// The list of violations is bounded, their counts are not.
#[test]
fn violations_without_end_are_counted_not_kept() {
    let mut accumulator = unlimited();
    feed(&mut accumulator, 0..1000, |_| stop(5));
    let before = ssewire_heap::held();
    feed(&mut accumulator, 1000..MANY, |_| stop(5));
    assert_eq!(ssewire_heap::held(), before);
    assert_eq!(accumulator.violations().count(ViolationKind::StopWithoutStart), MANY);
    assert_eq!(accumulator.violations().first().len(), ProtocolViolations::KEPT);
}

/// Blocks at hostile indices are all kept, in the order of the page.
#[test]
fn hostile_indices_lose_nothing() {
    let many = MANY / 10;
    let mut accumulator = unlimited();
    feed(&mut accumulator, 0..many, |number| named(u64::MAX - number, &number.to_string()));
    feed(&mut accumulator, 0..many, |number| text(u64::MAX - number, &format!(",{number}")));
    let text: String = (0..many).rev().map(|number| format!("{number},{number}")).collect();
    assert_eq!(accumulator.snapshot().text(), text);

    let mut accumulator = unlimited();
    feed(&mut accumulator, 0..many, |number| named(7, &format!("{number},")));
    feed(&mut accumulator, 0..1, |_| self::text(7, "last"));
    let text: String = (0..many).map(|number| format!("{number},")).collect();
    assert_eq!(accumulator.snapshot().text(), text + "last");
}

/// The index of a number below a number of events.
type Order = fn(u64, u64) -> u64;

/// Regression: each index of a lost piece was kept in 200 bytes.
#[test]
fn lost_pieces_at_ever_other_indices_hold_the_received_bytes() {
    let orders: [(&str, Order); 4] = [
        ("ascending", |_, number| number),
        ("descending", |events, number| events - number),
        ("in no order", |_, number| number.wrapping_mul(7919) % 1_000_003),
        ("from the top", |_, number| u64::MAX - number),
    ];
    for (order, index) in orders {
        for events in [10, 100, 300, 1000, 2000, 4096, 10_000, MANY] {
            let lost = |number| format!("data:{{\"type\":\"content_block_delta\",\"index\":{number}}}\n\n");
            let body: String = (0..events).map(|number| lost(index(events, number))).collect();
            let mut decoder = MessageDecoder::new().with_accumulator(Accumulator::new().with_max_blocks(MANY as usize));
            let ((), peak) = ssewire_heap::peak_of(|| {
                for mut chunk in body.as_bytes().chunks(16) {
                    while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
                }
            });
            let received = body.len();
            assert!(peak <= HELD * received + CONSTANT, "{order}: {peak} held for {received} of {events}");
            for number in [0, events / 2, events - 1] {
                let at = index(events, number);
                for payload in [tool(at), input(at, "{}"), stop(at)] {
                    let _ = decoder.decode(&mut format!("data:{payload}\n\n").as_bytes()).unwrap();
                }
                let input = decoder.accumulator().tool_input(at).map(ToolInput::value);
                assert!(matches!(input, Some(Err(ToolInputError::Truncated))), "{order} {number}/{events}: {input:?}");
            }
        }
    }
}

/// Lost pieces of initial blocks hold what was received, too: they need no state of their own. The `message_start` is
/// one of those with tiny blocks, which SECURITY.md names as an exception.
#[test]
fn lost_pieces_of_initial_blocks_hold_the_received_bytes() {
    for block in [r#"{"type":"x"}"#, r#"{"type":"tool_use"}"#] {
        let blocks = vec![block; 4000].join(",");
        let start = format!(r#"data:{{"type":"message_start","message":{{"content":[{blocks}]}}}}"#) + "\n\n";
        let lost: String = (0..4000).map(|index| format!("data:{{\"index\":{index},\n\n")).collect();
        let mut decoder = MessageDecoder::new();
        let ((), peak) = ssewire_heap::peak_of(|| {
            for mut chunk in start.as_bytes().chunks(16).chain(lost.as_bytes().chunks(16)) {
                while let Ok(Step::Update(_)) = decoder.decode(&mut chunk) {}
            }
        });
        let allowed = 6 * start.len() + HELD * lost.len() + CONSTANT;
        assert!(peak <= allowed, "{block}: {peak} held, {allowed} allowed");
        let input = decoder.accumulator().tool_input(3999).map(ToolInput::value);
        assert_eq!(input.is_some(), block.contains("tool_use"));
        assert!(input.is_none_or(|input| input == Err(ToolInputError::Truncated)));
    }
}

/// Under the default limits.
#[test]
fn by_default_blocks_without_end_are_too_large() {
    for (what, _, payload) in HOSTILE {
        let mut accumulator = Accumulator::new();
        let limit = Accumulator::DEFAULT_MAX_BLOCKS;
        let errors = feed(&mut accumulator, 0..MANY / 4, payload);
        assert_eq!(errors, [AccumulateError::LimitExceeded(ExceededLimit::Blocks { limit })], "{what}");
        assert_eq!(accumulator.completion(), Completion::LimitExceeded, "{what}");
        assert!(accumulator.snapshot().content().len() <= limit, "{what}");
        assert!(accumulator.unmatched_input().count() <= limit, "{what}");
        let before = ssewire_heap::held();
        assert!(feed(&mut accumulator, 0..1000, payload).is_empty(), "{what}: once");
        assert_eq!(ssewire_heap::held(), before, "{what}");
    }
}

/// Each way in which a message can grow, with the minimum number of bytes that an event adds.
const GROWING: [(&str, Payload, usize); 7] = [
    ("text", |_| text(0, &"x".repeat(100)), 100),
    ("thinking", |_| delta(0, "thinking_delta", "thinking", &"x".repeat(100)), 100),
    ("input", |number| input(0, if number == 0 { "[" } else { "12345678," }), 9),
    ("input in a block", |number| if number == 0 { tool(0) } else { input(0, &"x".repeat(100)) }, 100),
    ("blocks", |number| named(number, &"x".repeat(100)), 100),
    (
        "citations",
        |number| match number {
            0 => named(0, ""),
            _ => json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta",
            "citation": {"type": "char_location", "cited_text": "x".repeat(100)}}})
            .to_string(),
        },
        100,
    ),
    (
        "unknown members",
        |number| json!({"type": "message_delta", "delta": {format!("odd{number}"): "x".repeat(100)}}).to_string(),
        100,
    ),
];

#[test]
fn a_message_over_its_bytes_is_reported_once_and_grows_no_more() {
    let limit = 100_000;
    for (what, payload, bytes) in GROWING {
        let before = ssewire_heap::held();
        let mut accumulator = unlimited().with_max_bytes(limit);
        let errors = feed(&mut accumulator, 0..20_000, payload);
        assert_eq!(errors, [AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit })], "{what}");
        assert_eq!(accumulator.completion(), Completion::LimitExceeded, "{what}");
        // At most the limit and its administration is kept, and everything before the limit is there.
        let held = ssewire_heap::held() - before;
        assert!(held <= HELD * limit + CONSTANT, "{what}: {held}");
        let kept = ssewire_heap::held();
        let snapshot = accumulator.snapshot().into_owned();
        assert!(feed(&mut accumulator, 20_000..21_000, payload).is_empty(), "{what}: once");
        assert_eq!(accumulator.snapshot().into_owned(), snapshot, "{what}");
        drop(snapshot);
        assert_eq!(ssewire_heap::held(), kept, "{what}");

        let most = limit / bytes + 1;
        let written = accumulator.snapshot().to_json_lossy().into_string();
        let pieces = written.matches(&"x".repeat(100)).count();
        assert!(pieces <= most, "{what}: {pieces}");
    }
}

/// The text of the input is within the limit, and so is the value if nobody asks for it.
#[test]
fn nodes_of_partial_input_count_towards_the_limit() {
    let exceeded = |accumulator: Accumulator| {
        let mut accumulator = accumulator.with_max_bytes(4096);
        accumulator.accumulate_json(tool(0).as_bytes()).unwrap();
        let pieces = (0..500).map(|number| input(0, if number == 0 { "[0" } else { ",[]" }));
        pieces.filter(|piece| accumulator.accumulate_json(piece.as_bytes()).is_err()).count()
    };
    assert_eq!(exceeded(Accumulator::new()), 0);
    for strings in [PartialStrings::Show, PartialStrings::Hide] {
        assert_eq!(exceeded(Accumulator::new().with_partial_input(strings)), 1);
        assert_eq!(exceeded(Accumulator::new().with_partial_changes(strings)), 1);
    }
}

/// A piece within the limit holds at most the limit, with the record of its changes and while its memory grows.
#[test]
fn values_and_changes_of_partial_input_hold_at_most_the_limit() {
    const LIMIT: usize = 256 * 1024;
    type New = fn(PartialStrings) -> Accumulator;
    let modes: [New; 2] = [
        |strings| Accumulator::new().with_partial_input(strings),
        |strings| Accumulator::new().with_partial_changes(strings),
    ];
    let open = ["[", "[[[", r#"{"a":["#];
    let items = ["0,", "true,", r#""","#, r#""a","#, "[],", "[0],", "{},", r#"{"a":0},"#, r#"["a"],"#];
    let members = [r#""@":0,"#, r#""@":"","#, r#""@":"x","#, r#""@":[],"#, r#""@":{},"#];
    let families = open.into_iter().flat_map(|open| items.map(|item| (open, item)));
    for (open, item) in families.chain(members.map(|item| ("{", item))) {
        for new in modes {
            // The peak, if the piece is within the limit.
            let peak = |items: usize| {
                let piece: String = (0..items).map(|number| item.replace('@', &number.to_string())).collect();
                let payload = input(0, &(open.to_owned() + &piece));
                let mut accumulator = new(PartialStrings::Show).with_max_bytes(LIMIT);
                assert_eq!(accumulate(&mut accumulator, &tool(0)), None);
                let (result, peak) = ssewire_heap::peak_of(|| accumulate(&mut accumulator, &payload));
                result.is_none().then_some(peak)
            };
            let (mut least, mut beyond) = (1, LIMIT / 64);
            while beyond - least > 1 {
                let middle = usize::midpoint(least, beyond);
                *(if peak(middle).is_some() { &mut least } else { &mut beyond }) = middle;
            }
            // A vector holds most just after it has grown.
            let grown = (0..20).map(|power| (1 << power) / 2 + 2).filter(|items| *items < least);
            for items in grown.chain((0..8).map(|step| least - least * step / 16)) {
                let peak = peak(items).unwrap();
                assert!(peak <= LIMIT + 8 * 1024, "{items} of {open}{item}: {peak}");
            }
        }
    }
}

/// Bindings maintain a separate value, and request the changes of each piece.
#[test]
fn changes_of_partial_input_cost_what_their_pieces_do() {
    let mut accumulator = unlimited().with_partial_changes(PartialStrings::Show);
    let (mut mirror, mut received, mut changed) = (Mirror::default(), 0, 0);
    let mut take = |accumulator: &mut Accumulator, payload: &str| {
        received += payload.len();
        let Ok(Update::ToolInput { input, .. }) = accumulator.accumulate_json(payload.as_bytes()) else { return };
        for change in input.partial_changes() {
            changed += 1;
            mirror.apply(change);
        }
    };
    take(&mut accumulator, &tool(0));
    let before = ssewire_heap::allocated();
    let mut own = 0;
    for number in 0..20_000 {
        let piece = if number == 0 { "{\"a\":\"".to_owned() } else { format!("\",\"k{number}\":\"v") };
        let payload = input(0, &piece);
        let mark = ssewire_heap::allocated();
        take(&mut accumulator, &payload);
        own += ssewire_heap::allocated() - mark;
    }
    take(&mut accumulator, &input(0, "\"}"));
    assert!(ssewire_heap::allocated() > before);
    // A key, a string and its text for each piece. Changes of earlier pieces are not repeated.
    assert_eq!(changed, 1 + 2 + 3 * 19_999 + 1);
    assert!(own <= 20 * received, "{own} allocated for {received}");
    let snapshot = accumulator.snapshot();
    let partial = snapshot.content()[0].tool_input().and_then(ToolInput::partial);
    assert_eq!(mirror.value(), partial);
    assert_eq!(partial.and_then(|value| value.as_object()).map(|members| members.len()), Some(20_000));
}

/// The message so far and its end remain usable.
#[test]
fn content_before_the_limit_is_kept() {
    let mut accumulator = Accumulator::new().with_max_bytes(500);
    let mut errors = Vec::new();
    for payload in [
        r#"{"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"output_tokens":1}}}"#,
        &start(0),
        &text(0, "before"),
        &text(0, &"x".repeat(500)),
        &text(0, "after"),
        &stop(0),
        &tool(1),
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"message_stop"}"#,
    ] {
        let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
        errors.extend(accumulator.accumulate(event).err());
    }
    assert_eq!(errors, [AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit: 500 })]);
    let incomplete = accumulator.into_message().unwrap_err();
    assert_eq!(incomplete.reasons(), [Completion::LimitExceeded]);
    let message = incomplete.into_partial();
    let expected = json!({"type": "message", "role": "assistant", "id": "msg_1", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "before"}], "usage": {"output_tokens": 9}});
    assert_eq!(serde_json::to_value(message).unwrap(), expected);
}

/// The limit itself is within the limit; one byte more is not.
#[test]
fn the_limit_is_exact() {
    let kinds: [fn(&str) -> String; 3] =
        [|piece| text(0, piece), |piece| delta(0, "thinking_delta", "thinking", piece), |piece| input(0, piece)];
    for kind in kinds {
        for limit in [1, 2, 100, 4097] {
            for pieces in [vec![limit], vec![limit - 1, 1], vec![0, limit], vec![1, limit - 1]] {
                let mut accumulator = Accumulator::new().with_max_bytes(limit);
                for piece in pieces {
                    assert_eq!(accumulate(&mut accumulator, &kind(&"1".repeat(piece))), None);
                }
                assert_ne!(accumulator.completion(), Completion::LimitExceeded);
                assert_eq!(accumulate(&mut accumulator, &kind("")), None);
                let error = accumulate(&mut accumulator, &kind("1"));
                assert_eq!(error, Some(AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit })));
                assert_eq!(accumulator.completion(), Completion::LimitExceeded);
            }
        }
    }
    for limit in [1, 2, 100] {
        for payload in [named as fn(u64, &str) -> String, text, |index, piece| input(index, piece)] {
            let mut accumulator = Accumulator::new().with_max_blocks(limit);
            for index in 0..limit as u64 {
                assert_eq!(accumulate(&mut accumulator, &payload(index, "1")), None);
            }
            assert_ne!(accumulator.completion(), Completion::LimitExceeded);
            let error = accumulate(&mut accumulator, &payload(1000, "1"));
            assert_eq!(error, Some(AccumulateError::LimitExceeded(ExceededLimit::Blocks { limit })));
        }
    }
}

/// The limit of a complete stream: the smallest limit that it fits into is at most the number of sent bytes, and does
/// not grow if the message does not.
#[test]
fn a_whole_message_fits_into_the_bytes_it_came_in() {
    let payloads = |text: &str| {
        [
            r#"{"type":"message_start","message":{"id":"msg_1","content":[]}}"#.to_owned(),
            start(0),
            self::text(0, text),
            stop(0),
            tool(1),
            input(1, r#"{"a": "#),
            input(1, r#""b"}"#),
            stop(1),
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#.to_owned(),
            r#"{"type":"message_stop"}"#.to_owned(),
        ]
    };
    let fits = |text: &str, limit: usize| {
        let mut accumulator = Accumulator::new().with_max_bytes(limit);
        let errors = payloads(text).iter().filter_map(|payload| accumulate(&mut accumulator, payload)).count();
        assert_eq!(errors == 0, accumulator.completion() == Completion::Complete);
        errors == 0
    };
    let least = |text: &str| (0..).find(|limit| fits(text, *limit)).unwrap();
    let sent: usize = payloads("Hello").iter().map(String::len).sum();
    assert!(least("Hello") <= sent);
    assert!(least("Hello") >= "Hello".len() + r#"{"a": "b"}"#.len());
    assert_eq!(least("Hello!"), least("Hello") + 1);
}

/// Regression: the names of unknown members, as they are kept, were not counted, so an event exceeded the limit, and
/// the next one that adds nothing was reported.
#[test]
fn the_message_delta_that_exceeds_the_limit_is_the_one_that_is_reported() {
    let control = r"\u0001".repeat(9);
    let many = |member: &dyn Fn(u32) -> String| (0..200).map(member).collect::<Vec<_>>().join(",");
    let of_delta = |members: String| format!(r#"{{"type":"message_delta","delta":{{{members}}}}}"#).into_bytes();
    let of_usage = |members: String| format!(r#"{{"type":"message_delta","usage":{{{members}}}}}"#).into_bytes();
    let ill_formed =
        |payload: Vec<u8>| payload.into_iter().map(|byte| if byte == b'@' { 0xFF } else { byte }).collect();
    let counts = r#""output_tokens":"x","output_tokens":5,"output_tokens":"y""#;
    let payloads: Vec<Vec<u8>> = vec![
        of_delta(many(&|number| format!(r#""{control}{number}":1"#))),
        of_usage(many(&|number| format!(r#""{control}{number}":1"#))),
        of_delta(many(&|number| format!(r#""a{number}":1"#))),
        of_usage(many(&|number| format!(r#""a{number}" : 1"#))),
        ill_formed(of_delta(many(&|number| format!(r#""@@@@{number}":["@@@@"]"#)))),
        ill_formed(of_usage(many(&|number| format!(r#""@@@@{number}":["@@@@"]"#)))),
        of_usage(many(&|_| counts.to_owned())),
        // A count in `delta` and a stop reason in `usage` are unknown members.
        of_delta(r#""output_tokens":5,"input_tokens":5"#.to_owned()),
        of_usage(r#""stop_reason":"end_turn""#.to_owned()),
        of_delta(many(&|_| r#""stop_reason":5,"stop_reason":"end_turn","stop_reason":6"#.to_owned())),
        of_delta(r#""stop_reason":"unknown""#.to_owned()),
        br#"{"type":"message_delta","context_management":{},"input_transformations":[]}"#.to_vec(),
        ill_formed(br#"{"type":"message_delta","context_management":{"a":"@@@@"}}"#.to_vec()),
    ];
    let start = r#"{"type":"message_start","message":{"usage":5}}"#;
    let plain = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#;
    for payload in payloads {
        let shown = String::from_utf8_lossy(&payload);
        let (mut is_accepted, mut is_rejected) = (false, false);
        let most = 3 * payload.len() + 300;
        for limit in (0..most).step_by(most / 120 + 1).chain([most]) {
            let mut accumulator = Accumulator::new().with_max_bytes(limit);
            if accumulate(&mut accumulator, start).is_some() {
                continue;
            }
            let result = accumulator.accumulate_json(&payload).map(|_| ());
            is_rejected |= result.is_err();
            if result.is_ok() {
                is_accepted = true;
                assert!(accumulator.byte_count() <= limit, "{limit}: {shown}");
                // It may still replace a member of another type, which takes as many bytes as its name; but only once.
                let _ = accumulate(&mut accumulator, plain);
                let exceeds = accumulator.completion() == Completion::LimitExceeded;
                assert!(exceeds || accumulator.byte_count() <= limit, "{limit}: {shown}");
                assert_eq!(accumulate(&mut accumulator, plain), None, "{limit}: {shown}");
            }
        }
        assert!(is_accepted && is_rejected, "{shown}");
    }
}

/// `docs/protocol.md`, heading "Limits of a message": the kept members of a `message_delta` count with their names, and
/// beside those that they replace.
#[test]
fn a_message_delta_counts_before_it_replaces_anything() {
    let start = r#"{"type":"message_start","message":{"id":"msg_1"}}"#.to_owned();
    let delta = |members: &str| format!(r#"{{"type":"message_delta","delta":{{{members}}}}}"#);
    let long = |len: usize| delta(&format!(r#""container":{{"id":"{}"}}"#, "x".repeat(len)));
    for deltas in [[long(600), long(1200)], [delta(""), delta(r#""stop_reason":"future","stop_sequence":"s""#)]] {
        let payloads = [&start, &deltas[0], &deltas[1]];
        let results_at = |limit: usize| {
            let mut accumulator = Accumulator::new().with_max_bytes(limit);
            let mut greatest = 0;
            let results = payloads.map(|payload| {
                let result = accumulate(&mut accumulator, payload);
                greatest = greatest.max(accumulator.byte_count());
                result
            });
            (results, greatest)
        };
        let (_, greatest) = results_at(usize::MAX);
        let exceeded = |limit| Some(AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit }));
        assert_eq!(results_at(greatest).0, [None, None, exceeded(greatest)]);
        let members: usize = deltas.iter().map(String::len).sum();
        assert_eq!(results_at(greatest.max(members)), ([None, None, None], greatest));
    }
}

/// "A value that is null changes nothing", and of `delta` six members are not merged: neither adds bytes.
#[test]
fn members_of_a_message_delta_that_are_not_merged_need_no_room() {
    let begin = r#"{"type":"message_start","message":{"id":"msg_1","usage":{"output_tokens":1}}}"#;
    let of_message = ["id", "type", "role", "model", "content", "usage"];
    let ignored = of_message.map(|name| format!(r#""delta":{{"stop_reason":"end_turn","{name}":"assistant"}}"#));
    let nulls = [r#""delta":{"stop_sequence":null}"#, r#""usage":{"inference_geo":null}"#];
    let nulls = nulls.into_iter().chain([r#""context_management":null"#, r#""input_transformations":null"#]);
    for members in ignored.into_iter().chain(nulls.map(str::to_owned)) {
        let mut accumulator = Accumulator::new().with_max_bytes("msg_1".len());
        assert_eq!(accumulate(&mut accumulator, begin), None);
        let delta = format!(r#"{{"type":"message_delta",{members}}}"#);
        assert_eq!(accumulate(&mut accumulator, &delta), None, "{delta}");
        assert_eq!(accumulator.byte_count(), "msg_1".len(), "{delta}");
    }
}

/// The stop reason of a message is a member of it, wherever it comes from.
#[test]
fn an_unknown_stop_reason_counts_towards_the_limit() {
    let reason = "x".repeat(900);
    let start = format!(r#"{{"type":"message_start","message":{{"stop_reason":"{reason}"}}}}"#);
    let delta = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
    let known = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    let exceeded = Some(AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit: 1000 }));
    for payload in [start, delta] {
        let mut accumulator = Accumulator::new().with_max_bytes(1000);
        assert_eq!(accumulate(&mut accumulator, &payload), None);
        assert!(accumulator.byte_count() >= reason.len());
        assert_eq!(accumulate(&mut accumulator.clone(), &text(0, &"x".repeat(900))), exceeded);
        assert_eq!(accumulate(&mut accumulator, known), None);
        assert_eq!(accumulate(&mut accumulator, &text(0, &"x".repeat(900))), None, "it was replaced");
        assert!(accumulate(&mut Accumulator::new().with_max_bytes(100), &payload).is_some());
    }
}

/// The bytes are those of the text as it is kept: two halves of a pair are a character of four bytes, and a half alone
/// is U+FFFD.
#[test]
fn pieces_that_split_a_character_count_as_they_are_kept() {
    let piece = |kind: &str, member: &str, piece: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{kind}","{member}":"{piece}"}}}}"#)
    };
    let raw = r#"{"type":"content_block_start","index":0,"content_block":{"type":"x","text":"","input":1}}"#;
    for (start, kind, member) in [
        (None, "text_delta", "text"),
        (None, "thinking_delta", "thinking"),
        (None, "input_json_delta", "partial_json"),
        (Some(tool(0)), "input_json_delta", "partial_json"),
        (Some(raw.to_owned()), "text_delta", "text"),
    ] {
        for (pieces, size) in [
            (&[r"a\ud83d", r"\ude00"][..], 5),
            (&[r"\ud83d", r"\ude00\ud83d", r"\ude00b"], 9),
            (&[r"\ud83d", "a"], 4),
            (&[r"\ud83d", "", r"\ude00"], 4),
            (&[r"\ude00", r"\ude00"], 6),
            (&[r"\ud83d"], 3),
        ] {
            let mut unlimited = unlimited();
            start.iter().for_each(|start| assert_eq!(accumulate(&mut unlimited, start), None));
            let limit = unlimited.byte_count() + size;
            for (limit, is_exceeded) in [(limit, false), (limit - 1, true)] {
                let mut limited = unlimited.clone().with_max_bytes(limit);
                let errors = pieces.iter().filter_map(|text| accumulate(&mut limited, &piece(kind, member, text)));
                assert_eq!(errors.count(), usize::from(is_exceeded), "{kind} {pieces:?} {start:?}");
                assert!(is_exceeded || limited.byte_count() == limit, "{kind} {pieces:?} {start:?}");
            }
        }
    }
    // A half of another string of the block stays alone.
    let mut accumulator = unlimited();
    assert_eq!(accumulate(&mut accumulator, raw), None);
    let before = accumulator.byte_count();
    for (kind, member, text) in [("text_delta", "text", r"\ud83d"), ("input_json_delta", "partial_json", r"\ude00")] {
        assert_eq!(accumulate(&mut accumulator, &piece(kind, member, text)), None);
    }
    assert_eq!(accumulator.byte_count(), before + 6);
    // As does one of input that waits for its block.
    for (kind, member) in [("text_delta", "text"), ("thinking_delta", "thinking")] {
        let mut accumulator = unlimited();
        for (kind, member, text) in [("input_json_delta", "partial_json", r"\ud83d"), (kind, member, r"\ude00")] {
            assert_eq!(accumulate(&mut accumulator, &piece(kind, member, text)), None);
        }
        assert_eq!(accumulator.byte_count(), 6, "{kind}");
    }
}

/// "Discarded text does not count."
#[test]
fn discarded_halves_of_characters_do_not_count() {
    for (kind, member) in [("text_delta", "text"), ("thinking_delta", "thinking")] {
        let mut accumulator = Accumulator::new().with_discarded_text().with_max_bytes(20);
        for _ in 0..100 {
            for half in ["\\ud83d", "\\ude00", "\\ude00", "\\ud83d", "a"] {
                let piece = format!(
                    r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{kind}","{member}":"{half}"}}}}"#
                );
                assert_eq!(accumulate(&mut accumulator, &piece), None);
            }
        }
        assert_eq!(accumulator.byte_count(), "\u{FFFD}a".len());
    }
}

/// A byte of ill-formed UTF-8 is kept as U+FFFD, which has three bytes.
#[test]
fn ill_formed_utf8_counts_as_it_is_kept() {
    let deltas = [
        r#"{"type":"citations_delta","citation":{"cited_text":"@"}}"#,
        r#"{"type":"text_delta","text":"","citation":{"cited_text":"@"}}"#,
        r#"{"type":"compaction_delta","content":"@"}"#,
    ];
    for delta in deltas {
        let (before, after) = delta.split_once('@').unwrap();
        let payload = |bytes: &[u8]| {
            let start = r#"{"type":"content_block_delta","index":0,"delta":"#;
            [start.as_bytes(), before.as_bytes(), bytes, after.as_bytes(), b"}"].concat()
        };
        let size = |bytes: &[u8]| {
            let mut accumulator = unlimited();
            accumulator.accumulate_json(&payload(bytes)).unwrap();
            accumulator.byte_count()
        };
        assert_eq!(size(&[0xFF; 950]), size("\u{FFFD}".repeat(950).as_bytes()), "{delta}");
        // A sequence that is not finished is one U+FFFD.
        assert_eq!(size(b"\xE2\x82"), size("\u{FFFD}".as_bytes()), "{delta}");
        let mut limited = Accumulator::new().with_max_bytes(1100);
        let result = limited.accumulate_json(&payload(&[0xFF; 950])).map(|_| ());
        assert_eq!(result, Err(AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit: 1100 })), "{delta}");
    }
}

/// It is kept as JSON, whatever its members are.
#[test]
fn a_block_of_an_unknown_kind_counts_with_its_text() {
    let block = format!(r#"{{"type":"future_block","future":"{}"}}"#, "x".repeat(1000));
    let start = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
    let message = format!(r#"{{"type":"message_start","message":{{"content":[{block}]}}}}"#);
    for payload in [start, message] {
        let mut accumulator = unlimited();
        assert_eq!(accumulate(&mut accumulator, &payload), None);
        assert!((block.len()..block.len() + 100).contains(&accumulator.byte_count()), "{payload}");
        let error = accumulate(&mut Accumulator::new().with_max_bytes(1000), &payload);
        let expected = AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit: 1000 });
        assert_eq!(error, Some(expected), "{payload}");
    }
}

/// Early deltas and pending input become one block with their start.
#[test]
fn a_block_counts_once_however_it_comes() {
    for early in [text(0, "x"), input(0, "{")] {
        let mut accumulator = Accumulator::new().with_max_blocks(1);
        assert_eq!(accumulate(&mut accumulator, &early), None);
        let start = if early.contains("text_delta") { start(0) } else { tool(0) };
        assert_eq!(accumulate(&mut accumulator, &start), None, "{early}");
        assert_eq!(accumulator.snapshot().content().len(), 1);
        let error = accumulate(&mut accumulator, &self::start(1));
        assert_eq!(error, Some(AccumulateError::LimitExceeded(ExceededLimit::Blocks { limit: 1 })), "{early}");
    }
}

#[test]
fn a_limit_of_zero_takes_no_content() {
    let empty = [
        r#"{"type":"ping"}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
    ];
    for payload in [start(0), text(0, "x"), input(0, "1"), delta(0, "thinking_delta", "thinking", "x")] {
        for accumulator in [Accumulator::new().with_max_bytes(0), Accumulator::new().with_max_blocks(0)] {
            let mut accumulator = accumulator;
            for payload in empty {
                assert_eq!(accumulate(&mut accumulator, payload), None, "{payload}");
            }
            let error = accumulate(&mut accumulator, &payload);
            assert!(
                matches!(
                    error,
                    Some(AccumulateError::LimitExceeded(
                        ExceededLimit::Bytes { limit: 0 } | ExceededLimit::Blocks { limit: 0 }
                    ))
                ),
                "{payload}"
            );
            assert_eq!(accumulate(&mut accumulator, &payload), None, "{payload}");
            assert!(accumulator.snapshot().content().is_empty(), "{payload}");
            assert_eq!(accumulator.unmatched_input().count(), 0, "{payload}");
            assert_eq!(accumulator.snapshot().output_tokens(), Some(9));
        }
    }
    // A message_start without content has no blocks, but bytes.
    let message = r#"{"type":"message_start","message":{"id":"msg_1","content":[]}}"#;
    assert_eq!(accumulate(&mut Accumulator::new().with_max_blocks(0), message), None);
    let error = accumulate(&mut Accumulator::new().with_max_bytes(0), message);
    assert_eq!(error, Some(AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit: 0 })));
}

/// Replaced values do not accumulate, so they need no limit.
#[test]
fn replaced_values_do_not_pile_up() {
    let mut accumulator = unlimited();
    let payload: Payload = |number| {
        json!({"type": "message_delta",
            "delta": {"stop_reason": format!("reason{number:09}"), "stop_sequence": "x".repeat(100),
                "container": {"id": "x".repeat(100)}},
            "usage": {"output_tokens": number, "iterations": [{"type": "message", "output_tokens": number}]}})
        .to_string()
    };
    feed(&mut accumulator, 0..100, payload);
    let before = ssewire_heap::held();
    feed(&mut accumulator, 100..10_000, payload);
    // The replaced values are removed from time to time.
    assert!(ssewire_heap::held().abs_diff(before) <= 1024, "{before} {}", ssewire_heap::held());
    feed(&mut accumulator, 0..1, |_| named(0, ""));
    feed(&mut accumulator, 0..1, |_| delta(0, "thinking_delta", "thinking", "x"));
    let signature: Payload = |number| delta(0, "signature_delta", "signature", &format!("{number:09}"));
    feed(&mut accumulator, 0..100, signature);
    let before = ssewire_heap::held();
    feed(&mut accumulator, 100..10_000, signature);
    assert_eq!(ssewire_heap::held(), before);
}

/// Without limits, so that only the administration is measured.
fn unlimited() -> Accumulator {
    Accumulator::new().with_max_blocks(usize::MAX).with_max_bytes(usize::MAX)
}

fn cost(mut accumulator: Accumulator, events: u64, payload: Payload) -> Cost {
    let (live, mut received, mut allocated) = (ssewire_heap::held(), 0, 0);
    let mut peak = live;
    for number in 0..events {
        let text = payload(number);
        received += text.len();
        let event = StreamEvent::from_json(text.as_bytes()).unwrap().unwrap();
        let before = ssewire_heap::allocated();
        ssewire_heap::begin();
        accumulator.accumulate(event).unwrap();
        allocated += ssewire_heap::allocated() - before;
        peak = peak.max(ssewire_heap::peak());
    }
    // The end counts, too.
    let before = ssewire_heap::allocated();
    ssewire_heap::begin();
    let stop = StreamEvent::from_json(br#"{"type":"message_stop"}"#).unwrap().unwrap();
    accumulator.accumulate(stop).unwrap();
    drop(accumulator.into_message());
    allocated += ssewire_heap::allocated() - before;
    peak = peak.max(ssewire_heap::peak());
    assert_eq!(ssewire_heap::held(), live);
    Cost { received, allocated, peak: peak - live }
}

/// Feeds these events and returns the errors.
fn feed(accumulator: &mut Accumulator, numbers: std::ops::Range<u64>, payload: Payload) -> Vec<AccumulateError> {
    numbers.filter_map(|number| accumulate(accumulator, &payload(number))).collect()
}

fn accumulate(accumulator: &mut Accumulator, payload: &str) -> Option<AccumulateError> {
    let event = StreamEvent::from_json(payload.as_bytes()).unwrap().unwrap();
    accumulator.accumulate(event).err()
}

/// A different index for each number, in no order.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn start(index: u64) -> String {
    named(index, "")
}

fn named(index: u64, text: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"text","text":"{text}"}}}}"#)
}

fn tool(index: u64) -> String {
    format!(r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","input":{{}}}}}}"#)
}

fn stop(index: u64) -> String {
    format!(r#"{{"type":"content_block_stop","index":{index}}}"#)
}

fn text(index: u64, text: &str) -> String {
    delta(index, "text_delta", "text", text)
}

fn input(index: u64, json: &str) -> String {
    delta(index, "input_json_delta", "partial_json", json)
}

fn delta(index: u64, kind: &str, member: &str, piece: &str) -> String {
    json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, member: piece}}).to_string()
}
