//! A text as it arrives, against a slow reading of the rules at every prefix, and against serde_json at the end.

use serde_json::Value;
use ssewire_json::{GrowingJson, JsonError, JsonErrorKind, Trailing};

use super::input::{Input, cut};
use crate::growing::{has_grown_from, view};

/// What is shown of a text depends on the text alone, is what the rules say, and once settled stays; in the end both
/// this and serde_json accept it with the same value, or both refuse it.
///
/// The first bytes of the input are the lengths of the pieces, see `Input::lengths`; the text is the rest, up to the
/// first byte that is no UTF-8.
pub fn json_prefixes(input: &[u8]) {
    let mut input = Input::new(input);
    let lengths = input.lengths();
    let bytes = input.rest();
    let text = std::str::from_utf8(bytes)
        .unwrap_or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("up to here it is UTF-8"));
    for trailing in [Trailing::Hide, Trailing::Show] {
        every_prefix(text, trailing);
        in_pieces(text, &lengths, trailing);
    }
}

/// A character at a time, and each prefix at once.
fn every_prefix(text: &str, trailing: Trailing) {
    let whole = at_once(text, trailing);
    let error = whole.error();
    let mut growing = GrowingJson::with_trailing(trailing);
    let mut settled: Option<Value> = None;
    for (at, character) in text.char_indices() {
        let told = growing.push(character.encode_utf8(&mut [0; 4]));
        let prefix = &text[..at + character.len_utf8()];
        same(&growing, &at_once(prefix, trailing), prefix);
        assert_eq!(told.err(), growing.error());

        let hopeful = match growing.error() {
            Some(told) => {
                assert_eq!(Some(told), error, "{prefix}");
                hopeful(prefix, told)
            }
            None => prefix.to_owned(),
        };
        if let Some(error) = error.filter(|error| error.kind() != JsonErrorKind::NumberOutOfRange) {
            assert_eq!(growing.error().is_some(), prefix.len() > error.offset(), "{prefix}");
        }
        let expected = view(&hopeful, trailing);
        assert_eq!(growing.value(), expected.shown.as_ref(), "{trailing:?} {prefix}");
        assert_eq!(growing.is_settled(), !expected.provisional, "{trailing:?} {prefix}");

        let by_serde = serde_json::from_str::<Value>(prefix).ok();
        assert_eq!(growing.is_complete(), by_serde.is_some(), "{prefix}");
        assert_eq!(growing.is_blank(), prefix.trim_matches([' ', '\t', '\n', '\r']).is_empty(), "{prefix}");
        assert_eq!(growing.clone().finish().ok(), by_serde.as_ref(), "{prefix}");

        if let Some(earlier) = settled.as_ref().filter(|_| !expected.repeats_a_key) {
            assert!(growing.value().is_some_and(|later| has_grown_from(later, earlier, trailing)), "{prefix}");
        }
        if growing.is_settled() {
            settled = growing.value().cloned();
        }
    }
    same(&growing, &whole, text);
}

/// The text before an error, which names the first byte with which it is no JSON any more, or the number that is out of
/// range: what is shown stays as it was there. A byte that cannot stand there ends a number before it, as a space would.
fn hopeful(text: &str, error: JsonError) -> String {
    assert!(error.offset() < text.len(), "{text}");
    let stands_between_tokens = matches!(
        error.kind(),
        JsonErrorKind::UnexpectedCharacter | JsonErrorKind::TrailingCharacters | JsonErrorKind::TooDeep
    );
    text[..error.offset()].to_owned() + if stands_between_tokens { " " } else { "" }
}

/// In pieces of so many bytes, with `finish` asked between them.
fn in_pieces(text: &str, lengths: &[usize], trailing: Trailing) {
    let (mut growing, mut asked) = (GrowingJson::with_trailing(trailing), GrowingJson::with_trailing(trailing));
    let mut end = 0;
    for piece in cut(lengths, text.as_bytes()) {
        end += piece.len();
        // Text is cut between characters.
        let begin = growing.raw().len();
        let Some(piece) = text.get(begin..end) else { continue };
        let prefix = &text[..end];
        let told = growing.push(piece);
        assert_eq!(told, asked.push(piece));
        same(&growing, &at_once(prefix, trailing), prefix);
        let by_serde = serde_json::from_str::<Value>(prefix).ok();
        assert_eq!(asked.finish().ok(), by_serde.as_ref(), "{prefix}");
    }
    assert_eq!(growing.raw(), text);
    let by_serde = serde_json::from_str::<Value>(text).ok();
    assert_eq!(growing.into_value().ok(), by_serde, "{text}");
    assert_eq!(asked.into_parts().1, text);
}

fn at_once(text: &str, trailing: Trailing) -> GrowingJson {
    let mut json = GrowingJson::with_trailing(trailing);
    let told = json.push(text);
    assert_eq!(told.err(), json.error());
    json
}

fn same(one: &GrowingJson, other: &GrowingJson, text: &str) {
    // As text, because that has the order of the members too, where serde_json preserves it.
    assert_eq!(one.value().map(Value::to_string), other.value().map(Value::to_string), "{text}");
    let of = |json: &GrowingJson| {
        (json.is_settled(), json.is_complete(), json.is_blank(), json.depth(), json.error(), json.raw().to_owned())
    };
    assert_eq!(of(one), of(other), "{text}");
}
