//! `serve`: a server that plays recorded streams, with faults.

use std::io;

use ssewire_replay::options::{ServeOptions, fault_list};

use crate::exit::Exit;
use crate::output::Output;

/// Serves until Ctrl-C.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(options: &ServeOptions, output: &mut Output) -> io::Result<Exit> {
    let running = match options.start() {
        Ok(running) => running,
        Err(sentence) => {
            output.note(sentence);
            return Ok(Exit::Failure);
        }
    };
    output.text(&running.announcement())?;
    output.flush()?;
    running.wait();
    output.interrupted();
    output.end_line()?;
    Ok(Exit::Complete)
}

/// Prints the faults with their descriptions.
///
/// # Errors
/// An error of standard output.
pub(crate) fn list_faults(output: &mut Output) -> io::Result<Exit> {
    output.text(&fault_list())?;
    output.flush()?;
    Ok(Exit::Complete)
}
