//! The state of a tool input while its deltas arrive. `docs/protocol.md`, heading "Tool input".

use alloc::boxed::Box;
use alloc::string::String;

use super::ToolInputError;
use crate::json::{RawJson, is_blank, is_white_space, validate};
use crate::partial::{PartialInput, PartialValue};
use crate::piece::{Piece, push_piece};

/// The state of an input beside the block's start.
#[derive(Clone, Default)]
pub(crate) struct InputState {
    /// The text of the deltas: kept while deltas may follow, and after that if any arrived.
    pub(super) text: Option<Box<InputText>>,
    pub(super) phase: InputPhase,
}

#[derive(Clone, Default)]
pub(super) struct InputText {
    /// The JSON text of the deltas.
    pub(super) text: String,
    /// A piece was lost when the text had this length.
    pub(super) lost_at: Option<usize>,
    /// Text arrived after the block's stop, so the state has to be found again.
    is_late: bool,
    /// The input was complete before the text that arrived after the stop.
    is_complete_before_late_text: bool,
    /// The value so far, if partial values are enabled.
    pub(super) partial: Option<PartialValue>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum InputPhase {
    /// More may arrive.
    Open,
    /// The block has stopped without any input, and the stop reason may say that it was truncated.
    Undecided,
    #[default]
    Complete,
    Truncated,
    /// Without the offset of the error, which would make each tool block eight bytes larger.
    Invalid,
}

impl InputState {
    /// Returns the JSON text of the deltas, unless it is blank.
    pub(crate) fn json(&self) -> Option<&str> {
        self.text.as_ref()?.json()
    }

    /// Deltas may follow.
    pub(crate) fn open(&mut self) {
        if !self.has_lost_piece() {
            self.phase = InputPhase::Open;
            self.text.get_or_insert_default();
        }
    }

    /// Returns the text, if the next piece is only to be appended to it. Without partial values.
    pub(crate) fn growing_text(&mut self) -> Option<&mut String> {
        if self.phase != InputPhase::Open {
            return None;
        }
        let text = self.text.as_mut()?;
        (text.lost_at.is_none() && text.partial.is_none()).then_some(&mut text.text)
    }

    /// Appends the next piece of the text. `half` is that of [`push_piece`].
    pub(crate) fn push(&mut self, piece: Piece<'_>, half: &mut u16, partial: Option<PartialInput>) -> usize {
        let is_lost = self.text.as_ref().is_some_and(|text| text.lost_at.is_some());
        if partial.is_some() && (piece.text.is_empty() || is_lost) {
            self.clear_changes();
        }
        if piece.text.is_empty() {
            return self.byte_size();
        }
        let text = self.text.get_or_insert_default();
        let from = push_piece(&mut text.text, piece, half);
        // White space does not change the state that the stop found. Half a character, which is not in the text yet,
        // does.
        let is_blank = *half == 0 && text.text.get(from..).is_none_or(is_blank);
        if !is_blank && self.phase != InputPhase::Open {
            if !core::mem::replace(&mut text.is_late, true) {
                text.is_complete_before_late_text = self.phase == InputPhase::Complete;
            }
            if text.lost_at.is_none() {
                // The state is found again at the end.
                self.phase = InputPhase::Complete;
            }
        }
        if let (Some(wanted), None) = (partial, text.lost_at) {
            let piece = text.text.get(from..).unwrap_or_default();
            // The value of input that began without one would lack the text before.
            if from == 0 {
                text.partial.get_or_insert_with(|| wanted.new_value());
            }
            if let Some(partial) = &mut text.partial {
                partial.push(piece);
            }
        }
        from
    }

    /// Ends the changes of the last piece: the next update of the block brings none, or those of another piece. Each
    /// push replaces the changes of the one before, also a push of nothing.
    #[inline(never)]
    pub(crate) fn clear_changes(&mut self) {
        if let Some(partial) = self.text.as_mut().and_then(|text| text.partial.as_mut()) {
            partial.push("");
        }
    }

    /// Records a lost piece: from here on the input is truncated.
    pub(crate) fn record_lost_piece(&mut self) {
        let text = self.text.get_or_insert_default();
        text.lost_at = text.lost_at.or(Some(text.text.len()));
        self.phase = InputPhase::Truncated;
    }

    /// Records that the block has stopped. `may_be_truncated`: if it has no input at all, the stop reason decides.
    pub(crate) fn stop(&mut self, may_be_truncated: bool) {
        if self.phase == InputPhase::Truncated && self.has_lost_piece() {
            return;
        }
        self.settle(match self.phase_of_text() {
            InputPhase::Complete if may_be_truncated && self.json().is_none() => InputPhase::Undecided,
            phase => phase,
        });
        if let Some(text) = self.text.as_mut().filter(|text| text.json().is_some()) {
            text.is_late = false;
        }
    }

