//! Where a straddling event waits: the storages, and the room laid out in them.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Memory that a [`Decoder`](crate::Decoder) keeps in order to carry what crosses a chunk boundary: [`Growing`],
/// [`Fixed`], or a `&mut [u8]` of the caller's. Sealed: the engine above it is one and the same.
///
/// The contract between the engine and a storage:
///
/// * `bytes` and `bytes_mut` show the same slice, all of it initialised; its contents are the engine's alone.
/// * `grow(needed)`, asked only for more than there is, either makes the slice at least `needed` bytes long, keeping its
///   contents at its start, and returns true; or changes nothing and returns false.
/// * `shrink(wanted)` may make the slice shorter, never shorter than `wanted`, keeping its first `wanted` bytes.
pub trait Storage: sealed::Storage {}

pub(crate) mod sealed {
    /// See [`super::Storage`].
    pub trait Storage {
        fn bytes(&self) -> &[u8];
        fn bytes_mut(&mut self) -> &mut [u8];
        fn grow(&mut self, needed: usize) -> bool;
        fn shrink(&mut self, wanted: usize);
    }
}

/// A buffer on the heap that grows as far as the limit of the decoder lets it (feature `alloc`). Owns no memory until
/// something straddles a chunk boundary, and doubles from there, so that copying stays linear.
#[derive(Clone, Default)]
pub struct Growing {
    #[cfg(feature = "alloc")]
    bytes: Vec<u8>,
}

#[cfg(feature = "alloc")]
impl Growing {
    /// An empty buffer. Does not allocate.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }
}

#[cfg(feature = "alloc")]
impl Storage for Growing {}

#[cfg(feature = "alloc")]
impl sealed::Storage for Growing {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn grow(&mut self, needed: usize) -> bool {
        let wanted = needed.max(64).checked_next_power_of_two().unwrap_or(needed);
        self.bytes.reserve_exact(wanted.saturating_sub(self.bytes.len()));
        self.bytes.resize(wanted, 0);
        true
    }

    fn shrink(&mut self, wanted: usize) {
        self.bytes.truncate(wanted);
        self.bytes.shrink_to_fit();
    }
}

impl fmt::Debug for Growing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Growing");
        #[cfg(feature = "alloc")]
        shown.field("capacity", &self.bytes.len());
        shown.finish()
    }
}

/// A buffer of `N` bytes inside the decoder itself. Needs no allocator; never grows.
#[derive(Clone)]
pub struct Fixed<const N: usize> {
    bytes: [u8; N],
}

impl<const N: usize> Fixed<N> {
    /// `N` bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N] }
    }
}

impl<const N: usize> Default for Fixed<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Storage for Fixed<N> {}

impl<const N: usize> sealed::Storage for Fixed<N> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn grow(&mut self, _needed: usize) -> bool {
        false
    }

    fn shrink(&mut self, _wanted: usize) {}
}

impl<const N: usize> fmt::Debug for Fixed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").field("capacity", &N).finish()
    }
}

impl Storage for &mut [u8] {}

impl sealed::Storage for &mut [u8] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }

    fn grow(&mut self, _needed: usize) -> bool {
        false
    }

    fn shrink(&mut self, _wanted: usize) {}
}

/// The storage has no more room. Says nothing else: what it means for the event is the decoder's business.
#[derive(Debug)]
pub(crate) struct Full;

/// A storage, and what lies where in it.
///
/// ```text
///  0                 front                       back                               len
///  | data so far, then  | free                     | event | id slot      | last      |
///  | the open line      |                          | type  | (this block) | event ID  |
/// ```
///
/// What grows piece by piece (data, an unfinished line) lies at the front, where appending is cheap. What is replaced
/// as a whole (type, IDs) lies at the back, where it is in nobody's way: a stream that alternates `event` and `data`
/// lines moves no data. Invariant: `front + back() <= len`.
#[derive(Clone)]
pub(crate) struct Room<S> {
    storage: S,
    front: usize,
    event_type: usize,
    id: usize,
    /// The id slot only grows within a block. So the event type below it moves a logarithmic number of times, not once
    /// for each `id` line of another length.
    id_slot: usize,
    last_event_id: usize,
    /// The most bytes in use at once since `idle` was 0.
    peak: usize,
    /// How many blocks in a row needed less than a quarter of the storage, or nothing of it.
    idle: u8,
}

