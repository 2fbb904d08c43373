//! `--stats`. Unit tests cover the times, with given ones.

use crate::support::{START, STOP, piece, sample, ssewire, stream, streams};

/// The names of the rows, and their values.
fn rows(table: &str) -> Vec<(&str, &str)> {
    table.lines().map(|line| line.split_once("  ").unwrap()).map(|(name, value)| (name, value.trim())).collect()
}

#[test]
fn a_pipe_has_times() {
    for command in ["text", "events", "message", "timeline"] {
        let bytes = sample("text.sse");
        let ran = ssewire(&[command, "--stats"], &bytes).exits(0);
        let rows = rows(&ran.stderr);
        let mut names: Vec<_> = rows.iter().map(|(name, _)| *name).collect();
        // All events arrived at once; the duration may be zero.
        names.retain(|name| *name != "tokens per second");
        let expected =
            ["events", "bytes", "time to first byte", "time to first text", "output tokens", "gap p50", "gap p99"];
        assert_eq!(names, expected);
        assert_eq!(
            rows[0].1,
            bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"data:")).count().to_string()
        );
        assert_eq!(rows[1].1, bytes.len().to_string());
        assert_eq!(rows.iter().find(|(name, _)| *name == "output tokens").unwrap().1, "15");
        if command != "timeline" {
            assert_eq!(ran.stdout, ssewire(&[command], &bytes).stdout);
        }
    }
}

#[test]
fn a_file_has_no_times_in_its_table() {
    use std::process::{Command, Stdio};

    let path = streams("samples").join("text.sse");
    let by_name = ssewire(&["--stats", path.to_str().unwrap()], b"").exits(0).stderr;
    assert_eq!(rows(&by_name).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["events", "bytes", "output tokens"]);
    let mut redirected = Command::new(env!("CARGO_BIN_EXE_ssewire"));
    let redirected = redirected.arg("--stats").stdin(std::fs::File::open(&path).unwrap()).stdout(Stdio::null());
    assert_eq!(String::from_utf8(redirected.output().unwrap().stderr).unwrap(), by_name);
    let demo = ssewire(&["demo", "--fast", "--stats"], b"").exits(0).stderr;
    assert!(demo.contains("events") && !demo.contains("gap"), "{demo}");
}

/// Regression: what precedes the first time of a recording had the time at which this run read it.
#[test]
fn a_recording_has_no_times_of_the_run() {
    for before in ["HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", "\n\n", ""] {
        let recording =
            [before, ": ssewire +1994ms\n", START, ": ssewire +500ms\n", &piece("a"), STOP].concat().into_bytes();
        let path = std::env::temp_dir().join(format!("ssewire-stats-{}", std::process::id()));
        std::fs::write(&path, &recording).unwrap();
        let from_file = ssewire(&["--stats", path.to_str().unwrap()], b"");
        std::fs::remove_file(path).unwrap();
        for ran in [from_file, ssewire(&["--stats"], &recording)] {
            let table: String = ran.stderr.split_inclusive('\n').filter(|line| !line.starts_with("ssewire")).collect();
            let rows = rows(&table);
            assert_eq!(rows[2], ("time to first byte", "1.99 s"), "{before:?}");
            assert_eq!(rows[3], ("time to first text", "2.49 s"), "{before:?}");
        }
    }
}

/// Regression: the first text and a gap were between two clocks.
#[test]
fn the_first_text_is_never_before_the_first_byte() {
    let recording = [START, &piece("a"), ": ssewire +1994ms\n", &piece("b"), ": ssewire +500ms\n", &piece("c"), STOP];
    let ran = ssewire(&["--stats"], recording.concat().as_bytes());
    let table: String = ran.stderr.split_inclusive('\n').filter(|line| !line.starts_with("ssewire")).collect();
    let rows = rows(&table);
    assert_eq!(rows[2..4], [("time to first byte", "1.99 s"), ("time to first text", "1.99 s")]);
    assert_eq!(rows.last(), Some(&("gap p99", "500 ms")));
}

#[test]
fn any_event_stream_has_counts() {
    let ran = ssewire(&["sse", "--stats", "--comments"], b": c\n\ndata: x\n\ndata: y\n\n").exits(0);
    assert_eq!(rows(&ran.stderr)[..2], [("events", "2"), ("bytes", "23")]);
    assert!(!ran.stderr.contains("text") && !ran.stderr.contains("tokens"), "{ran:?}");
}

/// Those between two messages, too.
#[test]
fn all_events_are_counted() {
    let between = "data: {\"type\":\"ping\"}\n\ndata: [DONE]\n\ndata: {oops\n\n";
    let bytes = [&stream(&[&piece("a")])[..], between.as_bytes(), &stream(&[]), between.as_bytes()].concat();
    let count = bytes.windows(6).filter(|window| window == b"data: ").count();
    for args in [&["events"][..], &["text", "--all"], &["message", "--all"], &["timeline", "--all"]] {
        for size in ["1", "100000"] {
            let ran = ssewire(&[args, &["--stats", "--chunk-size", size]].concat(), &bytes).exits(4);
            let table: String = ran.stderr.split_inclusive('\n').filter(|line| !line.starts_with("ssewire")).collect();
            assert_eq!(rows(&table)[0], ("events", count.to_string().as_str()), "{ran:?}");
        }
    }
}

