//! `record`: passes standard input on, and writes it with its arrival times to a file.

use std::fs::File;
use std::io;
use std::path::Path;

use ssewire_replay::RecordingWriter;

use crate::args::Args;
use crate::exit::Exit;
use crate::input::{self, Input, Next};
use crate::output::Output;

/// Records a stream with the times at which its bytes arrived.
///
/// # Errors
/// An error of standard output. The recording then has the bytes up to there.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    let path = args.files.first().map(Path::new).unwrap_or(Path::new(""));
    let mut recording = Recording::create(path, output);
    input.stop_on_interrupt();
    let passed = pass(input, &mut recording, output);
    recording.finish(output);
    let passed = passed?;
    output.end_line()?;
    Ok(passed.or(if recording.has_failed { Exit::Failure } else { Exit::Complete }))
}

fn pass(input: &mut Input, recording: &mut Recording<'_>, output: &mut Output) -> io::Result<Exit> {
    loop {
        match input.next() {
            Next::Chunk(chunk) => {
                // The reader of the pipe comes first: it may wait for these bytes.
                let passed = output.bytes(chunk.bytes).and_then(|()| output.flush());
                recording.write(chunk.bytes, chunk.at, output);
                passed?;
            }
            Next::Note(note) => output.note(note),
            Next::End => return Ok(Exit::Complete),
            Next::Stop(stop) => return stop.report(output),
        }
    }
}

/// The file. If it fails, that is reported once, and the pipe goes on.
struct Recording<'a> {
    path: &'a Path,
    state: State,
    has_failed: bool,
}

enum State {
    /// No byte has arrived: an earlier recording is still there.
    Opened(File),
    Started(RecordingWriter<File>),
    Closed,
}

impl<'a> Recording<'a> {
    fn create(path: &'a Path, output: &mut Output) -> Self {
        let mut recording = Self { path, state: State::Closed, has_failed: false };
        // At once, so that a path that cannot be written is reported before the first byte.
        match File::options().write(true).create(true).truncate(false).open(path) {
            Ok(file) => match input::standard_stream(&file) {
                // Its first byte would destroy unread input, or the output would be written over it.
                Some(name) => recording.fail(&io::Error::other(format!("it is {name}")), output),
                None => recording.state = State::Opened(file),
            },
            Err(error) => recording.fail(&error, output),
        }
        recording
    }

    fn write(&mut self, bytes: &[u8], at: core::time::Duration, output: &mut Output) {
        if let Err(error) = self.try_write(bytes, at) {
            self.fail(&error, output);
        }
    }

    fn try_write(&mut self, bytes: &[u8], at: core::time::Duration) -> io::Result<()> {
        self.state = match core::mem::replace(&mut self.state, State::Closed) {
            State::Opened(file) => {
                // Devices and named pipes have no length.
                if file.metadata()?.is_file() {
                    file.set_len(0)?;
                }
                State::Started(RecordingWriter::new(file))
            }
            state => state,
        };
        match &mut self.state {
            State::Started(writer) => writer.write(bytes, at),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, output: &mut Output) {
        if let State::Started(writer) = core::mem::replace(&mut self.state, State::Closed) {
            if let Err(error) = writer.finish() {
                self.fail(&error, output);
            }
        }
    }

    fn fail(&mut self, error: &io::Error, output: &mut Output) {
        self.state = State::Closed;
        self.has_failed = true;
        output.note(format_args!("cannot write {}: {error}", self.path.display()));
    }
}
