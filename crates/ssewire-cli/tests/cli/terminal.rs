//! What is different on a terminal. Python's `pty` makes one, so these need a `python3`.

use std::process::Command;

use crate::support::{START, STOP, piece};

/// Runs the command with a terminal as its standard output, or, if `stdin` is `None`, as its standard input.
fn on_a_terminal(args: &[&str], stdin: Option<&str>) -> String {
    const HELPER: &str = "
import os, pty, subprocess, sys
master, slave = pty.openpty()
if os.environ['GIVEN'] == 'yes':
    child = subprocess.run(sys.argv[1:], input=os.environ['INPUT'].encode(), stdout=slave)
    os.write(slave, b'END')
    out = b''
    while not out.endswith(b'END'):
        out += os.read(master, 4096)
    out = out[:-3]
else:
    child = subprocess.run(sys.argv[1:], stdin=slave, stdout=subprocess.PIPE)
    out = child.stdout
sys.stdout.buffer.write(out)
sys.exit(child.returncode)
";
    let mut python = Command::new("python3");
    python.args(["-c", HELPER, env!("CARGO_BIN_EXE_ssewire")]).args(args);
    python.env("GIVEN", if stdin.is_some() { "yes" } else { "no" }).env("INPUT", stdin.unwrap_or_default());
    let ran = python.output().expect("these tests need python3");
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn control_characters_are_shown_and_the_last_line_ends() {
    let input = [START, &piece("a\u{1b}[2J\r\u{7}\n\tb\u{9b}\u{202e}"), STOP].concat();
    let shown = on_a_terminal(&["text"], Some(&input));
    // The terminal itself makes CR LF of LF.
    assert_eq!(shown, "a\\u{1b}[2J\\r\\u{7}\r\n\tb\\u{9b}\\u{202e}\r\n");

    let shown = on_a_terminal(&["sse"], Some("data: \u{9b}\u{1b}\n\n"));
    assert_eq!(shown, "{\"event\":\"message\",\"data\":\"\\u009b\\u001b\",\"id\":\"\"}\r\n");
}

#[test]
fn a_text_that_ends_its_line_gets_no_other() {
    let shown = on_a_terminal(&["text"], Some(&[START, &piece("a\n"), STOP].concat()));
    assert_eq!(shown, "a\r\n");
}

#[test]
fn without_command_and_input_there_is_help() {
    let shown = on_a_terminal(&[], None);
    assert!(shown.contains("Usage: ssewire [COMMAND] [OPTIONS] [FILE]"), "{shown}");
}
