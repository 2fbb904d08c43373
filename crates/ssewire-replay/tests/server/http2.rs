//! HTTP/2 with prior knowledge: the same scripts, seen as frames.

use core::future::Future;
use core::time::Duration;
use std::io::ErrorKind;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use ssewire_replay::{Fault, Framing, Gate, Script, Server, Version, sample};
use tokio::net::TcpStream;

use crate::client::Client;

const STREAM: &str = "data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n";

/// Runs a client of one connection to the server. Fails instead of hanging.
fn with_client<F: Future>(server: &Server, client: impl FnOnce(SendRequest<Bytes>) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = TcpStream::connect(server.address()).await.unwrap();
        let (requests, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        tokio::time::timeout(Duration::from_secs(60), client(requests)).await.unwrap()
    })
}

fn request(method: &str, path: &str) -> http::Request<()> {
    let request = http::Request::builder().method(method).uri(format!("http://replay{path}"));
    request.header("last-event-id", "7").body(()).unwrap()
}

/// The response to a request with a body.
async fn ask(requests: &SendRequest<Bytes>, path: &str) -> http::Response<RecvStream> {
    let mut requests = requests.clone().ready().await.unwrap();
    let (response, mut body) = requests.send_request(request("POST", path), false).unwrap();
    body.send_data(Bytes::from_static(b"{}"), true).unwrap();
    response.await.unwrap()
}

/// The frames of a body, and how it ended.
async fn frames(mut body: RecvStream) -> (Vec<String>, Result<(), h2::Error>) {
    let mut frames = Vec::new();
    while let Some(frame) = body.data().await {
        match frame {
            // The end of the stream is an empty frame.
            Ok(frame) if frame.is_empty() => {}
            Ok(frame) => {
                body.flow_control().release_capacity(frame.len()).unwrap();
                frames.push(String::from_utf8(frame.to_vec()).unwrap());
            }
            Err(error) => return (frames, Err(error)),
        }
    }
    (frames, Ok(()))
}

#[test]
fn pieces_are_data_frames() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("abcdef").chunk_sizes([1, 3]));
    with_client(&server, async |requests| {
        let response = ask(&requests, "/it?beta=true").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers().get("transfer-encoding"), None);
        let (frames, end) = frames(response.into_body()).await;
        assert_eq!(frames, ["a", "bcd", "e", "f"]);
        end.unwrap();
    });
    let [request] = &server.requests()[..] else { panic!("one request was sent") };
    assert_eq!(
        (request.version, request.method.as_str(), request.path.as_str()),
        (Version::Http2, "POST", "/it?beta=true")
    );
    assert_eq!((request.last_event_id(), request.body.as_slice()), (Some("7"), &b"{}"[..]));
}

/// RFC 9113, section 8.2.2: HTTP/2 has no headers of a connection. A script may serve both versions.
#[test]
fn headers_of_a_connection_are_not_sent() {
    let server = Server::start().unwrap();
    let names = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    let script = names.iter().fold(Script::status(200).send("abc"), |script, name| script.header(name, "x"));
    server
        .serve("/it", script.header("Content-Length", "3").header("access-control-allow-origin", "https://a.example"));
    with_client(&server, async |requests| {
        let response = ask(&requests, "/it").await;
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert!(names.iter().all(|name| !headers.contains_key(*name)), "{headers:?}");
        for (name, value) in [("content-length", "3"), ("access-control-allow-origin", "https://a.example")] {
            assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value]);
        }
    });
}

#[test]
fn bodies_larger_than_the_window_arrive() {
    let server = Server::start().unwrap();
    let body = "x".repeat(1 << 20);
    server.serve("/it", Script::stream(body.clone()));
    with_client(&server, async |requests| {
        let (frames, end) = frames(ask(&requests, "/it").await.into_body()).await;
        assert!(frames.concat() == body);
        end.unwrap();
    });
}

#[test]
fn streams_of_one_connection_wait_apart() {
    let (server, gate) = (Server::start().unwrap(), Gate::new());
    server.serve("/it", Script::stream("one").wait(&gate).send("two"));
    with_client(&server, async |requests| {
        let mut held = ask(&requests, "/it").await.into_body();
        assert_eq!(held.data().await.unwrap().unwrap(), "one");
        let (other, end) = frames(ask(&requests, "/text").await.into_body()).await;
        assert_eq!(other.concat().as_bytes(), sample("text").unwrap());
        end.unwrap();
        gate.open();
        assert_eq!(frames(held).await.0, ["two"]);
    });
}

#[test]
fn faults_are_those_of_frames() {
    let server = Server::start().unwrap();
    let cut = Err(Some(Reason::INTERNAL_ERROR));
    for (fault, expected, end) in [
        (Fault::Cut, &STREAM[..24], cut),
        (Fault::CutInChunk, &STREAM[..24], cut),
        (Fault::CutUnnoticed, &STREAM[..24], Ok(())),
        (Fault::EndsEarly, &STREAM[..18], Ok(())),
        (Fault::Split, STREAM, Ok(())),
        (Fault::Empty, "", Ok(())),
    ] {
        server.serve("/it", fault.apply(Script::stream(STREAM)));
        with_client(&server, async |requests| {
            let (frames, ended) = frames(ask(&requests, "/it").await.into_body()).await;
            assert_eq!(frames.concat(), expected, "{fault}");
            assert_eq!(ended.map_err(|error| error.reason()), end, "{fault}");
        });
    }
}

