//! The body is framed and cut into pieces as asked, and broken where asked.

use ssewire_replay::{Framing, Script, Server};

use crate::client::{Client, ask, header};

fn answer(script: Script) -> (String, String) {
    let server = Server::start().unwrap();
    server.serve("/it", script);
    ask(&server, "/it")
}

#[test]
fn chunks_are_as_large_as_asked() {
    let twelve = || Script::stream("0123456789ab");
    for (script, body) in [
        (twelve(), "c\r\n0123456789ab\r\n0\r\n\r\n"),
        (twelve().chunked_by(5), "5\r\n01234\r\n5\r\n56789\r\n2\r\nab\r\n0\r\n\r\n"),
        (twelve().chunked_by(6), "6\r\n012345\r\n6\r\n6789ab\r\n0\r\n\r\n"),
        (twelve().chunk_sizes([1, 4]), "1\r\n0\r\n4\r\n1234\r\n1\r\n5\r\n4\r\n6789\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
        (twelve().chunk_sizes([]), "c\r\n0123456789ab\r\n0\r\n\r\n"),
        // Each step is sent at once, so none waits for the next to fill its chunk.
        (Script::stream("abc").send("de").chunked_by(2), "2\r\nab\r\n1\r\nc\r\n2\r\nde\r\n0\r\n\r\n"),
        // A chunk of no bytes would be the end.
        (Script::stream("").send("ab"), "2\r\nab\r\n0\r\n\r\n"),
        (Script::stream("ab").chunked_by(0), "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
        (Script::stream("ab").chunk_sizes([0, 2]), "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
    ] {
        let returned = format!("{script:?}");
        let (head, sent) = answer(script);
        assert_eq!(sent, body, "{returned}");
        assert_eq!(header(&head, "transfer-encoding"), Some("chunked"));
        assert_eq!(header(&head, "content-length"), None);
    }
}

#[test]
fn the_size_of_a_chunk_is_hexadecimal() {
    let (_, sent) = answer(Script::stream("x".repeat(300)).chunked_by(255));
    assert_eq!(sent, format!("ff\r\n{}\r\n2d\r\n{}\r\n0\r\n\r\n", "x".repeat(255), "x".repeat(45)));
}

#[test]
fn a_body_until_close_has_no_framing() {
    let (head, sent) = answer(Script::stream("one two").framed(Framing::UntilClose).chunked_by(2));
    assert_eq!(sent, "one two");
    assert_eq!(header(&head, "transfer-encoding"), None);
    assert_eq!(header(&head, "content-length"), None);
    assert_eq!(header(&head, "connection"), Some("close"));
}

#[test]
fn a_content_length_is_that_of_all_steps() {
    let (head, sent) = answer(Script::stream("one ").send("two").framed(Framing::ContentLength).chunked_by(2));
    assert_eq!(sent, "one two");
    assert_eq!(header(&head, "content-length"), Some("7"));
    assert_eq!(header(&head, "transfer-encoding"), None);
}

#[test]
fn a_header_of_the_script_replaces_the_one_that_the_server_adds() {
    for (script, name, value) in [
        (Script::status(200), "Access-Control-Allow-Origin", "https://a.example"),
        (Script::status(200).send("abc"), "Content-Length", "999"),
        (Script::stream("abc"), "transfer-encoding", "gzip, chunked"),
        (Script::stream("abc"), "Connection", "close"),
    ] {
        let (head, _) = answer(script.header(name, value));
        let lines = head.lines().filter(|line| line.starts_with(&format!("{}:", name.to_ascii_lowercase())));
        assert_eq!(lines.collect::<Vec<_>>(), [format!("{}: {value}", name.to_ascii_lowercase())], "{head}");
    }
}

/// Regression: a `content-length` was sent beside `transfer-encoding: chunked`, and a `transfer-encoding` beside a
/// `content-length`. RFC 9112, section 6.2, forbids both.
#[test]
fn a_header_of_the_script_decides_the_framing() {
    let chunked = "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    for framing in [Framing::Chunked, Framing::UntilClose, Framing::ContentLength] {
        for (name, value, body) in [
            ("Content-Length", "3", "abc"),
            ("content-length", "999", "abc"),
            ("Transfer-Encoding", "chunked", chunked),
            ("transfer-encoding", "gzip , Chunked", chunked),
            ("transfer-encoding", "chunked, gzip", "abc"),
        ] {
            let (head, sent) = answer(Script::stream("abc").chunked_by(2).framed(framing).header(name, value));
            assert_eq!(sent, body, "{framing:?} {name}: {value}");
            let framing = ["content-length", "transfer-encoding"].map(|name| header(&head, name).is_some());
            let is_length = name.eq_ignore_ascii_case("content-length");
            assert_eq!(framing, [is_length, !is_length], "{head}");
        }
    }
    // A script that asks for both gets both.
    let both = Script::stream("abc").header("content-length", "1").header("transfer-encoding", "chunked");
    let (head, sent) = answer(both);
    assert_eq!(sent, "3\r\nabc\r\n0\r\n\r\n");
    assert!(header(&head, "content-length") == Some("1") && header(&head, "transfer-encoding").is_some(), "{head}");
}

/// A body of another length would be followed by a response.
#[test]
fn a_script_that_frames_its_body_closes_the_connection() {
    for (name, value) in [("content-length", "999"), ("connection", "Close")] {
        let server = Server::start().unwrap();
        server.serve("/it", Script::status(200).send("abc").header(name, value));
        let mut client = Client::connect(&server);
        client.get("/it");
        assert_eq!(client.rest(), "abc", "{name}");
    }
}

#[test]
fn a_cut_leaves_the_body_without_its_end() {
    let eight = || Script::stream("01234567");
    for (script, body) in [
        // Within a chunk: its size is returned, its bytes are not all there.
        (eight().cut_after(3), "8\r\n012"),
        (eight().chunked_by(3).cut_after(4), "3\r\n012\r\n3\r\n3"),
        // Between chunks.
        (eight().chunked_by(3).cut_after(6), "3\r\n012\r\n3\r\n345\r\n"),
        (eight().cut(), "8\r\n01234567\r\n"),
        (eight().cut().send("never"), "8\r\n01234567\r\n"),
        (Script::stream("01").send("23").cut_after(2), "2\r\n01\r\n"),
        // After everything, and before anything.
        (eight().cut_after(8), "8\r\n01234567\r\n"),
        (eight().cut_after(100), "8\r\n01234567\r\n"),
        (eight().cut_after(0), ""),
        (eight().framed(Framing::UntilClose).cut_after(3), "012"),
        (eight().framed(Framing::UntilClose).chunked_by(2).cut_after(3), "012"),
    ] {
        let returned = format!("{script:?}");
        assert_eq!(answer(script).1, body, "{returned}");
    }
}

#[test]
fn a_cut_comes_before_the_announced_length() {
    let eight = || Script::stream("01234567").framed(Framing::ContentLength);
    for (script, length, body) in [
        (eight().cut_after(3), "8", "012"),
        (eight().cut_after(8), "9", "01234567"),
        (eight().cut(), "9", "01234567"),
        (eight().cut().send("89ab"), "12", "01234567"),
    ] {
        let returned = format!("{script:?}");
        let (head, sent) = answer(script);
        assert_eq!((header(&head, "content-length"), sent.as_str()), (Some(length), body), "{returned}");
    }
}

#[test]
fn pings_come_between_the_events() {
    let script = Script::stream("data: a\n\ndata: b\n\n").with_pings_every(2).framed(Framing::UntilClose);
    assert_eq!(answer(script).1, "data: a\n\ndata: b\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n");
}

#[test]
fn pauses_and_delays_change_no_byte() {
    let millisecond = core::time::Duration::from_millis(1);
    let script = Script::stream("abc").pause(millisecond).send("d").chunked_by(2).delayed_by(millisecond);
    assert_eq!(answer(script).1, "2\r\nab\r\n1\r\nc\r\n1\r\nd\r\n0\r\n\r\n");
}
