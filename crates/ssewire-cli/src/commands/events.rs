//! `events`: every event of a Messages stream, one JSON object per line, with its payload as it was sent.

use std::io;

use ssewire_messages::{Update, UpdateEvent};

use super::between::is_without_json;
use super::follow::{Outcome, Position, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::json;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Events { pretty: args.pretty })
}

struct Events {
    pretty: bool,
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

    fn between(&mut self, payload: &[u8], output: &mut Output) -> io::Result<()> {
        json::one_line(payload).map_or(Ok(()), |line| output.json(&line, self.pretty))
    }

    fn end_message(&mut self, _: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        output.flush()
    }
}

impl Events {
    fn payload(&mut self, payload: &[u8], number: u64, output: &mut Output) -> io::Result<()> {
        match json::one_line(payload) {
            Some(line) => output.json(&line, self.pretty),
            None if is_without_json(payload) => Ok(()),
            None => {
                output.note(format_args!("event {number}: payload is not a JSON object, so it is not printed"));
                Ok(())
            }
        }
    }
}
