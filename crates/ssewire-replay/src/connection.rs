//! One connection: each request is answered before the next is read, or HTTP/2 decides.

use alloc::sync::Arc;
use std::io;
use std::net::TcpStream;

use crate::http1::{self, After};
use crate::incoming::{Incoming, NoRequest};
use crate::script::Script;
use crate::server::Shared;

/// How a connection is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    InOrder,
    Reset,
}

/// Serves until either side ends the connection.
///
/// # Errors
/// The client has left, or the server stops.
pub(crate) fn serve(stream: &TcpStream, shared: &Arc<Shared>) -> io::Result<Close> {
    // Each piece leaves when it is written.
    stream.set_nodelay(true)?;
    let mut incoming = Incoming::new(stream);
    #[cfg(feature = "http2")]
    match incoming.starts_http2() {
        Ok(true) => return crate::http2::serve(stream, incoming.into_unused(), shared),
        Ok(false) => {}
        Err(_) => return Ok(Close::InOrder),
    }
    loop {
        let request = match incoming.next_request() {
            Ok(request) => request,
            Err(NoRequest::Gone) => return Ok(Close::InOrder),
            Err(NoRequest::Refused { status, kind, message }) => {
                http1::refuse(stream, &Script::error(status, kind, message), &shared.stop)?;
                return Ok(Close::InOrder);
            }
        };
        // Before the response starts: whoever has seen any of it finds the request in the log.
        shared.record(request.clone());
        let script = shared.table.respond(&request);
        match http1::send(stream, &request, &script, &shared.stop)? {
            After::KeepAlive => {}
            After::Close => {
                http1::close(stream)?;
                return Ok(Close::InOrder);
            }
            After::Reset => return Ok(Close::Reset),
        }
    }
}
