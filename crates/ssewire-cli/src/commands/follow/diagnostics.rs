//! Notes about single events.

use ssewire_messages::{Completion, Incomplete, NonStreamBody};

use super::report::with_message;
use crate::exit::Exit;
use crate::output::Output;

/// Holds notes about single events while the input may turn out not to be a Messages stream: then one sentence is
/// enough.
#[derive(Default)]
pub(super) struct Diagnostics {
    held: Vec<String>,
    /// Number of notes beyond those that are held.
    more: u64,
    pub(super) is_released: bool,
}

impl Diagnostics {
    const MAX_HELD: usize = 16;

    pub(super) fn note(&mut self, note: String, output: &mut Output) {
        if self.is_released {
            output.note(note);
        } else if self.held.len() < Self::MAX_HELD {
            self.held.push(note);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    pub(super) fn release(&mut self, output: &mut Output) {
        self.is_released = true;
        for note in self.held.drain(..) {
            output.note(note);
        }
        if self.more > 0 {
            output.note(format_args!("{} more events could not be used", self.more));
        }
    }

    pub(super) fn report_body(&mut self, body: &NonStreamBody, incomplete: &Incomplete, output: &mut Output) -> Exit {
        match body {
            NonStreamBody::Message(_) => {
                output.note(format_args!("note: {body}"));
                Exit::Complete
            }
            NonStreamBody::Error(error) => {
                output.note(with_message(body, error));
                Exit::ServerError
            }
            // It can be a message that was not kept, or a stream whose events were not read.
            NonStreamBody::Json | NonStreamBody::Text | NonStreamBody::OnlyComments
                if incomplete.reasons().contains(&Completion::LimitExceeded) =>
            {
                self.release(output);
                output.note("incomplete: the input is larger than the limit");
                Exit::Incomplete
            }
            _ => {
                match self.held.first() {
                    Some(first) => output.note(format_args!("{body} ({first})")),
                    None => output.note(body),
                }
                Exit::Failure
            }
        }
    }
}
