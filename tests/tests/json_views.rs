//! Growing JSON: the two views row by row, agreement with serde_json, and no word of how the text was cut.

use proptest::prelude::*;
use serde_json::{Value, json};
use ssewire_json::{GrowingJson, JsonErrorKind, Trailing};

fn view(trailing: Trailing, text: &str) -> Option<Value> {
    let mut json = GrowingJson::with_trailing(trailing);
    json.push(text).unwrap();
    json.value().cloned()
}

/// The table of the protocol page: the text, then what each view shows of it.
#[test]
fn the_table_of_views() {
    let rows: &[(&str, Option<Value>, Option<Value>)] = &[
        ("", None, None),
        (" \n\t\r", None, None),
        ("{", Some(json!({})), Some(json!({}))),
        (r#"{"l": "San"#, Some(json!({})), Some(json!({"l": "San"}))),
        (r#"{"l""#, Some(json!({})), Some(json!({}))),
        (r#"{"l":"#, Some(json!({})), Some(json!({}))),
        (r#"{"l": tr"#, Some(json!({})), Some(json!({}))),
        (r#"{"l": true"#, Some(json!({"l": true})), Some(json!({"l": true}))),
        (r#"{"a": 1"#, Some(json!({"a": 1})), Some(json!({"a": 1}))),
        (r#"{"a": 1.5"#, Some(json!({"a": 1.5})), Some(json!({"a": 1.5}))),
        (r#"{"a": 1e5"#, Some(json!({"a": 1e5})), Some(json!({"a": 1e5}))),
        (r#"{"a": 1."#, Some(json!({})), Some(json!({}))),
        (r#"{"a": -"#, Some(json!({})), Some(json!({}))),
        (r#"{"a": 1e"#, Some(json!({})), Some(json!({}))),
        ("[1", Some(json!([1])), Some(json!([1]))),
        ("[1,", Some(json!([1])), Some(json!([1]))),
        (r#"["x","y"#, Some(json!(["x"])), Some(json!(["x", "y"]))),
        (r#""\ud83d"#, None, Some(json!(""))),
        (r#""\ud83d\ude00"#, None, Some(json!("😀"))),
        (r#""a\u00"#, None, Some(json!("a"))),
        (r#"{"a":1,"a":"x"#, Some(json!({"a": 1})), Some(json!({"a": "x"}))),
        (r#"{"a":[{"b":{}"#, Some(json!({"a": [{"b": {}}]})), Some(json!({"a": [{"b": {}}]}))),
    ];
    for (text, hide, show) in rows {
        assert_eq!(&view(Trailing::Hide, text), hide, "{text}");
        assert_eq!(&view(Trailing::Show, text), show, "{text}");
    }
}

#[test]
fn a_number_at_the_end_is_provisional() {
    let mut json = GrowingJson::new();
    for (piece, value, settled) in
        [("[1", json!([1]), false), (".", json!([]), true), ("5", json!([1.5]), false), (",", json!([1.5]), true)]
    {
        json.push(piece).unwrap();
        assert_eq!((json.value(), json.is_settled()), (Some(&value), settled), "after {piece}");
    }
    let long = "7".repeat(65);
    json.push(&long).unwrap();
    assert_eq!(json.value(), Some(&json!([1.5])), "65 digits wait for their end");
    json.push("]").unwrap();
    assert_eq!(json.finish().unwrap(), &serde_json::from_str::<Value>(&format!("[1.5,{long}]")).unwrap());
}

#[test]
fn what_is_hopeless_is_refused_at_its_first_byte() {
    use JsonErrorKind::*;
    for (text, kind, offset) in [
        ("{a", UnexpectedCharacter, 1),
        ("[1 2", UnexpectedCharacter, 3),
        ("[1,]", UnexpectedCharacter, 3),
        ("NaN", UnexpectedCharacter, 0),
        ("trap", UnexpectedCharacter, 2),
        (r#"{"a":1}}"#, TrailingCharacters, 7),
        (r#""\x"#, InvalidEscape, 2),
        (r#""\ud83d!"#, LoneSurrogate, 7),
        ("\"a\nb", ControlCharacter, 2),
        ("01", InvalidNumber, 1),
    ] {
        let mut json = GrowingJson::new();
        let error = json.push(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
        assert_eq!(json.push("more").unwrap_err(), error, "the error stays");
        assert_eq!(json.raw(), format!("{text}more"), "and so does the text");
        assert_eq!(json.into_value().unwrap_err(), (error, format!("{text}more")));
    }
}

#[test]
fn the_end_of_the_text_is_said_by_the_caller() {
    for (text, whole) in
        [("7", true), ("-", false), ("", false), (" ", false), ("[]", true), ("[", false), ("\"a", false)]
    {
        let mut json = GrowingJson::new();
        json.push(text).unwrap();
        assert_eq!(json.is_complete(), whole, "{text}");
        assert_eq!(json.finish().ok().cloned(), serde_json::from_str(text).ok(), "{text}");
    }
    let mut json = GrowingJson::new();
    json.push(&"7".repeat(70)).unwrap();
    assert_eq!(json.finish().unwrap(), &serde_json::from_str::<Value>(&"7".repeat(70)).unwrap());
}

#[test]
fn depth_is_that_of_serde_json() {
    for depth in [127, 128] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let mut json = GrowingJson::new();
        let pushed = text.split("").try_for_each(|piece| json.push(piece));
        assert_eq!(pushed.is_ok(), depth == 127);
        assert_eq!(json.finish().is_ok(), serde_json::from_str::<Value>(&text).is_ok());
    }
}

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
    fn the_end_agrees_with_serde_json(text in any_text(), lengths in proptest::collection::vec(1..9_usize, 1..5), show: bool) {
        let mut json = GrowingJson::with_trailing(if show { Trailing::Show } else { Trailing::Hide });
        for piece in pieces(&text, &lengths) {
            let _told_again_at_the_end = json.push(piece);
        }
        prop_assert_eq!(json.raw(), &text);
        prop_assert_eq!(json.finish().ok().cloned(), serde_json::from_str::<Value>(&text).ok(), "{}", text);
    }

    /// At every prefix the view is what one push of that prefix gives: how the text was cut does not matter.
    #[test]
    fn every_prefix_has_one_view(text in any_text(), lengths in proptest::collection::vec(1..9_usize, 1..5), show: bool) {
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
}
