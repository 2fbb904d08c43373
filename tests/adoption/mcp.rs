//! A client of MCP's streamable HTTP transport: the shape of rmcp.
//!
//! Worked around before: priming events, which have an ID and no data, were parsed as JSON and ended the connection
//! (pull request 1184 of the TypeScript SDK, issue 768 of the Go SDK, issue 1672 of the Python SDK); parsers that skip
//! them skip their ID as well, so that a call could not be resumed; a byte limiter had to precede the parser, which
//! counted the comments of a quiet connection as well.
//!
//! Gone: frames deliver blocks with `id()` and `retry()` whether they have data or not, and comments to those who ask
//! for them; the limit is one of the decoder, and only the event that exceeds it is lost.

// Their code.
use core::pin::Pin;
use core::time::Duration;

use bytes::Bytes;
use futures::Stream;
use serde_json::{Value, json};
use ssewire_io::ssewire::{OwnedFrame, last_event_id_header};
use ssewire_io::{Decoder, EventError, FrameStream};

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

const MAX_MESSAGE_BYTES: usize = 64 * 1024;
const MAX_RESUMPTIONS: usize = 5;

pub struct Client {
    http: reqwest::Client,
    url: String,
    next_id: u64,
    pub session: Option<String>,
    pub notifications: Vec<Value>,
    /// Messages that were larger than the limit.
    pub lost: usize,
    /// Signs of life between messages.
    pub comments: usize,
}

#[derive(Debug)]
pub enum Failure {
    Http(reqwest::Error),
    Status(u16),
    NotJson,
    /// The stream ended without the response, and could not be resumed.
    Ended,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

impl Client {
    pub fn new(url: String) -> Self {
        let http = reqwest::Client::new();
        Self { http, url, next_id: 0, session: None, notifications: Vec::new(), lost: 0, comments: 0 }
    }

    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.next_id += 1;
        let id = self.next_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        let request = self.http.post(&self.url).header("content-type", "application/json").body(request);
        let response = self.send(request).await?;
        if response.headers().get("content-type").is_some_and(|kind| kind == "application/json") {
            return serde_json::from_slice(&response.bytes().await?).map_err(|_| Failure::NotJson);
        }
        let decoder = Decoder::new().with_max_event_bytes(MAX_MESSAGE_BYTES).with_comments();
        let mut frames = FrameStream::with_decoder(Box::pin(response.bytes_stream()) as Body, decoder);
        for _ in 0..MAX_RESUMPTIONS {
            if let Some(response) = self.read(&mut frames, id).await? {
                return Ok(response);
            }
            // Without an ID there is nothing to resume.
            let Some((name, id)) = last_event_id_header(frames.decoder().last_event_id()) else { break };
            tokio::time::sleep(frames.decoder().retry().unwrap_or(Duration::from_secs(1))).await;
            let response = self.send(self.http.get(&self.url).header(name, id)).await?;
            frames.reconnect(Box::pin(response.bytes_stream()));
        }
        Err(Failure::Ended)
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Result<reqwest::Response, Failure> {
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        let response = request.header("accept", "application/json, text/event-stream").send().await?;
        if let Some(session) = response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()) {
            self.session = Some(session.to_owned());
        }
        if response.status() == 200 { Ok(response) } else { Err(Failure::Status(response.status().as_u16())) }
    }

    /// Reads until the response to the call, or until the stream ends.
    async fn read(&mut self, frames: &mut FrameStream<Body>, id: u64) -> Result<Option<Value>, Failure> {
        loop {
            let block = match frames.try_next().await {
                Ok(Some(OwnedFrame::Block(block))) => block,
                Ok(Some(_)) => {
                    self.comments += 1;
                    continue;
                }
                Err(EventError::Decode(_)) => {
                    self.lost += 1;
                    continue;
                }
                Ok(None) | Err(_) => return Ok(None),
            };
            // A priming event has no message; the decoder has its ID already.
            let Some(event) = block.as_block().event().filter(|event| !event.data().is_empty()) else { continue };
            let message: Value = serde_json::from_slice(event.data()).map_err(|_| Failure::NotJson)?;
            if message["id"] == id {
                return Ok(Some(message));
            }
            self.notifications.push(message);
        }
    }
}

// Tests.
use ssewire_replay::{Fault, Request, Script, Server};

const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"sum":3}}"#;
const PROGRESS: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;

fn server(respond: impl Fn(&Request) -> Script + Send + Sync + 'static) -> (Server, Client) {
    let server = Server::start().unwrap();
    server.serve_with("/", respond);
    let client = Client::new(server.base_url() + "/");
    (server, client)
}

#[tokio::test]
async fn a_call_is_resumed_after_a_priming_event_of_either_form() {
    for priming in ["id: p0\nretry: 1\ndata: \n\n", "id: p0\nretry: 1\n\n"] {
        let (server, mut client) = server(move |request| match (request.method.as_str(), request.last_event_id()) {
            ("POST", _) => Script::stream(priming).cut().header("mcp-session-id", "s1"),
            ("GET", Some("p0")) => Script::stream(format!(": ping\n\nid: p1\ndata: {PROGRESS}\n\n")).chunked_by(1),
            ("GET", Some("p1")) => Script::stream(format!("id: p2\ndata: {RESULT}\n\n")).hold(),
            _ => Script::status(400),
        });
        let response = client.call("add", json!([1, 2])).await.unwrap();
        assert_eq!(response["result"]["sum"], 3);
        assert_eq!((client.notifications.len(), client.comments, client.lost), (1, 1, 0));
        let sessions: Vec<_> =
            server.requests().iter().map(|request| request.header("mcp-session-id").map(str::to_owned)).collect();
        assert_eq!(sessions, [None, Some("s1".to_owned()), Some("s1".to_owned())]);
        assert_eq!(server.requests()[0].json()["method"], "add");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_is_lost_alone_and_comments_are_free() {
    let large = "x".repeat(2 * MAX_MESSAGE_BYTES);
    let stream = format!(": {large}\n\ndata: {large}\n\ndata: {RESULT}\n\n");
    let (_server, mut client) = server(move |_| Script::stream(stream.clone()).chunked_by(1400));
    assert_eq!(client.call("add", json!([1, 2])).await.unwrap()["result"]["sum"], 3);
    assert_eq!((client.lost, client.comments), (1, 1));
}

#[tokio::test]
async fn a_response_may_be_json_and_a_stream_without_an_id_cannot_be_resumed() {
    let (_server, mut client) = server(|_| Script::status(200).json(RESULT));
    assert_eq!(client.call("add", json!([1, 2])).await.unwrap()["result"]["sum"], 3);
    for fault in [Fault::Cut, Fault::EndsEarly, Fault::Reset] {
        let (server, mut client) =
            server(move |_| fault.apply(Script::stream(format!("data: {PROGRESS}\n\ndata: {RESULT}\n\n"))));
        assert!(matches!(client.call("add", json!([1, 2])).await, Err(Failure::Ended)), "{fault}");
        assert_eq!(server.requests().len(), 1);
    }
    let (_server, mut client) = server(|_| Fault::Overloaded.script());
    assert!(matches!(client.call("add", json!([1, 2])).await, Err(Failure::Status(529))));
}
