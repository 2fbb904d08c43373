//! The command, as a person starts it, and curl, where there is one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use ssewire_replay::{Config, Fault, sample};

struct Replay {
    process: Child,
    url: String,
    returned: String,
}

impl Replay {
    fn start(arguments: &[&str]) -> Self {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_ssewire-replay")).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut returned = String::new();
        for line in output.lines() {
            returned += &(line.unwrap() + "\n");
            if returned.contains("faults, at ") {
                break;
            }
        }
        let url = returned.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { process, url, returned }
    }

    /// Head and body, of a request that closes.
    fn ask(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn text() -> String {
    String::from_utf8(sample("text").unwrap().to_vec()).unwrap()
}

#[test]
fn it_serves_a_sample_without_arguments() {
    let replay = Replay::start(&[]);
    assert!(replay.returned.contains(&format!("curl -sN {}/v1/messages | ssewire", replay.url)));
    assert_eq!(replay.ask("/v1/messages").1, text());
    assert!(replay.ask("/faults/529").0.starts_with("HTTP/1.1 529 "));
}

#[test]
fn it_prints_the_address_for_people_and_for_shells() {
    let replay = Replay::start(&[]);
    let line = format!("export ANTHROPIC_BASE_URL={}", replay.url);
    assert!(replay.returned.lines().any(|returned| returned == line), "{}", replay.returned);
}

#[test]
fn it_serves_files_and_samples_under_their_names() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/streams/hostile/only_ping.sse");
    let replay = Replay::start(&[file, "text"]);
    let stream = std::fs::read_to_string(file).unwrap();
    for path in ["/v1/messages", "/only_ping", "/v1/chat/completions"] {
        assert_eq!(replay.ask(path).1, stream, "{path}");
    }
    assert_eq!(replay.ask("/text").1, text());
}

#[test]
fn its_options_decide_how_the_stream_is_sent() {
    let options = ["--chunk-size", "100", "--delay-ms", "1", "--fault", "pings", "--fault", "crlf", "text"];
    let (_, body) = Replay::start(&options).ask("/v1/messages");
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    let expected: String = text().split_inclusive("\n\n").map(|event| format!("{event}{ping}")).collect();
    assert_eq!(body, expected.replace('\n', "\r\n"));
}

#[test]
fn a_recording_is_served_without_its_time_comments() {
    let recording = std::env::temp_dir().join(format!("ssewire-replay-{}.sse", std::process::id()));
    let parts: Vec<_> = text().split_inclusive("\n\n").map(str::to_owned).collect();
    std::fs::write(&recording, format!(": ssewire +0ms\n{}", parts.join(": ssewire +86400000ms\n"))).unwrap();
    let replay = Replay::start(&[recording.to_str().unwrap(), "--speed", "inf"]);
    std::fs::remove_file(&recording).unwrap();
    assert_eq!(replay.ask("/v1/messages").1, text());
}

#[test]
fn it_lists_its_faults() {
    let output = Command::new(env!("CARGO_BIN_EXE_ssewire-replay")).args(["--fault", "list"]).output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = printed.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let expected: Vec<_> = Fault::ALL.iter().map(|fault| (fault.name(), fault.description())).collect();
    assert_eq!(lines.iter().map(|(name, text)| (*name, text.trim_start())).collect::<Vec<_>>(), expected);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_in_order_in_the_middle_of_a_response() {
    let mut replay = Replay::start(&["--fault", "stall"]);
    let mut stream = TcpStream::connect(replay.url.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET / HTTP/1.0\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 16]).unwrap();
    assert!(Command::new("kill").args(["-INT", &replay.process.id().to_string()]).status().unwrap().success());
    assert_eq!(replay.process.wait().unwrap().code(), Some(0));
}

#[test]
fn it_reports_why_it_cannot_serve() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, code, reason) in [
        (&["no-such-sample"][..], 1, "cannot open no-such-sample: "),
        (&["--port", &*port], 1, &*format!("cannot listen on port {port}: ")),
        (&["--chunk-size", "0"], 2, "--chunk-size"),
        (&["--speed", "0"], 2, "not a number greater than zero"),
        (&["--fault", "no-such-fault"], 2, "available faults: cut, "),
        (&["--fault", "split", "--chunk-size", "7"], 2, "--chunk-size has no effect with --fault split"),
        (&["--chunk-size", "7", "--fault", "odd-chunks"], 2, "--chunk-size has no effect with --fault odd-chunks"),
        (&["--fault", "slow", "--delay-ms", "7"], 2, "--delay-ms has no effect with --fault slow"),
        (&["--speed", "1", "--fault", "slow"], 2, "--speed has no effect with --fault slow"),
        (&["--speed", "4", "--delay-ms", "5"], 2, "--speed has no effect with --delay-ms"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ssewire-replay")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(reason), "{arguments:?}");
    }
}

#[test]
fn a_sample_does_not_replace_a_file_that_cannot_be_read() {
    let folder = std::env::temp_dir().join(format!("ssewire-replay-unreadable-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("text")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire-replay"));
    let mut process = command.arg("text").current_dir(&folder).stdout(Stdio::piped()).spawn().unwrap();
    // If it serves, it prints its address.
    let line = BufReader::new(process.stdout.take().unwrap()).lines().next();
    if line.is_some() {
        process.kill().unwrap();
    }
    let code = process.wait().unwrap().code();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(line.is_none(), "{line:?}");
    assert_eq!(code, Some(1));
}

#[test]
fn two_files_of_one_name_are_refused() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/streams/hostile/only_ping.sse");
    let error = Config::new().file(file).unwrap().file(file).unwrap_err();
    assert_eq!(error.to_string(), "another recording has the same name");
}

#[test]
fn curl_reads_it() {
    let replay = Replay::start(&[]);
    let whole = sample("text").unwrap();
    let most = &whole[..whole.len() * 2 / 3];
    // curl(1): 18 is a partial file.
    for (path, code, expected) in [
        ("/v1/messages", 0, whole),
        ("/faults/split", 0, whole),
        ("/faults/cut", 18, most),
        ("/faults/cut-in-chunk", 18, most),
        ("/faults/cut-unnoticed", 0, most),
    ] {
        // Where there is no curl, the server's own tests have to do.
        let Some(output) = curl(&["-sN", "--data", "{}", &(replay.url.clone() + path)]) else { return };
        assert_eq!(output.status.code(), Some(code), "{path}");
        assert!(output.stdout == expected, "{path}");
    }
}

/// `None`: there is no curl.
fn curl(arguments: &[&str]) -> Option<Output> {
    // No proxy of this machine's environment.
    Command::new("curl").args(["--noproxy", "*"]).args(arguments).output().ok()
}
