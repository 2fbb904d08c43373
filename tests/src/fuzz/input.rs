//! Bytes of a fuzzer taken apart into numbers, texts and chunks. What is missing at the end reads as zeros.

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

    /// So many bytes, or what there is.
    pub(super) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        bytes
    }

    /// A length, and as many bytes.
    pub(super) fn blob(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.bytes(length.into())
    }

    /// The same, no longer than `mask` can say.
    pub(super) fn blob_of(&mut self, mask: u8) -> &'a [u8] {
        let length = self.byte() & mask;
        self.bytes(length.into())
    }

    /// As many lengths of chunks as a byte says, at most 15.
    pub(super) fn lengths(&mut self) -> Vec<usize> {
        let count = self.byte() & 0x0F;
        self.bytes(count.into()).iter().map(|&length| length.into()).collect()
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// Chunks of these lengths, over and over: one in each round is not empty.
pub(super) fn cut<'c>(lengths: &[usize], bytes: &'c [u8]) -> Chunks<'c> {
    let round: usize = lengths.iter().sum();
    if round == 0 {
        return chunks::of_lengths(lengths, bytes);
    }
    bytes.chunks(round).flat_map(|bytes| chunks::of_lengths(lengths, bytes)).collect()
}
