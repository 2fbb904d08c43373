//! What the C library would be for: the first instruction, and three system calls of Linux on x86-64.
#![allow(unsafe_code, reason = "system calls, and where the kernel jumps to")]

use core::arch::{asm, global_asm};
use core::fmt;

// The kernel aligns the stack to 16 bytes, which `call` expects. The frame pointer is zero in the outermost frame.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "call {main}", "ud2", main = sym crate::main);

/// Reads into the buffer and lends what came. Nothing is the end; `None` is an error.
pub(crate) fn read(buffer: &mut [u8]) -> Option<&[u8]> {
    const READ: usize = 0;
    const STANDARD_INPUT: usize = 0;
    let read: isize;
    // SAFETY: the kernel writes no more than the buffer's length into it; it changes rcx and r11 besides the result.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") READ => read,
            in("rdi") STANDARD_INPUT,
            in("rsi") buffer.as_mut_ptr(),
            in("rdx") buffer.len(),
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    buffer.get(..usize::try_from(read).ok()?)
}

pub(crate) struct StandardOutput;

impl fmt::Write for StandardOutput {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = write(rest).filter(|&written| written > 0).ok_or(fmt::Error)?;
            rest = rest.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

fn write(bytes: &[u8]) -> Option<usize> {
    const WRITE: usize = 1;
    const STANDARD_OUTPUT: usize = 1;
    let written: isize;
    // SAFETY: the kernel only reads, and no more than there is; it changes rcx and r11 besides the result.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") WRITE => written,
            in("rdi") STANDARD_OUTPUT,
            in("rsi") bytes.as_ptr(),
            in("rdx") bytes.len(),
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, readonly),
        );
    }
    usize::try_from(written).ok()
}

pub(crate) fn exit(code: i32) -> ! {
    const EXIT: usize = 60;
    // SAFETY: it does not come back.
    unsafe { asm!("syscall", in("rax") EXIT, in("rdi") code, options(noreturn, nostack)) }
}
