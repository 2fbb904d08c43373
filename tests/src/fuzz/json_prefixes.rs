//! Partial JSON against a slow oracle at every prefix, and against serde_json at the end.

use serde_json::Value;
use ssewire_json::{JsonError, JsonErrorKind, PartialJson, PartialStrings};

use super::cost;
use super::input::{Input, cut};
use crate::partial_json::{Mirror, extends, view};

/// Checks that the value of a text depends on the text alone, agrees with the oracle, and stays once it is stable. At
/// the end, `PartialJson` and serde_json must both accept the text with the same value, or both reject it.
///
/// The first bytes of the input are the lengths of the pieces, see `Input::lengths`. The rest, up to the first byte
/// that is not UTF-8, is the text.
pub fn json_prefixes(input: &[u8]) {
    let mut input = Input::new(input);
    let lengths = input.lengths();
    let bytes = input.rest();
    let text = std::str::from_utf8(bytes)
        .unwrap_or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("UTF-8 up to here"));
    for partial_strings in [PartialStrings::Hide, PartialStrings::Show] {
        every_prefix(text, partial_strings);
        in_pieces(text, &lengths, partial_strings);
        bounded(text, &lengths, partial_strings);
    }
}

/// Checks the promised memory, and that allocations are linear in the text, however it is cut.
fn bounded(text: &str, lengths: &[usize], partial_strings: PartialStrings) {
    let pieces = cut(lengths, text.as_bytes());
    let (json, cost) = cost::of(|| {
        let mut json = PartialJson::with_partial_strings(partial_strings).with_changes();
        let mut end = 0;
        for piece in &pieces {
            end += piece.len();
            if let Some(piece) = text.get(json.raw().len()..end) {
                let _ = json.push(piece);
            }
        }
        json
    });
    let received = text.len();
    assert!(cost.peak <= 256 * received + 4096, "{cost:?} for {received} bytes");
    assert!(cost.allocated <= 400 * received + 8192, "{cost:?} for {received} bytes");
    assert!(cost.allocations <= 2 * received + 64, "{cost:?} for {received} bytes");
    drop(json);
}

/// Pushes the text a character at a time, and each of its prefixes in one push.
fn every_prefix(text: &str, partial_strings: PartialStrings) {
    let complete = at_once(text, partial_strings);
    let error = complete.error();
    let mut incremental = PartialJson::with_partial_strings(partial_strings);
    let mut stable: Option<Value> = None;
    for (at, character) in text.char_indices() {
        let pushed = incremental.push(character.encode_utf8(&mut [0; 4]));
        let prefix = &text[..at + character.len_utf8()];
        assert_same(&incremental, &at_once(prefix, partial_strings), prefix);
        assert_eq!(pushed.err(), incremental.error());

        let valid = match incremental.error() {
            Some(reported) => {
                assert_eq!(Some(reported), error, "{prefix}");
                text_before(prefix, reported)
            }
            None => prefix.to_owned(),
        };
        if let Some(error) = error.filter(|error| error.kind() != JsonErrorKind::NumberOutOfRange) {
            assert_eq!(incremental.error().is_some(), prefix.len() > error.offset(), "{prefix}");
        }
        let expected = view(&valid, partial_strings);
        assert_eq!(incremental.value(), expected.shown.as_ref(), "{partial_strings:?} {prefix}");
        assert_eq!(incremental.is_stable(), !expected.provisional, "{partial_strings:?} {prefix}");

        let by_serde = serde_json::from_str::<Value>(prefix).ok();
        assert_eq!(incremental.is_complete(), by_serde.is_some(), "{prefix}");
        assert_eq!(incremental.is_blank(), prefix.trim_matches([' ', '\t', '\n', '\r']).is_empty(), "{prefix}");
        assert_eq!(incremental.clone().complete_value().ok(), by_serde.as_ref(), "{prefix}");

        if let Some(earlier) = stable.as_ref().filter(|_| !expected.has_repeated_key) {
            assert!(incremental.value().is_some_and(|later| extends(later, earlier, partial_strings)), "{prefix}");
        }
        if incremental.is_stable() {
            stable = incremental.value().cloned();
        }
    }
    assert_same(&incremental, &complete, text);
}

/// Returns the text before an error, whose value is still shown. An unexpected byte ends a number directly before it,
/// as a space would.
fn text_before(text: &str, error: JsonError) -> String {
    assert!(error.offset() < text.len(), "{text}");
    let is_between_tokens = matches!(
        error.kind(),
        JsonErrorKind::UnexpectedCharacter | JsonErrorKind::TrailingCharacters | JsonErrorKind::TooDeep
    );
    text[..error.offset()].to_owned() + if is_between_tokens { " " } else { "" }
}

/// Pushes pieces of the given lengths, with and without calls of `complete_value` between them. The changes of the
/// pushes build the value.
fn in_pieces(text: &str, lengths: &[usize], partial_strings: PartialStrings) {
    let (mut incremental, mut queried) = (
        PartialJson::with_partial_strings(partial_strings).with_changes(),
        PartialJson::with_partial_strings(partial_strings),
    );
    let (mut mirror, mut end) = (Mirror::default(), 0);
    for piece in cut(lengths, text.as_bytes()) {
        end += piece.len();
        // A piece must end between two characters.
        let begin = incremental.raw().len();
        let Some(piece) = text.get(begin..end) else { continue };
        let prefix = &text[..end];
        let pushed = incremental.push(piece);
        assert_eq!(pushed, queried.push(piece));
        incremental.changes().for_each(|change| mirror.apply(change));
        if incremental.is_stable() {
            assert_eq!(mirror.value(), incremental.value(), "{prefix}");
        }
        assert_same(&incremental, &at_once(prefix, partial_strings), prefix);
        let by_serde = serde_json::from_str::<Value>(prefix).ok();
        assert_eq!(queried.complete_value().ok(), by_serde.as_ref(), "{prefix}");
    }
    assert_eq!(incremental.raw(), text);
    let by_serde = serde_json::from_str::<Value>(text).ok();
    assert_eq!(incremental.into_value().ok(), by_serde, "{text}");
    assert_eq!(queried.into_parts().1, text);
}

fn at_once(text: &str, partial_strings: PartialStrings) -> PartialJson {
    let mut json = PartialJson::with_partial_strings(partial_strings);
    let pushed = json.push(text);
    assert_eq!(pushed.err(), json.error());
    json
}

fn assert_same(one: &PartialJson, other: &PartialJson, text: &str) {
    // Compared as text, which includes the order of members under `preserve_order`.
    assert_eq!(one.value().map(Value::to_string), other.value().map(Value::to_string), "{text}");
    let state = |json: &PartialJson| {
        (json.is_stable(), json.is_complete(), json.is_blank(), json.depth(), json.error(), json.raw().to_owned())
    };
    assert_eq!(state(one), state(other), "{text}");
}
