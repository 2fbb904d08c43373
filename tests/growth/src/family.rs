//! Families of hostile input: the generator, the driver that reads the input, and the bounds on its cost.

use bytes::Bytes;

/// Inputs of one kind, for every size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// Unique within its layer.
    pub(crate) name: &'static str,
    /// The defect that the family reproduces, or its purpose.
    pub(crate) why: &'static str,
    /// Builds an input of about the given size in bytes. Not measured.
    pub(crate) build: fn(usize) -> Input,
    /// Reads the complete input. Only this function is measured.
    pub(crate) drive: fn(&Input) -> Outcome,
    pub(crate) bounds: Bounds,
}

/// Bounds on the cost of a family. A run fails if a cost exceeds its bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The largest growth exponent of instructions, of allocations and of peak memory.
    pub(crate) exponent: f64,
    /// The most that may be held at any time.
    pub(crate) peak: Room,
    /// The most that may be held after the last byte.
    pub(crate) held: Option<Room>,
    pub(crate) errors: Errors,
    pub(crate) control: Option<Control>,
}

/// An amount of memory, as a linear function of the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// For each byte received.
    pub(crate) per_byte: f64,
    /// For each byte of the limit of the input.
    pub(crate) per_limit: f64,
    pub(crate) bytes: f64,
}

/// The errors that the decoder must return. An input that causes other errors does not test its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errors {
    None,
    AtLeastOne,
    Any,
}

/// Another family of the same layer, to compare instructions per byte at the largest size with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Control {
    pub(crate) name: &'static str,
    /// How many times its instructions per byte are allowed.
    pub(crate) times: f64,
}

impl Family {
    /// A family with the default bounds: an exponent of 1.1, a peak of 3 bytes per byte received and 4 KiB, no error.
    pub(crate) const fn new(
        name: &'static str,
        why: &'static str,
        build: fn(usize) -> Input,
        drive: fn(&Input) -> Outcome,
    ) -> Self {
        let bounds = Bounds {
            exponent: 1.1,
            peak: Room { per_byte: 3.0, per_limit: 0.0, bytes: 4096.0 },
            held: None,
            errors: Errors::None,
            control: None,
        };
        Self { name, why, build, drive, bounds }
    }

    /// Sets the largest exponent.
    pub(crate) const fn exponent(mut self, exponent: f64) -> Self {
        self.bounds.exponent = exponent;
        self
    }

    /// Sets the most that may be held at any time.
    pub(crate) const fn peak(mut self, room: Room) -> Self {
        self.bounds.peak = room;
        self
    }

    /// Sets the most that may be held after the last byte.
    pub(crate) const fn held(mut self, room: Room) -> Self {
        self.bounds.held = Some(room);
        self
    }

    /// Sets the errors that the decoder must return.
    pub(crate) const fn errors(mut self, errors: Errors) -> Self {
        self.bounds.errors = errors;
        self
    }

    /// Allows at most `times` the instructions per byte of the family `name`, which is measured along with this one.
    pub(crate) const fn control(mut self, name: &'static str, times: f64) -> Self {
        self.bounds.control = Some(Control { name, times });
        self
    }
}

impl Room {
    /// A constant.
    pub(crate) const fn bytes(bytes: f64) -> Self {
        Self { per_byte: 0.0, per_limit: 0.0, bytes }
    }

    /// Bytes for each byte received, and a constant.
    pub(crate) const fn per_byte(times: f64, bytes: f64) -> Self {
        Self { per_byte: times, per_limit: 0.0, bytes }
    }

    /// Bytes for each byte of the limit, and a constant.
    pub(crate) const fn per_limit(times: f64, bytes: f64) -> Self {
        Self { per_byte: 0.0, per_limit: times, bytes }
    }

    /// The bytes that an input allows.
    pub(crate) fn of(self, received: u64, limit: Option<u64>) -> f64 {
        self.per_byte * received as f64 + self.per_limit * limit.unwrap_or_default() as f64 + self.bytes
    }
}

