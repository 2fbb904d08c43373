//! The input of a tool call: raw text, and a value once it is complete and valid.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::json::{ObjectWriter, RawJsonRef, append_raw, validate};
use crate::partial::{PartialChange, PartialInput, PartialValue, value_so_far};
use crate::text::{Piece, push_piece};

/// The input of a tool call: a JSON object by contract, though the model may send another value.
///
/// It is kept as text. Only [`value`](Self::value) and [`parse`](Self::parse) return input to run a tool with, and only
/// once it is complete and valid. In a message that was read from JSON, the last call may be truncated without a sign
/// in its block: take the calls of [`Message::tool_calls`](crate::Message::tool_calls), which checks it.
///
/// ```
/// use ssewire_messages::Message;
///
/// #[derive(serde::Deserialize)]
/// struct Weather {
///     city: String,
/// }
///
/// let message: Message =
///     r#"{"content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}],
///         "stop_reason": "tool_use"}"#.parse()?;
/// for call in message.tool_calls()? {
///     let weather: Weather = call.parse()?;
///     assert_eq!(weather.city, "Paris");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct ToolInput<'a> {
    start: RawJsonRef<'a>,
    state: Option<&'a InputState>,
}

/// The tool input is not finished, or not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolInputError {
    /// The block is still open, or it is not certain yet that its input is complete.
    Pending,
    /// The JSON text stops in the middle, or a piece of it was lost.
    Truncated,
    /// The text is not valid JSON.
    Invalid {
        /// Offset of the first unexpected byte.
        offset: usize,
    },
}

impl fmt::Display for ToolInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("tool input is still arriving"),
            Self::Truncated => f.write_str("tool input is truncated"),
            Self::Invalid { offset } => write!(f, "tool input is not valid JSON (at byte {offset})"),
        }
    }
}

impl core::error::Error for ToolInputError {}

/// Why there is no tool input of the caller's type.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParseInputError {
    /// The input is not finished, or not valid.
    Input(ToolInputError),
    /// It is of another type. The error may quote the input.
    Type(serde_json::Error),
}

impl fmt::Display for ParseInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Type(error) => {
                write!(f, "tool input is not of the expected type (line {}, column {})", error.line(), error.column())
            }
        }
    }
}

/// `Display` prints the cause, so there is no source.
impl core::error::Error for ParseInputError {}

impl From<ToolInputError> for ParseInputError {
    fn from(error: ToolInputError) -> Self {
        Self::Input(error)
    }
}

/// The state of an input beside the block's start.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputState {
    text: Option<Box<InputText>>,
    phase: InputPhase,
}

#[derive(Debug, Clone, Default)]
struct InputText {
    /// The JSON text of the deltas.
    text: String,
    /// A piece was lost when the text had this length.
    lost_at: Option<usize>,
    /// Text arrived after the block's stop, so the state has to be found again.
    is_late: bool,
    /// The value so far, if partial values are enabled.
    partial: Option<PartialValue>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum InputPhase {
    /// More may arrive.
    Open,
    /// The block has stopped without any input, and the stop reason may say that it was cut.
    Waiting,
    #[default]
    Complete,
    Truncated,
    Invalid {
        /// Where the text stops being JSON.
        offset: usize,
    },
}

impl<'a> ToolInput<'a> {
    pub(crate) fn new(start: RawJsonRef<'a>, state: Option<&'a InputState>) -> Self {
        Self { start, state }
    }

    /// The input, if it is finished and valid: what to run the tool with.
    ///
    /// # Errors
    /// [`ToolInputError`].
    pub fn value(self) -> Result<RawJsonRef<'a>, ToolInputError> {
        if let Some(state) = self.state {
            if state.is_late() && state.phase != InputPhase::Truncated {
                return Err(ToolInputError::Pending);
            }
            match state.phase {
                InputPhase::Open | InputPhase::Waiting => return Err(ToolInputError::Pending),
                InputPhase::Truncated => return Err(ToolInputError::Truncated),
                InputPhase::Invalid { offset } => return Err(ToolInputError::Invalid { offset }),
                InputPhase::Complete => {}
            }
        }
        Ok(match self.state.and_then(InputState::json) {
            Some(json) => RawJsonRef::of_valid(json),
            None => self.at_start(),
        })
    }

    /// Parses the input, if it is finished.
    ///
    /// # Errors
    /// [`ParseInputError`].
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, ParseInputError> {
        self.value()?.parse_as().map_err(ParseInputError::Type)
    }

