//! `events`: every event of a Messages stream as it was sent, one JSON object a line.

use std::io;

use ssewire_messages::{Item, Update};

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
    fn item(&mut self, item: &Item<'_>, place: Place, output: &mut Output) -> io::Result<()> {
        match json::one_line(item.event_type, item.payload) {
            Some(line) if self.pretty => output.json(&json::indented(&line)),
            Some(line) => output.json(&line),
            // Plain text under the name `error`. What it says is told with the error itself.
            None if matches!(item.update, Update::Error { .. }) => Ok(()),
            None if is_end_marker(item.payload) => Ok(()),
            None => {
                output.note(format_args!("event {}: the payload is no JSON object, so it is not shown", place.number));
                Ok(())
            }
        }
    }

    fn end(&mut self, _: End<'_>, output: &mut Output) -> io::Result<()> {
        output.flush()
    }
}

fn is_end_marker(payload: &[u8]) -> bool {
    payload.trim_ascii() == b"[DONE]"
}
