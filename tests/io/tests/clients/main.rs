//! Real HTTP clients against a real server on the loopback interface: one test for each pair of client and fault,
//! except for the faults that make a client wait. All these pairs are one test, in which they wait at the same time.

mod clients;
mod cuts;
mod faults;
mod outcome;
mod slow;
mod storm;

use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use clients::Client;
use faults::Fault;
use futures::StreamExt as _;
use outcome::Outcome;
use ssewire_io::{ByteStreamExt as _, IdleError, IdleTimeoutExt as _};
use ssewire_replay::Server;

/// Counts the allocations of each thread, for the tests of memory bounds.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// After this time a client counts as hanging.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Generates one test for each client and fault of the second list.
macro_rules! matrix {
    ([$($client:ident)*] $faults:tt $waiting:tt) => {
        $(mod $client { matrix!(@faults $client $faults); })*
        const CLIENTS: &[(&str, Client)] = &[$((stringify!($client), clients::$client)),*];
        matrix!(@names FAULTS $faults);
        matrix!(@names WAITING $waiting);
    };
    (@faults $client:ident [$($fault:ident)*]) => {
        $(#[test] fn $fault() { super::check(super::clients::$client, super::faults::$fault()); })*
    };
    (@names $list:ident [$($fault:ident)*]) => {
        const $list: &[(&str, fn() -> Fault)] = &[$((stringify!($fault), faults::$fault)),*];
    };
}

matrix! {
    [ureq reqwest hyper codec tapped]
    [
        whole held_back spliced
        cut cut_in_chunk cut_unnoticed cut_with_length cut_first_event ends_early no_last_blank_line
        reset wrong_length split odd_chunks content_length until_close
        pings bom crlf cr done error_event error_first
        status_204 status_400 status_429 status_502 status_529
        json_body html_body gzip empty
    ]
    [stall stall_first slow]
}

#[test]
fn every_client_waits_for_slow_and_silent_servers() {
    thread::scope(|scope| {
        for (client_name, client) in CLIENTS {
            for (fault_name, fault) in WAITING {
                // A failure is reported under the name of its thread.
                let run = thread::Builder::new().name(format!("{client_name}::{fault_name}"));
                run.spawn_scoped(scope, || check(*client, fault())).unwrap();
            }
        }
    });
}

/// Only a client with an idle timer for events returns from this one.
const NEVER_ENDS: &str = "keep_alive_only";

#[test]
fn idle_timeout_for_events_ends_a_stream_of_comments() {
    let server = Server::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = ::reqwest::get(server.base_url() + "/faults/keep-alive-only").await.unwrap();
        let timer = || tokio::time::sleep(Duration::from_secs(2));
        let mut events = Box::pin(response.bytes_stream().sse_events().idle_timeout(timer));
        let mut received = 0;
        let error = loop {
            match events.next().await.expect("the server never ends the stream") {
                Ok(_) => received += 1,
                Err(error) => break error,
            }
        };
        assert!(received > 0 && matches!(error, IdleError::Idle), "{received} events, then {error}");
    });
}

#[test]
fn matrix_has_every_fault_of_the_replay_server() {
    assert_eq!(CLIENTS.len(), 5);
    for fault in ssewire_replay::Fault::ALL {
        let prefix = if fault.name().starts_with(|first: char| first.is_ascii_digit()) { "status_" } else { "" };
        let name = format!("{prefix}{}", fault.name().replace('-', "_"));
        assert!(name == NEVER_ENDS || FAULTS.iter().chain(WAITING).any(|(fault, _)| *fault == name), "{name}");
    }
}

fn check(client: Client, fault: Fault) {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", fault.script);
    let url = server.base_url() + "/v1/messages";
    let (idle, gate) = (fault.idle, fault.gate);
    let (sender, receiver) = mpsc::channel();
    let run = thread::spawn(move || {
        // If the server holds back the rest, the first text opens the gate: a client that buffers until the end would
        // hang.
        let outcome = client(&url, idle, &mut |_| gate.iter().for_each(ssewire_replay::Gate::open));
        sender.send(outcome).unwrap();
    });
    let outcome: Outcome = match receiver.recv_timeout(TIMEOUT) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the client hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the client failed: {:?}", run.join().unwrap_err()),
    };
    fault.expected.check(&outcome);
}
