//! Faults by name.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::lines::{Line, lines};
use crate::samples::TEXT;
use crate::script::{Framing, Script, error_event};

macro_rules! faults {
    ($(#[doc = $description:literal] $variant:ident = $name:literal,)*) => {
        /// A fault of a server or of a network, or a rare form of a good stream, for any stream.
        ///
        /// ```
        /// use ssewire_replay::{Fault, Script, Server};
        ///
        /// let server = Server::start()?;
        /// let fault: Fault = "cut".parse()?;
        /// server.serve("/v1/messages", fault.apply(Script::stream("data: one\n\ndata: two\n\n")));
        ///
        /// for fault in Fault::ALL {
        ///     println!("{:<16}{}", fault.name(), fault.description());
        /// }
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// Two thirds of the body usually end within an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $description] $variant,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name that [`FromStr`] parses.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns a description of one line.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $description.trim_ascii(),)*
                }
            }
        }
    };
}

faults! {
    /// Closes the connection after two thirds of the body, between two chunks.
    Cut = "cut",
    /// Closes the connection after two thirds of the body, within a chunk.
    CutInChunk = "cut-in-chunk",
    /// Closes the connection after two thirds of a body whose length was not announced.
    CutUnnoticed = "cut-unnoticed",
    /// Announces a content-length and closes the connection after two thirds of it.
    CutWithLength = "cut-with-length",
    /// Closes the connection within the first event.
    CutFirstEvent = "cut-first-event",
    /// Ends the body in order after the last event of the first two thirds.
    EndsEarly = "ends-early",
    /// Ends the body in order before the blank line of the last event.
    NoLastBlankLine = "no-last-blank-line",
    /// Resets the connection after two thirds of the body.
    Reset = "reset",
    /// Announces a content-length of one byte more than it sends.
    WrongLength = "wrong-length",
    /// Sends two thirds of the body, then nothing, and keeps the connection open.
    Stall = "stall",
    /// Sends only the response head and keeps the connection open.
    StallFirst = "stall-first",
    /// Sends only comments after the last event of the first two thirds, one every 20 ms, without end.
    KeepAliveOnly = "keep-alive-only",
    /// Sends 64 bytes every 20 ms.
    Slow = "slow",
    /// Sends every byte as a chunk of its own.
    Split = "split",
    /// Sends chunks of 1, 7, 64, 3 and 1400 bytes in turn.
    OddChunks = "odd-chunks",
    /// Frames the body by a content-length.
    ContentLength = "content-length",
    /// Frames the body by the end of the connection.
    UntilClose = "until-close",
    /// Sends a ping after every event.
    Pings = "pings",
    /// Sends a byte order mark first.
    ByteOrderMark = "bom",
    /// Ends every line with CRLF.
    CrLf = "crlf",
    /// Ends every line with CR.
    Cr = "cr",
    /// Sends `data: [DONE]` after the last event, which it ends if its blank line is missing.
    Done = "done",
    /// Sends an error event after the last event of the first two thirds, then the rest.
    ErrorEvent = "error-event",
    /// Sends an error event and nothing else.
    ErrorFirst = "error-first",
    /// 204 without a body: an event source must not reconnect.
    NoContent = "204",
    /// 400 with a JSON error.
    BadRequest = "400",
    /// 429 with a JSON error and retry-after: 1.
    RateLimit = "429",
    /// 502 with an HTML page.
    BadGateway = "502",
    /// 529 with a JSON error.
    Overloaded = "529",
    /// 200 with a whole message as JSON instead of a stream.
    JsonBody = "json-body",
    /// 200 with an HTML page instead of a stream.
    HtmlBody = "html-body",
    /// 200 with bytes compressed by gzip, without the header that says so.
    Gzip = "gzip",
    /// 200 with an event stream without a byte.
    Empty = "empty",
}

/// Where a script cuts after its body, however much of it other faults leave.
const AFTER_BODY: usize = usize::MAX;

