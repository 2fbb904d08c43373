//! How much memory JSON takes for each byte of it that was received: what SECURITY.md says.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ssewire_json::GrowingJson;
use ssewire_messages::MessageStream;

/// Counts what the thread at hand holds.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn note(bytes: isize) {
    LIVE.set(LIVE.get() + bytes);
    PEAK.set(PEAK.get().max(LIVE.get()));
}

// SAFETY: all of it is the system's own; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that was held for each byte of `text` while `work` used it.
fn per_byte<T>(text: &str, work: impl FnOnce(&str) -> T) -> f64 {
    let before = LIVE.get();
    PEAK.set(before);
    let kept = work(text);
    let peak = PEAK.get() - before;
    drop(kept);
    peak as f64 / text.len() as f64
}

/// A message that begins with a member that is not known.
fn message(json: &str) -> MessageStream {
    let body = format!("data: {{\"type\":\"message_start\",\"message\":{{\"unknown\":{json}}}}}\n\n");
    let (mut stream, mut input) = (MessageStream::new(), body.as_bytes());
    assert!(matches!(stream.decode(&mut input), Ok(Some(_))));
    assert!(!stream.snapshot().extra.is_empty());
    stream
}

fn growing(json: &str) -> GrowingJson {
    let mut growing = GrowingJson::new();
    let mut rest = json;
    while let Some((piece, behind)) = rest.split_at_checked(20) {
        growing.push(piece).unwrap();
        rest = behind;
    }
    growing.push(rest).unwrap();
    assert!(growing.is_complete());
    growing
}

/// An array of about 256 KiB.
fn array(item: &str) -> String {
    format!("[{}]", vec![item; (1 << 18) / (item.len() + 1)].join(","))
}

#[test]
fn hostile_json_costs_less_than_256_bytes_a_byte() {
    for item in [r#"{"":0}"#, r#"{"a":0}"#, r#"{"a":{}}"#, "0", "[]", "[0]", "{}", r#""""#] {
        let json = array(item);
        let costs = [per_byte(&json, message), per_byte(&json, growing)];
        assert!(costs.iter().all(|cost| *cost < 256.0), "{item}: {costs:?}");
    }
}

#[test]
fn text_costs_a_few_bytes_a_byte() {
    let json = array(r#""some words, as a model writes them, and then some more of them""#);
    let costs = [per_byte(&json, message), per_byte(&json, growing)];
    assert!(costs.iter().all(|cost| *cost < 8.0), "{costs:?}");
}