impl<S> Room<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Self { storage, front: 0, event_type: 0, id: 0, id_slot: 0, last_event_id: 0, peak: 0, idle: 0 }
    }

    #[inline]
    fn back(&self) -> usize {
        // Wraps never: all of it lies in one slice.
        self.event_type.wrapping_add(self.id_slot).wrapping_add(self.last_event_id)
    }

    /// Bytes in use at the front.
    #[inline]
    pub(crate) fn front(&self) -> usize {
        self.front
    }

    /// Bytes of the event type.
    #[inline]
    pub(crate) fn event_type(&self) -> usize {
        self.event_type
    }

    /// Bytes of the id given in this block.
    pub(crate) fn id(&self) -> usize {
        self.id
    }

    /// Bytes of the last event ID.
    #[inline]
    pub(crate) fn last_event_id(&self) -> usize {
        self.last_event_id
    }

    /// Gives back what lies at the front beyond its first `len` bytes. The bytes stay readable until the next push.
    #[inline]
    pub(crate) fn truncate_front(&mut self, len: usize) {
        self.front = self.front.min(len);
    }

    /// Notes that a block has ended which needed nothing of the storage.
    #[inline]
    pub(crate) fn end_small_block(&mut self) {
        self.idle = self.idle.saturating_add(1);
    }

    /// Forgets the event type.
    #[inline]
    pub(crate) fn clear_event_type(&mut self) {
        self.event_type = 0;
    }
}

impl<S: Storage> Room<S> {
    /// After so many small blocks in a row the storage shrinks.
    const PATIENCE: u8 = 32;

    /// A storage of up to so many bytes is left alone. In chunks of 16 KiB only one delta in a hundred straddles, and
    /// what that one needs shall not be given back and taken again for each chunk.
    const WORTH_SHRINKING: usize = 1024;

