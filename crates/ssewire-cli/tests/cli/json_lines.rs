//! `--input`: JSON lines in place of an event stream.

use serde_json::{Value, json};

use crate::support::{START, STOP, piece, recorded, ssewire, stream};

const COMMANDS: [&[&str]; 7] = [
    &["text"],
    &["text", "--thinking"],
    &["message"],
    &["message", "--strict"],
    &["message", "--all"],
    &["events"],
    &["sse"],
];

/// What `events` prints is read back by every command, to the same result.
#[test]
fn events_are_read_back() {
    for (name, bytes) in recorded("samples") {
        let lines = ssewire(&["events"], &bytes).stdout;
        for args in COMMANDS {
            // An error that is the only line is a body.
            if name == "error_first_event" && ["events", "sse"].contains(&args[0]) {
                continue;
            }
            let expected = ssewire(args, &bytes);
            for size in ["1", "7", "100000"] {
                let ran = ssewire(&[args, &["--chunk-size", size]].concat(), lines.as_bytes());
                assert_eq!((ran.code, &ran.stdout), (expected.code, &expected.stdout), "{name} {args:?}");
            }
        }
    }
}

/// Runs `events`, and commands on its output: they end as they do on the stream itself.
fn check_read_back(name: &str, bytes: &[u8]) {
    let lines = ssewire(&["events"], bytes).stdout;
    for args in [&["text"][..], &["message"]] {
        let (expected, ran) = (ssewire(args, bytes), ssewire(args, lines.as_bytes()));
        assert_eq!((ran.code, &ran.stdout), (expected.code, &expected.stdout), "{name} {args:?}: {lines}{ran:?}");
    }
    // An error that is the only line is a body.
    if lines.lines().count() > 1 {
        assert_eq!(ssewire(&["events"], lines.as_bytes()).stdout, lines, "{name}");
    }
}

/// Regression: errors without a `type`, events that were lost, and events that only their SSE type names had no line,
/// or one that was not read back. So a truncated stream became a complete one.
#[test]
fn hostile_streams_are_read_back() {
    for (name, bytes) in recorded("hostile") {
        // No Messages stream, so it has no events.
        if !name.starts_with("json_body") {
            check_read_back(&name, &bytes);
        }
    }
}

/// Each of these at each place of a message: first, in the middle, and after the stop reason. Regression: see above.
#[test]
fn unusual_events_are_read_back() {
    let (blocks, end) = STOP.split_once("\n\n").unwrap();
    let (reason, _) = end.split_once("data: {\"type\":\"message_stop\"}").unwrap();
    let reason = format!("{blocks}\n\n{reason}");
    let odd = [
        // Errors.
        "data: {\"error\":{\"message\":\"Full\"}}\n\n",
        "data: {\"detail\":\"Full\"}\n\n",
        "data: {\"type\":\"error\",\"error\":{\"message\":\"Full\"}}\n\n",
        "data: {\"type\":\"system\",\"object\":\"error\",\"message\":\"Full\"}\n\n",
        "event: error\ndata: {\"type\":\"overloaded_error\",\"message\":\"Full\"}\n\n",
        "event: error\ndata: {\"message\":\"Full\"}\n\n",
        "event: error\ndata: {\"type\":\"x\",\"type\":\"ping\"}\n\n",
        "event: error\ndata: Full\ndata:  \ndata: {\n\n",
        "event: error\ndata\n\n",
        "event: error\ndata: [1]\n\n",
        "error: Full\n\n",
        "error\ndata: {\"type\":\"ping\"}\n\n",
        "{\"error\":{\"message\":\"Full\"}}\n\n",
        // Lost events.
        "data: {\"type\":\"content_block_delta\",\"index\":null,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_d\n\n",
        "event: content_block_start\ndata: lo\n\n",
        "event: message_delta\ndata: {\"type\":\"message_de\n\n",
        "event: message_start\ndata: {\"type\":\"message_st\n\n",
        "event: a\0b\ndata: {\n\n",
        "data: {\n\n",
        // Events that their SSE type names.
        "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":1,\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n",
        "event: message_stop\ndata: {}\n\n",
        // Others.
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\ud83d\"}}\n\n\
         data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\ude00\"}}\n\n",
        "data: {\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"}}\n\ndata: {\"type\":\"new\"}\n\n",
        "data: {\"type\":\"message_stop\",\"type\":\"system\"}\n\n",
        "data: {\"event\":\"error\",\"data\":\"x\"}\n\n",
        "data: {\"type\":\"result\"}\n\n",
        "event: ping\ndata: \"\"\n\n",
        "data: {}\n\n",
        "data: [DONE]\n\n",
        "data: : PROCESSING\n\n",
        "data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"mess",
    ];
    let text = [START, &piece("Hel")].concat();
    for event in odd {
        for stream in [
            [event, &text, STOP].concat(),
            [event, event, &text].concat(),
            [&text, event].concat(),
            [&text, event, STOP].concat(),
            [&text, &*reason, event].concat(),
            [&text, &*reason, event, STOP].concat(),
            [&text, STOP, event].concat(),
        ] {
            check_read_back(event, stream.as_bytes());
        }
    }
    // The first event is cut.
    for cut in
        ["event: message_start\n", "data: {\"type\":\"mess", "\ndata: {\"type\":\"ping\"}\n\ndata: {\"type\":\"mess"]
    {
        check_read_back(cut, cut.as_bytes());
    }
    // Without a note about something that is not there.
    let lines = ssewire(&["events"], [&text, "event: error\ndata: Full\n\n"].concat().as_bytes()).says("Full").stdout;
    assert_eq!(lines.lines().last(), Some("{\"event\":\"error\",\"data\":\"Full\"}"));
    ssewire(&["text"], lines.as_bytes()).exits(3).says("server reported an error: Full");
}

