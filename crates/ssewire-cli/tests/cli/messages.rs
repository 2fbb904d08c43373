//! The end of a message, and several messages in one body.

use serde_json::Value;

use crate::support::{START, STOP, piece, ssewire, start};

/// Complete messages with these texts and IDs.
fn body(messages: &[(&str, &str)]) -> Vec<u8> {
    let message = |(id, text): &(&str, &str)| [START.replace("msg_1", id).as_str(), &piece(text), STOP].concat();
    messages.iter().map(message).collect::<String>().into_bytes()
}

#[test]
fn the_command_ends_with_the_first_message_and_says_that_another_follows() {
    let two = body(&[("msg_1", "one"), ("msg_2", "two")]);
    let note = "ssewire: note: another message follows; --all goes on with it\n";
    for size in ["1", "7", "100000"] {
        let ran = ssewire(&["text", "--chunk-size", size], &two).exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("one", note));
        let ran = ssewire(&["message", "--chunk-size", size], &two).exits(0);
        assert_eq!((ran.document().unwrap()["id"].as_str(), ran.stderr.as_str()), (Some("msg_1"), note));
    }
    // Other bytes after the message are not a message.
    for rest in ["\n\n\n", "data: [DONE]\n\n", "data: {\"type\":\"ping\"}\n\n", ": c\n\n", "event: message_start\n"] {
        let bytes = [&body(&[("msg_1", "one")])[..], rest.as_bytes()].concat();
        assert_eq!(ssewire(&["text"], &bytes).exits(0).silent().stdout, "one", "{rest:?}");
    }
}

