use super::{Delta, DeltaType, Target};
use crate::block::{BlockChange, CompactionBlock, ContentBlock};
use crate::json::{Cursor, RawJson, ScannedJson, kept_len};
use crate::members::{ReadError, each_member};

/// The final value of a compaction block (Messages API: `BetaCompactionContentBlockDelta`). A present member replaces
/// that of the block.
#[derive(Debug, Clone, PartialEq)]
pub struct CompactionDelta<'a> {
    content: Option<ScannedJson<'a>>,
    encrypted_content: Option<ScannedJson<'a>>,
}

impl CompactionDelta<'_> {
    /// Returns a present member: `content` or `encrypted_content`. Copies it: one allocation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJson> {
        let member = match name {
            "content" => &self.content,
            "encrypted_content" => &self.encrypted_content,
            _ => return None,
        };
        member.as_ref().map(ScannedJson::to_raw)
    }
}

impl<'a> DeltaType<'a> for CompactionDelta<'a> {
    const TYPE: &'static str = "compaction_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let (mut content, mut encrypted_content) = (None, None);
        each_member(cursor, &mut |name, cursor| {
            let value = cursor.skip_value()?;
            match name.bytes {
                // The last of several counts.
                b"content" => content = Some(value),
                b"encrypted_content" => encrypted_content = Some(value),
                b"type" => {}
                _ => *has_extra = true,
            }
            Ok(())
        })?;
        let is_other = |value: &[u8]| value != b"null" && !value.starts_with(b"\"");
        if content.is_some_and(is_other) {
            return Err(ReadError::Member("delta.content"));
        }
        if encrypted_content.is_some_and(is_other) {
            return Err(ReadError::Member("delta.encrypted_content"));
        }
        Ok(Self { content: content.map(ScannedJson::new), encrypted_content: encrypted_content.map(ScannedJson::new) })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        matches!(block, ContentBlock::Compaction(_))
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Compaction(CompactionBlock::default()))
    }

    fn byte_size(&self) -> usize {
        let len = |member: &Option<ScannedJson<'_>>| member.as_deref().map_or(0, kept_len);
        len(&self.content).saturating_add(len(&self.encrypted_content))
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        let ContentBlock::Compaction(block) = into.block else { return BlockChange::Raw };
        for (name, value) in [("content", &self.content), ("encrypted_content", &self.encrypted_content)] {
            if let Some(value) = value {
                block.assign(name, value);
            }
        }
        BlockChange::Compaction
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::Compaction(CompactionDelta {
            content: self.content.map(ScannedJson::into_owned),
            encrypted_content: self.encrypted_content.map(ScannedJson::into_owned),
        })
    }
}
