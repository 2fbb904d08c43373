//! How an exported function is called: checks its pointers, calls the library, and writes the results.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::pointer::{borrow_bytes, borrow_handle, into_handle, set};
use crate::status::{Guarded, Status};

/// A type whose values the caller has as handles.
pub(crate) trait Handle {
    type State;

    fn state(&mut self) -> &mut Guarded<Self::State>;
}

/// The pointers that a function writes its results to: none, one or two. None may be NULL.
pub(crate) trait Results: Copy {
    type Values;

    fn has_null(self) -> bool;

    /// # Safety
    /// Each pointer points to memory for its value that the function may write.
    unsafe fn set(self, values: Self::Values);
}

impl Results for () {
    type Values = ();

    fn has_null(self) -> bool {
        false
    }

    unsafe fn set(self, (): ()) {}
}

impl<T: Copy> Results for *mut T {
    type Values = T;

    fn has_null(self) -> bool {
        self.is_null()
    }

    unsafe fn set(self, value: T) {
        // SAFETY: as the contract of this function demands.
        unsafe { set(self, value) };
    }
}

impl<T: Copy, U: Copy> Results for (*mut T, *mut U) {
    type Values = (T, U);

    fn has_null(self) -> bool {
        self.0.is_null() || self.1.is_null()
    }

    unsafe fn set(self, (first, second): (T, U)) {
        // SAFETY: as the contract of this function demands.
        unsafe { set(self.0, first) };
        // SAFETY: as above.
        unsafe { set(self.1, second) };
    }
}

/// Makes a value, and returns it as a handle; NULL after a panic.
pub(crate) fn new_handle<T>(make: impl FnOnce() -> T) -> *mut T {
    // Unwind safe: nothing is left of a value that was not made.
    catch_unwind(AssertUnwindSafe(|| into_handle(make()))).unwrap_or(core::ptr::null_mut())
}

/// Calls a function with the state of a handle, and writes its results. A panic becomes a status.
///
/// # Safety
/// `handle` as for [`borrow_handle`], `results` as for [`Results::set`], or NULL.
pub(crate) unsafe fn call<H: Handle, R: Results>(
    handle: *mut H,
    results: R,
    function: impl FnOnce(&mut H::State) -> Result<R::Values, Status>,
) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(handle) = (unsafe { borrow_handle(handle) }) else { return Status::InvalidArgument };
    if results.has_null() {
        return Status::InvalidArgument;
    }
    handle.state().with(|state| match function(state) {
        Ok(values) => {
            // SAFETY: no pointer is NULL; the rest is the contract of this function.
            unsafe { results.set(values) };
            Status::Ok
        }
        Err(status) => status,
    })
}

/// As [`call`], with `len` bytes at `data`, of which the function uses a part: `consumed` becomes the length of it.
///
/// # Safety
/// As for [`call`]; `data` as for [`borrow_bytes`].
pub(crate) unsafe fn push<H: Handle, B: Copy>(
    handle: *mut H,
    (data, len): (*const u8, usize),
    consumed: *mut usize,
    batch: *mut B,
    function: impl FnOnce(&mut H::State, &mut &[u8]) -> Result<B, Status>,
) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(mut input) = (unsafe { borrow_bytes(data, len) }) else { return Status::InvalidArgument };
    let function = |state: &mut H::State| Ok((function(state, &mut input)?, len - input.len()));
    // SAFETY: as the contract of this function demands.
    unsafe { call(handle, (batch, consumed), function) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_constructor_becomes_null() {
        assert!(new_handle(|| -> u8 { panic!("a test") }).is_null());
    }
}
