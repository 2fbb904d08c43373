//! The beginnings of lines, where the fields of events are.

/// How the fields begin that make an event.
pub(super) const FIELDS: [&[u8]; 2] = [b"event:", b"data:"];

/// The first bytes of a line: as many as the longest of [`FIELDS`] has.
#[derive(Clone, Copy, Default)]
pub(super) struct LinePrefix {
    bytes: [u8; 6],
    length: u8,
    is_after_cr: bool,
}

impl LinePrefix {
    /// Takes a byte. Returns whether it ends a blank line.
    pub(super) fn push(&mut self, byte: u8) -> bool {
        let is_after_cr = core::mem::replace(&mut self.is_after_cr, byte == b'\r');
        if matches!(byte, b'\n' | b'\r') {
            // The LF after a CR ends no further line.
            let is_blank = self.length == 0 && !(is_after_cr && byte == b'\n');
            self.length = 0;
            return is_blank;
        }
        if let Some(place) = self.bytes.get_mut(usize::from(self.length)) {
            *place = byte;
            self.length = self.length.saturating_add(1);
        }
        false
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    pub(super) fn is_full(&self) -> bool {
        usize::from(self.length) == self.bytes.len()
    }
}
