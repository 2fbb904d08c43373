//! A gateway: forwards every request to the Messages API, and meters the response. The bytes pass unchanged.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example gateway --features http-body,tap,messages
//! curl -sN http://127.0.0.1:8080/v1/messages -d '{"model":…,"stream":true,…}'
//! ```
//!
//! `PORT` sets another port. It prints the address on which it listens.

#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "as a program for a server writes it")]

mod support;

use std::convert::Infallible;
use std::env;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ssewire_io::{MessageEndObserver, Tap};
use support::{Failure, Setup, exit};

type Upstream = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;
type Answer = Response<UnsyncBoxBody<Bytes, Failed>>;
type Failed = Box<dyn core::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let setup = Arc::new(Setup::from_env()?);
    let https = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let upstream: Upstream = Client::builder(TokioExecutor::new()).build(https);

    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (connection, _) = listener.accept().await?;
        let (setup, upstream) = (Arc::clone(&setup), upstream.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &setup, &upstream));
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(connection), service);
            if let Err(error) = served.await {
                eprintln!("{error}");
            }
        });
    }
}

async fn answer(request: Request<Incoming>, setup: &Setup, upstream: &Upstream) -> Result<Answer, Infallible> {
    Ok(forward(request, setup, upstream).await.unwrap_or_else(|error| {
        eprintln!("{error}");
        let mut answer = Response::new(Full::default().map_err(Failed::from).boxed_unsync());
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        answer
    }))
}

async fn forward(request: Request<Incoming>, setup: &Setup, upstream: &Upstream) -> Result<Answer, Failed> {
    let body = request.into_body().collect().await?.to_bytes();
    let mut forwarded = Request::post(&setup.url);
    for (name, value) in setup.headers() {
        forwarded = forwarded.header(name, value);
    }
    let response = upstream.request(forwarded.body(Full::new(body))?).await?;
    let (head, body) = response.into_parts();
    // The bytes pass unchanged. The closure is called at the end of each message, even if it is incomplete.
    let meter = MessageEndObserver::new(|end| {
        let tokens = end.message().output_tokens();
        eprintln!("output tokens: {tokens:?}; {}", end.completion());
    });
    // The body of an error is not a message.
    let observer = head.status.is_success().then(|| meter.with_discarded_text());
    let body = Tap::new(body, observer).map_err(Failed::from).boxed_unsync();
    Ok(Response::from_parts(head, body))
}
