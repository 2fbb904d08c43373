//! Real HTTP clients against a real server on the loopback: every client through every fault, each a test of its own.

mod clients;
mod cuts;
mod faults;
mod outcome;
mod slow;

use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use clients::Client;
use faults::Fault;
use outcome::Outcome;
use ssewire_replay::Server;

/// Tests of bounds on memory count what their own thread allocates.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// A client that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One test for each client and fault. A client that a fault has no answer of does not compile.
macro_rules! matrix {
    ([$($client:ident)*] $faults:tt) => {
        $(mod $client { matrix!(@faults $client $faults); })*
        const CLIENTS: &[&str] = &[$(stringify!($client)),*];
        matrix!(@names $faults);
    };
    (@faults $client:ident [$($fault:ident)*]) => {
        $(#[test] fn $fault() { super::check(super::clients::$client, super::faults::$fault()); })*
    };
    (@names [$($fault:ident)*]) => {
        const FAULTS: &[&str] = &[$(stringify!($fault)),*];
    };
}

matrix! {
    [ureq reqwest hyper codec tapped]
    [
        whole byte_by_byte odd_pieces pings until_close content_length slow held_back
        cut cut_in_chunk cut_unnoticed cut_short_of_its_length cut_in_the_first_event hold
        error_event error_first rate_limit overloaded json_error
        json_message html compressed empty
    ]
}

#[test]
fn the_matrix_has_every_fault_of_the_replay_server() {
    assert_eq!(CLIENTS.len(), 5);
    for (name, _) in ssewire_replay::faults() {
        assert!(FAULTS.contains(&name.replace('-', "_").as_str()), "{name}");
    }
}

fn check(client: Client, fault: Fault) {
    let server = Server::start().unwrap();
    server.serve("/v1/messages", fault.script);
    let url = server.base_url() + "/v1/messages";
    let (idle, gate) = (fault.idle, fault.gate);
    let (told, outcome) = mpsc::channel();
    let run = thread::spawn(move || {
        // Where the server holds the rest back, it is the first text that lets it go on: a client that waited for the
        // rest would wait for ever.
        let outcome = client(&url, idle, &mut |_| gate.iter().for_each(ssewire_replay::Gate::open));
        told.send(outcome).unwrap();
    });
    let outcome: Outcome = match outcome.recv_timeout(PATIENCE) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the client hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the client failed: {:?}", run.join().unwrap_err()),
    };
    fault.expected.check(&outcome);
}
