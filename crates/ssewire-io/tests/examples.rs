//! Runs the examples with the replay server: their output, their exit codes, and that no key is shown.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use ssewire_io::ReadExt as _;
use ssewire_replay::{Script, Server, sample};

/// Must not appear in any output.
const KEY: &str = "sk-ant-canary";

const CLIENTS: [&str; 3] = ["ureq", "reqwest", "hyper"];

const TEXT: &str = "Hello \"wörld\" 🌍\n!";

fn example(name: &str) -> Command {
    // This test is target/PROFILE/deps/examples-…, an example target/PROFILE/examples/NAME.
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "`cargo test -p ssewire-io` builds the examples, `--test examples` alone does not");
    let mut command = Command::new(path);
    command.env_remove("ANTHROPIC_BASE_URL").env("ANTHROPIC_API_KEY", KEY);
    command
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY), "the key is shown");
    Ran { code: status.code(), stdout, stderr }
}

fn ask(name: &str, server: &Server) -> Ran {
    run(example(name).env("ANTHROPIC_BASE_URL", server.base_url()))
}

fn text() -> Script {
    Script::stream(sample("text").unwrap()).chunked_by(20)
}

#[test]
fn text_arrives_and_the_end_is_summed_up() {
    for client in CLIENTS {
        let server = Server::start().unwrap();
        server.serve("/v1/messages", text());
        let ran = ask(client, &server);
        assert_eq!(ran.stdout, TEXT, "{client}");
        assert_eq!(ran.stderr, "\nstop reason: end_turn, input tokens: 472, output tokens: 15\n", "{client}");
        assert_eq!(ran.code, Some(0), "{client}");

        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{client}");
        assert_eq!(requests[0].method, "POST", "{client}");
        assert_eq!(requests[0].header("x-api-key"), Some(KEY), "{client}");
        assert_eq!(requests[0].header("anthropic-version"), Some("2023-06-01"), "{client}");
        assert_eq!(requests[0].json()["stream"], true, "{client}");
    }
}

#[test]
fn before_the_stream_begins_the_request_is_repeated() {
    for client in CLIENTS {
        let server = Server::start().unwrap();
        let busy = Script::overloaded().header("retry-after-ms", "10");
        server.serve_in_turn("/v1/messages", [busy, text()]);
        let ran = ask(client, &server);
        assert_eq!(ran.stdout, TEXT, "{client}");
        let returned = "server reported overloaded_error (status 529) for request req_replay: Overloaded\n\
                    another try in 10ms\n";
        assert!(ran.stderr.starts_with(returned), "{client}: {}", ran.stderr);
        assert_eq!((ran.code, server.requests().len()), (Some(0), 2), "{client}");
    }
}

#[test]
fn after_two_retries_the_error_is_reported() {
    // In parallel: they mostly wait before a retry.
    thread::scope(|scope| {
        for client in CLIENTS {
            scope.spawn(move || {
                let server = Server::start().unwrap();
                server.serve("/v1/messages", Script::rate_limit().header("retry-after", "0"));
                let ran = ask(client, &server);
                // The error of each try, and not that of the retry policy.
                assert_eq!(ran.stderr.matches("rate_limit_error (status 429)").count(), 3, "{client}: {}", ran.stderr);
                assert_eq!(ran.stderr.lines().count(), 5, "{client}: {}", ran.stderr);
                assert_eq!((ran.code, server.requests().len()), (Some(1), 3), "{client}");
            });
        }
    });
}

#[test]
fn a_request_that_would_fail_again_is_not_repeated() {
    for client in CLIENTS {
        let server = Server::start().unwrap();
        server.serve("/v1/messages", Script::error(401, "authentication_error", "invalid x-api-key"));
        let ran = ask(client, &server);
        let returned = "server reported authentication_error (status 401) for request req_replay: invalid x-api-key\n";
        assert_eq!(ran.stderr, returned, "{client}");
        assert_eq!((ran.code, server.requests().len()), (Some(1), 1), "{client}");
    }
}

#[test]
fn a_cut_stream_is_a_failure_and_is_not_replayed() {
    for client in CLIENTS {
        let server = Server::start().unwrap();
        let stream = sample("text").unwrap();
        let first = stream.windows(10).position(|window| window == b"text_delta").unwrap();
        server.serve("/v1/messages", Script::stream(stream).cut_after(first + 100));
        let ran = ask(client, &server);
        assert!(!ran.stdout.is_empty() && TEXT.starts_with(&ran.stdout), "{client}: {}", ran.stdout);
        assert!(ran.stderr.contains("stream is truncated before the message was complete"), "{client}: {}", ran.stderr);
        assert_eq!((ran.code, server.requests().len()), (Some(1), 1), "{client}");
    }
}

