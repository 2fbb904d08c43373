//! `serve`: recorded streams over HTTP.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

use crate::support::{Ran, sample, ssewire, start, streams};

struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut child = start(&[&["serve"], args].concat());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.next().unwrap().unwrap();
        let url = listening.strip_prefix("listening on ").unwrap().to_owned();
        assert_eq!(lines.next().unwrap().unwrap(), format!("export ANTHROPIC_BASE_URL={url}"));
        Self { child, url }
    }

    /// The body of a request, with the exit code of curl.
    fn curl(&self, path: &str) -> (Vec<u8>, Option<i32>) {
        let url = format!("{}{path}", self.url);
        let ran = Command::new("curl").args(["-sN", "--max-time", "20", "-d", "{}", &url]).output().unwrap();
        (ran.stdout, ran.status.code())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(name: &str) -> String {
    streams("samples").join(name).to_str().unwrap().to_owned()
}

#[test]
fn files_are_served_at_their_names_and_the_first_one_at_every_path() {
    let server = Served::start(&[&file("text.sse"), &file("thinking.sse")]);
    for path in ["/v1/messages", "/text", "/anything"] {
        assert_eq!(server.curl(path), (sample("text.sse"), Some(0)), "{path}");
    }
    assert_eq!(server.curl("/thinking"), (sample("thinking.sse"), Some(0)));
    // Without such a file, the name is that of a sample.
    let server = Served::start(&["tool_use"]);
    assert_eq!(server.curl("/v1/messages"), (sample("tool_use.sse"), Some(0)));
    let server = Served::start(&["--delay-ms", "1"]);
    assert_eq!(server.curl("/v1/messages"), (sample("text.sse"), Some(0)));
}

#[test]
fn faults_and_chunks_are_those_of_the_replay_server() {
    let text = file("text.sse");
    let server = Served::start(&[&text, "--fault", "529"]);
    assert!(server.curl("/v1/messages").0.starts_with(b"{\"type\":\"error\""));
    let server = Served::start(&[&text, "--fault", "cut", "--chunk-size", "7"]);
    let (body, code) = server.curl("/v1/messages");
    assert!(sample("text.sse").starts_with(&body) && !body.is_empty() && code != Some(0), "{code:?}");
    ssewire(&[], &body).exits(4);
    let faults = ssewire(&["serve", "--fault", "list"], b"").exits(0).silent().stdout;
    assert_eq!(faults.lines().count(), ssewire_replay::Fault::ALL.len());
    for name in ["cut", "stall", "split", "429", "529", "error-event", "json-body"] {
        assert!(faults.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}: {faults}");
    }
}

#[test]
fn a_recording_is_served_without_its_times() {
    let path = std::env::temp_dir().join(format!("ssewire-serve-{}.sse", std::process::id()));
    std::fs::write(&path, ": ssewire +10ms\ndata: a\n\n: ssewire +3600000ms\ndata: b\n\n").unwrap();
    let server = Served::start(&[path.to_str().unwrap(), "--speed", "inf"]);
    assert_eq!(server.curl("/v1/messages"), (b"data: a\n\ndata: b\n\n".to_vec(), Some(0)));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn problems_are_reported() {
    let ran = ssewire(&["serve", "/does/not/exist"], b"").exits(1).says("cannot open /does/not/exist");
    assert_eq!(ran.stdout, "");
    let server = Served::start(&[&file("text.sse")]);
    let port = server.url.rsplit_once(':').unwrap().1;
    ssewire(&["serve", &file("text.sse"), "--port", port], b"").exits(1).says("cannot listen on port");
}

/// The server keeps its recordings in memory.
#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_refused() {
    ssewire(&["serve", "/dev/zero"], b"")
        .exits(1)
        .says("cannot open /dev/zero: file is larger than the limit of 16 MiB");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_server_with_0() {
    use crate::python::python;

    const HELPER: &str = "
import signal, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
child.stdout.readline()
child.stdout.readline()
child.send_signal(signal.SIGINT)
print(child.wait(), child.stderr.read())
";
    assert_eq!(python(HELPER, &["serve", &file("text.sse")], &[]), "0 b''\n");
}

/// From the server to the message.
#[test]
fn a_served_stream_is_recorded_and_shown() {
    let server = Served::start(&[&file("text.sse")]);
    let (body, _) = server.curl("/v1/messages");
    let ran: Ran = ssewire(&["message"], &body).exits(0).silent();
    assert_eq!(ran, ssewire(&["message"], &sample("text.sse")));
}
