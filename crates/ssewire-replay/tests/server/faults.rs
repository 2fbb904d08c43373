//! What each fault does to the bytes on the wire.

use core::time::Duration;
use std::io::ErrorKind;

use ssewire_replay::{Config, Fault, Framing, Script, Server, sample, serve};

use crate::builtin::unchunk;
use crate::client::{Client, ask, ask_bytes, header};

const STREAM: &str = "data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n";

/// The head and the body of a response with a fault.
fn respond(fault: Fault) -> (String, String) {
    let server = Server::start().unwrap();
    server.serve("/it", fault.apply(Script::stream(STREAM)));
    ask(&server, "/it")
}

fn body(fault: Fault) -> (String, bool) {
    let (body, is_complete) = unchunk(respond(fault).1.as_bytes());
    (String::from_utf8(body).unwrap(), is_complete)
}

#[test]
fn bodies_are_changed_as_described() {
    let with = |end: &str| STREAM.replace('\n', end);
    for (fault, expected, is_complete) in [
        (Fault::Cut, STREAM[..24].to_owned(), false),
        (Fault::CutFirstEvent, STREAM[..7].to_owned(), false),
        (Fault::EndsEarly, STREAM[..18].to_owned(), true),
        (Fault::NoLastBlankLine, STREAM[..35].to_owned(), true),
        (Fault::Slow, STREAM.to_owned(), true),
        (Fault::Split, STREAM.to_owned(), true),
        (Fault::OddChunks, STREAM.to_owned(), true),
        (Fault::ByteOrderMark, format!("\u{feff}{STREAM}"), true),
        (Fault::CrLf, with("\r\n"), true),
        (Fault::Cr, with("\r"), true),
        (Fault::Done, format!("{STREAM}data: [DONE]\n\n"), true),
        (Fault::Empty, String::new(), true),
    ] {
        assert_eq!(body(fault), (expected, is_complete), "{fault}");
    }
}

/// Also if it is damaged: 0xC3 is half a character.
#[test]
fn json_is_sent_byte_for_byte() {
    let body = b" {\"type\":\"message\",\"text\":\"\xC3";
    let server = serve(&Config::new().stream("a", *body)).unwrap();
    let (head, sent) = ask_bytes(&server, "/a");
    assert_eq!(header(&head, "content-type"), Some("application/json"));
    assert_eq!(sent, body);
}

