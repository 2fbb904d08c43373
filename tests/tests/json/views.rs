//! Partial JSON, as tables: the value in each view, stability, and the kind and offset of each error.

use serde_json::{Value, json};
use ssewire_json::{JsonErrorKind, PartialJson, PartialStrings};

fn view(partial_strings: PartialStrings, text: &str) -> Option<Value> {
    let mut json = PartialJson::with_partial_strings(partial_strings);
    json.push(text).unwrap();
    json.value().cloned()
}

/// The table in the documentation of `ssewire_json`: the text, then the value in each view.
#[test]
fn value_in_both_views() {
    // Not `json!`: with `arbitrary_precision` a number keeps its spelling.
    let e5 = Some(serde_json::from_str::<Value>(r#"{"a": 1e5}"#).unwrap());
    let rows: &[(&str, Option<Value>, Option<Value>)] = &[
        ("", None, None),
        (" \n\t\r", None, None),
        ("tr", None, None),
        ("-", None, None),
        ("\"", None, Some(json!(""))),
        ("{", Some(json!({})), Some(json!({}))),
        (r#"{"l"#, Some(json!({})), Some(json!({}))),
        (r#"{"l": "San"#, Some(json!({})), Some(json!({"l": "San"}))),
        (r#"{"l""#, Some(json!({})), Some(json!({}))),
        (r#"{"l":"#, Some(json!({})), Some(json!({}))),
        (r#"{"l": tr"#, Some(json!({})), Some(json!({}))),
        (r#"{"l": true"#, Some(json!({"l": true})), Some(json!({"l": true}))),
        (r#"{"a": 1"#, Some(json!({"a": 1})), Some(json!({"a": 1}))),
        (r#"{"a": 1.5"#, Some(json!({"a": 1.5})), Some(json!({"a": 1.5}))),
        (r#"{"a": 1e5"#, e5.clone(), e5),
        (r#"{"a": 1."#, Some(json!({})), Some(json!({}))),
        (r#"{"a": -"#, Some(json!({})), Some(json!({}))),
        (r#"{"a": 1e"#, Some(json!({})), Some(json!({}))),
        ("[1", Some(json!([1])), Some(json!([1]))),
        ("[1,", Some(json!([1])), Some(json!([1]))),
        (r#"["x","y"#, Some(json!(["x"])), Some(json!(["x", "y"]))),
        (r#"["x",""#, Some(json!(["x"])), Some(json!(["x", ""]))),
        (r#""\ud83d"#, None, Some(json!(""))),
        (r#""\ud83d\ude00"#, None, Some(json!("😀"))),
        (r#""a\u00"#, None, Some(json!("a"))),
        (r#"{"a":1,"a":"x"#, Some(json!({"a": 1})), Some(json!({"a": "x"}))),
        (r#"{"a":1,"a":"#, Some(json!({"a": 1})), Some(json!({"a": 1}))),
        (r#"{"a":1,"a":2"#, Some(json!({"a": 2})), Some(json!({"a": 2}))),
        (r#"{"a":1,"a":2."#, Some(json!({"a": 1})), Some(json!({"a": 1}))),
        (r#"{"a":1,"a":["#, Some(json!({"a": []})), Some(json!({"a": []}))),
        (r#"{"a":[{"b":{}"#, Some(json!({"a": [{"b": {}}]})), Some(json!({"a": [{"b": {}}]}))),
    ];
    for (text, hide, show) in rows {
        assert_eq!(&view(PartialStrings::Hide, text), hide, "{text}");
        assert_eq!(&view(PartialStrings::Show, text), show, "{text}");
    }
}

#[test]
fn is_stable_is_false_for_a_number_at_the_end() {
    let mut json = PartialJson::new();
    for (piece, value, is_stable) in
        [("[1", json!([1]), false), (".", json!([]), true), ("5", json!([1.5]), false), (",", json!([1.5]), true)]
    {
        json.push(piece).unwrap();
        assert_eq!((json.value(), json.is_stable()), (Some(&value), is_stable), "after {piece}");
    }
    let long = "7".repeat(65);
    json.push(&long).unwrap();
    assert_eq!(json.value(), Some(&json!([1.5])), "65 digits are shown once they have ended");
    json.push("]").unwrap();
    assert_eq!(json.complete_value().unwrap(), &serde_json::from_str::<Value>(&format!("[1.5,{long}]")).unwrap());
}

#[test]
fn push_rejects_invalid_text_at_its_first_invalid_byte() {
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
        let mut json = PartialJson::new();
        let error = json.push(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{text}");
        assert_eq!(json.push("more").unwrap_err(), error, "the error is returned again");
        assert_eq!(json.raw(), format!("{text}more"), "and the text is kept");
        assert_eq!(json.into_value().unwrap_err(), (error, format!("{text}more")));
    }
}

#[test]
fn push_rejects_the_depth_that_serde_json_rejects() {
    for depth in [127, 128] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let mut json = PartialJson::new();
        let pushed = text.split("").try_for_each(|piece| json.push(piece));
        assert_eq!(pushed.is_ok(), depth == 127);
        assert_eq!(json.complete_value().is_ok(), serde_json::from_str::<Value>(&text).is_ok());
    }
}

/// After an error, the value is that of the text before the error, even if both were in the same piece.
#[test]
fn value_after_an_error_is_that_of_the_text_before_it() {
    let rows: &[(&str, Option<Value>, Option<Value>)] = &[
        ("x", None, None),
        ("[1x", Some(json!([1])), Some(json!([1]))),
        ("[1.x", Some(json!([])), Some(json!([]))),
        ("[01", Some(json!([0])), Some(json!([0]))),
        ("[\"ab\tc", Some(json!([])), Some(json!(["ab"]))),
        (r#"["ab\x"#, Some(json!([])), Some(json!(["ab"]))),
        (r#"{"a":true,"a":1.]"#, Some(json!({"a": true})), Some(json!({"a": true}))),
        (r#"{"a":{"b":[}"#, Some(json!({"a": {"b": []}})), Some(json!({"a": {"b": []}}))),
        ("[1]]", Some(json!([1])), Some(json!([1]))),
    ];
    for (text, hide, show) in rows {
        for (partial_strings, expected) in [(PartialStrings::Hide, hide), (PartialStrings::Show, show)] {
            let mut json = PartialJson::with_partial_strings(partial_strings);
            json.push(text).unwrap_err();
            assert_eq!(json.value(), expected.as_ref(), "{text}");
            json.push(text).unwrap_err();
            assert_eq!(json.value(), expected.as_ref(), "{text}");
            assert!(!json.is_complete() && !json.is_blank());
        }
    }
}

/// The limit is that of `f64`, 1.8e308; with `arbitrary_precision` there is none.
#[test]
fn push_rejects_the_numbers_out_of_range_that_serde_json_rejects() {
    for text in ["[1,1e999]", "[1,-1e999 ", "1e999 "] {
        let mut json = PartialJson::new();
        let pushed = json.push(text);
        if serde_json::from_str::<Value>("1e999").is_ok() {
            assert_eq!(pushed, Ok(()));
        } else {
            let error = pushed.unwrap_err();
            assert_eq!(error.kind(), JsonErrorKind::NumberOutOfRange);
            assert_eq!(error.offset(), if text.starts_with('[') { 3 } else { 0 });
        }
    }
    // At the end of the text more digits of the exponent may follow. `complete_value` rejects it.
    let mut json = PartialJson::new();
    json.push("1e999").unwrap();
    let expected = serde_json::from_str::<Value>("1e999").ok();
    assert_eq!(json.is_complete(), expected.is_some());
    assert_eq!(json.complete_value().ok(), expected.as_ref());
    if let Err(error) = json.complete_value() {
        assert_eq!((error.kind(), error.offset()), (JsonErrorKind::NumberOutOfRange, 0));
    }
}

#[test]
fn partial_strings_returns_the_chosen_view() {
    assert_eq!(PartialJson::new().partial_strings(), PartialStrings::Hide);
    assert_eq!(PartialJson::with_partial_strings(PartialStrings::Show).partial_strings(), PartialStrings::Show);
}

#[test]
fn is_blank_is_complete_and_depth_after_each_push() {
    let mut json = PartialJson::new();
    let steps = [("", true, false, 0), (" \n", true, false, 0), ("[", false, false, 1), ("{\"a\":", false, false, 2)];
    let ends = [("[[", false, false, 4), ("]]}", false, false, 1), ("]", false, true, 0), (" \t", false, true, 0)];
    for (piece, is_empty, is_complete, depth) in steps.into_iter().chain(ends) {
        json.push(piece).unwrap();
        assert_eq!(
            (json.is_blank(), json.is_complete(), json.depth()),
            (is_empty, is_complete, depth),
            "after {piece:?}"
        );
    }
    assert_eq!(json.clone().into_value(), Ok(json!([{"a": [[]]}])));
    assert_eq!(json.into_parts(), (Some(json!([{"a": [[]]}])), " \n[{\"a\":[[]]}] \t".to_owned()));
}

/// Errors are logged; the output of a model must not be.
#[test]
fn errors_and_debug_do_not_show_the_text() {
    let mut json = PartialJson::with_partial_strings(PartialStrings::Show);
    let error = json.push(r#"{"hunter2": "hunter2", hunter2"#).unwrap_err();
    assert!(!format!("{error} {error:?} {json:?}").contains("hunter2"));
    assert_eq!(error.to_string(), "unexpected character in JSON text at byte 23");
}
