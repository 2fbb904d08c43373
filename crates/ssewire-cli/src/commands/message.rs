//! `message`: the final message as one JSON document, as far as it came.

use std::io;

use ssewire_messages::UpdateEvent;

use super::follow::{End, Place, Show, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::json;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Final { pretty: args.pretty })
}

struct Final {
    pretty: bool,
}

impl Show for Final {
    fn item(&mut self, _: &UpdateEvent<'_>, _: Place, _: &mut Output) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()> {
        if let End::Stream(Some(message)) | End::Body(message) = end {
            // Unfinished tool input is shown, too: the exit code and the notes say so.
            let document = message.to_json_lossy().into_string();
            output.json(&if self.pretty { json::indented(&document) } else { document })?;
        }
        output.flush()
    }
}
