//! Payloads of one kind each, decoded one by one. The answer is the name of each event, and the text of text deltas.

use super::payloads::{Payloads, delta, event, pad, string};
use super::profile::profile;
use super::{Corpus, recorded};
use crate::answer::{Hashes, Sink};
use crate::corpora::words::Words;

/// Payloads of each kind.
const COUNT: usize = 2000;

/// Returns the name of the event that begins with a payload.
#[must_use]
pub fn name_of(event: &str) -> &str {
    event.strip_prefix("event: ").and_then(|rest| rest.split('\n').next()).unwrap_or_default()
}

/// The corpora of small events, in their canonical form and in others, of the large ones, and of a delta with an
/// escape and padding.
#[must_use]
pub fn kinds() -> Vec<Corpus> {
    let mut payloads = Payloads::new(&profile());
    let mut words = Words::new();
    let mut repeat = |name, kind: &'static str, write: &mut dyn FnMut(usize, &mut Payloads) -> String| {
        let written: Vec<(String, String)> = (0..COUNT).map(|at| (write(at, &mut payloads), String::new())).collect();
        corpus(name, kind, &written)
    };
    let spaced = |payload: String| payload.replace("\":", "\": ").replace(',', ", ");
    let mut corpora = vec![
        repeat("ping", "ping", &mut |_, payloads| payloads.ping()),
        repeat("content_block_stop", "content_block_stop", &mut |at, payloads| payloads.block_stop(at % 12, false)),
        repeat("message_stop", "message_stop", &mut |_, payloads| {
            pad(event("message_stop", vec![], false), payloads.message_stop(false).len().min(37))
        }),
        repeat("ping, other spelling", "ping", &mut |_, _| "{ \"type\" : \"ping\" }".into()),
        repeat("content_block_stop, sorted", "content_block_stop", &mut |at, payloads| {
            payloads.block_stop(at % 12, true)
        }),
        repeat("message_stop, spaced", "message_stop", &mut |_, payloads| spaced(payloads.message_stop(false))),
        repeat("message_stop, with metrics", "message_stop", &mut |_, payloads| payloads.message_stop_with_metrics()),
        repeat("result of 17 KB", "content_block_start", &mut |at, payloads| {
            payloads.block_start(at % 12, "web_search_tool_result", 17_000, false)
        }),
    ];
    let recorded = recorded();
    for kind in ["message_start", "message_delta"] {
        corpora.push(of_kind(&recorded, kind));
    }
    let escaped: Vec<(String, String)> = (0..COUNT)
        .map(|at| {
            let text = format!("{}\n{}", words.piece(), words.word());
            let payload = delta(0, "text_delta", vec![("text", string(&text))], false);
            let bytes = payload.len() + at % 15 + 1;
            (pad(payload, bytes), text)
        })
        .collect();
    corpora.push(corpus("text delta, escape and padding", "content_block_delta", &escaped));
    corpora
}

/// The corpora of the other events of recorded streams: of every kind that [`kinds`] has not.
#[must_use]
pub fn other_kinds() -> Vec<Corpus> {
    let recorded = recorded();
    let kinds = ["content_block_start", "thinking_delta", "input_json_delta", "signature_delta", "citations_delta"];
    kinds.map(|kind| of_kind(&recorded, kind)).into()
}

/// The payloads of one kind: of events of this name, or of deltas of this type.
fn of_kind(recorded: &Corpus, kind: &'static str) -> Corpus {
    let name = if kind.ends_with("_delta") && kind != "message_delta" { "content_block_delta" } else { kind };
    let text = std::str::from_utf8(&recorded.stream).expect("UTF-8");
    let delta_type = format!("\"type\":\"{kind}\"");
    let mut from = 0;
    let mut written = Vec::new();
    for (payload, end) in recorded.payloads.iter().zip(&recorded.ends) {
        let is_of_kind = name == kind || text[payload.clone()].contains(&delta_type);
        if name_of(&text[from..]) == name && is_of_kind {
            written.push((text[payload.clone()].to_string(), String::new()));
        }
        from = *end;
    }
    corpus(kind, name, &written)
}

/// Each payload with its text.
fn corpus(name: &'static str, kind: &'static str, written: &[(String, String)]) -> Corpus {
    let mut expected = Hashes::default();
    let (mut stream, mut payloads) = (String::new(), Vec::new());
    for (payload, text) in written {
        payloads.push(stream.len()..stream.len() + payload.len());
        stream += payload;
        expected.event(kind.as_bytes(), text.as_bytes(), b"");
    }
    let units = written.len() as u64;
    Corpus { name, kind, stream: stream.into(), expected: expected.answer(), units, payloads, ..Corpus::default() }
}
