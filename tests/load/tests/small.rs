//! The long runs at a small size.

use std::path::Path;

use ssewire_load::crowd;
use ssewire_load::serving::Serving;
use ssewire_load::soak::{self, By};

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

const MEBIBYTE: usize = 1 << 20;

#[test]
fn a_stream_of_many_messages_leaves_no_memory_in_the_layers() {
    soaks(By::Layers);
}

#[test]
fn a_stream_of_many_messages_leaves_no_memory_in_the_driver() {
    soaks(By::Driver);
}

/// Three windows, each of which sees messages of all sizes.
fn soaks(by: By) {
    let window = 16 * MEBIBYTE as u64;
    let report = soak::run(by, 3 * window, window);
    assert!(report.messages > 24, "{report:?}");
    report.assert_flat(2 * MEBIBYTE);
}

#[test]
fn a_message_without_end_stays_below_its_limit() {
    let limit = 2 * MEBIBYTE;
    let peak = soak::endless_message(8 * MEBIBYTE as u64, limit);
    assert!(peak <= 4 * limit, "{peak} held");
    // The content up to the limit was kept.
    assert!(peak >= limit / 2, "{peak} held");
}

#[test]
fn five_hundred_connections_at_the_same_time_lose_nothing() {
    let connections = 500;
    let mut server = Serving::start(Path::new(env!("CARGO_BIN_EXE_ssewire-load")), connections).unwrap();
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut opened = 0;
    let report = runtime.block_on(crowd::run(address, connections, || {
        opened += 1;
        server.open_gate();
    }));
    let report = report.unwrap();
    assert_eq!((report.connections, opened), (connections, 1));
    let sent: usize = (0..connections).map(|number| crowd::made(number).text.len()).sum();
    assert_eq!(report.text, sent);
    assert!(report.peak / connections <= 64 * 1024, "{report:?}");
}

/// The test needs different messages, and a server that sends only a part of each at first.
#[test]
fn the_messages_of_a_crowd_differ_and_begin_with_a_part_of_their_text() {
    let (one, other) = (crowd::made(1), crowd::made(98));
    assert_eq!(one.text.chars().count(), other.text.chars().count());
    assert_ne!(one.text, other.text);
    let begin = String::from_utf8_lossy(&one.stream[..one.begin]);
    let (begun, whole) = (begin.matches("event: content_block_delta").count(), begin.matches("\n\n").count());
    assert_eq!((begun, whole), (2, 3), "{begin}");
}
