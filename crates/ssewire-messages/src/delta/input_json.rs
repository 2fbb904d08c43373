use alloc::borrow::Cow;

use super::text::read_piece;
use super::{Delta, DeltaType, Merged, Target, owned};
use crate::block::ContentBlock;
use crate::json::Cursor;
use crate::read::ReadError;

/// Messages API: `InputJSONDelta`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InputJsonDelta<'a> {
    pub(crate) partial_json: Cow<'a, str>,
}

impl InputJsonDelta<'_> {
    /// The JSON text to append, cut anywhere. Often empty in the first delta of a block.
    #[must_use]
    pub fn partial_json(&self) -> &str {
        &self.partial_json
    }
}

impl<'a> DeltaType<'a> for InputJsonDelta<'a> {
    const TYPE: &'static str = "input_json_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        read_piece(cursor, b"partial_json", "partial_json", has_extra).map(|piece| Self { partial_json: piece.text })
    }

    fn is_taken_by(block: &ContentBlock) -> bool {
        block.has_input()
    }

    /// It waits for its block: a call without its name and id is none.
    fn new_block() -> Option<ContentBlock> {
        None
    }

    fn len(&self) -> usize {
        self.partial_json.len()
    }

    fn merge(self, into: &mut Target<'_>) -> Merged {
        match into.block.input_state_mut() {
            Some(input) => Merged::Input { from: input.push(&self.partial_json, into.partial) },
            None => Merged::Other,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::InputJson(InputJsonDelta { partial_json: owned(self.partial_json) })
    }
}
