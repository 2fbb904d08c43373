//! `docs/protocol.md`, heading "Bodies that are not an event stream".

use serde_json::{Value, json};

use super::event::has_valid_content;
use super::json::{Json, Members, member};

/// Returns a body that is an error as JSON.
pub fn error(body: &[u8]) -> Option<Json> {
    bare_error(without_mark(body))
}

/// Returns the JSON of a line, or of a body, that is an error. A list may have it as its first element.
pub fn bare_error(text: &[u8]) -> Option<Json> {
    let json = Json::parse(text)?;
    let object = match &json {
        Json::Array(items) => items.first()?,
        other => other,
    };
    object.as_object().is_some_and(is_body_error).then_some(json)
}

/// Returns whether a body begins as a page or as JSON.
pub fn is_document(body: &[u8]) -> bool {
    is_page(body) || matches!(first_byte(body), Some(b'{' | b'['))
}

/// Returns whether a body begins as a page.
pub fn is_page(body: &[u8]) -> bool {
    first_byte(body) == Some(b'<')
}

fn first_byte(body: &[u8]) -> Option<u8> {
    without_mark(body).iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Returns a body that is a message as JSON.
pub fn message(body: &[u8]) -> Option<Value> {
    let json = Json::parse(without_mark(body))?;
    let members = json.as_object()?;
    let kind = member(members, "type").and_then(Json::as_text);
    if kind.as_deref() != Some("message") || !has_valid_content(members) || is_body_error(members) {
        return None;
    }
    let mut message = json.to_value();
    for (name, default) in [("role", json!("assistant")), ("content", json!([]))] {
        if message.get(name).is_none_or(Value::is_null) {
            message[name] = default;
        }
    }
    // "Text and thinking blocks always have their string."
    for block in message["content"].as_array_mut().into_iter().flatten() {
        for name in ["text", "thinking"] {
            if block["type"] == name && block.get(name).is_none_or(Value::is_null) {
                block[name] = json!("");
            }
        }
    }
    Some(message)
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// The shape of the API, or one of the forms of gateways.
fn is_body_error(payload: &Members) -> bool {
    let has = |name| member(payload, name).is_some_and(|value| *value != Json::Null);
    let is_string = |name, string| member(payload, name).and_then(Json::as_text).as_deref() == Some(string);
    let is_typed = member(payload, "type").is_some_and(|kind| kind.as_units().is_some());
    let is_gateway = has("message") || has("code") && has("msg");
    is_string("type", "error")
        || is_string("object", "error")
        || has("error")
        || has("detail")
        || !is_typed && is_gateway
}
