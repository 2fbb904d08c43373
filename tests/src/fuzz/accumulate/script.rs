//! Converts bytes to a sequence of events.
//!
//! Either each line of the input is a payload. Or each event is one byte for its kind, one for its index and one for
//! its details, whose upper half is the length of the text that follows. One changed byte then changes one event, so
//! that the fuzzer soon finds sequences that no server sends.

use serde_json::{Value, json};

use super::Input;

/// The payloads of the events.
pub(super) fn payloads(are_lines: bool, mut input: Input<'_>) -> Vec<Vec<u8>> {
    if are_lines {
        return input.rest().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    }
    let mut payloads = Vec::new();
    while !input.is_empty() {
        payloads.push(event(&mut input).to_string().into_bytes());
    }
    payloads
}

/// The indices of events: a few that collide often, and some distant ones.
const INDICES: [u64; 8] = [0, 1, 2, 3, 4, 1 << 40, u64::MAX - 1, u64::MAX];

fn event(input: &mut Input<'_>) -> Value {
    let (kind, index, detail) = (input.byte(), input.byte(), input.byte());
    let index = INDICES[usize::from(index) % INDICES.len()];
    let text = String::from_utf8_lossy(input.bytes(usize::from(detail >> 4))).into_owned();
    let detail = detail & 0x0F;
    let delta = |delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    match kind % 16 {
        0 => {
            let blocks: Vec<_> = (0..detail / 4).map(|other| block(detail + other, &text)).collect();
            let usage = if detail & 1 == 0 { json!({"output_tokens": 1}) } else { Value::Null };
            json!({"type": "message_start", "message": {"id": text, "model": "m", "content": blocks, "usage": usage}})
        }
        1..=3 => json!({"type": "content_block_start", "index": index, "content_block": block(detail, &text)}),
        4 | 5 => delta(json!({"type": "text_delta", "text": text})),
        6 | 7 => delta(json!({"type": "thinking_delta", "thinking": text})),
        8 | 9 => delta(json!({"type": "input_json_delta", "partial_json": text})),
        10 => delta(json!({"type": "signature_delta", "signature": text})),
        11 => delta(match detail {
            0..=5 => json!({"type": "citations_delta", "citation": {"type": "page_location", "cited_text": text}}),
            6..=8 => json!({"type": "compaction_delta", "content": text}),
            9 | 10 => json!({"type": "compaction_delta", "content": null, "encrypted_content": text}),
            _ => json!({"type": "future_delta", "text": text}),
        }),
        12 | 13 => json!({"type": "content_block_stop", "index": index}),
        14 => message_delta(detail, &text),
        _ => match detail {
            0..=5 => json!({"type": "message_stop"}),
            6 | 7 => json!({"type": "error", "error": {"type": "overloaded_error", "message": text}}),
            8 => json!({"type": "future_event", "text": text}),
            9 => json!({"type": "content_block_delta", "index": index, "delta": text}),
            10 => json!({"type": "content_block_start", "index": -1}),
            _ => json!({"type": "ping"}),
        },
    }
}

fn block(detail: u8, text: &str) -> Value {
    match detail % 16 {
        0..=2 => json!({"type": "text", "text": text}),
        3 => json!({"type": "text", "text": text, "citations": []}),
        4 => json!({"type": "thinking", "thinking": text, "signature": ""}),
        5 => json!({"type": "thinking", "thinking": text}),
        6 => json!({"type": "tool_use", "id": "toolu_1", "name": text, "input": {}}),
        7 => json!({"type": "server_tool_use", "name": text, "input": null}),
        8 => json!({"type": "mcp_tool_use", "input": {"a": text}}),
        9 => json!({"type": "compaction", "content": null}),
        10 => json!({"type": "compaction", "content": text}),
        11 => json!({"type": "fallback", "to": {"model": text}}),
        12 => json!({"type": "future", "text": text, "thinking": null, "input": {}, "signature": null}),
        13 => json!({"type": "future", "citations": null, "input": 7, "text": 7}),
        14 => json!({"type": "redacted_thinking", "data": text}),
        _ => json!({"type": "web_search_tool_result", "content": [], "odd": text}),
    }
}

fn message_delta(detail: u8, text: &str) -> Value {
    match detail {
        0..=3 => json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
        4 => json!({"type": "message_delta", "delta": {"stop_reason": text, "stop_sequence": text}}),
        5 => json!({"type": "message_delta", "delta": {"stop_reason": null, "odd": text}}),
        6 => json!({"type": "message_delta", "delta": {"stop_reason": 7, "content": text, "id": text}}),
        7 => json!({"type": "message_delta", "delta": {"container": {"id": text}, "model": text}}),
        8 => json!({"type": "message_delta", "usage": {"output_tokens": text, "odd": text}}),
        9 => json!({"type": "message_delta", "usage": {"server_tool_use": {"web_search_requests": 1}}}),
        10 => json!({"type": "message_delta", "context_management": {"applied_edits": []}, "odd": text}),
        11 => json!({"type": "message_delta", "delta": {"stop_details": {"type": "refusal", "explanation": text}}}),
        12 => json!({"type": "message_delta", "delta": text}),
        _ => json!({"type": "message_delta", "delta": null, "usage": null}),
    }
}