/// Regression: an event above the limit had no line, so that its loss was not seen by what read the lines.
#[test]
fn an_event_above_the_limit_is_read_back_as_lost() {
    let bytes = stream(&[&piece("Hel"), &piece(&"x".repeat(1000)), &piece("lo")]);
    for bytes in [&bytes[..], piece(&"x".repeat(1000)).as_bytes()] {
        let ran = ssewire(&["text", "--max-event-bytes", "500"], bytes).exits(4);
        let lines = ssewire(&["events", "--max-event-bytes", "500"], bytes).exits(4).stdout;
        assert_eq!(ssewire(&["text"], lines.as_bytes()).exits(4).stdout, ran.stdout);
    }
}

#[test]
fn lines_of_agent_tools_are_read() {
    let bytes = [START, &piece("Hello"), STOP].concat();
    let events = ssewire(&["events"], bytes.as_bytes()).stdout;
    let wrapped = |event| format!("{{\"type\":\"stream_event\",\"event\":{event},\"session_id\":\"s\"}}\n");
    let mut lines = String::from("{\"type\":\"system\",\"subtype\":\"init\"}\n");
    lines.extend(events.lines().map(wrapped));
    lines += "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}}\n";
    lines += "{\"type\":\"result\",\"result\":\"Hello\"}\n";
    for format in [&[][..], &["--input", "jsonl"]] {
        let run = |command: &'static str| ssewire(&[&[command], format].concat(), lines.as_bytes()).exits(0).silent();
        assert_eq!(run("text").stdout, "Hello");
        assert_eq!(run("message").document(), ssewire(&["message"], bytes.as_bytes()).document());
        assert_eq!(run("events").stdout, ssewire(&["events"], bytes.as_bytes()).stdout);
    }
}

/// A long line of an agent tool is not an event either, whether it is above the limit or not.
#[test]
fn long_lines_of_agent_tools_are_not_events() {
    let bytes = [START, &piece("Hello"), STOP].concat();
    let events = ssewire(&["events"], bytes.as_bytes()).stdout;
    let wrapped: String =
        events.lines().map(|line| format!("{{\"type\":\"stream_event\",\"event\":{line}}}\n")).collect();
    for kind in ["system", "user", "result"] {
        let long = format!("{{\"type\":\"{kind}\",\"pad\":\"{}\"}}\n", "x".repeat(300_000));
        for lines in [&events, &wrapped] {
            let (first, rest) = lines.split_once('\n').unwrap();
            for input in [format!("{long}{lines}"), format!("{first}\n{long}{rest}")] {
                for args in [&[][..], &["--input", "jsonl"], &["--input", "jsonl", "--max-event-bytes", "1000"]] {
                    for size in ["7", "100000"] {
                        let args = [&["events", "--chunk-size", size], args].concat();
                        assert_eq!(ssewire(&args, input.as_bytes()).exits(0).silent().stdout, events, "{args:?}");
                    }
                }
            }
        }
    }
}

