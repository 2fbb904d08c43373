//! The event being assembled: what of it was copied into the storage, and where.

use core::fmt;
use core::ops::Range;

use crate::event::{BlockSpan, Span};
#[cfg(feature = "alloc")]
use crate::shared_id::SharedId;
use crate::storage::Storage;

/// The storage has no room for a value. What that means for the event is the decoder's decision.
#[derive(Debug)]
pub(crate) struct OutOfCapacity;

/// A storage, and the parts of the current block in it.
///
/// ```text
///  0           last_id        id_end         type_end             data_end           end          capacity
///  | last      | id           | event type   | data               | value of the     |    free    |
///  | event ID  | (this block) |              |                    | open line        |            |
/// ```
///
/// Data and the open line grow piece by piece, so they come last, where appending is cheap. Type and IDs are replaced as a
/// whole, in slots that grow in steps: what comes after a slot moves a logarithmic number of times.
///
/// This type alone keeps the invariants, which `check` asserts in debug builds: the offsets above are in this order, an
/// `id` and a type are not longer than their slots, and between data and open value lies at most the LF that joins two
/// `data` lines. IDs have 32-bit lengths, which their bound guarantees, to keep an idle decoder small.
#[derive(Clone)]
pub(crate) struct EventBuffer<S> {
    storage: S,
    last_id: u32,
    id_end: u32,
    /// Bytes of the `id` in its slot.
    id: u32,
    /// The most bytes in use since `idle_blocks` was 0. Saturates: the storage shrinks less than it could then.
    peak: u32,
    type_end: usize,
    /// Bytes of the event type in its slot.
    event_type: usize,
    data_end: usize,
    end: usize,
    has_data: bool,
    has_event_type: bool,
    has_id: bool,
    /// The open value comes after the LF that joins it to the data.
    joined: bool,
    /// Number of blocks in a row that needed less than a quarter of the storage.
    idle_blocks: u8,
    /// The last event ID as owned events share it; empty until one asks for it.
    #[cfg(feature = "alloc")]
    shared_id: SharedId,
}

