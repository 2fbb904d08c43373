//! Replaces the C library: the entry point, and three system calls of Linux on x86-64.
#![allow(unsafe_code, reason = "system calls and the entry point")]

use core::arch::{asm, global_asm};
use core::fmt;

// The kernel aligns the stack to 16 bytes, which `call` expects. The frame pointer is zero in the outermost frame.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "call {main}", "ud2", main = sym crate::main);

/// Reads into the buffer, and returns the bytes read. An empty slice is the end of the input; `None` is an error.
pub(crate) fn read(buffer: &mut [u8]) -> Option<&[u8]> {
    const READ: usize = 0;
    const STANDARD_INPUT: usize = 0;
    let read: isize;
    // SAFETY: the kernel writes at most the length of the buffer into it, and clobbers only rax, rcx and r11.
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
    // SAFETY: the kernel only reads within the bounds of the slice, and clobbers only rax, rcx and r11.
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
    // SAFETY: the system call does not return.
    unsafe { asm!("syscall", in("rax") EXIT, in("rdi") code, options(noreturn, nostack)) }
}
