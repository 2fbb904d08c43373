//! The items of a stream or a reader: events, blocks, frames, lines. Each format is a decoder of the core, and the type
//! of its items.
//!
//! All functions are `#[inline]`, so that this crate does not compile the decoder for formats that a program may not
//! use: that was most of its compile time.

use alloc::vec::Vec;

#[cfg(feature = "bytes")]
use bytes::Bytes;
#[cfg(feature = "bytes")]
use ssewire::SharedEvent;
use ssewire::{
    BlockSpan, DecodeError, Decoder, EventSpan, FrameSpan, LineDecoder, LineSpan, OwnedBlock, OwnedEvent, OwnedFrame,
    Truncated,
};

pub(crate) use self::sealed::{Decode, Resolve};
use crate::TextEvent;

/// The items of a [`DecodeStream`](crate::DecodeStream) or a [`DecodeReader`](crate::DecodeReader): [`Events`],
/// [`TextEvents`], [`Blocks`], [`Frames`], [`Lines`] or `SharedEvents`. Sealed.
pub trait Format: Resolve {}

impl<F: Resolve> Format for F {}

mod sealed {
    use super::{DecodeError, Truncated};

    pub trait Decode {
        /// The decoder of the core.
        type Decoder;
        /// The position of an item.
        type Span;
        /// Buffer for bytes of a chunk.
        type Buffer: Default + AsRef<[u8]>;

        /// Creates a decoder with default limits, which returns all items of the format.
        fn decoder() -> Self::Decoder;

        /// Finds the next item.
        fn poll(decoder: &mut Self::Decoder, input: &mut &[u8]) -> Result<Option<Self::Span>, DecodeError>;

        /// Ends the input.
        fn finish(decoder: &mut Self::Decoder) -> Result<(), Truncated>;

        /// Returns the input that completes the pending item.
        fn completion(decoder: &Self::Decoder) -> &'static [u8];
    }

    /// The items. A trait of its own, because that of JSON has a bound that structs must not have.
    pub trait Resolve: Decode {
        /// The owned item.
        type Item;

        /// Whether the item shares the chunk that it lies within, if that is kept.
        const SHARES_CHUNK: bool = false;

        /// Copies the item. `chunk` is the input as it was before `poll`.
        fn resolve_owned(decoder: &mut Self::Decoder, chunk: &[u8], span: Self::Span) -> Self::Item;

        /// Copies the item that [`Decode::completion`] completed. More of it may have been sent.
        #[inline]
        fn resolve_unfinished(decoder: &mut Self::Decoder, chunk: &[u8], span: Self::Span) -> Self::Item {
            Self::resolve_owned(decoder, chunk, span)
        }

        /// Returns an item that may share the chunk. Its search began at the offset `from`.
        #[inline]
        fn resolve_kept(
            decoder: &mut Self::Decoder,
            chunk: &Self::Buffer,
            from: usize,
            span: Self::Span,
        ) -> Self::Item {
            Self::resolve_owned(decoder, chunk.as_ref().get(from..).unwrap_or_default(), span)
        }
    }
}

/// Yields [`OwnedEvent`]s.
#[derive(Debug)]
pub enum Events {}

/// Yields [`SharedEvent`]s. A stream of [`Bytes`] shares its chunks with them; a reader copies each event.
#[cfg(feature = "bytes")]
#[derive(Debug)]
pub enum SharedEvents {}

/// Yields [`TextEvent`]s.
#[derive(Debug)]
pub enum TextEvents {}

/// Yields [`OwnedBlock`]s: also blocks without data, which only set the last event ID or the reconnection time.
#[derive(Debug)]
pub enum Blocks {}

/// Yields [`OwnedFrame`]s: blocks, comments and unknown fields, except those that a given decoder does not return.
#[derive(Debug)]
pub enum Frames {}

/// Yields lines without their line ends.
#[derive(Debug)]
pub enum Lines {}

