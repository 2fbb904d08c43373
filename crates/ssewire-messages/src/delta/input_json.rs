use super::text::read_piece;
use super::{Delta, DeltaType, Target};
use crate::block::{BlockChange, ContentBlock};
use crate::json::Cursor;
use crate::members::ReadError;
use crate::piece::{BlockString, Piece};

/// JSON text to append to the input of a tool call (Messages API: `InputJSONDelta`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InputJsonDelta<'a> {
    pub(crate) piece: Piece<'a>,
}

impl InputJsonDelta<'_> {
    /// Returns the JSON text to append, split anywhere. Often empty in the first delta of a block.
    #[must_use]
    pub fn partial_json(&self) -> &str {
        &self.piece.text
    }
}

impl<'a> DeltaType<'a> for InputJsonDelta<'a> {
    const TYPE: &'static str = "input_json_delta";

    fn read(cursor: &mut Cursor<'a>, has_extra: &mut bool) -> Result<Self, ReadError> {
        read_piece(cursor, "partial_json", has_extra, &mut |_, _| {}).map(|piece| Self { piece })
    }

    fn is_accepted_by(block: &ContentBlock) -> bool {
        block.has_input()
    }

    /// Returns `None`: the text waits for its block, because a tool call without name and id is useless.
    fn new_block() -> Option<ContentBlock> {
        None
    }

    fn byte_size(&self) -> usize {
        self.piece.text.len()
    }

    fn merge(self, into: &mut Target<'_>) -> BlockChange {
        into.begin(BlockString::InputJson);
        match into.block.input_state_mut() {
            Some(input) => BlockChange::Input { from: input.push(self.piece, &mut into.half.unit, into.partial) },
            None => BlockChange::Raw,
        }
    }

    fn into_owned(self) -> Delta<'static> {
        Delta::InputJson(InputJsonDelta { piece: self.piece.into_owned() })
    }
}
