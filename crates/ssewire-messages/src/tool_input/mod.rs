//! The input of a tool call: raw text, and a value once it is complete and valid.

mod error;
mod state;
mod write;

use core::fmt;

use serde::Deserialize;
use serde_json::Value;

pub use self::error::{ParseInputError, ToolInputError};
use self::state::InputPhase;
pub(crate) use self::state::InputState;
pub(crate) use self::write::{WriteInput, write_finished, write_lossy};
use crate::json::RawJsonRef;
use crate::partial::PartialChange;

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

impl<'a> ToolInput<'a> {
    pub(crate) fn new(start: RawJsonRef<'a>, state: Option<&'a InputState>) -> Self {
        Self { start, state }
    }

    /// Returns the input, if it is finished and valid: to run the tool with. Linear if it is not valid.
    ///
    /// # Errors
    /// [`ToolInputError`].
    pub fn value(self) -> Result<RawJsonRef<'a>, ToolInputError> {
        if let Some(state) = self.state {
            if state.is_late() && state.phase != InputPhase::Truncated {
                return Err(ToolInputError::Pending);
            }
            match state.phase {
                InputPhase::Open | InputPhase::Undecided => return Err(ToolInputError::Pending),
                InputPhase::Truncated => return Err(ToolInputError::Truncated),
                InputPhase::Invalid => return Err(state.invalid()),
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
        self.value()?.parse().map_err(ParseInputError::Type)
    }

    /// Returns the JSON text of the deltas, byte for byte; once it is complete, with spaces for its line ends. Empty if
    /// there was none, even if the start of the block has a [`value`](Self::value).
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.state.and_then(|state| state.text.as_ref()).map_or("", |text| &text.text)
    }

    /// Returns the value so far, for display: only with
    /// [`with_partial_input`](crate::Accumulator::with_partial_input), and once a delta has arrived. A number at the
    /// end may still change or vanish.
    #[must_use]
    pub fn partial(self) -> Option<&'a Value> {
        self.state?.text.as_ref()?.partial.as_ref()?.json().value()
    }

    /// Returns the changes of [`partial`](Self::partial) by the last piece of input: only with
    /// [`with_partial_changes`](crate::Accumulator::with_partial_changes). Ask once after each event of the block, also
    /// if the event has several updates: each piece replaces the changes of the piece before, and the stop of the block
    /// clears them.
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

    /// Returns whether the call has no input at all: none in its start, and no delta or blank ones.
    pub(crate) fn is_blank(self) -> bool {
        let is_empty_object = |start: RawJsonRef<'_>| start.is_object() && start.members().next().is_none();
        self.state.and_then(InputState::json).is_none() && is_empty_object(self.at_start())
    }

    /// Returns the input of the start. Absent, null and `""` are the empty object.
    fn at_start(self) -> RawJsonRef<'a> {
        let input = self.start.get("input");
        input.filter(|input| !matches!(input.as_str(), "null" | "\"\"")).unwrap_or(RawJsonRef::EMPTY_OBJECT)
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
