//! Why the model stopped.

use crate::json::Cursor;
use crate::members::ReadError;
use crate::string_enum::string_enum;

string_enum! {
    /// Why the model stopped (Messages API: `StopReason`, `BetaStopReason`).
    pub enum StopReason {
        /// The model ended its turn.
        EndTurn = "end_turn",
        /// The request's `max_tokens` was reached.
        MaxTokens = "max_tokens",
        /// One of the request's stop sequences was met.
        StopSequence = "stop_sequence",
        /// It wants tools to be called.
        ToolUse = "tool_use",
        /// The server paused a long turn. Send the message back unchanged to continue.
        PauseTurn = "pause_turn",
        /// The request or the answer was declined.
        Refusal = "refusal",
        /// The model's context window is full.
        ModelContextWindowExceeded = "model_context_window_exceeded",
        /// The conversation was compacted, and the turn ends there (beta).
        Compaction = "compaction",
    }
}

impl StopReason {
    /// Reads the value at the cursor. Returns it if it is not a string: null changes nothing where a reason is known,
    /// and another value removes that reason.
    pub(crate) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Result<Self, &'a [u8]>, ReadError> {
        Ok(match cursor.string()? {
            Some(reason) => Ok(Self::from(&*reason.to_text())),
            None => Err(cursor.skip_value()?),
        })
    }

    /// Returns whether the text or input of the model may be truncated: every reason but `tool_use`, `end_turn`,
    /// `stop_sequence` and `pause_turn`. `docs/protocol.md`, heading "Tool input".
    pub(crate) fn is_truncation(&self) -> bool {
        !matches!(self, Self::ToolUse | Self::EndTurn | Self::StopSequence | Self::PauseTurn)
    }
}
