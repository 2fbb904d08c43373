//! Code that the examples share: key and address, the request, the output.

#![allow(dead_code, reason = "each example uses its part of it")]

use core::error::Error;
use core::fmt;
use core::hash::BuildHasher as _;
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};
use ssewire_messages::{ApiError, Message, RawJson};

pub(crate) type Failure = Box<dyn Error>;

/// Address, key and prompt of a request.
pub(crate) struct Setup {
    pub(crate) url: String,
    key: Key,
    prompt: String,
}

/// A request. A type and not `json!`, which parses the turns again: it changes long numbers and panics at deep input.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u32,
    /// Makes the response an event stream.
    stream: bool,
    messages: &'a [RawJson],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tools: &'a [Value],
}

/// Never printed: neither in errors nor by `Debug`.
struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Setup {
    /// Reads the key from `ANTHROPIC_API_KEY`, the address from `ANTHROPIC_BASE_URL` if it is set, and the prompt from
    /// the command line.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let key = env::var("ANTHROPIC_API_KEY").ok().filter(|key| !key.is_empty());
        let key = Key(key.ok_or("ANTHROPIC_API_KEY is not set: the example needs a key for the Messages API")?);
        let base = env::var("ANTHROPIC_BASE_URL").ok().filter(|base| !base.is_empty());
        let base = base.unwrap_or_else(|| "https://api.anthropic.com".to_owned());
        let prompt = env::args().skip(1).collect::<Vec<_>>().join(" ");
        let prompt = if prompt.is_empty() { "Write a haiku about streams.".to_owned() } else { prompt };
        Ok(Self { url: format!("{}/v1/messages", base.trim_end_matches('/')), key, prompt })
    }

    pub(crate) fn headers(&self) -> [(&'static str, &str); 4] {
        [
            ("x-api-key", &self.key.0),
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
        ]
    }

    /// The request.
    pub(crate) fn request(&self) -> Result<String, Failure> {
        request_of(&self.turns(), &[])
    }

    /// The conversation so far.
    pub(crate) fn turns(&self) -> Vec<RawJson> {
        vec![json!({ "role": "user", "content": self.prompt }).into()]
    }

    /// The server's error with its kind, its request ID and its text. Some servers repeat a rejected key: it is hidden.
    pub(crate) fn failure(&self, error: &ApiError) -> Failure {
        let message = error.message().unwrap_or("no message").replace(&self.key.0, "(hidden)");
        format!("{error}: {message}").into()
    }
}

/// The request with these turns and tools.
pub(crate) fn request_of(turns: &[RawJson], tools: &[Value]) -> Result<String, Failure> {
    let request = Request { model: "claude-opus-4-8", max_tokens: 1024, stream: true, messages: turns, tools };
    Ok(serde_json::to_string(&request)?)
}

/// Prints an error as one line, and returns exit code 1.
pub(crate) fn exit(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a piece of text immediately, not when the line ends.
pub(crate) fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints the stop reason and the usage.
pub(crate) fn sum_up(message: &Message) {
    let reason = message.stop_reason().map_or("none", |reason| reason.as_str());
    let count = |count: Option<u64>| count.map_or("unknown".to_owned(), |count| count.to_string());
    let (input, output) = (count(message.input_tokens()), count(message.output_tokens()));
    eprintln!("\nstop reason: {reason}, input tokens: {input}, output tokens: {output}");
}

/// The time since the Unix epoch.
pub(crate) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A number from 0 to 1. The standard library has no random numbers, but it seeds its hash maps with one.
pub(crate) fn random() -> f64 {
    let [byte, ..] = RandomState::new().hash_one(0_u8).to_le_bytes();
    f64::from(byte) / f64::from(u8::MAX)
}
