//! The result of the rules for one message of a body.

use serde_json::Value;
use ssewire_messages::{Completion, ViolationKind};

use super::block::Call;

/// Everything that a driver reports about one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The message, or the partial one, in the shape of the API.
    pub message: Value,
    /// Every reason that holds, in order; `Complete` alone if the message is complete.
    pub reasons: Vec<Completion>,
    pub has_started: bool,
    /// The pieces of text in order of arrival.
    pub text: Vec<String>,
    /// The tool calls that updates returned, by event; their id, name and input.
    pub calls: Vec<Vec<Call>>,
    /// The violations that lenient mode records; in strict mode the rejected one.
    pub violations: Vec<(ViolationKind, Option<u64>)>,
    /// Number of undecodable events.
    pub undecodable: usize,
    /// Number of events that were too large.
    pub too_large: usize,
    /// Input JSON that found no block, by index.
    pub unmatched_input: Vec<(u64, String)>,
    /// The body of the server's error, if one ended the message, or if the body of the response is one.
    pub error: Option<Value>,
    pub replaced_by: Option<String>,
    /// The body, if it is a message as JSON.
    pub body_message: Option<Value>,
    /// Number of bytes of the unfinished event that was discarded; none for a message that is returned as one.
    pub pending_bytes: Option<u64>,
}

impl Outcome {
    /// The text without the boundaries of its pieces.
    pub fn joined_text(&self) -> String {
        self.text.concat()
    }
}
