//! The event being assembled: the parts of it that were copied into the storage, and where they lie.

use core::ops::Range;

use crate::error::DecodeError;
use crate::event::Span;
#[cfg(feature = "alloc")]
use crate::shared_id::SharedId;
use crate::storage::Storage;

/// A storage, and the parts of the current block in it.
///
/// ```text
///  0       data            front                back                               len
///  | data  | value of the  |        free        | event | id slot      | last      |
///  |       | open line     |                    | type  | (this block) | event ID  |
/// ```
///
/// Data and the open line grow piece by piece and lie at the front, where appending is cheap. Type and IDs are replaced
/// as a whole and lie at the back: a stream that alternates `event` and `data` lines moves no data.
///
/// This type alone keeps the invariants (`check` asserts them in debug builds):
///
/// * `data <= front` and `front + back <= len`;
/// * data that is not empty ends in LF: each of its lines does;
/// * the `id` of the block is not longer than `id_slot`.
///
/// IDs have 32-bit lengths ([`LARGEST_ID`]), to keep an idle decoder small. No sum of lengths overflows:
/// all parts lie in one storage, and what is added lies in another slice.
#[derive(Clone)]
pub(crate) struct EventBuffer<S> {
    storage: S,
    /// The largest logical size of an event, or of a line of a `LineDecoder`.
    pub(crate) limit: usize,
    /// Bytes of the data so far, with an LF after each line.
    data: usize,
    /// Bytes in use at the front.
    front: usize,
    event_type: usize,
    id: u32,
    /// Grows within a block but never shrinks, so the event type before it moves a logarithmic number of times and not
    /// once for each `id` line.
    id_slot: u32,
    last_event_id: u32,
    /// Number of blocks since the last one that needed a quarter of the storage, that one included.
    idle_blocks: u8,
    has_event_type: bool,
    /// Part of the open value was dropped.
    truncated: bool,
    /// The last event ID as owned events share it; empty until one asks for it.
    #[cfg(feature = "alloc")]
    shared_id: SharedId,
}

impl<S: Storage> EventBuffer<S> {
    pub(crate) const fn new(storage: S, limit: usize) -> Self {
        Self {
            storage,
            limit,
            data: 0,
            front: 0,
            event_type: 0,
            id: 0,
            id_slot: 0,
            last_event_id: 0,
            idle_blocks: 0,
            has_event_type: false,
            truncated: false,
            #[cfg(feature = "alloc")]
            shared_id: SharedId::new(),
        }
    }

    /// Returns whether a `data` line of this block was appended.
    pub(crate) fn has_data(&self) -> bool {
        self.data > 0
    }

    /// Returns whether part of the open line's value was appended or dropped.
    pub(crate) fn has_value(&self) -> bool {
        self.front > self.data || self.truncated
    }

    /// Returns where the value of the open line lies.
    pub(crate) fn value_range(&self) -> Range<usize> {
        self.data..self.front
    }

    /// Returns how many bytes the open value may still grow, with the LF that joins it to the data before. The event
    /// has its type, its data without the last LF, and the open value; the arguments replace those in the buffer.
    pub(crate) fn room(&self, event_type: Option<&[u8]>, data: Option<&[u8]>) -> usize {
        let event_type = event_type.map_or(self.event_type, <[u8]>::len);
        let data = data.map_or(self.data.saturating_sub(1), <[u8]>::len);
        self.limit.saturating_sub(event_type + data + self.value_range().len())
    }

    fn back(&self) -> usize {
        self.event_type + self.id_slot as usize + self.last_event_id as usize
    }

    /// Discards the value of the open line.
    pub(crate) fn discard_value(&mut self) {
        self.front = self.data;
        self.truncated = false;
    }

    /// Discards data, event type and the open value. The `id` of the block stays.
    pub(crate) fn discard_event(&mut self) {
        self.data = 0;
        self.event_type = 0;
        self.has_event_type = false;
        self.discard_value();
    }

    /// Discards everything of the block. The last event ID stays.
    pub(crate) fn discard_block(&mut self) {
        self.discard_event();
        self.id = 0;
        self.id_slot = 0;
    }

    /// Records the end of a block. It counts as idle; [`reserve`](Self::reserve) starts the count again, so a block
    /// that needed the storage counts as the first.
    pub(crate) fn note_block(&mut self) {
        self.idle_blocks = self.idle_blocks.saturating_add(1);
    }

