//! The end marker of other protocols.

/// Returns whether the data of an event is `[DONE]`, perhaps with white space around it: the end marker of
/// OpenAI-compatible streams. The standard knows no such marker; the decoder gives it no meaning.
#[must_use]
pub fn is_done(data: &[u8]) -> bool {
    data.trim_ascii() == b"[DONE]"
}
