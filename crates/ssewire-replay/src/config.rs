//! A server of recordings, as the commands start it.

use core::net::Ipv4Addr;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use crate::fault::Fault;
use crate::recording;
use crate::samples::{TEXT, sample};
use crate::script::Script;
use crate::server::Server;

/// The longest recording that [`Config::file`] reads, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// The streams that [`serve`] serves, and how. By default, the sample `text`.
#[derive(Debug, Clone)]
pub struct Config {
    port: u16,
    streams: Vec<(String, Vec<u8>)>,
    speed: f64,
    delay: Duration,
    chunk_size: Option<NonZeroUsize>,
    faults: Vec<Fault>,
}

impl Config {
    /// Creates a configuration with the defaults: any free port of the loopback interface, the recorded pace, no fault.
    #[must_use]
    pub fn new() -> Self {
        Self { port: 0, streams: Vec::new(), speed: 1.0, delay: Duration::ZERO, chunk_size: None, faults: Vec::new() }
    }

    /// Listens on this port; 0 is any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds a recording. It is served at `/NAME`, the first one at every other path, too. A body that starts with `{`
    /// is sent as JSON. A response head in front of the body is not sent. At `/NAME`, a later recording of the same
    /// name replaces an earlier one.
    #[must_use]
    pub fn stream(mut self, name: impl Into<String>, recording: impl Into<Vec<u8>>) -> Self {
        self.streams.push((name.into(), recording.into()));
        self
    }

    /// Adds a recording from a file, named after its file stem. If the file does not exist, adds the sample of this
    /// name.
    ///
    /// # Errors
    /// Neither the file nor the sample exists, the file cannot be read, or another recording has the same name. Or the
    /// file is larger than 16 MiB: the server keeps its recordings in memory.
    pub fn file(self, path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let recording = match read(path) {
            // A sample never replaces a file that exists but cannot be read.
            Err(error) if error.kind() == ErrorKind::NotFound => path.to_str().and_then(sample).ok_or(error)?.to_vec(),
            bytes => bytes?,
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if self.streams.iter().any(|(known, _)| *known == name) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "another recording has the same name"));
        }
        Ok(self.stream(name, recording))
    }

    /// Plays recordings at this multiple of their pace, as [`Script::speed`]. A [`delay`](Self::delay) and
    /// [`Fault::Slow`] replace that pace.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Pauses for `delay` between two chunks, instead of the recorded pace. [`Fault::Slow`] has a delay of its own.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends chunks of at most this size. [`Fault::Slow`], [`Fault::Split`] and [`Fault::OddChunks`] have sizes of
    /// their own.
    #[must_use]
    pub fn chunk_size(mut self, size: NonZeroUsize) -> Self {
        self.chunk_size = Some(size);
        self
    }

    /// Applies a fault to every recording, after those that were set before. The line ends of [`Fault::CrLf`] and
    /// [`Fault::Cr`] come last, so that they apply to the events that other faults insert, too.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    fn script(&self, recording: &[u8]) -> Script {
        let body = recording::without_response_heads(recording);
        let mut script = if body.trim_ascii_start().starts_with(b"{") {
            Script::status(200).header("content-type", "application/json").send(body)
        } else {
            Script::recording(recording)
        };
        // Last, so that they apply to the events that others insert.
        let is_line_end = |fault: &&Fault| matches!(fault, Fault::CrLf | Fault::Cr);
        let others = self.faults.iter().filter(|fault| !is_line_end(fault));
        for fault in others.chain(self.faults.iter().filter(is_line_end)) {
            script = fault.apply(script);
        }
        // After the faults: one that sets them prevails, and one that replaces the whole response has none.
        self.with_pace(script)
    }

    /// Sets speed, delay and chunk size where the script has none.
    fn with_pace(&self, script: Script) -> Script {
        let script = script.speed(self.speed).delayed_by_default(self.delay);
        match self.chunk_size {
            Some(size) if script.sizes.is_empty() => script.chunked_by(size.get()),
            _ => script,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts a server of recordings. It stops when it is dropped.
///
/// ```
/// use ssewire_replay::{Config, Fault, serve};
///
/// let recording = ": ssewire +0ms\ndata: a\n\n: ssewire +800ms\ndata: b\n\n";
/// let server = serve(&Config::new().stream("answer", recording).speed(4.0).fault(Fault::Pings))?;
/// println!("export ANTHROPIC_BASE_URL={}", server.base_url());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The port is in use, or there is no thread.
pub fn serve(config: &Config) -> io::Result<Server> {
    let server = Server::start_on((Ipv4Addr::LOCALHOST, config.port))?;
    let first = config.streams.first().map_or(TEXT, |(_, recording)| recording);
    server.serve("/v1/messages", config.script(first));
    server.serve("*", config.script(first));
    for (name, recording) in &config.streams {
        server.serve(&format!("/{name}"), config.script(recording));
    }
    Ok(server)
}

/// Reads a recording of at most 16 MiB.
///
/// # Errors
/// An error of the file, or a file that is too large: a device has no end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "file is larger than the limit of 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also for a fault that replaces the whole response.
    #[test]
    fn only_the_faults_that_the_docs_name_replace_delay_and_chunk_size() {
        let millis = Duration::from_millis;
        let config = Config::new().delay(millis(3)).chunk_size(NonZeroUsize::new(5).unwrap());
        for fault in Fault::ALL {
            let (delay, sizes) = match fault {
                Fault::Slow => (millis(20), &[64][..]),
                Fault::Split => (millis(3), &[1][..]),
                Fault::OddChunks => (millis(3), &[1, 7, 64, 3, 1400][..]),
                _ => (millis(3), &[5][..]),
            };
            let script = config.clone().fault(*fault).script(TEXT);
            assert_eq!((script.delay, &script.sizes[..]), (delay, sizes), "{fault}");
        }
    }
}
