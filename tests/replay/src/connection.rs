//! One connection: request after request, each answered before the next is read.

use std::io;
use std::net::TcpStream;

use crate::reply::{self, After};
use crate::request::{Incoming, NoRequest};
use crate::script::Script;
use crate::server::Shared;

/// Serves until either side is done with the connection.
///
/// # Errors
/// The client is gone, or the server stops. There is nobody to tell.
pub(crate) fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    // Each piece is to leave when it is written.
    stream.set_nodelay(true)?;
    let mut incoming = Incoming::new(stream);
    loop {
        let request = match incoming.next_request() {
            Ok(request) => request,
            Err(NoRequest::Gone) => return Ok(()),
            Err(NoRequest::Refused { status, kind, message }) => {
                return reply::refuse(stream, &Script::error(status, kind, message), &shared.stop);
            }
        };
        // Before the answer begins: who has seen any of it, finds the request.
        shared.record(request.clone());
        let after = if request.method == "OPTIONS" {
            reply::preflight(stream, &request)?
        } else {
            let script = shared.table.ask(&request.method, &request.path);
            reply::send(stream, &request, &script, &shared.stop)?
        };
        if after == After::Close {
            return Ok(());
        }
    }
}
