//! `serve`: a server that plays recorded streams, with faults.

use core::num::NonZeroUsize;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;

use ssewire_replay::options::fault_list;
use ssewire_replay::{Config, Fault};

use crate::exit::Exit;
use crate::output::Output;

/// The recordings to serve, and the options.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) port: u16,
    pub(crate) speed: Option<f64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) chunk_size: Option<NonZeroUsize>,
}

/// Serves until Ctrl-C.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(options: &Options, output: &mut Output) -> io::Result<Exit> {
    // Before the server starts, so that an early Ctrl-C ends it, too.
    let (interrupt, interrupted) = mpsc::channel();
    let is_handled = ctrlc::set_handler(move || {
        // If it fails, the program ends already.
        let _ = interrupt.send(());
    });
    let mut config = Config::new().port(options.port);
    if let Some(speed) = options.speed {
        config = config.speed(speed);
    }
    for fault in &options.faults {
        config = config.fault(*fault);
    }
    if let Some(size) = options.chunk_size {
        config = config.chunk_size(size);
    }
    for file in &options.files {
        config = match config.file(file) {
            Ok(config) => config,
            Err(error) => {
                output.note(format_args!("cannot open {}: {error}", file.display()));
                return Ok(Exit::Failure);
            }
        };
    }
    let server = match ssewire_replay::serve(&config) {
        Ok(server) => server,
        Err(error) => {
            output.note(format_args!("cannot listen on port {}: {error}", options.port));
            return Ok(Exit::Failure);
        }
    };
    let url = server.base_url();
    output.text(&format!("listening on {url}\nexport ANTHROPIC_BASE_URL={url}\n"))?;
    output.flush()?;
    if is_handled.is_err() || interrupted.recv().is_err() {
        // Without a handler, only a signal ends the program.
        loop {
            std::thread::park();
        }
    }
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
