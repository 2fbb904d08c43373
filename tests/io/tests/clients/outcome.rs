//! The outcome of a request, independent of the client.

use ssewire_messages::{ApiError, Completion, ErrorKind, Incomplete, Message, NonStreamBody};

#[derive(Debug)]
pub(crate) struct Outcome {
    /// The text deltas, concatenated.
    pub(crate) text: String,
    pub(crate) end: End,
}

#[derive(Debug, PartialEq)]
pub(crate) enum End {
    Whole,
    Incomplete(Completion),
    ServerError(Option<ErrorKind>),
    NonStreamBody(&'static str),
    /// The status of the response was an error.
    Refused(u16, Option<ErrorKind>),
}

/// The expected text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text {
    All,
    /// A proper prefix that is not empty.
    Beginning,
    /// As `Beginning`, or none.
    Part,
    None,
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) text: Text,
    pub(crate) end: End,
}

impl Outcome {
    pub(crate) fn new(text: String, result: Result<Message, Incomplete>) -> Self {
        let (message, end) = match result {
            Ok(message) => (message, End::Whole),
            Err(incomplete) => {
                let end = match (incomplete.non_stream_body(), incomplete.reason()) {
                    (Some(body), _) => End::NonStreamBody(name(body)),
                    (None, Completion::ServerError) => {
                        End::ServerError(incomplete.server_error().and_then(ApiError::kind).cloned())
                    }
                    (None, reason) => End::Incomplete(reason),
                };
                (incomplete.into_partial(), end)
            }
        };
        assert_eq!(message.text(), text, "the message has the text of the deltas");
        Self { text, end }
    }

    pub(crate) fn refused(error: &ApiError) -> Self {
        assert_eq!(error.request_id(), Some("req_replay"));
        Self { text: String::new(), end: End::Refused(error.status().unwrap(), error.kind().cloned()) }
    }
}

fn name(body: &NonStreamBody) -> &'static str {
    match body {
        NonStreamBody::Message(_) => "message",
        NonStreamBody::Html => "html",
        NonStreamBody::Compressed => "compressed",
        NonStreamBody::Empty => "empty",
        other => panic!("{other:?}"),
    }
}

impl Expected {
    pub(crate) fn check(&self, outcome: &Outcome) {
        let whole: serde_json::Value =
            serde_json::from_str(include_str!("../../../data/streams/samples/text.message.json")).unwrap();
        let whole = whole["content"][0]["text"].as_str().unwrap();
        assert_eq!(outcome.end, self.end);
        match self.text {
            Text::All => assert_eq!(outcome.text, whole),
            Text::None => assert_eq!(outcome.text, ""),
            Text::Beginning | Text::Part => {
                let is_enough = !outcome.text.is_empty() || matches!(self.text, Text::Part);
                let is_beginning = is_enough && outcome.text.len() < whole.len();
                assert!(is_beginning && whole.starts_with(&outcome.text), "{:?} of {whole:?}", outcome.text);
            }
        }
    }
}
