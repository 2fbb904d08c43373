//! Text as it arrives, with reqwest.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example reqwest --features stream,messages -- "Why is the sky blue?"
//! ```

mod support;

use std::pin::pin;
use std::process::ExitCode;

use futures::StreamExt as _;
use reqwest::{Client, Response};
use ssewire_io::{MessageError, Messages};
use ssewire_messages::{Backoff, MessageStream, ResponseHead};
use support::{Failure, Setup, exit, now, pause, random, show, sum_up};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let response = send(&Setup::from_env()?).await?;
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    let driver = MessageStream::new().with_content_type(head.content_type().unwrap_or_default());

    let body = pin!(response.bytes_stream());
    let mut stream = Messages::with_stream(body, driver);
    let mut texts = stream.text_stream();
    while let Some(text) = texts.next().await {
        match text {
            Ok(text) => show(&text)?,
            // The final message tells the rest.
            Err(MessageError::Event(error)) => eprintln!("one event is lost: {error}"),
            Err(MessageError::Transport(error)) => eprintln!("the connection failed: {error}"),
            Err(_) => {}
        }
    }
    sum_up(&stream.final_message().await?);
    Ok(())
}

/// Tries again only as long as no answer has begun: a stream is never replayed.
async fn send(setup: &Setup) -> Result<Response, Failure> {
    let client = Client::new();
    let backoff = Backoff::default();
    let mut attempt = 0;
    loop {
        let mut request = client.post(&setup.url).body(setup.request().to_string());
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let advice = match request.send().await {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let error = setup.api_error(head, &response.bytes().await.unwrap_or_default());
                backoff.advise(&error, attempt, now(), random())
            }
            Err(error) => {
                eprintln!("{error}");
                backoff.advise_unanswered(attempt, random())
            }
        };
        tokio::time::sleep(pause(advice)?).await;
        attempt += 1;
    }
}
