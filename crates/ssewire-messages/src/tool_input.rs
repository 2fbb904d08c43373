//! The input of a tool call: a typed result, never a guess.

use alloc::boxed::Box;
use core::fmt;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use ssewire_json::{JsonError, PartialJson, PartialStrings};

use crate::wire::{FromJson, Member};

/// The input of a tool call: a JSON object by contract, though the model may send another value.
///
/// While a stream is accumulated it grows: [`partial`](Self::partial) shows what has arrived, for display. What a tool
/// may be run with is only given by [`value`](Self::value), and only once it is whole: input that was cut in half, or
/// is no JSON, cannot be taken for a value by accident.
///
/// As a type of the caller's it is one call away:
///
/// ```
/// use serde::Deserialize;
/// use ssewire_messages::Message;
///
/// #[derive(Deserialize)]
/// struct Weather {
///     city: String,
/// }
///
/// let message: Message = serde_json::from_str(
///     r#"{"content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}]}"#,
/// )?;
/// for call in message.content.iter().filter_map(|block| block.as_tool_use()) {
///     // Input that is cut or broken is an error, and so is that of another type.
///     let weather = Weather::deserialize(call.input.value()?)?;
///     assert_eq!(weather.city, "Paris");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ToolInput {
    /// What stood in the start of the block; `{}` if nothing did.
    start: Value,
    /// What came in deltas. None of them had any text as long as this is `None`.
    json: Option<Box<PartialJson>>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More may come.
    Open,
    /// The block has stopped.
    Stopped,
    /// The stream has ended before the block did.
    Cut,
}

/// How far a [`ToolInput`] is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputState {
    /// The block is still open: more may come.
    Growing,
    /// Whole and valid JSON.
    Complete,
    /// The tool is called without input: `{}`.
    Empty,
    /// The JSON text stops in the middle, as it does when `max_tokens` was reached or the connection broke.
    Cut,
    /// The text is no JSON.
    Invalid(JsonError),
}

/// Why there is no [value](ToolInput::value) to run a tool with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// The block is still open: more may come.
    Growing,
    /// The JSON text stops in the middle.
    Cut,
    /// The text is no JSON.
    Invalid(JsonError),
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Growing => f.write_str("the tool input is still arriving"),
            Self::Cut => f.write_str("the tool input is cut"),
            Self::Invalid(error) => write!(f, "the tool input is no valid JSON: {error}"),
        }
    }
}

impl core::error::Error for InputError {}

impl ToolInput {
    /// What stands in the start of a tool-use block. Absent, null and `""` are the empty object.
    pub(crate) fn from_start(input: Option<Value>) -> Self {
        let start = match input {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(Value::String(text)) if text.is_empty() => Value::Object(Map::new()),
            Some(value) => value,
        };
        Self { start, json: None, phase: Phase::Stopped }
    }

    /// The input, if it is whole: what to run the tool with.
    ///
    /// # Errors
    /// [`InputError`], unless the [`state`](Self::state) is [`Complete`](InputState::Complete) or
    /// [`Empty`](InputState::Empty).
    pub fn value(&self) -> Result<&Value, InputError> {
        match self.state() {
            InputState::Complete => Ok(self.partial().unwrap_or(&self.start)),
            InputState::Empty => Ok(&self.start),
            InputState::Growing => Err(InputError::Growing),
            InputState::Cut => Err(InputError::Cut),
            InputState::Invalid(error) => Err(InputError::Invalid(error)),
        }
    }

    /// How far the input is to be trusted.
    #[must_use]
    pub fn state(&self) -> InputState {
        self.state_in(self.phase)
    }

    /// The state that the input is in if the stream ends here.
    pub(crate) fn state_at_the_end(&self) -> InputState {
        self.state_in(match self.phase {
            Phase::Open => Phase::Cut,
            ended => ended,
        })
    }

    fn state_in(&self, phase: Phase) -> InputState {
        let Some(json) = self.json.as_deref().filter(|json| !json.is_empty()) else {
            return match phase {
                Phase::Open => InputState::Growing,
                Phase::Cut => InputState::Cut,
                Phase::Stopped if self.start.as_object().is_some_and(Map::is_empty) => InputState::Empty,
                Phase::Stopped => InputState::Complete,
            };
        };
        match (json.error(), phase) {
            (Some(error), _) => InputState::Invalid(error),
            (None, Phase::Open) => InputState::Growing,
            (None, Phase::Stopped) if json.is_complete() => InputState::Complete,
            (None, Phase::Cut) if json.is_complete() && json.is_stable() => InputState::Complete,
            (None, Phase::Stopped | Phase::Cut) => InputState::Cut,
        }
    }

    /// The value as far as it has arrived, for display: free, at any moment. `None`: nothing of it is decided yet. A
    /// number at the end may still change or vanish.
    #[must_use]
    pub fn partial(&self) -> Option<&Value> {
        match &self.json {
            Some(json) if !json.is_empty() => json.value(),
            _ => Some(&self.start),
        }
    }

    /// The JSON text that came in deltas, byte for byte; empty if none did, also where the start brought a whole
    /// [`value`](Self::value).
    #[must_use]
    pub fn raw(&self) -> &str {
        self.json.as_ref().map_or("", |json| json.raw())
    }

    /// The block is open: deltas may follow.
    pub(crate) fn open(&mut self) {
        self.phase = Phase::Open;
    }

    /// The block has stopped.
    pub(crate) fn stop(&mut self) {
        self.phase = Phase::Stopped;
    }

    /// The stream has ended. What is open was cut, and shows no half string any more.
    pub(crate) fn end(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Cut;
        }
        let is_broken = matches!(self.state(), InputState::Cut | InputState::Invalid(_));
        if let Some(json) = self.json.as_mut().filter(|_| is_broken) {
            let mut hidden = PartialJson::with_partial_strings(PartialStrings::Hide);
            // Its error, if it has one, is the error of the input as a whole: it is read from there.
            let _same_error = hidden.push(json.raw());
            **json = hidden;
        }
    }

    /// Takes the next piece of JSON text. Whether more may come is said by [`open`](Self::open) and
    /// [`stop`](Self::stop).
    pub(crate) fn push(&mut self, piece: &str, partial_strings: PartialStrings) {
        if piece.is_empty() {
            return;
        }
        let json = self.json.get_or_insert_with(|| Box::new(PartialJson::with_partial_strings(partial_strings)));
        // The error stays with the JSON, which keeps the text beyond it, too.
        let _kept = json.push(piece);
    }
}

impl Default for ToolInput {
    fn default() -> Self {
        Self::from_start(None)
    }
}

/// The same whole value, or the same part of one in the same state. How it came, in one piece or in many, or as `{}` or
/// not at all, does not matter.
impl PartialEq for ToolInput {
    fn eq(&self, other: &Self) -> bool {
        match (self.value(), other.value()) {
            (Ok(one), Ok(another)) => one == another,
            (Err(one), Err(another)) => one == another && self.partial() == other.partial(),
            _ => false,
        }
    }
}

impl fmt::Debug for ToolInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolInput").field("state", &self.state()).field("partial", &self.partial()).finish()
    }
}

impl FromJson for ToolInput {
    fn fits(_: &Value) -> bool {
        true
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        Ok(Self::from_start(Some(value)))
    }
}

/// Always written.
impl Member for ToolInput {}

/// As far as it has arrived; nothing as `{}`.
impl Serialize for ToolInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.partial() {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_map(Some(0))?.end(),
        }
    }
}
