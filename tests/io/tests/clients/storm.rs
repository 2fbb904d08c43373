//! All clients at once, each against one random fault after the other, beside a client that stops in the middle:
//! nothing is lost, and no memory is kept.
//!
//! `cargo test` does this at a small size. `SSEWIRE_STORM_SECONDS=3600` repeats it for an hour.

use core::future::Future as _;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use ssewire_io::ByteStreamExt as _;
use ssewire_replay::{Gate, Script, Server};
use ssewire_tests::random::Random;
use ssewire_tests::samples;

use crate::clients::Client;
use crate::faults::Fault;
use crate::{CLIENTS, FAULTS, WAITING};

/// Bytes that all requests of a client after the first round may keep on its heap: caches of the HTTP clients.
const SLACK: isize = 64 * 1024;

/// Faults in a round of the small size.
const FEW: usize = 4;

#[test]
fn clients_lose_and_keep_nothing_under_random_faults() {
    let seconds = std::env::var("SSEWIRE_STORM_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or_default());
    let count = if seconds.is_none() { FEW } else { FAULTS.len() + WAITING.len() };
    thread::scope(|scope| {
        let mut runs = Vec::new();
        for (number, (name, client)) in (1..).zip(CLIENTS) {
            let mut random = Random::new(number);
            runs.push((*name, scope.spawn(move || rounds(end, || round(*client, &mut random, count)))));
        }
        let mut random = Random::new(0);
        runs.push(("dropped", scope.spawn(move || rounds(end, || dropped(&mut random, count)))));
        for (name, run) in runs {
            let (rounds, kept) = run.join().unwrap_or_else(|_| panic!("the client {name} failed"));
            println!("{name}: {rounds} rounds of {count} requests, {kept} bytes of heap kept after the first");
            assert!(kept <= SLACK, "{name} keeps {kept} bytes");
        }
    });
}

/// Repeats a round to the end, and at least once more. Returns the number of rounds, and the bytes of heap that all but
/// the first have kept.
fn rounds(end: Instant, mut round: impl FnMut() -> isize) -> (usize, isize) {
    round();
    let (mut rounds, mut kept) = (1, 0);
    while rounds < 2 || Instant::now() < end {
        kept += round();
        rounds += 1;
    }
    (rounds, kept)
}

/// The bytes of heap that a call keeps. Only a call of the client is measured: a round also frees memory that a thread
/// of the server has allocated, which would hide a leak.
fn kept_by(call: impl FnOnce()) -> isize {
    let before = ssewire_heap::held();
    call();
    let after = ssewire_heap::held();
    let difference = isize::try_from(after.abs_diff(before)).unwrap();
    if after < before { -difference } else { difference }
}

/// One client meets different faults, in an order of its own.
fn round(client: Client, random: &mut Random, count: usize) -> isize {
    let (server, mut kept) = (Server::start().unwrap(), 0);
    let mut faults: Vec<_> = FAULTS.iter().chain(WAITING).collect();
    for _ in 0..count {
        let (name, fault): &(&str, fn() -> Fault) = faults.swap_remove(random.below(faults.len()));
        let fault = fault();
        let path = format!("/{name}");
        server.serve(&path, fault.script);
        let gate = fault.gate;
        let show = &mut |_: &str| gate.iter().for_each(Gate::open);
        let _named = NamedInPanic(name);
        let url = server.base_url() + &path;
        kept += kept_by(|| fault.expected.check(&client(&url, fault.idle, show)));
    }
    kept
}

/// Prints the name of the fault at which a thread panics. An hour of names would hide it.
struct NamedInPanic(&'static str);

impl Drop for NamedInPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("at the fault {}", self.0);
        }
    }
}

/// A client polls by futures that it drops, and drops the stream after some polls. The text so far is never wrong.
fn dropped(random: &mut Random, count: usize) -> isize {
    let server = Server::start().unwrap();
    let sample = samples::named("text");
    server.serve("/whole", Script::stream(&sample.stream[..]).chunk_sizes([61, 7, 200]));
    // With the runtime, which frees the memory that a dropped stream has left to it.
    kept_by(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let whole = sample.text();
        for number in 0..count {
            // The last one is polled to the end.
            let polls = if number + 1 == count { usize::MAX } else { random.below(60) };
            let text = runtime.block_on(async {
                let response = reqwest::get(server.base_url() + "/whole").await.unwrap();
                let mut stream = response.bytes_stream().message();
                let mut text = String::new();
                for _ in 0..polls {
                    let polled = {
                        let mut next = pin!(stream.next_text());
                        core::future::poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
                    };
                    match polled {
                        Poll::Ready(Ok(Some(piece))) => text.push_str(&piece),
                        Poll::Ready(Ok(None)) => break,
                        Poll::Ready(Err(error)) => panic!("{error}"),
                        Poll::Pending => tokio::task::yield_now().await,
                    }
                }
                text
            });
            assert!(whole.starts_with(&text), "{text:?} of {whole:?}");
            assert!(polls < usize::MAX || text == whole, "{text:?} of {whole:?}");
        }
    })
}