/// Regression: from 1 MiB on, lines without an event were an event stream without one.
#[test]
fn the_first_event_may_come_late() {
    let long = "x".repeat(1_100_000);
    let start = START.replace("\"content\":[]", &format!("\"content\":[],\"pad\":\"{long}\""));
    check_read_back("long start", [&*start, &piece("Hello"), STOP].concat().as_bytes());
    let events = ssewire(&["events"], &stream(&[&piece("Hello")])).stdout;
    let mut lines = format!("{{\"type\":\"system\"}}\n{{\"type\":\"user\",\"image\":\"{long}\"}}\n");
    lines.extend(events.lines().map(|line| format!("{{\"type\":\"stream_event\",\"event\":{line}}}\n")));
    for args in [&[][..], &["--chunk-size", "7"], &["--max-event-bytes", "1000"]] {
        assert_eq!(
            ssewire(&[&["text"], args].concat(), lines.as_bytes()).exits(0).silent().stdout,
            "Hello",
            "{args:?}"
        );
    }
}

/// Its type may be its last member.
#[test]
fn long_lines_are_unwrapped_wherever_their_type_is() {
    let pad = format!("\"content\":[],\"pad\":\"{}\"", "x".repeat(300_000));
    let bytes = [START, &piece("Hello"), STOP].concat().replace("\"content\":[]", &pad);
    let events = ssewire(&["events"], bytes.as_bytes()).stdout;
    let wrapped: String =
        events.lines().map(|line| format!("{{\"event\":{line},\"type\":\"stream_event\"}}\n")).collect();
    for args in [&[][..], &["--input", "jsonl"]] {
        let args = [&["events"], args].concat();
        assert_eq!(ssewire(&args, wrapped.as_bytes()).exits(0).silent().stdout, events);
    }
}

/// However its name is spelled.
#[test]
fn a_bare_event_among_lines_of_agent_tools_is_an_event_whatever_its_length() {
    let events = ssewire(&["events"], [START, STOP].concat().as_bytes()).stdout;
    for length in [1, 300_000] {
        let delta = piece(&"x".repeat(length))
            .replace("{\"type\":\"content_block_delta\"", "{\"type\":\"content_block_delt\\u0061\"");
        let delta = delta.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        assert!(delta.contains("delt\\u0061"), "{delta}");
        let (start, stop) = events.split_at(events.find("{\"type\":\"content_block_stop").unwrap());
        let mut lines: String =
            start.lines().map(|line| format!("{{\"type\":\"stream_event\",\"event\":{line}}}\n")).collect();
        lines += &format!("{delta}\n{stop}");
        assert_eq!(ssewire(&["text"], lines.as_bytes()).exits(0).silent().stdout.len(), length);
    }
}

#[test]
fn an_error_line_after_lines_of_agent_tools_is_one_of_the_server() {
    let events = ssewire(&["events"], [START, &piece("Hello")].concat().as_bytes()).stdout;
    let mut lines: String =
        events.lines().map(|line| format!("{{\"type\":\"stream_event\",\"event\":{line}}}\n")).collect();
    lines += &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Full"}}).to_string();
    let ran = ssewire(&["text"], lines.as_bytes()).exits(3).says("overloaded_error: Full");
    assert_eq!(ran.stdout, "Hello");
}

#[test]
fn a_byte_order_mark_before_the_lines_is_skipped() {
    let events = ssewire(&["events"], [START, &piece("Hello"), STOP].concat().as_bytes()).stdout;
    let input = format!("\u{feff}{events}");
    for args in [&[][..], &["--input", "jsonl"]] {
        for size in ["1", "2", "100000"] {
            let args = [&["events", "--chunk-size", size], args].concat();
            assert_eq!(ssewire(&args, input.as_bytes()).exits(0).silent().stdout, events);
        }
    }
}

