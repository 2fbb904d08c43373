//! `events`: every event of a Messages stream as it was sent, one JSON object a line.

use std::io;

use ssewire_messages::{Update, UpdateEvent};

use super::follow::{End, Place, Show, follow};
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

impl Show for Events {
    fn item(&mut self, item: &UpdateEvent<'_>, place: Place, output: &mut Output) -> io::Result<()> {
        // A further update of the same event, or plain text under the name `error`: that is shown with the error itself.
        if item.event_type.is_empty()
            || (matches!(item.update, Update::Error(_)) && json::one_line(item.payload).is_none())
        {
            return Ok(());
        }
        self.payload(item.payload, place, output)
    }

    fn shows_later_events(&self) -> bool {
        true
    }

    fn later_event(&mut self, _: &[u8], payload: &[u8], place: Place, output: &mut Output) -> io::Result<bool> {
        self.payload(payload, place, output)?;
        Ok(true)
    }

    fn end(&mut self, _: End<'_>, output: &mut Output) -> io::Result<()> {
        output.flush()
    }
}

impl Events {
    fn payload(&mut self, payload: &[u8], place: Place, output: &mut Output) -> io::Result<()> {
        match json::one_line(payload) {
            Some(line) if self.pretty => output.json(&json::indented(&line)),
            Some(line) => output.json(&line),
            None if is_end_marker(payload) || payload.trim_ascii().is_empty() => Ok(()),
            None => {
                output.note(format_args!("event {}: payload is not a JSON object, so it is not shown", place.number));
                Ok(())
            }
        }
    }
}

fn is_end_marker(payload: &[u8]) -> bool {
    payload.trim_ascii() == b"[DONE]"
}
