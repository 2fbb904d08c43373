//! `docs/protocol.md`, heading "A body that is no stream".

use serde_json::Value;

use super::event::is_error;
use super::json::{Json, Members, member};

/// Returns the JSON of a line that is an error.
pub fn bare_error(line: &[u8]) -> Option<Json> {
    let json = Json::parse(line)?;
    json.as_object().is_some_and(is_body_error).then_some(json)
}

/// Returns a body that is a message as JSON.
pub fn message(body: &[u8]) -> Option<Value> {
    let json = Json::parse(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body))?;
    let members = json.as_object()?;
    let is_message = member(members, "type").and_then(Json::as_text).as_deref() == Some("message");
    (is_message && !is_body_error(members)).then(|| json.to_value())
}

/// The shape of the API, or one of the forms of gateways.
fn is_body_error(payload: &Members) -> bool {
    let has = |name| member(payload, name).is_some_and(|value| *value != Json::Null);
    let is_gateway = has("message") || has("code") && has("msg");
    is_error("message", payload) || !has("type") && is_gateway
}
