//! The status that a function returns, and how a panic becomes one of these values.

use core::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of a function.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The function has done its work.
    Ok = 0,
    /// A pointer is NULL, or a length is larger than an object can be. Nothing has changed.
    InvalidArgument = 1,
    /// The buffer is too small: it needs the returned length and one byte for the NUL. Nothing is written to it.
    BufferTooSmall = 2,
    /// The last event ID is too long, or contains LF, CR or NUL. The previous ID stays.
    InvalidId = 3,
    /// The message decoder has been finished. Of `ssewire_message_decoder_push`, also: its input has ended.
    Finished = 4,
    /// A defect of the library, which is described on standard error. The handle can only be freed.
    Panic = 5,
}

impl Status {
    fn text(self) -> &'static CStr {
        match self {
            Self::Ok => c"ok",
            Self::InvalidArgument => c"invalid argument",
            Self::BufferTooSmall => c"buffer is too small",
            Self::InvalidId => c"invalid last event ID",
            Self::Finished => c"decoder is finished, or its input has ended",
            Self::Panic => c"internal error",
        }
    }
}

/// Describes a status. The string is static and ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn ssewire_status_text(status: u32) -> *const c_char {
    let known = [
        Status::Ok,
        Status::InvalidArgument,
        Status::BufferTooSmall,
        Status::InvalidId,
        Status::Finished,
        Status::Panic,
    ];
    let status = known.into_iter().find(|known| *known as u32 == status);
    status.map_or(c"unknown status", Status::text).as_ptr()
}

/// The version of the library. The string is static and ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn ssewire_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
    VERSION.as_ptr()
}

/// The value of a handle. After a panic its state is unknown, so it is not used any more.
#[derive(Debug)]
pub(crate) struct Guarded<T> {
    value: T,
    is_poisoned: bool,
}

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value, is_poisoned: false }
    }

    /// Calls a function with the value. A panic ends here.
    pub(crate) fn with(&mut self, call: impl FnOnce(&mut T) -> Status) -> Status {
        if self.is_poisoned {
            return Status::Panic;
        }
        // Unwind safe: after a panic, the value is not used again.
        let status = catch_unwind(AssertUnwindSafe(|| call(&mut self.value))).unwrap_or(Status::Panic);
        self.is_poisoned = status == Status::Panic;
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status_and_the_value_is_not_used_again() {
        let mut guarded = Guarded::new(0);
        assert_eq!(
            guarded.with(|value| {
                *value += 1;
                Status::Ok
            }),
            Status::Ok
        );
        assert_eq!(guarded.with(|_| panic!("a test")), Status::Panic);
        assert_eq!(guarded.with(|_| unreachable!()), Status::Panic);
        assert_eq!(guarded.value, 1);
    }

    #[test]
    fn every_status_has_a_text() {
        assert_eq!(Status::Finished.text(), c"decoder is finished, or its input has ended");
        let version = env!("CARGO_PKG_VERSION");
        // SAFETY: the function returns a static string with a NUL.
        assert_eq!(unsafe { CStr::from_ptr(ssewire_version()) }.to_str(), Ok(version));
        // SAFETY: as above.
        assert_eq!(unsafe { CStr::from_ptr(ssewire_status_text(99)) }, c"unknown status");
    }
}
