//! `docs/protocol.md`, heading "Tool input": how far a lost piece reaches. And heading "Merge rules": a half of a
//! surrogate pair at the end of a message.

use serde_json::json;

use super::support::*;
use ssewire_messages::{Completion, MessageDecoder, Step, Update};

/// An undecodable delta.
fn lost(rest: &str) -> String {
    named("content_block_delta", &format!("{{\"type\":\"content_block_delta\",{rest}"))
}

fn content(bytes: String) -> serde_json::Value {
    let incomplete = body(bytes).end.unwrap_err();
    to_json(incomplete.partial())["content"].clone()
}

/// "The value so far, up to the first error or lost piece."
#[test]
fn text_after_a_lost_piece_is_not_part_of_the_value_even_if_the_block_starts_later() {
    let before_any =
        sse(&[begin()]) + &lost("\"index\":0}") + &sse(&[start(0, tool(json!({}))), input(0, r#"{"a":1}"#)]);
    assert_eq!(content(before_any)[0]["input"], json!({}));
    let between = sse(&[begin(), input(0, r#"{"a":1,"#)])
        + &lost("\"index\":0}")
        + &sse(&[start(0, tool(json!({}))), input(0, r#""b":2}"#)]);
    assert_eq!(content(between)[0]["input"], json!({"a": 1}));
}

/// The raw text has every piece that was received, before and after the lost one, and before and after the start.
#[test]
fn text_after_a_lost_piece_stays_in_the_raw_text() {
    for starts_after in 0..=3 {
        let mut events = vec![sse(&[input(0, r#"{"a":1"#)]), lost("\"index\":0}"), sse(&[input(0, r#","b":2}"#)])];
        events.insert(starts_after, sse(&[start(0, tool(json!({})))]));
        let incomplete = body(sse(&[begin()]) + &events.concat()).end.unwrap_err();
        let input = incomplete.partial().content()[0].tool_input().unwrap();
        assert_eq!(input.raw(), r#"{"a":1,"b":2}"#, "{starts_after}");
        assert!(input.value().is_err());
    }
}

/// "The index of a payload that is not valid JSON is unknown: it may be that of another event."
#[test]
fn a_payload_that_is_not_json_has_no_index() {
    let call =
        |index: u64| start(index, json!({"type": "tool_use", "id": index.to_string(), "name": "f", "input": {}}));
    let open = sse(&[begin(), call(0), call(1)]);
    let end = sse(&[stop(0), stop(1), stopped_by("tool_use"), end()]);
    let (one, other) = (sse(&[input(0, r#"{"a":1}"#)]), sse(&[input(1, r#"{"path":"/"}"#)]));
    let joined = |one: &str, other: &str| {
        let bytes = open.clone() + one + other + &end;
        let (mut decoder, mut input, mut calls) = (MessageDecoder::new(), bytes.as_bytes(), 0);
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            calls += u32::from(matches!(event.update, Update::ToolCall(_)));
        }
        (calls, decoder.finish().map_or_else(|incomplete| incomplete.reasons().to_vec(), |_| Vec::new()))
    };
    assert_eq!(joined(&one, &other), (2, vec![]));
    let lost = vec![Completion::ContentLost, Completion::ToolInput];
    assert_eq!(joined(one.trim_end(), &format!("\n{other}")), (0, lost.clone()), "without the blank line");
    // From within one delta to within the next one.
    let mut count = 0;
    for from in one.find("data: {").unwrap() + 7..one.len() {
        for to in 0..other.len() - 3 {
            let spliced = [&one[..from], &other[to..]].concat();
            if spliced.trim_end().contains("\n\n") {
                continue;
            }
            let data: Vec<_> = spliced.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            if serde_json::from_str::<serde_json::Value>(&data.join("\n")).is_err() {
                assert_eq!(joined(&one[..from], &other[to..]), (0, lost.clone()), "{spliced}");
                count += 1;
            }
        }
    }
    assert!(count > 10_000, "{count}");
    // It truncates the input of both blocks, though it is cut within the delta of one.
    for cut in ["{\"type\":\"content_block_delta\",\"index\":0,\"de", "{\"type\":\"content_block_start\",\"index\":0"] {
        let (calls, reasons) = joined(&named("content_block_delta", cut), &other);
        assert_eq!((calls, reasons), (0, lost.clone()), "{cut}");
    }
}

/// A loss before `message_start` does not exempt the blocks of `message_start` from a later one.
#[test]
fn a_second_lost_piece_truncates_the_initial_blocks() {
    let start = message_start(json!({"content": [tool(json!({}))]}));
    let bytes = lost("}") + &sse(&[start]) + &lost("}") + &sse(&[end_turn(), end()]);
    assert_eq!(body(bytes).end.unwrap_err().reasons(), [Completion::ContentLost, Completion::ToolInput]);
}

/// "The call has no input: no delta or only blank ones", also after its stop.
#[test]
fn white_space_after_the_stop_is_not_input() {
    let call = [begin(), start(0, tool(json!({}))), stop(0), input(0, " ")];
    assert_eq!(body(sse(&call)).end.unwrap_err().reasons(), [Completion::Truncated, Completion::ToolInput]);
    let limit = message_delta(json!({"stop_reason": "max_tokens"}), json!({}));
    let whole = [&call[..], &[limit, end()]].concat();
    assert_eq!(body(sse(&whole)).end.unwrap_err().reasons(), [Completion::ToolInput]);
}

/// "The concatenated pieces equal `text()`."
#[test]
fn a_half_of_a_pair_at_the_end_is_a_piece_of_text_in_a_block_without_a_start() {
    let half = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A\ud83d"}}"#;
    let bytes = sse(&[begin()]) + &named("content_block_delta", half) + &sse(&[end_turn(), end()]);
    let body = body(bytes);
    assert_eq!(body.text, "A\u{FFFD}");
    assert_eq!(body.end.unwrap().text(), "A\u{FFFD}");
}

/// "If ContentLost or LimitExceeded holds then, it is truncated: a lost event may have contained the stop reason."
#[test]
fn a_call_without_input_is_truncated_if_the_stop_reason_may_be_lost() {
    let of_message_delta = |rest: &str| named("message_delta", &format!("{{\"type\":\"message_delta\",{rest}"));
    let losses = [
        of_message_delta(r#""delta":{"stop_reason":"max_tokens"},"usage":7}"#),
        of_message_delta(r#""delta":{"stop_reason":"max_tok"#),
        of_message_delta(&format!(r#""delta":{{"stop_reason":"max_tokens","stop_details":"{}"}}}}"#, "x".repeat(500))),
        // Too large, after a limit of the message was exceeded, too.
        sse(&[text(9, &"x".repeat(150))]) + &of_message_delta(&" ".repeat(500)),
        named("", "{\"ty"),
        lost(r#""index":7,"delta":{}}"#),
    ];
    let initial = sse(&[message_start(json!({"content": [tool(json!({}))]}))]);
    let started = sse(&[begin(), start(0, tool(json!({}))), stop(0)]);
    let without_stop = sse(&[begin(), start(0, tool(json!({})))]);
    let decoder = || {
        let accumulator = ssewire_messages::Accumulator::new().with_max_bytes(200);
        MessageDecoder::new()
            .with_accumulator(accumulator)
            .with_decoder(ssewire::Decoder::new().with_max_event_bytes(400))
    };
    let run = |bytes: &str| {
        let (mut decoder, mut input, mut calls) = (decoder(), bytes.as_bytes(), Vec::new());
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            if let Update::ToolCall(call) = event.update {
                calls.push(call.input.as_str().to_owned());
            }
        }
        (calls, decoder.finish())
    };
    for call in [&initial, &started, &without_stop] {
        for lost in &losses {
            let (calls, end) = run(&(call.clone() + lost + &sse(&[end()])));
            let incomplete = end.unwrap_err();
            let reasons = incomplete.reasons();
            assert!(matches!(reasons, [.., Completion::ToolInput]) && reasons.len() > 1, "{reasons:?} {call}{lost}");
            assert_eq!(calls, [""; 0], "{call}{lost}");
            assert!(incomplete.partial().tool_calls().is_err(), "{call}{lost}");
        }
    }
    // A stop reason that came, and a block of a higher index, prove it complete.
    for lost in &losses[..2] {
        for proof in [stopped_by("tool_use"), start(1, text_block(""))] {
            for bytes in [
                started.clone() + &sse(std::slice::from_ref(&proof)) + lost,
                started.clone() + lost + &sse(std::slice::from_ref(&proof)),
            ] {
                assert_eq!(run(&(bytes.clone() + &sse(&[end()]))).0, ["{}"], "{bytes}");
            }
        }
    }
}

/// "A lost start of a known index is a lost piece of the newest block with input at this index, if that block is open."
#[test]
fn a_lost_start_truncates_the_open_input_of_its_index() {
    let lost = |index: &str| {
        let payload =
            format!("{{\"type\":\"content_block_start\",{index}\"content_block\":{{\"type\":\"text\",\"text\":5}}}}");
        named("content_block_start", &payload)
    };
    let call = |before: &[&str], lost: &str, after: &[&str]| {
        let inputs = |pieces: &[&str]| pieces.iter().map(|piece| input(0, piece)).collect::<Vec<_>>();
        let end = [stop(0), stopped_by("tool_use"), end()];
        sse(&[begin(), start(0, tool(json!({})))]) + &sse(&inputs(before)) + lost + &sse(&inputs(after)) + &sse(&end)
    };
    let run = |bytes: &str| {
        let (mut decoder, mut input, mut calls) = (MessageDecoder::new(), bytes.as_bytes(), Vec::new());
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            if let Update::ToolCall(call) = event.update {
                calls.push(call.input.as_str().to_owned());
            }
        }
        (calls, decoder.finish().unwrap_err().reasons().to_vec())
    };
    // The first stop is that of the lost block.
    let of_lost = sse(&[stop(0)]);
    for (before, after) in [(&["1"][..], &["2"][..]), (&[], &["{}"]), (&["{}"], &[])] {
        let bytes = call(before, &(lost("\"index\":0,") + &of_lost), after);
        let expected = vec![Completion::ContentLost, Completion::ToolInput];
        assert_eq!(run(&bytes), (vec![], expected), "{before:?} {after:?}");
    }
    let bytes = call(&["1"], &lost("\"index\":1,"), &["2"]);
    assert_eq!(run(&bytes), (vec!["12".to_owned()], vec![Completion::ContentLost]));
    // "A lost start of an unknown index is a lost piece of every open block."
    let bytes = call(&["1"], &(lost("") + &of_lost), &["2"]);
    assert_eq!(run(&bytes), (vec![], vec![Completion::ContentLost, Completion::ToolInput]));
    // "An undecodable `message_start` counts as a lost start of an unknown index": it may have begun another message.
    let bytes = call(&["1"], &named("message_start", "{"), &["2"]);
    assert_eq!(run(&bytes), (vec![], vec![Completion::ContentLost, Completion::ToolInput]));
    // A closed block, and one that starts later.
    for bytes in [
        sse(&[begin(), start(0, tool(json!({}))), input(0, "12"), stop(0)]) + &lost("\"index\":0,"),
        sse(&[begin()]) + &lost("\"index\":0,") + &sse(&[start(0, tool(json!({}))), input(0, "12"), stop(0)]),
    ] {
        let bytes = bytes + &sse(&[stopped_by("tool_use"), end()]);
        assert_eq!(run(&bytes), (vec!["12".to_owned()], vec![Completion::ContentLost]), "{bytes}");
    }
}

/// "Text of deltas may be that of a block whose start was lost, and not that of the block that takes it."
#[test]
fn a_call_does_not_take_the_input_of_a_block_whose_start_was_lost() {
    let lost_start = |rest: &str| named("content_block_start", &format!("{{\"type\":\"content_block_start\",{rest}"));
    let losses = [
        lost_start(r#""index":0,"content_block":5}"#),
        lost_start(r#""index":0,"content_block":{"type":"tool_us"#),
        lost_start(r#""index":-1,"content_block":5}"#),
        lost_start(r#""index":1,"content_block":5}"#),
        // Its initial blocks are lost, or the blocks of another message begin.
        named("", r#"{"type":"message_start","index":1,"message":5}"#),
        named("message_start", "{"),
        named("ping", r#"{"type":"message_start","mess"#),
        // Each may have been a start.
        named("", "{\"ty"),
        named("", &" ".repeat(500)),
        named("content_block_start", r#"{"type":"content_block_delta","ind"#),
        named("content_block_delta", r#"{"type":"content_block_start","index":1,"#),
        lost(r#""index":1,"del"#),
        // The text may lack this delta.
        lost(r#""index":null,"delta":{"type":"input_json_delta","partial_json":"x"}}"#),
    ];
    let (text, call) = (sse(&[input(0, r#"{"path":"/"}"#)]), sse(&[start(0, tool(json!({}))), stop(0)]));
    let (stopped, begin) = (sse(&[stop(0)]), sse(&[begin()]));
    let run = |parts: &[&str]| {
        let bytes = parts.concat() + &sse(&[stopped_by("tool_use"), end()]);
        let mut decoder = MessageDecoder::new().with_decoder(ssewire::Decoder::new().with_max_event_bytes(400));
        let (mut input, mut calls) = (bytes.as_bytes(), Vec::new());
        while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
            if let Update::ToolCall(call) = event.update {
                calls.push(call.input.as_str().to_owned());
            }
        }
        (calls, decoder.finish())
    };
    let initial = sse(&[message_start(json!({"content": [tool(json!({}))]})), stop(0)]);
    let with_input = begin.clone() + &sse(&[start(0, tool(json!({"a": 1}))), stop(0)]);
    for lost in &losses {
        for (before, after) in [
            // The text waits for the call.
            (&begin, [&*call, ""]),
            (&begin, [&*stopped, &*call]),
            // The text comes after the stop of the call.
            (&(begin.clone() + &call), ["", ""]),
            (&(begin.clone() + &call), [&*stopped, ""]),
            (&initial, ["", ""]),
            (&with_input, ["", ""]),
        ] {
            for [first, second] in [[&*text, lost], [lost, &text]] {
                let (calls, end) = run(&[before, first, second, after[0], after[1]]);
                // A call that was returned before remains.
                let returned: &[&str] = if before == &with_input { &[r#"{"a":1}"#] } else { &[] };
                assert_eq!(calls, returned, "{before}{first}{second}");
                let incomplete = end.unwrap_err();
                assert_eq!(incomplete.reasons().last(), Some(&Completion::ToolInput), "{before}{first}{second}");
                assert!(incomplete.partial().tool_calls().is_err(), "{before}{first}{second}");
            }
        }
        // The input of the call arrives after its start. White space is none.
        let of_call = sse(&[start(0, tool(json!({}))), input(0, "12"), stop(0)]);
        let (calls, end) = run(&[&begin, lost, &of_call, &sse(&[input(0, " ")])]);
        let is_truncated = end.is_err_and(|incomplete| incomplete.reasons().contains(&Completion::ToolInput));
        assert_eq!((&*calls, is_truncated), (&["12".to_owned()][..], false), "{lost}");
    }
    // The only `message_start` is lost.
    let lost_message = named("message_start", r#"{"type":"message_start","message":{"content":5}}"#);
    let (calls, end) = run(&[&lost_message, &text, &call]);
    assert_eq!((&*calls, end.unwrap_err().reasons()), (&[][..], &[Completion::Truncated, Completion::ToolInput][..]));
    // A lost delta of another index does not affect the text, and without a loss the text is that of the call.
    let delta = lost(r#""index":1,"delta":5}"#);
    for parts in [[&*text, &delta, &call], [&text, "", &call], [&text, &stopped, &call], [&call, &delta, &text]] {
        assert_eq!(run(&[&begin, parts[0], parts[1], parts[2]]).0, [r#"{"path":"/"}"#], "{parts:?}");
    }
}

/// "The value so far, up to the first error or lost piece", which is the lost start: the text came after it.
#[test]
fn text_of_a_lost_block_is_not_part_of_the_value_of_a_closed_call() {
    let lost = named("content_block_start", r#"{"type":"content_block_start","index":0,"content_block":5}"#);
    let call = sse(&[begin(), start(0, tool(json!({}))), stop(0)]);
    assert_eq!(content(call + &lost + &sse(&[input(0, r#"{"path":"/"}"#)]))[0]["input"], json!({}));
}

/// "A call that starts after the loss and receives no text is not truncated." SECURITY.md names this exception.
#[test]
fn a_lost_delta_of_an_unknown_index_truncates_only_calls_that_started_before() {
    let (begin, call) = (sse(&[begin()]), sse(&[start(0, tool(json!({})))]));
    let end = sse(&[stop(0), stopped_by("tool_use"), end()]);
    let piece = r#""index":0,"delta":{"type":"input_json_delta","partial_json":"{\"path"#;
    let too_large = lost(&format!("{piece}{}", "x".repeat(500)));
    for (lost, reason) in [(lost(piece), Completion::ContentLost), (too_large, Completion::LimitExceeded)] {
        let run = |parts: [&str; 4]| {
            let bytes = parts.concat();
            let mut decoder = MessageDecoder::new().with_decoder(ssewire::Decoder::new().with_max_event_bytes(400));
            let (mut input, mut calls) = (bytes.as_bytes(), Vec::new());
            while let Step::Update(event) = decoder.decode(&mut input).unwrap() {
                if let Update::ToolCall(call) = event.update {
                    calls.push(call.input.as_str().to_owned());
                }
            }
            (calls, decoder.finish().unwrap_err().reasons().to_vec())
        };
        assert_eq!(run([&begin, &call, &lost, &end]), (vec![], vec![reason, Completion::ToolInput]));
        assert_eq!(run([&begin, &lost, &call, &end]), (vec!["{}".to_owned()], vec![reason]));
    }
}
