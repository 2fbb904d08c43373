//! Streams that are truncated at any byte: the partial message is correct.

mod partial;

use std::future::Future;
use std::net::SocketAddr;

use partial::Partial;
use ssewire_io::{ByteStreamExt as _, IncompleteMessage, MessageStream};
use ssewire_messages::{Incomplete, Message, MessageDecoder, Step};
use ssewire_replay::{Framing, Script, Server};
use ssewire_tests::samples;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::io::ReaderStream;

#[test]
fn message_decoder_returns_the_partial_message_of_every_sample_at_every_cut() {
    for sample in samples::all() {
        for cut in 0..=sample.stream.len() {
            let received = &sample.stream[..cut];
            let mut driver = MessageDecoder::new();
            let mut text = String::new();
            for mut chunk in received.chunks(97) {
                while let Step::Update(item) = driver.decode(&mut chunk).unwrap() {
                    text.extend(item.update.text_deltas());
                }
            }
            while let Some(item) = driver.decode_end().unwrap() {
                text.extend(item.update.text_deltas());
            }
            let what = format!("{} cut at {cut}", sample.name);
            Partial::of(received).check(&text, driver.finish(), &what);
        }
    }
}

/// HTTP does not detect the truncation of such a response; only the stream itself shows it.
#[test]
fn message_stream_returns_the_partial_message_at_cuts_of_a_response_until_close() {
    connections("tool_use", Framing::UntilClose, |server, path| async move {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        drive(ReaderStream::new(stream).message()).await
    });
}

/// The HTTP client returns an error after the bytes that it has received.
#[test]
fn message_stream_returns_the_partial_message_at_cuts_of_a_chunked_response() {
    let client = reqwest::Client::new();
    connections("text", Framing::Chunked, |server, path| {
        let request = client.get(format!("http://{server}{path}"));
        async { drive(Box::pin(request.send().await.unwrap().bytes_stream()).message()).await }
    });
}

/// The length of an HTTP chunk: chunks do not end where events end.
const CHUNK: usize = 113;

/// Sends one request for each truncation of a sample near its ends, at the end of an HTTP chunk or of an event, and for
/// every seventh between: every other byte is cut without a connection, above.
fn connections<F: Future<Output = (String, Result<Message, Incomplete>)>>(
    name: &str,
    framing: Framing,
    client: impl Fn(SocketAddr, String) -> F,
) {
    let sample = samples::named(name);
    let server = Server::start().unwrap();
    let address = server.base_url().trim_start_matches("http://").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let length = sample.stream.len();
    let is_near_an_end = |cut: usize| cut < 64 || length - cut < 64;
    let is_end_of_a_part = |cut: usize| cut % CHUNK == 0 || sample.stream[..cut].ends_with(b"\n\n");
    for cut in (0..=length).filter(|&cut| cut % 7 == 0 || is_near_an_end(cut) || is_end_of_a_part(cut)) {
        let path = format!("/cut/{cut}");
        let script = Script::stream(&sample.stream[..]).framed(framing).chunked_by(CHUNK);
        server.serve(&path, script.cut_after(cut));
        let (text, result) = runtime.block_on(client(address, path));
        let what = format!("{name} cut at {cut}");
        Partial::of(&sample.stream[..cut]).check(&text, result, &what);
    }
}

/// Reads a stream to its end, and returns the text deltas and the message.
async fn drive<S, E>(mut stream: MessageStream<S>) -> (String, Result<Message, Incomplete>)
where
    S: futures::Stream<Item = Result<bytes::Bytes, E>> + Unpin,
{
    let mut text = String::new();
    // An error ends the loop; `finish` returns it.
    while let Ok(Some(piece)) = stream.next_text().await {
        text.push_str(&piece);
    }
    (text, stream.finish().await.map_err(IncompleteMessage::into_report))
}