impl Fault {
    /// Returns a response with this fault instead of `script`. Faults that replace the whole response, such as
    /// [`Fault::RateLimit`], ignore it.
    #[must_use]
    pub fn apply(self, script: Script) -> Script {
        let two_thirds = script.len() * 2 / 3;
        match self {
            Self::Cut => script.take(two_thirds).cut_after(AFTER_BODY),
            Self::CutInChunk => script.cut_after(two_thirds),
            Self::CutUnnoticed => script.framed(Framing::UntilClose).cut_after(two_thirds),
            Self::CutWithLength => script.framed(Framing::ContentLength).cut_after(two_thirds),
            Self::CutFirstEvent => {
                let cut = within_first_line(&script.body());
                // Also if another fault inserts something later.
                script.take(cut).cut_after(cut)
            }
            Self::EndsEarly => {
                let end = script.event_end_before(two_thirds);
                script.take(end)
            }
            Self::NoLastBlankLine => {
                let end = last_field_end(&script.body());
                script.take(end)
            }
            Self::Reset => script.take(two_thirds).reset(),
            Self::WrongLength => script.framed(Framing::ContentLength).cut_after(AFTER_BODY),
            Self::Stall => script.take(two_thirds).hold(),
            Self::StallFirst => script.take(0).hold(),
            Self::KeepAliveOnly => {
                let end = script.event_end_before(two_thirds);
                script.take(end).repeat(": keep-alive\n", Duration::from_millis(20))
            }
            Self::Slow => script.chunked_by(64).delayed_by(Duration::from_millis(20)),
            Self::Split => script.chunked_by(1),
            Self::OddChunks => script.chunk_sizes([1, 7, 64, 3, 1400]),
            Self::ContentLength => script.framed(Framing::ContentLength),
            Self::UntilClose => script.framed(Framing::UntilClose),
            Self::Pings => script.with_pings_every(1),
            Self::ByteOrderMark => script.insert(0, "\u{feff}"),
            Self::CrLf => script.with_line_ends(b"\r\n"),
            Self::Cr => script.with_line_ends(b"\r"),
            Self::Done => {
                let length = script.len();
                // Without it, the marker would be a part of an event that has not ended.
                let blank_line = if script.event_end_before(length) == length { "" } else { "\n\n" };
                script.insert(length, format!("{blank_line}data: [DONE]\n\n"))
            }
            Self::ErrorEvent => {
                let end = script.event_end_before(two_thirds);
                script.insert(end, error_event("overloaded_error", "Overloaded"))
            }
            Self::ErrorFirst => Script::empty().error_event("overloaded_error", "Overloaded"),
            Self::NoContent => Script::status(204),
            Self::BadRequest => Script::error(400, "invalid_request_error", "max_tokens: Field required"),
            Self::RateLimit => Script::rate_limit(),
            Self::BadGateway => Script { status: 502, ..Script::html_page() },
            Self::Overloaded => Script::overloaded(),
            Self::JsonBody => Script::json_message(),
            Self::HtmlBody => Script::html_page(),
            Self::Gzip => Script::compressed(),
            Self::Empty => Script::empty(),
        }
    }

    /// Returns the sample `text` with this fault, as every server serves it at `/faults/NAME`.
    #[must_use]
    pub fn script(self) -> Script {
        self.apply(Script::stream(TEXT))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name).ok_or(UnknownFault(()))
    }
}

/// A name that no fault has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFault(());

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown fault; available faults: ")?;
        for (index, fault) in Fault::ALL.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownFault {}

/// Returns an offset before the end of the first line of an event, at most 12 bytes after its start. Without such a
/// line: of the first line that is not blank.
fn within_first_line(body: &[u8]) -> usize {
    let is_of_event = |line: &Line<'_>| line.content().starts_with(b"data") || line.content().starts_with(b"event");
    let first = lines(body).find(is_of_event).or_else(|| lines(body).find(|line| !line.is_blank()));
    first.map_or(0, |line| line.start + line.text.len().min(12))
}

