//! Prints text as it arrives, with hyper. The same code reads any `http_body::Body`.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example hyper --features http-body,messages -- "Why is the sky blue?"
//! ```

mod support;

use std::process::ExitCode;

use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ssewire_io::HttpBodyExt as _;
use ssewire_messages::{ApiError, Backoff, ResponseHead};
use support::{Failure, Setup, exit, random, show, sum_up, unix_time};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let response = send(&Setup::from_env()?).await?;
    let head = ResponseHead::new(response.status().as_u16(), response.headers());
    let mut reply = response.into_body().message().with_response_head(head);
    while let Some(text) = reply.next_text().await? {
        show(&text)?;
    }
    sum_up(&reply.finish().await?);
    Ok(())
}

/// Repeats the request only until a response begins: a stream is never replayed.
async fn send(setup: &Setup) -> Result<Response<Incoming>, Failure> {
    let https = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(https);
    let backoff = Backoff::new();
    let mut attempt = 0;
    loop {
        let mut request = Request::post(&setup.url);
        for (name, value) in setup.headers() {
            request = request.header(name, value);
        }
        let (decision, error) = match client.request(request.body(setup.request()?.into())?).await {
            Ok(response) if response.status().is_success() => return Ok(response),
            Ok(response) => {
                let head = ResponseHead::new(response.status().as_u16(), response.headers());
                let body = response.into_body().collect().await.map(Collected::to_bytes);
                let error = ApiError::from_response(head, &body.unwrap_or_default());
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
