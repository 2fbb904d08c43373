//! Streams as the API sends them.

use serde_json::Value;

use crate::support::{Ran, recorded, sample, ssewire, streams};

/// Removes the nulls of an expectation for members that the stream never sent.
fn without_unsent(expected: Value, ours: &Value, stream: &str) -> Value {
    match expected {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, value)| {
                !(value.is_null() && ours.get(name).is_none() && !stream.contains(&format!("\"{name}\"")))
            })
            .map(|(name, value)| {
                let value = without_unsent(value, ours.get(&name).unwrap_or(&Value::Null), stream);
                (name, value)
            })
            .collect(),
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(at, item)| without_unsent(item, ours.get(at).unwrap_or(&Value::Null), stream))
            .collect(),
        other => other,
    }
}

fn expectation(name: &str, kind: &str) -> Option<Value> {
    let text = std::fs::read_to_string(streams("samples").join(format!("{name}.{kind}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Only a stop reason that ends the text early has a note.
fn says_only_refusals(name: &str, ran: Ran) -> Ran {
    match name {
        "refusal" => ran.says("note: stop reason refusal"),
        "max_tokens" => ran.says("note: stop reason max_tokens"),
        _ => ran.silent(),
    }
}

#[test]
fn message_is_the_final_message() {
    for (name, bytes) in recorded("samples") {
        let Some(expected) = expectation(&name, "message") else { continue };
        for size in ["1", "7", "100", "65536"] {
            let ran = says_only_refusals(&name, ssewire(&["message", "--chunk-size", size], &bytes).exits(0));
            assert_eq!(ran.stdout.lines().count(), 1);
            let ours = ran.document().unwrap();
            let expected = without_unsent(expected.clone(), &ours, &String::from_utf8_lossy(&bytes));
            assert_eq!(ours, expected, "{name}");
        }
        let pretty = says_only_refusals(&name, ssewire(&["--pretty", "message"], &bytes).exits(0));
        assert!(pretty.stdout.starts_with("{\n  \""));
        assert_eq!(pretty.document(), ssewire(&["message"], &bytes).document());
    }
}

#[test]
fn the_error_of_the_server_is_reported_and_the_rest_is_kept() {
    for (name, said) in [
        ("error_first_event", "ssewire: server reported overloaded_error: Overloaded"),
        (
            "error_mid_stream",
            "ssewire: server reported overloaded_error for request req_011CSHoEeqs5C35K2UUqR7Fy: Overloaded",
        ),
    ] {
        let bytes = sample(&format!("{name}.sse"));
        let expected = expectation(name, "error").unwrap();
        let ran = ssewire(&["message"], &bytes).exits(3);
        assert_eq!(ran.stderr.trim_end(), said);
        assert_eq!(ran.document().unwrap_or_default(), expected["partial"], "{name}");
        let events = ssewire(&["events"], &bytes).exits(3);
        assert_eq!(events.stderr.trim_end(), said);
        assert_eq!(events.lines().last().unwrap(), &expected["error"]);
    }
    let ran = ssewire(&["text"], &sample("error_mid_stream.sse")).exits(3);
    assert_eq!(ran.stdout, "Hel");
}

#[test]
fn text_is_the_text_of_the_message() {
    for (name, bytes) in recorded("samples") {
        let Some(message) = expectation(&name, "message") else { continue };
        let blocks = message["content"].as_array().unwrap();
        let texts = blocks.iter().filter(|block| block["type"] == "text");
        let text: String = texts.map(|block| block["text"].as_str().unwrap()).collect();
        let ran = says_only_refusals(&name, ssewire(&["text"], &bytes).exits(0));
        // Interleaved blocks come in the order of arrival.
        if name == "interleaved" {
            assert_eq!(ran.stdout.len(), text.len());
        } else {
            assert_eq!(ran.stdout, text, "{name}");
        }
    }
}

#[test]
fn events_are_the_payloads_as_they_were_sent() {
    for (name, bytes) in recorded("samples") {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let payloads: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        let ran = ssewire(&["events", "-"], &bytes);
        assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), payloads, "{name}");
        let pretty = ssewire(&["events", "--pretty"], &bytes);
        let values = serde_json::Deserializer::from_str(&pretty.stdout).into_iter::<Value>();
        assert_eq!(values.collect::<Result<Vec<_>, _>>().unwrap(), ran.lines());

        let sse = ssewire(&["sse"], &bytes).exits(0).silent().lines();
        assert_eq!(sse.len(), payloads.len());
        for (line, payload) in sse.iter().zip(payloads) {
            assert_eq!(line["data"], payload);
            assert_eq!(line["event"], serde_json::from_str::<Value>(payload).unwrap()["type"]);
            assert_eq!(line["id"], "");
        }
    }
}

#[test]
fn a_file_is_as_good_as_a_pipe() {
    let path = streams("samples").join("text.sse");
    let path = path.to_str().unwrap();
    let piped = ssewire(&[], &sample("text.sse")).exits(0).silent();
    for args in [&[path][..], &["text", path], &["--strict", path], &[path, "--chunk-size", "3"]] {
        assert_eq!(ssewire(args, b"not read"), piped);
    }
}