#[test]
fn a_page_instead_of_a_stream_is_explained() {
    for client in CLIENTS {
        let server = Server::start().unwrap();
        server.serve("/v1/messages", Script::html_page());
        let ran = ask(client, &server);
        assert!(ran.stderr.contains("body is an HTML page"), "{client}: {}", ran.stderr);
        assert_eq!(ran.code, Some(1), "{client}");
    }
}

#[test]
fn without_a_key_there_is_one_clear_line_and_no_request() {
    for name in ["ureq", "reqwest", "hyper", "tool_input", "structured", "gateway"] {
        let server = Server::start().unwrap();
        let ran = run(example(name).env("ANTHROPIC_BASE_URL", server.base_url()).env_remove("ANTHROPIC_API_KEY"));
        assert!(ran.stderr.starts_with("ANTHROPIC_API_KEY is not set"), "{name}: {}", ran.stderr);
        assert_eq!((ran.stderr.lines().count(), ran.stdout.as_str(), ran.code), (1, "", Some(1)), "{name}");
        assert!(server.requests().is_empty(), "{name}");
    }
}

#[test]
fn tool_input_is_shown_while_it_grows_and_run_when_it_is_whole() {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", Script::stream(sample("tool_use").unwrap()));
    let ran = ask("tool_input", &server);
    assert!(ran.stdout.contains("get_weather so far: {\"location\":\"San\"}\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nrun get_weather with {\"location\":\"San Francisco, CA\""), "{}", ran.stdout);
    // The next turn contains the call and its result.
    let turns = ran.stdout.lines().find_map(|line| line.strip_prefix("next turn: ")).unwrap();
    let turns: serde_json::Value = serde_json::from_str(turns).unwrap();
    assert_eq!(turns[1]["role"], "assistant");
    let call = turns[1]["content"].as_array().unwrap().last().unwrap();
    assert_eq!((&call["type"], &call["name"]), (&"tool_use".into(), &"get_weather".into()));
    let result = &turns[2]["content"][0];
    assert_eq!((&result["tool_use_id"], &result["content"]), (&call["id"], &"done".into()));
    assert_eq!((ran.code, server.requests()[0].json()["tools"][0]["name"].as_str()), (Some(0), Some("write_file")));
}

#[test]
fn tool_input_that_was_cut_is_not_run() {
    let server = Server::start().unwrap();
    let stream = sample("tool_use").unwrap();
    let growing = stream.windows(8).position(|window| window == b" Francis").unwrap();
    server.serve("/v1/messages", Script::stream(stream).cut_after(growing + 100));
    let ran = ask("tool_input", &server);
    assert!(ran.stdout.contains("so far: ") && !ran.stdout.contains("run get_weather"), "{}", ran.stdout);
    assert_eq!(ran.code, Some(1));
}

/// Regression: a tool that writes a file was run, and again after the retry.
#[test]
fn a_tool_is_not_run_before_the_message_is_complete() {
    let server = Server::start().unwrap();
    let stream = sample("tool_use").unwrap();
    let reason = stream.windows(13).position(|window| window == b"message_delta").unwrap();
    server.serve("/v1/messages", Script::stream(stream).cut_after(reason));
    let ran = ask("tool_input", &server);
    assert!(ran.stdout.contains("so far: ") && !ran.stdout.contains("run get_weather"), "{}", ran.stdout);
    assert_eq!(ran.code, Some(1));
}

/// Regression: the next turn had no content, which the API refuses.
#[test]
fn an_answer_without_a_tool_call_has_no_next_turn() {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", Script::stream(sample("text").unwrap()));
    let ran = ask("tool_input", &server);
    assert!(!ran.stdout.contains("next turn"), "{}", ran.stdout);
    assert_eq!(ran.code, Some(0));
}