    /// Returns the bytes at `range`; empty if the storage does not reach that far.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.storage.as_ref().get(range).unwrap_or_default()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.storage.as_ref().len()
    }

    /// Returns the last event ID.
    pub(crate) fn last_event_id(&self) -> &[u8] {
        self.bytes(self.capacity() - self.last_event_id as usize..self.capacity())
    }

    /// Returns the last event ID, shared. Allocates once for consecutive equal IDs.
    #[cfg(feature = "alloc")]
    pub(crate) fn shared_last_event_id(&mut self) -> SharedId {
        if self.shared_id.bytes().is_empty() {
            self.shared_id = SharedId::copy_of(self.last_event_id());
        }
        self.shared_id.clone()
    }

    /// Returns the bytes of a span.
    pub(crate) fn resolve<'d>(&'d self, chunk: &'d [u8], span: Span) -> &'d [u8] {
        match span {
            Span::Chunk(start, end) => chunk.get(start..end).unwrap_or_default(),
            Span::Buffer(start, end) => self.bytes(start..end),
        }
    }

    /// Appends a piece to the value of the open line.
    pub(crate) fn push_value(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        self.reserve(piece.len()).map(|()| self.append(piece))
    }

    /// Appends a piece to a value that may be truncated: its start is kept, as far as `limit` and the storage allow.
    /// Returns whether part of it was dropped.
    pub(crate) fn push_truncated(&mut self, piece: &[u8], limit: usize) -> bool {
        if !self.truncated {
            let allowed = limit.saturating_sub(self.value_range().len()).min(piece.len());
            let _ = self.reserve(allowed);
            let free = self.back_start().saturating_sub(self.front);
            let kept = piece.get(..allowed.min(free)).unwrap_or_default();
            self.append(kept);
            self.truncated = kept.len() < piece.len();
        }
        self.truncated
    }

    /// Applies "append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the
    /// data buffer" to the open value and its last piece.
    #[inline]
    pub(crate) fn push_data(&mut self, last_piece: &[u8]) -> Result<(), DecodeError> {
        self.reserve(last_piece.len() + 1)?;
        self.append(last_piece);
        self.append(b"\n");
        self.data = self.front;
        self.check();
        Ok(())
    }

    /// Applies "set the event type buffer to the field value" to the open value and its last piece.
    pub(crate) fn set_event_type(&mut self, last_piece: &[u8]) -> Result<(), DecodeError> {
        // The open value moves from the front and takes the place of the old type: only its last piece needs room.
        self.reserve(last_piece.len().saturating_sub(self.event_type))?;
        self.event_type = self.value_range().len() + last_piece.len();
        self.has_event_type = true;
        self.move_value_to(self.back_start(), last_piece);
        Ok(())
    }

    /// Applies "set the last event ID buffer to the field value" to the open value and its last piece. The caller has
    /// made sure that the value contains no NUL.
    pub(crate) fn set_id(&mut self, last_piece: &[u8]) -> Result<(), DecodeError> {
        let id = narrow(self.value_range().len() + last_piece.len());
        if id > self.id_slot {
            let exact = id - self.id_slot;
            let doubled = self.id_slot.max(exact);
            let more = if self.reserve(doubled as usize).is_ok() { doubled } else { exact };
            self.reserve(more as usize)?;
            let event_type = self.event_type_range();
            self.id_slot += more;
            self.copy(event_type, self.back_start());
        }
        self.id = id;
        self.move_value_to(self.event_type_range().end, last_piece);
        Ok(())
    }

    /// Dispatches the event: "set the last event ID string of the event source to the value of the last event ID
    /// buffer", if the block has set that. Starts a new block. Returns type and data, which stay readable until the
    /// next write. "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last
    /// character from the data buffer."
    pub(crate) fn dispatch(&mut self, has_id: bool) -> (Option<Span>, Option<Span>) {
        let event_type = self.event_type_range();
        if has_id {
            // The event type lies before the ID, and stays readable there.
            let id = self.id as usize;
            self.copy(event_type.end..event_type.end + id, self.capacity() - id);
            self.last_event_id = self.id;
            self.forget_other_shared_id();
        }
        let event_type = self.has_event_type.then_some(Span::Buffer(event_type.start, event_type.end));
        let data = self.data.checked_sub(1).map(|end| Span::Buffer(0, end));
        self.discard_block();
        self.note_block();
        self.check();
        (event_type, data)
    }

    /// Replaces the last event ID. The current block stays as it is.
    pub(crate) fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), DecodeError> {
        self.reserve(id.len().saturating_sub(self.last_event_id as usize))?;
        let block_parts = self.back_start()..self.capacity() - self.last_event_id as usize;
        self.last_event_id = narrow(id.len());
        self.copy(block_parts, self.back_start());
        self.write(self.capacity() - id.len(), id);
        self.forget_other_shared_id();
        self.check();
        Ok(())
    }

    /// The storage shrinks after this many idle blocks in a row.
    const SHRINK_AFTER_IDLE_BLOCKS: u8 = 32;

    /// A storage of at most this many bytes never shrinks by itself. In chunks of 16 KiB, one small event in a hundred
    /// crosses a boundary; freeing and allocating its few bytes for each chunk would cost more than keeping them.
    const MIN_SHRINK_CAPACITY: usize = 1024;

    /// Gives back memory that only earlier, much larger blocks needed. Called where nothing borrows from it, so that
    /// the buffer follows the size of recent events, and a stream of large events does not allocate for each of them.
    #[inline(always)]
    pub(crate) fn maybe_shrink(&mut self) {
        if self.idle_blocks > Self::SHRINK_AFTER_IDLE_BLOCKS {
            self.idle_blocks = 0;
            // A long last event ID needs its room for good, and would move each time.
            if self.capacity() > Self::MIN_SHRINK_CAPACITY && self.front + self.back() <= self.capacity() / 2 {
                self.shrink();
            }
        }
    }

    /// Gives back all memory that is not in use, and the shared ID: no event may hold it any more.
    pub(crate) fn shrink_to_fit(&mut self) {
        #[cfg(feature = "alloc")]
        self.shared_id.clear();
        self.shrink();
    }

    #[cold]
    fn shrink(&mut self) {
        // A fixed storage would gain nothing, and move a long last event ID again and again.
        if let Some(shrink) = S::SHRINK {
            let used = self.front + self.back();
            self.copy(self.back_start()..self.capacity(), self.front);
            shrink(&mut self.storage, used);
            self.check();
        }
    }

    /// Returns where the parts at the back start.
    fn back_start(&self) -> usize {
        self.capacity().saturating_sub(self.back())
    }

    fn event_type_range(&self) -> Range<usize> {
        self.back_start()..self.back_start() + self.event_type
    }

    /// Moves the open value from the front to `at`, and writes its last piece after it.
    fn move_value_to(&mut self, at: usize, last_piece: &[u8]) {
        let value = self.value_range();
        self.copy(value.clone(), at);
        self.write(at + value.len(), last_piece);
        self.discard_value();
        self.check();
    }

    /// Makes sure that `more` bytes are free between front and back.
    fn reserve(&mut self, more: usize) -> Result<(), DecodeError> {
        let needed = self.front + self.back() + more;
        if needed >= self.capacity() / 4 {
            self.idle_blocks = 0;
        }
        if needed <= self.capacity() { Ok(()) } else { self.grow(needed) }
    }

    #[cold]
    fn grow(&mut self, needed: usize) -> Result<(), DecodeError> {
        let old = self.back_start()..self.capacity();
        if !self.storage.grow(needed) {
            return Err(DecodeError::CapacityExceeded { capacity: old.end });
        }
        self.copy(old, self.back_start());
        Ok(())
    }

    /// Writes a piece at the front. There is room for it.
    fn append(&mut self, piece: &[u8]) {
        self.write(self.front, piece);
        self.front += piece.len();
    }

    fn write(&mut self, at: usize, piece: &[u8]) {
        let slot = self.storage.as_mut().get_mut(at..at + piece.len());
        debug_assert!(slot.is_some(), "reserved before");
        if let Some(slot) = slot {
            slot.copy_from_slice(piece);
        }
    }

    fn copy(&mut self, from: Range<usize>, to: usize) {
        let bytes = self.storage.as_mut();
        let end = from.end.max(to + from.len());
        debug_assert!(end <= bytes.len());
        // `copy_within` panics on a range that does not fit. None is, by the invariants.
        if end <= bytes.len() {
            bytes.copy_within(from, to);
        }
    }

    /// Forgets the shared ID if the last event ID has changed. Compares them only if an owned event has asked for one.
    fn forget_other_shared_id(&mut self) {
        #[cfg(feature = "alloc")]
        if self.shared_id.bytes() != self.last_event_id() {
            self.shared_id = SharedId::new();
        }
    }

    fn check(&self) {
        debug_assert!(self.front + self.back() <= self.capacity());
        debug_assert!(self.id <= self.id_slot);
        debug_assert!(self.data <= self.front);
        debug_assert!(self.data == 0 || self.bytes(0..self.data).ends_with(b"\n"));
    }
}

