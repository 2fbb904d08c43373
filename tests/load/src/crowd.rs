//! Thousands of streams at the same time, each on a connection of its own, through the asynchronous adapter.
//!
//! Every connection gets another message. The server holds the rest of each back until all connections have shown the
//! beginning of their text: then all of them are open, and none has ended.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::executor::block_on;
use futures::stream;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ssewire_io::{BodyChunks, ByteStreamExt as _};
use ssewire_replay::{Gate, Script, Server};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::made::Made;
use crate::resident;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The message of this connection.
#[must_use]
pub fn made(number: usize) -> Made {
    Made::new(number as u64, 50 + number % LENGTHS * 10)
}

/// So many lengths of text there are.
const LENGTHS: usize = 97;

/// Where it is served.
fn path(number: usize) -> String {
    format!("/crowd/{number}")
}

/// Has a server serve the message of every connection, in pieces that cut events, the rest of each behind the gate.
pub fn serve(server: &Server, connections: usize, gate: &Gate) {
    for number in 0..connections {
        let made = made(number);
        let (begin, rest) = made.stream.split_at(made.begin);
        server.serve(&path(number), Script::stream(begin).wait(gate).send(rest).chunk_sizes([61, 1400, 7]));
    }
}

/// What became of a crowd.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// All of them open at once, and each with all of its message.
    pub connections: usize,
    /// Bytes of text that came, the same as were sent.
    pub text: usize,
    /// What the client held while all were open and waited.
    pub held_open: usize,
    /// The most that it ever held.
    pub peak: usize,
    /// The resident memory of the process while all were open.
    pub resident_open: Option<usize>,
}

/// How many may be connecting at once: a listener's queue is finite.
const CONNECTING: usize = 256;

/// hyper would take up to 400 KiB for each connection that sends faster than it is read.
const READ_AT_ONCE: usize = 16 * 1024;

/// Opens so many connections to [`serve`], all from the thread at hand, and calls `open` when each has shown the
/// beginning of its text.
///
/// # Errors
/// A connection failed, or lost something.
pub async fn run(server: SocketAddr, connections: usize, open: impl FnOnce()) -> Result<Report, Failure> {
    let shared = Arc::new(Shared {
        server,
        connections,
        connecting: Semaphore::new(CONNECTING),
        begun: AtomicUsize::new(0),
        all_begun: Notify::new(),
    });
    let before = ssewire_heap::held();
    ssewire_heap::begin();
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        tasks.spawn(follow(number, shared.clone()));
    }
    let mut report = Report::default();
    let mut open = Some(open);
    loop {
        tokio::select! {
            () = shared.all_begun.notified(), if open.is_some() => {
                report.held_open = ssewire_heap::held() - before;
                report.resident_open = resident::bytes();
                open.take().into_iter().for_each(|open| open());
            }
            ended = tasks.join_next() => match ended {
                Some(text) => {
                    report.text += text??;
                    report.connections += 1;
                }
                None => break,
            },
        }
    }
    report.peak = ssewire_heap::peak() - before;
    Ok(report)
}

/// What a message of the crowd takes at the most without HTTP client and task: adapter, decoder and the message itself. The mean of all lengths.
#[must_use]
pub fn peak_of_a_message() -> usize {
    let peaks = (0..LENGTHS).map(|number| {
        let made = made(number);
        let chunks = stream::iter(made.stream.chunks(1400).map(Ok::<_, Infallible>));
        let (message, peak) = ssewire_heap::peak_of(|| block_on(chunks.message().finish()));
        assert!(message.is_ok_and(|message| made.is(&message)));
        peak
    });
    peaks.sum::<usize>() / LENGTHS
}

struct Shared {
    server: SocketAddr,
    connections: usize,
    connecting: Semaphore,
    /// How many have shown the beginning of their text.
    begun: AtomicUsize,
    all_begun: Notify,
}

/// One connection from its opening to its end. Returns the bytes of its text.
async fn follow(number: usize, shared: Arc<Shared>) -> Result<usize, Failure> {
    let permit = shared.connecting.acquire().await?;
    let stream = TcpStream::connect(shared.server).await?;
    let mut client = http1::Builder::new();
    client.max_buf_size(READ_AT_ONCE);
    let (mut requests, connection) = client.handshake(TokioIo::new(stream)).await?;
    // It ends when the body does.
    tokio::spawn(connection);
    let request = hyper::Request::post(path(number)).header("host", "localhost").body(Empty::<Bytes>::new())?;
    let response = requests.send_request(request).await?;
    drop(permit);
    if !response.status().is_success() {
        return Err(format!("connection {number}: status {}", response.status()).into());
    }

    let mut stream = BodyChunks::new(response.into_body()).message();
    let mut received = String::new();
    while let Some(text) = stream.next_text().await? {
        if received.is_empty() && shared.begun.fetch_add(1, Relaxed) + 1 == shared.connections {
            shared.all_begun.notify_one();
        }
        received.push_str(&text);
    }
    let message = stream.finish().await?;
    let made = made(number);
    if received != made.text || !made.is(&message) {
        return Err(format!("connection {number} received another message than was sent").into());
    }
    Ok(received.len())
}
