//! From events to the message: content blocks keyed by index, deltas in any order.

mod anomaly;
mod apply;
mod blocks;
mod completion;
mod merge;
mod update;

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use ssewire_json::PartialStrings;

pub use self::anomaly::{Anomalies, Anomaly, AnomalyKind};
pub use self::blocks::BlockKey;
use self::blocks::{BlockId, BlockState, Blocks};
pub use self::completion::{Completion, Incomplete};
pub(crate) use self::update::Change;
pub use self::update::{BlockRef, Update};
use crate::api_error::ApiError;
use crate::event::StreamEvent;
use crate::message::Message;
use crate::payload_error::{Lost, PayloadError};

/// Builds the message while its events arrive.
///
/// ```
/// use ssewire_messages::{Accumulator, StreamEvent};
///
/// let mut accumulator = Accumulator::new();
/// for payload in [
///     r#"{"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"output_tokens":1}}}"#,
///     r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#,
///     r#"{"type":"content_block_stop","index":0}"#,
///     r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}"#,
///     r#"{"type":"message_stop"}"#,
/// ] {
///     let event = match StreamEvent::from_json(payload.as_bytes()) {
///         Ok(Some(event)) => event,
///         Ok(None) => continue,
///         Err(error) => {
///             accumulator.undecodable(&error); // Skipped, but not forgotten: there may be a hole now.
///             continue;
///         }
///     };
///     for text in accumulator.accumulate(&event)?.text_pieces() {
///         print!("{text}");
///     }
/// }
/// let message = accumulator.into_message()?;
/// assert_eq!(message.final_text(), "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It judges by what it is told. Who decodes events without a [`MessageStream`](crate::MessageStream) tells it three
/// things beside them, or a message with a hole looks whole: [`undecodable`](Self::undecodable) for a payload that
/// could not be read, [`lost_event`](Self::lost_event) for an event that was too large, [`cut`](Self::cut) if the input
/// ended within the first event.
///
/// What departs from the protocol is tolerated and recorded ([`anomalies`](Self::anomalies)), or refused
/// ([`Strictness::Strict`]); either way nothing panics and no text is dropped in silence.
///
/// # Cost
/// Time and memory in proportion to the bytes of the events, whatever their order and their indices (looking an index
/// up is logarithmic in the number of indices).
#[derive(Clone, Default)]
pub struct Accumulator {
    message: Message,
    blocks: Blocks,
    /// The open block that took the last event, a delta, as it should; the next one is most likely for it, too.
    current: Option<(BlockId, BlockKey)>,
    phase: Phase,
    /// `message_start` has come.
    started: bool,
    /// An event of the Messages API has come, so that this is a Messages stream.
    seen: bool,
    /// The end marker of other protocols has come.
    done: bool,
    /// Content was undecodable before the message had stopped.
    holes: u64,
    /// The limit of the message was passed: what belongs to its content is not merged any more.
    too_large: bool,
    /// An event was too large to be decoded. What else comes is merged all the same.
    lost_event: bool,
    /// Bytes that the events added to the message.
    bytes: usize,
    anomalies: Anomalies,
    options: Options,
}

/// How far the stream has come.
#[derive(Clone, Default)]
enum Phase {
    #[default]
    Running,
    /// `message_stop` has come.
    Stopped,
    /// Another message has begun after that one. It is none of ours.
    NextMessage,
    /// An error has come, which is final.
    Failed(Box<ApiError>),
}

/// What an [`Accumulator`] is told when it is made.
#[derive(Debug, Clone, Copy)]
struct Options {
    strictness: Strictness,
    partial_strings: PartialStrings,
    max_bytes: usize,
    max_blocks: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strictness: Strictness::Tolerant,
            partial_strings: PartialStrings::Hide,
            max_bytes: Accumulator::DEFAULT_MAX_BYTES,
            max_blocks: Accumulator::DEFAULT_MAX_BLOCKS,
        }
    }
}

/// What becomes of a departure from the order that the protocol promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strictness {
    /// It is recorded, and the best is made of it.
    #[default]
    Tolerant,
    /// It is an error, and the event changes nothing. What the event carried is then missing.
    /// [`MessageStream::finish`](crate::MessageStream::finish) will say so; [`Accumulator::into_message`] cannot, since
    /// nothing was changed: who drives an accumulator by hand stops at the first such error.
    Strict,
}

/// Why an event was not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccumulateError {
    /// The event departs from the promised order, and [`Strictness::Strict`] was asked for. Nothing was changed.
    Departure(Anomaly),
    /// The message passed its limit. From here on its content does not grow any more, and it counts as incomplete;
    /// reported once.
    TooLarge {
        /// The limit that was passed: in bytes, or in blocks.
        limit: usize,
    },
}

impl fmt::Display for AccumulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Departure(anomaly) => write!(f, "the stream departs from the protocol: {anomaly}"),
            Self::TooLarge { limit } => write!(f, "the message is larger than its limit of {limit}"),
        }
    }
}

impl core::error::Error for AccumulateError {}

impl Accumulator {
    /// The limit on the bytes of a message unless [`with_max_bytes`](Self::with_max_bytes) sets another: 64 MiB.
    pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