/// As over HTTP/1: all bytes before the cut are sent, although the socket is full when it comes.
#[test]
fn a_slow_client_receives_everything_before_a_cut() {
    // The last frames find a full socket.
    const SIZE: usize = 8_200_385;
    let server = Server::start().unwrap();
    server.serve("/it", Script::stream("x".repeat(SIZE)).cut());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.connect(server.address()).await.unwrap().into_std().unwrap()
    });
    socket.set_nonblocking(false).unwrap();
    let mut client = Client::new(socket);
    // SETTINGS and WINDOW_UPDATE with the largest windows; then the request, as below.
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff");
    client.send(b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\0\0\0\0\x0a\x01\x05\0\0\0\x01\x82\x86\x04\x03/it\x01\x01a");
    let mut received = 0;
    loop {
        let head = client.exactly(9);
        let [high, middle, low, kind, ..] = head[..] else { panic!("a head of a frame has 9 bytes") };
        let payload = client.exactly(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low));
        match kind {
            0 => received += payload.len(),
            // RST_STREAM.
            3 => break,
            _ => {}
        }
        if received % (64 * 1024) == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert_eq!(received, SIZE);
}

/// A client that only reads: one that writes may find a broken pipe instead.
#[test]
fn a_reset_ends_the_whole_connection() {
    let server = Server::start().unwrap();
    server.serve("/it", Fault::Reset.apply(Script::stream(STREAM)));
    let mut client = Client::connect(&server);
    // Empty SETTINGS; HEADERS with END_STREAM and END_HEADERS of stream 1.
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x0a\x01\x05\0\0\0\x01");
    // The static table of HPACK: GET, http, and the literals of :path and :authority.
    client.send(b"\x82\x86\x04\x03/it\x01\x01a");
    assert_eq!(client.rest_or_error().unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.requests()[0].path, "/it");
}

#[test]
fn lengths_are_sent_and_may_be_wrong() {
    let server = Server::start().unwrap();
    for (fault, length) in [(Fault::ContentLength, "36"), (Fault::WrongLength, "37")] {
        server.serve("/it", fault.apply(Script::stream(STREAM)));
        with_client(&server, async |requests| {
            let response = ask(&requests, "/it").await;
            assert_eq!(response.headers()["content-length"], length);
            let (frames, ended) = frames(response.into_body()).await;
            assert_eq!(frames.concat(), STREAM);
            assert_eq!(ended.is_ok(), fault == Fault::ContentLength);
        });
    }
}

#[test]
fn statuses_without_a_body_end_with_the_head() {
    let server = Server::start().unwrap();
    with_client(&server, async |requests| {
        for (method, path, status) in
            [("GET", "/faults/204", 204), ("HEAD", "/text", 404), ("OPTIONS", "/text", 204), ("DELETE", "/text", 404)]
        {
            let mut requests = requests.clone().ready().await.unwrap();
            let (response, _) = requests.send_request(request(method, path), true).unwrap();
            let response = response.await.unwrap();
            assert_eq!(response.status(), status, "{method}");
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            let (frames, end) = frames(response.into_body()).await;
            assert_eq!(frames.is_empty(), method != "DELETE", "{method}");
            end.unwrap();
        }
    });
}

#[test]
fn a_status_that_http_does_not_have_is_an_error_of_the_server() {
    let server = Server::start().unwrap();
    server.serve("/it", Script::status(7));
    with_client(&server, async |requests| assert_eq!(ask(&requests, "/it").await.status(), 500));
}

#[test]
fn a_server_stops_whatever_its_streams_wait_for() {
    let hour = Duration::from_secs(3600);
    for script in [
        Script::stream("one").wait(&Gate::new()),
        Script::stream("one").hold(),
        Script::stream("one").pause(hour),
        Script::stream("one").framed(Framing::ContentLength).repeat("", hour),
    ] {
        let printed = format!("{script:?}");
        let server = Server::start().unwrap();
        server.serve("/it", script);
        let address = server.address();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = TcpStream::connect(address).await.unwrap();
            let (requests, connection) = h2::client::handshake(socket).await.unwrap();
            tokio::spawn(connection);
            let mut body = ask(&requests, "/it").await.into_body();
            assert_eq!(body.data().await.unwrap().unwrap(), "one");
            let dropped = tokio::task::spawn_blocking(|| drop(server));
            tokio::time::timeout(Duration::from_secs(60), dropped).await.expect("the server stops").unwrap();
            let (rest, ended) = frames(body).await;
            assert!(rest.is_empty() && ended.is_err(), "{printed}");
        });
    }
}
