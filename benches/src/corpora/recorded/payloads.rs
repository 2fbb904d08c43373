//! Payloads of the other events: of the sizes in the profile.

use serde_json::Value;

use super::super::words::Words;
use super::profile::{Draws, Quantiles};

/// The other events of a stream.
pub(super) struct Payloads {
    message_start: Quantiles,
    message_delta: Quantiles,
    block_stop: Quantiles,
    message_stop: Quantiles,
    signature: Quantiles,
    citation: Quantiles,
    spaced_ping: f64,
    ping: Draws,
    words: Words,
}

/// An object whose members have an order.
struct Object(Vec<(&'static str, String)>);

impl Object {
    fn write(mut self, is_sorted: bool) -> String {
        if is_sorted {
            self.0.sort();
        }
        let members: Vec<String> = self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Writes spaces before the last brace, until the payload has the given size.
pub(super) fn pad(mut payload: String, bytes: usize) -> String {
    let spaces = bytes.saturating_sub(payload.len());
    payload.insert_str(payload.len() - 1, &" ".repeat(spaces));
    payload
}

/// Writes an event, whose members have an order of their own in some streams.
pub(super) fn event(name: &str, members: Vec<(&'static str, String)>, is_sorted: bool) -> String {
    let mut all = vec![("type", string(name))];
    all.extend(members);
    Object(all).write(is_sorted)
}

/// Writes a delta.
pub(super) fn delta(index: usize, kind: &str, members: Vec<(&'static str, String)>, is_sorted: bool) -> String {
    let delta = event(kind, members, is_sorted);
    event("content_block_delta", vec![("index", index.to_string()), ("delta", delta)], is_sorted)
}

pub(super) fn string(text: &str) -> String {
    Value::from(text).to_string()
}

fn tool_use_id() -> (&'static str, String) {
    ("tool_use_id", string("srvtoolu_01QZkDfm4oTQFpUZ8JVxyz"))
}

impl Payloads {
    pub(super) fn new(profile: &Value) -> Self {
        let bytes = |name: &str, prime| Quantiles::new(&profile["events"][name]["payload_bytes"], prime);
        let spaced_ping = profile["events"]["ping"]["space_after_colon_share"].as_f64().expect("a share");
        Self {
            message_start: bytes("message_start", 2),
            message_delta: bytes("message_delta", 3),
            block_stop: bytes("content_block_stop", 5),
            message_stop: bytes("message_stop", 7),
            signature: bytes("content_block_delta signature_delta", 11),
            citation: bytes("content_block_delta citations_delta", 13),
            spaced_ping,
            ping: Draws::new(17),
            words: Words::new(),
        }
    }

    pub(super) fn message_start(&mut self, is_sorted: bool) -> String {
        let bytes = self.message_start.draw();
        let usage: [(&str, String); 8] = [
            ("input_tokens", self.number()),
            ("output_tokens", "1".into()),
            ("cache_creation_input_tokens", "0".into()),
            ("cache_read_input_tokens", self.number()),
            ("service_tier", string("standard")),
            ("cache_creation", "{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0}".into()),
            ("inference_geo", string("not_available")),
            (
                "server_tool_use",
                "{\"web_search_requests\":0,\"web_fetch_requests\":0,\"code_execution_requests\":0}".into(),
            ),
        ];
        let message: [(&str, String); 8] = [
            ("id", string(&format!("msg_01{}", self.token(18)))),
            ("type", string("message")),
            ("model", string("claude-sonnet-4-5-20250929")),
            ("content", "[]".into()),
            ("role", string("assistant")),
            ("stop_reason", "null".into()),
            ("stop_sequence", "null".into()),
            ("stop_details", "null".into()),
        ];
        let write = |message_members: usize, usage_members: usize| {
            let mut message = message[..message_members].to_vec();
            message.push(("usage", Object(usage[..usage_members].to_vec()).write(is_sorted)));
            event("message_start", vec![("message", Object(message).write(is_sorted))], is_sorted)
        };
        let all = || (3..=8).flat_map(|message| (2..=8).map(move |usage| (message, usage)));
        let fitting = all().map(|(message, usage)| write(message, usage)).filter(|text| text.len() <= bytes);
        pad(fitting.max_by_key(String::len).unwrap_or_else(|| write(3, 2)), bytes)
    }

    pub(super) fn message_delta(&mut self, stop_reason: &str, is_sorted: bool) -> String {
        let bytes = self.message_delta.draw();
        let iteration = r#"{"type":"message","input_tokens":472,"output_tokens":89,"cache_read_input_tokens":0}"#;
        let usage: [(&str, String); 7] = [
            ("output_tokens", self.number()),
            ("input_tokens", self.number()),
            ("cache_creation_input_tokens", "0".into()),
            ("cache_read_input_tokens", self.number()),
            ("output_tokens_details", "{\"thinking_tokens\":0}".into()),
            ("server_tool_use", "{\"web_search_requests\":2,\"web_fetch_requests\":0}".into()),
            ("iterations", format!("[{}]", vec![iteration; bytes.saturating_sub(350) / 86 + 1].join(","))),
        ];
        let reason = ("stop_reason", string(stop_reason));
        let write = |delta_members: usize, usage_members: usize, others: usize| {
            let delta = [reason.clone(), ("stop_sequence", "null".into())][..delta_members].to_vec();
            let mut members = vec![("delta", Object(delta).write(is_sorted))];
            if usage_members > 0 {
                members.push(("usage", Object(usage[..usage_members].to_vec()).write(is_sorted)));
            }
            if others > 0 {
                members.push(("context_management", "{\"applied_edits\":[]}".into()));
            }
            event("message_delta", members, is_sorted)
        };
        let all = || {
            (1..=2).flat_map(|delta| {
                (0..=7).flat_map(move |usage| (0..=usize::from(!is_sorted)).map(move |others| (delta, usage, others)))
            })
        };
        let fitting =
            all().map(|(delta, usage, others)| write(delta, usage, others)).filter(|text| text.len() <= bytes);
        pad(fitting.max_by_key(String::len).unwrap_or_else(|| write(1, 0, 0)), bytes)
    }

    pub(super) fn message_stop(&mut self, is_sorted: bool) -> String {
        // Nothing but a type: in any order.
        let bytes = self.message_stop.draw();
        if bytes > 140 {
            return pad(self.message_stop_with_metrics(), bytes);
        }
        pad(event("message_stop", Vec::new(), is_sorted), bytes)
    }

    /// As Bedrock sends it.
    pub(super) fn message_stop_with_metrics(&self) -> String {
        let metrics = r#"{"inputTokenCount":11,"outputTokenCount":89,"invocationLatency":1745,"firstByteLatency":561}"#;
        event("message_stop", vec![("amazon-bedrock-invocationMetrics", metrics.into())], false)
    }

    pub(super) fn ping(&mut self) -> String {
        if self.ping.chance(self.spaced_ping) { "{\"type\": \"ping\"}".into() } else { "{\"type\":\"ping\"}".into() }
    }

    pub(super) fn block_stop(&mut self, index: usize, is_sorted: bool) -> String {
        pad(event("content_block_stop", vec![("index", index.to_string())], is_sorted), self.block_stop.draw())
    }

    /// The start of a block of this type.
    pub(super) fn block_start(&mut self, index: usize, name: &str, bytes: usize, is_sorted: bool) -> String {
        let start = |block: Vec<(&'static str, String)>| {
            let block = Object(block).write(is_sorted);
            event("content_block_start", vec![("index", index.to_string()), ("content_block", block)], is_sorted)
        };
        let block = |members: Vec<(&'static str, String)>| start([vec![("type", string(name))], members].concat());
        let token = self.token(16);
        // A member of the block has the rest of the bytes.
        let mut filled = |write: &dyn Fn(String) -> String| {
            let rest = bytes.saturating_sub(write(string("")).len());
            write(string(&self.token(rest)))
        };
        let payload = match name {
            "text" => block(vec![("text", string(""))]),
            "thinking" => block(vec![("thinking", string("")), ("signature", string(""))]),
            "tool_use" | "server_tool_use" | "mcp_tool_use" => {
                let id = ("id", string(&format!("toolu_01{token}")));
                let call = |name: &str| vec![id.clone(), ("name", string(name)), ("input", "{}".into())];
                let least = block(call("write")).len();
                let from_code = |id: String| {
                    let caller = format!("{{\"type\":\"code_execution_20250825\",\"tool_id\":{id}}}");
                    block([call("write_file"), vec![("caller", caller)]].concat())
                };
                if bytes > from_code(string("")).len() + 16 {
                    filled(&from_code)
                } else if bytes > least + 28 {
                    block([call("write_file"), vec![("caller", "{\"type\":\"direct\"}".into())]].concat())
                } else {
                    block(call("write"))
                }
            }
            "redacted_thinking" => filled(&|data| block(vec![("data", data)])),
            "compaction" => filled(&|content| block(vec![("content", content)])),
            "fallback" => filled(&|category| {
                let model = |name: &str| Object(vec![("model", string(name))]).write(is_sorted);
                let trigger = vec![("type", string("refusal")), ("category", category)];
                block(vec![
                    ("from", model("claude-opus-4-8")),
                    ("to", model("claude-sonnet-4-5-20250929")),
                    ("trigger", Object(trigger).write(is_sorted)),
                ])
            }),
            "web_search_tool_result" => self.search_results(bytes, is_sorted, &block),
            other => filled(&|text| {
                let content = vec![("type", string(&other.replace("_tool_result", "_result"))), ("content", text)];
                block(vec![tool_use_id(), ("content", Object(content).write(is_sorted))])
            }),
        };
        pad(payload, bytes)
    }

    /// The start of a block with results of this size in bytes, which `block` writes around its members.
    fn search_results(
        &mut self,
        bytes: usize,
        is_sorted: bool,
        block: &dyn Fn(Vec<(&'static str, String)>) -> String,
    ) -> String {
        let result = |this: &mut Self, content: usize| {
            let content = this.token(content);
            let result = vec![
                ("type", string("web_search_result")),
                ("title", string("How the decoder of an event stream finds the ends of \"lines\"")),
                ("url", string("https://example.org/articles/streams/decoder-lines")),
                ("encrypted_content", string(&content)),
                ("page_age", string("April 30, 2025")),
            ];
            Object(result).write(is_sorted)
        };
        let write = |results: &[String]| block(vec![tool_use_id(), ("content", format!("[{}]", results.join(",")))]);
        let mut results = Vec::new();
        while write(&results).len() + 3000 < bytes {
            results.push(result(self, 2200));
        }
        let left = bytes.saturating_sub(write(&results).len() + result(self, 0).len() + 1);
        if left > 0 {
            results.push(result(self, left));
        }
        write(&results)
    }

    pub(super) fn signature(&mut self, index: usize, is_sorted: bool) -> String {
        let bytes = self.signature.draw();
        let write = |text: &str| delta(index, "signature_delta", vec![("signature", string(text))], is_sorted);
        let text = self.token(bytes.saturating_sub(write("").len()));
        write(&text)
    }

    pub(super) fn citation(&mut self, index: usize, is_sorted: bool) -> String {
        let bytes = self.citation.draw();
        let write = |cited: &str, encrypted: &str| {
            let citation = vec![
                ("type", string("web_search_result_location")),
                ("cited_text", string(cited)),
                ("url", string("https://example.org/articles/streams")),
                ("title", string("Event streams")),
                ("encrypted_index", string(encrypted)),
            ];
            delta(index, "citations_delta", vec![("citation", Object(citation).write(is_sorted))], is_sorted)
        };
        let room = bytes.saturating_sub(write("", "").len());
        let (cited, encrypted) = (self.words.text(room / 3), self.token(room - room / 3));
        write(&cited, &encrypted)
    }

    fn number(&mut self) -> String {
        (self.words.random() % 10_000 + 1).to_string()
    }

    /// Letters and digits, as of an identifier or of encoded bytes.
    fn token(&mut self, bytes: usize) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        (0..bytes).map(|_| char::from(LETTERS[self.words.random() as usize % 64])).collect()
    }
}
