//! `demo`: a sample stream, played at a human pace.

use core::time::Duration;
use std::io::{self, Read};
use std::thread;

use ssewire_messages::{Message, UpdateEvent};

use super::follow::{Outcome, Position, Renderer, follow};
use super::text::Text;
use crate::args::Args;
use crate::exit::Exit;
use crate::input::{Input, Times};
use crate::output::Output;
use crate::units;

/// Plays the sample stream.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    // In a pipe it prints what `text` prints; on a terminal it shows everything that a stream has.
    let is_terminal = output.is_terminal();
    let text = Text::new(args.thinking || is_terminal);
    let text = if is_terminal { text.with_tools() } else { text };
    follow(args, input, output, &mut Demo { text, is_paced: !args.fast, first_text: None })
}

/// Returns the sample stream, one event at a time, with a pause before each unless `fast`.
pub(crate) fn stream(fast: bool) -> impl Read + Send + 'static {
    // An event has about two words: seven words per second are easy to read.
    Paced { rest: include_bytes!("demo.sse"), pause: if fast { Duration::ZERO } else { Duration::from_millis(300) } }
}

struct Paced {
    rest: &'static [u8],
    pause: Duration,
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let event =
            self.rest.windows(2).position(|pair| pair == b"\n\n").map_or(self.rest.len(), |at| at.saturating_add(2));
        let (mut event, _) = self.rest.split_at_checked(event).unwrap_or((self.rest, b""));
        if !event.is_empty() && !self.pause.is_zero() {
            thread::sleep(self.pause);
        }
        let read = event.read(buffer)?;
        self.rest = self.rest.get(read..).unwrap_or_default();
        Ok(read)
    }
}

/// As `text`, with a summary.
struct Demo {
    text: Text,
    /// Only then the time of the first text means something.
    is_paced: bool,
    first_text: Option<Duration>,
}

impl Renderer for Demo {
    fn update(&mut self, event: &UpdateEvent<'_>, position: Position, output: &mut Output) -> io::Result<()> {
        if self.is_paced && event.update.text_deltas().next().is_some() {
            self.first_text.get_or_insert(position.at);
        }
        self.text.update(event, position, output)
    }

    fn end_message(&mut self, outcome: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        let summary = match &outcome {
            Outcome::Stream(Some(message)) | Outcome::Body(message) => Some(summary(message, self.first_text)),
            Outcome::Stream(None) => None,
        };
        self.text.end_message(outcome, output)?;
        if let Some(summary) = summary {
            output.note(summary);
        }
        Ok(())
    }

    fn finish(&mut self, _: Times, output: &mut Output) -> io::Result<()> {
        output.note("try next: `curl -sN … | ssewire`, `ssewire timeline FILE`, `ssewire --help`");
        Ok(())
    }
}

fn summary(message: &Message, first_text: Option<Duration>) -> String {
    let mut summary = match message.stop_reason() {
        Some(reason) => format!("stop reason {reason}"),
        None => "no stop reason".into(),
    };
    if let Some(usage) = message.usage() {
        let counts = [(usage.input_tokens(), "input tokens"), (usage.output_tokens(), "output tokens")];
        for (count, what) in counts {
            if let Some(count) = count {
                summary.push_str(&format!(", {count} {what}"));
            }
        }
    }
    for call in message.content().iter().filter_map(|block| block.as_tool_use()) {
        summary.push_str(&format!(", a call of {}", call.name().as_deref().unwrap_or("a tool")));
    }
    if let Some(time) = first_text {
        summary.push_str(&format!(", first text after {}", units::in_words(time)));
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_stop_reason_usage_and_calls() {
        let mut message = Message::default();
        assert_eq!(summary(&message, None), "no stop reason");
        let body = br#"{"type":"message","id":"m","role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":7}}"#;
        message = serde_json::from_slice(body).unwrap();
        let expected = "stop reason tool_use, 5 input tokens, 7 output tokens, a call of n, first text after 2.50 s";
        assert_eq!(summary(&message, Some(Duration::from_millis(2500))), expected);
    }
}
