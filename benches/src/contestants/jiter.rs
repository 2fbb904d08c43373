//! jiter: parses the complete prefix again after each piece. Strings are borrowed if possible.

use std::hint::black_box;

use jiter::{JsonValue, PartialMode};
use serde_json::Value;

use crate::answer::{Answer, Sink};
use crate::corpora::Corpus;

pub(super) fn partial_json<S: Sink>(corpus: &Corpus, piece: usize) -> Answer {
    let mut text = Vec::new();
    for piece in corpus.chunks(piece) {
        text.extend_from_slice(piece);
        black_box(JsonValue::parse_with_config(&text, false, PartialMode::TrailingStrings).expect("JSON"));
    }
    let value = JsonValue::parse(&text, false).expect("JSON");
    let mut sink = S::default();
    sink.value(|| converted(&value).to_string());
    sink.answer()
}

fn converted(value: &JsonValue<'_>) -> Value {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => (*value).into(),
        JsonValue::Int(value) => (*value).into(),
        JsonValue::Float(value) => (*value).into(),
        JsonValue::Str(value) => value.as_ref().into(),
        JsonValue::Array(items) => items.iter().map(converted).collect(),
        JsonValue::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.to_string(), converted(value))).collect())
        }
    }
}
