//! Reads the input in chunks, without waiting for more bytes than have arrived.
//!
//! A thread of its own reads, so that Ctrl-C and an idle timeout are noticed while no bytes arrive.

mod json_lines;

use alloc::sync::Arc;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use clap::ValueEnum;
use json_lines::Translator;
pub(crate) use json_lines::line_of;
use ssewire_replay::{RecordingDecoder, RecordingPart};

use crate::exit::Exit;
use crate::output::Output;
use crate::units::{count, in_words};

/// The input, in chunks.
pub(crate) struct Input {
    arrivals: Receiver<Arrival>,
    /// Wakes the receiver: see [`stop_on_interrupt`](Self::stop_on_interrupt).
    sender: SyncSender<Arrival>,
    interrupted: Arc<AtomicBool>,
    /// The name of the input in notes.
    name: String,
    options: Options,
    /// A read of it does not wait.
    is_file: bool,
    times: Times,
    has_ended: bool,
    /// The bytes read by the thread.
    read: Buffer,
    recording: RecordingDecoder,
    /// The bytes read, without time comments.
    part: Buffer,
    translator: Option<Translator>,
    /// The bytes of `part` as an event stream.
    stream: Buffer,
    /// A note about input after `stream`.
    note: Option<String>,
    at: Duration,
}

/// How the input is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// The most bytes in a chunk.
    pub(crate) chunk_size: Option<NonZeroUsize>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) format: Format,
    /// A longer JSON line is one event above the limit.
    pub(crate) max_line_bytes: usize,
    /// Time comments set the time, but stay in the stream.
    pub(crate) keeps_time_comments: bool,
    /// The bytes as they arrive: neither times nor JSON lines are looked for.
    pub(crate) is_raw: bool,
}

/// The format of the input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON lines if the first line has an event of the Messages API, or if one follows lines that are other JSON
    /// objects, within the first 4 MiB.
    #[default]
    Auto,
    Sse,
    Jsonl,
}

/// The origin of the arrival times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Times {
    /// A file without times.
    #[default]
    None,
    /// When the bytes arrived, since the start of the run.
    Arrival,
    /// The times of a recording.
    Recorded,
}

/// The next item of the input.
pub(crate) enum Next<'a> {
    Chunk(Chunk<'a>),
    /// A sentence about input that was skipped.
    Note(String),
    /// The input has ended.
    End,
    /// The run ends before the input.
    Stop(Stop),
}

/// Why a run ends before its input.
pub(crate) enum Stop {
    /// Ctrl-C was pressed.
    Interrupted,
    /// No bytes arrived for this time.
    Idle(Duration),
    /// The input cannot be read; the sentence says why.
    Failed(String),
}

impl Stop {
    /// Says why, after the end of the line that was printed. An interrupt is only noted: the run sums up.
    ///
    /// # Errors
    /// An error of standard output.
    pub(crate) fn report(self, output: &mut Output) -> io::Result<Exit> {
        let (exit, sentence) = match self {
            Self::Interrupted => {
                output.interrupted();
                return Ok(Exit::Interrupted);
            }
            Self::Idle(time) => (Exit::Incomplete, format!("incomplete: no data for {}", in_words(time))),
            Self::Failed(sentence) => (Exit::Failure, sentence),
        };
        output.end_line()?;
        output.note(sentence);
        Ok(exit)
    }
}

/// Some bytes.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a> {
    /// Never empty.
    pub(crate) bytes: &'a [u8],
    /// When they arrived, since the start of the run or of the recording. Zero if that is not known.
    pub(crate) at: Duration,
    /// The origin of `at`.
    pub(crate) times: Times,
}

enum Arrival {
    Bytes(Vec<u8>, Duration),
    End(io::Result<()>),
    /// Wakes the receiver, for example after Ctrl-C.
    Wake,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// Number of bytes that were taken.
    taken: usize,
}

impl Buffer {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.taken >= self.bytes.len()
    }

    /// Takes everything but `rest` bytes.
    fn take_all_but(&mut self, rest: usize) {
        self.taken = self.bytes.len().saturating_sub(rest);
    }

    /// Replaces the bytes of another buffer, without a copy.
    fn move_to(&mut self, other: &mut Self) {
        core::mem::swap(self, other);
        self.refill();
    }

    /// Empties it, to be filled again.
    fn refill(&mut self) -> &mut Vec<u8> {
        self.taken = 0;
        self.bytes.clear();
        &mut self.bytes
    }
}

