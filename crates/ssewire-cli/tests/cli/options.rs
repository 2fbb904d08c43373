//! The options of `sse` and of the decoder.

use serde_json::json;

use crate::support::{piece, sample, ssewire, stream};

#[test]
fn sse_shows_type_data_and_last_event_id_in_this_order() {
    let ran = ssewire(&["sse"], b"event: a\ndata: x\ndata: \"y\"\nid: 7\n\n: c\n\ndata:\xFF\n\n").exits(0).silent();
    assert_eq!(
        ran.stdout,
        "{\"event\":\"a\",\"data\":\"x\\n\\\"y\\\"\",\"id\":\"7\"}\n{\"event\":\"message\",\"data\":\"\u{FFFD}\",\"id\":\"7\"}\n"
    );
}

#[test]
fn comments_are_shown_in_their_place() {
    let input = b":first\ndata: 1\n: within\n\n:\n";
    let ran = ssewire(&["sse", "--comments"], input).exits(0).silent();
    let lines = [
        json!({"comment": "first"}),
        json!({"comment": " within"}),
        json!({"event": "message", "data": "1", "id": ""}),
        json!({"comment": ""}),
    ];
    assert_eq!(ran.lines(), lines);
    assert_eq!(ssewire(&["sse"], input).lines(), lines[2..3]);
}

/// `--comments` prints at most 64 KiB of a comment. Without it, a comment needs no memory and is not printed.
#[test]
fn long_comments_are_printed_truncated() {
    let line = |bytes: usize| [b":", &b"x".repeat(bytes)[..], b"\ndata: 1\n\n"].concat();
    let event = json!({"event": "message", "data": "1", "id": ""});
    for (bytes, comment) in [
        (64 * 1024, json!({"comment": "x".repeat(64 * 1024)})),
        (64 * 1024 + 1, json!({"comment": "x".repeat(64 * 1024), "truncated": true})),
        (1 << 20, json!({"comment": "x".repeat(64 * 1024), "truncated": true})),
    ] {
        for size in ["1000", "16000000"] {
            let ran = ssewire(&["sse", "--comments", "--chunk-size", size], &line(bytes)).exits(0).silent();
            assert!(ran.lines() == [comment.clone(), event.clone()], "{bytes} bytes, in chunks of {size}");
        }
        assert_eq!(ssewire(&["sse"], &line(bytes)).exits(0).silent().lines(), core::slice::from_ref(&event));
    }
}

/// Comments do not count towards the limit of an event: neither before the first event nor within a block.
#[test]
fn comments_never_cost_an_event() {
    let (before, within) = (b"a".repeat(20 << 20), b"a".repeat(5000));
    let bytes = sample("text.sse");
    let expected = ssewire(&["message"], &bytes).exits(0).silent();
    let long = [b":", &before[..], b"\n\n", &bytes].concat();
    assert_eq!(ssewire(&["message"], &long), expected);
    assert_eq!(ssewire(&["sse"], &long), ssewire(&["sse"], &bytes));
    for start in [&b":"[..], b"unknown: ", b"unknown", b"error_of: "] {
        let short = [start, &within, b"\n", &bytes].concat();
        assert_eq!(ssewire(&["message", "--max-event-bytes", "4000"], &short), expected, "{}", start.escape_ascii());
    }
}

/// An ID above its bound of 4 KiB is ignored, and the event that sets it is not lost.
#[test]
fn ids_above_their_bound_are_ignored() {
    let (longest, longer) = ("i".repeat(4096), "j".repeat(4097));
    let input = format!("id: {longest}\ndata: 1\n\nid: {longer}\ndata: 2\n\n");
    let ran = ssewire(&["sse"], input.as_bytes()).exits(0).silent();
    let event = |data: &str| json!({"event": "message", "data": data, "id": longest});
    assert_eq!(ran.lines(), [event("1"), event("2")]);
}

