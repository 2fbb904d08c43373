//! Event streams that are hostile to the decoder.

use super::{CHUNK, fill, repeat};
use crate::drive;
use crate::family::{Errors, Family, Input, Room};

/// For input that needs no memory: comments and unknown fields that the caller does not read.
const NEXT_TO_NOTHING: Room = Room::bytes(1024.0);

/// The most bytes that a decoder may hold.
const THREE_LIMITS: Room = Room::per_limit(3.0, 4096.0);

pub(super) const FAMILIES: &[Family] = &[
    // Defects of the first edition.
    Family::new("f4-decode", "F4: long ID, then `data` events", long_id, drive::decode),
    Family::new("f4-two-steps", "F4: in two steps", long_id, drive::decode_in_two_steps),
    Family::new("f4-frames", "F4: by frames", long_id, drive::decode_frames),
    Family::new("f4-bytes", "F4: by decode_shared", long_id, drive::decode_shared),
    Family::new("f4-owned", "F4: by owned events", long_id, drive::decode_owned),
    Family::new("id-in-slice", "long ID in a fixed storage, then `data` events", long_id, drive::decode_in_slice),
    Family::new("f4b-owned", "F4b: owned events are kept", id_and_few_events, drive::collect_owned)
        .peak(Room::per_byte(4.0, 4096.0)),
    Family::new("f4b-bytes", "F4b: shared events are kept", id_and_few_events, drive::collect_bytes)
        .peak(Room::per_byte(4.0, 4096.0)),
    Family::new("f5-ids", "F5: long and short IDs, then data", ids_at_the_limit, drive::decode).peak(THREE_LIMITS),
    // An event, its ID and the last event ID are each at the limit.
    Family::new(
        "f5-ids-allowed",
        "F5: the limit on IDs raised, too",
        |n| ids_at_the_limit(n).with_id_limit(limit_of_a_third(n)),
        drive::decode,
    )
    .peak(Room::per_limit(9.0, 4096.0)),
    Family::new("f5-data", "F5: only data at the limit", data_at_the_limit, drive::decode).peak(THREE_LIMITS),
    Family::new("f15-comment", "F15: long comment, small limit", long_comment, drive::decode).peak(NEXT_TO_NOTHING),
    Family::new("f15-field", "F15: long unknown field, small limit", long_field, drive::decode).peak(NEXT_TO_NOTHING),
    Family::new("f15-comment-bytes", "F15: by decode_shared", long_comment, drive::decode_shared).peak(NEXT_TO_NOTHING),
    Family::new("f15-comment-frames", "F15: by frames", long_comment, drive::decode_frames).peak(THREE_LIMITS),
    Family::new("f15-field-frames", "F15: by frames", long_field, drive::decode_frames).peak(THREE_LIMITS),
    Family::new("f15-comment-64", "F15: in 64-byte chunks", |n| long_comment(n).cut_into(64), drive::decode)
        .peak(NEXT_TO_NOTHING),
    Family::new("m3-id-at-limit", "M3: limit 100, ID of 98 bytes, small events", id_at_the_limit, drive::decode),
    Family::new("m3-reset", "M3: and a reset", id_at_the_limit, drive::decode_and_reset),
    // One byte in each chunk.
    Family::new(
        "1b-data-value",
        "one long value",
        |n| one_byte(&format!("data: {}\n\n", repeat("x", n))),
        drive::decode,
    ),
    Family::new("1b-data", "data lines", |n| one_byte_lines("data: x\n", n), drive::decode),
    Family::new("1b-event", "event lines", |n| one_byte_lines("event: type\n", n), drive::decode),
    Family::new("1b-id", "id lines", |n| one_byte_lines("id: 12345\n", n), drive::decode),
    Family::new("1b-retry", "retry lines", |n| one_byte_lines("retry: 1000\n", n), drive::decode),
    Family::new("1b-comment", "comments", |n| one_byte_lines(":a comment\n", n), drive::decode),
    Family::new("1b-unknown", "unknown fields", |n| one_byte_lines("unknown: x\n", n), drive::decode),
    Family::new(
        "1b-mixed-frames",
        "all kinds of lines, by frames",
        |n| one_byte(&repeat(MIXED, n)),
        drive::decode_frames,
    ),
    Family::new(
        "1b-mixed-bytes",
        "all kinds of lines, by decode_shared",
        |n| one_byte(&repeat(MIXED, n)),
        drive::decode_shared,
    ),
    Family::new(
        "1b-after-bom",
        "byte order mark, then events",
        |n| one_byte(&fill("\u{feff}".into(), EVENT, n)),
        drive::decode,
    ),
    Family::new("1b-crlf", "chunks end between CR and LF", |n| one_byte(&repeat("data: x\r\n\r\n", n)), drive::decode),
    // One buffer for data, type and IDs: each may move the others.
    Family::new("ids-under-type", "IDs of other lengths under a long type", |n| ids_under_type(n, 1024), drive::decode),
    Family::new("ids-under-type-64", "the same in 64-byte chunks", |n| ids_under_type(n, 64), drive::decode),
    Family::new("ids-under-data-64", "IDs of other lengths under long data", ids_under_data, drive::decode),
    Family::new("types-under-data-64", "types of other lengths under long data", types_under_data, drive::decode),
    Family::new("ids-under-id", "IDs of other lengths under a long last event ID", ids_under_id, drive::decode),
    Family::new("ids-each-event", "another ID with each event", ids_of_each_event, drive::decode_shared),
    Family::new(
        "ids-with-nul",
        "long IDs that are ignored",
        |n| chunks(&format!("id: {}\0\n", "x".repeat(900)), n),
        drive::decode,
    ),
    Family::new("giants-between", "large events between small ones, all cut", giants_between, drive::decode),
    // Lines.
    Family::new("data-lines", "one event of empty data lines", |n| chunks_and_end("data\n", n), drive::decode),
    Family::new("data-lines-short", "one event of short data lines", |n| chunks_and_end("data: x\n", n), drive::decode),
    Family::new("cr-only", "only CR", |n| chunks("data: x\r\r", n), drive::decode),
    Family::new("crlf", "CRLF", |n| chunks("data: x\r\n\r\n", n), drive::decode),
    Family::new("blank-lines", "only blank lines", |n| chunks("\n", n), drive::decode),
    Family::new("blank-lines-cr", "only blank lines, CR", |n| chunks("\r", n), drive::decode_frames),
    Family::new("long-line-64", "one long line in 64-byte chunks", long_line, drive::decode),
    Family::new("retry-digits", "retry without end", |n| retry_digits(n, CHUNK), drive::decode),
    Family::new("retry-digits-1b", "the same in one-byte chunks", |n| retry_digits(n, 1), drive::decode),
    Family::new("comments-in-block", "comments within one block, by frames", comments_in_block, drive::decode_frames)
        .peak(Room::bytes(1024.0)),
    Family::new(
        "fields-in-block-64",
        "unknown fields under long data, by frames",
        fields_in_block,
        drive::decode_frames,
    ),
    Family::new(
        "names-without-colon",
        "names without a colon",
        |n| chunks("data\ndatax\nid\nevent\nretry\nx\n\n", n),
        drive::decode,
    ),
    Family::new(
        "long-name-64",
        "one name without an end",
        |n| Input::chunks(fill("data".into(), "a", n), 64),
        drive::decode,
    )
    .peak(NEXT_TO_NOTHING),
    Family::new(
        "prefix-cut",
        "each chunk ends in `dat` or completes it",
        |n| Input::chunks(repeat("data: x\n\n", n), 3),
        drive::decode,
    ),
    // Errors again and again.
    Family::new("over-limit", "each event is too large", |n| over_limit(n, CHUNK), drive::decode)
        .errors(Errors::AtLeastOne),
    Family::new("over-limit-1b", "the same in one-byte chunks", |n| over_limit(n, 1), drive::decode)
        .errors(Errors::AtLeastOne),
    Family::new("over-array", "each event is too large for its storage", over_array, drive::decode_array)
        .errors(Errors::AtLeastOne)
        .peak(Room::bytes(0.0)),
    // The decoder of lines.
    Family::new("lines-long-64", "LineDecoder: long lines in 64-byte chunks", long_lines, drive::decode_lines),
    Family::new("lines-over-limit", "LineDecoder: each line is too large", |n| over_limit(n, 64), drive::decode_lines)
        .errors(Errors::AtLeastOne),
];

