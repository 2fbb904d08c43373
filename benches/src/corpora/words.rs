//! Pseudo-random text that resembles the output of a model.

/// Only ASCII: some contestants decode each chunk separately and would damage other characters.
const WORDS: [&str; 24] = [
    "the", "of", "stream", "a", "to", "which", "decoder", "in", "it", "boundary", "is", "event", "and", "bytes",
    "memory", "that", "between", "for", "chunks", "as", "with", "protocol", "on", "line",
];

/// A repeatable sequence of pieces.
pub(super) struct Words {
    state: u64,
    pieces: u64,
}

impl Words {
    pub(super) fn new() -> Self {
        Self { state: 0x9E37_79B9_7F4A_7C15, pieces: 0 }
    }

    /// One or two words and the space before each: 11 bytes on average. Every sixteenth piece contains a character that
    /// JSON escapes: a line end or a quotation mark.
    pub(super) fn piece(&mut self) -> String {
        self.pieces += 1;
        let mut piece = format!(" {}", self.word());
        if self.random() % 8 < 7 {
            piece += &format!(" {}", self.word());
        }
        match self.pieces % 32 {
            0 => piece += ".\n\n",
            16 => piece += " \"",
            _ => {}
        }
        piece
    }

    /// Words of exactly the given number of bytes, without characters that JSON escapes.
    pub(super) fn text(&mut self, bytes: usize) -> String {
        let mut text = String::new();
        while text.len() < bytes {
            text += self.word();
            text.push(' ');
        }
        text.truncate(bytes);
        text
    }

    pub(super) fn word(&mut self) -> &'static str {
        WORDS[self.random() as usize % WORDS.len()]
    }

    /// Xorshift.
    pub(super) fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state >> 33
    }
}
