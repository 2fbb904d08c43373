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

/// Soaks the library, or crowds it with connections, and watches its memory
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Streams messages through decoder and accumulator, and through the driver of both
    Soak {
        /// How much, in MiB
        #[arg(long, default_value_t = 2048)]
        mebibytes: u64,
    },
    /// Opens connections to a server in another process, all at the same time
    Crowd {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// The server of a crowd: prints its address, and opens its gate at a line of standard input
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

/// After each so many bytes memory is looked at.
const WINDOW: u64 = 64 * MEBIBYTE;

/// Of the largest message 100,000 characters stand in three blocks, once raw and once as a value in the third.
const SOAK_BOUND: usize = 2 << 20;

/// What the allocator keeps for later may vary a little.
const RESIDENT_GROWTH: usize = 4 << 20;

/// Times the limit: text, its capacity, and both again while it grows.
const ENDLESS_BOUND: usize = 4;

/// HTTP client, adapter, decoder and message so far.
const BYTES_PER_CONNECTION: usize = 64 << 10;

fn soak(bytes: u64) -> Result<(), Failure> {
    for (name, by) in [("decoder, typed events, accumulator", By::Layers), ("MessageDecoder", By::Driver)] {
        let report = soak::run(by, bytes, WINDOW);
        println!("{name}");
        println!("  streamed         {} bytes, {} messages, each as it was sent", report.bytes, report.messages);
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
    println!("one message without end\n  streamed         {bytes} bytes, told once that it passed {limit}");
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
    println!("{} connections at the same time, {seconds:.1} s", report.connections);
    println!("  received         {} bytes of text, each connection what was sent to it", report.text);
    println!("  open and waiting {} bytes of heap each", report.held_open / connections);
    println!("  peak heap        {} bytes each, {} in all", report.peak / connections, report.peak);
    println!("  of it the library's {} bytes, message included", crowd::peak_of_a_message());
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
    // Until the client closes it.
    lines.for_each(drop);
    Ok(())
}
