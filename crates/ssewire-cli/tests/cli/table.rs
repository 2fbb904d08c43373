//! Every command with every kind of bad input, in any chunks: it exits with a documented code, without a panic, and
//! the chunks change nothing.

use crate::support::{START, STOP, piece, sample, ssewire, stream};

const COMMANDS: [&[&str]; 16] = [
    &["text"],
    &["text", "--thinking", "--all"],
    &["text", "--strict"],
    &["text", "--input", "sse"],
    &["text", "--input", "jsonl"],
    &["sse"],
    &["sse", "--comments", "--state", "--pretty"],
    &["events"],
    &["events", "--pretty", "--strict"],
    &["message"],
    &["message", "--pretty", "--all"],
    &["message", "--max-event-bytes", "200"],
    &["message", "--input", "jsonl", "--all"],
    &["timeline", "--input", "jsonl"],
    &["timeline", "--all"],
    &["timeline", "--svg", "--strict"],
];

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let good = [START, &piece("Hello\u{1b}[2J"), STOP].concat();
    let text = sample("text.sse");
    let lines = ssewire(&["events"], &text).stdout;
    let utf16 = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("nothing", Vec::new()),
        ("white space", b" \t\r\n \n".repeat(300)),
        ("a cut stream", text[..text.len() / 2].to_vec()),
        ("a stream without its end", text[..text.len() - 1].to_vec()),
        ("two messages", [&text[..], good.as_bytes()].concat()),
        ("a replaced message", [START, &piece("a"), &good.replace("msg_1", "msg_2")].concat().into_bytes()),
        ("CR line ends", good.replace('\n', "\r").into_bytes()),
        ("CRLF line ends", good.replace('\n', "\r\n").into_bytes()),
        ("doubled line ends", good.replace('\n', "\n\n").into_bytes()),
        ("single line ends", good.replace("\n\n", "\n").into_bytes()),
        ("a byte order mark", format!("\u{feff}{good}").into_bytes()),
        ("UTF-16", utf16),
        ("ill-formed UTF-8", [b"data: \xff\xfe\n\n", good.as_bytes()].concat()),
        ("a response head", format!("HTTP/2 200\r\nserver: x\r\n\r\n{good}").into_bytes()),
        ("a page", b"<!doctype html><p>data: x\n\n</p>".to_vec()),
        ("compressed bytes", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\n\ndata: \xff".to_vec()),
        ("zeros", vec![0; 5000]),
        (
            "a JSON message",
            br#"{"type":"message","role":"assistant","content":[{"type":"text","text":"hi"}]}"#.to_vec(),
        ),
        ("a JSON error", br#"{"type":"error","error":{"type":"api_error","message":"m"}}"#.to_vec()),
        ("broken JSON", b"{\"type\":\"message\",".to_vec()),
        ("JSON lines", lines.clone().into_bytes()),
        ("JSON lines with garbage", lines.replace("}\n", "}\ngarbage\n{\n[]\n").into_bytes()),
        ("JSON lines in CRLF", lines.replace('\n', "\r\n").into_bytes()),
        ("a cut JSON line", lines.as_bytes()[..lines.len() - 20].to_vec()),
        ("events of another protocol", b"data: {\"choices\":[]}\n\ndata: [DONE]\n\n".to_vec()),
        ("broken payloads", stream(&["data: {\n\n", "event: x\ndata: []\n\n", "data: null\n\n", "data\n\n"])),
        ("violations", stream(&["data: {\"type\":\"content_block_stop\",\"index\":3}\n\n", START, &piece("x")])),
        ("a large event", stream(&[&piece(&"x".repeat(100_000))])),
        ("an error event", [START, "event: error\ndata: {\"error\":\"quota\"}\n\n"].concat().into_bytes()),
        ("time comments", format!(": ssewire +5ms\n{}", good.replace("data", ": ssewire +70ms\ndata")).into_bytes()),
        (
            "broken time comments",
            good.replace("data", ": ssewire +99999999999999999999ms\n: ssewire +\ndata").into_bytes(),
        ),
    ]
}

#[test]
fn every_command_ends_in_order_whatever_the_input_and_its_chunks() {
    for (name, bytes) in inputs() {
        for args in COMMANDS {
            let whole = ssewire(args, &bytes);
            assert!([0, 1, 3, 4].contains(&whole.code), "{name} {args:?} {whole:?}");
            assert!(whole.code == 0 || !whole.stderr.is_empty(), "{name} {args:?} {whole:?}");
            assert!(whole.stderr.lines().all(|line| line.starts_with("ssewire: ")), "{name} {args:?} {whole:?}");
            assert!(!whole.stderr.contains(|c: char| c.is_control() && c != '\n'), "{name} {args:?} {whole:?}");
            // The times of a pipe differ from run to run.
            if args[0] == "timeline" {
                continue;
            }
            let cut = ssewire(&[args, &["--chunk-size", "1"]].concat(), &bytes);
            assert_eq!(cut, whole, "{name} {args:?}");
        }
    }
}
