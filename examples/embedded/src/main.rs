//! An event stream on a microcontroller: no operating system, no std, no allocator.
//!
//! The bytes come 16 at a time, as from a serial line, and every event that is cut waits in 64 bytes within the decoder.
//! What comes out goes to the debugger, by semihosting. `.ci/embedded` runs it in QEMU and compares that.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{self, HostStream};
use ssewire::{ArrayBuffer, Block, Decoder, Frame};

/// What the serial line would bring.
static STREAM: &[u8] = include_bytes!("../stream.sse");

const RECEIVE_BUFFER: usize = 16;
const ROOM_FOR_CUT_EVENTS: usize = 64;

#[entry]
fn main() -> ! {
    let told = hio::hstdout().map_err(|()| core::fmt::Error).and_then(|mut debugger| tell(&mut debugger));
    debug::exit(if told.is_ok() { EXIT_SUCCESS } else { EXIT_FAILURE });
    halt()
}

fn tell(debugger: &mut HostStream) -> core::fmt::Result {
    let mut decoder = Decoder::with_storage(ArrayBuffer::<ROOM_FOR_CUT_EVENTS>::new()).with_comments();
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

/// For a processor without a debugger, which cannot exit.
fn halt() -> ! {
    loop {}
}
