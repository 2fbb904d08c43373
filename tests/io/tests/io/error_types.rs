//! Errors are printed once, and mapped.

use std::error::Error;
use std::io;
use std::pin::Pin;

use futures::executor::block_on;
use futures::{Stream, StreamExt as _, stream};
use ssewire_io::{
    EventError, IdleError, IncompleteMessage, JsonStreamError, MessageReadError, MessageReader, NotStarted,
    ReadExt as _, StartedStream, StructuredError,
};

type Boxed = Box<dyn Error + Send + Sync>;

fn gone() -> io::Error {
    io::Error::other("the peer is gone")
}

/// The whole chain, as a report prints it.
fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

/// `docs/errors.md`: "A cause is printed once: by `Display` or by `source()`, not by both." That of a client, too,
/// which prints none of its causes, as reqwest's.
#[test]
fn each_cause_is_printed_once() {
    #[derive(Debug)]
    struct ClientError(io::Error);
    impl std::fmt::Display for ClientError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("no more data")
        }
    }
    impl Error for ClientError {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let client = |_| ClientError(gone());
    let incomplete = || MessageReader::new(Failing).finish().unwrap_err().map_transport(client);
    let not_started = StartedStream::wait_for(stream::iter([Err::<&[u8], _>(client(gone()))]));
    let errors: [Box<dyn Error>; 11] = [
        Box::new(EventError::Transport(client(gone()))),
        Box::new(EventError::Timeout(client(gone()))),
        Box::new(IdleError::Stream(client(gone()))),
        Box::new(EventError::Transport(IdleError::Stream(client(gone())))),
        Box::new(IdleError::Stream(EventError::Transport(client(gone())))),
        Box::new(JsonStreamError::Event(EventError::Transport(client(gone())))),
        Box::new(incomplete()),
        Box::new(MessageReadError::from(incomplete())),
        Box::new(MessageReadError::Timeout(client(gone()))),
        Box::new(StructuredError::from(incomplete())),
        Box::new(block_on(not_started).unwrap_err()),
    ];
    for error in errors {
        let chain = chain(&*error);
        assert!(chain.ends_with("no more data: the peer is gone"), "{chain}");
        for cause in ["no more data", "the peer is gone"] {
            assert_eq!(chain.matches(cause).count(), 1, "{chain}");
        }
    }
}

struct Failing;

impl io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(gone())
    }
}

/// Programs with several transports have one error for all, and so have bodies whose error is boxed.
#[test]
fn each_transports_error_becomes_that_of_io() {
    let boxed: EventError<Boxed> = EventError::Transport(gone().into());
    let error: Boxed = boxed.map_transport(io::Error::other).into();
    assert_eq!(chain(&*error), "connection failed: the peer is gone");
    let incomplete = MessageReader::new(Failing).finish().unwrap_err().map_transport(io::Error::other);
    let error: Boxed = MessageReadError::from(incomplete).into();
    assert!(chain(&*error).ends_with(": the peer is gone"));
}

/// The error of an SDK keeps both.
#[test]
fn the_report_and_the_transports_error_can_be_taken_out() {
    let incomplete = || MessageReader::new(Failing).finish().unwrap_err();
    let (report, transport) = incomplete().into_parts();
    assert_eq!(report.reason(), incomplete().reason());
    assert_eq!(transport.unwrap().to_string(), "the peer is gone");
    let errors = [MessageReadError::from(incomplete()), MessageReadError::Timeout(gone())];
    assert_eq!(errors.map(|error| error.into_transport().unwrap().to_string()), ["the peer is gone"; 2]);
    assert!(MessageReader::new(&b"<html>"[..]).finish().unwrap_err().into_transport().is_none());
}

/// The error of a complete message whose text is not a number.
fn text_error() -> StructuredError<io::Error> {
    let body =
        &b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}\n\n\
        data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
        data: {\"type\":\"message_stop\"}\n\n"[..];
    body.message().structured::<u32>().finish().unwrap_err()
}

/// Every error of a stream has the same methods for the transport's error.
#[test]
fn the_transports_error_can_be_taken_out_of_each_error() {
    let incomplete = || MessageReader::new(Failing).finish().unwrap_err();
    let errors = [
        EventError::Transport(gone()).into_transport(),
        EventError::Timeout(gone()).into_transport(),
        JsonStreamError::Event(EventError::Transport(gone())).into_transport(),
        IdleError::Stream(gone()).into_transport(),
        StructuredError::from(incomplete()).into_transport(),
        EventError::Transport(IdleError::Stream(gone())).into_transport().and_then(IdleError::into_transport),
    ];
    for error in errors {
        assert_eq!(error.unwrap().to_string(), "the peer is gone");
    }
    let lost = || EventError::<io::Error>::Decode(ssewire::DecodeError::LimitExceeded { limit: 8 });
    assert!(lost().into_transport().is_none());
    assert!(JsonStreamError::Event(lost()).into_transport().is_none());
    assert!(JsonStreamError::<io::Error>::MissingDone.into_transport().is_none());
    assert!(IdleError::<io::Error>::Idle.into_transport().is_none());
    assert!(text_error().into_transport().is_none());
    assert!(IdleError::<io::Error>::Idle.transport().is_none());
    assert_eq!(IdleError::Stream(1).transport(), Some(&1));
}