/// No ID is longer: 1 GiB.
pub(crate) const LARGEST_ID: usize = 1 << 30;

/// Converts a length of at most [`LARGEST_ID`].
fn narrow(len: usize) -> u32 {
    debug_assert!(u32::try_from(len).is_ok());
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer() -> EventBuffer<[u8; 8]> {
        EventBuffer::new([0; 8], 8)
    }

    fn bytes(buffer: &EventBuffer<[u8; 8]>, part: Option<Span>) -> &[u8] {
        match part {
            Some(Span::Buffer(start, end)) => buffer.bytes(start..end),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn push_data_joins_lines_by_lf() {
        let mut buffer = buffer();
        buffer.push_data(b"a").unwrap();
        buffer.push_value(b"b").unwrap();
        buffer.push_data(b"c").unwrap();
        buffer.push_data(b"").unwrap();
        let (_, data) = buffer.dispatch(false);
        assert_eq!(bytes(&buffer, data), b"a\nbc\n");
    }

    #[test]
    fn nothing_changes_that_does_not_fit() {
        let mut buffer = buffer();
        buffer.push_data(b"1234567").unwrap();
        assert!(buffer.push_data(b"").is_err() && buffer.push_value(b"x").is_err());
        assert!(buffer.set_event_type(b"x").is_err() && buffer.set_id(b"x").is_err());
        assert!(buffer.set_last_event_id(b"x").is_err());
        assert!(buffer.push_truncated(b"x", 9));
        let (event_type, data) = buffer.dispatch(false);
        assert_eq!(bytes(&buffer, data), b"1234567");
        assert!(event_type.is_none());
    }

    #[test]
    fn set_event_type_moves_the_open_value() {
        let mut buffer = buffer();
        buffer.set_event_type(b"t").unwrap();
        buffer.push_data(b"d").unwrap();
        buffer.push_value(b"abcd").unwrap();
        buffer.set_event_type(b"ef").unwrap();
        assert!(buffer.set_event_type(b"12345678").is_err());
        let (event_type, data) = buffer.dispatch(false);
        assert_eq!((bytes(&buffer, event_type), bytes(&buffer, data)), (&b"abcdef"[..], &b"d"[..]));
    }

    #[test]
    fn shrinking_moves_nothing_in_a_fixed_storage() {
        let mut buffer = EventBuffer::new([0; 2048], 2048);
        buffer.set_last_event_id(b"id").unwrap();
        for _ in 0..100 {
            buffer.note_block();
            buffer.maybe_shrink();
        }
        buffer.shrink_to_fit();
        assert_eq!((buffer.bytes(0..2), buffer.last_event_id()), (&[0; 2][..], &b"id"[..]));
    }

    #[test]
    fn set_id_reuses_its_slot() {
        let mut buffer = buffer();
        for id in [b"123", b"567"] {
            buffer.set_id(id).unwrap();
        }
        buffer.push_data(b"data").unwrap();
        let (_, data) = buffer.dispatch(true);
        assert_eq!(buffer.last_event_id(), b"567");
        assert_eq!(bytes(&buffer, data), b"data");
    }

    #[test]
    fn set_last_event_id_keeps_the_block() {
        for id in [&b""[..], b"1", b"123"] {
            let mut buffer = buffer();
            buffer.set_last_event_id(b"22").unwrap();
            buffer.set_event_type(b"t").unwrap();
            buffer.set_id(b"i").unwrap();
            buffer.push_data(b"d").unwrap();
            buffer.set_last_event_id(id).unwrap();
            assert_eq!(buffer.last_event_id(), id);
            let (event_type, data) = buffer.dispatch(true);
            assert_eq!((bytes(&buffer, event_type), bytes(&buffer, data)), (&b"t"[..], &b"d"[..]));
            assert_eq!(buffer.last_event_id(), b"i");
        }
    }
}
