//! From a frame to an event: `docs/protocol.md`, headings "Errors", "Tolerances of the decoder" and "Undecodable
//! events".

use super::json::{Json, Members, member, units};

/// What an event of the stream means.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Blank data.
    Nothing,
    Done,
    Ping,
    /// An event of an unknown type.
    Unknown,
    /// An error with its body: JSON, a text as a string, or null.
    Error(Json),
    MessageStart(Members),
    BlockStart {
        index: u64,
        block: Members,
    },
    Delta {
        index: u64,
        delta: Members,
    },
    BlockStop {
        index: u64,
    },
    MessageDelta(Members),
    MessageStop,
    Undecodable(Loss),
    /// A violation.
    KeepAlive,
}

/// What an undecodable event may have carried.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loss {
    /// The event belongs to a Messages stream.
    pub is_known: bool,
    pub content: bool,
    pub message_delta: bool,
    pub message_start: bool,
    /// The event may have been a `content_block_delta`, a start of an unknown index or a `message_start`. The index, if
    /// it is known.
    pub piece: Option<Option<u64>>,
    /// The event was a `content_block_start` of this index.
    pub start: Option<u64>,
    /// The event may have been a `content_block_start`.
    pub may_be_start: bool,
}

const KNOWN: [&str; 7] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
];

/// The event type of an event without an `event` field.
const NO_EVENT_TYPE: &str = "message";

impl Event {
    /// Decodes the payload of an event.
    pub fn decode(event_type: &str, data: &[u8]) -> Self {
        let trimmed = data.trim_ascii();
        if trimmed == b"[DONE]" {
            return Self::Done;
        }
        if trimmed.is_empty() {
            return if event_type == "error" { Self::Error(Json::Null) } else { Self::Nothing };
        }
        // "The ASCII white space around the text is removed first."
        let json = Json::parse(if event_type == "error" { trimmed } else { data });
        if event_type == "ping" && trimmed == br#""""# {
            return Self::Nothing;
        }
        match json {
            Some(Json::Object(payload)) => Self::of_object(event_type, payload),
            // "The value may be empty or absent: then it is an error without a message."
            Some(Json::String(text)) if event_type == "error" && text.is_empty() => Self::Error(Json::Null),
            Some(other) if event_type == "error" => Self::Error(other),
            None if event_type == "error" => Self::Error(error_text(trimmed)),
            None if trimmed.iter().any(|byte| matches!(byte, b'{' | b'}')) => Self::spliced(event_type, data),
            _ if event_type == NO_EVENT_TYPE => Self::KeepAlive,
            _ => Self::undecodable(event_type, None),
        }
    }

    /// A payload that is not valid JSON, with a brace.
    fn spliced(event_type: &str, data: &[u8]) -> Self {
        let is_known = |name: &str| KNOWN.contains(&name) || name == "error";
        // "A `type` counts if it comes before the first invalid byte."
        let own_type = member(&Json::members_before_error(data), "type").and_then(Json::as_text);
        let name = own_type.as_deref().unwrap_or(event_type);
        if name == "message_start" {
            return Self::undecodable(name, None);
        }
        if own_type.as_deref() == Some("message_delta") && [name, NO_EVENT_TYPE].contains(&event_type) {
            return Self::undecodable(name, None);
        }
        let is_known = is_known(name) || is_known(event_type);
        if !is_known && event_type != NO_EVENT_TYPE {
            return Self::undecodable(event_type, None);
        }
        Self::Undecodable(Loss { is_known, content: true, piece: Some(None), may_be_start: true, ..Loss::default() })
    }

    fn of_object(event_type: &str, payload: Members) -> Self {
        let own_type = member(&payload, "type").and_then(Json::as_text);
        if is_error(event_type, &payload) {
            return Self::Error(Json::Object(payload));
        }
        match own_type.as_deref() {
            Some(name) => Self::of_type(name, &payload),
            None => Self::of_type(event_type, &payload),
        }
    }

    fn of_type(name: &str, payload: &Members) -> Self {
        let index = member(payload, "index").and_then(Json::as_count);
        let object = |name: &str| member(payload, name).and_then(Json::as_object).cloned();
        let decoded = match name {
            "ping" => Some(Self::Ping),
            "message_start" => object("message").filter(has_valid_content).map(Self::MessageStart),
            "content_block_start" => index
                .zip(object("content_block").filter(is_block))
                .map(|(index, block)| Self::BlockStart { index, block }),
            "content_block_delta" => {
                index.zip(object("delta").filter(is_delta)).map(|(index, delta)| Self::Delta { index, delta })
            }
            "content_block_stop" => index.map(|index| Self::BlockStop { index }),
            "message_delta" => {
                let fits = |name| matches!(member(payload, name), None | Some(Json::Null | Json::Object(_)));
                (fits("delta") && fits("usage")).then(|| Self::MessageDelta(payload.clone()))
            }
            "message_stop" => Some(Self::MessageStop),
            _ => Some(Self::Unknown),
        };
        decoded.unwrap_or_else(|| Self::undecodable(name, index))
    }

    fn undecodable(name: &str, index: Option<u64>) -> Self {
        Self::Undecodable(Loss {
            is_known: KNOWN.contains(&name) || name == "error",
            content: name.starts_with("content_block_") && KNOWN.contains(&name),
            message_delta: name == "message_delta",
            message_start: name == "message_start",
            piece: match name {
                "content_block_delta" => Some(index),
                "content_block_start" if index.is_none() => Some(None),
                "message_start" | "content_block_stop" => Some(None),
                _ => None,
            },
            start: index.filter(|_| name == "content_block_start"),
            may_be_start: name == "content_block_start",
        })
    }
}

