//! The command `ssewire-replay`: serves recorded event streams until it is interrupted.

#![forbid(unsafe_code)]

use core::num::NonZeroUsize;
use core::time::Duration;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use ssewire_replay::options::{
    FaultOrList, ServeOptions, fault_list, faults, parse_chunk_size, parse_delay, parse_port, parse_speed,
};

/// Serves recorded event streams on this machine, with faults, over HTTP/1.1 and HTTP/2
///
/// The first stream is at /v1/messages and at every other path, each one at /NAME, and a sample with each fault at
/// /faults/NAME. Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Files as `ssewire record` writes them, or names of built-in samples [default: text]
    #[arg(value_name = "FILE|NAME")]
    files: Vec<PathBuf>,

    /// Listen on this port; 0 is any free one
    #[arg(long, value_name = "N", value_parser = parse_port, default_value_t = 0)]
    port: u16,

    /// Play at X times the recorded pace; `inf` sends at once. Not with --delay-ms or the fault slow
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    speed: Option<f64>,

    /// Pause N milliseconds between two chunks, instead of the recorded pace. Not with the fault slow
    #[arg(long, value_name = "N", value_parser = parse_delay, default_value = "0")]
    delay_ms: Duration,

    /// Send chunks of at most N bytes. Not with the faults slow, split and odd-chunks
    #[arg(long, value_name = "N", value_parser = parse_chunk_size)]
    chunk_size: Option<NonZeroUsize>,

    /// Apply this fault to every stream, of several one after the other; `list` prints the faults
    #[arg(long, value_name = "NAME")]
    fault: Vec<FaultOrList>,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("ssewire-replay: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), String> {
    let Some(faults) = faults(&args.fault) else { return print(&fault_list()) };
    let options = ServeOptions {
        files: args.files,
        port: args.port,
        speed: args.speed,
        delay: args.delay_ms,
        chunk_size: args.chunk_size,
        faults,
    };
    if let Some(sentence) = options.overridden() {
        Args::command().error(ErrorKind::ArgumentConflict, sentence).exit();
    }
    let running = options.start()?;
    print(&running.announcement())?;
    running.wait();
    Ok(())
}

fn print(text: &str) -> Result<(), String> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| error.to_string())
}
