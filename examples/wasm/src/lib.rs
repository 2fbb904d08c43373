//! A Claude Messages stream for JavaScript: `ssewire.mjs` is the other side of these exports.
//!
//! The exports are plain functions over numbers, so neither side needs generated bindings. A handle identifies a stream
//! in a table, so JavaScript never passes a pointer. Only the export names are `unsafe`: they must be unique in the
//! program. A call with the handle of a closed stream has no effect. Push, snapshot, end and finish write to `output`.
//!
//! ```text
//! open ──> input, push, is_ended ──> input, push, is_ended ──> … ──> end ──> finish ──> close
//! ```

use core::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;
use ssewire_messages::{MessageDecoder, Step};

/// Opens a stream and returns its handle, which is never reused.
#[unsafe(no_mangle)]
pub extern "C" fn stream_open() -> u32 {
    STREAMS.with_borrow_mut(|streams| {
        streams.last += 1;
        streams.open.insert(streams.last, Stream::default());
        streams.last
    })
}

/// Returns the address to which the caller must write the next `length` bytes of the body before `push`. The memory may
/// grow, which invalidates all views of it.
#[unsafe(no_mangle)]
pub extern "C" fn stream_input(stream: u32, length: usize) -> *mut u8 {
    with(stream, |stream| {
        stream.input.resize(length, 0);
        stream.input.as_mut_ptr()
    })
    .unwrap_or(core::ptr::null_mut())
}

/// Decodes the bytes that were written. The output is their text deltas, of all blocks.
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

/// Returns whether the message has ended: do not wait for the end of the body, which gateways leave open for minutes.
#[unsafe(no_mangle)]
pub extern "C" fn stream_is_ended(stream: u32) -> bool {
    with(stream, |stream| stream.driver.as_ref().is_none_or(MessageDecoder::is_ended)).unwrap_or(true)
}

/// Writes the message so far to the output, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn stream_snapshot(stream: u32) {
    with(stream, |stream| {
        if let Some(driver) = &stream.driver {
            stream.output = driver.snapshot().to_json_lossy().to_string();
        }
    });
}

/// Ends the input. The output is the text deltas of a last event whose blank line is missing.
#[unsafe(no_mangle)]
pub extern "C" fn stream_end(stream: u32) {
    with(stream, |stream| {
        stream.output.clear();
        let Some(driver) = &mut stream.driver else { return };
        while let Ok(Some(event)) = driver.decode_end() {
            stream.output.extend(event.update.text_deltas());
        }
    });
}

/// Writes the message that has ended. The output is a JSON object: `message`, and `incomplete`, which is the reason why
/// the message is incomplete, or null.
#[unsafe(no_mangle)]
pub extern "C" fn stream_finish(stream: u32) {
    with(stream, |stream| {
        let Some(driver) = stream.driver.take() else { return };
        let (message, incomplete) = match driver.finish() {
            Ok(message) => (message.to_json_lossy(), json!(null)),
            Err(incomplete) => (incomplete.partial().to_json_lossy(), json!(incomplete.to_string())),
        };
        stream.output = format!(r#"{{"message":{message},"incomplete":{incomplete}}}"#);
    });
}

/// Returns the address of the output, which is UTF-8 and valid until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn stream_output(stream: u32) -> *const u8 {
    with(stream, |stream| stream.output.as_ptr()).unwrap_or(core::ptr::null())
}

/// Returns the length of the output in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn stream_output_length(stream: u32) -> usize {
    with(stream, |stream| stream.output.len()).unwrap_or(0)
}

/// Closes the stream and frees its memory.
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
    /// `None` after `stream_finish`.
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

fn with<T>(stream: u32, run: impl FnOnce(&mut Stream) -> T) -> Option<T> {
    STREAMS.with_borrow_mut(|streams| streams.open.get_mut(&stream).map(run))
}
