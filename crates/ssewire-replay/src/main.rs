//! The command `ssewire-replay`: serves recorded event streams until it is interrupted.

#![forbid(unsafe_code)]

use core::num::NonZeroUsize;
use core::time::Duration;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::mpsc;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use ssewire_replay::options::{FaultOrList, fault_list, faults, overridden_option, parse_speed};
use ssewire_replay::{Config, Fault, SAMPLES, Server, serve};

/// Serves recorded event streams on this machine, with faults, over HTTP/1.1 and HTTP/2
///
/// The first stream is at /v1/messages and at every other path, each one at /NAME, and a sample with each fault at
/// /faults/NAME. Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Files as `ssewire record` writes them, or names of built-in samples
    #[arg(value_name = "FILE|NAME", default_value = "text")]
    streams: Vec<String>,

    /// Listen on this port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,

    /// Play at X times the recorded pace; `inf` sends at once. Not with --delay-ms or the fault slow
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    speed: Option<f64>,

    /// Pause N milliseconds between two chunks, instead of the recorded pace. Not with the fault slow
    #[arg(long, value_name = "N", default_value_t = 0)]
    delay_ms: u64,

    /// Send chunks of at most N bytes. Not with the faults slow, split and odd-chunks
    #[arg(long, value_name = "N")]
    chunk_size: Option<NonZeroUsize>,

    /// Apply this fault to every stream, of several one after the other; `list` prints the faults
    #[arg(long, value_name = "NAME")]
    fault: Vec<FaultOrList>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ssewire-replay: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let Some(faults) = faults(&args.fault) else { return io::stdout().write_all(fault_list().as_bytes()) };
    let (has_chunk_size, has_delay) = (args.chunk_size.is_some(), args.delay_ms > 0);
    if let Some(sentence) = overridden_option(&faults, has_chunk_size, has_delay, args.speed.is_some()) {
        Args::command().error(ErrorKind::ArgumentConflict, sentence).exit();
    }
    let config = Config::new().port(args.port).delay(Duration::from_millis(args.delay_ms));
    let mut config = faults.into_iter().fold(config, Config::fault);
    if let Some(speed) = args.speed {
        config = config.speed(speed);
    }
    if let Some(size) = args.chunk_size {
        config = config.chunk_size(size);
    }
    for stream in &args.streams {
        config = config.file(stream).map_err(|error| io::Error::new(error.kind(), format!("{stream}: {error}")))?;
    }
    // Before the server starts, so that an early Ctrl-C ends it, too.
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // An error means that the program ends already.
        let _ = interrupt.send(());
    })
    .map_err(io::Error::other)?;
    let server = serve(&config)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on port {}: {error}", args.port)))?;
    print_addresses(&server)?;
    // The handler lives as long as the program, so there is no other end.
    let _ = interrupted.recv();
    Ok(())
}

fn print_addresses(server: &Server) -> io::Result<()> {
    let url = server.base_url();
    let samples: Vec<_> = SAMPLES.iter().map(|(name, _)| *name).collect();
    let mut output = io::stdout().lock();
    writeln!(output, "listening on {url}\nexport ANTHROPIC_BASE_URL={url}\n")?;
    writeln!(output, "  curl -sN {url}/v1/messages | ssewire\n")?;
    writeln!(output, "samples, at /NAME: {}", samples.join(" "))?;
    writeln!(
        output,
        "faults, at /faults/NAME: {}",
        Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(" ")
    )?;
    output.flush()
}
