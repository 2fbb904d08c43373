//! JSON that is hostile to a parser that reads it in pieces. Each chunk is one push.

use super::{CHUNK, fill, repeat};
use crate::drive;
use crate::family::{Errors, Family, Input, Outcome, Room};

pub(super) const FAMILIES: &[Family] = &[
    // Defects of the first edition.
    new("f2", "F2: 40 members, a long key, pushes of 2 bytes", |n| long_key(40, "", n), drive::push_hidden)
        .control("f2-control", 2.0),
    new("f2-escape", "F2: an escape in the key", |n| long_key(40, r"\n", n), drive::push_hidden)
        .control("f2-escape-control", 2.0),
    new("f2-shown", "F2: the unfinished string shown", |n| long_key(40, r"\n", n), drive::push_shown)
        .control("f2-escape-control", 2.0),
    new("f2-control", "F2: the same with 10 members", |n| long_key(10, "", n), drive::push_hidden),
    new("f2-escape-control", "F2: the same with 10 members", |n| long_key(10, r"\n", n), drive::push_hidden),
    new("f2-string", "F2: pushes into a string", |n| key_and_string(40, n), drive::push_shown)
        .control("f2-string-control", 2.0),
    new("f2-string-control", "F2: the same with 10 members", |n| key_and_string(10, n), drive::push_shown),
    new("f2-nested", "F2: objects of 40 members, 20 deep", nested_objects, drive::push_hidden),
    new("f2-many-members", "F2: an array after many members", array_after_members, drive::push_hidden),
    new("f2-like-keys", "F2: long keys that differ in their last byte", like_keys, drive::push_hidden),
    new("f2-again", "F2: the long key opened again and again", key_again, drive::push_hidden),
    // Strings.
    new(
        "string-1b",
        "one string in one-byte pushes",
        |n| one_byte(&format!("\"{}\"", repeat("x", n))),
        drive::push_hidden,
    ),
    new("string-1b-shown", "the same, shown", |n| one_byte(&format!("\"{}\"", repeat("x", n))), drive::push_shown),
    new("string-in-depth-1b", "the same, 100 deep, shown", string_in_depth, drive::push_shown),
    new("escapes-1b", "only short escapes", |n| one_byte(&format!("\"{}\"", repeat(r"\n", n))), drive::push_shown),
    new("escapes-u-1b", r"only \u escapes", |n| one_byte(&format!("\"{}\"", repeat(r"\u0041", n))), drive::push_hidden),
    new(
        "surrogates-1b",
        "only surrogate pairs",
        |n| one_byte(&format!("\"{}\"", repeat(r"\ud83d\ude00", n))),
        drive::push_shown,
    ),
    new("strings-short", "strings of one byte", |n| array(r#""x""#, n, 2), drive::push_shown).peak(NODES),
    new(
        "key-1b",
        "one key in one-byte pushes",
        |n| one_byte(&format!("{{\"{}\":0}}", repeat("x", n))),
        drive::push_hidden,
    ),
    new(
        "key-escapes-1b",
        "one key of escapes",
        |n| one_byte(&format!("{{\"{}\":0}}", repeat(r"\n", n))),
        drive::push_hidden,
    ),
    // Numbers, literals, white space.
    new(
        "number-1b",
        "one number in one-byte pushes",
        |n| one_byte(&format!("[{}]", repeat("9", n))),
        drive::push_hidden,
    )
    .errors(Errors::Any),
    new(
        "fraction-1b",
        "one long fraction in one-byte pushes",
        |n| one_byte(&format!("[0.{}]", repeat("9", n))),
        drive::push_hidden,
    ),
    new(
        "numbers-1b",
        "numbers of 60 digits",
        |n| one_byte(&format!("[{}0]", repeat(&("0.".to_owned() + &"7".repeat(60) + ","), n))),
        drive::push_hidden,
    ),
    new("numbers", "numbers of one digit", |n| array("0", n, CHUNK), drive::push_hidden).peak(NODES),
    new("literals-1b", "literals", |n| array("true", n, 1), drive::push_hidden).peak(NODES),
    new("space-1b", "only white space", |n| one_byte(&format!("{}0", repeat(" ", n))), drive::push_hidden),
    // Containers.
    new("deep-pushes", "126 deep, pushes of 2 bytes", deep_pushes, drive::push_hidden).peak(NODES),
    new(
        "deep-again-1b",
        "100 deep again and again",
        |n| array(&("[".repeat(100) + &"]".repeat(100)), n, 1),
        drive::push_hidden,
    )
    .peak(WORST_NODES),
    new("too-deep", "deeper than allowed, then more", |n| Input::chunks(repeat("[", n), 64), drive::push_hidden)
        .errors(Errors::AtLeastOne),
    // A map of n keys costs n log n: 1.12 at 4096 keys.
    new("members", "one object of many members", members, drive::push_hidden).peak(NODES).exponent(1.15),
    new("member-again", "one key again and again", |n| object(r#""a":0"#, n), drive::push_hidden),
    new("objects-small", "objects of one member", |n| array(r#"{"":0}"#, n, CHUNK), drive::push_hidden)
        .peak(WORST_NODES),
    new("containers-empty", "empty arrays", |n| array("[]", n, 2), drive::push_hidden).peak(NODES),
    // After its end.
    new("after-error-1b", "pushes after an error", |n| one_byte(&fill("]".into(), "[0],", n)), drive::push_hidden)
        .errors(Errors::AtLeastOne),
    new("after-end-1b", "white space after the end", |n| one_byte(&fill("[]".into(), "\n", n)), drive::push_hidden),
];

/// The cost of values that are a few bytes as text.
const NODES: Room = Room::per_byte(64.0, 4096.0);

/// The most that values may cost, as SECURITY.md has it.
const WORST_NODES: Room = Room::per_byte(256.0, 4096.0);

/// A family whose value costs at most 64 bytes per byte of text: lists of small numbers cost 50.
const fn new(name: &'static str, why: &'static str, build: fn(usize) -> Input, drive: fn(&Input) -> Outcome) -> Family {
    Family::new(name, why, build, drive).peak(Room::per_byte(64.0, 16_384.0))
}

fn one_byte(text: &str) -> Input {
    Input::chunks(text, 1)
}

/// Members `"0":0,` and so on.
fn small_members(count: usize) -> String {
    (0..count).map(|index| format!("\"{index}\":0,")).collect()
}

fn long_key(members: usize, escape: &str, len: usize) -> Input {
    let head = format!("{{{}\"{escape}{}\":[", small_members(members), "k".repeat(len / 2));
    Input::head_and_chunks(head, "0,".repeat(len / 4), 2)
}

fn key_and_string(members: usize, len: usize) -> Input {
    let head = format!("{{{}\"{}\":\"", small_members(members), "k".repeat(len / 2));
    Input::head_and_chunks(head, "x".repeat(len / 2), 2)
}

fn nested_objects(len: usize) -> Input {
    let level = format!("{{{}\"{}\":", small_members(40), "k".repeat(len / 40));
    Input::head_and_chunks(level.repeat(20) + "[", "0,".repeat(len / 4), 2)
}

fn array_after_members(len: usize) -> Input {
    let members: String = (0..len / 32).map(|index| format!("\"member {index:06}\":0,")).collect();
    Input::head_and_chunks(format!("{{{members}\"m\":["), "0,".repeat(len / 4), 2)
}

fn like_keys(len: usize) -> Input {
    let stem = "k".repeat(len / 80);
    let members: String = (0..40).map(|index| format!("\"{stem}{index}\":0,")).collect();
    Input::head_and_chunks(format!("{{{members}\"{stem}x\":["), "0,".repeat(len / 4), 2)
}

/// Pieces that close the array, and open it again under a short key.
fn key_again(len: usize) -> Input {
    let head = format!("{{{}\"{}\":[", small_members(40), "k".repeat(len / 2));
    Input::head_and_chunks(head, repeat("0],\"a\":[", len / 2), 8)
}

fn string_in_depth(len: usize) -> Input {
    one_byte(&("[".repeat(100) + "\"" + &repeat("x", len)))
}

fn deep_pushes(len: usize) -> Input {
    Input::head_and_chunks("[".repeat(126), repeat("0,", len), 2)
}

fn array(item: &str, len: usize, chunk: usize) -> Input {
    Input::chunks(format!("[{}{item}]", repeat(&format!("{item},"), len)), chunk)
}

fn object(member: &str, len: usize) -> Input {
    Input::chunks(format!("{{{}{member}}}", repeat(&format!("{member},"), len)), 16)
}

fn members(len: usize) -> Input {
    let members: String = (0..len / 16).map(|index| format!("\"key {index:07}\":0,")).collect();
    Input::chunks(format!("{{{members}\"\":0}}"), 16)
}