    /// What lies in the storage at `range`; empty if it does not reach that far.
    #[inline]
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage.bytes().get(range).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.storage.bytes().len()
    }

    /// Notes that a block has ended. What it left stays readable.
    pub(crate) fn end_block(&mut self) {
        if self.peak.saturating_mul(4) < self.capacity() {
            self.end_small_block();
        } else {
            (self.peak, self.idle) = (0, 0);
        }
    }

    /// Between two blocks: gives memory back that only a giant among them needed. So the buffer follows what the stream
    /// has become, and a stream of big events still does not allocate for each of them.
    #[inline]
    pub(crate) fn rest(&mut self) {
        if self.idle >= Self::PATIENCE {
            if self.capacity() > Self::WORTH_SHRINKING {
                self.shrink(self.peak);
            }
            (self.peak, self.idle) = (0, 0);
        }
    }

    /// Gives memory back, but for `wanted` bytes and what is in use.
    pub(crate) fn shrink(&mut self, wanted: usize) {
        let (len, back) = (self.capacity(), self.back());
        let wanted = wanted.max(self.front.saturating_add(back)).min(len);
        self.copy(len.saturating_sub(back)..len, wanted.saturating_sub(back));
        self.storage.shrink(wanted);
        // A storage that cannot shrink keeps its length: what belongs to its end goes back there.
        self.copy(wanted.saturating_sub(back)..wanted, self.capacity().saturating_sub(back));
    }

    /// Appends to the front.
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), Full> {
        self.reserve(piece.len())?;
        let end = self.front.saturating_add(piece.len());
        self.write(self.front, piece);
        self.front = end;
        Ok(())
    }

    /// Whether so many bytes more fit without growing and leave no more than `limit` bytes in use.
    #[inline]
    pub(crate) fn has_room(&self, limit: usize, more: usize) -> bool {
        // Wraps never: what is in use lies in a slice, and what is to come in another.
        let needed = self.front.wrapping_add(self.back()).wrapping_add(more);
        needed <= limit && needed <= self.capacity()
    }

    /// Whether so many bytes elsewhere, with what is in use here, are within `limit`.
    #[inline]
    pub(crate) fn fits(&self, limit: usize, elsewhere: usize) -> bool {
        // Wraps as little.
        self.front.wrapping_add(self.back()).wrapping_add(elsewhere) <= limit
    }

    /// Appends to the front what fits without growing and leaves no more than `limit` bytes in use; else nothing.
    #[inline]
    pub(crate) fn push_within(&mut self, limit: usize, piece: &[u8]) -> bool {
        self.has_room(limit, piece.len()) && self.push(piece).is_ok()
    }

    /// The same with one byte: a call to copy it would cost more than all the rest. What is the most in use is noted
    /// when the line ends.
    #[inline]
    pub(crate) fn push_byte_within(&mut self, limit: usize, byte: u8) -> bool {
        if !self.has_room(limit, 1) {
            return false;
        }
        if let Some(place) = self.storage.bytes_mut().get_mut(self.front) {
            *place = byte;
        }
        self.front = self.front.wrapping_add(1);
        true
    }

    /// The same with an LF before the line.
    #[inline]
    pub(crate) fn push_line_within(&mut self, limit: usize, line: &[u8]) -> bool {
        self.has_room(limit, line.len().saturating_add(1)) && self.push_line(line).is_ok()
    }

    /// Appends LF and a line to the front.
    #[inline]
    pub(crate) fn push_line(&mut self, line: &[u8]) -> Result<(), Full> {
        self.reserve(line.len().saturating_add(1))?;
        let start = self.front.saturating_add(1);
        self.write(self.front, b"\n");
        self.write(start, line);
        self.front = start.saturating_add(line.len());
        Ok(())
    }

    /// Where the event type lies.
    #[inline]
    pub(crate) fn event_type_range(&self) -> Range<usize> {
        let start = self.capacity().saturating_sub(self.back());
        start..start.saturating_add(self.event_type)
    }

    /// Where the last event ID lies.
    #[inline]
    pub(crate) fn last_event_id_range(&self) -> Range<usize> {
        self.capacity().saturating_sub(self.last_event_id)..self.capacity()
    }

    /// Replaces the event type.
    pub(crate) fn set_event_type(&mut self, value: &[u8]) -> Result<(), Full> {
        self.reserve(value.len().saturating_sub(self.event_type))?;
        self.event_type = value.len();
        self.write(self.event_type_range().start, value);
        Ok(())
    }

    /// Replaces the event type by what lies at the front from `start` on, and takes that from the front.
    pub(crate) fn move_to_event_type(&mut self, start: usize) -> Result<(), Full> {
        let value = start..self.front;
        self.reserve(value.len().saturating_sub(self.event_type))?;
        self.event_type = value.len();
        let to = self.event_type_range().start;
        self.copy(value, to);
        self.front = start;
        Ok(())
    }

    /// Replaces the id of this block.
    pub(crate) fn set_id(&mut self, value: &[u8]) -> Result<(), Full> {
        let at = self.fit_id(value.len())?;
        self.write(at, value);
        Ok(())
    }

    /// Replaces the id of this block by what lies at the front from `start` on, and takes that from the front.
    pub(crate) fn move_to_id(&mut self, start: usize) -> Result<(), Full> {
        let value = start..self.front;
        let at = self.fit_id(value.len())?;
        self.copy(value, at);
        self.front = start;
        Ok(())
    }

    /// The id of this block becomes the last event ID; the event type moves along.
    pub(crate) fn commit_id(&mut self) {
        let start = self.event_type_range().start;
        let from = start..start.saturating_add(self.event_type).saturating_add(self.id);
        let to = self.capacity().saturating_sub(from.len());
        self.copy(from, to);
        self.last_event_id = self.id;
        self.drop_id();
    }

    /// Forgets the id of this block. The event type must be forgotten or moved already.
    pub(crate) fn drop_id(&mut self) {
        self.id = 0;
        self.id_slot = 0;
    }

    /// Makes room for an id of `len` bytes and returns where it lies.
    fn fit_id(&mut self, len: usize) -> Result<usize, Full> {
        if len > self.id_slot {
            let doubled = self.id_slot.saturating_mul(2).max(len);
            let exact = len.saturating_sub(self.id_slot);
            let more = doubled.saturating_sub(self.id_slot);
            let more = if self.reserve(more).is_ok() { more } else { self.reserve(exact).map(|()| exact)? };
            let event_type = self.event_type_range();
            let to = event_type.start.saturating_sub(more);
            self.copy(event_type, to);
            self.id_slot = self.id_slot.saturating_add(more);
        }
        self.id = len;
        Ok(self.capacity().saturating_sub(self.last_event_id).saturating_sub(self.id_slot))
    }

    /// Makes sure that `more` bytes are free between front and back.
    #[inline]
    fn reserve(&mut self, more: usize) -> Result<(), Full> {
        let needed = self.front.saturating_add(self.back()).saturating_add(more);
        self.peak = self.peak.max(needed);
        if needed <= self.capacity() { Ok(()) } else { self.reserve_slow(needed) }
    }

    #[cold]
    fn reserve_slow(&mut self, needed: usize) -> Result<(), Full> {
        let (len, back) = (self.capacity(), self.back());
        if !self.storage.grow(needed) {
            return Err(Full);
        }
        self.copy(len.saturating_sub(back)..len, self.capacity().saturating_sub(back));
        Ok(())
    }

    #[inline]
    fn write(&mut self, at: usize, piece: &[u8]) {
        let end = at.saturating_add(piece.len());
        if let Some(place) = self.storage.bytes_mut().get_mut(at..end) {
            place.copy_from_slice(piece);
        }
    }

    fn copy(&mut self, from: Range<usize>, to: usize) {
        let bytes = self.storage.bytes_mut();
        let end = from.end.max(to.saturating_add(from.len()));
        // `copy_within` panics where a range does not fit; none does by the invariant, and a test leans on it.
        debug_assert!(end <= bytes.len());
        if end <= bytes.len() {
            bytes.copy_within(from, to);
        }
    }
}

