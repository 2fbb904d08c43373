//! Answers of contestants. They are checked, so that a wrong answer is not timed.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

/// The answer for a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// Number of events, or of the other units of the race.
    pub count: u64,
    /// Number of bytes in them.
    pub bytes: u64,
    /// Hash of all of their bytes; 0 if they were not hashed.
    pub hash: u64,
}

impl Answer {
    /// Returns the answer without the hash, as a timed run computes it.
    #[must_use]
    pub fn sums(self) -> Self {
        Self { hash: 0, ..self }
    }
}

/// Receives the results of a contestant. Contestants are generic over it: [`Hashes`] for checks, [`Sums`] for timing.
pub trait Sink: Default {
    /// Adds an event.
    fn event(&mut self, event_type: &[u8], data: &[u8], id: &[u8]);

    /// Adds a text or tool input. Line ends of a tool input count as spaces: ssewire makes them spaces in complete
    /// input.
    fn text(&mut self, text: &str) {
        self.event(b"", text.as_bytes(), b"");
    }

    /// Adds a value as canonical JSON, which is only built for checks.
    fn value(&mut self, json: impl FnOnce() -> String);

    /// Returns the answer.
    fn answer(self) -> Answer;

    /// Returns the expected answer in the form of this sink, for reference programs that decode nothing.
    fn given(expected: Answer) -> Answer;
}

/// Hashes every byte.
#[derive(Debug)]
pub struct Hashes(Answer);

impl Default for Hashes {
    fn default() -> Self {
        Self(Answer { hash: 0xCBF2_9CE4_8422_2325, ..Answer::default() })
    }
}

impl Hashes {
    /// FNV-1a, with a separator after each field.
    fn field(&mut self, field: &[u8]) {
        for unit in field.iter().map(|&byte| u64::from(byte)).chain([256]) {
            self.0.hash = (self.0.hash ^ unit).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

impl Sink for Hashes {
    fn text(&mut self, text: &str) {
        // No text of a corpus has a brace there.
        let text = if text.trim_start().starts_with('{') { text.replace('\n', " ") } else { text.to_string() };
        self.event(b"", text.as_bytes(), b"");
    }

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

/// Adds up lengths. Costs almost nothing, and the same for every contestant: the result must exist, but is not read.
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
