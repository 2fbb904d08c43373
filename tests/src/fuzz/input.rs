//! Reads numbers, texts and chunk lengths from the bytes of a fuzzer. Missing bytes at the end read as zeros.

use crate::chunks::{self, Chunks};

pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let [first, rest @ ..] = self.rest else { return 0 };
        self.rest = rest;
        *first
    }

    /// Returns `len` bytes, or fewer at the end of the input.
    pub(super) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        bytes
    }

    /// Reads a length, and returns that number of bytes.
    pub(super) fn blob(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.bytes(length.into())
    }

    /// Reads a length of at most `mask`, and returns that number of bytes.
    pub(super) fn blob_of(&mut self, mask: u8) -> &'a [u8] {
        let length = self.byte() & mask;
        self.bytes(length.into())
    }

    /// Reads a count of at most 15, and that number of chunk lengths.
    pub(super) fn lengths(&mut self) -> Vec<usize> {
        let count = self.byte() & 0x0F;
        self.bytes(count.into()).iter().map(|&length| length.into()).collect()
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// Splits the bytes into chunks of these lengths, repeated up to the end.
pub(super) fn cut<'c>(lengths: &[usize], bytes: &'c [u8]) -> Chunks<'c> {
    let round: usize = lengths.iter().sum();
    if round == 0 {
        return chunks::of_lengths(lengths, bytes);
    }
    bytes.chunks(round).flat_map(|bytes| chunks::of_lengths(lengths, bytes)).collect()
}
