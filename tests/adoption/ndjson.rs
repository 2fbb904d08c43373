//! A stream of newline-delimited JSON: the shape of the Ollama and Cohere adapters of genai and of rig.
//!
//! Worked around before: a second line splitter beside the SSE parser, which searched the unfinished line again for
//! each chunk, split characters at chunk boundaries, lost a last line without a line end, and had no limit.
//!
//! Gone: `sse_lines()` is the line splitter of the event stream decoder, with its limit, and the end policy decides
//! about the last line.

// Their code.
use serde::Deserialize;
use ssewire_io::{ByteStreamExt as _, EventError, UnfinishedEvent};

#[derive(Debug, PartialEq, Deserialize)]
pub struct Record {
    #[serde(default)]
    pub response: String,
    #[serde(default)]
    pub done: bool,
    pub error: Option<String>,
}

#[derive(Debug)]
pub enum Failure {
    Server(String),
    NotJson(serde_json::Error),
    Line(String),
    Connection(reqwest::Error),
    NotDone,
}

impl From<EventError<reqwest::Error>> for Failure {
    fn from(error: EventError<reqwest::Error>) -> Self {
        match error {
            EventError::Transport(error) => Self::Connection(error),
            other => Self::Line(other.to_string()),
        }
    }
}

pub async fn generate(url: &str) -> Result<String, Failure> {
    let response = reqwest::get(url).await.map_err(Failure::Connection)?;
    let mut lines = response.bytes_stream().sse_lines().with_unfinished_event(UnfinishedEvent::Dispatch);
    let mut text = String::new();
    while let Some(line) = lines.try_next().await? {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let record: Record = serde_json::from_slice(&line).map_err(Failure::NotJson)?;
        if let Some(error) = record.error {
            return Err(Failure::Server(error));
        }
        text += &record.response;
        if record.done {
            return Ok(text);
        }
    }
    Err(Failure::NotDone)
}

// Tests.
use ssewire_replay::{Fault, Script};

use crate::serve;

const LINES: &str = "{\"response\":\"Grü\"}\n\n{\"response\":\"ße \u{1f44b}\"}\n{\"response\":\"!\",\"done\":true}\n";

async fn generated(script: Script) -> Result<String, Failure> {
    let (_server, url) = serve(script.header("content-type", "application/x-ndjson"));
    generate(&url).await
}

#[tokio::test]
async fn lines_are_whole_however_they_are_cut() {
    for fault in [Fault::Split, Fault::OddChunks, Fault::CrLf, Fault::Cr, Fault::NoLastBlankLine, Fault::UntilClose] {
        assert_eq!(generated(fault.apply(Script::stream(LINES))).await.unwrap(), "Grüße \u{1f44b}!", "{fault}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_is_never_a_whole_answer() {
    for (fault, expected) in [
        (Fault::Cut, "Connection("),
        (Fault::CutInChunk, "Connection("),
        (Fault::Reset, "Connection("),
        (Fault::CutWithLength, "Connection("),
        (Fault::CutUnnoticed, "NotJson("),
        (Fault::Empty, "NotDone"),
        (Fault::HtmlBody, "NotJson("),
    ] {
        let failure = format!("{:?}", generated(fault.apply(Script::stream(LINES))).await.unwrap_err());
        assert!(failure.starts_with(expected), "{fault}: {failure}");
    }
}

#[tokio::test]
async fn an_error_line_is_the_error() {
    let lines = "{\"response\":\"Grü\"}\n{\"error\":\"model not found\"}\n{\"done\":true}\n";
    assert!(
        matches!(generated(Script::stream(lines)).await, Err(Failure::Server(error)) if error == "model not found")
    );
}

#[tokio::test]
async fn a_line_without_an_end_has_a_limit() {
    let endless = Script::stream("x".repeat(17 * 1024 * 1024)).send("\n{\"done\":true}\n");
    assert!(matches!(generated(endless).await, Err(Failure::Line(_))));
}