    /// The JSON text of the deltas, byte for byte. Empty if there was none, even if the start of the block has a
    /// [`value`](Self::value).
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.state.and_then(|state| state.text.as_ref()).map_or("", |text| &text.text)
    }

    /// The value so far, for display: only with
    /// [`with_partial_input`](crate::Accumulator::with_partial_input), and once a delta has arrived. A number at the
    /// end may still change or vanish.
    #[must_use]
    pub fn partial(self) -> Option<&'a Value> {
        self.state?.text.as_ref()?.partial.as_ref()?.json().value()
    }

    /// The changes of [`partial`](Self::partial) by the last piece of input: only with
    /// [`with_partial_changes`](crate::Accumulator::with_partial_changes). Ask after each update of the block: each
    /// piece replaces the changes of the piece before.
    ///
    /// ```
    /// use ssewire_messages::{Accumulator, PartialChange, PartialStrings, Update};
    ///
    /// let mut message = Accumulator::new().with_partial_changes(PartialStrings::Show);
    /// let mut keys = Vec::new();
    /// for payload in [
    ///     r#"{"type":"message_start","message":{"content":[{"type":"tool_use","input":{}}]}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":" 1, \"x\""}}"#,
    /// ] {
    ///     if let Update::ToolInput { input, .. } = message.accumulate_json(payload.as_bytes())? {
    ///         keys.extend(input.partial_changes().filter_map(|change| match change {
    ///             PartialChange::Key(key) => Some(key.into_owned()),
    ///             _ => None,
    ///         }));
    ///     }
    /// }
    /// assert_eq!(keys, ["city", "x"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Cost
    /// Linear in the length of the piece, however much the value holds.
    pub fn partial_changes(self) -> impl Iterator<Item = PartialChange<'a>> {
        let text = self.state.and_then(|state| state.text.as_ref());
        text.and_then(|text| text.partial.as_ref()).into_iter().flat_map(|partial| partial.json().changes())
    }

    /// Whether the call has no input at all: none in its start, and no delta or blank ones.
    pub(crate) fn is_blank(self) -> bool {
        let is_empty_object = |start: RawJsonRef<'_>| start.is_object() && start.members().next().is_none();
        self.state.and_then(InputState::json).is_none() && is_empty_object(self.at_start())
    }

    /// The input of the start. Absent, null and `""` are the empty object.
    fn at_start(self) -> RawJsonRef<'a> {
        let input = self.start.get("input");
        input.filter(|input| !matches!(input.as_str(), "null" | "\"\"")).unwrap_or(RawJsonRef::EMPTY_OBJECT)
    }
}