impl<S> EventBuffer<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Self {
            storage,
            last_id: 0,
            id_end: 0,
            id: 0,
            peak: 0,
            type_end: 0,
            event_type: 0,
            data_end: 0,
            end: 0,
            has_data: false,
            has_event_type: false,
            has_id: false,
            joined: false,
            idle_blocks: 0,
            #[cfg(feature = "alloc")]
            shared_id: SharedId::new(),
        }
    }

    /// Returns whether a `data` line of this block was appended.
    pub(crate) fn has_data(&self) -> bool {
        self.has_data
    }

    /// Returns whether nothing of the current block is in the buffer.
    pub(crate) fn is_empty(&self) -> bool {
        !(self.has_data | self.has_event_type | self.has_id) && self.end == self.type_end
    }

    /// Returns whether part of the open line's value is in the buffer.
    pub(crate) fn has_value(&self) -> bool {
        self.end > self.data_end
    }

    /// Where the value of the open line lies.
    pub(crate) fn value_range(&self) -> Range<usize> {
        // Cannot overflow, like all sums of lengths in one storage.
        self.data_end.wrapping_add(usize::from(self.joined))..self.end
    }

    /// The logical size of the event: type, data and the open value. The arguments replace what the buffer has.
    pub(crate) fn size_with(&self, event_type: Option<usize>, data: Option<usize>) -> usize {
        let data = data.unwrap_or(self.data_end.wrapping_sub(self.type_end));
        event_type.unwrap_or(self.event_type).wrapping_add(data).wrapping_add(self.value_range().len())
    }

    /// Discards the value of the open line.
    pub(crate) fn discard_value(&mut self) {
        (self.end, self.joined) = (self.data_end, false);
    }

    /// Discards data, event type and the open value. The `id` of the block stays.
    pub(crate) fn discard_event(&mut self) {
        self.type_end = len(self.id_end);
        (self.data_end, self.event_type) = (self.type_end, 0);
        (self.has_data, self.has_event_type) = (false, false);
        self.discard_value();
    }

    /// Discards everything of the block. The last event ID stays.
    pub(crate) fn discard_block(&mut self) {
        (self.id_end, self.id, self.has_id) = (self.last_id, 0, false);
        self.discard_event();
    }

    /// Records that a block has ended that needed nothing of the storage.
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
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage.bytes().get(range).unwrap_or_default()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.storage.bytes().len()
    }

    /// Number of bytes that can be pushed without growing.
    pub(crate) fn free(&self) -> usize {
        self.capacity().saturating_sub(self.end)
    }

    /// The last event ID.
    pub(crate) fn last_event_id(&self) -> &[u8] {
        self.bytes(0..len(self.last_id))
    }

    /// The last event ID, shared. Allocates at most once per ID.
    #[cfg(feature = "alloc")]
    pub(crate) fn shared_last_event_id(&mut self) -> SharedId {
        if self.shared_id.bytes().is_empty() {
            self.shared_id = SharedId::copy_of(self.last_event_id());
        }
        self.shared_id.clone()
    }

    /// Appends a piece to the value of the open line. `joins`: the line is a further `data` line, and its first piece
    /// comes after the LF that joins it to the data.
    #[inline]
    pub(crate) fn push_value(&mut self, piece: &[u8], joins: bool) -> Result<(), OutOfCapacity> {
        if !piece.is_empty() {
            let joins = joins && !self.has_value();
            self.push(joins, piece)?;
            self.joined |= joins;
        }
        self.check();
        Ok(())
    }

    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data
    /// buffer." Dispatch drops the last LF; here the LF comes before each further line instead.
    ///
    /// The value is the open one and its last piece.
    #[inline]
    pub(crate) fn append_data(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        self.push(self.has_data && !self.has_value(), last_piece)?;
        (self.data_end, self.joined, self.has_data) = (self.end, false, true);
        self.check();
        Ok(())
    }

    /// "Set the event type buffer to the field value", to the open value and its last piece.
    pub(crate) fn set_event_type(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        let value = self.value_range().len().saturating_add(last_piece.len());
        let start = len(self.id_end);
        let grown = self.reserve_slot(self.type_end, self.type_end.saturating_sub(start), value)?;
        self.type_end = self.type_end.saturating_add(grown);
        self.move_value_to(start, last_piece);
        (self.event_type, self.has_event_type) = (value, true);
        self.check();
        Ok(())
    }

    /// "Set the last event ID buffer to the field value", to the open value and its last piece. The caller has made
    /// sure that the value contains no NUL.
    pub(crate) fn set_id(&mut self, last_piece: &[u8]) -> Result<(), OutOfCapacity> {
        let value = self.value_range().len().saturating_add(last_piece.len());
        let (start, id_end) = (len(self.last_id), len(self.id_end));
        let (id, _) = (short(value)?, short(id_end.saturating_add(value.saturating_mul(2)))?);
        let grown = self.reserve_slot(id_end, id_end.saturating_sub(start), value)?;
        self.id_end = short(id_end.saturating_add(grown))?;
        self.type_end = self.type_end.saturating_add(grown);
        self.move_value_to(start, last_piece);
        (self.id, self.has_id) = (id, true);
        self.check();
        Ok(())
    }

    /// "Dispatch the event": "set the last event ID string of the event source to the value of the last event ID buffer",
    /// and start a new block. The arguments are the values that lie in the chunk; those in the buffer stay readable until
    /// the next write.
    pub(crate) fn dispatch(&mut self, event_type: Option<Range<usize>>, data: Option<Range<usize>>) -> BlockSpan {
        let type_start = len(self.id_end);
        let buffered_type = Span::Buffer(type_start, type_start.saturating_add(self.event_type));
        let buffered_data = Span::Buffer(self.type_end, self.data_end);
        let block = BlockSpan {
            event_type: event_type.map(Span::in_chunk).or(self.has_event_type.then_some(buffered_type)),
            data: data.map(Span::in_chunk).or(self.has_data.then_some(buffered_data)),
            has_id: self.has_id,
            id_ignored: false,
            has_retry: false,
        };
        if self.has_id {
            let id = len(self.last_id)..len(self.last_id).saturating_add(len(self.id));
            if self.bytes(id.clone()) != self.last_event_id() {
                self.forget_shared_id();
            }
            self.copy(id, 0);
            self.last_id = self.id;
        }
        self.discard_block();
        self.note_block();
        block
    }

    /// Ends a line that is not part of a block. Its bytes stay readable until the next write.
    pub(crate) fn end_line(&mut self) {
        self.discard_value();
        self.note_block();
    }

    /// Records that a block has ended that may have used the storage.
    fn note_block(&mut self) {
        if len(self.peak).saturating_mul(4) < self.capacity() {
            self.note_idle_block();
        } else {
            (self.peak, self.idle_blocks) = (0, 0);
        }
    }

    /// Gives back memory that only an earlier, much larger block needed. Called between two blocks, so that the buffer
    /// follows what the stream has become, and a stream of large events does not allocate for each of them.
    pub(crate) fn maybe_shrink(&mut self) {
        if self.idle_blocks >= Self::SHRINK_AFTER_IDLE_BLOCKS {
            if self.capacity() > Self::MIN_SHRINK_CAPACITY {
                self.shrink(len(self.peak));
            }
            (self.peak, self.idle_blocks) = (0, 0);
        }
    }

    /// Replaces the last event ID. The current block stays as it is.
    pub(crate) fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), OutOfCapacity> {
        let (old, new) = (len(self.last_id), id.len());
        let (last_id, _) = (short(new)?, short(new.saturating_add(len(self.id_end)))?);
        self.reserve(new.saturating_sub(old))?;
        self.copy(old..self.end, new);
        self.write(0, id);
        let moved = |at: usize| at.saturating_sub(old).saturating_add(new);
        (self.last_id, self.id_end) = (last_id, short(moved(len(self.id_end)))?);
        (self.type_end, self.data_end, self.end) = (moved(self.type_end), moved(self.data_end), moved(self.end));
        self.forget_shared_id();
        self.check();
        Ok(())
    }

    /// Frees memory, except `wanted` bytes and what is in use.
    pub(crate) fn shrink(&mut self, wanted: usize) {
        self.storage.shrink(wanted.max(self.end).min(self.capacity()));
    }

    /// Makes the slot before `end`, of `size` bytes, large enough for a value, and returns by how much it grew. What comes
    /// after the slot moves; then the slot grows by an eighth at least.
    fn reserve_slot(&mut self, end: usize, size: usize, value: usize) -> Result<usize, OutOfCapacity> {
        let exact = value.saturating_sub(size);
        if exact == 0 {
            return Ok(0);
        }
        let more = if self.data_end > end { exact.max(size / 8) } else { exact };
        let more = if self.reserve(more).is_ok() { more } else { self.reserve(exact).map(|()| exact)? };
        if self.end > end {
            self.copy(end..self.end, end.saturating_add(more));
        }
        (self.data_end, self.end) = (self.data_end.saturating_add(more), self.end.saturating_add(more));
        Ok(more)
    }

    /// Moves the open value to `at`, and writes its last piece after it.
    fn move_value_to(&mut self, at: usize, last_piece: &[u8]) {
        let value = self.value_range();
        if !value.is_empty() {
            self.copy(value.clone(), at);
        }
        self.write(at.saturating_add(value.len()), last_piece);
        self.discard_value();
    }

    /// Appends a piece, after an LF if it starts a further `data` line.
    #[inline]
    fn push(&mut self, after_lf: bool, piece: &[u8]) -> Result<(), OutOfCapacity> {
        self.reserve(piece.len().wrapping_add(usize::from(after_lf)))?;
        if after_lf {
            self.write(self.end, b"\n");
            self.end = self.end.wrapping_add(1);
        }
        self.write(self.end, piece);
        self.end = self.end.wrapping_add(piece.len());
        Ok(())
    }

    /// Makes sure that `more` bytes are free, where `more` is the length of a slice or less than twice that.
    #[inline]
    fn reserve(&mut self, more: usize) -> Result<(), OutOfCapacity> {
        let needed = self.end.wrapping_add(more);
        self.peak = self.peak.max(u32::try_from(needed).unwrap_or(u32::MAX));
        if needed <= self.capacity() || self.storage.grow(needed) { Ok(()) } else { Err(OutOfCapacity) }
    }

    #[inline]
    fn write(&mut self, at: usize, piece: &[u8]) {
        let slot = self.storage.bytes_mut().get_mut(at..at.wrapping_add(piece.len()));
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

    fn check(&self) {
        debug_assert!(self.last_id <= self.id_end && len(self.id_end) <= self.type_end);
        debug_assert!(self.type_end <= self.data_end && self.data_end <= self.end && self.end <= self.capacity());
        debug_assert!(self.id <= self.id_end - self.last_id && self.event_type <= self.type_end - len(self.id_end));
        debug_assert!(!self.joined || self.has_data && self.end > self.data_end + 1);
    }
}

