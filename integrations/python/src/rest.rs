//! The bytes after a message, in the chunk of its end: the next message begins with them.
//!
//! Without PyO3, so that `ci/python` runs its tests with nothing but the compiler.

/// The bytes of earlier chunks that are not decoded yet.
#[derive(Default)]
pub(crate) struct Rest {
    /// The rest begins at `at`.
    bytes: Vec<u8>,
    at: usize,
}

impl Rest {
    /// Returns whether nothing is left.
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Decodes the rest of earlier chunks and this one. Keeps what `decode` leaves of its input.
    pub(crate) fn decode<R>(&mut self, chunk: &[u8], decode: impl FnOnce(&mut &[u8]) -> R) -> R {
        let has_rest = !self.is_empty();
        if has_rest {
            self.bytes.extend_from_slice(chunk);
        }
        let bytes: &[u8] = if has_rest { &self.bytes } else { chunk };
        let mut input = bytes.get(self.at..).unwrap_or_default();
        let result = decode(&mut input);
        self.at = bytes.len().saturating_sub(input.len());
        // A copy after each message would take quadratic time. This one has at most as many bytes as were decoded since
        // the copy before.
        if !has_rest || self.at >= input.len() {
            (self.bytes, self.at) = (input.to_vec(), 0);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `len` bytes, or all if there are fewer.
    fn take<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
        let (taken, left) = input.split_at(len.min(input.len()));
        *input = left;
        taken
    }

    #[test]
    fn the_rest_precedes_the_next_chunk() {
        let mut rest = Rest::default();
        let mut next = |chunk: &[u8], len| rest.decode(chunk, |input| take(input, len).to_vec());
        assert_eq!(next(b"abcdef", 4), b"abcd");
        assert_eq!(next(b"gh", 3), b"efg");
        assert_eq!(next(b"", 3), b"h");
        assert_eq!(next(b"", 3), b"");
        assert!(rest.is_empty());
    }

    /// A rest that begins at another address than where it was left was copied: by `decode`, or by the vector, if its
    /// allocator moves it when it grows. With one that always does, the most is 2.3 times the bytes of the chunks here.
    /// A copy of the whole rest after each chunk or message takes more than ten times.
    #[test]
    fn the_copied_bytes_are_at_most_three_times_the_bytes_of_the_chunks() {
        const CHUNKS: usize = 100;
        for (chunk_len, message_len) in [(1000, 1), (1000, 7), (1000, 999), (10, 3), (3, 10), (1, 1), (2, 1)] {
            let chunk = vec![b'x'; chunk_len];
            let (mut rest, mut copied, mut left) = (Rest::default(), 0, (core::ptr::null(), 0));
            let mut next = |chunk: &[u8]| {
                rest.decode(chunk, |input| {
                    copied += if input.as_ptr() == left.0 { 0 } else { left.1 };
                    take(input, message_len);
                    left = (input.as_ptr(), input.len());
                    left.1
                })
            };
            for _ in 0..CHUNKS {
                next(&chunk);
            }
            while next(b"") > 0 {}
            let fed = CHUNKS * chunk_len;
            assert!(copied <= 3 * fed, "{copied} of {fed} in chunks of {chunk_len}, messages of {message_len}");
        }
    }
}
