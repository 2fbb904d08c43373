//! `record`: the bytes pass untouched, and the recording is a valid stream with times.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use crate::support::{START, STOP, piece, recorded, ssewire, start};

/// A path for a file of this test.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ssewire-record-{}-{name}", std::process::id()))
}

fn take(path: &PathBuf) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    bytes
}

/// The recording without its time comments, and their number.
fn without_times(recording: &[u8]) -> (Vec<u8>, usize) {
    let mut stream = Vec::new();
    let mut times = 0;
    for line in recording.split_inclusive(|byte| *byte == b'\n') {
        let start = line.windows(11).position(|window| window == b": ssewire +").filter(|_| line.ends_with(b"ms\n"));
        // Also after a line end that is CR, or after a byte order mark.
        stream.extend_from_slice(&line[..start.unwrap_or(line.len())]);
        times += usize::from(start.is_some());
    }
    (stream, times)
}

#[test]
fn the_bytes_pass_untouched_and_the_recording_gives_them_back() {
    for folder in ["samples", "hostile"] {
        for (name, bytes) in recorded(folder) {
            for size in ["1", "7", "100000"] {
                let out = path(&format!("{name}-{size}"));
                let args = ["record", out.to_str().unwrap(), "--chunk-size", size];
                let mut child = start(&args);
                let mut stdin = child.stdin.take().unwrap();
                stdin.write_all(&bytes).unwrap();
                drop(stdin);
                let ran = child.wait_with_output().unwrap();
                assert_eq!(ran.status.code(), Some(0), "{name}");
                assert!(ran.stdout == bytes && ran.stderr.is_empty(), "{name}");
                let (stream, _) = without_times(&take(&out));
                assert!(stream == bytes, "{name} in {size}");
            }
        }
    }
}

/// By handshake: the bytes pass, and are in the recording, before the next ones arrive.
#[test]
fn a_recording_has_times_for_other_commands() {
    let out = path("times");
    let mut child = start(&["record", out.to_str().unwrap()]);
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for part in [START, &piece("Hello"), STOP] {
        std::thread::sleep(core::time::Duration::from_millis(30));
        stdin.write_all(part.as_bytes()).unwrap();
        let mut passed = vec![0; part.len()];
        stdout.read_exact(&mut passed).unwrap();
        assert_eq!(passed, part.as_bytes());
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let file = out.to_str().unwrap();
    let stats = ssewire(&["text", "--stats", file], b"").exits(0);
    assert_eq!(stats.stdout, "Hello");
    assert!(stats.stderr.contains("time to first text") && stats.stderr.contains("gap p99"), "{stats:?}");
    let timeline = ssewire(&["timeline", file], b"").exits(0).stdout;
    assert!(timeline.lines().next().unwrap().ends_with(", as recorded") && timeline.contains("\ngaps "), "{timeline}");
    let bytes = take(&out);
    // Through a pipe, too: the times are those of the recording.
    let piped = ssewire(&["timeline"], &bytes).stdout;
    assert_eq!(piped, timeline);
    let (stream, times) = without_times(&bytes);
    assert_eq!((stream, times), ([START, &piece("Hello"), STOP].concat().into_bytes(), 3));
    let milliseconds: Vec<u64> = String::from_utf8(bytes)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix(": ssewire +")?.strip_suffix("ms")?.parse().ok())
        .collect();
    // A part is timed before it passes, and the next one is written 30 ms after that. The first time counts from the
    // start of the process, which may come later than the write.
    assert!(milliseconds.iter().skip(1).all(|time| *time >= 25), "{milliseconds:?}");
    let comments = ssewire(&["sse", "--comments"], b": ssewire +5ms\ndata: a\n\n").exits(0).silent().lines();
    assert_eq!(comments[0], serde_json::json!({"comment": " ssewire +5ms"}));
}

#[test]
fn bodies_that_are_not_a_stream_stay_unmarked() {
    for body in [
        &b"{\"type\":\"message\",\n\"content\":[]}\n"[..],
        b"<html>\ndata: x\n</html>",
        b"\x1f\x8b\0\n\n",
        b"",
        b"\n\n\n",
    ] {
        let out = path("body");
        ssewire(&["record", out.to_str().unwrap(), "--chunk-size", "1"], b"").exits(0).silent();
        let mut child = start(&["record", out.to_str().unwrap(), "--chunk-size", "1"]);
        child.stdin.take().unwrap().write_all(body).unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, body);
        assert_eq!(take(&out), body);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_pipe_goes_on_without_the_file() {
    let bytes = [START, &piece("Hello"), STOP].concat();
    for out in ["/dev/full", "/does/not/exist", "/"] {
        let ran = ssewire(&["record", out, "--chunk-size", "10"], bytes.as_bytes()).exits(1).says(out);
        assert_eq!(ran.stdout, bytes);
    }
}

/// A client that gets no answer must not cost the last recording.
#[test]
fn the_first_byte_replaces_an_earlier_recording() {
    let out = path("earlier");
    let file = out.to_str().unwrap();
    fs::write(&out, "data: an earlier and longer recording\n\n").unwrap();
    ssewire(&["record", file], b"").exits(0).silent();
    assert_eq!(fs::read(&out).unwrap(), b"data: an earlier and longer recording\n\n");
    ssewire(&["record", file], b"data: a\n\n").exits(0).silent();
    assert_eq!(without_times(&take(&out)).0, b"data: a\n\n");
}

/// Regression: the first byte destroyed unread input.
#[cfg(unix)]
#[test]
fn a_file_is_not_recorded_into_itself() {
    use std::process::{Command, Stdio};

    let out = path("itself");
    let bytes = "data: a\n\n".repeat(50_000);
    fs::write(&out, &bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire"));
    let command = command.args(["record", out.to_str().unwrap()]).stdin(fs::File::open(&out).unwrap());
    let ran = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).ends_with(": it is standard input\n"), "{ran:?}");
    assert!(ran.stdout == bytes.as_bytes() && take(&out) == bytes.as_bytes());
}

/// Regression: both wrote into the file, each at its own position.
#[cfg(unix)]
#[test]
fn a_file_is_not_standard_output_and_the_recording() {
    use std::process::{Command, Stdio};

    let (source, out) = (path("source"), path("output"));
    let bytes = "data: a\n\n".repeat(50);
    fs::write(&source, &bytes).unwrap();
    for name in [out.to_str().unwrap(), "/dev/stdout"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire"));
        command.args(["record", name, "--chunk-size", "100"]).stdin(fs::File::open(&source).unwrap());
        let ran = command.stdout(fs::File::create(&out).unwrap()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(ran.status.code(), Some(1), "{name}");
        assert!(String::from_utf8_lossy(&ran.stderr).ends_with(": it is standard output\n"), "{ran:?}");
        assert!(take(&out) == bytes.as_bytes(), "{name}");
    }
    fs::remove_file(source).unwrap();
}

/// By handshake: nothing was sent yet.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_reported_at_once() {
    use std::io::{BufRead as _, BufReader};

    let mut child = start(&["record", "/does/not/exist"]);
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("cannot write /does/not/exist"), "{line}");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_recording_is_whole_up_to_where_the_reader_left() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    let out = path("gone");
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssewire"));
    command.args(["record", out.to_str().unwrap()]).stdin(Stdio::piped()).stdout(OwnedFd::from(writer));
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(START.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(141));
    assert_eq!(without_times(&take(&out)), (START.as_bytes().to_vec(), 1));
}