/// Text under the event type `error` that is not JSON. A last line that is an object is the error.
fn error_text(data: &[u8]) -> Json {
    let last = data.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let last = Json::parse(last).filter(|last| last.as_object().is_some());
    last.unwrap_or_else(|| Json::String(units(&String::from_utf8_lossy(data))))
}

/// "A payload is an error, wherever it occurs, if one of these conditions holds".
fn is_error(event_type: &str, payload: &Members) -> bool {
    let own_type = member(payload, "type").and_then(Json::as_text);
    let any = |name: &str, holds: fn(&Json) -> bool| payload.iter().any(|(other, value)| other == name && holds(value));
    let is_present = |value: &Json| *value != Json::Null;
    own_type.as_deref() == Some("error")
        || any("object", |value| value.as_text().as_deref() == Some("error"))
        || own_type.is_none() && (any("error", is_present) || any("detail", is_present))
        || event_type == "error" && !own_type.is_some_and(|name| KNOWN.contains(&&*name))
}

/// Returns whether the blocks of a message can be read.
pub fn has_valid_content(message: &Members) -> bool {
    match member(message, "content") {
        None | Some(Json::Null) => true,
        Some(Json::Array(blocks)) => blocks.iter().all(|block| block.as_object().is_some_and(is_block)),
        Some(_) => false,
    }
}

fn is_block(block: &Members) -> bool {
    let is_string = |name| matches!(member(block, name), None | Some(Json::Null | Json::String(_)));
    let is_list = |name| match member(block, name) {
        None | Some(Json::Null) => true,
        Some(Json::Array(items)) => items.iter().all(|item| item.as_object().is_some()),
        Some(_) => false,
    };
    match member(block, "type").and_then(Json::as_text).as_deref() {
        None => false,
        Some("text") => is_string("text") && is_list("citations"),
        Some("thinking") => is_string("thinking"),
        Some("compaction") => is_string("content"),
        Some(_) => true,
    }
}

fn is_delta(delta: &Members) -> bool {
    let is_own = |name| matches!(member(delta, name), Some(Json::Null | Json::String(_)));
    let is_optional = |name| matches!(member(delta, name), None | Some(Json::Null | Json::String(_)));
    match member(delta, "type").and_then(Json::as_text).as_deref() {
        None => false,
        Some("text_delta") => is_own("text"),
        Some("thinking_delta") => is_own("thinking"),
        Some("signature_delta") => is_own("signature"),
        Some("input_json_delta") => is_own("partial_json"),
        Some("citations_delta") => member(delta, "citation").is_some_and(|citation| citation.as_object().is_some()),
        Some("compaction_delta") => is_optional("content") && is_optional("encrypted_content"),
        Some(_) => true,
    }
}
