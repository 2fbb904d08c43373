//! What the commands for Messages streams have in common: following the stream to its end, and saying how it ended.

use core::time::Duration;
use std::io;

use ssewire::Decoder;
use ssewire_messages::{
    Accumulator, ApiError, Completion, ContentBlock, Incomplete, Message, MessageDecodeError, MessageDecoder,
    NonStreamBody, Step, Update, UpdateEvent, UpdateSpan, Validation,
};

use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Chunk, Input, Next};
use crate::output::Output;
use crate::stats::Stats;
use crate::units::count;

/// What a command shows of a stream.
pub(crate) trait Show {
    /// An event has come. What is written here is flushed by the caller.
    ///
    /// # Errors
    /// Those of standard output, here and below.
    fn item(&mut self, item: &UpdateEvent<'_>, place: Place, output: &mut Output) -> io::Result<()>;

    /// An event has come after the end of the message. `false`: the command ends with the message.
    fn later_event(&mut self, _event_type: &[u8], _payload: &[u8], _: Place, _: &mut Output) -> io::Result<bool> {
        Ok(false)
    }

    /// Whether events after the end of the message are shown.
    fn shows_later_events(&self) -> bool {
        false
    }

    /// No more will come.
    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()>;
}

/// Where an event stands, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) number: u64,
    /// How many bytes of the input it ends behind.
    pub(crate) offset: u64,
    /// Counted from the beginning of the run.
    pub(crate) at: Duration,
}

