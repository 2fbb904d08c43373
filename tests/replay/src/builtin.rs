//! What every server has to offer: recorded streams, and answers that are no good stream.

use crate::script::{Framing, Script};

macro_rules! samples {
    ($($name:literal)*) => {
        /// Recorded streams as the API sends them, by name.
        pub const SAMPLES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../data/streams/samples/", $name, ".sse")))),*];
    };
}

samples! {
    "text"
    "beta_advisor"
    "beta_compaction"
    "beta_compaction_no_encrypted"
    "beta_context_management"
    "beta_fallback"
    "beta_thinking_estimated_tokens"
    "code_execution"
    "error_first_event"
    "error_mid_stream"
    "interleaved"
    "message_delta_twice"
    "padded_events"
    "parallel_tools"
    "programmatic_tool_call"
    "redacted_thinking"
    "refusal"
    "stop_sequence"
    "thinking"
    "thinking_omitted_display"
    "tool_search"
    "tool_use"
    "tool_use_empty_input"
    "usage_full"
}

/// The recorded stream of this name.
#[must_use]
pub fn sample(name: &str) -> Option<&'static [u8]> {
    SAMPLES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// What goes wrong with streams, by name.
#[must_use]
pub fn faults() -> Vec<(&'static str, Script)> {
    let stream = || Script::stream(TEXT);
    // Behind the first text, in the middle of an event.
    let middle = TEXT.len() * 2 / 3;
    vec![
        ("error-event", Script::stream(ERROR_MID_STREAM)),
        ("error-first", Script::stream("").error_event("overloaded_error", "Overloaded")),
        ("rate-limit", Script::rate_limit()),
        ("overloaded", Script::overloaded()),
        ("json-message", Script::json_message()),
        ("json-error", Script::error(400, "invalid_request_error", "max_tokens: Field required")),
        ("html", Script::html_page()),
        ("compressed", Script::compressed()),
        ("empty", Script::empty()),
        // Three cuts that clients tell differently: between chunks, within one, and as if it were the end.
        ("cut", stream().chunked_by(1).cut_after(middle)),
        ("cut-in-chunk", stream().cut_after(middle)),
        ("cut-unnoticed", stream().framed(Framing::UntilClose).cut_after(middle)),
        ("hold", Script::stream(TEXT.get(..middle).unwrap_or_default()).hold()),
        ("byte-by-byte", stream().chunked_by(1)),
    ]
}

/// No request has an id of its own: what is replayed is the same every time.
pub(crate) const REQUEST_ID: &str = "req_replay";

pub(crate) const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

pub(crate) const MESSAGE: &str = include_str!("../../data/streams/samples/text.message.json");

pub(crate) const HTML: &[u8] = b"<!DOCTYPE html>\n<html><body><h1>Sign in to this network</h1></body></html>\n";

/// [`PING`], by `gzip -n9`.
pub(crate) const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x2d\x4b\xcd\x2b\xb1\x52\x28\xc8\xcc\
    \x4b\xe7\x4a\x49\x2c\x49\xb4\x52\xa8\x56\x2a\xa9\x2c\x48\x55\xb2\x52\x50\x02\x09\x2a\xd5\x72\x71\x01\x00\xc0\x7c\
    \xf8\xf9\x24\x00\x00\x00";

const TEXT: &[u8] = include_bytes!("../../data/streams/samples/text.sse");

const ERROR_MID_STREAM: &[u8] = include_bytes!("../../data/streams/samples/error_mid_stream.sse");

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_sample_of_the_folder_is_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/streams/samples");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let in_folder: BTreeSet<_> = files.filter_map(|file| file.strip_suffix(".sse").map(str::to_owned)).collect();
        let here: BTreeSet<_> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert!(!in_folder.is_empty());
        assert_eq!(here, in_folder);
        assert_eq!(sample("text"), Some(TEXT));
        assert_eq!(sample("unheard-of"), None);
    }
}
