//! The command `ssewire-replay`: serves recorded event streams until it is interrupted.

use core::net::Ipv4Addr;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use clap::{Parser, ValueEnum};
use ssewire_replay::{Framing, SAMPLES, Script, Server, faults, sample};

/// Serves recorded event streams over HTTP/1.1 on this machine
///
/// The first stream is at /v1/messages, every one at /NAME, and what goes wrong at /faults/NAME. Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Files, or names of samples that are built in
    #[arg(value_name = "FILE|NAME", default_value = "text")]
    streams: Vec<String>,

    /// Listen on this port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,

    /// Send chunks of at most N bytes
    #[arg(long, value_name = "N")]
    chunk_size: Option<NonZeroUsize>,

    /// Wait N milliseconds between two chunks
    #[arg(long, value_name = "N", default_value_t = 0)]
    delay_ms: u64,

    /// How the end of the body is told
    #[arg(long, value_enum, default_value_t = Ending::Chunked)]
    framing: Ending,

    /// Close the connection after N bytes of the body
    #[arg(long, value_name = "N")]
    cut_after: Option<usize>,

    /// Put a ping behind every N events
    #[arg(long, value_name = "N")]
    ping_every: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ending {
    Chunked,
    Close,
    Length,
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
    let scripts = args.streams.iter().map(|stream| Ok((name(stream), args.script(stream)?)));
    let scripts = scripts.collect::<io::Result<Vec<_>>>()?;
    let server = Server::start_on((Ipv4Addr::LOCALHOST, args.port))?;
    for (name, script) in &scripts {
        server.serve(&format!("/{name}"), script.clone());
    }
    if let Some((_, script)) = scripts.into_iter().next() {
        server.serve("/v1/messages", script);
    }
    explain(&server)?;
    loop {
        thread::park();
    }
}

impl Args {
    fn script(&self, stream: &str) -> io::Result<Script> {
        let mut script = Script::stream(bytes(stream)?).delayed_by(Duration::from_millis(self.delay_ms)).framed(
            match self.framing {
                Ending::Chunked => Framing::Chunked,
                Ending::Close => Framing::UntilClose,
                Ending::Length => Framing::ContentLength,
            },
        );
        if let Some(events) = self.ping_every {
            script = script.with_pings_every(events.get());
        }
        if let Some(size) = self.chunk_size {
            script = script.chunked_by(size.get());
        }
        if let Some(bytes) = self.cut_after {
            script = script.cut_after(bytes);
        }
        Ok(script)
    }
}

/// A file, before a sample of the same name.
fn bytes(stream: &str) -> io::Result<Vec<u8>> {
    match (fs::read(stream), sample(stream)) {
        (Ok(bytes), _) => Ok(bytes),
        (Err(_), Some(bytes)) => Ok(bytes.to_vec()),
        (Err(error), None) => Err(io::Error::new(error.kind(), format!("{stream}: neither sample nor file: {error}"))),
    }
}

fn name(stream: &str) -> String {
    Path::new(stream).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn explain(server: &Server) -> io::Result<()> {
    let url = server.base_url();
    let samples: Vec<_> = SAMPLES.iter().map(|(name, _)| *name).collect();
    let faults: Vec<_> = faults().into_iter().map(|(name, _)| name).collect();
    let mut output = io::stdout().lock();
    writeln!(output, "listening on {url}\n\n  curl -sN {url}/v1/messages | ssewire\n")?;
    writeln!(output, "streams, at /NAME: {}", samples.join(" "))?;
    writeln!(output, "faults, at /faults/NAME: {}", faults.join(" "))?;
    output.flush()
}