fn json_stream(stop_reason: &str) -> String {
    let text = |text: &str| {
        let delta = serde_json::json!({ "type": "text_delta", "text": text });
        serde_json::json!({ "type": "content_block_delta", "index": 0, "delta": delta }).to_string()
    };
    [
        r#"{"type":"message_start","message":{"content":[]}}"#.to_owned(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned(),
        text(r#"{"title":"Te"#),
        text(r#"a","steps":["boil","pour"]}"#),
        r#"{"type":"content_block_stop","index":0}"#.to_owned(),
        format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{stop_reason}"}}}}"#),
        r#"{"type":"message_stop"}"#.to_owned(),
    ]
    .map(|payload| format!("data: {payload}\n\n"))
    .concat()
}

#[test]
fn structured_output_is_shown_while_it_grows_and_typed_at_the_end() {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", Script::stream(json_stream("end_turn")));
    let ran = ask("structured", &server);
    assert_eq!(ran.stdout, "so far: \"Te\"\nso far: \"Tea\"\nTea: boil, pour\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn structured_output_that_was_cut_by_the_model_is_an_error() {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", Script::stream(json_stream("max_tokens")));
    let ran = ask("structured", &server);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(1), "message text was truncated or declined: see the stop reason\n")
    );
}

#[test]
fn raw_events_prints_type_data_and_reconnection_state() {
    let server = Server::start().unwrap();
    server.serve("/events", Script::stream(": hi\nretry: 500\nid: 7\nevent: greeting\ndata: a\ndata: b\n\n"));
    let ran = run(example("raw_events").arg(server.base_url() + "/events"));
    assert_eq!(ran.stdout, "greeting: a\nb\n");
    assert_eq!(ran.stderr, "last event ID: \"7\", reconnection time: Some(500ms)\n");
    assert_eq!(ran.code, Some(0));
}

#[test]
fn the_gateway_passes_events_on_and_meters_them() {
    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let _gone = self.0.kill();
            let _ended = self.0.wait();
        }
    }
    let server = Server::start().unwrap();
    server.serve("/v1/messages", text());
    let mut command = example("gateway");
    command.env("ANTHROPIC_BASE_URL", server.base_url()).env("PORT", "0");
    let mut gateway = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut stdout = BufReader::new(gateway.0.stdout.take().unwrap());
    let mut stderr = BufReader::new(gateway.0.stderr.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();

    let body = ureq::post(format!("{address}/v1/messages")).send(r#"{"stream":true}"#).unwrap().into_body();
    let message = body.into_reader().message().finish().unwrap();
    assert_eq!(message.text(), TEXT);
    assert_eq!(server.requests()[0].header("x-api-key"), Some(KEY));

    let mut returned = String::new();
    stderr.read_line(&mut returned).unwrap();
    assert_eq!(returned, "output tokens: Some(15); message is complete\n");

    // The error of an unreachable server contains no key either.
    drop(server);
    let refused = ureq::post(format!("{address}/v1/messages")).send(r#"{"stream":true}"#).unwrap_err();
    assert!(matches!(refused, ureq::Error::StatusCode(502)), "{refused}");
    gateway.0.kill().unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(!rest.is_empty() && !rest.contains(KEY), "{rest}");
}

/// For every kind of error, and with the most verbose logging.
#[test]
fn the_key_is_never_shown() {
    let server = Server::start().unwrap();
    server.serve("/unauthorized/v1/messages", Script::error(401, "authentication_error", "invalid x-api-key"));
    server.serve("/error/v1/messages", Script::stream("").error_event("api_error", "Internal server error"));
    server.serve("/html/v1/messages", Script::html_page());
    server.serve("/cut/v1/messages", text().cut_after(300));
    // A server that returns the request in its error.
    server.serve("/echo/v1/messages", Script::error(401, "authentication_error", &format!("{KEY} is no key")));
    let at = |path: &str| server.base_url() + path;
    let closed = Server::start().unwrap().base_url();
    let sent = KEY.to_owned();
    // A key with a line end, as at the end of a file, cannot be sent.
    let unsendable = format!("{KEY}\n");
    let setups = [
        (at(""), &unsendable),
        (at("/unauthorized"), &sent),
        (at("/error"), &sent),
        (at("/html"), &sent),
        (at("/cut"), &sent),
        (at("/echo"), &sent),
        (closed, &sent),
        ("no address".to_owned(), &sent),
        ("http://[".to_owned(), &sent),
        ("ftp://localhost".to_owned(), &sent),
    ];
    let logging = [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")];
    // In parallel: they mostly wait before a retry.
    thread::scope(|scope| {
        for (address, key) in &setups {
            for name in ["ureq", "reqwest", "hyper", "tool_input", "structured"] {
                scope.spawn(move || {
                    let mut command = example(name);
                    command.env("ANTHROPIC_BASE_URL", address).env("ANTHROPIC_API_KEY", key).envs(logging);
                    let ran = run(&mut command);
                    assert_eq!((ran.code, ran.stderr.is_empty()), (Some(1), false), "{name} {address}: {}", ran.stderr);
                });
            }
        }
    });
}
