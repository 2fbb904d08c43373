//! `message`: the final message, or as much of it as arrived, as one JSON document.

use std::io;

use super::follow::{Outcome, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// Prints the message of a stream as JSON.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Document { pretty: args.pretty })
}

struct Document {
    pretty: bool,
}

impl Renderer for Document {
    fn end_message(&mut self, outcome: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        if let Outcome::Stream(Some(message)) | Outcome::Body(message) = outcome {
            // Truncated tool input is printed, too: the exit code and the notes say so.
            output.json(message.to_json_lossy().as_str(), self.pretty)?;
        }
        output.flush()
    }
}
