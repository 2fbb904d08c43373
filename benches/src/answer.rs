//! What a contestant found, so that a wrong answer cannot look fast.

use std::hint::black_box;

/// What was found in a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answer {
    /// Events, or whatever the contest is about.
    pub count: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Of all of their bytes, if they were hashed; else 0.
    pub hash: u64,
}

impl Answer {
    /// The same without the hash: as a timed run knows it.
    #[must_use]
    pub fn sums(self) -> Self {
        Self { hash: 0, ..self }
    }
}

/// Takes what a contestant finds. Contestants are generic over it: [`Hashes`] to check them, [`Sums`] to time them.
pub trait Sink: Default {
    /// An event.
    fn event(&mut self, event_type: &[u8], data: &[u8], id: &[u8]);

    /// A value, as canonical JSON, which is made only to be checked.
    fn value(&mut self, json: impl FnOnce() -> String);

    /// All of it.
    fn answer(self) -> Answer;

    /// The answer that is expected, as this sink would give it. For reference lines that find nothing.
    fn given(expected: Answer) -> Answer;
}

/// Looks at every byte.
#[derive(Debug)]
pub struct Hashes(Answer);

impl Default for Hashes {
    fn default() -> Self {
        Self(Answer { hash: 0xCBF2_9CE4_8422_2325, ..Answer::default() })
    }
}

impl Hashes {
    /// FNV-1a, with a mark behind each field.
    fn field(&mut self, field: &[u8]) {
        for unit in field.iter().map(|&byte| u64::from(byte)).chain([256]) {
            self.0.hash = (self.0.hash ^ unit).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

impl Sink for Hashes {
    fn event(&mut self, event_type: &[u8], data: &[u8], id: &[u8]) {
        self.0.count += 1;
        self.0.bytes += (event_type.len() + data.len() + id.len()) as u64;
        for field in [event_type, data, id] {
            self.field(field);
        }
    }

    fn value(&mut self, json: impl FnOnce() -> String) {
        self.0.count += 1;
        self.field(json().as_bytes());
    }

    fn answer(self) -> Answer {
        self.0
    }

    fn given(expected: Answer) -> Answer {
        expected
    }
}

/// Costs next to nothing, the same for everyone: what has been found must be at hand, but is not read.
#[derive(Debug, Default)]
pub struct Sums(Answer);

impl Sink for Sums {
    #[inline]
    fn event(&mut self, event_type: &[u8], data: &[u8], id: &[u8]) {
        self.0.count += 1;
        self.0.bytes += (event_type.len() + data.len() + id.len()) as u64;
        black_box(data);
    }

    #[inline]
    fn value(&mut self, _: impl FnOnce() -> String) {
        self.0.count += 1;
    }

    fn answer(self) -> Answer {
        self.0
    }

    fn given(expected: Answer) -> Answer {
        expected.sums()
    }
}