#[test]
fn garbage_between_lines_is_reported_with_its_line_number() {
    let events = ssewire(&["events"], [START, &piece("Hello"), STOP].concat().as_bytes()).stdout;
    let mut lines: Vec<_> = events.lines().collect();
    lines.insert(1, "npm warn deprecated");
    lines.insert(3, "");
    let input = lines.join("\r\n");
    for size in ["1", "7", "100000"] {
        let ran = ssewire(&["text", "--chunk-size", size], input.as_bytes()).exits(0);
        assert_eq!(ran.stdout, "Hello");
        assert_eq!(ran.stderr, "ssewire: line 2: not a JSON object, skipped\n");
    }
    // A line that is cut is an event that is lost.
    lines[4] = lines[4].get(..30).unwrap();
    let ran = ssewire(&["text"], lines.join("\n").as_bytes()).exits(4);
    assert!(ran.stderr.contains("line 5: not valid JSON"), "{ran:?}");
}

#[test]
fn a_json_body_is_not_lines() {
    let message = json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}]});
    let error = json!({"type": "error", "error": {"type": "api_error", "message": "m"}});
    assert_eq!(ssewire(&["text"], format!("{message}\n").as_bytes()).exits(0).stdout, "hi");
    ssewire(&["text"], format!("{error}\n").as_bytes()).exits(3).says("body is a JSON error");
    ssewire(&["text"], b"{\"id\":1}\n{\"id\":2}\n").exits(1);
    // Only if it is asked for.
    ssewire(&["text", "--input", "jsonl"], format!("{error}\n").as_bytes()).exits(3).says("api_error: m");
    let events = ssewire(&["events"], [START, STOP].concat().as_bytes()).stdout;
    ssewire(&["text", "--input", "sse"], events.as_bytes()).exits(1);
}

#[test]
fn long_lines_are_events_or_too_large() {
    let text = "x".repeat(1_000_000);
    let events = ssewire(&["events"], [START, &piece(&text), STOP].concat().as_bytes()).stdout;
    assert_eq!(ssewire(&["text"], events.as_bytes()).exits(0).stdout, text);
    let wrapped: String =
        events.lines().map(|line| format!("{{\"type\":\"stream_event\",\"event\":{line}}}\n")).collect();
    assert_eq!(ssewire(&["text"], wrapped.as_bytes()).exits(0).stdout, text);
    for input in [&events, &wrapped] {
        let ran = ssewire(&["text", "--max-event-bytes", "1000"], input.as_bytes()).exits(4);
        assert!(ran.stderr.contains("limit of 1000 bytes"), "{ran:?}");
    }
}

#[test]
fn values_are_not_changed() {
    let line = r#"{"type":"new_event", "z":1.50,"a":[ ],"text":"\u2028 \"}{"}"#;
    let input = format!("{{\"type\":\"ping\"}}\n{line}\n");
    let ran = ssewire(&["events"], input.as_bytes());
    assert_eq!(ran.stdout, input);
    let events: Vec<Value> = ssewire(&["sse"], input.as_bytes()).exits(0).silent().lines();
    assert_eq!(events[1]["event"], "new_event");
    assert_eq!(events[1]["data"], line);
}

/// The body of the stream is empty, but the input is not.
#[test]
fn lines_without_an_event_are_named_as_the_cause() {
    let lines =
        b"{\"type\":\"system\"}\n{\"type\":\"assistant\",\"message\":{}}\n{\"type\":\"result\",\"result\":\"hi\"}\n";
    let sentence = "input has 3 lines, but none has an event of a Messages stream";
    ssewire(&["text", "--input", "jsonl"], lines).exits(1).says(sentence);
    ssewire(&["sse", "--input", "jsonl"], lines).exits(0).says(sentence);
    let no_json = "input has 2 lines, but none has an event of a Messages stream";
    ssewire(&["text", "--input", "jsonl"], b"\n\n").exits(1).says(no_json);
    ssewire(&["text", "--input", "jsonl"], b"").exits(1).says("body is empty");
}

/// As an event stream has it: a control character in a string is not JSON, however long the line is.
#[test]
fn a_carriage_return_in_a_string_loses_the_event() {
    let line = |text: &str| {
        format!(
            "{{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n"
        )
    };
    let start = "{\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n";
    let end = "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n{\"type\":\"message_stop\"}\n";
    for length in [1, 300 * 1024] {
        let body = start.to_owned() + &line(&("a\rb".to_owned() + &"c".repeat(length))) + end;
        ssewire(&["message", "--input", "jsonl"], body.as_bytes()).exits(4);
        let body = start.to_owned() + &line(&"c".repeat(length)).replace(':', ":\r") + end;
        ssewire(&["message", "--input", "jsonl"], body.as_bytes()).exits(0);
    }
}
