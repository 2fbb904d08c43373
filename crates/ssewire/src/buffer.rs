//! The event being assembled: what of it was copied into the storage, and where.

use core::fmt;
use core::ops::Range;

#[cfg(feature = "alloc")]
use crate::shared_id::SharedId;
use crate::storage::Storage;

/// The storage has no room for a value. What that means for the event is the decoder's decision.
#[derive(Debug)]
pub(crate) struct OutOfCapacity;

/// A storage, and the parts of the current block in it.
///
/// ```text
///  0       data            front                back                               len
///  | data  | value of the  |        free        | event | id slot      | last      |
///  |       | open line     |                    | type  | (this block) | event ID  |
/// ```
///
/// Data and the open line grow piece by piece and lie at the front, where appending is cheap. Type and IDs are replaced as
/// a whole and lie at the back: a stream that alternates `event` and `data` lines moves no data.
///
/// This type alone keeps the invariants (`check` asserts them in debug builds):
///
/// * `data <= front` and `front + back <= len`;
/// * the open value is `front - value .. front`; before it, after the data, lies at most the LF that joins two `data`
///   lines;
/// * `id <= id_slot`.
#[derive(Clone)]
pub(crate) struct EventBuffer<S> {
    storage: S,
    /// Bytes of the data so far.
    data: usize,
    /// Bytes of the open line's value.
    value: usize,
    /// Bytes in use at the front.
    front: usize,
    event_type: usize,
    id: usize,
    /// Grows within a block but never shrinks, so the event type before it moves a logarithmic number of times and not
    /// once for each `id` line.
    id_slot: usize,
    last_event_id: usize,
    has_data: bool,
    has_event_type: bool,
    has_id: bool,
    /// Number of blocks in a row that needed less than a quarter of the storage.
    idle_blocks: u8,
    /// The most bytes in use since `idle_blocks` was 0.
    peak: usize,
    /// The last event ID as owned events share it; empty until one asks for it.
    #[cfg(feature = "alloc")]
    shared_id: SharedId,
}

/// The parts of a dispatched block that lie in the storage, where they stay readable until the next write.
#[derive(Debug, Clone)]
pub(crate) struct Dispatched {
    pub(crate) event_type: Option<Range<usize>>,
    pub(crate) data: Option<Range<usize>>,
    pub(crate) has_id: bool,
}

impl<S> EventBuffer<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Self {
            storage,
            data: 0,
            value: 0,
            front: 0,
            event_type: 0,
            id: 0,
            id_slot: 0,
            last_event_id: 0,
            has_data: false,
            has_event_type: false,
            has_id: false,
            idle_blocks: 0,
            peak: 0,
            #[cfg(feature = "alloc")]
            shared_id: SharedId::new(),
        }
    }

    /// Returns whether a `data` line of this block was appended.
    #[inline]
    pub(crate) fn has_data(&self) -> bool {
        self.has_data
    }

    /// Returns whether the block has nothing in the buffer: neither data, type, id nor an open value.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        !(self.has_data | self.has_event_type | self.has_id) && self.front == 0
    }

    /// Returns whether part of the open line's value is in the buffer.
    #[inline]
    pub(crate) fn has_value(&self) -> bool {
        self.value > 0
    }

    /// Bytes of the open line's value.
    #[inline]
    pub(crate) fn value_len(&self) -> usize {
        self.value
    }

    /// Bytes of the event type, the data and the open value.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        // Cannot overflow: all of it lies in one slice.
        self.event_type.wrapping_add(self.data).wrapping_add(self.value)
    }

    /// Bytes of the event type.
    #[inline]
    pub(crate) fn event_type_len(&self) -> usize {
        self.event_type
    }

    /// Bytes of the data.
    #[inline]
    pub(crate) fn data_len(&self) -> usize {
        self.data
    }

    #[inline]
    fn back(&self) -> usize {
        // Cannot overflow: all of it lies in one slice.
        self.event_type.wrapping_add(self.id_slot).wrapping_add(self.last_event_id)
    }

    /// Discards the value of the open line.
    #[inline]
    pub(crate) fn discard_value(&mut self) {
        (self.front, self.value) = (self.data, 0);
    }

    /// Discards data, event type and the open value. The `id` of the block stays.
    pub(crate) fn discard_event(&mut self) {
        (self.data, self.value, self.front, self.event_type) = (0, 0, 0, 0);
        (self.has_data, self.has_event_type) = (false, false);
    }

    /// Discards everything of the block. The last event ID stays.
    pub(crate) fn discard_block(&mut self) {
        self.discard_event();
        (self.id, self.id_slot, self.has_id) = (0, 0, false);
    }

    /// Records that a block has ended that needed nothing of the storage.
    #[inline]
    pub(crate) fn note_idle_block(&mut self) {
        self.idle_blocks = self.idle_blocks.saturating_add(1);
    }
}

