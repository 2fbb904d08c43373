//! Text as it arrives, with ureq, which blocks.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example ureq --features messages -- "Why is the sky blue?"
//! ```

mod support;

use std::process::ExitCode;
use std::thread::sleep;

use ssewire_io::{MessageError, MessageReader};
use ssewire_messages::{Backoff, MessageStream, ResponseHead};
use support::{Failure, Setup, exit, now, pause, random, show, sum_up};
use ureq::Body;
use ureq::http::Response;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), Failure> {
    let response = send(&Setup::from_env()?)?;
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    let driver = MessageStream::new().with_content_type(head.content_type().unwrap_or_default());

    let mut stream = MessageReader::with_stream(response.into_body().into_reader(), driver);
    loop {
        match stream.text_pieces().next() {
            Some(Ok(text)) => show(&text)?,
            None => break,
            // The final message tells the rest.
            Some(Err(error)) => match error {
                MessageError::Event(error) => eprintln!("one event is lost: {error}"),
                MessageError::Transport(error) => eprintln!("the connection failed: {error}"),
                _ => {}
            },
        }
    }
    sum_up(&stream.final_message()?);
    Ok(())
}

/// Tries again only as long as no answer has begun: a stream is never replayed.
fn send(setup: &Setup) -> Result<Response<Body>, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let backoff = Backoff::default();
    let mut attempt = 0;
    loop {
        let mut request = agent.post(&setup.url);
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let advice = match request.send(setup.request().to_string()) {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(mut response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let error = setup.api_error(head, &response.body_mut().read_to_vec().unwrap_or_default());
                backoff.advise(&error, attempt, now(), random())
            }
            Err(error) => {
                eprintln!("{error}");
                backoff.advise_unanswered(attempt, random())
            }
        };
        sleep(pause(advice)?);
        attempt += 1;
    }
}
