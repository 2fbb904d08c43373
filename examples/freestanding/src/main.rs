//! An event stream with nothing beneath it but the kernel: no std, no C library, no allocator, no code of anybody
//! else's before the first instruction. It decodes its standard input and tells what it finds.
//!
//! All the memory for it is two fixed buffers: 16 bytes for what is read, 64 for an event that is cut. `.ci/freestanding`
//! runs it. It ends with 0 at the end of the stream, with 1 if the stream was cut, with 2 if it could not go on.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod linux;

use core::fmt::{self, Write as _};
use core::panic::PanicInfo;

use linux::StandardOutput;
use ssewire::{Block, Decoder, Frame};

const RECEIVE_BUFFER: usize = 16;
const ROOM_FOR_CUT_EVENTS: usize = 64;

const ENDED: i32 = 0;
const CUT: i32 = 1;
const FAILED: i32 = 2;

/// What `_start` calls.
extern "C" fn main() -> ! {
    linux::exit(tell(&mut StandardOutput).unwrap_or(FAILED))
}

fn tell(output: &mut StandardOutput) -> Result<i32, fmt::Error> {
    let mut room = [0; ROOM_FOR_CUT_EVENTS];
    let mut decoder = Decoder::with_storage(&mut room[..]).with_comments();
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
        Err(cut) => writeln!(output, "cut: {cut}").map(|()| CUT),
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