const EVENT: &str = "event: e\ndata: some text\n\n";

const MIXED: &str = ":comment\nevent: e\nid: 7\nretry: 10\nunknown: x\nunknown\ndata: a\ndata\ndata: b\n\n\n";

/// Complete units in chunks of 16 KiB.
fn chunks(unit: &str, len: usize) -> Input {
    Input::chunks(repeat(unit, len), CHUNK)
}

/// Complete units in chunks of 16 KiB, with a blank line at the end.
fn chunks_and_end(unit: &str, len: usize) -> Input {
    Input::chunks(repeat(unit, len) + "\n", CHUNK)
}

fn one_byte(text: &str) -> Input {
    Input::chunks(text, 1)
}

/// Blocks of eight times the line.
fn one_byte_lines(line: &str, len: usize) -> Input {
    one_byte(&repeat(&(line.repeat(8) + "\n"), len))
}

fn long_id(len: usize) -> Input {
    let id = format!("id: {}\n\n", "i".repeat(len / 2));
    Input::chunks(fill(id, "data\n\n", len), CHUNK).with_id_limit(len)
}

/// 1000 events for 1 MiB of ID, in chunks of a 64th.
fn id_and_few_events(len: usize) -> Input {
    let events = "data\n\n".repeat(len * 1000 / (1 << 20));
    let id = "i".repeat(len.saturating_sub(events.len()));
    Input::chunks(format!("id: {id}\n\n{events}"), len / 64).with_id_limit(len)
}

