//! `EventReader`: events of blocking readers, borrowed and owned.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};

use ssewire::{DecodeError, Decoder};
use ssewire_io::{EventError, EventReader, MessageReader, ReadExt as _};
use ssewire_tests::adapters;
use ssewire_tests::outcome::{Decoded, Item, Outcome};
use ssewire_tests::transport::{Given, Script, Step};

fn borrowed(script: Script, decoder: Decoder) -> Outcome {
    let given = script.given();
    let mut reader = EventReader::with_decoder(script, decoder);
    let mut items = Vec::new();
    let end = loop {
        match reader.next_event() {
            Ok(Some(event)) => items.push(Item { at: given.bytes(), decoded: Decoded::Event(event.into()) }),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(reader.next_event().unwrap().is_none(), "the end is returned once");
    outcome(&reader, items, end)
}

fn owned(script: Script, decoder: Decoder) -> Outcome {
    let given = script.given();
    let mut reader = EventReader::with_decoder(script, decoder);
    let mut items = Vec::new();
    let end = loop {
        match reader.next() {
            Some(Ok(event)) => items.push(Item { at: given.bytes(), decoded: Decoded::Event(event.as_event().into()) }),
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    assert!(reader.next().is_none() && reader.next().is_none(), "the end is returned once");
    outcome(&reader, items, end)
}

fn outcome<R: Read>(reader: &EventReader<R>, items: Vec<Item>, end: Option<EventError<io::Error>>) -> Outcome {
    let decoder = reader.decoder();
    let pending = end.map(|error| match error {
        EventError::Truncated(truncated) => truncated.pending_bytes(),
        error => panic!("{error}"),
    });
    Outcome { items, retry: decoder.retry(), last_event_id: decoder.last_event_id().into(), pending }
}

#[test]
fn borrows_the_events_of_every_case() {
    adapters::every_case(borrowed);
}

#[test]
fn iterates_over_the_events_of_every_case() {
    adapters::every_case(owned);
}

#[test]
fn a_reader_that_is_interrupted_is_read_again() {
    let steps = [Step::Wait, Step::Wait, Step::chunk(b"data: a\n"), Step::Wait, Step::chunk(b"\n"), Step::Wait];
    let mut reader = EventReader::new(Script::new(steps));
    assert_eq!(reader.next_event().unwrap().unwrap().data(), b"a");
    assert!(reader.next_event().unwrap().is_none());
}

#[test]
fn the_error_of_the_reader_is_returned_and_final() {
    let failing = || {
        let failure = io::Error::new(ErrorKind::ConnectionReset, "the peer is gone");
        Script::of(&[b"data: a\n\ndata: lost"]).failing(failure)
    };
    let mut reader = EventReader::new(failing());
    assert_eq!(reader.next_event().unwrap().unwrap().data(), b"a");
    let error = reader.next_event().unwrap_err();
    assert!(error.is_final());
    let EventError::Transport(failure) = error else { panic!("{error}") };
    assert_eq!((failure.kind(), failure.to_string().as_str()), (ErrorKind::ConnectionReset, "the peer is gone"));
    // Not also `Truncated`: that error has cut the pending event.
    assert!(reader.next_event().unwrap().is_none());
    assert!(reader.next_event().unwrap().is_none());

    let mut events = failing().sse_events();
    assert_eq!(events.next().unwrap().unwrap().data(), b"a");
    assert!(matches!(events.next(), Some(Err(EventError::Transport(_)))));
    assert!(events.next().is_none() && events.next().is_none());
}

/// Returns bytes and errors in turn, and then the end.
struct Steps(std::vec::IntoIter<Result<&'static [u8], ErrorKind>>);

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.next() {
            Some(Ok(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            Some(Err(kind)) => Err(kind.into()),
            None => Ok(0),
        }
    }
}

/// The kind of a read timeout of a socket depends on the system.
#[test]
fn an_end_right_after_a_read_timeout_is_an_end() {
    let kind = if cfg!(windows) { ErrorKind::TimedOut } else { ErrorKind::WouldBlock };
    let mut events = EventReader::new(Steps(vec![Ok(&b"data: a\n\n"[..]), Err(kind)].into_iter()));
    assert!(events.next_event().unwrap().is_some());
    assert!(matches!(events.next_event(), Err(EventError::Timeout(_))));
    assert!(events.next_event().unwrap().is_none());
}

/// Unix reports a dead connection once, as `TimedOut`, and then an end. So the end right after `TimedOut` is a failure;
/// after bytes it is an end. Regression: it was an end after `TimedOut`, too.
#[cfg(not(windows))]
#[test]
fn an_end_right_after_timed_out_is_a_failure() {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    type Row = (&'static [Result<&'static [u8], ErrorKind>], &'static [&'static str]);
    let table: [Row; 6] = [
        (&[Ok(b"data: a\n\n"), Err(TimedOut)], &["a", "timeout", "failed"]),
        (&[Ok(b"data: a\n\nda"), Err(TimedOut)], &["a", "timeout", "failed"]),
        (&[Err(TimedOut), Err(Interrupted)], &["timeout", "failed"]),
        (&[Err(TimedOut), Err(WouldBlock)], &["timeout", "timeout", "failed"]),
        (&[Err(TimedOut), Ok(b"data: a\n\n")], &["timeout", "a"]),
        (&[Ok(b"data: "), Err(TimedOut), Err(TimedOut), Ok(b"a\n\n")], &["timeout", "timeout", "a"]),
    ];
    for (steps, expected) in table {
        let events = EventReader::new(Steps(Vec::from(steps).into_iter()));
        let seen: Vec<String> = events
            .map(|event| match event {
                Ok(event) => String::from_utf8(event.data().to_vec()).unwrap(),
                Err(EventError::Timeout(_)) => "timeout".to_owned(),
                Err(EventError::Transport(error)) if error.kind() == TimedOut => {
                    assert_eq!(error.to_string(), "connection timed out and ended");
                    "failed".to_owned()
                }
                Err(error) => panic!("{error}"),
            })
            .collect();
        assert_eq!(seen, expected, "{steps:?}");
    }

    // A message that the dead connection cuts has the error, a complete one is returned.
    let start = &b"data: {\"type\":\"message_start\",\"message\":{}}\n\n"[..];
    let mut reply = MessageReader::new(Steps(vec![Ok(start), Err(TimedOut)].into_iter()));
    assert!(reply.next_update().unwrap().is_some());
    assert!(reply.next_update().unwrap_err().incomplete().is_none(), "a timeout");
    let error = reply.next_update().unwrap_err().into_incomplete().unwrap();
    assert_eq!(error.transport().map(io::Error::kind), Some(TimedOut));
    let end = &b"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"[..];
    let mut reply = MessageReader::new(Steps(vec![Ok(start), Ok(end), Err(TimedOut)].into_iter()));
    assert!(reply.next_update().unwrap().is_some() && reply.next_update().unwrap().is_some());
    assert!(reply.next_update().unwrap_err().incomplete().is_none(), "a timeout");
    assert!(reply.finish().is_ok());
}

#[test]
fn an_event_that_is_too_large_is_lost_alone() {
    let mut reader =
        EventReader::with_decoder(&b"data: 123456789\n\ndata: b\n\n"[..], Decoder::new().with_max_event_bytes(8));
    let error = reader.next_event().unwrap_err();
    assert!(
        !error.is_final() && matches!(error, EventError::Decode(DecodeError::LimitExceeded { limit: 8 })),
        "{error:?}"
    );
    assert_eq!(reader.next_event().unwrap().unwrap().data(), b"b");
    assert!(reader.next_event().unwrap().is_none());
}

/// Text is returned while the server holds back the rest of the response.
#[test]
fn reads_no_further_than_the_event_needs() {
    let script = Script::of(&[b"data: a\n\ndata: b\n\n", b"data: c\n\n"]);
    let given: Given = script.given();
    let mut reader = EventReader::new(script);
    assert_eq!(given.bytes(), 0);
    for (data, by_then) in [(b"a", 18), (b"b", 18), (b"c", 27)] {
        assert_eq!(reader.next_event().unwrap().unwrap().data(), data);
        assert_eq!(given.bytes(), by_then);
    }
}

#[test]
fn the_reader_can_be_taken_back() {
    let mut reader = EventReader::new(Script::of(&[b"data: a\n\n", b"the rest"]));
    reader.next_event().unwrap();
    let mut rest = String::new();
    reader.into_inner().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "the rest");
}

/// Fills each buffer, and records the longest.
struct Fill<'a> {
    longest: &'a Cell<usize>,
    left: usize,
}

impl Read for Fill<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.longest.set(self.longest.get().max(buffer.len()));
        let length = buffer.len().min(self.left);
        buffer[..length].fill(b'x');
        self.left -= length;
        Ok(length)
    }
}

/// SECURITY.md states the bound.
#[test]
fn a_blocking_reader_reads_16_kib_at_a_time() {
    let longest = Cell::new(0);
    let source = || b"data: ".chain(Fill { longest: &longest, left: 4 << 20 });
    let mut events = EventReader::new(source());
    assert!(matches!(events.next_event(), Err(EventError::Truncated(_))));
    assert_eq!(longest.take(), 16 * 1024);
    let mut messages = MessageReader::new(source());
    while messages.next_event().is_ok_and(|event| event.is_some()) {}
    assert_eq!(longest.take(), 16 * 1024);
}
