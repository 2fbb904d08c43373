//! A stream of JSON until `[DONE]`: the shape of async-openai, and of every SDK for OpenAI-compatible servers.
//!
//! Worked around before: `data: [DONE]\n` without a blank line became an error, or a stream that hangs until the
//! connection closes; an error object in the middle became "missing field `choices`", without the reason that the
//! server gave; a chunk type with only optional members swallowed it; each SDK matched the string `[DONE]` by hand.
//!
//! Gone: `json_until_done::<Chunk>()` returns chunks, other data as text, and an error if `[DONE]` is missing.

// Their code.
use serde::Deserialize;
use ssewire_io::{ByteStreamExt as _, JsonPayloadErrorKind, JsonStreamError};

#[derive(Debug, Deserialize)]
pub struct Chunk {
    #[serde(default)]
    pub choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
pub struct Choice {
    pub delta: Delta,
}

#[derive(Debug, Default, Deserialize)]
pub struct Delta {
    pub content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorBody {
    error: VendorError,
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct VendorError {
    pub message: String,
}

#[derive(Debug)]
pub enum Failure {
    Vendor(VendorError),
    /// A chunk that this SDK cannot read, with the reason, which may quote it.
    Chunk(JsonPayloadErrorKind, Option<serde_json::Error>),
    /// The connection failed, or the stream was cut.
    Stream(String),
    /// The stream ended in order, but without `[DONE]`.
    NotDone,
}

/// The text of a completion, passed on as it arrives.
pub async fn complete(url: &str, mut show: impl FnMut(&str)) -> Result<(), Failure> {
    let response = reqwest::get(url).await.map_err(|error| Failure::Stream(error.to_string()))?;
    let mut chunks = response.bytes_stream().json_until_done::<Chunk>().with_required_done();
    loop {
        match chunks.try_next().await {
            Ok(Some(chunk)) => {
                chunk.value.choices.iter().filter_map(|choice| choice.delta.content.as_deref()).for_each(&mut show);
            }
            Ok(None) => return Ok(()),
            Err(JsonStreamError::MissingDone) => return Err(Failure::NotDone),
            Err(JsonStreamError::Payload(payload)) => {
                return Err(match payload.parse::<ErrorBody>() {
                    Ok(body) => Failure::Vendor(body.error),
                    Err(_) => Failure::Chunk(payload.kind(), payload.parse::<Chunk>().err()),
                });
            }
            Err(error) => return Err(Failure::Stream(error.to_string())),
        }
    }
}

// Tests.
use serde_json::error::Category;
use ssewire_replay::{Fault, Gate, Script};

use crate::serve;

fn chunk(text: &str) -> String {
    format!("data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

async fn completed(script: Script) -> (String, Result<(), Failure>) {
    let (_server, url) = serve(script);
    let mut text = String::new();
    let result = complete(&url, |piece| text.push_str(piece)).await;
    (text, result)
}

#[tokio::test]
async fn done_ends_it_with_and_without_the_last_blank_line() {
    let stream = || chunk("Hel") + ": keep-alive\n\n" + &chunk("lo");
    for (end, fault) in [
        ("data: [DONE]\n\n", Fault::Split),
        ("data: [DONE]\n", Fault::OddChunks),
        ("data: [DONE]", Fault::UntilClose),
        ("data: [DONE]\n\n", Fault::CrLf),
        ("data: [DONE]\n\ndata: {\"never\": \"read\"}\n\n", Fault::ContentLength),
    ] {
        let (text, result) = completed(fault.apply(Script::stream(stream() + end))).await;
        assert!(result.is_ok(), "{end:?}: {result:?}");
        assert_eq!(text, "Hello");
    }
    // The connection may stay open after it.
    let (text, result) = completed(Script::stream(stream() + "data: [DONE]\n\n").hold()).await;
    assert!(result.is_ok() && text == "Hello");
}

#[tokio::test]
async fn an_error_in_the_middle_has_its_reason_though_every_member_is_optional() {
    for error in [r#"{"error":{"message":"overloaded"}}"#, r#"{"type":"error","error":{"message":"overloaded"}}"#] {
        let stream = chunk("Hel") + &format!("data: {error}\n\n") + &chunk("lo");
        let (text, result) = completed(Script::stream(stream).chunked_by(7)).await;
        assert!(matches!(result, Err(Failure::Vendor(VendorError { message })) if message == "overloaded"));
        assert_eq!(text, "Hel");
    }
    // An error that is null is none.
    let stream = "data: {\"choices\":[],\"error\":null}\n\ndata: [DONE]\n\n";
    assert!(completed(Script::stream(stream)).await.1.is_ok());
}

#[tokio::test]
async fn a_stream_that_is_cut_is_not_done() {
    for (stream, expected) in [
        (chunk("Hel"), None),
        (chunk("Hel") + "data: {\"choices\":[{\"de", None),
        (chunk("Hel") + "data: <html>\n\n", Some((JsonPayloadErrorKind::Syntax, Category::Syntax))),
        (chunk("Hel") + "data: {\"choices\":7}\n\n", Some((JsonPayloadErrorKind::Data, Category::Data))),
    ] {
        let (text, result) = completed(Script::stream(stream)).await;
        let failure = result.unwrap_err();
        let is_expected = match &failure {
            Failure::NotDone => expected.is_none(),
            Failure::Chunk(kind, Some(reason)) => expected == Some((*kind, reason.classify())),
            _ => false,
        };
        assert!(is_expected, "{failure:?}");
        assert_eq!(text, "Hel");
    }
    let (text, result) = completed(Script::stream(chunk("Hel")).cut()).await;
    assert!(matches!(result, Err(Failure::Stream(reason)) if reason.starts_with("connection failed: ")));
    assert_eq!(text, "Hel");
}

#[tokio::test]
async fn text_is_shown_before_the_next_chunk_arrives() {
    let gate = Gate::new();
    let (_server, url) = serve(Script::stream(chunk("Hel")).wait(&gate).send(chunk("lo") + "data: [DONE]\n"));
    let mut text = String::new();
    let result = complete(&url, |piece| {
        gate.open();
        text.push_str(piece);
    });
    result.await.unwrap();
    assert_eq!(text, "Hello");
}
