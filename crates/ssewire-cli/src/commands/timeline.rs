//! `timeline`: a drawing of what came when.

use std::io;

use ssewire_messages::UpdateEvent;

use super::follow::{End, Place, Show, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;
use crate::timeline::{Axis, Recording, svg, terminal};

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    let axis = if input.is_live() { Axis::Time } else { Axis::Bytes };
    follow(args, input, output, &mut Timeline { recording: Recording::default(), axis, svg: args.svg })
}

struct Timeline {
    recording: Recording,
    axis: Axis,
    svg: bool,
}

impl Show for Timeline {
    fn item(&mut self, item: &UpdateEvent<'_>, place: Place, _: &mut Output) -> io::Result<()> {
        self.recording.take(&item.update, place.at, place.offset);
        Ok(())
    }

    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()> {
        // Events of another protocol are no timeline of a message, and a sentence says so.
        if !matches!(end, End::Stream(Some(_))) {
            return Ok(());
        }
        if self.svg {
            output.text(&svg::draw(&self.recording, self.axis))?;
        } else {
            let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
            for (style, piece) in terminal::draw(&self.recording, self.axis, width) {
                output.styled(style, &piece)?;
            }
        }
        output.flush()
    }
}
