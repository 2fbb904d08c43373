//! Partial JSON: every prefix of every document, a character at a time and in one push, against a slow oracle.

use serde_json::Value;
use ssewire_json::{PartialJson, PartialStrings};
use ssewire_tests::partial_json::view;

/// Documents with each kind of token at each kind of position. The tests split them at every character.
fn documents() -> Vec<String> {
    let mut documents: Vec<String> = [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-0.0",
        "12345678901234567890",
        "-9223372036854775808",
        "18446744073709551616",
        " 1.5e+10 ",
        "1E-5",
        "0e0",
        "123456789.123456789",
        r#""""#,
        r#""plain text that is longer than a word of eight bytes""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""a\u0041\u00e9\u20ac\uD83D\uDE00z""#,
        r#""é€😀 and then a tail \n of more""#,
        "[]",
        "{}",
        "\t[ \r\n ] ",
        r#"[1,-2,3.25,4e2,true,false,null,"x",[],{}]"#,
        r#"[[[1],[2,[3]]],{"a":[{"b":[{"c":{}}]}]}]"#,
        r#"{"a":1,"b":"two","c":[3,"four",{"d":null}],"e":{"f":{"g":false}}}"#,
        "{ \"a\" : [ 1 , 2 ] ,\n\t\"b\" : { \"c\" : \"d\" } }",
        // Keys: empty, with escapes, a prefix of another key. Containers below them stay open over many pieces.
        r#"{"":{"":[1,2]},"\u0061\n":{"\"":[{"\\":"x y"}]},"ab":["z"],"a":["y",3]}"#,
        // Repeated keys: complete values, and each kind of incomplete value before it is shown.
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":true,"b":0,"a":1.5e3,"b":-2}"#,
        r#"{"a":"first","b":0,"a":"second"}"#,
        r#"{"a":[1,2],"b":0,"a":{"c":1},"a":[9]}"#,
        r#"{"a":{"b":1,"b":"x"},"a":{"b":2},"\u0061":null}"#,
        r#"{"location":"San Francisco, CA","days":[1,2,3],"unit":"celsius","note":"line one\nline \"two\""}"#,
    ]
    .map(String::from)
    .into();
    // More members than a walk from either end passes, with an open one before, between and after the others.
    let many: String = (0..40).map(|i| format!(r#""k{i:02}":{i},"#)).collect();
    for open in ["a", "k20x", "z", r"k2\u0030x"] {
        documents.push(format!(r#"{{{many}"{open}":{{"in":["x",1.5]}},"last":0}}"#));
        documents.push(format!(r#"{{"{open}":0,{many}"{open}":{{"in":["x",1.5]}},"last":0}}"#));
    }
    // Numbers around the maximum length of a provisional number.
    for digits in [61, 62, 63, 70] {
        documents.push(format!("[0.{}]", "3".repeat(digits)));
        documents.push(format!("0.{}e-1", "3".repeat(digits)));
    }
    // Maximum depth, with an element before the open container at each level.
    documents.push("[".repeat(127) + &"]".repeat(127));
    documents.push(r#"{"a":[0,"#.repeat(63) + r#""x""# + &"]}".repeat(63));
    documents
}

fn prefixes(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).map(|at| &text[..at])
}

#[test]
fn value_of_every_prefix_without_partial_strings_agrees_with_the_oracle() {
    agrees_with_the_oracle(PartialStrings::Hide);
}

#[test]
fn value_of_every_prefix_with_partial_strings_agrees_with_the_oracle() {
    agrees_with_the_oracle(PartialStrings::Show);
}

fn agrees_with_the_oracle(partial_strings: PartialStrings) {
    let mut prefix_count = 0;
    for text in documents() {
        let mut incremental = PartialJson::with_partial_strings(partial_strings);
        for prefix in prefixes(&text) {
            let view = view(prefix, partial_strings);
            // Compared as text, which includes the order of members under `preserve_order`.
            let shown = view.shown.as_ref().map(Value::to_string);
            let is_complete = serde_json::from_str::<Value>(prefix).is_ok();

            let (_, piece) = prefix.split_at(incremental.raw().len());
            assert_eq!(incremental.push(piece), Ok(()), "{prefix}");
            let mut at_once = PartialJson::with_partial_strings(partial_strings);
            assert_eq!(at_once.push(prefix), Ok(()), "{prefix}");
            for json in [&incremental, &at_once] {
                assert_eq!(json.value().map(Value::to_string), shown, "{partial_strings:?} {prefix}");
                assert_eq!(json.is_stable(), !view.provisional, "{partial_strings:?} {prefix}");
                assert_eq!(json.is_complete(), is_complete, "{prefix}");
                assert_eq!(json.is_blank(), prefix.trim_ascii().is_empty(), "{prefix}");
            }
            prefix_count += 1;
        }
    }
    assert!(prefix_count > 2500, "only {prefix_count} prefixes");
}

/// `complete_value` agrees with serde_json at the end of each document, including the order of members, and fails
/// before it.
#[test]
fn complete_value_of_every_prefix_agrees_with_serde_json() {
    for text in documents() {
        for partial_strings in [PartialStrings::Hide, PartialStrings::Show] {
            let mut incremental = PartialJson::with_partial_strings(partial_strings);
            for prefix in prefixes(&text) {
                let (_, piece) = prefix.split_at(incremental.raw().len());
                incremental.push(piece).unwrap();
                // Calling `complete_value` does not affect later pushes.
                let complete = incremental.complete_value().map(Value::to_string);
                let expected = serde_json::from_str::<Value>(prefix).map(|value| value.to_string());
                assert_eq!(complete.ok(), expected.ok(), "{prefix}");
            }
            let expected: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(incremental.into_value(), Ok(expected), "{text}");
        }
    }
}

/// An error reports the first invalid byte: each row has an end that completes the text before that byte.
#[test]
fn push_reports_the_first_invalid_byte() {
    for (valid, wrong, end) in [
        ("", "}", "1"),
        ("", "é", "1"),
        ("", "\u{feff}", "1"),
        ("[", ",", "]"),
        ("[1 ", "2", "]"),
        ("[1,", "]", "2]"),
        ("[1 ", "}", "]"),
        ("{", "1", "}"),
        ("{", ",", "}"),
        (r#"{"a""#, ",", ":1}"),
        (r#"{"a":"#, "}", "1}"),
        (r#"{"a":1,"#, "}", r#""b":2}"#),
        (r#"{"a":1"#, r#""b""#, "}"),
        ("tru", "E", "e"),
        ("nul", "\0", "l"),
        ("-", "-", "1"),
        ("-0", "1", ""),
        ("1.", "e", "5"),
        ("1e", ".", "5"),
        ("1e+", "+", "5"),
        ("1", "x", ""),
        ("1e5", ".", ""),
        ("\"", "\u{1f}", "\""),
        ("\"\u{7f}", "\n", "\""),
        (r#""\"#, "a", "n\""),
        (r#""\u"#, "x", "0000\""),
        (r#""\ud"#, "c", "7ff\""),
        (r#""\ud83d"#, "\"", "\\ude00\""),
        (r#""\ud83d\"#, "n", "ude00\""),
        (r#""\ud83d\u"#, "0", "de00\""),
        (r#""\ud83d\ud"#, "8", "e00\""),
        (r#"{"\"#, "x", r#"n":1}"#),
        ("{\"k", "\t", "\":1}"),
        ("[] ", "[", ""),
    ] {
        let text = format!("{valid}{wrong}");
        assert!(serde_json::from_str::<Value>(&format!("{valid}{end}")).is_ok(), "{valid}{end}");
        for partial_strings in [PartialStrings::Hide, PartialStrings::Show] {
            let mut at_once = PartialJson::with_partial_strings(partial_strings);
            let error = at_once.push(&text).unwrap_err();
            assert_eq!(error.offset(), valid.len(), "{text:?}");

            let mut incremental = PartialJson::with_partial_strings(partial_strings);
            for c in valid.chars() {
                assert_eq!(incremental.push(c.encode_utf8(&mut [0; 4])), Ok(()), "{text:?}");
            }
            let before = incremental.value().cloned();
            assert_eq!(incremental.push(&text[valid.len()..]), Err(error), "{text:?}");
            assert_eq!(incremental.value(), before.as_ref(), "{text:?}");
            assert_eq!(at_once.value(), before.as_ref(), "{text:?}");
            assert_eq!(incremental.complete_value(), Err(error));
            assert!(serde_json::from_str::<Value>(&text).is_err());
        }
    }
}

/// An unexpected byte after a number ends it; an invalid byte in a number does not.
#[test]
fn is_stable_after_an_error_next_to_a_number() {
    let long = format!("[0.{}", "3".repeat(70));
    for (text, ends) in [("[1x", true), ("[1.5\"", true), ("1x", true), ("[01", false), ("[0", false), ("[1", false)] {
        let mut json = PartialJson::new();
        // The error is not under test.
        let _ = json.push(text);
        assert_eq!(json.is_stable(), ends, "{text}");
    }
    let mut json = PartialJson::new();
    json.push(&long).unwrap();
    assert_eq!(json.value(), Some(&serde_json::json!([])), "a long number is shown once it has ended");
    json.push("x").unwrap_err();
    assert_eq!(json.value(), Some(&serde_json::from_str(&format!("{long}]")).unwrap()));
}
