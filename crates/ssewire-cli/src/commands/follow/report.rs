//! Notes about the end of a message.

use core::fmt::{self, Display};
use std::io;

use ssewire_messages::{
    ApiError, Completion, ContentBlock, Incomplete, Message, MessageDecoder, NonStreamBody, ProtocolViolations,
    RawJsonRef, StopReason,
};

use super::{Outcome, Renderer, Session, UNREADABLE};
use crate::exit::Exit;
use crate::output::Output;
use crate::units::{count, to_u64};

const RESPONSE_HEAD: &[u8] = b"HTTP/";

impl Session {
    /// Shows how a message ended.
    pub(super) fn conclude(
        &mut self,
        result: Result<Message, Incomplete>,
        ending: Ending,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<()> {
        (self.events, self.is_complete) = (ending.events, result.is_ok());
        self.render_end(&result, output, renderer)?;
        let (exit, message) = match &result {
            Ok(message) => {
                if self.stopped == Some(Exit::Interrupted) {
                    output.note("interrupted; the message is complete");
                } else if ending.completion == Completion::Unterminated {
                    output.note(format_args!("note: {}{}", MessageNumber(self.number), Completion::Unterminated));
                }
                (Exit::Complete, Some(message))
            }
            Err(incomplete) => {
                let exit = self.report_incomplete(incomplete, output);
                let message = match incomplete.non_stream_body() {
                    Some(NonStreamBody::Message(message)) => Some(&**message),
                    Some(_) => None,
                    None => Some(incomplete.partial()),
                };
                (exit, message)
            }
        };
        self.write_notes(message, &ending, exit, output);
        self.exit = self.exit.or(self.stopped.unwrap_or(exit));
        Ok(())
    }

    /// Shows the message that has ended, complete or partial.
    fn render_end(
        &self,
        result: &Result<Message, Incomplete>,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<()> {
        let outcome = match result {
            Ok(message) => Outcome::Stream(Some(message)),
            Err(incomplete) => {
                if self.stopped.is_none() {
                    self.show_unseen(incomplete, output, renderer)?;
                }
                let seen = self.has_events || !incomplete.unmatched_input().is_empty();
                match incomplete.non_stream_body() {
                    Some(NonStreamBody::Message(message)) => Outcome::Body(message),
                    _ => Outcome::Stream(seen.then_some(incomplete.partial())),
                }
            }
        };
        renderer.end_message(outcome, output)
    }

    /// Writes notes about a message, complete or not, and adds its counts to the statistics.
    fn write_notes(&mut self, message: Option<&Message>, ending: &Ending, exit: Exit, output: &mut Output) {
        let number = MessageNumber(self.number);
        if ending.has_used_pending_event && self.stopped.is_none() {
            output.note(format_args!(
                "note: {number}the last event lacks its blank line; it was used, because its JSON is complete"
            ));
        }
        if let Some(message) = message {
            self.stats.output_tokens(message.output_tokens());
            if let Some(note) = stop_note(message) {
                output.note(format_args!("note: {number}{note}"));
            }
        }
        if let Some(note) = self.violations(&ending.violations).filter(|_| message.is_some()) {
            output.note(format_args!("note: {number}{note}"));
        }
        if self.number == 1 && self.start.starts_with(RESPONSE_HEAD) && exit != Exit::Failure {
            output.note("note: the body begins with a response head, which was skipped; curl prints it with -i");
        }
    }

    /// Shows what ends the message without an event: an error that is a bare line, and a first event that was cut.
    fn show_unseen(
        &self,
        incomplete: &Incomplete,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<()> {
        match incomplete.reason() {
            Completion::ServerError if !self.is_error_reported => {
                let body = incomplete.server_error().map_or(&b""[..], |error| error.body().as_str().as_bytes());
                renderer.event(b"error", body, output)
            }
            Completion::Truncated if !self.has_events && incomplete.pending_bytes() > 0 => {
                let (event_type, payload) = UNREADABLE;
                renderer.event(event_type, payload, output)
            }
            _ => Ok(()),
        }
    }

    /// Counts the violations, and returns a sentence about them.
    fn violations(&mut self, violations: &ProtocolViolations) -> Option<String> {
        let mut kinds = Vec::new();
        for (kind, number) in violations.counts() {
            self.stats.violations(kind, number);
            kinds.push(format!("{number} × {kind}"));
        }
        let total = count(violations.total(), "protocol violation");
        (!kinds.is_empty()).then(|| format!("{total}: {}", kinds.join(", ")))
    }

    fn report_incomplete(&mut self, incomplete: &Incomplete, output: &mut Output) -> Exit {
        if self.stopped == Some(Exit::Interrupted) {
            output.note(so_far(self.has_events.then_some(incomplete.partial())));
        }
        if self.stopped.is_some() {
            return Exit::Complete;
        }
        match (incomplete.non_stream_body(), self.lines_without_event.take()) {
            (Some(NonStreamBody::Empty), Some(sentence)) => {
                output.note(sentence);
                Exit::Failure
            }
            (Some(body), _) => self.diagnostics.report_body(body, incomplete, output),
            (None, _) => self.report_stream(incomplete, output),
        }
    }

    /// Returns whether the first event has not ended after several lines of data.
    fn has_joined_events(&self) -> bool {
        let lines = self.start.split(|byte| matches!(byte, b'\n' | b'\r'));
        let data = lines.filter(|line| line.starts_with(b"data:")).count();
        data > 1 && self.events == 0
    }

    fn report_stream(&self, incomplete: &Incomplete, output: &mut Output) -> Exit {
        let number = MessageNumber(self.number);
        // An error event is reported when it arrives; an error that is a bare line is known at the end.
        if incomplete.reason() == Completion::ServerError {
            if let Some(error) = incomplete.server_error().filter(|_| !self.is_error_reported) {
                output.note(with_message(error, error));
            }
            return Exit::ServerError;
        }
        let pending = match incomplete.pending_bytes() {
            0 => String::new(),
            bytes => {
                let hint = if self.has_joined_events() {
                    ": it has several data lines, so blank lines between events are probably missing"
                } else {
                    ""
                };
                format!("; {}{hint}", discarded(bytes))
            }
        };
        output.note(format_args!("incomplete: {number}{incomplete}{pending}"));
        for (index, json) in incomplete.unmatched_input() {
            output.note(format_args!(
                "incomplete: {number}{} bytes of input JSON found no block at index {index}",
                json.len()
            ));
        }
        Exit::Incomplete
    }
}

/// The state of a decoder at the end of a message.
pub(super) struct Ending {
    completion: Completion,
    violations: ProtocolViolations,
    has_used_pending_event: bool,
    events: u64,
}

impl Ending {
    pub(super) fn of(decoder: &MessageDecoder) -> Self {
        Self {
            completion: decoder.completion(),
            violations: decoder.violations().clone(),
            has_used_pending_event: decoder.has_used_pending_event(),
            events: decoder.event_count(),
        }
    }
}

/// The number of the message that a note is about; nothing for the first.
#[derive(Clone, Copy)]
struct MessageNumber(u64);

impl Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 1 { write!(f, "message {}: ", self.0) } else { Ok(()) }
    }
}

/// Says that this number of bytes was discarded.
pub(in crate::commands) fn discarded(bytes: u64) -> String {
    format!("{} of a last event without its blank line were discarded", count(bytes, "byte"))
}

/// Returns the part of a message that arrived before the interrupt.
fn so_far(message: Option<&Message>) -> String {
    let Some(message) = message else { return "interrupted before the message began".into() };
    let text = message.content().iter().filter_map(ContentBlock::as_text);
    let characters = text.map(|block| block.text().chars().count()).fold(0, usize::saturating_add);
    let (blocks, characters) =
        (count(to_u64(message.content().len()), "block"), count(to_u64(characters), "character"));
    format!("interrupted; the message so far: {blocks}, {characters} of text")
}

/// Returns a sentence about a stop reason that makes the text end early.
fn stop_note(message: &Message) -> Option<String> {
    let reason = message.stop_reason()?;
    let meaning = match reason {
        StopReason::MaxTokens => "the output limit was reached, so the text may end early",
        StopReason::ModelContextWindowExceeded => "the context window is full, so the text may end early",
        StopReason::Refusal => "the model or a classifier refused",
        _ => return None,
    };
    let details = message.get("stop_details");
    let detail = |name| details.and_then(|details| details.get(name)).and_then(RawJsonRef::decode_string);
    let details: Vec<_> = ["category", "explanation"].into_iter().filter_map(detail).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(": ")) };
    Some(format!("stop reason {reason}: {meaning}{details}"))
}

/// Returns the sentence about an error, and the server's own words: whoever sees them made the request.
pub(in crate::commands) fn with_message(sentence: impl Display, error: &ApiError) -> String {
    match error.message() {
        Some(message) if !message.is_empty() => format!("{sentence}: {message}"),
        _ => sentence.to_string(),
    }
}