/// A third of the input and a little: three times the limit is just above a power of two, where capacities are worst.
fn limit_of_a_third(len: usize) -> usize {
    len / 3 + len / 1024
}

/// In chunks of a 64th, which are 16 KiB for 1 MiB: with chunks of one size, only long events would be split.
fn ids_at_the_limit(len: usize) -> Input {
    let limit = limit_of_a_third(len);
    let (id, data) = ("i".repeat(limit - 1), "d".repeat(limit - 2));
    Input::chunks(format!("id: {id}\n\nid: i\nid: {id}\nid: i\ndata:{data}\n\n"), len / 64).with_limit(limit)
}

fn data_at_the_limit(len: usize) -> Input {
    let limit = limit_of_a_third(len);
    let event = format!("data:{}\n\n", "d".repeat(limit - 2));
    Input::chunks(event.repeat(3), len / 64).with_limit(limit)
}

fn long_comment(len: usize) -> Input {
    Input::chunks(format!(":{}\n\n{EVENT}", "a".repeat(len)), CHUNK).with_limit(4000)
}

fn long_field(len: usize) -> Input {
    Input::chunks(format!("unknown: {}\n{EVENT}", "a".repeat(len)), CHUNK).with_limit(4000)
}

fn id_at_the_limit(len: usize) -> Input {
    let id = format!("id: {}\n\n", "i".repeat(98));
    Input::chunks(fill(id, "data: xxxxx\n\n", len), 128).with_limit(100)
}

fn ids_under_type(len: usize, chunk: usize) -> Input {
    let head = format!("event: {}\n", "t".repeat(len / 4));
    let ids = format!("id: i\nid: {}\n", "i".repeat(40));
    Input::chunks(fill(head, &ids, len) + "data\n\n", chunk)
}

fn ids_under_data(len: usize) -> Input {
    let head = format!("data: {}\n", "d".repeat(len / 4));
    let ids = format!("id: i\nid: {}\nid\n", "i".repeat(70));
    Input::chunks(fill(head, &ids, len) + "\n", 64)
}

fn types_under_data(len: usize) -> Input {
    let head = format!("data: {}\n", "d".repeat(len / 4));
    let types = format!("event: t\nevent: {}\nevent\n", "t".repeat(70));
    Input::chunks(fill(head, &types, len) + "\n", 64)
}

fn ids_under_id(len: usize) -> Input {
    let head = format!("id: {}\n\n", "i".repeat(len / 4));
    let block = format!("id: i\nid: {}\nid: j\ndata\n", "i".repeat(40));
    // The blocks do not end, so that the long ID remains the last one.
    Input::chunks(fill(head, &block, len), 64).with_id_limit(len)
}

fn ids_of_each_event(len: usize) -> Input {
    let events: String = (0..len / 32).map(|index| format!("id: {index:016}\ndata: xx\n\n")).collect();
    Input::chunks(events, CHUNK)
}

fn giants_between(len: usize) -> Input {
    let unit = format!("data: {}\n\n", "d".repeat(4000)) + &EVENT.repeat(20);
    Input::chunks(repeat(&unit, len), 50)
}

fn long_line(len: usize) -> Input {
    Input::chunks(format!("data: {}\n\n", "d".repeat(len)), 64)
}

fn retry_digits(len: usize, chunk: usize) -> Input {
    Input::chunks(format!("retry: {}\n\n", "9".repeat(len)), chunk)
}

fn comments_in_block(len: usize) -> Input {
    Input::chunks(fill("data: x\n".into(), ":c\n", len) + "\n", CHUNK)
}

fn fields_in_block(len: usize) -> Input {
    let head = format!("data: {}\n", "d".repeat(len / 4));
    Input::chunks(fill(head, "unknown: x\n", len) + "\n", 64)
}

fn over_limit(len: usize, chunk: usize) -> Input {
    let event = format!("data: {}\n\n", "d".repeat(100));
    Input::chunks(repeat(&event, len), chunk).with_limit(64)
}

fn over_array(len: usize) -> Input {
    let event = format!("event: {}\ndata: {}\n\n", "t".repeat(40), "d".repeat(100));
    Input::chunks(repeat(&event, len), 48)
}

/// Lines of a quarter of the input, and one that does not end.
fn long_lines(len: usize) -> Input {
    let line = "l".repeat(len / 4);
    Input::chunks(format!("{line}\n{line}\r{line}\r\n{line}"), 64)
}