/// A length that fits 32 bits, as the bound on IDs guarantees.
fn short(len: usize) -> Result<u32, OutOfCapacity> {
    u32::try_from(len).map_err(|_| OutOfCapacity)
}

/// A 32-bit length as an offset.
fn len(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// Shows counts, never contents. Does not show the storage: the `Debug` of a `&mut [u8]` shows its bytes.
impl<S: Storage> fmt::Debug for EventBuffer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBuffer").field("capacity", &self.capacity()).field("used", &self.end).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::ArrayBuffer;

    fn buffer() -> EventBuffer<ArrayBuffer<8>> {
        EventBuffer::new(ArrayBuffer::new())
    }

    fn bytes(buffer: &EventBuffer<ArrayBuffer<8>>, part: Option<Span>) -> &[u8] {
        match part {
            Some(Span::Buffer(start, end)) => buffer.bytes(start..end),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn append_data_joins_lines_by_lf() {
        let mut buffer = buffer();
        buffer.append_data(b"a").unwrap();
        buffer.push_value(b"b", true).unwrap();
        buffer.append_data(b"c").unwrap();
        buffer.append_data(b"").unwrap();
        let data = buffer.dispatch(None, None).data;
        assert_eq!(bytes(&buffer, data), b"a\nbc\n");
    }

    #[test]
    fn nothing_changes_that_does_not_fit() {
        let mut buffer = buffer();
        buffer.append_data(b"12345678").unwrap();
        assert!(buffer.append_data(b"").is_err() && buffer.push_value(b"x", true).is_err());
        assert!(buffer.set_event_type(b"x").is_err() && buffer.set_id(b"x").is_err());
        assert!(buffer.set_last_event_id(b"x").is_err());
        assert_eq!(buffer.free(), 0);
        let block = buffer.dispatch(None, None);
        assert_eq!(bytes(&buffer, block.data), b"12345678");
        assert!(block.event_type.is_none() && !block.has_id);
    }

    #[test]
    fn set_id_reuses_its_slot() {
        let mut buffer = buffer();
        for id in [b"1234", b"5678"] {
            buffer.set_id(id).unwrap();
        }
        buffer.append_data(b"data").unwrap();
        let data = buffer.dispatch(None, None).data;
        assert_eq!(buffer.last_event_id(), b"5678");
        assert_eq!(bytes(&buffer, data), b"data");
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
            let block = buffer.dispatch(None, None);
            assert_eq!((bytes(&buffer, block.event_type), bytes(&buffer, block.data)), (&b"t"[..], &b"d"[..]));
            assert_eq!(buffer.last_event_id(), b"i");
        }
    }
}
