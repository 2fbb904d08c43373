//! The meaning of the head of a response, and of its end. `host.rs` asks Envoy for both.

use crate::Config;

/// The decision about a response to a request for a path of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Its body is read.
    Body,
    /// Its status alone counts, as an error: its body cannot be read, or it has none.
    Status,
    /// It is not metered, for this reason.
    Skipped(&'static str),
}

/// The reason of a response whose body is compressed.
pub(crate) const ENCODED: Reading = Reading::Skipped("content_encoding");

impl Reading {
    /// Decides by the head of the response, whose media type is in lower case.
    pub(crate) fn of(config: &Config, status: u16, media_type: &str, encoding: &[u8], has_body: bool) -> Self {
        let reading = if !has_body {
            Self::Skipped("no_body")
        } else if !config.content_types.iter().any(|name| name == media_type) {
            Self::Skipped("content_type")
        } else if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
            ENCODED
        } else {
            Self::Body
        };
        if reading != Self::Body && status >= 400 { Self::Status } else { reading }
    }
}

/// Returns the media type of a `content-type`: without parameters, in lower case.
pub(crate) fn media_type(content_type: &[u8]) -> String {
    let content_type = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    content_type.split(';').next().unwrap_or_default().trim().into()
}

/// The cause of an end that the client caused.
pub(crate) const CLIENT_GONE: &str = "client_gone";

/// Returns why a response did not end in order, by the `code_details` of Envoy.
pub(crate) fn cause_of_end(details: &str) -> &'static str {
    // Envoy's own limit of the duration, in spite of its name.
    if details.contains("timeout") || details == "upstream_max_stream_duration_reached" {
        "timeout"
    } else if details.starts_with("upstream") {
        "upstream_reset"
    } else if details.starts_with("downstream_remote") || details.contains(".remote_re") {
        // A connection that the client closed, or a reset of one stream: `http2.remote_reset`, `http2.remote_refuse`.
        CLIENT_GONE
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_if_its_headers_say_that_it_can_be() {
        let sse = "text/event-stream";
        for (status, media_type, encoding, has_body, expected) in [
            (200, sse, "", true, Reading::Body),
            (200, sse, "Identity", true, Reading::Body),
            (200, "application/json", "", true, Reading::Body),
            (529, "application/json", "", true, Reading::Body),
            (200, sse, "gzip", true, Reading::Skipped("content_encoding")),
            (200, "text/html", "", true, Reading::Skipped("content_type")),
            (200, "", "", true, Reading::Skipped("content_type")),
            (204, "", "", false, Reading::Skipped("no_body")),
            (302, "text/html", "", true, Reading::Skipped("content_type")),
            (503, "text/plain", "", true, Reading::Status),
            (502, "text/html", "gzip", true, Reading::Status),
            (500, "application/json", "br", true, Reading::Status),
            (400, sse, "", false, Reading::Status),
        ] {
            let found = Reading::of(&Config::default(), status, media_type, encoding.as_bytes(), has_body);
            assert_eq!(found, expected, "{status} {media_type} {encoding} {has_body}");
        }
    }

    #[test]
    fn a_media_type_has_no_parameters() {
        assert_eq!(media_type(b"Text/Event-Stream ; charset=utf-8"), "text/event-stream");
        assert_eq!(media_type(b""), "");
    }

    /// The details are of Envoy's page `response_code_details.rst`, and of its codecs.
    #[test]
    fn an_end_has_the_cause_that_envoy_names() {
        for (details, cause) in [
            ("stream_idle_timeout", "timeout"),
            ("max_duration_timeout", "timeout"),
            ("upstream_per_try_idle_timeout", "timeout"),
            ("upstream_max_stream_duration_reached", "timeout"),
            ("upstream_reset_after_response_started{connection_termination}", "upstream_reset"),
            ("upstream_reset_after_response_started{remote_reset}", "upstream_reset"),
            ("downstream_remote_disconnect", "client_gone"),
            ("http2.remote_reset", "client_gone"),
            ("http2.remote_refuse", "client_gone"),
            ("downstream_local_disconnect(overload)", "other"),
            ("response_payload_too_large", "other"),
            ("via_upstream", "other"),
            ("", "other"),
        ] {
            assert_eq!(cause_of_end(details), cause, "{details}");
        }
    }
}
