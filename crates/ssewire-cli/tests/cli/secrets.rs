//! Notes on standard error contain no text of the stream.

use serde_json::json;

use crate::support::{START, STOP, piece, recorded, ssewire};

/// As models and people write it, with a key.
const MARKER: &str = "MARKER sk-ant-0123456789";

const COMMANDS: [&[&str]; 10] = [
    &["text"],
    &["text", "--strict", "--thinking", "--stats"],
    &["text", "--max-event-bytes", "100"],
    &["events"],
    &["events", "--strict"],
    &["events", "--max-event-bytes", "100", "--stats"],
    &["message"],
    &["message", "--strict"],
    &["sse", "--stats"],
    &["sse", "--max-event-bytes", "30", "--comments", "--state"],
];

/// Between a good start and a good end.
fn spoiled() -> Vec<(&'static str, String)> {
    let delta = |index: u64, delta: serde_json::Value| {
        format!("data: {}\n\n", json!({"type": "content_block_delta", "index": index, "delta": delta}))
    };
    vec![
        ("no JSON", format!("data: {{\"{MARKER}\": {MARKER}}}\n\n")),
        ("no object", format!("data: \"{MARKER}\"\n\n")),
        ("no delta", delta(0, json!(MARKER))),
        ("no text", delta(0, json!({"type": "text_delta", "text": [MARKER]}))),
        ("an early delta", delta(7, json!({"type": "text_delta", "text": MARKER}))),
        ("input without a block", delta(8, json!({"type": "input_json_delta", "partial_json": MARKER}))),
        ("a mismatched delta", delta(0, json!({"type": "signature_delta", "signature": MARKER}))),
        (
            "a tool with broken input",
            format!(
                "data: {}\n\n{}",
                json!({"type": "content_block_start", "index": 1,
                    "content_block": {"type": "tool_use", "id": MARKER, "name": MARKER, "input": {}}}),
                delta(1, json!({"type": "input_json_delta", "partial_json": MARKER})),
            ),
        ),
        ("names and ids", format!(": {MARKER}\nid: {MARKER}\nevent: {MARKER}\n{MARKER}: {MARKER}\ndata: {MARKER}\n\n")),
        ("a giant", piece(&MARKER.repeat(100))),
        ("half an event", format!("event: {MARKER}\ndata: {MARKER}")),
    ]
}

#[test]
fn notes_have_no_payload_text() {
    let text = piece(MARKER);
    let mut reported = 0;
    for (what, event) in spoiled() {
        let whole = [START, &text, &event, STOP].concat();
        let cut = [START, &text, &event].concat();
        for stream in [whole, cut, event] {
            reported += check(what, stream.as_bytes());
        }
    }
    assert!(reported > 100, "{reported} of the runs had notes");
}

#[test]
fn bodies_that_are_not_a_stream_are_named_without_their_text() {
    let message = json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": MARKER}]});
    let bodies = [
        message.to_string(),
        json!({ MARKER: MARKER }).to_string(),
        format!("<html>{MARKER}"),
        format!("\0{MARKER}"),
        MARKER.to_owned(),
        format!(": {MARKER}\n\n"),
        format!("event: {MARKER}\ndata: {MARKER}\n\n"),
    ];
    let reported: usize = bodies.iter().map(|body| check(body, body.as_bytes())).sum();
    assert!(reported > 30, "{reported} of the runs had notes");
}

/// Every text of every recorded stream, cut in the middle.
#[test]
fn notes_about_cut_streams_have_no_text() {
    for (name, stream) in recorded("samples") {
        let stream = String::from_utf8(stream).unwrap().replace("\"text\":\"", &format!("\"text\":\"{MARKER}"));
        check(&name, &stream.as_bytes()[..stream.len() * 2 / 3]);
    }
}

/// The number of commands with a note.
fn check(what: &str, stream: &[u8]) -> usize {
    let mut reported = 0;
    for args in COMMANDS {
        let ran = ssewire(args, stream);
        let leaks = ["MARKER", "sk-ant"].iter().any(|word| ran.stderr.contains(word));
        assert!(!leaks, "{what} {args:?}: {}", ran.stderr);
        reported += usize::from(!ran.stderr.is_empty());
    }
    reported
}

/// The command needs no key, and shows none.
#[test]
fn a_key_in_the_environment_shows_up_nowhere() {
    for args in [&["demo", "--fast"][..], &["--help"], &["man"], &["completions", "bash"], &["--no-such-option"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ssewire"))
            .args(args)
            .envs([("ANTHROPIC_API_KEY", MARKER), ("RUST_LOG", "trace"), ("RUST_BACKTRACE", "1")])
            .output()
            .unwrap();
        let shown = [output.stdout, output.stderr].concat();
        assert!(!shown.is_empty() && !String::from_utf8(shown).unwrap().contains("sk-ant"), "{args:?}");
    }
}
