//! `events`: every event of a Messages stream, one JSON object per line: see [`line_of`].

use std::io;

use super::follow::{Outcome, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Input, line_of};
use crate::output::Output;

/// Prints the events of a message stream as JSON lines.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Events { pretty: args.pretty })
}

struct Events {
    pretty: bool,
}

impl Renderer for Events {
    fn event(&mut self, event_type: &[u8], payload: &[u8], output: &mut Output) -> io::Result<()> {
        line_of(event_type, payload).map_or(Ok(()), |line| output.json(&line, self.pretty))
    }

    fn end_message(&mut self, _: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        output.flush()
    }
}