impl<S: Storage> EventBuffer<S> {
    /// The storage shrinks after this many idle blocks in a row.
    const SHRINK_AFTER_IDLE_BLOCKS: u8 = 32;

    /// A storage of at most this many bytes never shrinks by itself. In chunks of 16 KiB, one small event in a hundred
    /// crosses a boundary; freeing and allocating its few bytes for each chunk would cost more than keeping them.
    const MIN_SHRINK_CAPACITY: usize = 1024;

    /// The bytes at `range`; empty if the storage does not reach that far.
    #[inline]
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage.bytes().get(range).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.storage.bytes().len()
    }

    /// The last event ID.
    #[inline]
    pub(crate) fn last_event_id(&self) -> &[u8] {
        if self.last_event_id == 0 {
            return b"";
        }
        self.bytes(self.capacity().saturating_sub(self.last_event_id)..self.capacity())
    }

    /// The last event ID, shared. Allocates at most once per ID.
    #[cfg(feature = "alloc")]
    pub(crate) fn shared_last_event_id(&mut self) -> SharedId {
        if self.last_event_id > 0 && self.shared_id.bytes().is_empty() {
            self.shared_id = SharedId::copy_of(self.last_event_id());
        }
        self.shared_id.clone()
    }

    /// Where the value of the open line lies.
    pub(crate) fn value_range(&self) -> Range<usize> {
        self.front.saturating_sub(self.value)..self.front
    }

    /// Number of bytes that [`push_value`](Self::push_value) can append without growing a storage that may not grow.
    pub(crate) fn free(&self) -> usize {
        self.capacity().saturating_sub(self.front).saturating_sub(self.back())
    }

    /// Appends a piece to the value of the open line. `joins`: the line is a further `data` line, and its first piece
    /// comes after the LF that joins it to the data.
    #[inline]
    pub(crate) fn push_value(&mut self, piece: &[u8], joins: bool) -> Result<(), OutOfCapacity> {
        if piece.is_empty() {
            return Ok(());
        }
        self.push(joins && self.value == 0, piece)?;
        self.value = self.value.wrapping_add(piece.len());
        self.check();
        Ok(())
    }

    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data
    /// buffer." Dispatch drops the last LF; here the LF comes before each further line instead.
    ///
    /// The value is the open one and its last piece.
    #[inline]
    pub(crate) fn append_data(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        self.push(self.has_data && self.value == 0, last_piece)?;
        (self.data, self.value, self.has_data) = (self.front, 0, true);
        self.check();
        Ok(())
    }

    /// "Set the event type buffer to the field value", to the open value and its last piece.
    pub(crate) fn set_event_type(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        let len = self.value.saturating_add(last_piece.len());
        // The open value moves from the front and takes the place of the old type: only its last piece needs room.
        self.reserve(last_piece.len().saturating_sub(self.event_type))?;
        self.event_type = len;
        let at = self.event_type_range().start;
        self.move_value_to(at, last_piece);
        self.has_event_type = true;
        self.check();
        Ok(())
    }

    /// "Set the last event ID buffer to the field value", to the open value and its last piece. The caller has made
    /// sure that the value contains no NUL.
    pub(crate) fn set_id(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        let len = self.value.saturating_add(last_piece.len());
        let at = self.reserve_id_slot(len)?;
        self.id = len;
        self.move_value_to(at, last_piece);
        self.has_id = true;
        self.check();
        Ok(())
    }

    /// "Set the last event ID string of the event source to the value of the last event ID buffer", then ends the block.
    pub(crate) fn dispatch(&mut self) -> Dispatched {
        let has_id = self.has_id;
        if has_id {
            self.commit_id();
        }
        let dispatched = Dispatched {
            event_type: self.has_event_type.then(|| self.event_type_range()),
            data: self.has_data.then_some(0..self.data),
            has_id,
        };
        self.discard_block();
        self.note_block();
        self.check();
        dispatched
    }

    /// Ends a line that is not part of a block. Its bytes stay readable until the next write.
    pub(crate) fn end_line(&mut self) {
        self.discard_value();
        self.note_block();
    }

    /// Replaces the last event ID. The current block stays as it is.
    pub(crate) fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), OutOfCapacity> {
        self.reserve(id.len().saturating_sub(self.last_event_id))?;
        let start = self.capacity().saturating_sub(self.back());
        let block_parts = start..start.saturating_add(self.event_type).saturating_add(self.id_slot);
        self.last_event_id = id.len();
        let to = self.capacity().saturating_sub(self.back());
        self.copy(block_parts, to);
        self.write(self.capacity().saturating_sub(id.len()), id);
        self.forget_shared_id();
        self.check();
        Ok(())
    }

    /// Gives back memory that only an earlier, much larger block needed. Called between two blocks, so that the buffer
    /// follows what the stream has become, and a stream of large events does not allocate for each of them.
    #[inline]
    pub(crate) fn maybe_shrink(&mut self) {
        if self.idle_blocks >= Self::SHRINK_AFTER_IDLE_BLOCKS {
            if self.capacity() > Self::MIN_SHRINK_CAPACITY {
                self.shrink(self.peak);
            }
            (self.peak, self.idle_blocks) = (0, 0);
        }
    }

    /// Gives back memory, except `wanted` bytes and what is in use.
    pub(crate) fn shrink(&mut self, wanted: usize) {
        let (len, back) = (self.capacity(), self.back());
        let wanted = wanted.max(self.front.saturating_add(back)).min(len);
        self.copy(len.saturating_sub(back)..len, wanted.saturating_sub(back));
        self.storage.shrink(wanted);
        // A storage that cannot shrink keeps its length: the back goes to its end again.
        self.copy(wanted.saturating_sub(back)..wanted, self.capacity().saturating_sub(back));
        self.check();
    }

    /// Records that a block has ended that used the storage.
    fn note_block(&mut self) {
        if self.peak.saturating_mul(4) < self.capacity() {
            self.note_idle_block();
        } else {
            (self.peak, self.idle_blocks) = (0, 0);
        }
    }

    #[inline]
    fn event_type_range(&self) -> Range<usize> {
        let start = self.capacity().saturating_sub(self.back());
        start..start.saturating_add(self.event_type)
    }

    /// The id of the block becomes the last event ID, and the event type moves next to it.
    fn commit_id(&mut self) {
        let start = self.event_type_range().start;
        let id_start = start.saturating_add(self.event_type);
        let id_end = id_start.saturating_add(self.id);
        if self.bytes(id_start..id_end) != self.last_event_id() {
            self.forget_shared_id();
        }
        self.copy(start..id_end, self.capacity().saturating_sub(id_end.saturating_sub(start)));
        self.last_event_id = self.id;
        (self.id, self.id_slot, self.has_id) = (0, 0, false);
    }

    /// Makes room for an id of `len` bytes and returns where it lies.
    fn reserve_id_slot(&mut self, len: usize) -> Result<usize, OutOfCapacity> {
        if len > self.id_slot {
            let exact = len.saturating_sub(self.id_slot);
            let doubled = self.id_slot.max(exact);
            let more = if self.reserve(doubled).is_ok() { doubled } else { self.reserve(exact).map(|()| exact)? };
            let event_type = self.event_type_range();
            let to = event_type.start.saturating_sub(more);
            self.copy(event_type, to);
            self.id_slot = self.id_slot.saturating_add(more);
        }
        Ok(self.capacity().saturating_sub(self.last_event_id).saturating_sub(self.id_slot))
    }

    /// Moves the open value from the front to `at`, and writes its last piece after it.
    fn move_value_to(&mut self, at: usize, last_piece: &[u8]) {
        if self.value > 0 {
            self.copy(self.value_range(), at);
        }
        self.write(at.saturating_add(self.value), last_piece);
        self.discard_value();
    }

    /// Appends a piece to the front, after an LF if it starts a further `data` line.
    #[inline]
    fn push(&mut self, after_lf: bool, piece: &[u8]) -> Result<(), OutOfCapacity> {
        self.reserve(piece.len().saturating_add(usize::from(after_lf)))?;
        if after_lf {
            self.write(self.front, b"\n");
            self.front = self.front.wrapping_add(1);
        }
        self.write(self.front, piece);
        self.front = self.front.wrapping_add(piece.len());
        Ok(())
    }

    /// Makes sure that `more` bytes are free between front and back. Where this succeeds, sums of lengths in the storage
    /// cannot overflow.
    #[inline]
    fn reserve(&mut self, more: usize) -> Result<(), OutOfCapacity> {
        let needed = self.front.wrapping_add(self.back()).saturating_add(more);
        self.peak = self.peak.max(needed);
        if needed <= self.capacity() { Ok(()) } else { self.grow(needed) }
    }

    #[cold]
    fn grow(&mut self, needed: usize) -> Result<(), OutOfCapacity> {
        let (len, back) = (self.capacity(), self.back());
        if !self.storage.grow(needed) {
            return Err(OutOfCapacity);
        }
        self.copy(len.saturating_sub(back)..len, self.capacity().saturating_sub(back));
        Ok(())
    }

    #[inline]
    fn write(&mut self, at: usize, piece: &[u8]) {
        let slot = self.storage.bytes_mut().get_mut(at..at.saturating_add(piece.len()));
        debug_assert!(slot.is_some(), "reserved before");
        if let Some(slot) = slot {
            slot.copy_from_slice(piece);
        }
    }

    fn copy(&mut self, from: Range<usize>, to: usize) {
        let bytes = self.storage.bytes_mut();
        let end = from.end.max(to.saturating_add(from.len()));
        debug_assert!(end <= bytes.len());
        // `copy_within` panics on a range that does not fit. None is, by the invariants.
        if end <= bytes.len() {
            bytes.copy_within(from, to);
        }
    }

    fn forget_shared_id(&mut self) {
        #[cfg(feature = "alloc")]
        {
            self.shared_id = SharedId::new();
        }
    }

    #[inline(always)]
    fn check(&self) {
        debug_assert!(self.front + self.back() <= self.capacity());
        debug_assert!(self.id <= self.id_slot);
        let joining_lf = self.front - self.data - self.value;
        debug_assert!(joining_lf == 0 || joining_lf == 1 && self.has_data && self.value > 0);
    }
}