/// What writes the input of a tool call as JSON. A function and not a flag: a program that never asks for it does not
/// link it.
pub(crate) type WriteInput = fn(ToolInput<'_>, &mut String) -> Result<(), ToolInputError>;

/// Writes input that is finished; any other is an error.
pub(crate) fn write_finished(input: ToolInput<'_>, out: &mut String) -> Result<(), ToolInputError> {
    append_raw(input.value()?.as_str().as_bytes(), out);
    Ok(())
}

/// Writes the value so far, in any state. Never fails.
pub(crate) fn write_lossy(input: ToolInput<'_>, out: &mut String) -> Result<(), ToolInputError> {
    if write_finished(input, out).is_err() {
        match input.state.and_then(|state| state.text.as_ref()) {
            Some(text) if text.json().is_some() => {
                let text = text.text.get(..text.lost_at.unwrap_or(text.text.len())).unwrap_or_default();
                match value_so_far(text) {
                    Some(value) => out.push_str(&alloc::string::ToString::to_string(&value)),
                    None => out.push_str("{}"),
                }
            }
            _ => out.push_str(input.at_start().as_str()),
        }
    }
    Ok(())
}

/// Writes a block with its input.
pub(crate) fn write_with_input(
    out: &mut String,
    start: RawJsonRef<'_>,
    input: ToolInput<'_>,
    write_input: WriteInput,
) -> Result<(), ToolInputError> {
    let mut object = ObjectWriter::new(out);
    for (name, value) in start.members() {
        if name != "input" {
            object.raw(&name, value.as_str());
        }
    }
    write_input(input, object.value("input"))?;
    object.end();
    Ok(())
}

impl InputText {
    /// The text, unless it is blank.
    fn json(&self) -> Option<&str> {
        let json = self.text.trim_matches([' ', '\t', '\n', '\r']);
        if json.is_empty() { None } else { Some(json) }
    }
}

impl InputState {
    /// The JSON text of the deltas, unless it is blank.
    fn json(&self) -> Option<&str> {
        self.text.as_ref()?.json()
    }

    /// Deltas may follow.
    pub(crate) fn open(&mut self) {
        if self.phase != InputPhase::Truncated {
            self.phase = InputPhase::Open;
        }
    }

    /// The text, if the next piece is only to be appended to it. Without partial values.
    pub(crate) fn growing_text(&mut self) -> Option<&mut String> {
        if self.phase != InputPhase::Open {
            return None;
        }
        let text = self.text.get_or_insert_default();
        (text.lost_at.is_none() && text.partial.is_none()).then_some(&mut text.text)
    }

    /// Appends the next piece of the text. `half` is that of [`push_piece`].
    pub(crate) fn push(&mut self, piece: Piece<'_>, half: &mut u16, partial: Option<PartialInput>) -> usize {
        let from = self.text.as_ref().map_or(0, |text| text.text.len());
        if piece.text.is_empty() {
            return from;
        }
        let text = self.text.get_or_insert_default();
        push_piece(&mut text.text, piece, half);
        // White space does not change the state that the stop found.
        let is_blank = text.text.get(from..).is_none_or(|piece| piece.trim_ascii().is_empty());
        let is_late = !matches!(self.phase, InputPhase::Open) && !is_blank;
        text.is_late |= is_late;
        if is_late && text.lost_at.is_none() {
            // The state is found again at the end.
            self.phase = InputPhase::Complete;
        }
        if let (Some(wanted), None) = (partial, text.lost_at) {
            let piece = text.text.get(from..).unwrap_or_default();
            text.partial.get_or_insert_with(|| wanted.new_value()).push(piece);
        }
        from
    }

    /// Records a lost piece: from here on the input is truncated.
    pub(crate) fn record_lost_piece(&mut self) {
        let text = self.text.get_or_insert_default();
        text.lost_at = text.lost_at.or(Some(text.text.len()));
        self.phase = InputPhase::Truncated;
    }

    /// The block has stopped. `may_be_truncated`: if it has no input at all, the stop reason decides.
    pub(crate) fn stop(&mut self, may_be_truncated: bool) {
        if self.phase == InputPhase::Truncated && self.has_lost_piece() {
            return;
        }
        self.phase = match self.phase_of_text() {
            InputPhase::Complete if may_be_truncated && self.json().is_none() => InputPhase::Waiting,
            phase => phase,
        };
        if let Some(text) = self.text.as_mut().filter(|text| text.json().is_some()) {
            text.is_late = false;
        }
    }

    /// Whether text arrived after the block's stop, so that the state has to be found again at the end.
    pub(crate) fn is_late(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.is_late)
    }

    /// Whether it has stopped without any input, and is not known to be complete.
    pub(crate) fn is_waiting(&self) -> bool {
        self.phase == InputPhase::Waiting
    }

    /// The call without any input is complete, or was cut.
    pub(crate) fn decide_blank(&mut self, is_truncated: bool) {
        let is_blank = self.json().is_none() && !self.has_lost_piece();
        if is_blank && matches!(self.phase, InputPhase::Waiting | InputPhase::Truncated | InputPhase::Complete) {
            self.phase = if is_truncated { InputPhase::Truncated } else { InputPhase::Complete };
        }
    }

    /// Ends the input with the stream: open input is truncated, unless its text is complete.
    pub(crate) fn end(&mut self) {
        self.phase = self.phase_at_end();
        if let Some(text) = &mut self.text {
            text.is_late = false;
        }
    }

    /// The phase, if the stream ended here.
    fn phase_at_end(&self) -> InputPhase {
        match self.phase {
            InputPhase::Open => match self.phase_of_text() {
                // A number may have gone on.
                InputPhase::Complete if self.json().is_some() && !self.ends_in_number() => InputPhase::Complete,
                InputPhase::Complete => InputPhase::Truncated,
                phase => phase,
            },
            InputPhase::Waiting => InputPhase::Truncated,
            _ if self.is_late() && !self.has_lost_piece() => self.phase_of_text(),
            phase => phase,
        }
    }

    /// Whether the input is broken, if the stream ended here.
    pub(crate) fn is_broken_at_end(&self) -> bool {
        self.phase_at_end() != InputPhase::Complete
    }

    fn has_lost_piece(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.lost_at.is_some())
    }

    fn ends_in_number(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.text.ends_with(|c: char| c.is_ascii_digit()))
    }

    /// The state of the text, if it ends here.
    fn phase_of_text(&self) -> InputPhase {
        if self.has_lost_piece() {
            return InputPhase::Truncated;
        }
        let Some(text) = self.text.as_ref().filter(|text| text.json().is_some()) else { return InputPhase::Complete };
        match validate(&text.text) {
            Ok(()) => InputPhase::Complete,
            Err(error) if error.at >= text.text.len() => InputPhase::Truncated,
            Err(error) => InputPhase::Invalid { offset: error.at },
        }
    }

    pub(crate) fn byte_size(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.text.len())
    }
}

/// Equal text in an equal state.
impl PartialEq for InputState {
    fn eq(&self, other: &Self) -> bool {
        self.phase == other.phase && self.json() == other.json() && self.has_lost_piece() == other.has_lost_piece()
    }
}

/// Equal complete values as text, or equal partial text in an equal state.
impl PartialEq for ToolInput<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.value(), other.value()) {
            (Ok(one), Ok(another)) => one == another,
            (Err(one), Err(another)) => one == another && self.raw() == other.raw(),
            _ => false,
        }
    }
}

impl fmt::Debug for ToolInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolInput").field("value", &self.value()).field("raw", &self.raw()).finish()
    }
}
