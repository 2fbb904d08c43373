//! What the commands for Messages streams have in common: following the stream to its end, and saying how it ended.

use std::io;

use ssewire_messages::{
    AccumulateError, Accumulator, ApiError, Completion, Incomplete, Item, Message, MessageStream, NotAStream,
    StreamError, Strictness, Update,
};

use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// What a command shows of a stream.
pub(crate) trait Show {
    /// An event has come. What is written here is flushed by the caller.
    ///
    /// # Errors
    /// Those of standard output, here and below.
    fn item(&mut self, item: &Item<'_>, number: u64, output: &mut Output) -> io::Result<()>;

    /// No more will come.
    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()>;
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
    let strictness = if args.strict { Strictness::Strict } else { Strictness::Tolerant };
    let stream = MessageStream::new()
        .with_decoder(args.decoder.clone())
        .with_accumulator(Accumulator::new().with_strictness(strictness));
    let mut run = Run { stream, notes: Notes::default(), seen: false, failed: None };
    while run.failed.is_none() {
        match input.next_chunk() {
            Ok([]) => break,
            Ok(chunk) => run.take(chunk, output, show)?,
            Err(sentence) => {
                // What was shown so far ends here, before the sentence.
                output.end_line()?;
                output.note(sentence);
                run.failed = Some(Exit::Failure);
            }
        }
    }
    run.finish(output, show)
}

struct Run {
    stream: MessageStream,
    notes: Notes,
    /// An event of a message has come.
    seen: bool,
    /// What ended the run before the input did; it is told already.
    failed: Option<Exit>,
}

impl Run {
    fn take(&mut self, chunk: &[u8], output: &mut Output, show: &mut impl Show) -> io::Result<()> {
        let mut rest = chunk;
        loop {
            let before = rest;
            let advanced = self.stream.advance(&mut rest);
            if !self.notes.released && self.stream.accumulator().completion() != Completion::NotAStream {
                self.notes.release(output);
            }
            let number = self.stream.events();
            match advanced {
                Ok(None) => return Ok(()),
                Ok(Some(ready)) => {
                    let item = self.stream.item(before, ready);
                    self.seen |= tells_of_a_message(&item.update);
                    show.item(&item, number, output)?;
                    output.flush()?;
                    if let Update::Error { error, .. } = item.update {
                        output.note(with_message(error, error));
                    }
                }
                Err(StreamError::Accumulate(AccumulateError::Departure(departure))) => {
                    output.note(format_args!("event {number} departs from the protocol: {departure}"));
                    self.failed = Some(match self.stream.accumulator().error() {
                        Some(_) => Exit::ServerError,
                        None => Exit::Incomplete,
                    });
                    return Ok(());
                }
                Err(error) => self.notes.take(format!("event {number}: {error}"), output),
            }
        }
    }

    fn finish(mut self, output: &mut Output, show: &mut impl Show) -> io::Result<Exit> {
        let accumulator = self.stream.accumulator();
        let unterminated = accumulator.completion() == Completion::Unterminated;
        let seen = self.seen || accumulator.orphan_input().next().is_some();
        match self.stream.finish() {
            Ok(message) => {
                show.end(End::Stream(Some(&message)), output)?;
                if unterminated && self.failed.is_none() {
                    output.note(format_args!("note: {}", Completion::Unterminated));
                }
                Ok(self.failed.unwrap_or(Exit::Complete))
            }
            Err(incomplete) => {
                let body = incomplete.not_a_stream();
                show.end(
                    match body {
                        Some(NotAStream::Message(message)) => End::Body(message),
                        _ => End::Stream(seen.then_some(incomplete.message())),
                    },
                    output,
                )?;
                Ok(self.failed.unwrap_or_else(|| match body {
                    Some(body) => self.notes.no_stream(body, &incomplete, output),
                    None => incomplete_stream(&incomplete, output),
                }))
            }
        }
    }
}

fn tells_of_a_message(update: &Update<'_>) -> bool {
    !matches!(update, Update::Error { .. } | Update::Ping | Update::Done | Update::Nothing)
}

/// The kind and the request id of an error, and the server's own words: who sees them made the request.
fn with_message(sentence: impl core::fmt::Display, error: &ApiError) -> String {
    match error.message() {
        Some(message) if !message.is_empty() => format!("{sentence}: {message}"),
        _ => sentence.to_string(),
    }
}

fn incomplete_stream(incomplete: &Incomplete, output: &mut Output) -> Exit {
    // It was told when it came, and that the rest is missing follows from it.
    if incomplete.reason() == Completion::ServerError {
        return Exit::ServerError;
    }
    output.note(format_args!("incomplete: {incomplete}"));
    for (index, json) in incomplete.orphan_input() {
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

    fn no_stream(&mut self, body: &NotAStream, incomplete: &Incomplete, output: &mut Output) -> Exit {
        match body {
            NotAStream::Message(_) => {
                output.note(format_args!("note: {body}"));
                Exit::Complete
            }
            NotAStream::Error(error) => {
                output.note(with_message(body, error));
                Exit::ServerError
            }
            // It may well have been a stream, had its events been read.
            NotAStream::Text | NotAStream::OnlyComments if incomplete.reasons().contains(&Completion::TooLarge) => {
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
