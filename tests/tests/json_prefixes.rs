//! Growing JSON: every prefix of every document, a character at a time and in one piece, against a slow and obvious
//! reading of the rules.

use serde_json::Value;
use ssewire_json::{GrowingJson, Trailing};
use ssewire_tests::growing::view;

/// Documents with something of everything: each kind of token at each kind of place, cut by the tests at every
/// character.
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
        // Keys: empty, with escapes, one that is the beginning of another; containers below them stay open over many
        // pieces.
        r#"{"":{"":[1,2]},"\u0061\n":{"\"":[{"\\":"x y"}]},"ab":["z"],"a":["y",3]}"#,
        // Keys twice: whole before whole, and each kind of unfinished value before it is shown.
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":true,"b":0,"a":1.5e3,"b":-2}"#,
        r#"{"a":"first","b":0,"a":"second"}"#,
        r#"{"a":[1,2],"b":0,"a":{"c":1},"a":[9]}"#,
        r#"{"a":{"b":1,"b":"x"},"a":{"b":2},"\u0061":null}"#,
        r#"{"location":"San Francisco, CA","days":[1,2,3],"unit":"celsius","note":"line one\nline \"two\""}"#,
    ]
    .map(String::from)
    .into();
    // More members than are counted along, with an open one before, among and behind the others.
    let many: String = (0..40).map(|i| format!(r#""k{i:02}":{i},"#)).collect();
    for open in ["a", "k20x", "z", r"k2\u0030x"] {
        documents.push(format!(r#"{{{many}"{open}":{{"in":["x",1.5]}},"last":0}}"#));
    }
    // Numbers at the length up to which they are shown while they may still go on.
    for digits in [61, 62, 63, 70] {
        documents.push(format!("[0.{}]", "3".repeat(digits)));
        documents.push(format!("0.{}e-1", "3".repeat(digits)));
    }
    // As deep as it goes, with something beside the open container at each level.
    documents.push("[".repeat(127) + &"]".repeat(127));
    documents.push(r#"{"a":[0,"#.repeat(63) + r#""x""# + &"]}".repeat(63));
    documents
}

fn prefixes(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).map(|at| &text[..at])
}

#[test]
fn every_prefix_shows_what_the_rules_say() {
    let mut seen = 0;
    for text in documents() {
        for trailing in [Trailing::Hide, Trailing::Show] {
            let mut growing = GrowingJson::with_trailing(trailing);
            for prefix in prefixes(&text) {
                let view = view(prefix, trailing);

                let (_, piece) = prefix.split_at(growing.raw().len());
                assert_eq!(growing.push(piece), Ok(()), "{prefix}");
                let mut at_once = GrowingJson::with_trailing(trailing);
                assert_eq!(at_once.push(prefix), Ok(()), "{prefix}");
                for json in [&growing, &at_once] {
                    // As text, because that has the order of the members too, where serde_json preserves it.
                    let shown = json.value().map(Value::to_string);
                    assert_eq!(shown, view.shown.as_ref().map(Value::to_string), "{trailing:?} {prefix}");
                    assert_eq!(json.is_settled(), !view.provisional, "{trailing:?} {prefix}");
                    assert_eq!(json.is_complete(), serde_json::from_str::<Value>(prefix).is_ok(), "{prefix}");
                    assert_eq!(json.is_blank(), prefix.trim_ascii().is_empty(), "{prefix}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 5000, "only {seen} prefixes");
}

/// At the end of each document the value is serde_json's, also in the order of its members; before it, `finish`
/// refuses.
#[test]
fn every_prefix_finishes_as_serde_json_does() {
    for text in documents() {
        for trailing in [Trailing::Hide, Trailing::Show] {
            let mut growing = GrowingJson::with_trailing(trailing);
            for prefix in prefixes(&text) {
                let (_, piece) = prefix.split_at(growing.raw().len());
                growing.push(piece).unwrap();
                // `finish` here and there changes nothing of what comes after it.
                let finished = growing.finish().map(Value::to_string);
                let expected = serde_json::from_str::<Value>(prefix).map(|value| value.to_string());
                assert_eq!(finished.ok(), expected.ok(), "{prefix}");
            }
            let whole: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(growing.into_value(), Ok(whole), "{text}");
        }
    }
}

/// The byte that an error names is the first impossible one: each row gives an end with which the text before it is
/// JSON.
#[test]
fn the_text_before_an_error_could_have_become_json() {
    for (hopeful, wrong, end) in [
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
        let text = format!("{hopeful}{wrong}");
        assert!(serde_json::from_str::<Value>(&format!("{hopeful}{end}")).is_ok(), "{hopeful}{end}");
        for trailing in [Trailing::Hide, Trailing::Show] {
            let mut at_once = GrowingJson::with_trailing(trailing);
            let error = at_once.push(&text).unwrap_err();
            assert_eq!(error.offset(), hopeful.len(), "{text:?}");

            let mut growing = GrowingJson::with_trailing(trailing);
            for c in hopeful.chars() {
                assert_eq!(growing.push(c.encode_utf8(&mut [0; 4])), Ok(()), "{text:?}");
            }
            let before = growing.value().cloned();
            assert_eq!(growing.push(&text[hopeful.len()..]), Err(error), "{text:?}");
            assert_eq!(growing.value(), before.as_ref(), "{text:?}");
            assert_eq!(at_once.value(), before.as_ref(), "{text:?}");
            assert_eq!(growing.finish(), Err(error));
            assert!(serde_json::from_str::<Value>(&text).is_err());
        }
    }
}

/// A byte that cannot stand behind a number ends it; a byte that cannot stand in it does not.
#[test]
fn a_number_before_an_error_has_ended_or_not() {
    let long = format!("[0.{}", "3".repeat(70));
    for (text, ends) in [("[1x", true), ("[1.5\"", true), ("1x", true), ("[01", false), ("[0", false), ("[1", false)] {
        let mut json = GrowingJson::new();
        let _told_by_the_value = json.push(text);
        assert_eq!(json.is_settled(), ends, "{text}");
    }
    let mut json = GrowingJson::new();
    json.push(&long).unwrap();
    assert_eq!(json.value(), Some(&serde_json::json!([])), "it waits for its end");
    json.push("x").unwrap_err();
    assert_eq!(json.value(), Some(&serde_json::from_str(&format!("{long}]")).unwrap()));
}
