//! `sse`: the events of any event stream, one JSON object per line, without interpreting them.

use std::io;

use serde_json::Value;
use ssewire::{DecodeError, Decoder, Event, Frame};
use ssewire_messages::{Completion, MessageDecoder, NonStreamBody, Step};

use super::follow::{discarded, with_message};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Chunk, Input, Next};
use crate::output::Output;
use crate::stats::Stats;
use crate::units::count;

/// A longer comment is printed truncated.
const MAX_COMMENT_BYTES: usize = 64 * 1024;

/// Prints the events of any event stream.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    let body = MessageDecoder::new().with_decoder(args.decoder.clone());
    let mut lines = Lines { pretty: args.pretty, events: 0, body: Some(body), stats: Stats::default() };
    let mut decoder = args.decoder.clone().with_max_comment_bytes(MAX_COMMENT_BYTES);
    if args.comments {
        decoder = decoder.with_comments();
    }
    let exit = loop {
        match input.next() {
            Next::End => break Exit::Complete,
            Next::Chunk(chunk) => lines.decode(&mut decoder, chunk, output)?,
            Next::Note(note) => output.note(note),
            Next::Stop(stop) => break stop.report(output)?,
        }
    };
    let pending = decoder.finish().err().map(|truncated| truncated.pending_bytes());
    if args.state {
        let truncated = pending.is_some();
        let id = String::from_utf8_lossy(decoder.last_event_id());
        let retry = decoder.retry().map_or_else(|| "null".into(), |retry| retry.as_millis().to_string());
        let id = Value::from(id);
        lines.print(&format!(r#"{{"last_event_id":{id},"retry":{retry},"truncated":{truncated}}}"#), output)?;
    }
    if exit == Exit::Interrupted {
        output.note(format_args!("interrupted after {}", count(lines.events, "event")));
    }
    let body = lines.body.take().filter(|_| exit == Exit::Complete);
    if let Some(sentence) = body.and_then(|body| foreign_body(body, input)) {
        output.note(format_args!("note: {sentence}"));
    } else if let Some(bytes) = pending.filter(|_| exit == Exit::Complete) {
        output.note(format_args!("note: {}", discarded(bytes)));
    }
    if args.stats {
        output.lines(&lines.stats.table());
    }
    Ok(exit)
}

/// Describes a body without events; `None` if it is an event stream.
fn foreign_body(body: MessageDecoder, input: &Input) -> Option<String> {
    let incomplete = body.finish().err()?;
    match incomplete.non_stream_body()? {
        NonStreamBody::Json if incomplete.reasons().contains(&Completion::LimitExceeded) => {
            Some("body is JSON, not a stream".into())
        }
        // Without its cause: another event stream may have no events.
        body @ NonStreamBody::OnlyComments => body.to_string().split_once(": ").map(|(fact, _)| fact.to_owned()),
        NonStreamBody::OtherEvents | NonStreamBody::OnlyDone => None,
        NonStreamBody::Error(error) => {
            Some(with_message(format_args!("body is a JSON error, not a stream: {error}"), error))
        }
        NonStreamBody::Empty => input.lines_without_event().or_else(|| Some(NonStreamBody::Empty.to_string())),
        body => Some(body.to_string()),
    }
}

struct Lines {
    pretty: bool,
    /// Number of events so far, with those that were lost.
    events: u64,
    /// Explains a body without events: `None` as soon as there is one.
    body: Option<MessageDecoder>,
    stats: Stats,
}

impl Lines {
    fn decode(&mut self, decoder: &mut Decoder, chunk: Chunk<'_>, output: &mut Output) -> io::Result<()> {
        self.stats.chunk(chunk);
        let mut rest = chunk.bytes;
        loop {
            match decoder.decode_frame(&mut rest) {
                Ok(None) => break,
                Ok(Some(Frame::Block(block))) => {
                    if let Some(event) = block.event() {
                        self.stats.event(chunk.at);
                        self.event(event, output)?;
                    }
                }
                Ok(Some(Frame::Comment { text, truncated })) => {
                    let text = Value::from(String::from_utf8_lossy(text));
                    let truncated = if truncated { r#","truncated":true"# } else { "" };
                    self.print(&format!(r#"{{"comment":{text}{truncated}}}"#), output)?;
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    self.stats.event(chunk.at);
                    self.lost(error, output);
                }
            }
        }
        self.body.take_if(|_| self.events > 0);
        if let Some(body) = &mut self.body {
            let mut rest = chunk.bytes;
            while let Ok(Step::Update(_)) = body.poll(&mut rest) {}
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, output: &mut Output) -> io::Result<()> {
        self.events = self.events.saturating_add(1);
        let [name, data, id] = [event.event_type_lossy(), event.data_lossy(), event.last_event_id_lossy()]
            .map(|part| Value::from(part.to_cow()));
        self.print(&format!(r#"{{"event":{name},"data":{data},"id":{id}}}"#), output)
    }

    fn lost(&mut self, error: DecodeError, output: &mut Output) {
        self.events = self.events.saturating_add(1);
        output.note(format_args!("event {}: {error}", self.events));
    }

    fn print(&self, line: &str, output: &mut Output) -> io::Result<()> {
        output.json(line, self.pretty)?;
        output.flush()
    }
}
