//! HTTP/2 without TLS, with prior knowledge. Each connection has a runtime on a thread of its own.

use alloc::sync::Arc;
use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{self, Cursor, IoSlice};
use std::net::TcpStream;
use std::thread;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncReadExt as _, AsyncWrite};
use tokio::net::tcp::WriteHalf;
use tokio::runtime;
use tokio::sync::mpsc;

use crate::connection::Close;
use crate::incoming::MAX_BODY_BYTES;
use crate::plan::{Action, Plan};
use crate::request::{Request, Version};
use crate::script::{Framing, Script};
use crate::server::Shared;

/// The stack of a connection's first thread may be too small for HTTP/2.
const STACK_BYTES: usize = 1024 * 1024;

/// As over HTTP/1.
const MAX_HEAD_BYTES: u32 = 64 * 1024;

/// Serves until either side ends the connection, of which `received` was read before.
///
/// # Errors
/// The client has left, the server stops, or there is no thread.
pub(crate) fn serve(stream: &TcpStream, received: Vec<u8>, shared: &Arc<Shared>) -> io::Result<Close> {
    let socket = stream.try_clone()?;
    socket.set_nonblocking(true)?;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let close = runtime.block_on(serve_connection(socket, received, shared));
            // Does not wait for responses at a gate.
            runtime.shutdown_background();
            close
        })?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("connection thread panicked")))
    })
}

async fn serve_connection(socket: TcpStream, received: Vec<u8>, shared: &Arc<Shared>) -> io::Result<Close> {
    let mut socket = tokio::net::TcpStream::from_std(socket)?;
    // Halves that own the socket would shut it down when they are dropped: FIN instead of the RST of a reset.
    let (read, write) = socket.split();
    let is_blocked = Arc::new(AtomicBool::new(false));
    let write = Writer { socket: write, is_blocked: is_blocked.clone() };
    let transport = tokio::io::join(Cursor::new(received).chain(read), write);
    let mut builder = h2::server::Builder::new();
    builder.max_header_list_size(MAX_HEAD_BYTES);
    let mut connection = builder.handshake(transport).await.map_err(io::Error::other)?;
    let (reset, mut resets) = mpsc::channel::<()>(1);
    let ending = Ending { is_blocked, reset };
    loop {
        let accepted = poll_fn(|context| {
            // First, because it also sends the queued data of the responses.
            if let Poll::Ready(accepted) = connection.poll_accept(context) {
                return Poll::Ready(Ok(accepted));
            }
            resets.poll_recv(context).map(|_| Err(Close::Reset))
        });
        match accepted.await {
            Err(close) => return Ok(close),
            Ok(None) => return Ok(Close::InOrder),
            Ok(Some(request)) => {
                let (request, response) = request.map_err(io::Error::other)?;
                let (shared, ending) = (shared.clone(), ending.clone());
                tokio::spawn(async move {
                    // An error means that the client has left, or has reset the stream.
                    let _ = respond(request, response, &shared, &ending).await;
                });
            }
        }
    }
}

async fn respond(
    request: http::Request<RecvStream>,
    mut response: SendResponse<Bytes>,
    shared: &Arc<Shared>,
    ending: &Ending,
) -> Result<(), h2::Error> {
    let request = read(request).await?;
    shared.record(request.clone());
    let script = shared.table.respond(&request);
    let has_body = request.method != "HEAD" && !matches!(script.status, 204 | 304);
    let stream = response.send_response(response_head(&script), !has_body)?;
    if has_body { send_body(stream, &script, shared, ending).await } else { Ok(()) }
}

async fn read(request: http::Request<RecvStream>) -> Result<Request, h2::Error> {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        if piece.len() > MAX_BODY_BYTES - body.len() {
            return Err(Reason::CANCEL.into());
        }
        body.extend(&piece);
    }
    let headers = head.headers.iter();
    Ok(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned()),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
        version: Version::Http2,
    })
}

