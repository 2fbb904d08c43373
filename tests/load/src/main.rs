//! The command `ssewire-load`: the long runs, at full size.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use ssewire_load::crowd;
use ssewire_load::serving::Serving;
use ssewire_load::soak::{self, By};
use ssewire_replay::{Gate, Server};

#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

/// Runs a soak test, or many simultaneous connections, and measures memory
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decodes messages with decoder and accumulator, and with `MessageDecoder`
    Soak {
        /// Size of the streams, in MiB
        #[arg(long, default_value_t = 2048)]
        mebibytes: u64,
    },
    /// Opens simultaneous connections to a server in another process
    Crowd {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// Server of the connections: prints its address, and opens its gate at a line of standard input
    Serve { connections: usize },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Soak { mebibytes } => soak(mebibytes * MEBIBYTE),
        What::Crowd { connections } => crowd(connections),
        What::Serve { connections } => serve(connections),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ssewire-load: {error}");
            ExitCode::FAILURE
        }
    }
}

const MEBIBYTE: u64 = 1024 * 1024;

/// Number of bytes between two measurements of memory.
const WINDOW: u64 = 64 * MEBIBYTE;

/// The largest message has 100,000 characters in each of three blocks; the third has them as raw text and as a value.
const SOAK_BOUND: usize = 2 << 20;

/// The allocator may retain a varying amount of memory.
const RESIDENT_GROWTH: usize = 4 << 20;

/// As a multiple of the limit: the text, its capacity, and both again while it grows.
const ENDLESS_BOUND: usize = 4;

/// For HTTP client, adapter, decoder and partial message.
const BYTES_PER_CONNECTION: usize = 64 << 10;

fn soak(bytes: u64) -> Result<(), Failure> {
    for (name, by) in [("decoder, typed events, accumulator", By::Layers), ("MessageDecoder", By::Driver)] {
        let report = soak::run(by, bytes, WINDOW);
        println!("{name}");
        println!(
            "  streamed         {} bytes, {} messages, each equal to the sent message",
            report.bytes, report.messages
        );
        let speed = report.bytes as f64 / MEBIBYTE as f64 / report.seconds;
        println!("  took             {:.1} s, {speed:.0} MiB/s, with the checks", report.seconds);
        let peaks = report.windows.iter().map(|window| window.peak);
        let (least, most) = (peaks.clone().min().unwrap_or_default(), peaks.max().unwrap_or_default());
        println!("  peak heap        {least} to {most} bytes in {} windows of 64 MiB", report.windows.len());
        let residents = || report.windows.iter().filter_map(|window| window.resident);
        let (first, last) = (residents().next().unwrap_or_default(), residents().next_back().unwrap_or_default());
        println!("  resident memory  {first} bytes after the first window, {last} after the last");
        report.assert_flat(SOAK_BOUND);
        assert!(report.resident_growth().unwrap_or_default() <= RESIDENT_GROWTH, "resident memory grows");
    }
    let limit = 64 << 20;
    let peak = soak::endless_message(bytes, limit);
    println!("one message without end\n  streamed         {bytes} bytes, reported once that it exceeds {limit}");
    println!("  peak heap        {peak} bytes");
    assert!(peak <= ENDLESS_BOUND * limit, "{peak} held");
    Ok(())
}

fn crowd(connections: usize) -> Result<(), Failure> {
    let mut server = Serving::start(&std::env::current_exe()?, connections)?;
    let address = server.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let report = runtime.block_on(crowd::run(address, connections, || server.open_gate()))?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{} simultaneous connections, {seconds:.1} s", report.connections);
    println!("  received         {} bytes of text, on each connection equal to the sent text", report.text);
    println!("  open and waiting {} bytes of heap each", report.held_open / connections);
    println!("  peak heap        {} bytes each, {} in all", report.peak / connections, report.peak);
    println!("  of which ssewire {} bytes, with the message", crowd::peak_of_a_message());
    println!("  resident memory  {} bytes while all were open", report.resident_open.unwrap_or_default());
    if report.connections != connections {
        return Err("connections are missing".into());
    }
    assert!(report.peak / connections <= BYTES_PER_CONNECTION, "{} held", report.peak);
    Ok(())
}

fn serve(connections: usize) -> Result<(), Failure> {
    let (server, gate) = (Server::start()?, Gate::new());
    crowd::serve(&server, connections, &gate);
    println!("{}", server.base_url().trim_start_matches("http://"));
    io::stdout().flush()?;
    let mut lines = io::stdin().lock().lines();
    if lines.next().transpose()?.is_some() {
        gate.open();
    }
    // Until the client closes the connection.
    lines.for_each(drop);
    Ok(())
}