/// As `curl -i` prints it.
#[test]
fn a_recorded_response_head_is_not_sent() {
    for end in ["\r\n", "\n"] {
        let heads = ["HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "content-type: a/b", "", ""].join(end);
        for before in ["", " \n", "\u{FEFF}", "\u{FEFF}\r\n"] {
            for (body, kind) in
                [("{\"a\":1}", "application/json"), ("\n data: a\n\n", "text/event-stream; charset=utf-8")]
            {
                let server = serve(&Config::new().stream("a", [before, &heads, body].concat())).unwrap();
                let (head, sent) = ask_bytes(&server, "/a");
                assert_eq!(header(&head, "content-type"), Some(kind), "{before:?}");
                let sent = if kind == "application/json" { sent } else { unchunk(&sent).0 };
                assert_eq!(String::from_utf8(sent).unwrap(), body, "{before:?}");
            }
        }
    }
}

/// In every order.
#[test]
fn line_ends_apply_to_inserted_events() {
    for (line_ends, end) in [(Fault::CrLf, "\r\n"), (Fault::Cr, "\r")] {
        let mut bodies = Vec::new();
        for faults in [[Fault::Pings, line_ends], [line_ends, Fault::Pings]] {
            let config = faults.into_iter().fold(Config::new().stream("a", STREAM), Config::fault);
            let (body, is_complete) = unchunk(ask(&serve(&config).unwrap(), "/a").1.as_bytes());
            assert!(is_complete);
            bodies.push(String::from_utf8(body).unwrap());
        }
        assert_eq!(bodies[0], bodies[1]);
        assert_eq!(bodies[0].matches("event: ping").count(), 4);
        assert_eq!(bodies[0].replace(end, ""), bodies[0].replace(['\r', '\n'], ""), "no other line end");
    }
}

/// The body with these faults, until the client leaves or the server ends it.
fn body_with(script: Script, faults: &[Fault]) -> String {
    let script = faults.iter().fold(script.framed(Framing::UntilClose), |script, fault| fault.apply(script));
    let server = Server::start().unwrap();
    server.serve("/it", script);
    ask(&server, "/it").1
}

#[test]
fn a_line_end_in_two_sends_is_one() {
    for (fault, end) in [(Fault::CrLf, "\r\n"), (Fault::Cr, "\r")] {
        let script = Script::stream("data: a\r").send("\ndata: b\r").send("").send("\n\r\n");
        assert_eq!(body_with(script, &[fault]), "data: a\ndata: b\n\n".replace('\n', end), "{fault}");
    }
}

#[test]
fn line_ends_apply_to_repeated_comments() {
    for (fault, end) in [(Fault::CrLf, "\r\n"), (Fault::Cr, "\r")] {
        let server = Server::start().unwrap();
        let script = Script::stream(STREAM).framed(Framing::UntilClose);
        server.serve("/it", fault.apply(Fault::KeepAliveOnly.apply(script)));
        let mut client = Client::connect(&server);
        client.get("/it");
        client.expect(&"data: a\n\ndata: b\n\n: keep-alive\n: keep-alive\n".replace('\n', end));
    }
}

/// Whatever precedes the event.
#[test]
fn the_first_event_is_cut_with_any_line_ends() {
    let stream = || Script::stream([&": c\n".repeat(14), "event: message_start\ndata: {}\n\n"].concat());
    let cut = [&": c\n".repeat(14), "event: messa"].concat();
    for (fault, end) in [(Fault::CrLf, "\r\n"), (Fault::Cr, "\r")] {
        assert_eq!(body_with(stream(), &[Fault::CutFirstEvent, fault]), cut.replace('\n', end), "{fault}");
    }
}

#[test]
fn an_end_marker_follows_an_event_that_has_not_ended() {
    let done = "data: [DONE]\n\n";
    for (stream, expected) in [
        ("", done.to_owned()),
        ("data: a\r\r", format!("data: a\r\r{done}")),
        ("data: a\n", format!("data: a\n\n\n{done}")),
        ("data: a\n\ndata: b", format!("data: a\n\ndata: b\n\n{done}")),
    ] {
        assert_eq!(body_with(Script::stream(stream), &[Fault::Done]), expected, "{stream:?}");
    }
}

#[test]
fn an_error_event_is_between_events() {
    let (body, is_complete) = body(Fault::ErrorEvent);
    let (error, rest) = body.strip_prefix(&STREAM[..18]).unwrap().split_once("\n\n").unwrap();
    assert!(error.starts_with("event: error\ndata: {") && error.contains("overloaded_error"), "{error}");
    assert_eq!((rest, is_complete), (&STREAM[18..], true));
}

/// The sizes that the chunks of a body announce, and those that they have.
fn chunk_sizes(mut raw: &[u8]) -> Vec<(usize, usize)> {
    let mut sizes = Vec::new();
    while let Some(end) = raw.windows(2).position(|two| two == b"\r\n") {
        let announced = usize::from_str_radix(core::str::from_utf8(&raw[..end]).unwrap(), 16).unwrap();
        let rest = &raw[end + 2..];
        sizes.push((announced, announced.min(rest.len())));
        raw = rest.get(announced + 2..).unwrap_or_default();
    }
    sizes
}

/// Also with a size of chunks and a delay of their own: those of the fault prevail.
#[test]
fn chunks_are_cut_as_described() {
    let stream = STREAM.repeat(4);
    let whole = |sizes: &[usize]| sizes.iter().map(|size| (*size, *size)).collect::<Vec<_>>();
    for (fault, expected, with_size) in [
        (Fault::Cut, whole(&[96]), Some(whole(&[90, 6]))),
        (Fault::CutInChunk, vec![(144, 96)], Some(vec![(90, 90), (54, 6)])),
        (Fault::CutFirstEvent, whole(&[7]), None),
        (Fault::Slow, whole(&[64, 64, 16, 0]), None),
        (Fault::Split, whole(&[[1; 144].as_slice(), &[0]].concat()), None),
        (Fault::OddChunks, whole(&[1, 7, 64, 3, 69, 0]), None),
    ] {
        let plain = Config::new().stream("a", stream.as_str()).fault(fault);
        let sized = plain.clone().chunk_size(90.try_into().unwrap()).delay(Duration::from_micros(1));
        for (config, expected) in [(plain, &expected), (sized, with_size.as_ref().unwrap_or(&expected))] {
            assert_eq!(&chunk_sizes(&ask_bytes(&serve(&config).unwrap(), "/a").1), expected, "{fault} {config:?}");
        }
    }
}

/// Whatever other faults add to the body.
#[test]
fn a_wrong_length_is_one_byte_too_long_with_other_faults() {
    for others in [[Fault::CrLf, Fault::Pings], [Fault::Cr, Fault::ByteOrderMark], [Fault::EndsEarly, Fault::Done]] {
        for faults in [[Fault::WrongLength, others[0], others[1]], [others[0], others[1], Fault::WrongLength]] {
            let config = faults.into_iter().fold(Config::new().stream("a", STREAM), Config::fault);
            let (head, body) = ask(&serve(&config).unwrap(), "/a");
            assert_eq!(header(&head, "content-length"), Some(&*(body.len() + 1).to_string()), "{faults:?}");
        }
    }
}

#[test]
fn a_wrong_length_is_one_byte_too_long() {
    let (head, body) = respond(Fault::WrongLength);
    assert_eq!((header(&head, "content-length"), body.as_str()), (Some("37"), STREAM));
    let (head, body) = respond(Fault::ContentLength);
    assert_eq!((header(&head, "content-length"), body.as_str()), (Some("36"), STREAM));
}

#[test]
fn responses_that_are_not_streams_have_their_status() {
    for (fault, status, content_type) in [
        (Fault::NoContent, 204, None),
        (Fault::BadRequest, 400, Some("application/json")),
        (Fault::RateLimit, 429, Some("application/json")),
        (Fault::BadGateway, 502, Some("text/html")),
        (Fault::Overloaded, 529, Some("application/json")),
        (Fault::JsonBody, 200, Some("application/json")),
        (Fault::HtmlBody, 200, Some("text/html")),
    ] {
        let (head, body) = respond(fault);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        assert_eq!(header(&head, "content-type"), content_type, "{fault}");
        // RFC 9110, section 8.6: a 204 has no content-length.
        assert_eq!(header(&head, "content-length").is_some(), status != 204, "{fault}");
        assert_eq!(body.is_empty(), status == 204, "{fault}");
    }
}

#[test]
fn a_connection_serves_on_after_a_response_without_content() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    for _ in 0..2 {
        assert!(client.get("/faults/204").starts_with("http/1.1 204 "));
    }
}

