//! Input that is still arriving, and output that is no longer read.

use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout};

use crate::support::{START, STOP, piece, start, stream};

/// Waits for exactly these words. Without a clock: if they never come, this never ends.
fn expect(stdout: &mut ChildStdout, words: &str) {
    let mut read = vec![0; words.len()];
    stdout.read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), words);
}

fn say(stdin: &mut ChildStdin, words: &str) {
    stdin.write_all(words.as_bytes()).unwrap();
    stdin.flush().unwrap();
}

#[test]
fn text_is_shown_before_the_next_piece_is_whole() {
    for args in [&[][..], &["text", "--chunk-size", "4096"], &["--chunk-size", "1"], &["--thinking"]] {
        let mut child = start(args);
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let next = piece(" world");
        let (half, rest) = next.split_at(40);
        say(&mut stdin, START);
        say(&mut stdin, &piece("Hello"));
        say(&mut stdin, half);
        expect(&mut stdout, "Hello");
        say(&mut stdin, rest);
        expect(&mut stdout, " world");
        say(&mut stdin, STOP);
        drop(stdin);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn events_are_shown_one_by_one() {
    for (command, first, second) in [
        ("events", "{\"type\":\"ping\"}\n", "{\"type\":\"x\"}\n"),
        (
            "sse",
            "{\"event\":\"message\",\"data\":\"{\\\"type\\\":\\\"ping\\\"}\",\"id\":\"\"}\n",
            "{\"event\":\"message\",\"data\":\"{\\\"type\\\":\\\"x\\\"}\",\"id\":\"\"}\n",
        ),
    ] {
        let mut child = start(&[command]);
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        say(&mut stdin, "data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"");
        expect(&mut stdout, first);
        say(&mut stdin, "x\"}\n\n");
        expect(&mut stdout, second);
        drop(stdin);
        child.wait().unwrap();
    }
}

#[test]
fn a_server_error_is_reported_while_the_stream_is_open() {
    let mut child = start(&[]);
    let mut stdin = child.stdin.take().unwrap();
    say(
        &mut stdin,
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}\n\n",
    );
    let said = "ssewire: server reported api_error: m\n";
    let mut read = vec![0; said.len()];
    child.stderr.take().unwrap().read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), said);
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[cfg(unix)]
const GONE: [&[&str]; 12] = [
    &["text"],
    &["text", "--stats"],
    &["events"],
    &["sse"],
    &["message"],
    &["sse", "--state"],
    &["timeline"],
    &["timeline", "--svg"],
    &["demo", "--fast"],
    &["--help"],
    &["man"],
    &["completions", "bash"],
];

#[cfg(unix)]
#[test]
fn a_closed_output_ends_the_command_silently() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    for args in GONE {
        let (reader, writer) = UnixStream::pair().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire"));
        command.args(args).stdin(Stdio::piped()).stdout(OwnedFd::from(writer)).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(&stream(&[&piece("Hello")]));
        let ran = child.wait_with_output().unwrap();
        assert_eq!(ran.status.code(), Some(141), "{args:?}");
        assert_eq!(ran.stderr, b"", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported() {
    use std::process::{Command, Stdio};

    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire"));
    let ran = command.args(["demo", "--fast"]).stdin(Stdio::null()).stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8(ran.stderr).unwrap().starts_with("ssewire: cannot write to standard output: "));
}
