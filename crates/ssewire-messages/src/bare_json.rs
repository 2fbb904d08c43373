//! Events that come as bare JSON, without SSE around them.

use crate::{Accumulator, StreamError, StreamEvent, Update};

impl Accumulator {
    /// Decodes the payload of an event and takes it: [`StreamEvent::from_json`] and [`accumulate`](Self::accumulate) in
    /// one, for transports that carry the same JSON without SSE. `None` for an empty payload, which says nothing.
    ///
    /// ```
    /// use ssewire_messages::Accumulator;
    ///
    /// let mut message = Accumulator::new();
    /// for payload in [
    ///     r#"{"type":"message_start","message":{"content":[{"type":"text","text":"Hel"}]}}"#,
    ///     r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
    ///     r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
    ///     r#"{"type":"message_stop"}"#,
    /// ] {
    ///     if let Some(update) = message.accumulate_json(payload.as_bytes())? {
    ///         update.text_pieces().for_each(|text| print!("{text}"));
    ///     }
    /// }
    /// assert_eq!(message.into_message()?.final_text(), "Hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StreamError`]: this event gave no update. That it could not be decoded is [noted](Self::undecodable), so a
    /// message with a hole does not pass for a whole one.
    pub fn accumulate_json(&mut self, payload: &[u8]) -> Result<Option<Update<'_>>, StreamError> {
        match StreamEvent::from_json(payload) {
            Ok(Some(event)) => Ok(Some(self.accumulate(&event)?)),
            Ok(None) => Ok(None),
            Err(error) => {
                self.undecodable(&error);
                Err(error.into())
            }
        }
    }
}
