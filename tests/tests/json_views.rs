//! Growing JSON, row by row: what each view shows, what is settled, what is refused and where.

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
    // Not `json!`: with `arbitrary_precision` a number keeps how it was written.
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

/// What was shown before the error is shown after it, whatever came in the same piece.
#[test]
fn an_error_leaves_the_value_of_the_text_before_it() {
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
        for (trailing, expected) in [(Trailing::Hide, hide), (Trailing::Show, show)] {
            let mut json = GrowingJson::with_trailing(trailing);
            json.push(text).unwrap_err();
            assert_eq!(json.value(), expected.as_ref(), "{text}");
            json.push(text).unwrap_err();
            assert_eq!(json.value(), expected.as_ref(), "{text}");
            assert!(!json.is_complete() && !json.is_blank());
        }
    }
}

/// `f64` ends at 1.8e308; with `arbitrary_precision` no number is too big.
#[test]
fn a_number_out_of_range_is_refused_where_serde_json_refuses_it() {
    for text in ["[1,1e999]", "[1,-1e999 ", "1e999 "] {
        let mut json = GrowingJson::new();
        let pushed = json.push(text);
        if serde_json::from_str::<Value>("1e999").is_ok() {
            assert_eq!(pushed, Ok(()));
        } else {
            let error = pushed.unwrap_err();
            assert_eq!(error.kind(), JsonErrorKind::NumberOutOfRange);
            assert_eq!(error.offset(), if text.starts_with('[') { 3 } else { 0 });
        }
    }
    // Touching the end it is not too big yet: `e-5` may follow the digits. `finish` has to decide.
    let mut json = GrowingJson::new();
    json.push("1e999").unwrap();
    let expected = serde_json::from_str::<Value>("1e999").ok();
    assert_eq!(json.is_complete(), expected.is_some());
    assert_eq!(json.finish().ok(), expected.as_ref());
    if let Err(error) = json.finish() {
        assert_eq!((error.kind(), error.offset()), (JsonErrorKind::NumberOutOfRange, 0));
    }
}

#[test]
fn the_view_that_was_chosen_can_be_asked() {
    assert_eq!(GrowingJson::new().trailing(), Trailing::Hide);
    assert_eq!(GrowingJson::with_trailing(Trailing::Show).trailing(), Trailing::Show);
}

#[test]
fn blank_complete_and_depth_follow_the_text() {
    let mut json = GrowingJson::new();
    let steps = [("", true, false, 0), (" \n", true, false, 0), ("[", false, false, 1), ("{\"a\":", false, false, 2)];
    let ends = [("[[", false, false, 4), ("]]}", false, false, 1), ("]", false, true, 0), (" \t", false, true, 0)];
    for (piece, blank, complete, depth) in steps.into_iter().chain(ends) {
        json.push(piece).unwrap();
        assert_eq!((json.is_blank(), json.is_complete(), json.depth()), (blank, complete, depth), "after {piece:?}");
    }
    assert_eq!(json.clone().into_value(), Ok(json!([{"a": [[]]}])));
    assert_eq!(json.into_parts(), (Some(json!([{"a": [[]]}])), " \n[{\"a\":[[]]}] \t".to_owned()));
}

/// Errors are for logs, and what a model wrote is not.
#[test]
fn neither_errors_nor_debug_show_the_text() {
    let mut json = GrowingJson::with_trailing(Trailing::Show);
    let error = json.push(r#"{"hunter2": "hunter2", hunter2"#).unwrap_err();
    assert!(!format!("{error} {error:?} {json:?}").contains("hunter2"));
    assert_eq!(error.to_string(), "this character cannot stand here in JSON (at byte 23)");
}
