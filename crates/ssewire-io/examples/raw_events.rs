//! Prints the events of any event stream, with ureq.
//!
//! ```sh
//! cargo run --example raw_events -- https://example.com/events
//! ```

use core::error::Error;
use std::env;
use std::process::ExitCode;

use ssewire_io::EventReader;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: raw_events URL")?;
    let response = ureq::get(&url).header("accept", "text/event-stream").call()?;

    let mut events = EventReader::new(response.into_body().into_reader());
    loop {
        match events.next_event() {
            Ok(Some(event)) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
            Ok(None) => break,
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) => eprintln!("one event is lost: {error}"),
        }
    }
    // The next connection sends this ID, after this delay.
    let decoder = events.decoder();
    eprintln!(
        "last event ID: {:?}, reconnection time: {:?}",
        decoder.last_event_id().escape_ascii().to_string(),
        decoder.retry()
    );
    Ok(())
}
