//! The command line.

use core::fmt;
use core::num::NonZeroUsize;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use ssewire::{DecodeError, Decoder};

use crate::exit::Exit;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) command: Command,
    /// `None`: standard input.
    pub(crate) file: Option<PathBuf>,
    /// At most so many bytes at a time are handed to the decoder.
    pub(crate) chunk_size: Option<NonZeroUsize>,
    /// With the limit and the last event ID that were asked for.
    pub(crate) decoder: Decoder,
    pub(crate) strict: bool,
    pub(crate) thinking: bool,
    pub(crate) pretty: bool,
    pub(crate) comments: bool,
    pub(crate) state: bool,
    pub(crate) fast: bool,
}

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Text,
    Sse,
    Events,
    Message,
    Demo,
}

impl Args {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// What is to be said in place of a run: help, or why the command line cannot be understood. [`explain`] says it.
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        Line::try_parse()?.understand(io::stdin().is_terminal())
    }
}

/// Says why there are no [`Args`].
///
/// # Errors
/// Those of standard output.
pub(crate) fn explain(refused: &clap::Error) -> io::Result<Exit> {
    let printed = refused.print();
    if refused.use_stderr() {
        return Ok(Exit::Usage);
    }
    printed.map(|()| Exit::Complete)
}

impl Command {
    fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "text" => Some(Self::Text),
            "sse" => Some(Self::Sse),
            "events" => Some(Self::Events),
            "message" => Some(Self::Message),
            "demo" => Some(Self::Demo),
            _ => None,
        }
    }
}

const HELP: &str = "\
{about}

Usage: {usage}

FILE absent or `-` is standard input; a file named like a command is `./text`.

Commands:
  text     The text as it arrives; this is meant where no command is named
  sse      The events of any event stream, one JSON object a line
  events   The events of a Messages stream as they were sent, one a line
  message  The final message, as the API gives it without a stream
  demo     A sample stream at a human pace, as `text` shows it, and a summary

Options:
{options}

Examples:
  curl -sN https://api.anthropic.com/v1/messages … | ssewire
  ssewire message --pretty answer.sse
  ssewire sse --state --chunk-size 1 < answer.sse

Exit codes: 0 complete, 1 input/output failure or no Messages stream, 2 usage,
3 the server sent an error, 4 incomplete, 141 the reader of the output is gone
";

/// The command line as it is written.
///
/// Command and file are both positional, and the first is optional: subcommands of clap would refuse options before
/// the command, or take a file for a misspelt command.
#[derive(Debug, Parser)]
#[command(
    name = "ssewire",
    version,
    about = "Shows event streams and Claude Messages API streams while they arrive",
    long_about = None,
    override_usage = "ssewire [COMMAND] [OPTIONS] [FILE]",
    help_template = HELP,
    args_override_self = true,
)]
struct Line {
    #[arg(hide = true)]
    command_or_file: Option<OsString>,

    #[arg(hide = true)]
    file: Option<OsString>,

    /// Hand the decoder at most N bytes at a time
    #[arg(long, value_name = "N")]
    chunk_size: Option<NonZeroUsize>,

    /// Skip events larger than N bytes [default: 16777216]
    #[arg(long, value_name = "N")]
    max_event_bytes: Option<usize>,

    /// Begin with this last event ID
    #[arg(long, value_name = "ID")]
    last_event_id: Option<String>,

    /// End at the first departure from the protocol
    #[arg(long)]
    strict: bool,

    /// text, demo: show thinking, too
    #[arg(long)]
    thinking: bool,

    /// sse, events, message: indent the JSON
    #[arg(long)]
    pretty: bool,

    /// sse: show comments, too, as {"comment":…}
    #[arg(long)]
    comments: bool,

    /// sse: end with last event ID and reconnection time
    #[arg(long)]
    state: bool,

    /// demo: do not wait
    #[arg(long)]
    fast: bool,
}

