use super::{Delta, DeltaType, Target};
use crate::block::{BlockChange, CompactionBlock, ContentBlock};
use crate::json::{Cursor, RawJson, ScannedJson, kept_len};
use crate::members::{ReadError, each_member};

/// The final value of a compaction block (Messages API: `BetaCompactionContentBlockDelta`). A present member replaces
/// that of the block.
#[derive(Debug, Clone, PartialEq)]
pub struct CompactionDelta<'a> {
    /// The present members.
    members: [Option<ScannedJson<'a>>; 2],
}

const NAMES: [&str; 2] = CompactionBlock::ASSIGNABLE;
/// The paths of the members [`NAMES`] in an error.
const PATHS: [&str; 2] = ["delta.content", "delta.encrypted_content"];

impl CompactionDelta<'_> {
    /// Returns a present member: `content` or `encrypted_content`. Copies it: one allocation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJson> {
        let mut members = NAMES.iter().zip(&self.members).filter(|(other, _)| **other == name);
        members.next()?.1.as_ref().map(ScannedJson::to_raw)
    }
}

impl<'a> DeltaType<'a> for CompactionDelta<'a> {
    const TYPE: &'static str = "compaction_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        let mut members = [None, None];
        each_member(cursor, &mut |name, cursor| {
            let value = cursor.skip_value()?;
            match NAMES.iter().zip(&mut members).find(|(other, _)| other.as_bytes() == name.bytes) {
                // The last of several counts.
                Some((_, slot)) => *slot = Some(value),
                None => *has_extra |= name.bytes != b"type",
            }
            Ok(())
        })?;
        let is_other = |value: &Option<&[u8]>| value.is_some_and(|value| value != b"null" && !value.starts_with(b"\""));
        match PATHS.iter().zip(&members).find(|(_, value)| is_other(value)) {
            Some((path, _)) => Err(ReadError::Member(path)),
            None => Ok(Self { members: members.map(|value| value.map(ScannedJson::new)) }),
        }
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        matches!(block, ContentBlock::Compaction(_))
    }

    fn new_block() -> Option<ContentBlock> {
        Some(ContentBlock::Compaction(CompactionBlock::default()))
    }

    fn byte_size(&self) -> usize {
        self.members.iter().flatten().map(|value| kept_len(value)).fold(0, usize::saturating_add)
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        let ContentBlock::Compaction(block) = into.block else { return BlockChange::Raw };
        for (name, value) in NAMES.iter().zip(&self.members) {
            if let Some(value) = value {
                block.assign(name, value);
            }
        }
        BlockChange::Compaction
    }

    fn into_owned(self) -> Delta<'static> {
        let [content, encrypted_content] = self.members;
        let own = |value: Option<ScannedJson<'_>>| value.map(ScannedJson::into_owned);
        Delta::Compaction(CompactionDelta { members: [own(content), own(encrypted_content)] })
    }
}
