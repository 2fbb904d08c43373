//! The end of a command: every exit code, and its note.

use crate::support::{START, STOP, piece, sample, ssewire, stream};

const MESSAGE_COMMANDS: [&str; 3] = ["text", "events", "message"];

const MESSAGE_BODY: &[u8] = br#"{"type":"message","id":"m","role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null}"#;

#[test]
fn a_plain_json_message_is_printed() {
    let said = "body is a plain JSON message, not a stream";
    let ran = ssewire(&["message"], MESSAGE_BODY).exits(0).says(said);
    assert_eq!(ran.document(), Some(serde_json::from_slice(MESSAGE_BODY).unwrap()));
    assert_eq!(ssewire(&[], MESSAGE_BODY).exits(0).says(said).stdout, "hi");
    assert_eq!(ssewire(&["--thinking"], MESSAGE_BODY).exits(0).stdout, "<thinking>\nHm.\n</thinking>\n\nhi");
    assert_eq!(ssewire(&["events"], MESSAGE_BODY).exits(0).says(said).stdout, "");
    assert_eq!(ssewire(&["sse"], MESSAGE_BODY).exits(0).says(said).stdout, "");
    assert_eq!(ssewire(&["--strict"], MESSAGE_BODY).exits(0).stdout, "hi");
}

