//! Storages: the memory for values that cannot be borrowed from the chunk.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;

/// The memory of a [`Decoder`](crate::Decoder) for the values that it copies: [`HeapBuffer`], [`ArrayBuffer`], or a
/// `&mut [u8]`. Sealed: one engine drives all of them, and no other type can implement the trait. Use it as a bound,
/// `fn run<S: Storage>(decoder: &mut Decoder<S>)`.
pub trait Storage: sealed::Storage {}

impl<S: sealed::Storage> Storage for S {}

pub(crate) mod sealed {
    /// The contract between the engine and a storage:
    ///
    /// * `bytes` and `bytes_mut` return the same slice, all of it initialised. Only the engine writes to it.
    /// * `grow(needed)` is called with more than the present length. On success it makes the slice at least `needed`
    ///   bytes long, keeps its contents at its start, and returns true. Otherwise it changes nothing and returns false.
    /// * `shrink(wanted)` may shorten the slice, but not below `wanted`, and keeps its first `wanted` bytes.
    ///
    /// By default a storage neither grows nor shrinks.
    pub trait Storage {
        fn bytes(&self) -> &[u8];
        fn bytes_mut(&mut self) -> &mut [u8];
        fn grow(&mut self, _needed: usize) -> bool {
            false
        }
        fn shrink(&mut self, _wanted: usize) {}
    }
}

/// A buffer on the heap that grows up to the limits of the decoder (feature `alloc`). Owns no memory until a value is
/// copied. Grows in steps of one third or one half, so that copying stays linear.
#[derive(Clone, Default)]
pub struct HeapBuffer {
    #[cfg(feature = "alloc")]
    bytes: Vec<u8>,
}

#[cfg(feature = "alloc")]
impl HeapBuffer {
    /// Creates an empty buffer. Does not allocate.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }
}

#[cfg(feature = "alloc")]
impl sealed::Storage for HeapBuffer {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn grow(&mut self, needed: usize) -> bool {
        let len = self.bytes.len();
        // Room for most events at once, and then in steps of one half and one third, so that old and new buffer
        // together are at most 2.5 times the needed size.
        let least = needed.max(256);
        let power = least.checked_next_power_of_two().unwrap_or(least);
        let three_quarters = power / 4 * 3;
        let wanted = if least <= three_quarters { three_quarters } else { power };
        // Falls back to the needed size, and then fails, where the address space or the allocator has no more: a length
        // above `isize::MAX` would panic in `reserve`.
        let more = [wanted, needed].map(|total| total.saturating_sub(len));
        let reserved = more.into_iter().find(|&more| self.bytes.try_reserve_exact(more).is_ok());
        self.bytes.resize(len.saturating_add(reserved.unwrap_or(0)), 0);
        reserved.is_some()
    }

    fn shrink(&mut self, wanted: usize) {
        self.bytes.truncate(wanted);
        self.bytes.shrink_to_fit();
    }
}

impl fmt::Debug for HeapBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HeapBuffer");
        #[cfg(feature = "alloc")]
        shown.field("capacity", &self.bytes.len());
        shown.finish()
    }
}

/// A buffer of `N` bytes inside the decoder itself. Needs no allocator and never grows.
#[derive(Clone)]
pub struct ArrayBuffer<const N: usize> {
    bytes: [u8; N],
}

impl<const N: usize> ArrayBuffer<N> {
    /// Creates a buffer of `N` bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N] }
    }
}

impl<const N: usize> Default for ArrayBuffer<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> sealed::Storage for ArrayBuffer<N> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl<const N: usize> fmt::Debug for ArrayBuffer<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrayBuffer").field("capacity", &N).finish()
    }
}

impl sealed::Storage for &mut [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}
