//! `demo`: a sample stream, played at a human pace.

use core::time::Duration;
use std::io::{self, Read};
use std::thread;

use ssewire_messages::{Item, Message};

use super::follow::{End, Show, follow};
use super::text::Text;
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Demo(Text::new(args.thinking)))
}

/// The sample stream, an event at a time; unless it is to be fast, with a pause before each.
pub(crate) fn stream(fast: bool) -> impl Read {
    Paced { rest: include_bytes!("demo.sse"), pause: if fast { Duration::ZERO } else { Duration::from_millis(70) } }
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

/// As `text`, and a summary.
struct Demo(Text);

impl Show for Demo {
    fn item(&mut self, item: &Item<'_>, number: u64, output: &mut Output) -> io::Result<()> {
        self.0.item(item, number, output)
    }

    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()> {
        let summary = match &end {
            End::Stream(Some(message)) | End::Body(message) => Some(summary(message)),
            End::Stream(None) => None,
        };
        self.0.end(end, output)?;
        if let Some(summary) = summary {
            output.note(summary);
        }
        Ok(())
    }
}

fn summary(message: &Message) -> String {
    let mut summary = match message.stop_reason.get() {
        Some(reason) => format!("stop reason {reason}"),
        None => "no stop reason".into(),
    };
    if let Some(usage) = message.usage.get() {
        let counts = [(usage.input_tokens.get().copied(), "input tokens"), (usage.output_tokens, "output tokens")];
        for (count, what) in counts {
            if let Some(count) = count {
                summary.push_str(&format!(", {count} {what}"));
            }
        }
    }
    for call in message.content.iter().filter_map(|block| block.as_tool_use()) {
        summary.push_str(&format!(", a call of {}", call.name.as_deref().unwrap_or("a tool")));
    }
    summary
}
