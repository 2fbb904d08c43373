//! An event stream on a microcontroller: no operating system, no std, no allocator.
//!
//! The bytes arrive in chunks of 16, as from a serial line. The decoder buffers an event that crosses chunks in
//! 64 bytes. The output goes to the debugger by semihosting. `ci/embedded` runs the program in QEMU and compares the
//! output.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{self, HostStream};
use ssewire::{Block, Decoder, Frame};

/// The bytes that the serial line would receive.
static STREAM: &[u8] = include_bytes!("../stream.sse");

const RECEIVE_BUFFER: usize = 16;
const EVENT_BUFFER: usize = 64;

#[entry]
fn main() -> ! {
    let printed = hio::hstdout().map_err(|()| core::fmt::Error).and_then(|mut debugger| print_stream(&mut debugger));
    debug::exit(if printed.is_ok() { EXIT_SUCCESS } else { EXIT_FAILURE });
    halt()
}

fn print_stream(debugger: &mut HostStream) -> core::fmt::Result {
    let mut decoder = Decoder::with_storage([0; EVENT_BUFFER]).with_comments();
    for mut received in STREAM.chunks(RECEIVE_BUFFER) {
        loop {
            match decoder.decode_frame(&mut received) {
                Ok(Some(Frame::Block(block))) => print_block(debugger, block)?,
                Ok(Some(Frame::Comment { text, .. })) => writeln!(debugger, "comment of {} bytes", text.len())?,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // One event is lost; decoding continues after it.
                Err(error) => writeln!(debugger, "lost: {error}")?,
            }
        }
    }
    match decoder.finish() {
        Ok(()) => writeln!(debugger, "ended"),
        Err(cut) => writeln!(debugger, "cut: {cut}"),
    }
}

fn print_block(debugger: &mut HostStream, block: Block<'_>) -> core::fmt::Result {
    if let Some(retry) = block.retry() {
        writeln!(debugger, "retry after {} ms", retry.as_millis())?;
    }
    let Some(event) = block.event() else { return Ok(()) };
    writeln!(debugger, "{} [{}] {}", event.event_type_lossy(), event.last_event_id_lossy(), event.data_lossy())
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    debug::exit(EXIT_FAILURE);
    halt()
}

/// Loops for ever: without a debugger, the processor cannot exit.
fn halt() -> ! {
    loop {}
}
