//! `--input`: JSON lines in place of an event stream.

use serde_json::{Value, json};

use crate::support::{START, STOP, piece, recorded, ssewire};

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
        // Errors come under a name that is not part of the payload, or not as events at all.
        if name.starts_with("error") {
            continue;
        }
        let lines = ssewire(&["events"], &bytes).stdout;
        for args in COMMANDS {
            let expected = ssewire(args, &bytes);
            for size in ["1", "7", "100000"] {
                let ran = ssewire(&[args, &["--chunk-size", size]].concat(), lines.as_bytes());
                assert_eq!((ran.code, &ran.stdout), (expected.code, &expected.stdout), "{name} {args:?}");
            }
        }
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
fn long_lines_of_agent_tools_are_no_events() {
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