fn response_head(script: &Script) -> http::Response<()> {
    let mut response = http::Response::builder().status(script.status);
    for (name, value) in &script.headers {
        response = response.header(name, value);
    }
    let has_length = script.framing(Version::Http2) == Framing::ContentLength && !matches!(script.status, 204 | 304);
    let length = has_length.then(|| ("content-length", script.announced_length().to_string()));
    for (name, value) in script.added_headers(length) {
        response = response.header(name, value);
    }
    let mut response = response.body(()).unwrap_or_else(|_| {
        // The script has a status or a header that HTTP does not allow.
        let mut response = http::Response::new(());
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    });
    // RFC 9113, section 8.2.2; h2 would send no response.
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        response.headers_mut().remove(name);
    }
    response
}

async fn send_body(
    mut stream: SendStream<Bytes>,
    script: &Script,
    shared: &Arc<Shared>,
    ending: &Ending,
) -> Result<(), h2::Error> {
    let mut plan = Plan::new(script);
    loop {
        match plan.next() {
            Action::Send { bytes, .. } => send_piece(&mut stream, bytes).await?,
            Action::Pause(duration) => tokio::time::sleep(duration).await,
            Action::Wait(gate) => {
                let (gate, shared) = (gate.clone(), shared.clone());
                // An error means that the runtime ends, and this task with it.
                let _ = tokio::task::spawn_blocking(move || gate.wait(&shared.stop)).await;
            }
            Action::Hold => {
                poll_fn(|context| stream.poll_reset(context)).await?;
                return Ok(());
            }
            Action::Cut if script.framing(Version::Http2) == Framing::UntilClose => {
                return stream.send_data(Bytes::new(), true);
            }
            Action::Cut => {
                ending.flush().await;
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Ok(());
            }
            Action::Reset => {
                ending.flush().await;
                // If it is full, the connection is being reset.
                let _ = ending.reset.try_send(());
                poll_fn(|context| stream.poll_reset(context)).await?;
                return Ok(());
            }
            Action::End => return stream.send_data(Bytes::new(), true),
        }
        // A response that a stopping server ends must not look complete.
        if shared.stop.is_stopped() {
            stream.send_reset(Reason::CANCEL);
            return Ok(());
        }
    }
}

/// Sends a piece as one DATA frame, or as several if the client's window or frame size is smaller. Copies as much as
/// the window has room for.
async fn send_piece(stream: &mut SendStream<Bytes>, mut piece: &[u8]) -> Result<(), h2::Error> {
    while !piece.is_empty() {
        stream.reserve_capacity(piece.len());
        while stream.capacity() == 0 {
            match poll_fn(|context| stream.poll_capacity(context)).await {
                Some(capacity) => capacity?,
                None => return Err(Reason::CANCEL.into()),
            };
        }
        let (sent, rest) = piece.split_at(stream.capacity().min(piece.len()));
        stream.send_data(Bytes::copy_from_slice(sent), false)?;
        piece = rest;
    }
    Ok(())
}

/// Ends a stream, or its connection, before its body has ended.
#[derive(Clone)]
struct Ending {
    /// See [`Writer`].
    is_blocked: Arc<AtomicBool>,
    /// Resets the connection.
    reset: mpsc::Sender<()>,
}

impl Ending {
    /// Lets the connection send queued data: a reset would discard it. The client's window permits it already, but the
    /// socket may be full, also with the data of other streams.
    async fn flush(&self) {
        let mut turns = 0;
        while turns < 16 {
            tokio::task::yield_now().await;
            turns += 1;
            if self.is_blocked.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
                turns = 0;
            }
        }
    }
}

/// The write half of a socket, and whether its last write is pending.
struct Writer<'s> {
    socket: WriteHalf<'s>,
    is_blocked: Arc<AtomicBool>,
}

impl AsyncWrite for Writer<'_> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }

    /// Without it, h2 would write the header of a DATA frame and its payload apart.
    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
