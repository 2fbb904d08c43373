//! The command, as a person starts it, and curl, where there is one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use ssewire_replay::sample;

struct Replay {
    process: Child,
    url: String,
    told: String,
}

impl Replay {
    fn start(arguments: &[&str]) -> Self {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_ssewire-replay")).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut told = String::new();
        for line in output.lines() {
            told += &(line.unwrap() + "\n");
            if told.contains("faults, at ") {
                break;
            }
        }
        let url = told.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { process, url, told }
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
fn it_serves_a_sample_without_being_told_anything() {
    let replay = Replay::start(&[]);
    assert!(replay.told.contains(&format!("curl -sN {}/v1/messages | ssewire", replay.url)));
    assert_eq!(replay.ask("/v1/messages").1, text());
    assert!(replay.ask("/faults/overloaded").0.starts_with("HTTP/1.1 529 "));
}

#[test]
fn it_serves_files_and_samples_under_their_names() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/streams/hostile/only_ping.sse");
    let replay = Replay::start(&[file, "text", "--cut-after", "20"]);
    let begin = std::fs::read_to_string(file).unwrap()[..20].to_owned();
    assert_eq!(replay.ask("/v1/messages").1, begin);
    assert_eq!(replay.ask("/only_ping").1, begin);
    assert_eq!(replay.ask("/text").1, text()[..20]);
}

#[test]
fn its_options_decide_how_the_stream_comes() {
    let options = ["--framing", "length", "--chunk-size", "100", "--delay-ms", "1", "--ping-every", "1", "text"];
    let (head, body) = Replay::start(&options).ask("/v1/messages");
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    let expected: String = text().split_inclusive("\n\n").map(|event| format!("{event}{ping}")).collect();
    assert_eq!(body, expected);
}

#[test]
fn it_says_what_it_cannot_serve() {
    for (arguments, code) in [(&["no-such-sample"][..], 1), (&["--chunk-size", "0"], 2), (&["--framing", "none"], 2)] {
        let output = Command::new(env!("CARGO_BIN_EXE_ssewire-replay")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn curl_reads_it() {
    let replay = Replay::start(&[]);
    let whole = sample("text").unwrap();
    let most = &whole[..whole.len() * 2 / 3];
    // curl(1): 18 is a partial file.
    for (path, code, expected) in [
        ("/v1/messages", 0, whole),
        ("/faults/byte-by-byte", 0, whole),
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
