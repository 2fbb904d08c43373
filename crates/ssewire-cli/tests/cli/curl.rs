//! `curl -sN … | ssewire`, against a real server.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use ssewire_replay::{Gate, Script, Server, sample};

/// The two processes of the pipe.
struct Pipe {
    curl: Child,
    ssewire: Child,
}

fn pipe(url: &str, args: &[&str]) -> Pipe {
    let mut curl = Command::new("curl").args(["-sN", url]).stdout(Stdio::piped()).spawn().expect("curl is installed");
    let mut ssewire = Command::new(env!("CARGO_BIN_EXE_ssewire"));
    let ssewire = ssewire.args(args).stdin(curl.stdout.take().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Pipe { ssewire: ssewire.spawn().unwrap(), curl }
}

/// Standard output, standard error, exit code.
fn end(mut pipe: Pipe) -> (String, String, Option<i32>) {
    let output = pipe.ssewire.wait_with_output().unwrap();
    pipe.curl.wait().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap(), output.status.code())
}

const TEXT: &str = "Hello \"wörld\" 🌍\n!";

#[test]
fn the_text_comes_through() {
    let server = Server::start().unwrap();
    for size in [1, 7, 1400] {
        server.serve("/v1/messages", Script::stream(sample("text").unwrap()).chunked_by(size).with_pings_every(1));
        let ended = end(pipe(&(server.base_url() + "/v1/messages"), &[]));
        assert_eq!(ended, (TEXT.to_owned(), String::new(), Some(0)), "chunks of {size}");
    }
}

/// By handshake: the server sends the rest only when the beginning has come out of the pipe.
#[test]
fn text_comes_through_while_the_server_holds_the_rest_back() {
    let server = Server::start().unwrap();
    let gate = Gate::new();
    let stream = sample("text").unwrap();
    let (begin, rest) = stream.split_at(stream.windows(10).position(|window| window == b"text_delta").unwrap() + 100);
    server.serve("/v1/messages", Script::stream(begin).wait(&gate).send(rest));
    let mut pipe = pipe(&(server.base_url() + "/v1/messages"), &[]);
    let mut first = [0; 1];
    pipe.ssewire.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    gate.open();
    let (rest, _, code) = end(pipe);
    assert_eq!((format!("{}{rest}", char::from(first[0])), code), (TEXT.to_owned(), Some(0)));
}

#[test]
fn faults_end_in_their_exit_codes() {
    let server = Server::start().unwrap();
    for (fault, code, words) in [
        ("cut", 4, "stream is truncated"),
        ("cut-in-chunk", 4, "stream is truncated"),
        ("cut-unnoticed", 4, "stream is truncated"),
        ("error-event", 3, "overloaded_error"),
        ("error-first", 3, "overloaded_error"),
        ("429", 3, "rate_limit_error"),
        ("529", 3, "overloaded_error"),
        ("400", 3, "invalid_request_error"),
        ("json-body", 0, "\"stream\": true"),
        ("html-body", 1, "HTML"),
        ("gzip", 1, "compressed"),
        ("empty", 1, "empty"),
    ] {
        let (_, stderr, ended) = end(pipe(&format!("{}/faults/{fault}", server.base_url()), &[]));
        assert_eq!(ended, Some(code), "{fault}: {stderr}");
        assert!(stderr.contains(words), "{fault}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{fault}: {stderr}");
    }
}