/// Shows counts, never contents. Does not show the storage: the `Debug` of a `&mut [u8]` shows its bytes.
impl<S: Storage> fmt::Debug for EventBuffer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBuffer")
            .field("capacity", &self.capacity())
            .field("front", &self.front)
            .field("back", &self.back())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::ArrayBuffer;

    fn buffer() -> EventBuffer<ArrayBuffer<8>> {
        EventBuffer::new(ArrayBuffer::new())
    }

    #[test]
    fn append_data_joins_lines_by_lf() {
        let mut buffer = buffer();
        buffer.append_data(b"a").unwrap();
        buffer.push_value(b"b", true).unwrap();
        buffer.append_data(b"c").unwrap();
        buffer.append_data(b"").unwrap();
        let data = buffer.dispatch().data.unwrap();
        assert_eq!(buffer.bytes(data), b"a\nbc\n");
    }

    #[test]
    fn nothing_changes_that_does_not_fit() {
        let mut buffer = buffer();
        buffer.append_data(b"12345678").unwrap();
        assert!(buffer.append_data(b"").is_err() && buffer.push_value(b"x", true).is_err());
        assert!(buffer.set_event_type(b"x").is_err() && buffer.set_id(b"x").is_err());
        assert!(buffer.set_last_event_id(b"x").is_err());
        assert_eq!(buffer.free(), 0);
        let dispatched = buffer.dispatch();
        assert_eq!(buffer.bytes(dispatched.data.unwrap()), b"12345678");
        assert!(dispatched.event_type.is_none() && !dispatched.has_id);
    }

    #[test]
    fn set_event_type_moves_the_open_value() {
        let mut buffer = buffer();
        buffer.set_event_type(b"t").unwrap();
        buffer.append_data(b"d").unwrap();
        buffer.push_value(b"abcde", false).unwrap();
        buffer.set_event_type(b"fg").unwrap();
        assert_eq!(buffer.free(), 0);
        assert!(buffer.set_event_type(b"12345678").is_err());
        let dispatched = buffer.dispatch();
        assert_eq!(buffer.bytes(dispatched.event_type.unwrap()), b"abcdefg");
        assert_eq!(buffer.bytes(dispatched.data.unwrap()), b"d");
    }

    #[test]
    fn set_id_reuses_its_slot() {
        let mut buffer = buffer();
        for id in [b"1234", b"5678"] {
            buffer.set_id(id).unwrap();
        }
        buffer.append_data(b"data").unwrap();
        let data = buffer.dispatch().data.unwrap();
        assert_eq!(buffer.last_event_id(), b"5678");
        assert_eq!(buffer.bytes(data), b"data");
    }

    #[test]
    fn set_last_event_id_keeps_the_block() {
        for id in [&b""[..], b"1", b"123"] {
            let mut buffer = buffer();
            buffer.set_last_event_id(b"22").unwrap();
            buffer.set_event_type(b"t").unwrap();
            buffer.set_id(b"i").unwrap();
            buffer.append_data(b"d").unwrap();
            buffer.set_last_event_id(id).unwrap();
            assert_eq!(buffer.last_event_id(), id);
            let dispatched = buffer.dispatch();
            assert_eq!(buffer.bytes(dispatched.event_type.unwrap()), b"t");
            assert_eq!(buffer.bytes(dispatched.data.unwrap()), b"d");
            assert_eq!(buffer.last_event_id(), b"i");
        }
    }
}