    /// The limit on the blocks of a message unless [`with_max_blocks`](Self::with_max_blocks) sets another.
    pub const DEFAULT_MAX_BLOCKS: usize = 4096;

    /// Nothing has come yet. Allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What becomes of departures; [`Strictness::Tolerant`] unless this is called.
    #[must_use]
    pub fn with_strictness(mut self, strictness: Strictness) -> Self {
        self.options.strictness = strictness;
        self
    }

    /// Shows or hides an incomplete string at the end of tool input that is arriving. The default is
    /// [`PartialStrings::Hide`]. Affects only the view, not the complete input.
    #[must_use]
    pub fn with_partial_strings(mut self, partial_strings: PartialStrings) -> Self {
        self.options.partial_strings = partial_strings;
        self
    }

    /// The largest message, in bytes of its text, its input JSON and its other members as they came.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.options.max_bytes = bytes;
        self
    }

    /// The largest number of content blocks.
    #[must_use]
    pub fn with_max_blocks(mut self, blocks: usize) -> Self {
        self.options.max_blocks = blocks;
        self
    }

    /// Takes the next event, and tells what it changed.
    ///
    /// # Errors
    /// [`AccumulateError`]: it departs from the protocol, that was not to be tolerated, and it changed nothing; or the
    /// message would become too large, and its content did not grow. The stream may go on.
    pub fn accumulate(&mut self, event: &StreamEvent<'_>) -> Result<Update<'_>, AccumulateError> {
        let change = self.apply(event)?;
        Ok(self.update(change))
    }

    /// Notes that an event could not be decoded: if it was a piece of content, the message has a hole.
    pub fn undecodable(&mut self, error: &PayloadError) {
        if matches!(self.phase, Phase::Running) {
            self.holes = self.holes.saturating_add(u64::from(error.is_hole()));
            self.seen |= matches!(error.lost, Lost::Content | Lost::Other);
        }
    }

    /// Notes that an event was lost because it was too large to be decoded: the message has a hole.
    pub fn lost_event(&mut self) {
        if matches!(self.phase, Phase::Running) {
            self.lost_event = true;
        }
    }

    /// Notes that the input ended within an event: what came was the beginning of a stream, even if nothing was decoded
    /// yet, so that the reason is [`Completion::Cut`] and not [`Completion::NotAStream`]. A message that has its stop
    /// reason stays whole.
    pub fn cut(&mut self) {
        self.seen = true;
    }

    /// The message so far. Free: it is built in place. Before [`started`](Self::started) it is an empty one, or holds
    /// what came before its start.
    #[must_use]
    pub fn snapshot(&self) -> &Message {
        &self.message
    }

    /// Whether `message_start` has come.
    #[must_use]
    pub fn started(&self) -> bool {
        self.started
    }

    /// The error that ended the stream, if one did.
    #[must_use]
    pub fn error(&self) -> Option<&ApiError> {
        match &self.phase {
            Phase::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The departures so far.
    #[must_use]
    pub fn anomalies(&self) -> &Anomalies {
        &self.anomalies
    }

    /// Input JSON that has not found its block, by index.
    pub fn orphan_input(&self) -> impl Iterator<Item = (u64, &str)> {
        self.blocks.orphans()
    }

    /// The message, if the stream has delivered all of it.
    ///
    /// # Errors
    /// [`Incomplete`], with the partial message and why it is one. An unterminated message, whose stop reason came but
    /// whose `message_stop` did not, is whole, unless [`Strictness::Strict`] was asked for.
    pub fn into_message(mut self) -> Result<Message, Incomplete> {
        if self.is_whole() {
            self.message.content.settle();
            return Ok(self.message);
        }
        Err(Incomplete::new(self))
    }

    /// Whether the message is whole, if the stream ended here.
    pub(crate) fn is_whole(&self) -> bool {
        match self.completion() {
            Completion::Complete => true,
            Completion::Unterminated => self.options.strictness == Strictness::Tolerant,
            _ => false,
        }
    }

    /// Lends what [`apply`](Self::apply) changed. A change is told at once or never: a later event may undo it.
    pub(crate) fn update(&self, change: Change) -> Update<'_> {
        Update::new(change, &self.message, self.error())
    }

    /// Whether the message has neither stopped nor failed.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    /// Whether the end marker of other protocols has come.
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    /// Whether anything of a Messages stream has come.
    pub(crate) fn seen(&self) -> bool {
        self.seen || self.error().is_some()
    }

    fn block_state(&self, id: blocks::BlockId) -> Option<&BlockState> {
        self.blocks.state(id)
    }
}

/// Shows counts and states, never what the stream carried.
impl fmt::Debug for Accumulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accumulator")
            .field("completion", &self.completion())
            .field("blocks", &self.blocks.count())
            .field("bytes", &self.bytes)
            .field("anomalies", &self.anomalies.total())
            .finish_non_exhaustive()
    }
}

impl Message {
    /// All text of the message: that of its text blocks, with nothing in between.
    #[must_use]
    pub fn final_text(&self) -> String {
        self.content.iter().filter_map(|block| block.as_text()).map(|block| block.text.as_str()).collect()
    }
}
