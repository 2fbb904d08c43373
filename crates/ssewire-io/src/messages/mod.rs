//! Messages over a transport: updates, text, the final message.

#[cfg(any(feature = "std", feature = "stream"))]
mod error;
#[cfg(feature = "tap")]
mod observe;
#[cfg(feature = "std")]
mod read;
#[cfg(any(feature = "std", feature = "stream"))]
mod read_error;
#[cfg(feature = "stream")]
mod started_stream;
#[cfg(any(feature = "std", feature = "stream"))]
mod state;
#[cfg(feature = "stream")]
mod stream;
#[cfg(any(feature = "std", feature = "stream"))]
mod structured;

#[cfg(any(feature = "std", feature = "stream"))]
pub use self::error::{IncompleteMessage, StructuredError};
#[cfg(feature = "tap")]
pub use self::observe::{MessageEnd, MessageEndObserver, MessageObserver, Observed};
#[cfg(feature = "std")]
pub use self::read::{MessageReader, TextDeltas};
#[cfg(any(feature = "std", feature = "stream"))]
pub use self::read_error::MessageReadError;
#[cfg(feature = "stream")]
pub use self::started_stream::{NotStarted, StartedStream};
#[cfg(feature = "stream")]
pub use self::stream::{FlatMapUpdates, MessageStream, TextDeltaStream};
#[cfg(any(feature = "std", feature = "stream"))]
pub use self::structured::StructuredMessage;