/// Regression: the drawing counted further updates of an event, the table did not.
#[test]
fn a_timeline_and_its_table_count_the_same_events() {
    let signed = concat!(
        "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"a\",\"signature\":\"s\"}}\n\n",
    );
    let replaced = [START, signed, &START.replace("msg_1", "msg_2"), STOP].concat();
    let count = replaced.matches("data: ").count();
    let ran = ssewire(&["timeline", "--all", "--stats"], replaced.as_bytes());
    assert!(ran.stdout.starts_with(&format!("{count} events and ")), "{ran:?}");
    assert!(!ran.stdout.contains("\nother "), "{ran:?}");
    let row = ran.stderr.lines().find(|line| line.starts_with("events ")).unwrap();
    assert_eq!(rows(row), [("events", &*count.to_string())], "{ran:?}");
}

/// Regression: the drawing left out events that were lost, so that it showed a gap in their place.
#[test]
fn a_timeline_counts_lost_events() {
    let lost = ["event: ping\ndata: {oops\n\n", &piece(&"x".repeat(1000)), "data: {oops\n\n"];
    let bytes = [&stream(&lost)[..], &stream(&[])].concat();
    let count = bytes.windows(6).filter(|window| window == b"data: ").count();
    let ran = ssewire(&["timeline", "--all", "--stats", "--max-event-bytes", "500"], &bytes).exits(4);
    assert!(ran.stdout.starts_with(&format!("{count} events and ")), "{ran:?}");
    assert!(ran.stdout.contains("\nother "), "{ran:?}");
    let row = ran.stderr.lines().find(|line| line.starts_with("events ")).unwrap();
    assert_eq!(rows(row), [("events", &*count.to_string())], "{ran:?}");
}

/// Regression: the drawing left out events that are skipped between two messages.
#[test]
fn a_timeline_counts_skipped_events() {
    let ping = "data: {\"type\":\"ping\"}\n\n";
    let between = [ping, "data: [DONE]\n\n", "data: {oops\n\n", &piece(&"x".repeat(1000))].concat();
    // The last event lacks its blank line.
    let bytes = [&stream(&[])[..], between.as_bytes(), &stream(&[]), ping.trim_end().as_bytes()].concat();
    let count = bytes.windows(6).filter(|window| window == b"data: ").count();
    let path = std::env::temp_dir().join(format!("ssewire-skipped-{}", std::process::id()));
    std::fs::write(&path, &bytes).unwrap();
    let args = ["timeline", "--all", "--stats", "--max-event-bytes", "500", path.to_str().unwrap(), "--chunk-size"];
    let drawn = ["1", "7", "100000"].map(|size| ssewire(&[&args[..], &[size]].concat(), b"").exits(4));
    std::fs::remove_file(path).unwrap();
    for ran in &drawn {
        assert!(ran.stdout.starts_with(&format!("{count} events in {} bytes, ", bytes.len())), "{ran:?}");
        assert!(ran.stdout.contains("\nping ") && ran.stdout.contains("\nother "), "{ran:?}");
        assert_eq!(ran.stdout, drawn[0].stdout);
        let row = ran.stderr.lines().find(|line| line.starts_with("events ")).unwrap();
        assert_eq!(rows(row), [("events", &*count.to_string())], "{ran:?}");
    }
}

/// Regression: they depended on the chunk in which the message ended.
#[test]
fn bytes_after_the_end_are_not_counted() {
    let message = stream(&[&piece("a")]);
    let refused = [START, "data: {\"type\":\"content_block_stop\",\"index\":7}\n\n"].concat().into_bytes();
    for (args, decoded, code) in [(&["text"][..], message.clone(), 0), (&["text", "--strict"], refused, 4)] {
        let bytes = [&decoded[..], &message].concat();
        for size in ["1", "3", "100000"] {
            let ran = ssewire(&[args, &["--stats", "--chunk-size", size]].concat(), &bytes).exits(code);
            let row = ran.stderr.lines().find(|line| line.starts_with("bytes ")).unwrap();
            assert_eq!(rows(row), [("bytes", decoded.len().to_string().as_str())], "{args:?} {size}");
        }
    }
}

#[test]
fn the_table_follows_all_notes() {
    let ran = ssewire(&["--stats"], &stream(&[&piece("a"), "event: ping\ndata: pong\n\n"])).exits(0);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("ssewire: event 4: "), "{lines:?}");
    assert_eq!(rows(lines[1])[0], ("events", "7"));
    // Also after an error.
    let ran = ssewire(&["--stats"], b"").exits(1);
    assert!(ran.stderr.ends_with("events  0\nbytes   0\n"), "{ran:?}");
}
