//! Ten programs around ssewire-io, each in the shape of a real project, each with the replay server and its faults.
//!
//! A file starts with the problems that users of such a project had to work around. "Their code" follows: at most 120
//! lines, all that the project has to write itself. The tests come last.

#![allow(dead_code, reason = "their public types are for more callers than these tests")]

mod axum_server;
mod facade;
mod failover;
mod json_until_done;
mod local;
mod mcp;
mod multi_vendor;
mod ndjson;
mod reconnecting;
mod server;

use ssewire_replay::{Script, Server};

/// A server with one response at `/`, and its URL.
fn serve(script: Script) -> (Server, String) {
    let server = Server::start().unwrap();
    server.serve("/", script);
    let url = server.base_url() + "/";
    (server, url)
}

/// The longest code that a project has to write around the library.
const MAX_LINES: usize = 120;

#[test]
fn their_code_is_short() {
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("main.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let (_, theirs) = source.split_once("// Their code.\n").expect("a marked start");
        let (theirs, _) = theirs.split_once("// Tests.\n").expect("a marked end");
        assert!(theirs.lines().count() <= MAX_LINES, "{}: {} lines", path.display(), theirs.lines().count());
    }
}
