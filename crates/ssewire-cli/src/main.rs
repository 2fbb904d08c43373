//! The command `ssewire`: event streams and Claude Messages API streams, read from a pipe or a file.
//!
//! Nothing is decoded here: the crates `ssewire` and `ssewire-messages` do that. This one reads, shows and says how it
//! ended.

#![forbid(unsafe_code)]

extern crate alloc;

mod args;
mod commands;
mod exit;
mod input;
mod json;
mod output;
mod stats;
mod timeline;
mod units;

use std::io;
use std::process::ExitCode;

use args::{Asked, Command};
use exit::Exit;
use input::Input;
use output::Output;

fn main() -> ExitCode {
    let mut output = Output::new();
    let exit = run(&mut output).unwrap_or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Exit::ReaderGone,
        _ => {
            output.note(format_args!("cannot write to standard output: {error}"));
            Exit::Failure
        }
    });
    exit.into()
}

/// # Errors
/// Those of standard output. All others are told on standard error, and in the exit code.
fn run(output: &mut Output) -> io::Result<Exit> {
    let args = match Asked::from_command_line() {
        Ok(Asked::Run(args)) => args,
        Ok(Asked::Completions(shell)) => return print(&args::completions(shell), output),
        Ok(Asked::Manual) => return print(&args::manual()?, output),
        Err(refused) => return args::explain(&refused),
    };
    output.colour(args.colour);
    let opened = match args.command {
        Command::Demo => {
            Input::new(commands::demo::stream(args.fast), "the sample stream", !args.fast, args.chunk_size)
        }
        _ => Input::open(args.file.as_deref(), args.chunk_size),
    };
    let mut input = match opened {
        Ok(input) => input,
        Err(sentence) => {
            output.note(sentence);
            return Ok(Exit::Failure);
        }
    };
    input.stop_on_interrupt();
    match args.command {
        Command::Text => commands::text::run(&args, &mut input, output),
        Command::Sse => commands::sse::run(&args, &mut input, output),
        Command::Events => commands::events::run(&args, &mut input, output),
        Command::Message => commands::message::run(&args, &mut input, output),
        Command::Timeline => commands::timeline::run(&args, &mut input, output),
        Command::Demo => commands::demo::run(&args, &mut input, output),
    }
}

fn print(document: &[u8], output: &mut Output) -> io::Result<Exit> {
    output.raw(document)?;
    output.flush()?;
    Ok(Exit::Complete)
}
