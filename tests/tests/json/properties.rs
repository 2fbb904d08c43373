//! Partial JSON: agreement with serde_json for any text, and independence of how the text is split.

use proptest::prelude::*;
use serde_json::Value;
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_tests::partial_json::{Mirror, extends};

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

/// Valid JSON texts, mutated ones and random sequences of tokens.
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

/// Splits the text into pieces of the given numbers of characters, cycling through them.
fn pieces<'t>(text: &'t str, lengths: &[usize]) -> Vec<&'t str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let at = rest.char_indices().nth(*length).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 750, ..ProptestConfig::default() })]

    /// Both accept the text with the same value, or both reject it.
    #[test]
    fn complete_value_agrees_with_serde_json(text in any_text(), lengths in any_lengths(), show: bool) {
        let partial_strings = if show { PartialStrings::Show } else { PartialStrings::Hide };
        let mut json = PartialJson::with_partial_strings(partial_strings);
        for piece in pieces(&text, &lengths) {
            // `complete_value` returns the error again.
            let _ = json.push(piece);
        }
        prop_assert_eq!(json.raw(), &text);
        prop_assert_eq!(json.complete_value().ok().cloned(), serde_json::from_str::<Value>(&text).ok(), "{}", text);
    }

    /// A value that is built from the changes is the value, except for a number that has not ended.
    #[test]
    fn changes_build_the_value(text in any_text(), lengths in any_lengths(), show: bool) {
        let partial_strings = if show { PartialStrings::Show } else { PartialStrings::Hide };
        let mut json = PartialJson::with_partial_strings(partial_strings).with_changes();
        let mut mirror = Mirror::default();
        for piece in pieces(&text, &lengths) {
            let changes_before = json.error().is_some();
            let _ = json.push(piece);
            let changes: Vec<_> = json.changes().collect();
            prop_assert!(!changes_before || changes.is_empty(), "none after an error");
            prop_assert!(changes.len() <= 3 * (piece.len() + 1), "{} changes of {:?}", changes.len(), piece);
            changes.into_iter().for_each(|change| mirror.apply(change));
            if json.is_stable() {
                prop_assert_eq!(mirror.value(), json.value(), "{}", json.raw());
            }
        }
    }

    /// The value of every prefix is that of one push of the prefix.
    #[test]
    fn push_is_independent_of_how_the_text_is_split(text in any_text(), lengths in any_lengths(), show: bool) {
        let partial_strings = if show { PartialStrings::Show } else { PartialStrings::Hide };
        let mut incremental = PartialJson::with_partial_strings(partial_strings);
        let mut prefix = String::new();
        for piece in pieces(&text, &lengths) {
            let pushed = incremental.push(piece);
            prefix.push_str(piece);
            let mut at_once = PartialJson::with_partial_strings(partial_strings);
            prop_assert_eq!(pushed, at_once.push(&prefix));
            prop_assert_eq!(incremental.value(), at_once.value(), "{}", prefix);
            prop_assert_eq!(
                (incremental.is_stable(), incremental.is_complete(), incremental.is_blank(), incremental.depth()),
                (at_once.is_stable(), at_once.is_complete(), at_once.is_blank(), at_once.depth())
            );
        }
    }

    /// A stable value never changes or disappears. (No text here has a repeated key.)
    #[test]
    fn stable_value_is_only_extended(text in valid_text(), lengths in any_lengths(), show: bool) {
        let partial_strings = if show { PartialStrings::Show } else { PartialStrings::Hide };
        let mut json = PartialJson::with_partial_strings(partial_strings);
        let mut stable = None;
        for piece in pieces(&text, &lengths) {
            prop_assert_eq!(json.push(piece), Ok(()));
            if let Some(earlier) = &stable {
                let is_extended = json.value().is_some_and(|later| extends(later, earlier, partial_strings));
                prop_assert!(is_extended, "{}", json.raw());
            }
            if json.is_stable() {
                stable = json.value().cloned();
            }
        }
        prop_assert!(json.is_complete());
        prop_assert_eq!(json.into_value(), Ok(serde_json::from_str::<Value>(&text).unwrap()));
    }

    /// `Show` shows the value of `Hide` and at most one more string.
    #[test]
    fn views_differ_in_at_most_one_string(text in valid_text(), cut in any::<prop::sample::Index>()) {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let cut = ends.get(cut.index(ends.len())).copied().unwrap_or_default();
        let (prefix, _) = text.split_at(cut);
        let [mut hide, mut show] = [PartialStrings::Hide, PartialStrings::Show].map(PartialJson::with_partial_strings);
        prop_assert_eq!((hide.push(prefix), show.push(prefix)), (Ok(()), Ok(())));
        let (hidden, shown) = (hide.into_parts().0, show.into_parts().0);
        let count = |value: &Option<Value>| value.as_ref().map_or(0, leaves);
        let more = count(&shown) - count(&hidden);
        prop_assert!(more == 0 && hidden == shown || more == 1 && hidden != shown, "{}", prefix);
        if let (Some(hidden), Some(shown)) = (&hidden, &shown) {
            prop_assert!(extends(shown, hidden, PartialStrings::Hide), "{}", prefix);
        }
    }
}

/// Number of scalars in a value.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(leaves).sum(),
        Value::Object(members) => members.values().map(leaves).sum(),
        _ => 1,
    }
}