impl Input {
    /// How much is read at once.
    const READ: usize = 64 * 1024;
    /// The largest chunk, whatever size is asked for.
    const LARGEST: usize = 8 * 1024 * 1024;
    /// How many reads may be ahead of the run.
    const AHEAD: usize = 2;

    /// Any source. `is_live`: its bytes come when they are made, so that the times of their arrival mean something.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    pub(crate) fn new(
        source: impl Read + Send + 'static,
        name: &str,
        is_live: bool,
        options: Options,
    ) -> Result<Self, String> {
        // A multiple of the chunk size: then a file is cut at its multiples and nowhere else.
        let size = match options.chunk_size {
            Some(size) if size.get() >= Self::READ => size.get().min(Self::LARGEST),
            Some(size) => Self::READ.saturating_sub(Self::READ.checked_rem(size.get()).unwrap_or(0)),
            None => Self::READ,
        };
        let (sender, arrivals) = sync_channel(Self::AHEAD);
        let (start, to_run) = (Instant::now(), sender.clone());
        thread::Builder::new()
            .spawn(move || read_all(source, vec![0; size], start, &to_run))
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        Ok(Self {
            arrivals,
            sender,
            interrupted: Arc::default(),
            name: name.into(),
            is_file: !is_live,
            times: if is_live { Times::Arrival } else { Times::None },
            has_ended: false,
            read: Buffer::default(),
            recording: RecordingDecoder::new(),
            part: Buffer::default(),
            translator: (!options.is_raw).then(|| Translator::new(options.format, options.max_line_bytes)),
            stream: Buffer::default(),
            note: None,
            at: Duration::ZERO,
            options,
        })
    }

    /// Opens a file; standard input if there is none.
    ///
    /// # Errors
    /// A sentence that says why it cannot be opened.
    pub(crate) fn open(file: Option<&Path>, options: Options) -> Result<Self, String> {
        let Some(path) = file else {
            return Self::new(io::stdin(), "standard input", !is_regular(stdin_as_file()), options);
        };
        match File::open(path) {
            Ok(file) => {
                let is_live = !is_regular(file.try_clone());
                Self::new(file, &path.to_string_lossy(), is_live, options)
            }
            Err(error) => Err(format!("cannot open {}: {error}", path.display())),
        }
    }

    /// From now on Ctrl-C ends the input and not the run, so that the run can sum up. A second Ctrl-C ends the run.
    pub(crate) fn stop_on_interrupt(&self) {
        let (interrupted, sender) = (Arc::clone(&self.interrupted), self.sender.clone());
        // It fails where the signal is ignored, as in the background job of a script: then it stays ignored.
        let _ = ctrlc::try_set_handler(move || {
            if interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted.code().into());
            }
            // If there is no room, the run is not waiting.
            let _ = sender.try_send(Arrival::Wake);
        });
    }

    /// Returns the origin of the arrival times so far.
    pub(crate) fn times(&self) -> Times {
        self.times
    }

    /// Says so if lines were read as JSON lines, for a body of which nothing has arrived: none of them has an event.
    pub(crate) fn lines_without_event(&self) -> Option<String> {
        let lines = self.translator.as_ref().map_or(0, Translator::lines);
        (lines > 0).then(|| format!("input has {}, but none has an event of a Messages stream", count(lines, "line")))
    }

    /// Waits for the next bytes, never for a certain number of them.
    pub(crate) fn next(&mut self) -> Next<'_> {
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Next::Stop(Stop::Interrupted);
            }
            if let Some(note) = self.fill() {
                return Next::Note(note);
            }
            if !self.stream.is_empty() {
                return Next::Chunk(self.chunk());
            }
            if self.has_ended {
                return Next::End;
            }
            let arrival = match self.options.idle_timeout {
                None => self.arrivals.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(timeout) => self.arrivals.recv_timeout(timeout),
            };
            match arrival {
                Ok(arrival) => {
                    if let Err(sentence) = self.accept(arrival) {
                        return Next::Stop(Stop::Failed(sentence));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Next::Stop(Stop::Idle(self.options.idle_timeout.unwrap_or_default()));
                }
                Err(RecvTimeoutError::Disconnected) => self.has_ended = true,
            }
        }
    }

    /// Returns the next bytes if they are available: those read before and, if these are consumed, those of one
    /// further read that does not wait, but for a file.
    pub(crate) fn next_at_hand(&mut self) -> Option<Chunk<'_>> {
        for is_first in [true, false] {
            // Notes about lines belong to the messages that are shown.
            while self.fill().is_some() {}
            if !self.stream.is_empty() {
                return Some(self.chunk());
            }
            if self.has_ended || !is_first {
                return None;
            }
            let arrival = if self.is_file { self.arrivals.recv().ok() } else { self.arrivals.try_recv().ok() };
            self.accept(arrival?).ok()?;
        }
        None
    }

    fn accept(&mut self, arrival: Arrival) -> Result<(), String> {
        match arrival {
            Arrival::Bytes(bytes, at) => {
                self.read = Buffer { bytes, taken: 0 };
                if self.times == Times::Arrival {
                    self.at = at;
                }
                Ok(())
            }
            Arrival::End(Err(error)) => Err(format!("cannot read {}: {error}", self.name)),
            Arrival::End(Ok(())) => {
                self.has_ended = true;
                Ok(())
            }
            Arrival::Wake => Ok(()),
        }
    }

    fn chunk(&mut self) -> Chunk<'_> {
        let start = self.stream.taken;
        let rest = self.stream.rest();
        let length = self.options.chunk_size.map_or(rest.len(), |size| rest.len().min(size.get()));
        self.stream.taken = start.saturating_add(length);
        let bytes = self.stream.bytes.get(start..self.stream.taken).unwrap_or_default();
        Chunk { bytes, at: self.at, times: self.times }
    }

    /// Brings bytes that were read into `stream`, if that is used up. Returns a note about input that was skipped,
    /// after the bytes before it were taken.
    fn fill(&mut self) -> Option<String> {
        while self.stream.is_empty() {
            if self.note.is_some() {
                return self.note.take();
            }
            if self.part.is_empty() {
                self.next_part();
            }
            let Some(translator) = self.translator.as_mut().filter(|translator| !translator.is_transparent()) else {
                self.part.move_to(&mut self.stream);
                return None;
            };
            let mut rest = self.part.rest();
            let is_end = rest.is_empty() && self.has_ended;
            let is_idle = rest.is_empty();
            let note = if is_end {
                translator.finish(self.stream.refill())
            } else {
                translator.translate(&mut rest, self.stream.refill())
            };
            let rest = rest.len();
            self.part.take_all_but(rest);
            if is_idle && note.is_none() {
                return None;
            }
            self.note = note;
        }
        None
    }

    /// Brings the next bytes of one time into `part`.
    fn next_part(&mut self) {
        if self.options.is_raw {
            self.read.move_to(&mut self.part);
            return;
        }
        let keeps_comments = self.options.keeps_time_comments;
        while self.part.is_empty() {
            let mut rest = self.read.rest();
            if rest.is_empty() && !self.has_ended {
                return;
            }
            let before = rest;
            let part = if rest.is_empty() {
                Some(self.recording.finish()).filter(|held| !held.is_empty()).map(RecordingPart::Bytes)
            } else {
                self.recording.decode(&mut rest)
            };
            match part {
                Some(RecordingPart::Bytes(bytes)) => self.part.refill().extend_from_slice(bytes),
                Some(RecordingPart::Elapsed(elapsed)) => {
                    if self.times != Times::Recorded {
                        (self.times, self.at) = (Times::Recorded, Duration::ZERO);
                    }
                    self.at = self.at.saturating_add(elapsed);
                    if keeps_comments {
                        let comment = format!(": ssewire +{}ms\n", elapsed.as_millis());
                        self.part.refill().extend_from_slice(comment.as_bytes());
                    }
                }
                None if before.is_empty() => return,
                None => {}
            }
            let rest = rest.len();
            self.read.take_all_but(rest);
        }
    }
}

