//! The server: a thread that accepts, and a thread for each connection.

use alloc::sync::Arc;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use socket2::{Domain, SockRef, Socket, Type};

use crate::connection::{self, Close};
use crate::lock;
use crate::request::Request;
use crate::request_log::RequestLog;
use crate::script::Script;
use crate::stop::Stop;
use crate::table::Table;

/// Serves on a port of this machine until it is dropped.
///
/// Dropping it ends every response in progress, without opening a gate or waiting at one, and returns when its threads
/// have ended. It needs no runtime, so it may be used in any test, asynchronous or not.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is no free port, or no thread.
    pub fn start() -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0))
    }

    /// Starts on the first of these addresses that is free; port 0 is any free one.
    ///
    /// # Errors
    /// The port is in use, or there is no thread.
    pub fn start_on(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new());
        let acceptor = thread::Builder::new().name("replay".to_owned()).spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        })?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://127.0.0.1:PORT`, to which a path is appended.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Responds to GET and POST on `path` with `script`, from the next request on. A path with a query matches only
    /// requests with the same query; a path without one matches them with any query. The path `*` matches every path
    /// without responses of its own.
    pub fn serve(&self, path: &str, script: Script) {
        self.serve_in_turn(path, [script]);
    }

    /// As [`serve`](Self::serve), with the next script at each request; the last one stays. Without scripts, the path
    /// responds with 404.
    pub fn serve_in_turn(&self, path: &str, scripts: impl IntoIterator<Item = Script>) {
        let scripts: Vec<_> = scripts.into_iter().collect();
        self.shared.stop.remember(scripts.iter().flat_map(Script::gates));
        self.shared.table.set(path, scripts);
    }

    /// Responds to any method but OPTIONS on `path` with what `respond` returns for the request. OPTIONS gets the
    /// response to a CORS preflight. The thread that calls `respond` has a stack of 256 KiB.
    ///
    /// A request whose body is larger than 64 MiB does not reach `respond`: HTTP/1 responds with 413, HTTP/2 resets the
    /// stream.
    ///
    /// ```
    /// use ssewire_replay::{Script, Server};
    ///
    /// let server = Server::start()?;
    /// server.serve_with("/events", |request| match request.last_event_id() {
    ///     None => Script::stream("id: 1\ndata: a\n\n").cut(),
    ///     Some(_) => Script::status(204),
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn serve_with(&self, path: &str, respond: impl Fn(&Request) -> Script + Send + Sync + 'static) {
        let stop = Arc::downgrade(&self.shared);
        let respond = move |request: &Request| {
            let script = respond(request);
            if let Some(shared) = stop.upgrade() {
                shared.stop.remember(script.gates());
            }
            script
        };
        self.shared.table.set_function(path, Arc::new(respond));
    }

    /// Returns the requests so far, whatever the response, oldest first: the newest 16,384 of them that together have
    /// at most 64 MiB of heads and bodies; the newest in any case. A request is here before its response starts.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).to_vec()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.stop();
        // Before the acceptor: waking it may need the descriptors that this frees.
        let live = self.shared.close();
        for connection in live.into_values() {
            let _ = connection.thread.join();
        }
        let Some(acceptor) = self.acceptor.take() else { return };
        for _ in 0..10 {
            if acceptor.is_finished() || wake(self.address) {
                let _ = acceptor.join();
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        // It cannot be reached. A thread that stays is better than a drop that hangs.
    }
}

/// The state that the threads of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) table: Table,
    pub(crate) stop: Stop,
    requests: Mutex<RequestLog>,
    /// `None` if the server stops.
    connections: Mutex<Option<Connections>>,
}

#[derive(Debug, Default)]
struct Connections {
    live: HashMap<u64, Live>,
    next: u64,
}

#[derive(Debug)]
struct Live {
    /// Shared with the thread, not duplicated: thousands of connections need one descriptor each.
    stream: Arc<TcpStream>,
    thread: JoinHandle<()>,
}

/// Connections that wait to be accepted. A client that finds no place tries again after a second, then after longer
/// times.
const QUEUE: i32 = 4096;

/// Enough for a function of [`Server::serve_with`] that parses JSON of the deepest nesting, and little enough for
/// thousands of connections. Most systems commit only the pages that are used.
const STACK_BYTES: usize = 256 * 1024;

impl Shared {
    fn new() -> Self {
        Self {
            table: Table::new(),
            stop: Stop::default(),
            requests: Mutex::default(),
            connections: Mutex::new(Some(Connections::default())),
        }
    }

    pub(crate) fn record(&self, request: Request) {
        lock(&self.requests).push(request);
    }

    /// Serves a connection on a thread of its own.
    ///
    /// # Errors
    /// There is no thread; the connection is closed.
    fn open(self: &Arc<Self>, stream: TcpStream) -> io::Result<()> {
        let stream = Arc::new(stream);
        // Held until the thread is in the map, where it must find itself when it ends.
        let mut connections = lock(&self.connections);
        let Some(connections) = &mut *connections else { return Ok(()) };
        let id = connections.next;
        connections.next += 1;
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn({
            let (shared, stream) = (self.clone(), stream.clone());
            move || {
                let _leave = Leave { shared: &shared, id };
                match connection::serve(&stream, &shared) {
                    // With this option, closing the descriptor resets the connection.
                    Ok(Close::Reset) => drop(SockRef::from(&*stream).set_linger(Some(Duration::ZERO))),
                    // Now, not when the last reference is dropped.
                    Ok(Close::InOrder) | Err(_) => drop(stream.shutdown(Shutdown::Write)),
                }
            }
        })?;
        connections.live.insert(id, Live { stream, thread });
        Ok(())
    }

    /// Shuts every connection down, and refuses new ones.
    fn close(&self) -> HashMap<u64, Live> {
        let live = lock(&self.connections).take().unwrap_or_default().live;
        for connection in live.values() {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
        live
    }
}

/// Removes a connection from the map when its thread ends, even if it panics.
struct Leave<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if let Some(connections) = &mut *lock(&self.shared.connections) {
            connections.live.remove(&self.id);
        }
    }
}

/// Listens on the first of these addresses that is free.
fn listen(addresses: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.to_socket_addrs()? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

/// Does what `TcpListener::bind` does, with a longer queue.
fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows, this option would share the port with another program.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(QUEUE)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let opened = listener.accept().and_then(|(stream, _)| shared.open(stream));
        if shared.stop.is_stopped() {
            return;
        }
        if opened.is_err() {
            // There are no descriptors or no threads left; some may become free.
            shared.stop.pause(Duration::from_millis(10));
        }
    }
}

/// Makes `accept` return, so that its thread checks whether the server stops.
fn wake(address: SocketAddr) -> bool {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    TcpStream::connect_timeout(&SocketAddr::new(ip, address.port()), Duration::from_millis(200)).is_ok()
}
