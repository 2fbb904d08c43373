//! The sample streams of `data/streams/samples`, each with its expected message.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Sample {
    pub name: String,
    pub stream: Vec<u8>,
    /// The message; or the server's error and the partial message.
    pub expected: Value,
    pub is_error: bool,
}

impl Sample {
    /// The message, or the partial one; null if there is none. Removes the nulls of fields that the stream never sent,
    /// because the decoded message must not contain them.
    pub fn message(&self) -> Value {
        let expected = if self.is_error { &self.expected["partial"] } else { &self.expected };
        without_unsent_nulls(expected, &String::from_utf8_lossy(&self.stream))
    }

    /// The text of the message: its text blocks, concatenated.
    pub fn text(&self) -> String {
        let message = self.message();
        let blocks = message["content"].as_array().into_iter().flatten();
        blocks.filter(|block| block["type"] == "text").filter_map(|block| block["text"].as_str()).collect()
    }

    /// Returns whether the text deltas arrive in another order than that of their blocks.
    pub fn interleaves(&self) -> bool {
        self.name == "interleaved"
    }
}

/// Reads all samples, sorted by name.
pub fn all() -> Vec<Sample> {
    let folder = crate::at("data/streams/samples");
    let files = fs::read_dir(folder).expect("the samples are part of the repository");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sse"));
    paths.sort();
    paths.iter().map(|path| sample(path)).collect()
}

/// Reads the sample of this name.
pub fn named(name: &str) -> Sample {
    all().into_iter().find(|sample| sample.name == name).expect("a sample of this name")
}

fn sample(path: &Path) -> Sample {
    let is_error = path.with_extension("error.json").exists();
    let beside = path.with_extension(if is_error { "error.json" } else { "message.json" });
    let read = |path: &Path| fs::read(path).expect("the samples are part of the repository");
    Sample {
        name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
        stream: read(path),
        expected: serde_json::from_slice(&read(&beside)).expect("JSON"),
        is_error,
    }
}

fn without_unsent_nulls(expected: &Value, text: &str) -> Value {
    match expected {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| !value.is_null() || text.contains(&format!("\"{name}\":")))
            .map(|(name, value)| (name.clone(), without_unsent_nulls(value, text)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| without_unsent_nulls(item, text)).collect(),
        other => other.clone(),
    }
}
