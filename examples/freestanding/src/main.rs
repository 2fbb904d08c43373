//! An event stream directly on the kernel: no std, no C library, no allocator, no startup code. It decodes its standard
//! input and prints the events and comments.
//!
//! Its only memory is two fixed buffers: 16 bytes for the input, and 64 bytes for an event that crosses chunks. The
//! exit code is 0 at the end of the stream, 1 if the stream was truncated, 2 after an I/O error. `ci/freestanding` runs
//! it.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod linux;

use core::fmt::{self, Write as _};
use core::panic::PanicInfo;

use linux::StandardOutput;
use ssewire::{Block, Decoder, Frame};

const RECEIVE_BUFFER: usize = 16;
const EVENT_BUFFER: usize = 64;

const ENDED: i32 = 0;
const TRUNCATED: i32 = 1;
const FAILED: i32 = 2;

/// The function that `_start` calls.
extern "C" fn main() -> ! {
    linux::exit(print_stream(&mut StandardOutput).unwrap_or(FAILED))
}

fn print_stream(output: &mut StandardOutput) -> Result<i32, fmt::Error> {
    let mut buffer = [0; EVENT_BUFFER];
    let mut decoder = Decoder::with_storage(&mut buffer[..]).with_comments();
    let mut receive = [0; RECEIVE_BUFFER];
    loop {
        let mut received = linux::read(&mut receive).ok_or(fmt::Error)?;
        if received.is_empty() {
            break;
        }
        loop {
            match decoder.decode_frame(&mut received) {
                Ok(Some(Frame::Block(block))) => print_block(output, block)?,
                Ok(Some(Frame::Comment { text, .. })) => writeln!(output, "comment of {} bytes", text.len())?,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // One event is lost; decoding continues after it.
                Err(error) => writeln!(output, "lost: {error}")?,
            }
        }
    }
    match decoder.finish() {
        Ok(()) => writeln!(output, "ended").map(|()| ENDED),
        Err(cut) => writeln!(output, "cut: {cut}").map(|()| TRUNCATED),
    }
}

fn print_block(output: &mut StandardOutput, block: Block<'_>) -> fmt::Result {
    if let Some(retry) = block.retry() {
        writeln!(output, "retry after {} ms", retry.as_millis())?;
    }
    let Some(event) = block.event() else { return Ok(()) };
    writeln!(output, "{} [{}] {}", event.event_type_lossy(), event.last_event_id_lossy(), event.data_lossy())
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    linux::exit(FAILED)
}