#[test]
fn a_reset_is_an_error_for_the_client() {
    let server = Server::start().unwrap();
    server.serve("/it", Fault::Reset.apply(Script::stream(STREAM)));
    let mut client = Client::connect(&server);
    client.get("/it");
    assert_eq!(client.rest_or_error().unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_stalled_response_may_also_stall_first() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    assert!(client.get("/faults/stall-first").starts_with("http/1.1 200 "));
    drop(server);
    assert_eq!(client.rest(), "");
}

#[test]
fn comments_are_repeated_until_the_server_stops() {
    let server = Server::start().unwrap();
    let mut client = Client::connect(&server);
    server.serve("/it", Fault::KeepAliveOnly.apply(Script::stream(STREAM)));
    client.get("/it");
    client.expect("12\r\ndata: a\n\ndata: b\n\n\r\n");
    for _ in 0..5 {
        client.expect("d\r\n: keep-alive\n\r\n");
    }
    drop(server);
    assert!(!client.rest().ends_with("0\r\n\r\n"));
}

/// `bodies_are_changed_as_described` describes the bodies of the others.
#[test]
fn every_fault_is_served_with_the_sample() {
    let server = Server::start().unwrap();
    let text = core::str::from_utf8(sample("text").unwrap()).unwrap();
    for fault in [Fault::Split, Fault::OddChunks, Fault::Pings, Fault::ByteOrderMark, Fault::CrLf, Fault::Done] {
        let body = ask_bytes(&server, &format!("/faults/{fault}")).1;
        let (body, is_complete) = unchunk(&body);
        let body = String::from_utf8(body).unwrap().replace('\r', "");
        assert!(is_complete && text.split("\n\n").all(|event| body.contains(event)), "{fault}: {body}");
    }
    for fault in Fault::ALL {
        let status: u16 = fault.name().parse().unwrap_or(200);
        assert!(Client::connect(&server).get(&format!("/faults/{fault}")).starts_with(&format!("http/1.1 {status} ")));
    }
}
