//! Prints text as it arrives, with reqwest.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example reqwest --features stream,messages -- "Why is the sky blue?"
//! ```

mod support;

use std::process::ExitCode;

use reqwest::{Client, Response};
use ssewire_io::ByteStreamExt as _;
use ssewire_messages::{Backoff, ResponseHead};
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
    let backoff = Backoff::default();
    let mut attempt = 0;
    loop {
        let mut request = client.post(&setup.url).body(setup.request()?);
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let decision = match request.send().await {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let error = setup.api_error(head, &response.bytes().await.unwrap_or_default());
                backoff.decide(&error, attempt, unix_time(), random())
            }
            Err(error) => {
                eprintln!("{error}");
                backoff.decide_without_response(attempt, random())
            }
        };
        let delay = decision?;
        eprintln!("another try in {delay:?}");
        tokio::time::sleep(delay).await;
        attempt += 1;
    }
}