    /// Returns whether text arrived after the block's stop, so that the state has to be found again at the end.
    pub(crate) fn is_late(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.is_late)
    }

    /// Returns whether the input was complete before the text that arrived after the block's stop.
    pub(crate) fn is_complete_before_late_text(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.is_complete_before_late_text)
    }

    /// Returns whether the block has stopped without any input, and is not known to be complete.
    pub(crate) fn is_undecided(&self) -> bool {
        self.phase == InputPhase::Undecided
    }

    /// Decides whether the call without any input is complete or truncated.
    pub(crate) fn decide_blank(&mut self, is_truncated: bool) {
        let may_change = matches!(self.phase, InputPhase::Undecided | InputPhase::Truncated | InputPhase::Complete);
        // An open initial block is asked again at each `message_delta`. If it has text, which may be long, its phase is
        // `Open`, so the text is not read each time.
        if may_change && !self.has_lost_piece() && !self.is_late() && self.json().is_none() {
            self.phase = if is_truncated { InputPhase::Truncated } else { InputPhase::Complete };
        }
    }

    /// Ends the input with the stream: open input is truncated, unless its text is complete.
    pub(crate) fn end(&mut self) {
        self.settle(self.phase_at_end());
        if let Some(text) = &mut self.text {
            text.is_late = false;
        }
    }

    /// Sets the phase that was found. Line ends in complete text become spaces, as in [`RawJson`]: valid JSON
    /// has them only between its tokens.
    // Out of line: inlining duplicates it.
    #[inline(never)]
    fn settle(&mut self, phase: InputPhase) {
        self.phase = phase;
        let Some(text) = self.text.as_mut().filter(|_| phase == InputPhase::Complete) else { return };
        // No early exit, so that the loop is vectorised. A tab also triggers the copy, which is harmless.
        if text.text.bytes().fold(false, |is_found, byte| is_found | (byte < b' ')) {
            text.text = RawJson::keep(text.text.as_bytes()).into_string();
        }
    }

    /// Returns the phase, if the stream ended here.
    fn phase_at_end(&self) -> InputPhase {
        match self.phase {
            InputPhase::Open => match self.phase_of_text() {
                // A number may lack digits.
                InputPhase::Complete if self.json().is_some() && !self.has_number_at_end() => InputPhase::Complete,
                InputPhase::Complete => InputPhase::Truncated,
                phase => phase,
            },
            InputPhase::Undecided => InputPhase::Truncated,
            _ if self.is_late() && !self.has_lost_piece() => self.phase_of_text(),
            phase => phase,
        }
    }

    /// Returns whether the input is broken, if the stream ended here.
    pub(crate) fn is_broken_at_end(&self) -> bool {
        self.phase_at_end() != InputPhase::Complete
    }

    fn has_lost_piece(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.lost_at.is_some())
    }

    fn has_number_at_end(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.text.ends_with(|c: char| c.is_ascii_digit()))
    }

    /// Returns the state of the text, if it ends here.
    fn phase_of_text(&self) -> InputPhase {
        if self.has_lost_piece() {
            return InputPhase::Truncated;
        }
        let Some(text) = self.text.as_ref().filter(|text| text.json().is_some()) else { return InputPhase::Complete };
        match validate(&text.text) {
            Ok(()) => InputPhase::Complete,
            Err(error) if error.at >= text.text.len() => InputPhase::Truncated,
            Err(_) => InputPhase::Invalid,
        }
    }

    /// Returns the error of text that is not valid.
    #[cold]
    pub(super) fn invalid(&self) -> ToolInputError {
        let text = self.text.as_ref().map_or("", |text| &text.text);
        ToolInputError::Invalid { offset: validate(text).map_or_else(|error| error.at, |()| text.len()) }
    }

    pub(crate) fn byte_size(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.text.len())
    }
}

impl InputText {
    /// Returns the text, unless it is blank.
    pub(super) fn json(&self) -> Option<&str> {
        if is_blank(&self.text) {
            None
        } else {
            Some(self.text.trim_matches(|c| u8::try_from(c).is_ok_and(is_white_space)))
        }
    }
}

/// Equal text in an equal state.
impl PartialEq for InputState {
    fn eq(&self, other: &Self) -> bool {
        self.phase == other.phase && self.json() == other.json() && self.has_lost_piece() == other.has_lost_piece()
    }
}