#[test]
fn the_state_suffices_for_a_reconnect() {
    for (input, id, line) in [
        (&b""[..], None, r#"{"last_event_id":"","retry":null,"truncated":false}"#),
        (b"id: 1\nretry: 30\n\n", None, r#"{"last_event_id":"1","retry":30,"truncated":false}"#),
        (b"id: 1\n\nid: 2\n", None, r#"{"last_event_id":"1","retry":null,"truncated":true}"#),
        (b": c\n", Some("9"), r#"{"last_event_id":"9","retry":null,"truncated":false}"#),
        (b"id\n\n", Some("9"), r#"{"last_event_id":"","retry":null,"truncated":false}"#),
        (
            b"retry: 99999999999999999999\n",
            None,
            r#"{"last_event_id":"","retry":18446744073709551615,"truncated":true}"#,
        ),
    ] {
        let mut args = vec!["sse", "--state"];
        args.extend(id.into_iter().flat_map(|id| ["--last-event-id", id]));
        let ran = ssewire(&args, input).exits(0).says("note: ");
        assert_eq!(ran.stdout.trim_end(), line);
    }
}

#[test]
fn a_stream_without_events_is_described() {
    for input in [&b": c\n\n"[..], b"retry: 3\n\n", b"id: 1\n\n"] {
        let ran = ssewire(&["sse"], input).exits(0);
        assert_eq!(ran.stderr, "ssewire: note: stream has only comments, IDs or reconnection times\n");
        ssewire(&["text"], input).exits(1).says("stream has only comments, IDs or reconnection times: ");
    }
}

#[test]
fn events_carry_the_last_event_id_they_began_with() {
    let ran = ssewire(&["sse", "--last-event-id", "é1"], b"data: x\n\n");
    assert_eq!(ran.lines(), [json!({"event": "message", "data": "x", "id": "é1"})]);
}

#[test]
fn events_above_the_limit_are_skipped_and_reported() {
    let ran = ssewire(&["sse", "--max-event-bytes", "12"], b"data: 1\n\ndata: 2345678901234\n\ndata: 3\n\n").exits(0);
    assert_eq!(ran.lines().len(), 2);
    assert_eq!(ran.stderr, "ssewire: event 2: event or line exceeds the limit of 12 bytes\n");

    let large = piece(&"x".repeat(1000));
    let bytes = stream(&[&piece("Hel"), &large, &piece("lo")]);
    let ran = ssewire(&["--max-event-bytes", "500"], &bytes).exits(4);
    assert_eq!(ran.stdout, "Hello");
    let said: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(said[0], "ssewire: event 4: event or line exceeds the limit of 500 bytes");
    assert!(said.len() == 2 && said[1].starts_with("ssewire: incomplete: "), "{said:?}");
    // A stream of events above the limit is still a stream.
    ssewire(&["message", "--max-event-bytes", "10"], &bytes).exits(4);
}

#[test]
fn payloads_of_several_lines_are_one_line() {
    let ran = ssewire(&["events"], b"data: {\ndata: \"type\":\ndata: \"ping\"}\n\n");
    assert_eq!(ran.stdout, "{ \"type\": \"ping\"}\n");
}

#[test]
fn ill_formed_text_is_replaced() {
    let bytes = b"data: {\"type\":\"x\",\"t\":\"a\xFFb\"}\n\ndata: {\"type\":\"\\ud800\"}\n\n";
    let lines = ssewire(&["events"], bytes).lines();
    assert_eq!(lines, [json!({"type": "x", "t": "a\u{FFFD}b"}), json!({"type": "\u{FFFD}"})]);
}

#[test]
fn styles_are_written_into_a_pipe_only_on_request() {
    let bytes = sample("thinking.sse");
    let plain = ssewire(&["--thinking"], &bytes).exits(0).stdout;
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(ssewire(&["--thinking", "--color", "never"], &bytes).stdout, plain);
    let styled = ssewire(&["--thinking", "--color", "always"], &bytes).stdout;
    assert!(styled.starts_with("\u{1b}[2m"), "{styled}");
    assert_eq!(styled.replace("\u{1b}[2m", "").replace("\u{1b}[0m", ""), plain);
    // Text of the model is passed on unchanged.
    assert_eq!(ssewire(&["--color", "never"], &stream(&[&piece("\u{1b}[1mx")])).stdout, "\u{1b}[1mx");
}

#[test]
fn completions_and_the_manual_are_printed() {
    for (args, word) in [(&["man"][..], ".TH ssewire"), (&["completions", "bash"], "complete -F _ssewire")] {
        let ran = ssewire(args, b"").exits(0).silent();
        assert!(ran.stdout.contains(word), "{ran:?}");
    }
}
