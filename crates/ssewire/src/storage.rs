//! Storages: the memory for values that cannot be borrowed from the chunk.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// The memory of a [`Decoder`](crate::Decoder) for the values that it copies: a [`HeapBuffer`], an array `[u8; N]` in
/// the decoder itself, or a `&mut [u8]`. Arrays and slices need no allocator and never grow. Their initial
/// contents do not matter.
///
/// Sealed: one engine drives all storages, and no other type can implement the trait. Use it as a bound,
/// `fn run<S: Storage>(decoder: &mut Decoder<S>)`.
pub trait Storage: sealed::Storage {}

impl<S: sealed::Storage> Storage for S {}

pub(crate) mod sealed {
    /// The contract between the engine and a storage, all of which is initialised, and which only the engine writes to:
    ///
    /// * `grow(needed)` is called with more than the present length. On success it makes the slice at least `needed`
    ///   bytes long, keeps its contents at its start, and returns true. Otherwise it changes nothing and returns false.
    /// * `SHRINK`, if there is one, is called with at most the present length, and shortens the slice to that.
    ///
    /// By default a storage neither grows nor shrinks.
    pub trait Storage: AsRef<[u8]> + AsMut<[u8]> {
        const SHRINK: Option<fn(&mut Self, usize)> = None;
        fn grow(&mut self, _needed: usize) -> bool {
            false
        }
    }
}

/// A buffer on the heap that grows up to the limits of the decoder (feature `alloc`), in steps of one third or one
/// half, so that copying stays linear. Start with `Vec::new()`, which owns no memory until a value is copied. A vector
/// that you pass in is used up to its length, whatever its capacity; its contents are overwritten. It grows and shrinks
/// like one that was empty.
#[cfg(feature = "alloc")]
pub type HeapBuffer = Vec<u8>;

/// The default storage needs the feature `alloc`. Without it, name another.
#[cfg(not(feature = "alloc"))]
#[derive(Debug)]
pub enum HeapBuffer {}

#[cfg(feature = "alloc")]
impl sealed::Storage for Vec<u8> {
    const SHRINK: Option<fn(&mut Self, usize)> = Some(|bytes, wanted| {
        bytes.truncate(wanted);
        bytes.shrink_to_fit();
    });

    fn grow(&mut self, needed: usize) -> bool {
        // Room for most events at once, and then in steps of one half and one third, so that old and new buffer
        // together are at most 2.5 times the needed size.
        let least = needed.max(256);
        let power = least.checked_next_power_of_two().unwrap_or(least);
        let three_quarters = power / 4 * 3;
        let wanted = if least <= three_quarters { three_quarters } else { power };
        // Falls back to the needed size, and then fails, where the address space or the allocator has no more: a length
        // above `isize::MAX` would panic in `reserve`.
        let mut lens = [wanted, needed].into_iter();
        let reserved = lens.find(|len| self.try_reserve_exact(len.saturating_sub(self.len())).is_ok());
        self.resize(reserved.unwrap_or(self.len()), 0);
        reserved.is_some()
    }
}

impl<const N: usize> sealed::Storage for [u8; N] {}

impl sealed::Storage for &mut [u8] {}
