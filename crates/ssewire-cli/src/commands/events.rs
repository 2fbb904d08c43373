//! `events`: every event of a Messages stream, one JSON object per line, with its payload as it was sent.

use std::io;

use ssewire::Decoder;
use ssewire_messages::{Update, UpdateEvent};

use super::follow::{Outcome, Position, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::json;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Events::new(args))
}

struct Events {
    pretty: bool,
    /// A decoder with the options of the command line, before its first byte.
    start: Decoder,
    /// Decodes the bytes after the end of a message, up to the end of the first event of the next one.
    between: Decoder,
}

impl Renderer for Events {
    fn update(&mut self, event: &UpdateEvent<'_>, position: Position, output: &mut Output) -> io::Result<()> {
        // Printed by `between`.
        if position.is_shown {
            return Ok(());
        }
        // A further update of the same event, or plain text under the name `error`, which is reported with the error.
        if event.event_type.is_empty()
            || (matches!(event.update, Update::Error(_)) && json::one_line(event.payload).is_none())
        {
            return Ok(());
        }
        self.payload(event.payload, position.number, output)
    }

    fn between(&mut self, bytes: &[u8], output: &mut Output) -> io::Result<()> {
        let mut rest = bytes;
        loop {
            match self.between.decode(&mut rest) {
                Ok(Some(event)) => {
                    if let Some(line) = json::one_line(event.data()) {
                        output.json(&line, self.pretty)?;
                    }
                }
                Ok(None) => return Ok(()),
                // The decoder of the messages reports it too.
                Err(_) => {}
            }
        }
    }

    fn end_message(&mut self, _: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        self.between = self.start.clone();
        output.flush()
    }
}

impl Events {
    fn new(args: &Args) -> Self {
        Self { pretty: args.pretty, start: args.decoder.clone(), between: args.decoder.clone() }
    }

    fn payload(&mut self, payload: &[u8], number: u64, output: &mut Output) -> io::Result<()> {
        match json::one_line(payload) {
            Some(line) => output.json(&line, self.pretty),
            None if is_end_marker(payload) || payload.trim_ascii().is_empty() => Ok(()),
            None => {
                output.note(format_args!("event {number}: payload is not a JSON object, so it is not printed"));
                Ok(())
            }
        }
    }
}

fn is_end_marker(payload: &[u8]) -> bool {
    payload.trim_ascii() == b"[DONE]"
}
