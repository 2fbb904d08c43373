//! JSON texts of 64 KiB, read in pieces of 20 bytes, as tool input arrives.

use serde_json::{Value, json};

use super::Corpus;
use super::words::Words;
use crate::answer::{Hashes, Sink};

const BYTES: usize = 64 * 1024;
/// Size of a piece in bytes.
pub const PIECE: usize = 20;

/// Records in an array, of every kind of value.
#[must_use]
pub fn json_structured() -> Corpus {
    let mut words = Words::new();
    let mut records = Vec::new();
    let mut len = 0;
    while len < BYTES {
        let record = json!({
            "id": records.len(),
            "name": words.piece().trim(),
            "price": f64::from(words.random() as u16) / 4.0,
            "tags": [words.word(), words.word()],
            "active": words.random().is_multiple_of(2),
            "parent": null,
            "size": {"width": words.random() % 1000, "height": words.random() % 1000},
        });
        len += record.to_string().len() + 1;
        records.push(record);
    }
    corpus("structured", &json!({ "records": records }))
}

/// One string: a file that a tool writes.
#[must_use]
pub fn json_string() -> Corpus {
    let mut words = Words::new();
    let mut text = String::new();
    while text.len() < BYTES {
        text += &words.piece();
    }
    corpus("string", &json!({"content": text}))
}

fn corpus(name: &'static str, value: &Value) -> Corpus {
    let stream = value.to_string();
    let mut expected = Hashes::default();
    expected.value(|| value.to_string());
    let units = stream.len().div_ceil(PIECE) as u64;
    Corpus { name, stream: stream.into(), expected: expected.answer(), units, ..Corpus::default() }
}
