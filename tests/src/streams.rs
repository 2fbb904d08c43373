//! Strategies for random streams, biased towards the syntax of event streams.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Any bytes; most streams consist of fields, line ends and byte order marks.
pub fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        4 => vec(prop_oneof![2 => token(), 2 => line(), 1 => event()], 0..40).prop_map(|pieces| pieces.concat()),
        3 => vec(prop_oneof![1 => token(), 4 => line()], 0..40).prop_map(|pieces| pieces.concat()),
        2 => vec(token(), 0..60).prop_map(|pieces| pieces.concat()),
        1 => vec(any::<u8>(), 0..200),
    ];
    (byte_order_mark(), body).prop_map(|(mark, body)| [mark, &body].concat())
}

/// A stream that often ends within a block or a line.
pub fn cut_stream() -> impl Strategy<Value = Vec<u8>> {
    let ends: &[&[u8]] = &[
        b"",
        b"data: x\n",
        b"data: x",
        b"data",
        b"event: e\n",
        b"id: 7",
        b"id: 7\n",
        b"retry: 12",
        b"retry: x",
        b": c",
        b"\r",
    ];
    (any_stream(), 0..ends.len()).prop_map(move |(stream, end)| [&stream, ends[end]].concat())
}

/// The start of a stream: a complete byte order mark, an incomplete one, or none.
fn byte_order_mark() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        6 => Just(&b""[..]),
        2 => Just(&b"\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xEF\xBB"[..]),
        1 => Just(&b"\xEF"[..]),
    ]
}

/// Field names, parts of them, delimiters, and parts of UTF-8 sequences.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let fixed: &[&[u8]] = &[
        b"data",
        b"event",
        b"id",
        b"retry",
        b"dat",
        b"even",
        b"i",
        b"ret",
        b"a",
        b"x",
        b"Data",
        b":",
        b":",
        b": ",
        b" ",
        b"\n",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\r",
        b"\r\n",
        b"\r\n",
        b"\0",
        b"\t",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xEF",
        b"\xFF",
        b"\xC0\xAF",
        b"\xE2\x82",
        b"\xF0\x9F\x98\x80",
        b"\xC3\xA9",
        b"0",
        b"7",
        b"+1",
        b"99999999999999999999",
    ];
    let run = (prop_oneof![Just(b'x'), Just(b'9'), Just(b' '), Just(b':')], 1..80usize)
        .prop_map(|(byte, length)| vec![byte; length]);
    prop_oneof![9 => (0..fixed.len()).prop_map(move |at| fixed[at].to_vec()), 1 => run]
}

/// A field, a comment or a blank line, with a line end of any kind.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        6 => Just(&b"data"[..]),
        2 => Just(&b"event"[..]),
        3 => Just(&b"id"[..]),
        2 => Just(&b"retry"[..]),
        2 => Just(&b""[..]),
        1 => Just(&b"datax"[..]),
        1 => Just(&b"dat"[..]),
        1 => Just(&b"error"[..]),
    ];
    let colon = prop_oneof![4 => Just(&b": "[..]), 2 => Just(&b":"[..]), 1 => Just(&b""[..])];
    let value = prop_oneof![
        4 => "[a-c0-9]{0,12}".prop_map(String::into_bytes),
        2 => "[0-9]{0,22}".prop_map(String::into_bytes),
        1 => token(),
        1 => vec(any::<u8>(), 0..6),
    ];
    (name, colon, value, line_end(), prop_oneof![3 => Just(false), 1 => Just(true)]).prop_map(
        |(name, colon, value, end, has_blank_line)| {
            let blank = if has_blank_line { end } else { b"" };
            [name, colon, &value, end, blank].concat()
        },
    )
}

/// An event in the layout that most servers send, which the decoder handles on its fast path.
fn event() -> impl Strategy<Value = Vec<u8>> {
    ("(event: ?[a-c]{0,4}\n)?(id: ?[0-9]{0,3}\n)?data: ?[a-c]{0,12}\n(event: [a-c]{0,4}\n)?\n", line_end())
        .prop_map(|(event, end)| event.into_bytes().split(|&byte| byte == b'\n').collect::<Vec<_>>().join(end))
}

fn line_end() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![4 => Just(&b"\n"[..]), 2 => Just(&b"\r\n"[..]), 1 => Just(&b"\r"[..])]
}