/// The result of a driver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Events, frames, lines or updates.
    pub(crate) events: u64,
    pub(crate) errors: u64,
    /// See [`ssewire_heap::held`].
    pub(crate) held: usize,
}

impl Outcome {
    /// Records the bytes held now. A driver calls this after the last byte, before it drops its decoder.
    pub(crate) fn now(events: u64, errors: u64) -> Self {
        Self { events, errors, held: ssewire_heap::held() }
    }
}

/// Bytes in the chunks in which they arrive, and the limits to read them with.
#[derive(Debug)]
pub(crate) struct Input {
    bytes: Bytes,
    /// The end of each chunk.
    ends: Vec<usize>,
    /// The limit on an event or on a message; `None` is the default of the library.
    pub(crate) limit: Option<usize>,
    /// The limit on the last event ID, where the library has one; `None` is its default.
    pub(crate) id_limit: Option<usize>,
}

impl Input {
    /// Cuts `bytes` into chunks of `size` bytes.
    pub(crate) fn chunks(bytes: impl Into<Vec<u8>>, size: usize) -> Self {
        Self::head_and_chunks("", bytes, size)
    }

    /// `head` is one chunk; `tail` is cut into chunks of `size` bytes.
    pub(crate) fn head_and_chunks(head: impl Into<Vec<u8>>, tail: impl Into<Vec<u8>>, size: usize) -> Self {
        let (mut bytes, tail) = (head.into(), tail.into());
        let mut ends = Vec::new();
        if !bytes.is_empty() {
            ends.push(bytes.len());
        }
        for chunk in tail.chunks(size) {
            bytes.extend_from_slice(chunk);
            ends.push(bytes.len());
        }
        let bytes = Bytes::from(bytes);
        // The first clone allocates the reference count. It must not be measured.
        drop(bytes.clone());
        Self { bytes, ends, limit: None, id_limit: None }
    }

    /// Sets the limit on an event or on a message.
    pub(crate) fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Sets the limit on the last event ID.
    pub(crate) fn with_id_limit(mut self, bytes: usize) -> Self {
        self.id_limit = Some(bytes);
        self
    }

    /// Returns the same bytes and limits in chunks of `size` bytes.
    pub(crate) fn cut_into(self, size: usize) -> Self {
        let ends = (1..=self.len().div_ceil(size)).map(|count| (count * size).min(self.len()));
        Self { ends: ends.collect(), ..self }
    }

    /// Number of bytes in all chunks.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Number of chunks.
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The chunks. Allocates nothing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges().map(|(start, end)| self.bytes.get(start..end).unwrap_or_default())
    }

    /// The chunks as `Bytes`. Allocates nothing.
    pub(crate) fn shared(&self) -> impl Iterator<Item = Bytes> {
        self.ranges().map(|(start, end)| self.bytes.slice(start..end))
    }

    fn ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        core::iter::once(0).chain(self.ends.iter().copied()).zip(self.ends.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_the_bytes() {
        let input = Input::head_and_chunks("head", "abcde", 2);
        assert_eq!(input.iter().collect::<Vec<_>>(), [&b"head"[..], b"ab", b"cd", b"e"]);
        assert_eq!(input.shared().collect::<Vec<_>>(), [&b"head"[..], b"ab", b"cd", b"e"]);
        assert_eq!((input.len(), input.count()), (9, 4));
        assert_eq!(input.cut_into(4).iter().collect::<Vec<_>>(), [&b"head"[..], b"abcd", b"e"]);
        assert_eq!(Input::chunks("abc", 16).iter().collect::<Vec<_>>(), [b"abc"]);
    }

    #[test]
    fn room_is_linear() {
        let room = Room { per_byte: 2.0, per_limit: 3.0, bytes: 5.0 };
        assert!((room.of(10, Some(100)) - 325.0).abs() < 1e-9);
        assert!((room.of(10, None) - 25.0).abs() < 1e-9);
    }
}
