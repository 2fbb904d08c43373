//! The server of the connections, in a separate process: each side needs a descriptor for every connection.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The process of the server. Dropping it ends the process.
#[derive(Debug)]
pub struct Serving {
    process: Child,
    address: SocketAddr,
}

impl Serving {
    /// Starts `program`, which is `ssewire-load`, as the server of the given number of connections.
    ///
    /// # Errors
    /// The process does not start, or does not serve.
    pub fn start(program: &Path, connections: usize) -> io::Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", &connections.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, address })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the server send the rest of every message.
    ///
    /// # Panics
    /// The server has ended.
    pub fn open_gate(&mut self) {
        if let Some(stdin) = &mut self.process.stdin {
            stdin.write_all(b"open\n").expect("the server is running");
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // This closes its standard input, and it ends.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
