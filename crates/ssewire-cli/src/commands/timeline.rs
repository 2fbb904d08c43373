//! `timeline`: a drawing of what arrived when.

use core::time::Duration;
use std::io;

use ssewire_messages::{StreamEvent, UpdateEvent};

use super::follow::{Outcome, Position, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Input, Times};
use crate::output::Output;
use crate::timeline::{Axis, Recording, svg, terminal};

/// Draws a message stream over time.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Timeline { recording: Recording::default(), has_message: false, svg: args.svg })
}

struct Timeline {
    recording: Recording,
    has_message: bool,
    svg: bool,
}

impl Renderer for Timeline {
    fn skipped_event(&mut self, event: Option<&StreamEvent<'_>>, at: Duration, offset: u64) {
        self.recording.take_skipped(event, at, offset);
    }

    fn update(&mut self, event: &UpdateEvent<'_>, position: Position, _: &mut Output) -> io::Result<()> {
        self.recording.take(event, position.at, position.offset, position.is_shown);
        Ok(())
    }

    fn end_message(&mut self, outcome: Outcome<'_>, _: &mut Output) -> io::Result<()> {
        // Events of another protocol have no timeline of a message; a note names the cause.
        self.has_message |= matches!(outcome, Outcome::Stream(Some(_)));
        self.recording.end_message();
        Ok(())
    }

    fn finish(&mut self, times: Times, output: &mut Output) -> io::Result<()> {
        if !self.has_message {
            return Ok(());
        }
        let axis = match times {
            Times::Arrival => Axis::Arrival,
            Times::Recorded => Axis::Recorded,
            Times::None => Axis::Bytes,
        };
        if self.svg {
            output.text(&svg::draw(&self.recording, axis))?;
        } else {
            let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
            for (style, piece) in terminal::draw(&self.recording, axis, width) {
                output.styled(style, &piece)?;
            }
        }
        output.flush()
    }
}
