//! Differences on a terminal.

use crate::python::python;
use crate::support::{START, STOP, piece};

/// Runs the command with a terminal as its standard output, or, if `stdin` is `None`, as its standard input.
fn on_a_terminal(args: &[&str], stdin: Option<&str>) -> String {
    on_a_terminal_with(args, stdin, &[])
}

fn on_a_terminal_with(args: &[&str], stdin: Option<&str>, environment: &[(&str, &str)]) -> String {
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
    let given = [("GIVEN", if stdin.is_some() { "yes" } else { "no" }), ("INPUT", stdin.unwrap_or_default())];
    python(HELPER, args, &[&given, environment].concat())
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
fn a_recorded_stream_does_not_control_the_terminal() {
    let shown = on_a_terminal(&["record", "/dev/null"], Some("data: \u{1b}[2J\u{1b}]0;x\u{7}\u{9b}\u{202e}é\n\n"));
    assert_eq!(shown, "data: \\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}\\u{202e}é\r\n\r\n");
}

#[test]
fn a_recorded_stream_looks_the_same_in_chunks_of_any_size() {
    for (input, expected) in [("data: é🙂\r\n\r\n", "data: é🙂\r\n\r\n"), ("a\rb\r\r\nc\r", "a\\rb\\r\r\nc\\r\r\n")]
    {
        for size in ["1", "2", "3", "100"] {
            let shown = on_a_terminal(&["record", "--chunk-size", size, "/dev/null"], Some(input));
            assert_eq!(shown, expected, "{size}");
        }
    }
}

#[test]
fn a_text_that_ends_its_line_gets_no_other() {
    let shown = on_a_terminal(&["text"], Some(&[START, &piece("a\n"), STOP].concat()));
    assert_eq!(shown, "a\r\n");
}

#[test]
fn one_blank_line_is_between_two_messages() {
    for end in ["", "\n", "\n\n"] {
        let message = [START, &piece(&format!("a{end}")), STOP].concat();
        let shown = on_a_terminal(&["text", "--all"], Some(&message.repeat(2)));
        let last = if end == "\n\n" { "\r\n\r\n" } else { "\r\n" };
        assert_eq!(shown, format!("a\r\n\r\na{last}"), "{end:?}");
    }
}

#[test]
fn without_command_and_input_there_is_help() {
    let shown = on_a_terminal(&[], None);
    assert_eq!(shown, python("import subprocess, sys\nsubprocess.run([sys.argv[1], '--help'])", &[], &[]));
    assert!(shown.contains("Usage: ssewire [COMMAND] [OPTIONS] [FILE]"), "{shown}");
}

fn thinking(text: &str) -> String {
    format!(
        "data: {{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}}}\n\ndata: {{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{{\"type\":\"thinking_delta\",\"thinking\":{text:?}}}}}\n\n"
    )
}

#[test]
fn thinking_is_dim_where_there_is_colour() {
    let input = [START, &piece("a"), &thinking("b"), STOP].concat();
    let plain = "a\r\n\r\n<thinking>\r\nb\r\n</thinking>\r\n";
    let dim = "a\r\n\r\n\u{1b}[2m<thinking>\r\n\u{1b}[0m\u{1b}[2mb\u{1b}[0m\u{1b}[2m\r\n</thinking>\r\n\u{1b}[0m";
    let shown = |args: &[&str], environment: &[(&str, &str)]| {
        on_a_terminal_with(&[args, &["--thinking"]].concat(), Some(&input), environment)
    };
    assert_eq!(shown(&[], &[]), dim);
    assert_eq!(shown(&["--color", "auto"], &[]), dim);
    assert_eq!(shown(&["--color", "never"], &[]), plain);
    assert_eq!(shown(&[], &[("NO_COLOR", "1")]), plain);
    assert_eq!(shown(&[], &[("NO_COLOR", "")]), dim, "an empty one is none");
    assert_eq!(shown(&[], &[("TERM", "dumb")]), plain);
    assert_eq!(shown(&["--color", "always"], &[("NO_COLOR", "1")]), dim);
}

#[test]
fn the_demo_shows_thinking_and_the_tools_input_too() {
    let shown = on_a_terminal(&["demo", "--fast", "--color", "never"], Some(""));
    for words in ["A poem about a stream", "\r\n\r\nThe server speaks", "get_weather {\"location\": \"Porto, PT\""] {
        assert!(shown.contains(words), "{shown}");
    }
    assert!(shown.ends_with("}\r\n"), "{shown}");
}

#[test]
fn a_timeline_is_as_wide_as_the_terminal_and_escapes_its_controls() {
    let input = [START, &piece("a"), STOP].concat().replace("\"type\":\"text\",", "\"type\":\"te\\u001bxt\",");
    let shown = on_a_terminal(&["timeline", "--color", "never"], Some(&input));
    assert!(shown.contains("0 te\u{FFFD}xt"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

/// Arguments and file names come from outside, too.
#[test]
fn arguments_and_file_names_are_escaped() {
    const HELPER: &str = "
import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.run([sys.argv[1]] + [argument.encode().decode('unicode_escape') for argument in sys.argv[2:]],
    stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
os.write(slave, b'END')
out = b''
while not out.endswith(b'END'):
    out += os.read(master, 4096)
assert child.returncode in (0, 1, 2), child.returncode
sys.stdout.buffer.write(out[:-3])
";
    let evil = r"evil\x1b]52;c;aGk=\x07\x9b31m\u202e.sse";
    for args in [
        &[evil][..],
        &[evil, "b.sse"],
        &["text", evil],
        &["text", evil, evil],
        &[r"--\x1b[31mx"],
        &["--chunk-size", evil],
        &["--color", evil],
        &["--input", evil],
        &["sse", "--last-event-id", r"\x1b[31m\nx"],
        &["help", evil],
        &["completions", evil],
        &["record", "/does/not/\u{1b}]0;x\u{7}exist"],
        &["serve", evil],
        &["serve", "--fault", evil],
        &["serve", "--speed", evil],
        &["demo", evil],
        &[evil, "--help", "--fast=\u{1b}[31m"],
    ] {
        let shown = python(HELPER, args, &[]);
        assert!(!shown.is_empty());
        let control = shown.chars().find(|c| is_control(*c));
        assert_eq!(control, None, "{args:?} {shown:?}");
    }
}

/// Characters that control a terminal, except line ends.
fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r'))
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