/// Shows counts, never what lies in it. So it does not ask the storage: a `&mut [u8]` would show its bytes.
impl<S: Storage> fmt::Debug for Room<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("capacity", &self.capacity())
            .field("front", &self.front)
            .field("back", &self.back())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_pushed_that_does_not_fit() {
        for (limit, fits) in [(8, true), (7, true), (6, false)] {
            let mut room = Room::new(Fixed::<8>::new());
            assert!(room.push_byte_within(limit, b'a') && room.push_within(limit, b"b"));
            assert!(room.push_line_within(limit, b"cd"));
            assert_eq!((room.has_room(limit, 2), room.fits(limit, 2)), (fits, fits));
            assert_eq!(room.push_line_within(limit, b"e"), fits);
            assert_eq!(room.bytes(0..room.front()), &b"ab\ncd\ne"[..if fits { 7 } else { 5 }]);
        }
        let mut full = Room::new(Fixed::<1>::new());
        full.push(b"a").unwrap();
        assert!(!full.push_byte_within(9, b'b') && !full.push_within(9, b"b") && !full.push_line_within(9, b""));
        assert!(full.fits(9, 8) && full.push(b"b").is_err());
        assert_eq!(full.bytes(0..1), b"a");
    }

    /// What an id takes it takes once, however often it is replaced by one that is no longer.
    #[test]
    fn an_id_of_the_same_length_takes_no_more_room() {
        let mut room = Room::new(Fixed::<8>::new());
        for id in [b"1234", b"5678"] {
            room.set_id(id).unwrap();
        }
        room.push(b"data").unwrap();
        room.commit_id();
        assert_eq!(room.bytes(room.last_event_id_range()), b"5678");
        assert_eq!(room.bytes(0..4), b"data");
    }
}
