//! Growing JSON: agreement with serde_json on any text, and not a word of how the text was cut.

use proptest::prelude::*;
use serde_json::Value;
use ssewire_json::{GrowingJson, Trailing};
use ssewire_tests::growing::has_grown_from;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "[ -~é😀\n\"\\\\]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec(("[a-c\"é]{0,3}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn valid_text() -> impl Strategy<Value = String> {
    (any_value(), any::<bool>()).prop_map(|(value, pretty)| {
        if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() }
    })
}

/// Texts that are JSON, or nearly.
fn any_text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"\\u00e9\""),
        Just("1"),
        Just("-0"),
        Just("1.5e3"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\\"),
        Just("\""),
        Just("\\ud83d"),
        Just("1e999"),
        Just("é"),
        Just("0"),
        Just("."),
    ];
    let tokens = proptest::collection::vec(token, 0..20).prop_map(|tokens| tokens.concat());
    let mutated =
        (valid_text(), any::<prop::sample::Index>(), "[\\[\\]{}:,\"\\\\0-9a-z ]{0,2}").prop_map(|(text, at, with)| {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len());
            chars.splice(at..(at + 1).min(chars.len()), with.chars());
            chars.into_iter().collect::<String>()
        });
    prop_oneof![3 => valid_text(), 2 => mutated, 2 => tokens]
}

fn any_lengths() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1..9_usize, 1..5)
}

/// The text in pieces of the given numbers of characters, over and over.
fn pieces<'t>(text: &'t str, lengths: &[usize]) -> Vec<&'t str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let at = rest.char_indices().nth(*length).map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at(at);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1500, ..ProptestConfig::default() })]

    /// Both accept and give the same value, or both refuse.
    #[test]
    fn the_end_agrees_with_serde_json(text in any_text(), lengths in any_lengths(), show: bool) {
        let mut json = GrowingJson::with_trailing(if show { Trailing::Show } else { Trailing::Hide });
        for piece in pieces(&text, &lengths) {
            let _told_again_at_the_end = json.push(piece);
        }
        prop_assert_eq!(json.raw(), &text);
        prop_assert_eq!(json.finish().ok().cloned(), serde_json::from_str::<Value>(&text).ok(), "{}", text);
    }

    /// At every prefix the view is what one push of that prefix gives: how the text was cut does not matter.
    #[test]
    fn every_prefix_has_one_view(text in any_text(), lengths in any_lengths(), show: bool) {
        let trailing = if show { Trailing::Show } else { Trailing::Hide };
        let mut growing = GrowingJson::with_trailing(trailing);
        let mut prefix = String::new();
        for piece in pieces(&text, &lengths) {
            let told = growing.push(piece);
            prefix.push_str(piece);
            let mut whole = GrowingJson::with_trailing(trailing);
            prop_assert_eq!(told, whole.push(&prefix));
            prop_assert_eq!(growing.value(), whole.value(), "{}", prefix);
            prop_assert_eq!(
                (growing.is_settled(), growing.is_complete(), growing.is_blank(), growing.depth()),
                (whole.is_settled(), whole.is_complete(), whole.is_blank(), whole.depth())
            );
        }
    }

    /// What is shown, and settled, never changes or vanishes. (No text here has a key twice.)
    #[test]
    fn what_is_settled_only_grows(text in valid_text(), lengths in any_lengths(), show: bool) {
        let trailing = if show { Trailing::Show } else { Trailing::Hide };
        let mut json = GrowingJson::with_trailing(trailing);
        let mut settled = None;
        for piece in pieces(&text, &lengths) {
            prop_assert_eq!(json.push(piece), Ok(()));
            if let Some(earlier) = &settled {
                let has_grown = json.value().is_some_and(|later| has_grown_from(later, earlier, trailing));
                prop_assert!(has_grown, "{}", json.raw());
            }
            if json.is_settled() {
                settled = json.value().cloned();
            }
        }
        prop_assert!(json.is_complete());
        prop_assert_eq!(json.into_value(), Ok(serde_json::from_str::<Value>(&text).unwrap()));
    }

    /// `Show` shows what `Hide` shows, and at most one string more.
    #[test]
    fn the_views_differ_in_one_string(text in valid_text(), cut in any::<prop::sample::Index>()) {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let cut = ends.get(cut.index(ends.len())).copied().unwrap_or_default();
        let (prefix, _) = text.split_at(cut);
        let [mut hide, mut show] = [Trailing::Hide, Trailing::Show].map(GrowingJson::with_trailing);
        prop_assert_eq!((hide.push(prefix), show.push(prefix)), (Ok(()), Ok(())));
        let (hidden, shown) = (hide.into_parts().0, show.into_parts().0);
        let count = |value: &Option<Value>| value.as_ref().map_or(0, leaves);
        let more = count(&shown) - count(&hidden);
        prop_assert!(more == 0 && hidden == shown || more == 1 && hidden != shown, "{}", prefix);
        if let (Some(hidden), Some(shown)) = (&hidden, &shown) {
            prop_assert!(has_grown_from(shown, hidden, Trailing::Hide), "{}", prefix);
        }
    }
}

/// The number of scalars in a value.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(leaves).sum(),
        Value::Object(members) => members.values().map(leaves).sum(),
        _ => 1,
    }
}
