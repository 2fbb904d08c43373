//! The corpus "as recorded" has the shares and sizes of the profile that it is generated from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use ssewire_benches::Corpus;
use ssewire_benches::corpora::{PERCENTILES, profile, recorded};

/// An event of the corpus.
struct Event {
    /// The kind of the event, as the profile names it.
    kind: String,
    raw: String,
    value: Value,
}

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(recorded)
}

fn events(corpus: &Corpus) -> Vec<Event> {
    let payload = |range: &std::ops::Range<usize>| {
        let raw = std::str::from_utf8(&corpus.stream[range.clone()]).unwrap().to_string();
        let value: Value = serde_json::from_str(&raw).unwrap();
        let kind = match (value["type"].as_str().unwrap(), value["delta"]["type"].as_str()) {
            (name, Some(delta)) => format!("{name} {delta}"),
            (name, None) => name.to_string(),
        };
        Event { kind, raw, value }
    };
    corpus.payloads.iter().map(payload).collect()
}

/// Compares the percentiles, which may differ by a tenth, or by the rounding of a small number.
fn differences(what: &str, percentiles: &Value, mut values: Vec<usize>, found: &mut Vec<String>) {
    values.sort_unstable();
    for (name, at) in PERCENTILES {
        let expected = percentiles[name].as_f64().unwrap();
        let value = values[((values.len() - 1) as f64 * at).round() as usize] as f64;
        let may_differ = (expected * 0.1).max(0.5);
        // The extremes are of single streams: they only bound the sizes, and not closely.
        let differs = match name {
            "min" => value < expected * 0.75,
            "max" => value > expected * 1.25,
            _ => (value - expected).abs() > may_differ,
        };
        if differs {
            found.push(format!("{what}, {name}: {value} instead of {expected}"));
        }
    }
}

fn share_difference(what: &str, expected: f64, share: f64, found: &mut Vec<String>) {
    if (share - expected).abs() > 0.01 {
        found.push(format!("{what}: a share of {share:.3} instead of {expected}"));
    }
}

/// Returns whether a space follows a colon outside of strings.
fn has_spaced_colon(json: &str) -> bool {
    let (mut in_string, mut escaped, mut before) = (false, false, ' ');
    json.chars().any(|c| {
        let is_quote = c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
        in_string ^= is_quote;
        let is_spaced = !in_string && before == ':' && c == ' ';
        before = if in_string { '"' } else { c };
        is_spaced
    })
}

fn share<T>(all: &[T], is_counted: impl Fn(&T) -> bool) -> f64 {
    all.iter().filter(|one| is_counted(one)).count() as f64 / all.len() as f64
}