/// However far the file was read: with times in it, too.
#[test]
fn a_further_message_in_a_file_is_found_within_a_mebibyte() {
    let [one, two] = [("msg_1", "one"), ("msg_2", "two")].map(|message| body(&[message]));
    let path = std::env::temp_dir().join(format!("ssewire-messages-{}.sse", std::process::id()));
    for (times, comments, is_found) in
        [(false, 500, true), (true, 500, true), (false, 4000, false), (true, 4000, false)]
    {
        let time: &[u8] = if times { b": ssewire +5ms\n" } else { b"" };
        let comments = format!(":{}\n", "c".repeat(1022)).repeat(comments);
        std::fs::write(&path, [time, &one[..], comments.as_bytes(), &two[..]].concat()).unwrap();
        for _ in 0..10 {
            let ran = ssewire(&["text", path.to_str().unwrap()], b"").exits(0);
            assert_eq!((ran.stdout.as_str(), ran.stderr.contains("another message follows")), ("one", is_found));
        }
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn all_goes_on_with_further_messages() {
    let three = body(&[("msg_1", "one\n"), ("msg_2", ""), ("msg_3", "three")]);
    for size in ["1", "7", "100000"] {
        let run = |command| ssewire(&[command, "--all", "--chunk-size", size], &three).exits(0).silent();
        assert_eq!(run("text").stdout, "one\n\nthree");
        let ids: Vec<_> = run("message").lines().iter().map(|message| message["id"].clone()).collect();
        assert_eq!(ids, ["msg_1", "msg_2", "msg_3"]);
        let timeline = run("timeline").stdout;
        assert!(timeline.contains("\n0 text ") && timeline.contains("\n3: 0 text "), "{timeline}");
    }
    let one = body(&[("msg_1", "one")]);
    assert_eq!(ssewire(&["--all"], &one), ssewire(&[], &one));
}

#[test]
fn the_exit_code_is_the_first_that_is_not_0() {
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    let failed = [START, &piece("x"), error].concat();
    let complete = String::from_utf8(body(&[("msg_2", "two")])).unwrap();
    let cut = START.replace("msg_1", "msg_3") + &piece("three");
    for (parts, code) in [
        ([&complete, &failed, &cut], 3),
        ([&complete, &cut, &failed], 4),
        ([&failed, &complete, &cut], 3),
        ([&complete, &complete, &cut], 4),
    ] {
        let body = parts.map(String::as_str).concat();
        for args in ALL {
            ssewire(args, body.as_bytes()).exits(code);
        }
        assert_eq!(ssewire(&["message", "--all"], body.as_bytes()).lines().len(), 3);
    }
    let ran = ssewire(&["text", "--all"], [&complete, &cut].map(String::as_str).concat().as_bytes()).exits(4);
    assert!(ran.stderr.contains("incomplete: message 2: stream is truncated"), "{ran:?}");
}

#[test]
fn events_prints_everything_and_exits_as_with_all() {
    let between = "data: [DONE]\n\ndata: {\"type\":\"ping\"}\n\ndata: {\"type\":\"new\",\"a\":1.0}\n\n";
    let parts =
        [&body(&[("msg_1", "one")])[..], between.as_bytes(), &body(&[("msg_2", "two")])[..], between.as_bytes()];
    let bytes = parts.concat();
    let payloads: Vec<_> = core::str::from_utf8(&bytes).unwrap().lines().collect();
    let payloads: Vec<_> = payloads.iter().filter_map(|line| line.strip_prefix("data: {")).collect();
    for size in ["1", "7", "100000"] {
        let ran = ssewire(&["events", "--chunk-size", size], &bytes).exits(0).silent();
        let printed: Vec<_> = ran.stdout.lines().map(|line| line.strip_prefix('{').unwrap()).collect();
        assert_eq!(printed, payloads, "{size}");
    }
    let cut = [&bytes[..], START.as_bytes()].concat();
    ssewire(&["events"], &cut).exits(4);
}

/// An event without its blank line at the end of the input is used, also if it begins a further message.
#[test]
fn events_prints_a_start_without_its_blank_line() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let start = START.split_inclusive("\n\n").next().unwrap();
    let bytes = complete + start.strip_suffix('\n').unwrap();
    let payload = start.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    for size in ["1", "7", "100000"] {
        let ran = ssewire(&["events", "--chunk-size", size], bytes.as_bytes()).exits(4);
        assert_eq!(ran.stdout.lines().count(), bytes.matches("data: ").count(), "{size}");
        assert_eq!(ran.stdout.lines().last(), Some(payload), "{size}");
        assert!(ran.stderr.contains("it was used"), "{ran:?}");
    }
}

/// Regression: one between messages had no line.
#[test]
fn events_prints_a_line_for_an_event_above_the_limit_between_messages() {
    let complete = |id| String::from_utf8(body(&[(id, "one")])).unwrap();
    let ping = format!("data: {{\"type\":\"ping\",\"filler\":\"{}\"}}\n\n", "x".repeat(2000));
    let bytes = complete("msg_1") + &ping + &complete("msg_2");
    for (limit, lost) in [("1000", 1), ("3000", 0)] {
        let ran = ssewire(&["events", "--max-event-bytes", limit], bytes.as_bytes()).exits(0);
        assert_eq!(ran.stdout.lines().count(), bytes.matches("data: ").count(), "{limit}");
        assert_eq!(ran.stdout.lines().filter(|line| *line == UNREADABLE).count(), lost, "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), lost, "{ran:?}");
    }
}

/// An event that may have started a further message is reported as lost content, and changes no message.
#[test]
fn a_lost_event_after_a_message_starts_no_message() {
    let complete = |id| String::from_utf8(body(&[(id, "one")])).unwrap();
    let ping = "data: {\"type\":\"ping\"}\n\n";
    for rest in [ping.to_owned(), ping.to_owned() + &complete("msg_2")] {
        let bytes = complete("msg_1") + "data: {oops\n\n" + &rest;
        for args in ALL {
            for size in ["1", "7", "100000"] {
                let args = [args, &["--chunk-size", size]].concat();
                let ran = ssewire(&args, bytes.as_bytes()).exits(4);
                assert!(ran.stderr.starts_with("ssewire: event 7: ") && ran.stderr.lines().count() == 2, "{ran:?}");
                let printed = bytes.matches("data: {").count();
                assert!(args[0] != "events" || ran.stdout.lines().count() == printed, "{ran:?}");
            }
        }
    }
}

/// Regression: it was skipped without a note, and the exit code was 0.
#[test]
fn a_further_message_that_lacks_its_start_is_incomplete() {
    let note = "ssewire: incomplete: after a complete message, content without a readable message_start was skipped\n";
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let (start, content) = complete.split_at(complete.find("\n\n").unwrap() + 2);
    let large = start.replace("msg_1", &"x".repeat(2000));
    let data = |payload: &str| format!("data: {payload}\n\n");
    for (rest, notes) in [
        (content.to_owned(), 1),
        (format!("{content}{content}{complete}{content}"), 2),
        (format!("data: {{oops\n\n{content}"), 1),
        (format!("{large}{content}"), 1),
        ("event: message_start\ndata: {oops\n\n".to_owned(), 1),
        ("event: content_block_delta\ndata: {oops\n\n".to_owned(), 1),
        // They may be the rest of content.
        ("data: {oops\n\n".to_owned(), 1),
        ("event: ping\ndata: {oops\n\n".to_owned(), 1),
        // The `type` of the payload counts, too.
        (data(r#"{"type":"message_start","message":[oops"#), 1),
        (data(r#"{"type":"message_start","message":5}"#), 1),
        (data(r#"{"type":"content_block_start","index":0,"content_block":5}"#), 1),
        (data(r#"{"type":"content_block_delta","index":0,"delta":"x"}"#), 1),
        (format!("event: ping\n{}", data(r#"{"type":"content_block_delta","index":0,"delta":"x"}"#)), 1),
        // No content.
        ("event: ping\ndata: oops\n\n".to_owned(), 0),
        (format!("event: message_start\n{}", data(r#"{"type":"message_delta","delta":"x"}"#)), 0),
        ("event: message_start\ndata:\n\n".to_owned(), 0),
        (content.split_at(content.rfind("data: ").unwrap()).1.to_owned(), 0),
    ] {
        let bytes = complete.clone() + &rest;
        for args in ALL {
            for size in ["1", "7", "100000"] {
                let args = [args, &["--chunk-size", size, "--max-event-bytes", "1000"]].concat();
                let ran = ssewire(&args, bytes.as_bytes()).exits(if notes > 0 { 4 } else { 0 });
                assert_eq!(ran.stderr.matches(note).count(), notes, "{rest} {ran:?}");
            }
        }
        ssewire(&["--max-event-bytes", "1000"], bytes.as_bytes()).exits(0);
    }
    // The rest of a message that the server ended with an error.
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    for args in ALL {
        let ran = ssewire(args, [START, error, content].concat().as_bytes()).exits(3);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
}

/// The exit code is that of the first of both. Regression: if both were in one chunk, it was that of the error.
#[test]
fn an_error_and_content_after_a_message_count_in_their_order() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    let content = piece("lost");
    for (rest, code) in [(format!("{error}{content}"), 3), (format!("{content}{error}"), 4)] {
        for args in ALL {
            for size in ["1", "7", "100000"] {
                ssewire(&[args, &["--chunk-size", size]].concat(), (complete.clone() + &rest).as_bytes()).exits(code);
            }
        }
    }
}

/// The commands that go on with further messages.
const ALL: [&[&str]; 4] = [&["text", "--all"], &["message", "--all"], &["timeline", "--all"], &["events"]];

/// The line that `events` prints for an event whose bytes were discarded.
const UNREADABLE: &str = "{\"event\":\"content_block_delta\",\"data\":\"{\"}";

/// Regression: `events` printed no line for it.
#[test]
fn an_event_that_is_cut_after_a_message_is_reported() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let cut = "event: message_start\ndata: {\"type\":\"message_start\",\"mess";
    for args in ALL {
        for size in ["1", "7", "100000"] {
            let args = [args, &["--chunk-size", size]].concat();
            let run = |rest: &str| ssewire(&args, (complete.clone() + rest).as_bytes());
            run(cut).exits(4).says("incomplete: 56 bytes of a last event without its blank line");
            for cut in [cut, "error: {\"type\":\"over", "event: error\ndata: Overlo", "error: {\ndata: {\n"] {
                let ran = run(cut).exits(4).says("of a last event without its blank line");
                assert_eq!(ran.stdout.lines().last() == Some(UNREADABLE), args[0] == "events", "{ran:?}");
            }
            for rest in
                ["event: message_start\n", ": c", "data: [DONE]\n", "data", "data: \n", "data: {\"type\":\"ping\"}"]
            {
                let ran = run(rest).exits(0).silent();
                let printed = complete.matches("data: ").count() + usize::from(rest.ends_with('}'));
                assert!(args[0] != "events" || ran.stdout.lines().count() == printed, "{ran:?}");
            }
        }
    }
}

/// In an event, or in a field `error`.
#[test]
fn an_error_after_a_message_is_reported() {
    let complete = |id| String::from_utf8(body(&[(id, "one")])).unwrap();
    for error in [
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Full\"}}\n",
        "error: {\"type\":\"overloaded_error\",\"message\":\"Full\"}\n",
        "error: {\"type\":\"overloaded_error\",\"message\":\"Full\"}\ndata: {\"type\":\"ping\"}\n",
        "error: {\"type\":\"ping\"}\nerror: {\"type\":\"overloaded_error\",\"message\":\"Full\"}\nerror: more\n",
    ] {
        for rest in ["", "\n", &format!("\n{}", complete("msg_2"))] {
            let bytes = complete("msg_1") + error + rest;
            for args in ALL {
                for size in ["1", "7", "100000"] {
                    let args = [args, &["--chunk-size", size]].concat();
                    let ran = ssewire(&args, bytes.as_bytes()).exits(3).says("overloaded_error: Full");
                    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
                    let fields = usize::from(error.starts_with("error: "));
                    let printed = bytes.matches("data: ").count() + fields;
                    assert!(args[0] != "events" || ran.stdout.lines().count() == printed, "{ran:?}");
                }
            }
        }
    }
}

#[test]
fn an_error_field_after_a_message_may_be_text_or_empty() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    for (field, note) in [("error: Full\n\n", "Full"), ("error\n\n", "error"), ("error:\n\n", "error")] {
        for args in ALL {
            let ran = ssewire(args, (complete.clone() + field).as_bytes()).exits(3).says(note);
            let printed = complete.matches("data: ").count() + 1;
            assert!(args[0] != "events" || ran.stdout.lines().count() == printed, "{ran:?}");
        }
    }
}

/// It belongs to the message.
#[test]
fn an_error_field_of_a_further_start_is_reported_once() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let start = START.split_inclusive("\n\n").next().unwrap().strip_suffix('\n').unwrap();
    let bytes = complete + start + "error: {\"type\":\"overloaded_error\",\"message\":\"Full\"}\n";
    for end in ["", "\n"] {
        for args in ALL {
            for size in ["1", "7", "100000"] {
                let args = [args, &["--chunk-size", size]].concat();
                let ran = ssewire(&args, (bytes.clone() + end).as_bytes()).exits(3);
                assert_eq!(ran.stderr.matches("overloaded_error: Full").count(), 1, "{ran:?}");
                let printed = bytes.matches("data: ").count() + 1;
                assert!(args[0] != "events" || ran.stdout.lines().count() == printed, "{ran:?}");
            }
        }
    }
}

/// Only at the start of the stream is a byte order mark not part of the name of the field.
#[test]
fn a_byte_order_mark_after_a_message_is_part_of_a_name() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let error = "\u{feff}data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n";
    let bytes = complete.clone() + error;
    for args in ALL {
        for size in ["1", "7", "100000"] {
            let args = [args, &["--chunk-size", size]].concat();
            let ran = ssewire(&args, bytes.as_bytes()).exits(0).silent();
            // The output of `timeline` contains times.
            let expected = ssewire(&args, complete.as_bytes()).stdout;
            assert!(args[0] == "timeline" || ran.stdout == expected, "{ran:?}");
        }
    }
}

/// The limit of the option also replaces a lower default.
#[test]
fn events_prints_large_events_between_messages() {
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    let ping = format!("data: {{\"type\":\"ping\",\"filler\":\"{}\"}}\n\n", "x".repeat(17 << 20));
    let ran = ssewire(&["events", "--max-event-bytes", "100000000"], (complete + &ping).as_bytes()).exits(0).silent();
    assert!(ran.stdout.lines().last().is_some_and(|line| line.len() > 17 << 20));
}

#[test]
fn a_message_that_replaces_another_is_the_next_one() {
    let body = [START, &piece("cut"), &START.replace("msg_1", "msg_2"), &piece("two"), STOP].concat();
    for size in ["1", "7", "100000"] {
        let ran = ssewire(&["text", "--chunk-size", size], body.as_bytes()).exits(4);
        assert_eq!(ran.stdout, "cut");
        assert!(ran.stderr.contains("another message follows"), "{ran:?}");
        let ran = ssewire(&["text", "--all", "--chunk-size", size], body.as_bytes()).exits(4);
        assert_eq!(ran.stdout, "cut\n\ntwo");
        let events = ssewire(&["events", "--chunk-size", size], body.as_bytes()).exits(4).lines();
        assert_eq!(events.len(), body.matches("data: ").count());
    }
}

/// By handshake: the pipe stays open until the command has ended.
#[test]
fn the_command_ends_while_the_pipe_is_open() {
    use std::io::Write as _;

    let error =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n";
    let complete = String::from_utf8(body(&[("msg_1", "one")])).unwrap();
    for (input, code) in [(complete, 0), ([START, &piece("one"), error].concat(), 3)] {
        for args in [&["text"][..], &["message"], &["timeline"], &["--chunk-size", "1"]] {
            let mut child = start(args);
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(input.as_bytes()).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
            drop(stdin);
        }
    }
}

#[test]
fn an_idle_timeout_ends_a_silent_input() {
    use std::io::Write as _;

    let input = [START, &piece("one")].concat();
    for (args, code) in [(&["text"][..], 4), (&["message"], 4), (&["events"], 4), (&["timeline"], 4), (&["sse"], 4)] {
        let mut child = start(&[args, &["--idle-timeout", "0.3"]].concat());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{args:?}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(stderr, "ssewire: incomplete: no data for 300 ms\n", "{args:?}");
        assert!(!ran.stdout.is_empty(), "{args:?}");
        drop(stdin);
    }
}

#[test]
fn violations_are_counted_in_one_note() {
    let stop = "data: {\"type\":\"content_block_stop\",\"index\":9}\n\n";
    let start_again = START.split_inclusive("\n\n").next().unwrap();
    let body = [START, stop, stop, start_again, &piece("x"), STOP].concat();
    let note = "note: 3 protocol violations: 2 × stop for a block that never started, 1 × second message_start before message_stop";
    for command in ["text", "message", "events", "timeline"] {
        let ran = ssewire(&[command], body.as_bytes()).exits(0).says(note);
        assert_eq!(ran.stderr, format!("ssewire: {note}\n"));
    }
    let ran = ssewire(&["text", "--stats"], body.as_bytes()).exits(0);
    assert!(ran.stderr.contains("violation: stop for a block that never started"), "{ran:?}");
}

#[test]
fn stop_reasons_that_end_the_text_early_get_a_note() {
    for (reason, words) in [
        ("max_tokens", "stop reason max_tokens: the output limit was reached"),
        ("model_context_window_exceeded", "stop reason model_context_window_exceeded: the context window is full"),
        ("refusal", "stop reason refusal: the model or a classifier refused"),
    ] {
        let body = [START, &piece("x"), STOP].concat().replace("end_turn", reason);
        for command in ["text", "message", "events", "timeline"] {
            ssewire(&[command], body.as_bytes()).exits(0).says(words);
        }
    }
    let details =
        "\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"cyber\",\"explanation\":\"no\\u001b\"}";
    let body = [START, &piece("x"), STOP].concat().replace("\"end_turn\"", details);
    ssewire(&["text"], body.as_bytes()).exits(0).says(r"refused (cyber: no\u{1b})");
    for reason in ["tool_use", "stop_sequence", "pause_turn", "new_reason"] {
        let body = [START, &piece("x"), STOP].concat().replace("end_turn", reason);
        ssewire(&["text"], body.as_bytes()).exits(0).silent();
    }
}

#[test]
fn the_cause_of_a_body_that_is_not_a_stream_is_named() {
    let single_line_ends = [START, &piece("x"), STOP].concat().replace("\n\n", "\n");
    let ran = ssewire(&["message"], single_line_ends.as_bytes());
    assert!(ran.stderr.contains("blank lines between events are probably missing"), "{ran:?}");
    assert_ne!(ran.code, 0);

    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    for size in ["1", "1000"] {
        let ran = ssewire(&["--chunk-size", size], [head, START, &piece("x"), STOP].concat().as_bytes()).exits(0);
        assert_eq!(ran.stdout, "x");
        assert!(ran.stderr.contains("response head"), "{ran:?}");
    }

    let utf16 = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        [mark, START, STOP].concat().encode_utf16().flat_map(order).collect()
    };
    for body in [utf16(u16::to_le_bytes, "\u{feff}"), utf16(u16::to_be_bytes, "\u{feff}"), utf16(u16::to_le_bytes, "")]
    {
        ssewire(&["message"], &body).exits(1).says("UTF-16");
    }
    for (body, words) in [
        ("{\"message\":\"Too many requests\"}", "Too many requests"),
        ("{\"code\":429,\"msg\":\"slow down\"}", "slow down"),
        ("{\"detail\":\"Not found\"}", "Not found"),
        ("event: ping\ndata: {\"type\":\"ping\"}\n\n{\"error\":{\"message\":\"upstream died\"}}\n", "upstream died"),
    ] {
        ssewire(&["message"], body.as_bytes()).exits(3).says(words);
    }
}

#[test]
fn bytes_of_a_last_event_without_its_blank_line_are_reported() {
    ssewire(&["sse"], b"data: a\n\ndata: b\n").exits(0).says("8 bytes of a last event without its blank line");
    ssewire(&["sse"], b"data: b\n").exits(0).says("8 bytes of a last event without its blank line");
    let cut = [START, "data: {\"type\":"].concat();
    ssewire(&["message"], cut.as_bytes()).exits(4).says("14 bytes of a last event without its blank line");
    let used = [START, STOP.trim_end()].concat();
    ssewire(&["message"], used.as_bytes()).exits(0).says("lacks its blank line; it was used");
}

#[test]
fn documents_of_several_messages_are_indented_one_by_one() {
    let two = body(&[("msg_1", "one"), ("msg_2", "two")]);
    let ran = ssewire(&["message", "--all", "--pretty"], &two).exits(0);
    let documents = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>();
    assert_eq!(documents.map(|document| document.unwrap()["id"].clone()).collect::<Vec<_>>(), ["msg_1", "msg_2"]);
}
