//! Reading: what has come is handed on, and nothing waits for more.
//!
//! A thread of its own reads, so that the run can be told of Ctrl-C while no bytes come.

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use crate::exit::Exit;

/// The input, in chunks.
pub(crate) struct Input {
    arrivals: Receiver<Arrival>,
    /// For a word from outside: see [`stop_on_interrupt`](Self::stop_on_interrupt).
    sender: SyncSender<Arrival>,
    interrupted: Arc<AtomicBool>,
    /// What to call it.
    name: String,
    is_live: bool,
    chunk_size: Option<NonZeroUsize>,
    /// What was read last, and how much of it was handed on.
    bytes: Vec<u8>,
    handed_on: usize,
    at: Duration,
}

/// What comes next.
pub(crate) enum Next<'a> {
    Chunk(Chunk<'a>),
    /// The input has ended.
    End,
    /// Ctrl-C was pressed.
    Interrupted,
    /// It cannot be read; the sentence says why.
    Failed(String),
}

/// Some bytes.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// Never empty.
    pub(crate) bytes: &'a [u8],
    /// When they were read, counted from the beginning of the run.
    pub(crate) at: Duration,
}

enum Arrival {
    Bytes(Vec<u8>, Duration),
    End(io::Result<()>),
    /// There is something else to be looked at.
    Wake,
}

impl Input {
    /// How much is read at once.
    const READ: usize = 64 * 1024;
    /// The largest chunk, whatever was asked for.
    const LARGEST: usize = 16 * 1024 * 1024;
    /// How many reads may be ahead of the run.
    const AHEAD: usize = 2;

    /// Any source. It is live if its bytes come when they are made: then it tells something when they came.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    pub(crate) fn new(
        source: impl Read + Send + 'static,
        name: &str,
        is_live: bool,
        chunk_size: Option<NonZeroUsize>,
    ) -> Result<Self, String> {
        // A multiple of the chunk size: a file then is cut at its multiples and nowhere else.
        let size = match chunk_size {
            Some(size) if size.get() >= Self::READ => size.get().min(Self::LARGEST),
            Some(size) => Self::READ.saturating_sub(Self::READ.checked_rem(size.get()).unwrap_or(0)),
            None => Self::READ,
        };
        let (sender, arrivals) = sync_channel(Self::AHEAD);
        let (begun, to_run) = (Instant::now(), sender.clone());
        thread::Builder::new()
            .spawn(move || hand_on(source, vec![0; size], begun, &to_run))
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        Ok(Self {
            arrivals,
            sender,
            interrupted: Arc::default(),
            name: name.into(),
            is_live,
            chunk_size,
            bytes: Vec::new(),
            handed_on: 0,
            at: Duration::ZERO,
        })
    }

    /// A file; standard input if there is none.
    ///
    /// # Errors
    /// A sentence that says why it cannot be opened.
    pub(crate) fn open(file: Option<&Path>, chunk_size: Option<NonZeroUsize>) -> Result<Self, String> {
        let Some(path) = file else {
            return Self::new(io::stdin(), "standard input", !is_regular(stdin_as_file()), chunk_size);
        };
        match File::open(path) {
            Ok(file) => {
                let is_live = !is_regular(file.try_clone());
                Self::new(file, &path.to_string_lossy(), is_live, chunk_size)
            }
            Err(error) => Err(format!("cannot open {}: {error}", path.display())),
        }
    }

    /// From now on Ctrl-C ends the input and not the run, so that what came can be summed up. Who presses it twice
    /// does not want to wait for that.
    pub(crate) fn stop_on_interrupt(&self) {
        let (interrupted, sender) = (Arc::clone(&self.interrupted), self.sender.clone());
        // It fails where the signal is ignored, as under `nohup`: then that is how it is to be.
        let _ = ctrlc::try_set_handler(move || {
            if interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted.code().into());
            }
            // If there is no room, the run is not waiting.
            let _ = sender.try_send(Arrival::Wake);
        });
    }

    /// Whether the bytes come when they are made: from a pipe, a terminal, a socket, and not from a file on disk.
    pub(crate) fn is_live(&self) -> bool {
        self.is_live
    }

    /// Waits for bytes, but never for a certain number of them.
    pub(crate) fn next(&mut self) -> Next<'_> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Next::Interrupted;
        }
        while self.handed_on == self.bytes.len() {
            let arrival = self.arrivals.recv();
            if self.interrupted.load(Ordering::Relaxed) {
                return Next::Interrupted;
            }
            match arrival {
                Ok(Arrival::Bytes(bytes, at)) => (self.bytes, self.handed_on, self.at) = (bytes, 0, at),
                Ok(Arrival::End(Err(error))) => return Next::Failed(format!("cannot read {}: {error}", self.name)),
                Ok(Arrival::End(Ok(()))) | Err(_) => return Next::End,
                Ok(Arrival::Wake) => {}
            }
        }
        let rest = self.bytes.get(self.handed_on..).unwrap_or_default();
        let bytes = self.chunk_size.and_then(|size| rest.get(..size.get())).unwrap_or(rest);
        self.handed_on = self.handed_on.saturating_add(bytes.len());
        Next::Chunk(Chunk { bytes, at: self.at })
    }
}

/// Reads to the end, or until nobody wants to know any more.
fn hand_on(mut source: impl Read, mut buffer: Vec<u8>, begun: Instant, to_run: &SyncSender<Arrival>) {
    loop {
        let arrival = match source.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Arrival::End(Err(error)),
            Ok(0) => Arrival::End(Ok(())),
            Ok(read) => Arrival::Bytes(buffer.get(..read).unwrap_or_default().to_vec(), begun.elapsed()),
        };
        let ends = matches!(arrival, Arrival::End(_));
        if to_run.send(arrival).is_err() || ends {
            return;
        }
    }
}

fn is_regular(file: io::Result<File>) -> bool {
    file.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(unix)]
fn stdin_as_file() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn stdin_as_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

#[cfg(not(any(unix, windows)))]
fn stdin_as_file() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(source: impl Read + Send + 'static, size: Option<usize>) -> Vec<usize> {
        let mut input = Input::new(source, "", false, size.and_then(NonZeroUsize::new)).unwrap();
        core::iter::from_fn(|| match input.next() {
            Next::Chunk(chunk) => Some(chunk.bytes.len()),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn chunks_have_the_size_that_was_asked_for() {
        let source = || io::Cursor::new(vec![b'x'; 150_000]);
        assert_eq!(chunks(source(), None), [65_536, 65_536, 18_928]);
        assert_eq!(chunks(source(), Some(20_000)), [20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 10_000]);
        assert_eq!(chunks(source(), Some(100_000)), [100_000, 50_000]);
        assert_eq!(chunks(source(), Some(usize::MAX)), [150_000]);
        assert_eq!(chunks(source(), Some(1)), vec![1; 150_000]);
    }

    #[test]
    fn what_has_come_does_not_wait() {
        let source = (&b"abc"[..]).chain(&b"defgh"[..]);
        assert_eq!(chunks(source, Some(4)), [3, 4, 1]);
    }

    #[test]
    fn an_interrupt_ends_it_before_what_was_read() {
        let mut input = Input::new(&b"abc"[..], "", false, NonZeroUsize::new(1)).unwrap();
        assert!(matches!(input.next(), Next::Chunk(_)));
        input.interrupted.store(true, Ordering::Relaxed);
        assert!(matches!(input.next(), Next::Interrupted));
    }

    #[test]
    fn a_file_on_disk_is_not_live() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(!Input::open(Some(&manifest), None).unwrap().is_live());
    }
}
