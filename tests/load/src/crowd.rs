//! Thousands of simultaneous streams, each on a separate connection, with the asynchronous adapter.
//!
//! Every connection has a different message. The server sends the rest of each only after all connections have returned
//! the start of their text. At this moment all of them are open, and none has ended.

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

/// Number of different text lengths.
const LENGTHS: usize = 97;

/// Path of a message on the server.
fn path(number: usize) -> String {
    format!("/crowd/{number}")
}

/// Serves the message of every connection, in pieces that split events. The rest of each waits for the gate.
pub fn serve(server: &Server, connections: usize, gate: &Gate) {
    for number in 0..connections {
        let made = made(number);
        let (begin, rest) = made.stream.split_at(made.begin);
        server.serve(&path(number), Script::stream(begin).wait(gate).send(rest).chunk_sizes([61, 1400, 7]));
    }
}

/// The result of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Number of connections that were open at once and received their complete message.
    pub connections: usize,
    /// Bytes of text received, equal to the sent text.
    pub text: usize,
    /// Heap bytes of the client while all connections were open and waited.
    pub held_open: usize,
    /// Peak heap bytes of the client.
    pub peak: usize,
    /// Resident memory of the process while all connections were open, in bytes.
    pub resident_open: Option<usize>,
}

/// Limit on simultaneous connection attempts: the queue of a listener is finite.
const CONNECTING: usize = 256;

/// Without it, hyper buffers up to 400 KiB for each connection whose server sends faster than the client reads.
const READ_AT_ONCE: usize = 16 * 1024;

/// Opens the given number of connections to [`serve`], all on the current thread. Calls `open` when each has returned
/// the start of its text.
///
/// # Errors
/// A connection failed, or a text was not received completely.
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

/// Returns the peak heap bytes of adapter, decoder and message, without HTTP client and task. The mean of all text
/// lengths.
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
    /// Number of connections that have returned the start of their text.
    begun: AtomicUsize,
    all_begun: Notify,
}

/// Runs one connection from its start to its end. Returns the number of bytes of its text.
async fn follow(number: usize, shared: Arc<Shared>) -> Result<usize, Failure> {
    let permit = shared.connecting.acquire().await?;
    let stream = TcpStream::connect(shared.server).await?;
    let mut client = http1::Builder::new();
    client.max_buf_size(READ_AT_ONCE);
    let (mut requests, connection) = client.handshake(TokioIo::new(stream)).await?;
    // The task ends when the body ends.
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