/// A timeout of a reader does not end the message.
#[test]
fn only_an_incomplete_message_is_final() {
    assert!(!MessageReadError::Timeout(gone()).is_final());
    assert!(MessageReadError::from(MessageReader::new(Failing).finish().unwrap_err()).is_final());
}

/// `docs/protocol.md`, heading "Errors": an empty body is retryable, a page is not; a timeout ends no message.
#[test]
fn an_error_is_retryable_as_its_report_is() {
    let of = |body: &'static [u8]| MessageReader::new(body).finish().unwrap_err();
    for (error, expected) in [(of(b""), true), (of(b"<html>"), false)] {
        assert_eq!((error.report().is_retryable(), error.is_retryable()), (expected, expected));
        assert_eq!(MessageReadError::from(error).is_retryable(), expected);
    }
    assert!(!MessageReadError::Timeout(gone()).is_retryable());
}

/// A block that has begun is content, also without text: the client may have shown it.
#[test]
fn an_error_has_content_if_a_block_has_begun() {
    const START: &[u8] = b"data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    const BLOCK: &[u8] =
        b"data: {\"type\":\"message_start\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"\"}]}}\n\n";
    for (body, expected) in [(&b""[..], false), (START, false), (BLOCK, true)] {
        let error = || MessageReader::new(body).finish().unwrap_err();
        assert_eq!(error().has_content(), expected);
        assert_eq!(MessageReadError::from(error()).has_content(), expected);
    }
    assert!(!MessageReadError::Timeout(gone()).has_content());
}

#[test]
fn only_the_transports_error_is_mapped() {
    let kind = |error: io::Error| error.kind();
    assert_eq!(EventError::Transport(gone()).map_transport(kind), EventError::Transport(io::ErrorKind::Other));
    assert_eq!(EventError::Timeout(gone()).map_transport(kind), EventError::Timeout(io::ErrorKind::Other));
    assert_eq!(IdleError::Stream(gone()).map_transport(kind), IdleError::Stream(io::ErrorKind::Other));
    assert_eq!(IdleError::<io::Error>::Idle.map_transport(kind), IdleError::Idle);
    let message = StructuredError::from(MessageReader::new(Failing).finish().unwrap_err()).map_transport(kind);
    assert_eq!(message.transport(), Some(&io::ErrorKind::Other));
    let text = text_error().map_transport(kind);
    assert!(text.transport().is_none() && matches!(text, StructuredError::Text { .. }));
    let lost = ssewire::DecodeError::LimitExceeded { limit: 8 };
    assert_eq!(EventError::<io::Error>::Decode(lost).map_transport(kind), EventError::Decode(lost));
    let incomplete = MessageReader::new(Failing).finish().unwrap_err();
    let words = incomplete.to_string();
    let mapped = incomplete.map_transport(|error| format!("{error}"));
    assert_eq!((mapped.to_string(), mapped.transport().unwrap().as_str()), (words, "the peer is gone"));
}

/// `?` converts the error of a body that did not start to that of the message.
#[test]
fn the_error_of_a_body_that_did_not_start_becomes_that_of_its_message() {
    let error = || block_on(StartedStream::wait_for(stream::iter([Err::<&[u8], _>(gone())]))).unwrap_err();
    let errors: [Box<dyn Error>; 3] =
        [Box::new(error()), Box::new(IncompleteMessage::from(error())), Box::new(StructuredError::from(error()))];
    assert!(errors.iter().all(|error| chain(&**error).ends_with("the peer is gone")));
    assert!(errors.iter().all(|each| each.to_string() == error().to_string()));
}

/// Regression: the body was part of the error, and most boxed bodies are not `Sync`. The bounds are those of
/// `anyhow::Error`, too.
#[test]
fn the_error_of_a_body_that_is_only_send_becomes_a_boxed_error() {
    type Body = Pin<Box<dyn Stream<Item = io::Result<&'static [u8]>> + Send>>;
    async fn respond(body: Body) -> Result<StartedStream<Body>, Boxed> {
        Ok(StartedStream::wait_for(body).await?)
    }
    let error = block_on(respond(Box::pin(stream::iter([Err(gone())])))).unwrap_err();
    assert!(chain(&*error).ends_with("the peer is gone"));
    let chunks = block_on(error.downcast::<NotStarted<Body>>().unwrap().into_body().collect::<Vec<_>>());
    assert!(matches!(&*chunks, [Err(_)]));
    // Other bodies.
    type Local = Pin<Box<dyn Stream<Item = io::Result<&'static [u8]>>>>;
    async fn respond_local(body: Local) -> Result<StartedStream<Local>, Boxed> {
        Ok(StartedStream::wait_for(body).await.map_err(NotStarted::into_incomplete)?)
    }
    let error = block_on(respond_local(Box::pin(stream::iter([Err(gone())])))).unwrap_err();
    assert!(chain(&*error).ends_with("the peer is gone"));
}
