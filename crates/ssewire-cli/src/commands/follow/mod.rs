//! Reads a Messages stream to its end. Shared by the commands for Messages streams.

mod diagnostics;
mod next;
mod report;

use core::time::Duration;
use std::io;

use ssewire_messages::{
    Accumulator, Completion, LostEvent, Message, MessageDecoder, ProtocolViolation, Step, StreamEvent, Update,
    UpdateEvent, UpdateSpan, Validation,
};

use diagnostics::Diagnostics;
use report::Ending;
pub(super) use report::{discarded, with_message};

use super::skipped_events::{SkippedEvent, SkippedEvents};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Chunk, Input, Next, Times};
use crate::json;
use crate::output::Output;
use crate::stats::Stats;
use crate::units::to_u64;

/// Shows a stream.
///
/// # Errors
/// All methods return those of standard output.
pub(crate) trait Renderer {
    /// Shows an event of a message or between two messages, lost or not. The caller flushes.
    fn event(&mut self, _event_type: &[u8], _payload: &[u8], _output: &mut Output) -> io::Result<()> {
        Ok(())
    }

    /// Takes an event between two messages as it is decoded, before [`event`](Self::event) shows it; `None` if it
    /// cannot be decoded. One that is lost, or starts the next message, has an update, too.
    fn skipped_event(&mut self, _event: Option<&StreamEvent<'_>>, _at: Duration, _offset: u64) {}

    /// Shows an update. The caller flushes.
    fn update(&mut self, _event: &UpdateEvent<'_>, _position: Position, _output: &mut Output) -> io::Result<()> {
        Ok(())
    }

    /// Shows the end of a message.
    fn end_message(&mut self, outcome: Outcome<'_>, output: &mut Output) -> io::Result<()>;

    /// Shows the end of the run, after the last message.
    fn finish(&mut self, _times: Times, _output: &mut Output) -> io::Result<()> {
        Ok(())
    }
}

/// The position of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    /// The number of the event, from 1.
    number: u64,
    /// Number of bytes of the event stream, or of the translation of JSON lines, up to the end of the event.
    pub(crate) offset: u64,
    /// Since the start of the run or of the recording.
    pub(crate) at: Duration,
    /// [`Renderer::skipped_event`] was called with the event.
    pub(crate) is_shown: bool,
}

/// The result of a run: the message of a stream, or a plain JSON message instead of a stream.
pub(crate) enum Outcome<'a> {
    /// A stream with this message, complete or partial; `None` if it had no event of a message.
    Stream(Option<&'a Message>),
    /// A plain JSON message instead of a stream.
    Body(&'a Message),
}

/// Follows the stream to the end of its message; with `--all`, to the end of the input.
///
/// # Errors
/// An error of standard output. All other errors are reported on standard error and by the exit code.
pub(crate) fn follow(
    args: &Args,
    input: &mut Input,
    output: &mut Output,
    renderer: &mut impl Renderer,
) -> io::Result<Exit> {
    let mut session = Session::new(args);
    while session.stopped.is_none() && !session.is_over() {
        match input.next() {
            Next::End => break,
            Next::Chunk(chunk) => session.decode(chunk, output, renderer)?,
            Next::Note(note) => output.note(note),
            Next::Stop(stop) => session.stopped = Some(stop.report(output)?),
        }
    }
    if session.stopped.is_none() {
        session.end_input(output, renderer)?;
    }
    session.finish(args.stats, input, output, renderer)
}

struct Session {
    decoder: MessageDecoder,
    /// Go on with further messages.
    all: bool,
    diagnostics: Diagnostics,
    stats: Stats,
    /// The number of the message, from 1.
    number: u64,
    /// The last message that has ended is complete.
    is_complete: bool,
    /// A message has ended, and no other has begun.
    is_between: bool,
    skipped_events: SkippedEvents,
    /// The last message that has ended is complete, and content after it was not reported yet. If that message is
    /// incomplete, such content is the rest of it.
    reports_content: bool,
    /// Bytes of the event stream up to the end of the chunk.
    bytes: u64,
    /// When the last chunk arrived.
    at: Duration,
    /// The first bytes of the input.
    start: Vec<u8>,
    /// Number of events when the last message ended.
    events: u64,
    /// An event of the message was seen.
    has_events: bool,
    /// The error of the server was reported when it arrived.
    is_error_reported: bool,
    /// The exit code of the messages that have ended: the first that is not 0.
    exit: Exit,
    /// The cause that ended the run before the input or the message, which is reported already.
    stopped: Option<Exit>,
    /// The rest of the chunk in which the message ended.
    rest: Vec<u8>,
    /// See [`Input::lines_without_event`].
    lines_without_event: Option<String>,
}

/// Printed for an event whose bytes were discarded: one above the limit, or one that was cut before a message began. A
/// reader of the line cannot decode it either, so it reports the loss, too.
const UNREADABLE: (&[u8], &[u8]) = (b"content_block_delta", b"{");

/// The number of bytes of the input that are kept to explain it.
const MAX_START_BYTES: usize = 4096;

impl Session {
    fn new(args: &Args) -> Self {
        let validation = if args.strict { Validation::Strict } else { Validation::Lenient };
        let decoder = MessageDecoder::new()
            .with_decoder(args.decoder.clone())
            .with_accumulator(Accumulator::new().with_validation(validation));
        Self {
            decoder,
            all: args.all,
            diagnostics: Diagnostics::default(),
            stats: Stats::default(),
            number: 1,
            is_complete: false,
            is_between: false,
            skipped_events: SkippedEvents::new(args.decoder.clone()),
            reports_content: false,
            bytes: 0,
            at: Duration::ZERO,
            start: Vec::new(),
            events: 0,
            has_events: false,
            is_error_reported: false,
            exit: Exit::Complete,
            stopped: None,
            rest: Vec::new(),
            lines_without_event: None,
        }
    }

    /// Returns whether the message has ended and no other is wanted.
    fn is_over(&self) -> bool {
        !self.all && self.decoder.is_ended()
    }

    fn decode(&mut self, chunk: Chunk<'_>, output: &mut Output, renderer: &mut impl Renderer) -> io::Result<()> {
        self.at = chunk.at;
        self.stats.chunk(chunk);
        self.bytes = self.bytes.saturating_add(to_u64(chunk.bytes.len()));
        let missing = MAX_START_BYTES.saturating_sub(self.start.len());
        self.start.extend(chunk.bytes.iter().take(missing));
        let mut rest = chunk.bytes;
        loop {
            let before = rest;
            let polled = self.decoder.poll(&mut rest);
            let offset = self.bytes.saturating_sub(to_u64(rest.len()));
            let is_shown = self.is_between;
            if is_shown {
                let consumed = before.len().saturating_sub(rest.len());
                self.show_skipped(before.get(..consumed), offset, output, renderer)?;
            }
            self.release_notes(output);
            match polled {
                Ok(Step::NeedInput) => return Ok(()),
                Ok(Step::Ended) if self.all => self.end_message(output, renderer)?,
                Ok(Step::Ended) => {
                    self.stats.unread(rest.len());
                    self.rest = rest.to_vec();
                    return Ok(());
                }
                Ok(Step::Update(span)) => {
                    let position = Position { number: self.decoder.event_count(), offset, at: self.at, is_shown };
                    self.show(before, span, position, output, renderer)?;
                }
                Err(error) => {
                    self.stats.unread(rest.len());
                    self.reject(error, output);
                    return Ok(());
                }
            }
        }
    }

    /// Shows the events in bytes that the decoder of the messages skips; `None` is the end of the input. `end` is the
    /// offset of their end.
    fn show_skipped(
        &mut self,
        bytes: Option<&[u8]>,
        end: u64,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<()> {
        let show = |event: Option<SkippedEvent<'_>>, after: usize| {
            self.stats.event(self.at);
            let offset = end.saturating_sub(to_u64(after));
            renderer.skipped_event(event.as_ref().and_then(|event| event.decoded.as_ref()), self.at, offset);
            let (event_type, payload) = event.as_ref().map_or(UNREADABLE, |event| (event.event_type, event.payload));
            renderer.event(event_type, payload, output)?;
            // One above the limit: the decoder of the messages reports it.
            match event.and_then(|event| event.decoded) {
                Some(StreamEvent::Error(error)) => {
                    output.note(with_message(&error, &error));
                    self.exit = self.exit.or(Exit::ServerError);
                }
                Some(StreamEvent::ContentBlockStart(_) | StreamEvent::ContentBlockDelta(_)) => {
                    report_content(&mut self.reports_content, &mut self.exit, output);
                }
                _ => {}
            }
            Ok(())
        };
        if let Some(bytes) = bytes {
            self.skipped_events.decode(bytes, show)?;
        } else if let Some(bytes) = self.skipped_events.end(show)? {
            let (event_type, payload) = UNREADABLE;
            renderer.event(event_type, payload, output)?;
            output.note(format_args!("incomplete: {}", discarded(bytes)));
            self.exit = self.exit.or(Exit::Incomplete);
        }
        output.flush()
    }

    /// The input has ended: the rest may be an event whose blank line is missing.
    fn end_input(&mut self, output: &mut Output, renderer: &mut impl Renderer) -> io::Result<()> {
        if self.is_between {
            self.show_skipped(None, self.bytes, output, renderer)?;
        }
        loop {
            let polled = self.decoder.poll_end();
            let is_shown = self.is_between;
            self.release_notes(output);
            match polled {
                Ok(Some(span)) => {
                    let number = self.decoder.event_count();
                    let position = Position { number, offset: self.bytes, at: self.at, is_shown };
                    self.show(&[], span, position, output, renderer)?;
                }
                Ok(None) if self.all && !self.is_between && self.decoder.is_ended() => {
                    self.end_message(output, renderer)?;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.reject(error, output);
                    return Ok(());
                }
            }
        }
    }

    fn release_notes(&mut self, output: &mut Output) {
        if !self.diagnostics.is_released && self.decoder.accumulator().completion() != Completion::NonStreamBody {
            self.diagnostics.release(output);
        }
    }

    fn show(
        &mut self,
        chunk: &[u8],
        span: UpdateSpan,
        position: Position,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<()> {
        let Position { number, at, .. } = position;
        let event = self.decoder.resolve(chunk, span);
        // An event that is lost between two messages starts none.
        self.is_between &= matches!(event.update, Update::Lost(_));
        let (event_type, payload) = match event.update {
            Update::Lost(_) if event.event_type.is_empty() => UNREADABLE,
            _ => (event.event_type, event.payload),
        };
        if !position.is_shown && !event_type.is_empty() {
            self.stats.event(at);
            renderer.event(event_type, payload, output)?;
            output.flush()?;
        }
        if let Update::Lost(error) = event.update {
            renderer.update(&event, position, output)?;
            let hint = if has_several_payloads(event.payload) {
                ": its data has several JSON objects, so blank lines between events are probably missing"
            } else {
                ""
            };
            let is_content = match error {
                LostEvent::Payload(error) => {
                    error.is_content_lost() || is_message_start(event.event_type, event.payload)
                }
                _ => false,
            };
            self.diagnostics.note(format!("event {number}: {error}{hint}"), output);
            if self.is_between && is_content {
                report_content(&mut self.reports_content, &mut self.exit, output);
            }
            return Ok(());
        }
        self.has_events |= is_of_a_message(&event.update);
        if event.update.text_deltas().next().is_some() {
            self.stats.text(at);
        }
        renderer.update(&event, position, output)?;
        output.flush()?;
        if let Update::Error(error) = event.update {
            self.is_error_reported = true;
            output.note(with_message(error, error));
        }
        Ok(())
    }

    fn reject(&mut self, error: ProtocolViolation, output: &mut Output) {
        output.note(format_args!("event {}: {error}", self.decoder.event_count()));
        self.stopped = Some(match self.decoder.accumulator().server_error() {
            Some(_) => Exit::ServerError,
            None => Exit::Incomplete,
        });
    }

    /// Ends a message, and goes on with the next one.
    fn end_message(&mut self, output: &mut Output, renderer: &mut impl Renderer) -> io::Result<()> {
        let ending = Ending::of(&self.decoder);
        let result = self.decoder.next_message();
        self.conclude(result, ending, output, renderer)?;
        self.number = self.number.saturating_add(1);
        (self.is_between, self.reports_content) = (true, self.is_complete);
        (self.has_events, self.is_error_reported) = (false, false);
        Ok(())
    }

    fn finish(
        mut self,
        with_stats: bool,
        input: &mut Input,
        output: &mut Output,
        renderer: &mut impl Renderer,
    ) -> io::Result<Exit> {
        self.lines_without_event = input.lines_without_event();
        if !self.is_between {
            let has_next = self.stopped.is_none() && self.is_over() && self.has_next_message(input);
            let ending = Ending::of(&self.decoder);
            let decoder = core::mem::replace(&mut self.decoder, MessageDecoder::new());
            self.conclude(decoder.finish(), ending, output, renderer)?;
            if has_next {
                output.note("note: another message follows; --all goes on with it");
            }
        } else if self.stopped == Some(Exit::Interrupted) {
            output.note(if self.is_complete { "interrupted; the message is complete" } else { "interrupted" });
        }
        renderer.finish(input.times(), output)?;
        if with_stats {
            output.lines(&self.stats.table());
        }
        Ok(self.exit.or(self.stopped.unwrap_or(Exit::Complete)))
    }
}

/// Reports content between two messages, once.
fn report_content(reports_content: &mut bool, exit: &mut Exit, output: &mut Output) {
    if core::mem::take(reports_content) {
        output.note("incomplete: after a complete message, content without a readable message_start was skipped");
        *exit = exit.or(Exit::Incomplete);
    }
}

fn is_of_a_message(update: &Update<'_>) -> bool {
    !matches!(update, Update::Error(_) | Update::Ping | Update::Done | Update::Unchanged)
}

/// Returns whether an event that cannot be decoded may be a `message_start`. The `type` of a payload of JSON decides.
fn is_message_start(event_type: &[u8], payload: &[u8]) -> bool {
    let Some(json) = json::one_line(payload) else {
        return event_type == b"message_start" || memchr::memmem::find(payload, b"\"message_start\"").is_some();
    };
    let own_type = json.get("type").and_then(ssewire_messages::RawJsonRef::decode_string);
    own_type.as_deref().map_or(event_type, str::as_bytes) == b"message_start"
}

/// Returns whether the data of an event is several lines that begin as JSON objects.
fn has_several_payloads(payload: &[u8]) -> bool {
    payload.starts_with(b"{") && memchr::memmem::find(payload, b"}\n{").is_some()
}