/// A format of the core's `Decoder`.
macro_rules! decode_with_decoder {
    ($format:ty, $buffer:ty, $decoder:expr, $span:ty, $poll:expr) => {
        impl Decode for $format {
            type Decoder = Decoder;
            type Span = $span;
            type Buffer = $buffer;

            #[inline]
            fn decoder() -> Decoder {
                $decoder
            }

            #[inline]
            fn poll(decoder: &mut Decoder, input: &mut &[u8]) -> Result<Option<$span>, DecodeError> {
                $poll(decoder, input)
            }

            #[inline]
            fn finish(decoder: &mut Decoder) -> Result<(), Truncated> {
                decoder.finish()
            }

            #[inline]
            fn completion(_: &Decoder) -> &'static [u8] {
                Decoder::BLOCK_END
            }
        }
    };
}

decode_with_decoder!(Events, Vec<u8>, Decoder::new(), EventSpan, Decoder::poll_event);
#[cfg(feature = "bytes")]
decode_with_decoder!(SharedEvents, Bytes, Decoder::new(), EventSpan, Decoder::poll_event);
decode_with_decoder!(TextEvents, Vec<u8>, Decoder::new(), EventSpan, Decoder::poll_event);
decode_with_decoder!(Blocks, Vec<u8>, Decoder::new(), BlockSpan, Decoder::poll_block);
decode_with_decoder!(
    Frames,
    Vec<u8>,
    Decoder::new().with_comments().with_unknown_fields(),
    FrameSpan,
    Decoder::poll_frame
);

impl Resolve for Events {
    type Item = OwnedEvent;

    #[inline]
    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: EventSpan) -> OwnedEvent {
        decoder.resolve_owned(chunk, span)
    }
}

#[cfg(feature = "bytes")]
impl Resolve for SharedEvents {
    type Item = SharedEvent;

    const SHARES_CHUNK: bool = true;

    #[inline]
    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: EventSpan) -> SharedEvent {
        decoder.resolve_owned(chunk, span).into()
    }

    #[inline]
    fn resolve_kept(decoder: &mut Decoder, chunk: &Bytes, from: usize, span: EventSpan) -> SharedEvent {
        decoder.resolve_shared(&chunk.slice(from.min(chunk.len())..), span)
    }
}

impl Resolve for TextEvents {
    type Item = TextEvent;

    #[inline]
    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: EventSpan) -> TextEvent {
        decoder.resolve_event(chunk, span).into()
    }
}

impl Resolve for Blocks {
    type Item = OwnedBlock;

    #[inline]
    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: BlockSpan) -> OwnedBlock {
        decoder.resolve_block(chunk, span).into_owned()
    }
}

impl Resolve for Frames {
    type Item = OwnedFrame;

    #[inline]
    fn resolve_owned(decoder: &mut Decoder, chunk: &[u8], span: FrameSpan) -> OwnedFrame {
        decoder.resolve_frame(chunk, span).into_owned()
    }
}

impl Decode for Lines {
    type Decoder = LineDecoder;
    type Span = LineSpan;
    type Buffer = Vec<u8>;

    #[inline]
    fn decoder() -> LineDecoder {
        LineDecoder::new()
    }

    #[inline]
    fn poll(decoder: &mut LineDecoder, input: &mut &[u8]) -> Result<Option<LineSpan>, DecodeError> {
        decoder.poll_line(input)
    }

    #[inline]
    fn finish(decoder: &mut LineDecoder) -> Result<(), Truncated> {
        decoder.finish()
    }

    /// Nothing if no line is unfinished: a line end would make an empty line.
    #[inline]
    fn completion(decoder: &LineDecoder) -> &'static [u8] {
        if decoder.pending_bytes() == 0 { &[] } else { LineDecoder::LINE_END }
    }
}

impl Resolve for Lines {
    type Item = Vec<u8>;

    #[inline]
    fn resolve_owned(decoder: &mut LineDecoder, chunk: &[u8], span: LineSpan) -> Vec<u8> {
        decoder.resolve_line(chunk, span).to_vec()
    }
}
