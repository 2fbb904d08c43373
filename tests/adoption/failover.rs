//! A gateway that fails over to another server as long as its client has received no content: the shape of tensorzero.
//!
//! Worked around before: servers accept a request with 200 and report `overloaded_error` as the first event, or stay
//! silent, or send only pings; a gateway that looked into the stream parsed and wrote it again, which lost comments,
//! unknown events and the exact bytes.
//!
//! Gone: `StartedStream` waits for the first content and passes all chunks unchanged, and an idle timeout around the
//! chunks also ends silence.

// Their code.
use core::pin::Pin;
use core::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use ssewire_io::{IdleError, IdleTimeoutExt as _, StartedStream};

type Failure = IdleError<reqwest::Error>;
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// Why a server was passed over.
#[derive(Debug, PartialEq)]
pub enum PassedOver {
    Unreachable,
    Status(u16),
    /// Its stream reported an error before any content.
    Error(String),
    Silent,
    /// Its stream ended, or was cut, before any content.
    Ended,
}

pub struct Gateway {
    pub client: reqwest::Client,
    pub servers: Vec<String>,
    pub patience: Duration,
}

impl Gateway {
    /// The response of the first server whose content has started, byte for byte.
    pub async fn respond(&self, request: &str) -> (Option<Body>, Vec<PassedOver>) {
        let mut passed_over = Vec::new();
        for server in &self.servers {
            match self.ask(server, request).await {
                Ok(body) => return (Some(body), passed_over),
                Err(reason) => passed_over.push(reason),
            }
        }
        (None, passed_over)
    }

    async fn ask(&self, server: &str, request: &str) -> Result<Body, PassedOver> {
        let response = self.client.post(server).body(request.to_owned()).send().await;
        let response = response.map_err(|_| PassedOver::Unreachable)?;
        if response.status() != 200 {
            return Err(PassedOver::Status(response.status().as_u16()));
        }
        let patience = self.patience;
        let body = response.bytes_stream().idle_timeout(move || tokio::time::sleep(patience));
        // Pings and comments are signs of life, but not for ever.
        match tokio::time::timeout(4 * patience, StartedStream::wait_for(body)).await {
            Ok(Ok(body)) => Ok(body.boxed()),
            Ok(Err(error)) => Err(match (error.incomplete().server_error(), error.incomplete().transport()) {
                (Some(error), _) => PassedOver::Error(error.to_string()),
                (None, Some(IdleError::Idle)) => PassedOver::Silent,
                _ => PassedOver::Ended,
            }),
            Err(_) => Err(PassedOver::Silent),
        }
    }
}

// Tests.
use futures::TryStreamExt as _;
use ssewire_io::ByteStreamExt as _;
use ssewire_replay::{Fault, Script, Server, sample};

const OVERLOADED: &str = "server reported overloaded_error for request req_replay";
const PATIENCE: Duration = Duration::from_millis(500);

fn gateway(servers: &[&Server]) -> Gateway {
    let servers = servers.iter().map(|server| server.base_url() + "/v1/messages").collect();
    Gateway { client: reqwest::Client::new(), servers, patience: PATIENCE }
}

#[tokio::test]
async fn whatever_fails_before_the_first_content_is_passed_over() {
    let comments = Script::stream("").repeat(": keep-alive\n\n", Duration::from_millis(20));
    let cases = [
        (Fault::Overloaded.script(), PassedOver::Status(529)),
        (Fault::RateLimit.script(), PassedOver::Status(429)),
        (Fault::BadGateway.script(), PassedOver::Status(502)),
        (Fault::ErrorFirst.script(), PassedOver::Error(OVERLOADED.to_owned())),
        (Fault::CutFirstEvent.script(), PassedOver::Ended),
        (Fault::Empty.script(), PassedOver::Ended),
        (Fault::HtmlBody.script(), PassedOver::Ended),
        (Fault::StallFirst.script(), PassedOver::Silent),
        (comments, PassedOver::Silent),
    ];
    // At the same time, because some wait.
    futures::future::join_all(cases.map(|(script, reason)| async {
        let (failing, healthy) = (Server::start().unwrap(), Server::start().unwrap());
        failing.serve("/v1/messages", script);
        let (body, passed_over) = gateway(&[&failing, &healthy]).respond("{\"stream\":true}").await;
        assert_eq!(passed_over, [reason]);
        let bytes: Vec<Bytes> = body.unwrap().try_collect().await.unwrap();
        assert_eq!(bytes.concat(), sample("text").unwrap());
        assert_eq!(failing.requests()[0].body, healthy.requests()[0].body);
    }))
    .await;
}

#[tokio::test]
async fn a_failure_after_the_first_content_reaches_the_client() {
    for fault in [Fault::Cut, Fault::Stall, Fault::Reset] {
        let (failing, healthy) = (Server::start().unwrap(), Server::start().unwrap());
        failing.serve("/v1/messages", fault.script());
        let (body, passed_over) = gateway(&[&failing, &healthy]).respond("{}").await;
        assert_eq!(passed_over, []);
        assert!(healthy.requests().is_empty());
        let error = body.unwrap().message().finish().await.unwrap_err();
        assert!(error.transport().is_some(), "{fault}");
        assert_eq!(matches!(error.transport(), Some(IdleError::Idle)), fault == Fault::Stall);
    }
}

#[tokio::test]
async fn no_server_is_left() {
    let closed = Server::start().unwrap();
    let gateway = gateway(&[&closed]);
    drop(closed);
    let (body, passed_over) = gateway.respond("{}").await;
    assert!(body.is_none());
    assert_eq!(passed_over, [PassedOver::Unreachable]);
}
