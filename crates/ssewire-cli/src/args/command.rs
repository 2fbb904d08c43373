//! The commands: their names, and which options they take.

use std::ffi::OsStr;

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Text,
    Sse,
    Events,
    Message,
    Timeline,
    Demo,
}

use Command::{Demo, Events, Message, Sse, Text, Timeline};

/// Options that only some commands take. All take the others.
const ONLY_FOR: [(&str, &[Command]); 6] = [
    ("thinking", &[Text, Demo]),
    ("pretty", &[Sse, Events, Message]),
    ("comments", &[Sse]),
    ("state", &[Sse]),
    ("svg", &[Timeline]),
    ("fast", &[Demo]),
];

impl Command {
    pub(crate) const ALL: [Self; 6] = [Text, Sse, Events, Message, Timeline, Demo];

    pub(super) fn named(name: &OsStr) -> Option<Self> {
        Self::ALL.into_iter().find(|command| name == command.name())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Text => "text",
            Sse => "sse",
            Events => "events",
            Message => "message",
            Timeline => "timeline",
            Demo => "demo",
        }
    }

    /// What it does, in a line.
    pub(super) fn about(self) -> &'static str {
        match self {
            Text => "The text as it arrives; this is meant where no command is named",
            Sse => "The events of any event stream, one JSON object a line",
            Events => "The events of a Messages stream as they were sent, one a line",
            Message => "The final message, as the API gives it without a stream",
            Timeline => "A drawing of what came when: blocks, pings, gaps, the first text",
            Demo => "A sample stream at a human pace, as `text` shows it, and a summary",
        }
    }

    pub(super) fn reads_a_file(self) -> bool {
        self != Demo
    }

    pub(super) fn takes(self, option: &str) -> bool {
        takers(option).is_none_or(|takers| takers.contains(&self))
    }
}

/// Says of an option that only some commands take which these are.
pub(super) fn takers_in_words(option: &str) -> String {
    let names: Vec<_> = takers(option).unwrap_or_default().iter().map(|taker| format!("`{}`", taker.name())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn takers(option: &str) -> Option<&'static [Command]> {
    ONLY_FOR.into_iter().find(|(name, _)| *name == option).map(|(_, takers)| takers)
}