/// Returns the offset after the last field, with its line end.
fn last_field_end(body: &[u8]) -> usize {
    lines(body).filter(Line::is_field).last().map_or(0, |line| line.end)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::samples::PING;

    #[test]
    fn names_are_unique_and_parsed() {
        let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
            assert_eq!(fault.to_string(), fault.name());
        }
        let error = "no such fault".parse::<Fault>().unwrap_err().to_string();
        assert!(error.starts_with("unknown fault; available faults: cut, "), "{error}");
    }

    #[test]
    fn descriptions_are_one_line_each() {
        for fault in Fault::ALL {
            let description = fault.description();
            assert!(!description.is_empty() && description.len() < 100 && !description.contains('\n'), "{fault}");
            assert!(!description.starts_with(' '), "{fault}");
        }
    }

    /// A fault of the body keeps the response around it; the others have a response of their own.
    #[test]
    fn a_fault_applies_to_any_stream() {
        for fault in Fault::ALL {
            for stream in ["", "\n", "data: a\n\n", "data: a\r\n\r\ndata: b\r\n\r\n"] {
                let script = fault.apply(Script { status: 299, ..Script::stream(stream) });
                let body = String::from_utf8_lossy(&script.body()).into_owned();
                match script.status {
                    299 => assert!(stream.len() < 9 || body.is_empty() || body.contains("data:"), "{fault}: {body:?}"),
                    _ => assert_eq!(script.body(), fault.script().body(), "{fault} of {stream:?}"),
                }
            }
        }
    }

    #[test]
    fn line_ends_are_replaced() {
        let replaced = |bytes: &[u8], line_end: &[u8]| Script::stream(bytes).with_line_ends(line_end).body();
        assert_eq!(replaced(b"a\nb\r\n\nc", b"\r"), b"a\rb\r\rc");
        assert_eq!(replaced(b"a\nb\r\n\nc", b"\r\n"), b"a\r\nb\r\n\r\nc");
        assert_eq!(replaced(b"a\r\rb\r\r", b"\r\n"), b"a\r\n\r\nb\r\n\r\n");
        assert_eq!(replaced(PING, b"\n"), PING);
    }

    #[test]
    fn the_last_blank_line_is_removed_whatever_the_line_ends() {
        for (stream, expected) in [
            ("data: a\n\n", "data: a\n"),
            ("data: a\n\n\n", "data: a\n"),
            ("data: a\r\n\r\n", "data: a\r\n"),
            ("data: a\r\r", "data: a\r"),
            ("data: a", "data: a"),
            ("\n\n", ""),
            ("\u{feff}: c\n\n", ""),
            ("\u{feff}\n\n", ""),
            ("data: a\n\n: c\n\n", "data: a\n"),
            ("data: a\n\n: c\n\ndata: b", "data: a\n\n: c\n\ndata: b"),
        ] {
            assert_eq!(Fault::NoLastBlankLine.apply(Script::stream(stream)).body(), expected.as_bytes(), "{stream:?}");
        }
    }

    #[test]
    fn the_first_event_is_cut_before_its_first_line_ends() {
        for (stream, cut) in [
            ("data: a\n\ndata: b\n\n", 7),
            ("\r\n\r\ndata: a\r\n\r\n", 11),
            ("event: message_start\n", 12),
            ("\n", 0),
            (":ok\n\nevent: a\n\n", 13),
            ("id: 1\r\ndata: a\r\n", 14),
            ("\u{feff}data: a\n\ndata: b\n\n", 10),
            ("\u{feff}\nid: 1\n", 9),
            // Not at the start of the body: part of the name of a field.
            ("\n\u{feff}data: a\ndata: b\n", 19),
        ] {
            let script = Fault::CutFirstEvent.apply(Script::stream(stream));
            assert_eq!((script.len(), script.cut_after), (cut, Some(cut)), "{stream:?}");
        }
    }
}
