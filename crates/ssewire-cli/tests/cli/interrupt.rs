//! Ctrl-C: the command summarises the received input, and exits with 130. The signal is sent after the output has
//! appeared.

use serde_json::Value;

use crate::python::python;
use crate::support::{Ran, START, STOP, piece};

/// Sends the input through a pipe that stays open, waits for these words on one of the outputs, and interrupts.
fn interrupted(args: &[&str], input: &str, (output, words): (&str, &str)) -> Ran {
    const HELPER: &str = "
import json, os, signal, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    # Tests may run in the background, where it is ignored.
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
child.stdin.write(os.environ['INPUT'].encode())
child.stdin.flush()
pipe = child.stdout if os.environ['OUTPUT'] == 'stdout' else child.stderr
words, seen = os.environ['WORDS'].encode(), b''
while words not in seen:
    read = os.read(pipe.fileno(), 4096)
    assert read, seen
    seen += read
child.send_signal(signal.SIGINT)
# Not closed before it has ended: else it might see the end of its input first.
code = child.wait()
out, err = child.stdout.read(), child.stderr.read()
if pipe is child.stdout: out = seen + out
else: err = seen + err
print(json.dumps([code, out.decode(), err.decode()]))
";
    let printed = python(HELPER, args, &[("INPUT", input), ("OUTPUT", output), ("WORDS", words)]);
    let ran: Value = serde_json::from_str(&printed).unwrap();
    let text = |at: usize| ran[at].as_str().unwrap().to_owned();
    Ran { code: i32::try_from(ran[0].as_i64().unwrap()).unwrap(), stdout: text(1), stderr: text(2) }
}

#[test]
fn text_ends_with_a_note() {
    let input = [START, &piece("Hel")].concat();
    let ran = interrupted(&[], &input, ("stdout", "Hel")).exits(130);
    assert_eq!(ran.stdout, "Hel");
    assert_eq!(ran.stderr, "ssewire: interrupted; the message so far: 1 block, 3 characters of text\n");
}

#[test]
fn message_prints_the_partial_message() {
    // An event that is lost is reported at once: the report shows that everything before it was read.
    let input = [START, &piece("Hel"), "event: ping\ndata: {\n\n"].concat();
    let ran = interrupted(&["message"], &input, ("stderr", "event 4")).exits(130);
    assert_eq!(ran.document().unwrap()["content"][0]["text"], "Hel");
    assert!(ran.stderr.lines().last().unwrap().starts_with("ssewire: interrupted; "), "{ran:?}");
}

/// The handler was installed before the file was open: the first signal was swallowed.
#[cfg(unix)]
#[test]
fn a_recording_into_a_pipe_that_nobody_reads_ends_at_once() {
    const HELPER: &str = "
import os, signal, subprocess, sys, tempfile, time
with tempfile.TemporaryDirectory() as folder:
    out = os.path.join(folder, 'out')
    os.mkfifo(out)
    child = subprocess.Popen([*sys.argv[1:], out], stdin=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    # Until it waits for a reader. Nothing shows that, and a signal that comes too early ends it, too.
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    try:
        print(child.wait(10))
    except subprocess.TimeoutExpired:
        child.kill()
        print('it still waits')
";
    assert_eq!(python(HELPER, &["record"], &[]).trim(), "-2");
}

#[test]
fn a_complete_message_is_reported_as_complete() {
    let input = [START, &piece("Hello"), STOP].concat();
    let ran = interrupted(&["events"], &input, ("stdout", "message_stop")).exits(130);
    assert_eq!(ran.stderr, "ssewire: interrupted; the message is complete\n");
}

/// Regression: it said that the message is complete.
#[test]
fn a_failed_message_is_not_reported_as_complete() {
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Full\"}}\n\n";
    let input = [START, &piece("Hel"), error].concat();
    let ran = interrupted(&["events"], &input, ("stderr", "Full\n")).exits(3);
    assert_eq!(ran.stderr, "ssewire: server reported overloaded_error: Full\nssewire: interrupted\n");
}

#[test]
fn the_demo_sums_up() {
    let ran = interrupted(&["demo"], "", ("stdout", "The server")).exits(130);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("ssewire: no stop reason, 583 input tokens, "), "{lines:?}");
    assert!(lines[0].contains(", first text after ") && lines[1].starts_with("ssewire: interrupted; "), "{lines:?}");
}

#[test]
fn sse_ends_with_its_state() {
    let ran = interrupted(&["sse", "--state"], "id: 1\ndata: x\n\ndata: y", ("stdout", "\"x\"")).exits(130);
    assert_eq!(ran.lines()[1], serde_json::json!({"last_event_id": "1", "retry": null, "truncated": true}));
    assert_eq!(ran.stderr, "ssewire: interrupted after 1 event\n");
}

#[test]
fn a_timeline_and_stats_are_printed() {
    let input = [START, &piece("Hel"), "event: ping\ndata: {\n\n"].concat();
    let ran = interrupted(&["timeline", "--stats"], &input, ("stderr", "event 4")).exits(130);
    assert!(ran.stdout.contains("0 text") && ran.stderr.contains("\nevents "), "{ran:?}");
}

/// On a terminal, the key sends the signal and the terminal echoes `^C`; the note starts on a line of its own.
#[test]
fn the_key_works_on_a_terminal() {
    const HELPER: &str = "
import os, pty, signal, sys
reader, writer = os.pipe()
child, terminal = pty.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.dup2(reader, 0)
    os.close(writer)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(reader)
os.write(writer, os.environ['INPUT'].encode())
shown = b''
def read():
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b''
while b'Hel' not in shown:
    shown += read()
os.write(terminal, b'\\x03')
while True:
    more = read()
    if not more: break
    shown += more
status = os.waitpid(child, 0)[1]
sys.stdout.buffer.write(shown)
print(os.waitstatus_to_exitcode(status))
";
    let input = [START, &piece("Hel")].concat();
    let shown = python(HELPER, &["text"], &[("INPUT", &input)]);
    let expected = "Hel^C\r\nssewire: interrupted; the message so far: 1 block, 3 characters of text\r\n130\n";
    assert_eq!(shown, expected);
}
