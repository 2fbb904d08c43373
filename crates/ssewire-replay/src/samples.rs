//! Sample streams that every server serves.

macro_rules! samples {
    ($($name:literal)*) => {
        /// Sample streams of the Claude Messages API, by name. The first is `text`.
        pub const SAMPLES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../samples/", $name, ".sse")))),*];
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

/// Returns the sample stream of this name, or `None` if there is none.
#[must_use]
pub fn sample(name: &str) -> Option<&'static [u8]> {
    SAMPLES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The sample that [`Fault`](crate::Fault)s are applied to where no other stream is given.
pub(crate) const TEXT: &[u8] = include_bytes!("../samples/text.sse");

/// The message of [`TEXT`], as the API sends it without a stream.
pub(crate) const MESSAGE: &str = include_str!("../samples/text.message.json");

/// The request ID of every response: constant, so that every run is the same.
pub(crate) const REQUEST_ID: &str = "req_replay";

pub(crate) const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

pub(crate) const HTML: &[u8] = b"<!DOCTYPE html>\n<html><body><h1>Sign in to this network</h1></body></html>\n";

/// [`PING`], compressed by `gzip -n9`.
pub(crate) const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x2d\x4b\xcd\x2b\xb1\x52\x28\xc8\xcc\
    \x4b\xe7\x4a\x49\x2c\x49\xb4\x52\xa8\x56\x2a\xa9\x2c\x48\x55\xb2\x52\x50\x02\x09\x2a\xd5\x72\x71\x01\x00\xc0\x7c\
    \xf8\xf9\x24\x00\x00\x00";

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_sample_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let in_folder: BTreeSet<_> = files.filter_map(|file| file.strip_suffix(".sse").map(str::to_owned)).collect();
        let listed: BTreeSet<_> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert!(!in_folder.is_empty());
        assert_eq!(listed, in_folder);
        assert_eq!(sample("text"), Some(TEXT));
        assert_eq!(sample("unknown"), None);
    }
}
