//! The three events of a content block.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Delta, PayloadSize};
use crate::Extra;
use crate::content::ContentBlock;

/// A content block begins (Messages API: `RawContentBlockStartEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContentBlockStart {
    /// The index of the block on the wire. Usually its position in the message's content, but not by necessity.
    pub index: u64,
    /// The block as it begins; most kinds come whole.
    pub content_block: ContentBlock,
    /// Members that this version does not know.
    pub extra: Extra,
    pub(crate) size: PayloadSize,
}

/// A piece of a content block (Messages API: `RawContentBlockDeltaEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContentBlockDelta<'a> {
    /// The index of the block on the wire.
    pub index: u64,
    /// The piece.
    pub delta: Delta<'a>,
    /// Members that this version does not know.
    pub extra: Extra,
    pub(crate) size: PayloadSize,
}

/// A content block is whole (Messages API: `RawContentBlockStopEvent`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContentBlockStop {
    /// The index of the block on the wire.
    pub index: u64,
    /// Members that this version does not know.
    pub extra: Extra,
}

impl ContentBlockDelta<'_> {
    /// The same event without borrows.
    #[must_use]
    pub fn into_owned(self) -> ContentBlockDelta<'static> {
        ContentBlockDelta { delta: self.delta.into_owned(), index: self.index, extra: self.extra, size: self.size }
    }
}

impl Serialize for ContentBlockStart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        indexed(
            serializer,
            "content_block_start",
            self.index,
            Some(("content_block", &self.content_block)),
            &self.extra,
        )
    }
}

impl Serialize for ContentBlockDelta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        indexed(serializer, "content_block_delta", self.index, Some(("delta", &self.delta)), &self.extra)
    }
}

impl Serialize for ContentBlockStop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        indexed(serializer, "content_block_stop", self.index, None::<(&str, ())>, &self.extra)
    }
}

fn indexed<S: Serializer>(
    serializer: S,
    kind: &str,
    index: u64,
    member: Option<(&str, impl Serialize)>,
    extra: &Extra,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("type", kind)?;
    object.serialize_entry("index", &index)?;
    if let Some((name, value)) = member {
        object.serialize_entry(name, &value)?;
    }
    for (name, value) in extra.iter() {
        object.serialize_entry(name, value)?;
    }
    object.end()
}
