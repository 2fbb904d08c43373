//! The command `ssewire`: reads event streams and Claude Messages API streams from a pipe or a file.
//!
//! It decodes nothing itself: `ssewire` and `ssewire-messages` do, and `ssewire-replay` serves.

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

use args::{Action, Args, Command};
use exit::Exit;
use input::Input;
use output::Output;

fn main() -> ExitCode {
    let mut output = Output::new();
    let exit = run(&mut output).unwrap_or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Exit::BrokenPipe,
        _ => {
            output.note(format_args!("cannot write to standard output: {error}"));
            Exit::Failure
        }
    });
    exit.into()
}

/// Runs the command that the command line names.
///
/// # Errors
/// An error of standard output. All other errors are reported on standard error and by the exit code.
fn run(output: &mut Output) -> io::Result<Exit> {
    match Action::from_command_line() {
        Ok(Action::Run(args)) => run_command(&args, output),
        Ok(Action::Serve(options)) => commands::serve::run(&options, output),
        Ok(Action::ListFaults) => commands::serve::list_faults(output),
        Ok(Action::Completions(shell)) => print(&args::completions(shell), output),
        Ok(Action::Manual) => print(&args::manual()?, output),
        Ok(Action::Help(help)) => print(help.as_bytes(), output),
        Err(refused) => args::print_clap_error(&refused, output),
    }
}

fn run_command(args: &Args, output: &mut Output) -> io::Result<Exit> {
    output.set_colour(args.colour);
    let opened = match args.command {
        Command::Demo => {
            Input::new(commands::demo::stream(args.fast), "the sample stream", !args.fast, args.input.clone())
        }
        _ => Input::open(args.input_file(), args.input.clone()),
    };
    let mut input = match opened {
        Ok(input) => input,
        Err(sentence) => {
            output.note(format_args!("{sentence}{}", args.hint()));
            return Ok(Exit::Failure);
        }
    };
    // It opens a file, and may wait for it: until then Ctrl-C ends the run.
    if args.command != Command::Record {
        input.stop_on_interrupt();
    }
    match args.command {
        Command::Text => commands::text::run(args, &mut input, output),
        Command::Sse => commands::sse::run(args, &mut input, output),
        Command::Events => commands::events::run(args, &mut input, output),
        Command::Message => commands::message::run(args, &mut input, output),
        Command::Timeline => commands::timeline::run(args, &mut input, output),
        Command::Record => commands::record::run(args, &mut input, output),
        Command::Demo => commands::demo::run(args, &mut input, output),
    }
}

fn print(document: &[u8], output: &mut Output) -> io::Result<Exit> {
    output.raw(document)?;
    output.flush()?;
    Ok(Exit::Complete)
}