#[test]
fn a_plain_json_error_is_reported() {
    let body = br#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_1"}"#;
    for command in MESSAGE_COMMANDS {
        let ran = ssewire(&[command], body).exits(3).says("authentication_error for request req_1: invalid x-api-key");
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_body_that_is_not_a_stream_is_named_in_one_sentence() {
    let foreign = concat!(
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n",
        "data: [DONE]\n\n",
    );
    let binary: Vec<u8> = (0..2000_u32).map(|at| at.wrapping_mul(167).to_le_bytes()[0]).collect();
    for (body, cause) in [
        (&b"<html><body>502 Bad Gateway</body></html>"[..], "HTML page"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b": keep-alive\n\n", "comments"),
        (foreign.as_bytes(), "another protocol"),
        (b"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\"}\n\n", "another protocol"),
        (b"data: hello\n\ndata: world\n\n", "another protocol"),
        (b"data: [DONE]\n\n", "[DONE]"),
        (b"Hello, I am a text file.\n", "text"),
        (b"\x1F\x8B\x08\0\0\0\0\0\0\x03abc\n\ndef", "compressed"),
        (&binary, "binary"),
        (b"[1,2]", "JSON"),
        (b"{\"type\":\"message\"", "cut"),
    ] {
        for command in MESSAGE_COMMANDS {
            let ran = ssewire(&[command], body).exits(1).says(cause);
            if command != "events" {
                assert_eq!(ran.stdout, "");
            }
        }
        // Any event stream is one for `sse`; other bodies get a note, and no other exit code.
        let ran = ssewire(&["sse"], body).exits(0);
        let ran = if ran.stdout.is_empty() { ran.says(cause) } else { ran.silent() };
        assert_eq!(ran.stdout.is_empty(), !body.starts_with(b"data: "), "{ran:?}");
    }
}

/// Regression: only the first 64 KiB were looked at, which are not valid JSON.
#[test]
fn sse_names_large_json_bodies() {
    let long = "x".repeat(100_000);
    let message = format!(r#"{{"type":"message","content":[{{"type":"text","text":"{long}"}}]}}"#);
    let error = format!(r#"{{"error":{{"type":"api_error","message":"Sorry.","detail":"{long}"}},"type":"error"}}"#);
    for size in ["1", "1000000"] {
        let run = |body: &str| ssewire(&["sse", "--chunk-size", size], body.as_bytes()).exits(0);
        run(&message).says("note: body is a plain JSON message, not a stream");
        run(&error).says("api_error: Sorry.");
    }
}

/// Regression: `is neither a message nor a stream`, with exit code 1.
#[test]
fn json_above_the_limit_is_incomplete() {
    let text = "x".repeat(17 << 20);
    let message = format!(r#"{{"type":"message","content":[{{"type":"text","text":"{text}"}}]}}"#);
    for command in MESSAGE_COMMANDS {
        let ran = ssewire(&[command], message.as_bytes()).exits(4);
        ran.says("incomplete: the input is larger than the limit");
    }
    ssewire(&["sse"], message.as_bytes()).exits(0).says("note: body is JSON, not a stream");
}

#[test]
fn one_broken_event_costs_only_itself() {
    let broken = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\n\n";
    let bytes = stream(&[&piece("Hel"), broken, &piece("lo")]);
    let said = "ssewire: event 4: event payload is not valid JSON";
    for command in MESSAGE_COMMANDS {
        let ran = ssewire(&[command], &bytes).exits(4);
        let lines: Vec<_> = ran.stderr.lines().collect();
        assert!(lines.len() == 2 && lines[0].starts_with(said), "{ran:?}");
        assert_eq!(lines[1], "ssewire: incomplete: event could not be decoded, so text or tool input may be missing");
    }
    assert_eq!(ssewire(&[], &bytes).stdout, "Hello");
    assert_eq!(ssewire(&["events"], &bytes).lines().len(), 8);
    assert_eq!(ssewire(&["message"], &bytes).document().unwrap()["content"][0]["text"], "Hello");

    // A ping carries nothing, unless it may be a part of another event.
    let bytes = stream(&[&piece("Hel"), "event: ping\ndata: {\n\n", &piece("lo")]);
    assert_eq!(ssewire(&[], &bytes).exits(4).stdout, "Hello");
    let bytes = stream(&[&piece("Hel"), "event: ping\ndata: pong\n\n", &piece("lo")]);
    assert_eq!(ssewire(&[], &bytes).exits(0).says("event 4: ").stdout, "Hello");
}

#[test]
fn unknown_events_pass() {
    let unknown = "event: new_thing\ndata: {\"type\":\"new_thing\", \"z\":1.50,\"a\":[ ]}\n\n";
    let bytes = stream(&[unknown, &piece("Hello")]);
    for strict in [&[][..], &["--strict"]] {
        let run = |command| ssewire(&[strict, &[command]].concat(), &bytes).exits(0).silent();
        assert_eq!(run("text").stdout, "Hello");
        assert_eq!(run("message").document().unwrap()["content"][0]["text"], "Hello");
        let events = run("events").stdout;
        assert_eq!(events.lines().nth(2), Some("{\"type\":\"new_thing\", \"z\":1.50,\"a\":[ ]}"));
    }
}

#[test]
fn a_cut_stream_is_incomplete() {
    let bytes = [START, &piece("Hel"), "data: {\"type\":\"content_bl"].concat().into_bytes();
    for command in MESSAGE_COMMANDS {
        ssewire(&[command], &bytes).exits(4).says("incomplete: stream is truncated");
    }
    assert_eq!(ssewire(&[], &bytes).stdout, "Hel");
    assert_eq!(ssewire(&["message"], &bytes).document().unwrap()["content"][0]["text"], "Hel");
    let ran = ssewire(&["message"], b"data: {\"type\":\"ping\"}\n\n").exits(4).says("truncated");
    assert_eq!(ran.stdout, "", "no event of a message was seen");
}

#[test]
fn an_unterminated_stream_is_complete_unless_strict() {
    let (bytes, _) = STOP.split_once("data: {\"type\":\"message_stop\"}").unwrap();
    let bytes = [START, &piece("Hello"), bytes].concat().into_bytes();
    let ran = ssewire(&["message"], &bytes).exits(0).says("note: message_stop is missing, but all content arrived");
    let strict = ssewire(&["message", "--strict"], &bytes).exits(4).says("message_stop is missing");
    assert_eq!(strict.stdout, ran.stdout);
    assert_ne!(ran.stdout, "");
}

#[test]
fn broken_tool_input_is_incomplete() {
    let tool = concat!(
        "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1,\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    );
    let ran = ssewire(&["message"], &stream(&[tool])).exits(4).says("tool input is truncated");
    assert_eq!(ran.document().unwrap()["content"][1]["input"]["a"], 1);
    let orphan = "data: {\"type\":\"content_block_delta\",\"index\":7,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n";
    let ran = ssewire(&[], &stream(&[orphan])).exits(4);
    assert!(ran.stderr.contains("2 bytes of input JSON found no block at index 7"), "{ran:?}");
}

#[test]
fn strict_ends_at_the_first_violation() {
    let bytes = stream(&[&piece("Hel"), "data: {\"type\":\"content_block_stop\",\"index\":5}\n\n", &piece("lo")]);
    assert_eq!(ssewire(&[], &bytes).exits(0).says("1 protocol violation").stdout, "Hello");
    let ran = ssewire(&["--strict"], &bytes)
        .exits(4)
        .says("event 4: protocol violation: stop for a block that never started");
    assert_eq!(ran.stdout, "Hel");
    let ran = ssewire(&["message", "--strict"], &bytes).exits(4).says("protocol violation");
    assert_eq!(ran.document().unwrap()["content"][0]["text"], "Hel");
}

#[test]
fn early_text_is_shown_once() {
    let early = piece("early ");
    let start = START.replace("\"content\":[]", "\"content\":[{\"type\":\"text\",\"text\":\"initial \"}]");
    let bytes = [&early, &start, &piece("late"), STOP].concat();
    assert_eq!(ssewire(&[], bytes.as_bytes()).stdout, "early initial late");
}

#[test]
fn a_servers_error_need_not_be_json() {
    let bytes = [START, &piece("Hel"), "event: error\ndata: upstream\ndata: \u{1b}[31mgone\n\n"].concat().into_bytes();
    let ran = ssewire(&["events"], &bytes).exits(3).says(r"an error: upstream\n\u{1b}[31mgone");
    assert_eq!(ran.lines().len(), 4);
}

#[test]
fn unreadable_files_are_reported() {
    for path in ["/does/not/exist", "/"] {
        for command in ["text", "sse", "message"] {
            ssewire(&[command, path], b"").exits(1).says(path);
        }
    }
}

#[test]
fn the_command_line_is_refused_with_2() {
    for args in [
        &["--unheard-of"][..],
        &["message", "a", "b"],
        &["mesage", "a"],
        &["--chunk-size", "0"],
        &["sse", "--max-event-bytes", "-5"],
        &["demo", "a.sse"],
    ] {
        let ran = ssewire(args, b"").exits(2);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("--help"), "{ran:?}");
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn help_fits_a_screen() {
    let help = ssewire(&["--help"], b"").exits(0).silent().stdout;
    assert!(help.lines().count() <= 24 && help.lines().all(|line| line.chars().count() <= 80), "{help}");
    for word in [
        "text",
        "sse",
        "events",
        "message",
        "timeline",
        "record",
        "serve",
        "demo",
        "--chunk-size",
        "Example",
        "curl",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word}");
    }
    assert!(ssewire(&["--version"], b"").exits(0).stdout.starts_with("ssewire "));
}

#[test]
fn the_demo_shows_text_and_sums_up() {
    let ran = ssewire(&["demo", "--fast"], b"").exits(0);
    let notes: Vec<_> = ran.stderr.lines().collect();
    assert!(notes[0].contains("stop reason tool_use") && notes[1].contains("try next") && notes.len() == 2, "{ran:?}");
    assert!(ran.stderr.contains(" tokens") && ran.stdout.contains("chunk"), "{ran:?}");
    for args in [&["demo", "--fast", "--chunk-size", "1"][..], &["--fast", "demo"]] {
        assert_eq!(ssewire(args, b""), ran);
    }
    let thinking = ssewire(&["demo", "--fast", "--thinking"], b"").exits(0).stdout;
    assert!(thinking.ends_with(&format!("\n\n{}", ran.stdout)), "{thinking}");
}

#[test]
fn thinking_is_shown_only_on_request() {
    let bytes = sample("thinking.sse");
    let text = "The greatest common divisor is **21**.";
    assert_eq!(ssewire(&[], &bytes).stdout, text);
    let thinking = "I need to find the GCD of 1071 and 462.\n\n1071 = 2 × 462 + 147";
    let marked = format!("<thinking>\n{thinking}\n</thinking>\n\n{text}");
    assert_eq!(ssewire(&["--thinking"], &bytes).exits(0).silent().stdout, marked);
}

/// The end is printed at the end of the message, too, whatever the cause.
#[test]
fn every_thinking_has_its_end() {
    let start = "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n";
    let delta = "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"b\\n\"}}\n\n";
    let whole = [START, &piece("a"), start, delta, STOP].concat();
    let printed = "a\n\n<thinking>\nb\n</thinking>\n";
    assert_eq!(ssewire(&["--thinking"], whole.as_bytes()).exits(0).stdout, printed);
    let cut = [START, &piece("a"), start, delta].concat();
    assert_eq!(ssewire(&["--thinking"], cut.as_bytes()).exits(4).stdout, printed);
    let two = [whole.as_str(), &whole].concat();
    assert_eq!(ssewire(&["--thinking", "--all"], two.as_bytes()).exits(0).stdout, format!("{printed}\n{printed}"));
}
