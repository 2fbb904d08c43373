//! The server: a thread that accepts, and a thread for each connection.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use socket2::{Domain, Socket, Type};

use crate::connection;
use crate::lock;
use crate::request::Request;
use crate::script::Script;
use crate::stop::Stop;
use crate::table::Table;

/// Answers on a port of this machine until it is dropped. Dropping it ends every answer that is under way, opens no
/// gate but waits at none, and returns when its threads are gone.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// On a free port of the loopback.
    ///
    /// # Errors
    /// There is no port, or no thread.
    pub fn start() -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0))
    }

    /// On this address; port 0 is any free one.
    ///
    /// # Errors
    /// The port is taken, or there is no thread.
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

    /// `http://127.0.0.1:PORT`; a path goes behind it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What GET and POST on `path` are answered with, from the next request on.
    pub fn serve(&self, path: &str, script: Script) {
        self.serve_in_turn(path, [script]);
    }

    /// As [`serve`](Self::serve), another script each time; the last stays. None: nothing is there any more.
    pub fn serve_in_turn(&self, path: &str, scripts: impl IntoIterator<Item = Script>) {
        let scripts: Vec<_> = scripts.into_iter().collect();
        self.shared.stop.remember(scripts.iter().flat_map(Script::gates));
        self.shared.table.set(path, scripts);
    }

    /// What came so far, whatever it was answered with: the newest 16384, oldest first. A request is here before its
    /// answer begins.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).iter().cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.stop();
        // Before the acceptor: the descriptors that this frees may be needed to wake it.
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
        // It cannot be reached. Rather leave it behind than hang.
    }
}

/// What the threads of a server have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) table: Table,
    pub(crate) stop: Stop,
    requests: Mutex<VecDeque<Request>>,
    /// `None`: the server stops.
    connections: Mutex<Option<Connections>>,
}

#[derive(Debug, Default)]
struct Connections {
    live: HashMap<u64, Live>,
    next: u64,
}

#[derive(Debug)]
struct Live {
    /// Shared with the thread, not duplicated: thousands of connections need a descriptor each.
    stream: Arc<TcpStream>,
    thread: JoinHandle<()>,
}

/// A server that somebody leaves running must not grow for ever.
const MOST_REQUESTS: usize = 16_384;

/// Connections that wait to be accepted. Those that find no place try again after a second, and then later and later.
const QUEUE: i32 = 4096;

/// Enough for a connection's thread, and little enough for thousands.
const STACK_BYTES: usize = 64 * 1024;

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
        let mut requests = lock(&self.requests);
        if requests.len() == MOST_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    /// Serves a connection on a thread of its own.
    ///
    /// # Errors
    /// There is no thread. The connection is closed then.
    fn open(self: &Arc<Self>, stream: TcpStream) -> io::Result<()> {
        let stream = Arc::new(stream);
        // Held over the spawn: the thread must find itself in the map when it leaves.
        let mut connections = lock(&self.connections);
        let Some(connections) = &mut *connections else { return Ok(()) };
        let id = connections.next;
        connections.next += 1;
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn({
            let (shared, stream) = (self.clone(), stream.clone());
            move || {
                let _leave = Leave { shared: &shared, id };
                let _ = connection::serve(&stream, &shared);
                // Now, not when the last that knows the stream forgets it.
                let _ = stream.shutdown(Shutdown::Write);
            }
        })?;
        connections.live.insert(id, Live { stream, thread });
        Ok(())
    }

    /// Shuts every connection down, and lets no other begin.
    fn close(&self) -> HashMap<u64, Live> {
        let live = lock(&self.connections).take().unwrap_or_default().live;
        for connection in live.values() {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
        live
    }
}

/// Forgets a connection when its thread ends, even if it panics.
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

/// On the first of these addresses that is free.
fn listen(addresses: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.to_socket_addrs()? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// As `TcpListener::bind` does, but for the queue.
fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows it would share the port with whoever has it.
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
            // No descriptors or no threads: some may come free.
            shared.stop.pause(Duration::from_millis(10));
        }
    }
}

/// Makes `accept` return, to look whether the server stops.
fn wake(address: SocketAddr) -> bool {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    TcpStream::connect_timeout(&SocketAddr::new(ip, address.port()), Duration::from_millis(200)).is_ok()
}
