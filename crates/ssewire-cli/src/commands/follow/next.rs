//! Searches another message after the last one that was wanted.

use ssewire_messages::{MessageDecoder, Step, ViolationKind};

use super::Session;
use crate::input::Input;

/// The number of bytes after the message in which another is searched.
const MAX_SEARCHED: usize = 1024 * 1024;

impl Session {
    /// Returns whether another message begins in the bytes that are at hand.
    pub(super) fn has_next_message(&self, input: &mut Input) -> bool {
        if self.decoder.violations().count(ViolationKind::ReplacedMessage) > 0 {
            return true;
        }
        let mut next = MessageDecoder::new();
        // From here on it skips everything up to a `message_start`.
        let _ = next.next_message();
        let mut is_found = find_message(&mut next, &self.rest);
        let mut searched = self.rest.len();
        while !is_found && searched < MAX_SEARCHED {
            let Some(chunk) = input.next_at_hand() else { break };
            is_found = find_message(&mut next, chunk.bytes);
            searched = searched.saturating_add(chunk.bytes.len());
        }
        is_found
    }
}

/// Consumes bytes up to the start of a message. Returns whether there is one.
fn find_message(decoder: &mut MessageDecoder, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Ok(Step::Update(_)) = decoder.poll(&mut rest) {
        if decoder.has_started() {
            return true;
        }
    }
    false
}