/// What there is when the input has ended.
pub(crate) enum End<'a> {
    /// Of a stream: its message, whole or partial. `None` if no event of a message was seen.
    Stream(Option<&'a Message>),
    /// Of a body that was no stream: the message that it was instead.
    Body(&'a Message),
}

/// Follows the stream to the end of the input, or to what ends the run before.
///
/// # Errors
/// Those of standard output. All others are told on standard error, and in the exit code.
pub(crate) fn follow(args: &Args, input: &mut Input, output: &mut Output, show: &mut impl Show) -> io::Result<Exit> {
    let validation = if args.strict { Validation::Strict } else { Validation::Lenient };
    let stream = MessageDecoder::new()
        .with_decoder(args.decoder.clone())
        .with_accumulator(Accumulator::new().with_validation(validation));
    let mut run = Run {
        stream,
        later: None,
        later_events: 0,
        notes: Notes::default(),
        stats: Stats::default(),
        bytes: 0,
        seen: false,
        error_shown: false,
        failed: None,
    };
    while run.failed.is_none() && (!run.stream.is_ended() || show.shows_later_events()) {
        match input.next() {
            Next::End => break,
            Next::Chunk(chunk) => run.take(chunk, output, show)?,
            Next::Interrupted => {
                output.interrupted();
                run.failed = Some(Exit::Interrupted);
            }
            Next::Failed(sentence) => {
                // What was shown so far ends here, before the sentence.
                output.end_line()?;
                output.note(sentence);
                run.failed = Some(Exit::Failure);
            }
        }
    }
    if run.failed.is_none() {
        run.end_input(output, show)?;
    }
    run.stats.output_tokens(run.stream.snapshot().output_tokens());
    let stats = args.stats.then(|| run.stats.table(input.is_live()));
    let exit = run.finish(output, show)?;
    if let Some(stats) = stats {
        output.lines(&stats);
    }
    Ok(exit)
}

struct Run {
    stream: MessageDecoder,
    /// Decodes what comes after the end of the message.
    later: Option<Decoder>,
    later_events: u64,
    notes: Notes,
    stats: Stats,
    /// Of the input, before the chunk that is taken.
    bytes: u64,
    /// An event of a message has come.
    seen: bool,
    /// The error of the server was shown when it came.
    error_shown: bool,
    /// What ended the run before the input did; it is told already.
    failed: Option<Exit>,
}

impl Run {
    fn take(&mut self, chunk: Chunk<'_>, output: &mut Output, show: &mut impl Show) -> io::Result<()> {
        let at = chunk.at;
        self.stats.chunk(chunk.bytes.len(), at);
        let end = self.bytes.saturating_add(to_u64(chunk.bytes.len()));
        self.bytes = end;
        let mut rest = chunk.bytes;
        loop {
            let before = rest;
            let polled = self.stream.poll(&mut rest);
            self.release_notes(output);
            let offset = end.saturating_sub(to_u64(rest.len()));
            match polled {
                Ok(Step::NeedInput) => return Ok(()),
                Ok(Step::Ended) => return self.take_later(rest, end, at, output, show),
                Ok(Step::Update(span)) => self.show_update(before, span, offset, at, output, show)?,
                Err(error) => {
                    self.reject(error, output);
                    return Ok(());
                }
            }
        }
    }

    /// The input has ended: what is left may be an event whose blank line is missing.
    fn end_input(&mut self, output: &mut Output, show: &mut impl Show) -> io::Result<()> {
        let at = Duration::ZERO;
        loop {
            let polled = self.stream.poll_end();
            self.release_notes(output);
            match polled {
                Ok(Step::NeedInput | Step::Ended) => return Ok(()),
                Ok(Step::Update(span)) => self.show_update(&[], span, self.bytes, at, output, show)?,
                Err(error) => {
                    self.reject(error, output);
                    return Ok(());
                }
            }
        }
    }

    fn release_notes(&mut self, output: &mut Output) {
        if !self.notes.released && self.stream.accumulator().completion() != Completion::NonStreamBody {
            self.notes.release(output);
        }
    }

    fn show_update(
        &mut self,
        chunk: &[u8],
        span: UpdateSpan,
        offset: u64,
        at: Duration,
        output: &mut Output,
        show: &mut impl Show,
    ) -> io::Result<()> {
        let number = self.stream.events();
        self.stats.event(at);
        let item = self.stream.resolve(chunk, span);
        if let Update::Lost(error) = item.update {
            self.notes.take(format!("event {number}: {error}"), output);
            return Ok(());
        }
        self.seen |= tells_of_a_message(&item.update);
        if item.update.text_deltas().next().is_some() {
            self.stats.text(at);
        }
        show.item(&item, Place { number, offset, at }, output)?;
        output.flush()?;
        if let Update::Error(error) = item.update {
            self.error_shown = true;
            output.note(with_message(error, error));
        }
        Ok(())
    }

    fn reject(&mut self, error: MessageDecodeError, output: &mut Output) {
        output.note(format_args!("event {}: {error}", self.stream.events()));
        self.failed = Some(match self.stream.accumulator().error() {
            Some(_) => Exit::ServerError,
            None => Exit::Incomplete,
        });
    }

    /// Shows the events after the end of the message, to those who want them.
    fn take_later(
        &mut self,
        bytes: &[u8],
        end: u64,
        at: Duration,
        output: &mut Output,
        show: &mut impl Show,
    ) -> io::Result<()> {
        if !show.shows_later_events() {
            return Ok(());
        }
        let mut rest = bytes;
        let decoder = self.later.get_or_insert_default();
        loop {
            match decoder.decode(&mut rest) {
                Ok(Some(event)) => {
                    self.later_events = self.later_events.saturating_add(1);
                    let number = self.stream.events().saturating_add(self.later_events);
                    let place = Place { number, offset: end.saturating_sub(to_u64(rest.len())), at };
                    show.later_event(event.event_type(), event.data(), place, output)?;
                    output.flush()?;
                }
                Ok(None) => return Ok(()),
                Err(error) => output.note(error),
            }
        }
    }

    fn finish(mut self, output: &mut Output, show: &mut impl Show) -> io::Result<Exit> {
        let accumulator = self.stream.accumulator();
        let unterminated = accumulator.completion() == Completion::Unterminated;
        let seen = self.seen || accumulator.unmatched_input().next().is_some();
        match self.stream.finish() {
            Ok(message) => {
                show.end(End::Stream(Some(&message)), output)?;
                if self.failed == Some(Exit::Interrupted) {
                    output.note("interrupted; the message is whole");
                }
                if unterminated && self.failed.is_none() {
                    output.note(format_args!("note: {}", Completion::Unterminated));
                }
                Ok(self.failed.unwrap_or(Exit::Complete))
            }
            Err(incomplete) => {
                let body = incomplete.non_stream_body();
                show.end(
                    match body {
                        Some(NonStreamBody::Message(message)) => End::Body(message),
                        _ => End::Stream(seen.then_some(incomplete.message())),
                    },
                    output,
                )?;
                if self.failed == Some(Exit::Interrupted) {
                    output.note(so_far(seen.then_some(incomplete.message())));
                }
                Ok(self.failed.unwrap_or_else(|| match body {
                    Some(body) => self.notes.no_stream(body, &incomplete, output),
                    None => incomplete_stream(&incomplete, self.error_shown, output),
                }))
            }
        }
    }
}

fn tells_of_a_message(update: &Update<'_>) -> bool {
    !matches!(update, Update::Error(_) | Update::Ping | Update::Done | Update::Unchanged)
}

/// What had come of a message when it was interrupted.
fn so_far(message: Option<&Message>) -> String {
    let Some(message) = message else { return "interrupted before anything of a message came".into() };
    let text = message.content().iter().filter_map(ContentBlock::as_text);
    let characters = text.map(|block| block.text().chars().count()).fold(0, usize::saturating_add);
    let (blocks, characters) = (count(message.content().len(), "block"), count(characters, "character"));
    format!("interrupted; what came of the message: {blocks}, {characters} of text")
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// The kind and the request id of an error, and the server's own words: who sees them made the request.
fn with_message(sentence: impl core::fmt::Display, error: &ApiError) -> String {
    match error.message() {
        Some(message) if !message.is_empty() => format!("{sentence}: {message}"),
        _ => sentence.to_string(),
    }
}

fn incomplete_stream(incomplete: &Incomplete, error_shown: bool, output: &mut Output) -> Exit {
    // An error event was shown when it came; one that was a bare line is known in the end.
    if incomplete.reason() == Completion::ServerError {
        if let Some(error) = incomplete.error().filter(|_| !error_shown) {
            output.note(with_message(error, error));
        }
        return Exit::ServerError;
    }
    output.note(format_args!("incomplete: {incomplete}"));
    for (index, json) in incomplete.unmatched_input() {
        output.note(format_args!("incomplete: {} bytes of input JSON found no block at index {index}", json.len()));
    }
    Exit::Incomplete
}

/// What is to be said of single events, for as long as this may turn out to be no Messages stream at all: then one
/// sentence says it all.
#[derive(Default)]
struct Notes {
    held: Vec<String>,
    /// How many there were beyond those that are held.
    more: u64,
    released: bool,
}

impl Notes {
    const HELD: usize = 16;

    fn take(&mut self, note: String, output: &mut Output) {
        if self.released {
            output.note(note);
        } else if self.held.len() < Self::HELD {
            self.held.push(note);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn release(&mut self, output: &mut Output) {
        self.released = true;
        for note in self.held.drain(..) {
            output.note(note);
        }
        if self.more > 0 {
            output.note(format_args!("{} more events could not be used", self.more));
        }
    }

    fn no_stream(&mut self, body: &NonStreamBody, incomplete: &Incomplete, output: &mut Output) -> Exit {
        match body {
            NonStreamBody::Message(_) => {
                output.note(format_args!("note: {body}"));
                Exit::Complete
            }
            NonStreamBody::Error(error) => {
                output.note(with_message(body, error));
                Exit::ServerError
            }
            // It may well have been a stream, had its events been read.
            NonStreamBody::Text | NonStreamBody::OnlyComments
                if incomplete.reasons().contains(&Completion::LimitExceeded) =>
            {
                self.release(output);
                output.note("incomplete: what there was is larger than the limit");
                Exit::Incomplete
            }
            _ => {
                match self.held.first() {
                    Some(first) => output.note(format_args!("{body} ({first})")),
                    None => output.note(body),
                }
                Exit::Failure
            }
        }
    }
}
