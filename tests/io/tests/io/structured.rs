//! Structured output of a stream and of a reader.

use std::io;

use futures::executor::block_on;
use serde::Deserialize;
use ssewire_io::{IncompleteMessage, MessageReadError, MessageReader, MessageStream, ReadExt as _, StructuredError};
use ssewire_messages::{Completion, ParseTextError, StopReason};
use ssewire_tests::adapters;
use ssewire_tests::transport::Script;

#[derive(Debug, PartialEq, Deserialize)]
struct Recipe {
    title: String,
}

/// A message whose text comes in these pieces.
fn body(pieces: &[&str], stop_reason: &str) -> Vec<u8> {
    let delta = |piece: &str| {
        let delta = serde_json::json!({ "type": "text_delta", "text": piece });
        serde_json::json!({ "type": "content_block_delta", "index": 0, "delta": delta }).to_string()
    };
    let start = [
        r#"{"type":"message_start","message":{"content":[]}}"#.to_owned(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned(),
    ];
    let end = [
        format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{stop_reason}"}}}}"#),
        r#"{"type":"message_stop"}"#.to_owned(),
    ];
    let deltas = pieces.iter().map(|piece| delta(piece));
    start.into_iter().chain(deltas).chain(end).map(|payload| format!("data: {payload}\n\n")).collect::<String>().into()
}

#[test]
fn values_are_shown_while_they_grow_and_typed_at_the_end() {
    let body = body(&[r#"{"tit"#, r#"le":"T"#, r#"ea"}"#], "end_turn");
    for chunks in adapters::ways(&body) {
        let mut reply = MessageStream::new(Script::<io::Error>::slow(&chunks)).structured::<Recipe>();
        let mut shown = Vec::new();
        while let Some(partial) = block_on(reply.next_partial()).unwrap() {
            shown.push(partial["title"].as_str().map(str::to_owned));
        }
        assert_eq!(shown, [None, Some("T".to_owned()), Some("Tea".to_owned())]);
        let (recipe, message) = block_on(reply.finish_with_message()).unwrap();
        assert_eq!(recipe, Recipe { title: "Tea".to_owned() });
        assert_eq!(message.stop_reason(), Some(&StopReason::EndTurn));

        let mut reply = MessageReader::new(Script::slow(&chunks)).structured::<Recipe>();
        let mut count = 0;
        while reply.next_partial().unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, reply.partial().unwrap()["title"].as_str()), (3, Some("Tea")));
        let (recipe, message) = reply.finish_with_message().unwrap();
        assert_eq!((recipe.title.as_str(), message.stop_reason()), ("Tea", Some(&StopReason::EndTurn)));
        assert_eq!((&body[..]).message().structured::<Recipe>().finish().unwrap(), recipe);
        let streamed = MessageStream::new(Script::<io::Error>::slow(&chunks)).structured::<Recipe>();
        assert_eq!(block_on(streamed.finish()).unwrap(), recipe);
    }
}

#[test]
fn text_of_another_type_is_an_error_with_the_message() {
    for (pieces, stop_reason, expected) in [
        (&[r#"{"title":1}"#][..], "end_turn", ParseTextError::Data { line: 1, column: 10 }),
        (&["\n no JSON"], "end_turn", ParseTextError::Syntax { line: 2, column: 3 }),
        (&[r#"{"title":"T"#], "end_turn", ParseTextError::Eof { line: 1, column: 11 }),
        (&[r#"{"title":"Tea"}"#], "max_tokens", ParseTextError::StopReason),
        (&[r#"{"title":"Tea"}"#], "refusal", ParseTextError::StopReason),
    ] {
        let body = body(pieces, stop_reason);
        let error = (&body[..]).message().structured::<Recipe>().finish().unwrap_err();
        assert_eq!(error.message().unwrap().text(), pieces.concat());
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("Tea") && !shown.contains("no J"), "{shown}");
        let StructuredError::Text { error, .. } = error else { panic!("{error}") };
        assert_eq!(error, expected);
    }
}

#[test]
fn an_incomplete_message_is_an_error_with_the_part() {
    let body = body(&[r#"{"title":"Tea"}"#], "end_turn");
    let cut = &body[..body.len() - 100];
    let error = cut.message().structured::<Recipe>().finish().unwrap_err();
    assert_eq!(error.message().unwrap().text(), r#"{"title":"Tea"}"#);
    let StructuredError::Message(error) = error else { panic!("{error}") };
    assert_eq!(error.reason(), Some(Completion::Truncated));
}

/// Functions with a typed error use `?` on each method of a message.
#[test]
fn the_errors_of_all_methods_convert_to_one() {
    fn read(reader: impl io::Read) -> Result<Recipe, StructuredError<io::Error>> {
        let mut reply = reader.message().structured();
        while reply.next_partial()?.is_some() {}
        reply.finish()
    }
    async fn receive(stream: Script) -> Result<Recipe, StructuredError<io::Error>> {
        let mut reply = MessageStream::new(stream).structured();
        while reply.next_partial().await?.is_some() {}
        reply.finish().await
    }
    let error = br#"data: {"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
    for error in [read(&error[..]).unwrap_err(), block_on(receive(Script::of(&[error]))).unwrap_err()] {
        let StructuredError::Message(message) = &error else { panic!("{error}") };
        assert!(message.is_retryable() && message.server_error().is_some());
        assert_eq!(error.incomplete().map(IncompleteMessage::reason), message.reason());
    }
    /// A socket with a read timeout.
    struct Silent;
    impl io::Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
    let error = read(Silent).unwrap_err();
    assert!(error.message().is_none() && error.incomplete().is_none());
    let StructuredError::Message(MessageReadError::Timeout(error)) = error else { panic!("{error}") };
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn text_that_cannot_be_json_any_more_is_seen_at_its_first_wrong_byte() {
    for (pieces, at) in [(&["```json\n", r#"{"title":"Tea"}"#, "\n```"][..], 0), (&[r#"{"title":"Tea"}"#, " and"], 1)] {
        let body = body(pieces, "end_turn");
        let mut reply = (&body[..]).message().structured::<Recipe>();
        let wrong = pieces.concat().len().min(if at == 0 { 0 } else { 16 });
        while reply.error().is_none() {
            // A fence never has a value: the error is found when the message has ended.
            if reply.next_partial().unwrap().is_none() {
                break;
            }
        }
        assert_eq!(reply.error().unwrap().offset(), wrong, "{pieces:?}");
    }
    let body = body(&[r#"{"title":"Tea"#], "end_turn");
    let mut reply = (&body[..]).message().structured::<Recipe>();
    while reply.next_partial().unwrap().is_some() {}
    assert_eq!(reply.error(), None);
}
