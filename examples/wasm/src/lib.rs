//! A Claude Messages stream for JavaScript: `ssewire.mjs` is the other side of these exports.
//!
//! They are plain functions over numbers, so neither side needs a generator. A stream is a number, too, and lives in a
//! table: no pointer ever comes back from JavaScript, and nothing is unsafe here but the names of the exports, which
//! have to be the only ones of their kind in the program. With the number of a closed stream nothing happens.
//!
//! ```text
//! open ──> input, push ──> input, push ──> … ──> finish ──> close      what push, snapshot and finish say is at `output`
//! ```

use core::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;
use ssewire_messages::{MessageDecoder, Step};

/// Opens a stream; its number is never given again.
#[unsafe(no_mangle)]
pub extern "C" fn stream_open() -> u32 {
    STREAMS.with_borrow_mut(|streams| {
        streams.last += 1;
        streams.open.insert(streams.last, Stream::default());
        streams.last
    })
}

/// Where the next `length` bytes of the body have to be written before `push`. Making room may move all memory.
#[unsafe(no_mangle)]
pub extern "C" fn stream_input(stream: u32, length: usize) -> *mut u8 {
    with(stream, |stream| {
        stream.input.resize(length, 0);
        stream.input.as_mut_ptr()
    })
    .unwrap_or(core::ptr::null_mut())
}

/// Takes what was written. The output is the text that it brought, of all blocks.
#[unsafe(no_mangle)]
pub extern "C" fn stream_push(stream: u32) {
    with(stream, |stream| {
        stream.output.clear();
        let Some(driver) = &mut stream.driver else { return };
        let mut input = stream.input.as_slice();
        // Only strict mode returns errors.
        while let Ok(Step::Update(event)) = driver.decode(&mut input) {
            stream.output.extend(event.update.text_deltas());
        }
    });
}

/// The output is the message so far, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn stream_snapshot(stream: u32) {
    with(stream, |stream| {
        if let Some(driver) = &stream.driver {
            stream.output = driver.snapshot().to_json_lossy().to_string();
        }
    });
}

/// The body has ended. The output is JSON: `message`, and `incomplete`, which is why it is but a part, or null.
#[unsafe(no_mangle)]
pub extern "C" fn stream_finish(stream: u32) {
    with(stream, |stream| {
        let Some(driver) = stream.driver.take() else { return };
        let (message, incomplete) = match driver.finish() {
            Ok(message) => (message.to_json_lossy(), json!(null)),
            Err(incomplete) => (incomplete.message().to_json_lossy(), json!(incomplete.to_string())),
        };
        stream.output = format!(r#"{{"message":{message},"incomplete":{incomplete}}}"#);
    });
}

/// Where the output is, as UTF-8, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn stream_output(stream: u32) -> *const u8 {
    with(stream, |stream| stream.output.as_ptr()).unwrap_or(core::ptr::null())
}

/// Its length in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn stream_output_length(stream: u32) -> usize {
    with(stream, |stream| stream.output.len()).unwrap_or(0)
}

/// Frees what the stream held.
#[unsafe(no_mangle)]
pub extern "C" fn stream_close(stream: u32) {
    STREAMS.with_borrow_mut(|streams| streams.open.remove(&stream));
}

#[derive(Default)]
struct Streams {
    open: BTreeMap<u32, Stream>,
    last: u32,
}

struct Stream {
    /// Until the end.
    driver: Option<MessageDecoder>,
    input: Vec<u8>,
    output: String,
}

impl Default for Stream {
    fn default() -> Self {
        Self { driver: Some(MessageDecoder::new()), input: Vec::new(), output: String::new() }
    }
}

thread_local! {
    static STREAMS: RefCell<Streams> = RefCell::default();
}

fn with<T>(stream: u32, use_it: impl FnOnce(&mut Stream) -> T) -> Option<T> {
    STREAMS.with_borrow_mut(|streams| streams.open.get_mut(&stream).map(use_it))
}
