//! Prints text as it arrives, with reqwest.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example reqwest --features stream,messages -- "Why is the sky blue?"
//! ```

mod support;

use std::process::ExitCode;

use reqwest::{Client, Response};
use ssewire_io::ByteStreamExt as _;
use ssewire_messages::{ApiError, Backoff, ResponseHead};
use support::{Failure, Setup, exit, random, show, sum_up, unix_time};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let response = send(&Setup::from_env()?).await?;
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    let mut reply = response.bytes_stream().message().with_response_head(head);
    while let Some(text) = reply.next_text().await? {
        show(&text)?;
    }
    sum_up(&reply.finish().await?);
    Ok(())
}

/// Repeats the request only until a response begins: a stream is never replayed.
async fn send(setup: &Setup) -> Result<Response, Failure> {
    let client = Client::new();
    let backoff = Backoff::new();
    let mut attempt = 0;
    loop {
        let mut request = client.post(&setup.url).body(setup.request()?);
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let (decision, error) = match request.send().await {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let error = ApiError::from_response(head, &response.bytes().await.unwrap_or_default());
                (backoff.decide(&error, attempt, unix_time(), random()), setup.failure(&error))
            }
            Err(error) => (backoff.decide_without_response(attempt, random()), error.into()),
        };
        let Ok(delay) = decision else { return Err(error) };
        eprintln!("{error}\nanother try in {delay:?}");
        tokio::time::sleep(delay).await;
        attempt += 1;
    }
}
