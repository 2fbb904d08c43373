//! Prints text as it arrives, with ureq, a blocking client.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example ureq --features messages -- "Why is the sky blue?"
//! ```

mod support;

use std::process::ExitCode;
use std::thread::sleep;

use ssewire_io::ReadExt as _;
use ssewire_messages::{ApiError, Backoff, ResponseHead};
use support::{Failure, Setup, exit, random, show, sum_up, unix_time};
use ureq::Body;
use ureq::http::Response;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), Failure> {
    let response = send(&Setup::from_env()?)?;
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    let mut reply = response.into_body().into_reader().message().with_response_head(head);
    while let Some(text) = reply.next_text()? {
        show(&text)?;
    }
    sum_up(&reply.finish()?);
    Ok(())
}

/// Repeats the request only until a response begins: a stream is never replayed.
fn send(setup: &Setup) -> Result<Response<Body>, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let backoff = Backoff::new();
    let mut attempt = 0;
    loop {
        let mut request = agent.post(&setup.url);
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let (decision, error) = match request.send(setup.request()?) {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(mut response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let error = ApiError::from_response(head, &response.body_mut().read_to_vec().unwrap_or_default());
                (backoff.decide(&error, attempt, unix_time(), random()), setup.failure(&error))
            }
            Err(error) => (backoff.decide_without_response(attempt, random()), error.into()),
        };
        let Ok(delay) = decision else { return Err(error) };
        eprintln!("{error}\nanother try in {delay:?}");
        sleep(delay);
        attempt += 1;
    }
}