impl Line {
    fn understand(self, stdin_is_terminal: bool) -> Result<Args, clap::Error> {
        let named = self.command_or_file.as_deref().and_then(Command::named);
        let (command, file) = match (named, self.command_or_file, self.file) {
            (Some(command), _, file) => (command, file),
            (None, Some(file), None) => (Command::Text, Some(file)),
            (None, Some(word), Some(_)) => {
                let word = word.to_string_lossy();
                return refuse(format!("`{word}` is no command; there are text, sse, events, message and demo"));
            }
            (None, None, _) if stdin_is_terminal => {
                return Err(Self::command().error(ErrorKind::DisplayHelp, Self::command().render_help()));
            }
            (None, None, file) => (Command::Text, file),
        };
        let shows_text = matches!(command, Command::Text | Command::Demo);
        let misplaced = [
            (self.thinking && !shows_text, "--thinking is for `text` and `demo`"),
            (self.pretty && shows_text, "--pretty is for `sse`, `events` and `message`"),
            (self.comments && command != Command::Sse, "--comments is for `sse`"),
            (self.state && command != Command::Sse, "--state is for `sse`"),
            (self.fast && command != Command::Demo, "--fast is for `demo`"),
            (file.is_some() && command == Command::Demo, "`demo` reads no file"),
        ];
        if let Some((_, sentence)) = misplaced.into_iter().find(|(is_misplaced, _)| *is_misplaced) {
            return refuse(sentence);
        }
        let Ok(decoder) = decoder(self.max_event_bytes, self.last_event_id.as_deref()) else {
            return refuse("the --last-event-id is larger than --max-event-bytes");
        };
        Ok(Args {
            command,
            file: file.filter(|file| file != "-").map(PathBuf::from),
            chunk_size: self.chunk_size,
            decoder,
            strict: self.strict,
            thinking: self.thinking,
            pretty: self.pretty,
            comments: self.comments,
            state: self.state,
            fast: self.fast,
        })
    }
}

fn refuse(sentence: impl fmt::Display) -> Result<Args, clap::Error> {
    Err(Line::command().error(ErrorKind::InvalidValue, sentence))
}

fn decoder(limit: Option<usize>, last_event_id: Option<&str>) -> Result<Decoder, DecodeError> {
    let decoder = match limit {
        Some(limit) => Decoder::new().with_limit(limit),
        None => Decoder::new(),
    };
    match last_event_id {
        Some(id) => decoder.with_last_event_id(id.as_bytes()),
        None => Ok(decoder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understand(words: &str) -> Result<Args, clap::Error> {
        Line::try_parse_from(["ssewire"].into_iter().chain(words.split_whitespace()))?.understand(false)
    }

    #[test]
    fn clap_finds_no_fault_in_it() {
        Line::command().debug_assert();
    }

    #[test]
    fn the_command_may_stand_anywhere_or_nowhere() {
        for (words, command, file) in [
            ("", Command::Text, None),
            ("-", Command::Text, None),
            ("a.sse", Command::Text, Some("a.sse")),
            ("--strict a.sse", Command::Text, Some("a.sse")),
            ("a.sse --strict", Command::Text, Some("a.sse")),
            ("text", Command::Text, None),
            ("./text", Command::Text, Some("./text")),
            ("text text", Command::Text, Some("text")),
            ("sse -", Command::Sse, None),
            ("--chunk-size 7 events a.sse", Command::Events, Some("a.sse")),
            ("message --pretty a.sse --strict", Command::Message, Some("a.sse")),
            ("demo --fast --thinking", Command::Demo, None),
            ("-- a.sse", Command::Text, Some("a.sse")),
            ("sse -- --odd", Command::Sse, Some("--odd")),
        ] {
            let args = understand(words).unwrap();
            assert_eq!((args.command, args.file), (command, file.map(PathBuf::from)), "{words}");
        }
    }

    #[test]
    fn what_would_have_no_effect_is_refused() {
        for words in [
            "mesage a.sse",
            "text a.sse b.sse",
            "demo a.sse",
            "--fast",
            "message --state",
            "text --comments",
            "--pretty",
            "sse --thinking",
            "--chunk-size 0",
            "--chunk-size -1",
            "--chunk-size",
            "--max-event-bytes many",
            "--max-event-bytes 2 --last-event-id 123",
            "--unheard-of",
        ] {
            assert!(understand(words).unwrap_err().use_stderr(), "{words}");
        }
    }

    #[test]
    fn a_terminal_gets_help_unless_it_is_named() {
        let on_a_terminal = |words: &[&str]| Line::try_parse_from(words).unwrap().understand(true);
        for words in [&["ssewire"][..], &["ssewire", "--strict"]] {
            let help = on_a_terminal(words).unwrap_err();
            assert!(!help.use_stderr());
            assert!(help.to_string().lines().count() <= 40);
        }
        assert_eq!(on_a_terminal(&["ssewire", "text"]).unwrap().command, Command::Text);
        assert_eq!(on_a_terminal(&["ssewire", "-"]).unwrap().command, Command::Text);
    }
}
