//! The unsafe operations: from the pointers of C to references. Every function names the contract that the header
//! demands of its caller.

use core::ffi::c_char;

use crate::status::Status;

/// Moves a value to the heap, and gives it to the caller as a handle.
pub(crate) fn into_handle<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Frees a handle; NULL is allowed.
///
/// # Safety
/// `handle` is NULL, or a value of [`into_handle`] that was not freed, and no other thread uses it.
pub(crate) unsafe fn free_handle<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: the pointer is from `Box::into_raw` and is freed once, as the contract of this function demands.
        drop(unsafe { Box::from_raw(handle) });
    }
}

/// Borrows the value of a handle. `None` for NULL.
///
/// # Safety
/// `handle` is NULL, or a value of [`into_handle`] that was not freed. No other thread uses it during `'a`, and no
/// other reference to its value exists: `'a` ends before the exported function returns.
pub(crate) unsafe fn borrow_handle<'a, T>(handle: *mut T) -> Option<&'a mut T> {
    // SAFETY: the pointer is NULL, or valid, aligned and not aliased, as the contract of this function demands.
    unsafe { handle.as_mut() }
}

/// Borrows an optional argument. `None` for NULL.
///
/// # Safety
/// `value` is NULL, or points to a value that is not written during `'a`.
pub(crate) unsafe fn borrow<'a, T>(value: *const T) -> Option<&'a T> {
    // SAFETY: the pointer is NULL, or valid and aligned, as the contract of this function demands.
    unsafe { value.as_ref() }
}

/// Borrows the bytes of the caller. NULL is allowed if there are none.
///
/// # Safety
/// `data` is NULL, or points to `len` bytes that are neither written nor freed during `'a`. Memory of a handle is,
/// while the library uses the handle.
pub(crate) unsafe fn borrow_bytes<'a>(data: *const u8, len: usize) -> Option<&'a [u8]> {
    if len == 0 {
        return Some(&[]);
    }
    // No object is larger; a negative number that became a size is.
    if data.is_null() || isize::try_from(len).is_err() {
        return None;
    }
    // SAFETY: `data` points to `len` bytes that are not written, as the contract of this function demands, and `len` is
    // at most `isize::MAX`.
    Some(unsafe { core::slice::from_raw_parts(data, len) })
}

/// Returns the address of the items. If there are none, returns the address of a static: a `Vec` without items points
/// to the number of their alignment, which Go rejects as an invalid pointer.
pub(crate) fn address_of<T>(items: &[T]) -> *const T {
    static NOTHING: u64 = 0;
    const { assert!(align_of::<T>() <= align_of::<u64>()) };
    if items.is_empty() { (&raw const NOTHING).cast() } else { items.as_ptr() }
}

/// Writes a result.
///
/// # Safety
/// `out` points to memory for a value that the function may write.
pub(crate) unsafe fn set<T: Copy>(out: *mut T, value: T) {
    // SAFETY: the pointer is valid for writes and aligned, as the contract of this function demands. `T` is `Copy`, so
    // nothing has to be dropped.
    unsafe { out.write(value) };
}

/// Copies a text and a NUL to the buffer of the caller. `len` becomes the length of the text, also if it does not fit;
/// nothing is written if a pointer is NULL that is needed.
///
/// # Safety
/// `buffer` is NULL, or points to `capacity` bytes that the function may write. `len` is NULL, or as in [`set`].
pub(crate) unsafe fn copy_text(
    text: &str,
    buffer: *mut c_char,
    capacity: usize,
    len: *mut usize,
) -> Result<(), Status> {
    if len.is_null() {
        return Err(Status::InvalidArgument);
    }
    let fits = text.len() < capacity;
    if fits && buffer.is_null() {
        return Err(Status::InvalidArgument);
    }
    // SAFETY: the pointer is not NULL; the rest is the contract of this function.
    unsafe { set(len, text.len()) };
    if !fits {
        return Err(Status::BufferTooSmall);
    }
    let buffer = buffer.cast::<u8>();
    // SAFETY: the source is a text of that length. The target has `capacity` bytes, which is more, as the contract of
    // this function demands. A text of the library and memory of the caller do not overlap.
    unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), buffer, text.len()) };
    // SAFETY: `text.len()` is less than `capacity`.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: `end` is within the `capacity` bytes.
    unsafe { end.write(0) };
    Ok(())
}