/// Reads to the end, or until the receiver is gone.
fn read_all(mut source: impl Read, mut buffer: Vec<u8>, start: Instant, to_run: &SyncSender<Arrival>) {
    loop {
        let arrival = match source.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Arrival::End(Err(error)),
            Ok(0) => Arrival::End(Ok(())),
            Ok(read) => Arrival::Bytes(buffer.get(..read).unwrap_or_default().to_vec(), start.elapsed()),
        };
        let is_end = matches!(arrival, Arrival::End(_));
        if to_run.send(arrival).is_err() || is_end {
            return;
        }
    }
}

fn is_regular(file: io::Result<File>) -> bool {
    file.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
}

/// Returns the name of standard input or standard output, if that is this file on disk.
#[cfg(unix)]
pub(crate) fn standard_stream(file: &File) -> Option<&'static str> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let file = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let is_same = |other: io::Result<File>| {
        let other = other.and_then(|other| other.metadata());
        other.is_ok_and(|other| (file.dev(), file.ino()) == (other.dev(), other.ino()))
    };
    if is_same(stdin_as_file()) {
        Some("standard input")
    } else {
        is_same(io::stdout().as_fd().try_clone_to_owned().map(File::from)).then_some("standard output")
    }
}

/// Returns the name of standard input or standard output, if that is this file on disk: not known on this system.
#[cfg(not(unix))]
pub(crate) fn standard_stream(_: &File) -> Option<&'static str> {
    None
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

    fn options(size: Option<usize>) -> Options {
        let chunk_size = size.and_then(NonZeroUsize::new);
        Options { chunk_size, max_line_bytes: 1000, ..Options::default() }
    }

    fn chunks(source: impl Read + Send + 'static, size: Option<usize>) -> Vec<usize> {
        let mut input = Input::new(source, "", false, options(size)).unwrap();
        core::iter::from_fn(|| match input.next() {
            Next::Chunk(chunk) => Some(chunk.bytes.len()),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn chunks_have_the_size_that_is_asked_for() {
        let source = || io::Cursor::new(vec![b'x'; 150_000]);
        assert_eq!(chunks(source(), None), [65_536, 65_536, 18_928]);
        assert_eq!(chunks(source(), Some(20_000)), [20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 10_000]);
        assert_eq!(chunks(source(), Some(100_000)), [100_000, 50_000]);
        assert_eq!(chunks(source(), Some(usize::MAX)), [150_000]);
        assert_eq!(chunks(source(), Some(1)), vec![1; 150_000]);
    }

    #[test]
    fn bytes_that_arrived_do_not_wait() {
        let source = (&b"abc"[..]).chain(&b"defgh"[..]);
        assert_eq!(chunks(source, Some(4)), [3, 4, 1]);
    }

    #[test]
    fn an_interrupt_ends_the_input_before_its_next_chunk() {
        let mut input = Input::new(&b"abc"[..], "", false, options(Some(1))).unwrap();
        assert!(matches!(input.next(), Next::Chunk(_)));
        input.interrupted.store(true, Ordering::Relaxed);
        assert!(matches!(input.next(), Next::Stop(Stop::Interrupted)));
    }

    #[test]
    fn a_file_on_disk_has_no_times() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(Input::open(Some(&manifest), options(None)).unwrap().times(), Times::None);
    }

    #[test]
    fn a_note_follows_what_precedes_its_line() {
        let lines = &b"{\"type\":\"a\"}\nnpm warn\n{\"type\":\"b\"}\n{oops\n"[..];
        for format in [Format::Jsonl, Format::Auto] {
            let options = Options { format, ..options(None) };
            let source = io::Cursor::new([b"{\"type\":\"ping\"}\n", lines].concat());
            let mut input = Input::new(source, "", false, options).unwrap();
            let mut names = Vec::new();
            loop {
                let bytes = match input.next() {
                    Next::Chunk(chunk) => String::from_utf8(chunk.bytes.to_vec()).unwrap(),
                    Next::Note(note) => note,
                    _ => break,
                };
                let lines = bytes.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
                names.extend(lines.filter(|line| !line.is_empty() && !line.starts_with("event")).map(str::to_owned));
            }
            let expected = [
                "{\"type\":\"ping\"}",
                "{\"type\":\"a\"}",
                "line 3: not a JSON object, skipped",
                "{\"type\":\"b\"}",
                "{oops",
                "line 5: not valid JSON",
            ];
            assert_eq!(names, expected);
        }
    }

    /// All bytes with the time of each chunk, in milliseconds.
    fn timed(input: &'static str, options: Options) -> Vec<(String, u128)> {
        let mut input = Input::new(input.as_bytes(), "", false, options).unwrap();
        let mut chunks = Vec::new();
        loop {
            match input.next() {
                Next::Chunk(chunk) => {
                    chunks.push((String::from_utf8(chunk.bytes.to_vec()).unwrap(), chunk.at.as_millis()));
                }
                Next::Note(note) => chunks.push((note, 0)),
                _ => break,
            }
        }
        assert_eq!(input.times(), Times::Recorded);
        chunks
    }

    #[test]
    fn the_times_of_a_recording_are_those_of_its_chunks() {
        let recording = ": ssewire +250ms\ndata: a\n\n: ssewire +1000ms\ndata: b\n\n: s";
        let expected = [("data: a\n\n", 250), ("data: b\n\n", 1250), (": s", 1250)];
        let expected: Vec<_> = expected.map(|(text, at)| (text.to_owned(), at)).into();
        assert_eq!(timed(recording, options(None)), expected);
        let kept = timed(recording, Options { keeps_time_comments: true, ..options(None) });
        assert_eq!(kept.iter().map(|(text, _)| text.as_str()).collect::<String>(), recording);
    }
}
