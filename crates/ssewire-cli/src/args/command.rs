//! The commands that read a stream: their names, and the options that have an effect on them.

use std::ffi::OsStr;

/// A command that reads a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Text,
    Sse,
    Events,
    Message,
    Timeline,
    Record,
    Demo,
}

use Command::{Demo, Events, Message, Record, Sse, Text, Timeline};

/// The options that have an effect on `serve`, which reads no stream.
pub(super) const SERVE_OPTIONS: [&str; 5] = ["chunk-size", "delay-ms", "fault", "port", "speed"];

/// The commands on which an option has an effect. The others refuse it. `tests/cli/effects.rs` shows the effect of each
/// pair.
const ACCEPTING_COMMANDS: [(&str, &[Command]); 15] = [
    ("all", &[Text, Message, Timeline]),
    ("chunk-size", &[Text, Sse, Events, Message, Timeline, Record, Demo]),
    ("comments", &[Sse]),
    ("fast", &[Demo]),
    ("idle-timeout", &[Text, Sse, Events, Message, Timeline, Record]),
    ("input", &[Text, Sse, Events, Message, Timeline]),
    ("last-event-id", &[Sse]),
    ("max-event-bytes", &[Text, Sse, Events, Message, Timeline, Demo]),
    ("pretty", &[Sse, Events, Message]),
    ("state", &[Sse]),
    ("stats", &[Text, Sse, Events, Message, Timeline, Demo]),
    ("strict", &[Text, Events, Message, Timeline]),
    ("svg", &[Timeline]),
    ("thinking", &[Text, Demo]),
    ("color", &[Text, Timeline, Demo]),
];

impl Command {
    pub(crate) const ALL: [Self; 7] = [Text, Sse, Events, Message, Timeline, Record, Demo];

    pub(super) fn from_name(name: &OsStr) -> Option<Self> {
        Self::ALL.into_iter().find(|command| name == command.name())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Text => "text",
            Sse => "sse",
            Events => "events",
            Message => "message",
            Timeline => "timeline",
            Record => "record",
            Demo => "demo",
        }
    }

    /// Returns a few words for the help.
    pub(super) fn summary(self) -> &'static str {
        match self {
            Text => "the text (the default)",
            Sse => "any event stream, as JSON",
            Events => "Messages events, as JSON",
            Message => "the final message, JSON",
            Timeline => "a drawing of arrivals",
            Record => "OUT: copy and record stdin",
            Demo => "a sample at reading speed",
        }
    }

    /// Returns a sentence for the manual.
    pub(super) fn about(self) -> &'static str {
        match self {
            Text => "Prints only the text, as it arrives; the default command",
            Sse => "Prints the events of any event stream, one JSON object per line",
            Events => {
                "Prints the events of a Messages stream, one JSON object per line, which the other commands read, too"
            }
            Message => "Prints the final message, or the partial message, as one JSON document",
            Timeline => "Draws when the content blocks, pings, gaps and the first text arrived",
            Record => {
                "Passes standard input on untouched (on a terminal, with its control characters escaped), and writes it \
                 to OUT with its arrival times. The first byte replaces what OUT contains; without input it stays as it is. \
                 OUT cannot be the file of standard input or of standard output; Windows does not detect that"
            }
            Demo => "Plays a sample stream at reading speed, then prints a summary",
        }
    }

    /// Returns the names of its arguments.
    pub(super) fn arguments(self) -> Option<&'static str> {
        match self {
            Demo => None,
            Record => Some("OUT"),
            _ => Some("FILE"),
        }
    }

    /// Returns the numbers of arguments that it takes.
    pub(super) fn argument_counts(self) -> core::ops::RangeInclusive<usize> {
        match self {
            Demo => 0..=0,
            Record => 1..=1,
            _ => 0..=1,
        }
    }

    pub(super) fn has_option(self, option: &str) -> bool {
        commands_of(option).map_or(!SERVE_OPTIONS.contains(&option), |commands| commands.contains(&self))
    }
}

/// Says why a command refuses an option.
pub(super) fn refusal(command: &str, option: &str) -> String {
    let accepting = commands_accepting(option);
    match (option, command) {
        ("all", "sse" | "record") => {
            format!("--all is an option of {accepting}; `{command}` always reads to the end of the input")
        }
        ("all", "events") => {
            format!("--all is an option of {accepting}; `{command}` always goes on with further messages")
        }
        _ => format!("--{option} is an option of {accepting}, not of `{command}`"),
    }
}

/// Returns the commands that take this option, for a sentence.
fn commands_accepting(option: &str) -> String {
    let commands = commands_of(option).unwrap_or_default().iter().map(|command| command.name());
    let names = commands.chain(SERVE_OPTIONS.contains(&option).then_some("serve"));
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Returns the commands that read a stream and have this option; `None` if the option is not in the table.
fn commands_of(option: &str) -> Option<&'static [Command]> {
    ACCEPTING_COMMANDS.into_iter().find(|(name, _)| *name == option).map(|(_, commands)| commands)
}