#[test]
fn events_have_the_shares_sizes_and_spellings_of_the_profile() {
    let (profile, corpus) = (profile(), corpus());
    let events = events(corpus);
    let mut found = Vec::new();
    for (kind, expected) in profile["events"].as_object().unwrap() {
        let of_kind: Vec<&Event> = events.iter().filter(|event| event.kind == *kind).collect();
        share_difference(
            kind,
            expected["share"].as_f64().unwrap(),
            of_kind.len() as f64 / events.len() as f64,
            &mut found,
        );
        differences(
            kind,
            &expected["payload_bytes"],
            of_kind.iter().map(|event| event.raw.len()).collect(),
            &mut found,
        );
        for (member, expected) in expected["first_member"].as_object().unwrap() {
            let prefix = format!("{{\"{member}\":");
            let share = share(&of_kind, |event| event.raw.starts_with(&prefix));
            share_difference(&format!("{kind} with {member} first"), expected.as_f64().unwrap(), share, &mut found);
        }
        let spaced = share(&of_kind, |event| has_spaced_colon(&event.raw));
        let expected = expected["space_after_colon_share"].as_f64().unwrap();
        share_difference(&format!("{kind} with a space after a colon"), expected, spaced, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn deltas_have_the_texts_of_the_profile() {
    let (profile, corpus) = (profile(), corpus());
    let events = events(corpus);
    let mut found = Vec::new();
    for (kind, expected) in profile["deltas"].as_object().unwrap() {
        let of_kind: Vec<&Event> = events.iter().filter(|event| event.kind == *kind).collect();
        let text = |event: &Event| {
            let member =
                ["text", "partial_json", "thinking"].iter().find_map(|name| event.value["delta"][*name].as_str());
            member.unwrap().to_string()
        };
        let texts: Vec<String> = of_kind.iter().map(|event| text(event)).collect();
        differences(kind, &expected["value_bytes"], texts.iter().map(String::len).collect(), &mut found);
        let escapes = |text: &String| text.chars().filter(|c| matches!(c, '"' | '\\' | '\n')).count();
        let with_escapes: Vec<usize> = texts.iter().map(escapes).filter(|count| *count > 0).collect();
        let share_of_escapes = with_escapes.len() as f64 / texts.len() as f64;
        share_difference(
            &format!("{kind} with escapes"),
            expected["with_escapes_share"].as_f64().unwrap(),
            share_of_escapes,
            &mut found,
        );
        differences(
            &format!("{kind}, escapes"),
            &expected["escapes_per_value_that_has_some"],
            with_escapes,
            &mut found,
        );
        let mut letters = BTreeMap::<&str, usize>::new();
        for text in &texts {
            for (letter, c) in [("\"", '"'), ("\\", '\\'), ("n", '\n')] {
                *letters.entry(letter).or_default() += text.matches(c).count();
            }
        }
        let all: usize = letters.values().sum();
        let counts = expected["escape_letters"].as_object().unwrap();
        let all_expected: f64 = counts.values().filter_map(Value::as_f64).sum();
        for (letter, count) in counts {
            let share = letters[letter.as_str()] as f64 / all as f64;
            share_difference(&format!("{kind}, {letter}"), count.as_f64().unwrap() / all_expected, share, &mut found);
        }
        let non_ascii = share(&texts, |text| !text.is_ascii());
        let expected_share = expected["non_ascii_share"].as_f64().unwrap();
        share_difference(&format!("{kind}, not ASCII"), expected_share, non_ascii, &mut found);
        // A percent point more or less than a smaller share may be none at all.
        if expected_share > 0.0 && non_ascii == 0.0 {
            found.push(format!("{kind}: all texts are ASCII"));
        }
        let padding = |event: &&Event| {
            let body = event.raw.strip_suffix('}').unwrap();
            body.len() - body.trim_end_matches(' ').len()
        };
        differences(
            &format!("{kind}, padding"),
            &expected["padding_spaces_before_a_closing_brace"],
            of_kind.iter().map(padding).collect(),
            &mut found,
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn blocks_have_the_types_of_the_profile() {
    let (profile, corpus) = (profile(), corpus());
    let mut counts = BTreeMap::<String, usize>::new();
    for event in events(corpus).iter().filter(|event| event.kind == "content_block_start") {
        *counts.entry(event.value["content_block"]["type"].as_str().unwrap().to_string()).or_default() += 1;
    }
    let expected = profile["content_block_start_types"].as_object().unwrap();
    // Also those whose share is less than a percent point.
    assert_eq!(counts.keys().collect::<BTreeSet<_>>(), expected.keys().collect());
    let all: usize = counts.values().sum();
    let all_expected: f64 = expected.values().filter_map(Value::as_f64).sum();
    let mut found = Vec::new();
    for (name, count) in expected {
        let share = counts[name] as f64 / all as f64;
        share_difference(name, count.as_f64().unwrap() / all_expected, share, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn streams_have_the_sizes_of_the_profile() {
    let (profile, corpus) = (profile(), corpus());
    let (mut events_in, mut blocks_in, mut deltas_in, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for range in &corpus.streams {
        let stream = std::str::from_utf8(&corpus.stream[range.clone()]).unwrap();
        bytes.push(stream.len());
        events_in.push(stream.matches("event: ").count());
        blocks_in.push(stream.matches("event: content_block_start\n").count());
        let blocks = stream.split("event: content_block_start\n").skip(1);
        let deltas = |block: &str| block.matches("event: content_block_delta\n").count();
        deltas_in.extend(blocks.map(deltas).filter(|count| *count > 0));
    }
    let mut found = Vec::new();
    let expected = &profile["streams"];
    differences("bytes", &expected["bytes"], bytes, &mut found);
    differences("events", &expected["events"], events_in, &mut found);
    differences("blocks", &expected["content_blocks"], blocks_in, &mut found);
    differences("deltas of a block", &expected["deltas_per_block"], deltas_in, &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn inputs_of_tools_are_objects() {
    let corpus = corpus();
    let mut inputs = BTreeMap::<(usize, u64), String>::new();
    let mut stream = 0;
    for event in events(corpus) {
        stream += usize::from(event.kind == "message_start");
        if let Some(piece) = event.value["delta"]["partial_json"].as_str() {
            *inputs.entry((stream, event.value["index"].as_u64().unwrap())).or_default() += piece;
        }
    }
    assert!(inputs.len() > 50, "{}", inputs.len());
    for input in inputs.values() {
        assert!(serde_json::from_str::<Value>(input).is_ok_and(|value| value.is_object()), "{input}");
    }
}
