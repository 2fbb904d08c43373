//! The command line.

mod command;
mod help;

use core::fmt;
use core::num::NonZeroUsize;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum as _};
use clap_complete::Shell;
use ssewire::{Decoder, InvalidId};

pub(crate) use command::Command;
pub(crate) use help::{completions, manual};

use crate::exit::Exit;

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Asked {
    Run(Box<Args>),
    /// The completions for a shell.
    Completions(Shell),
    /// The manual page.
    Manual,
}

/// How a stream is to be shown.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) command: Command,
    /// `None`: standard input.
    pub(crate) file: Option<PathBuf>,
    /// The most bytes that the decoder is given at a time.
    pub(crate) chunk_size: Option<NonZeroUsize>,
    /// Has the limit and the last event ID of the options.
    pub(crate) decoder: Decoder,
    pub(crate) strict: bool,
    pub(crate) thinking: bool,
    pub(crate) pretty: bool,
    pub(crate) comments: bool,
    pub(crate) state: bool,
    pub(crate) stats: bool,
    pub(crate) svg: bool,
    pub(crate) fast: bool,
    pub(crate) colour: anstream::ColorChoice,
}

impl Asked {
    /// Reads the command line of this process.
    ///
    /// # Errors
    /// What is to be said in place of a run: help, or why the command line cannot be understood. [`explain`] says it.
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        Line::read(std::env::args_os())?.understand(io::stdin().is_terminal())
    }
}

/// Says what [`Asked::from_command_line`] gives in place of what was asked for.
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
    help_template = help::HELP,
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

    /// Tell counts and times on standard error
    #[arg(long)]
    stats: bool,

    /// timeline: draw an SVG picture
    #[arg(long)]
    svg: bool,

    /// demo: do not wait
    #[arg(long)]
    fast: bool,

    /// Whether to use colour: auto (on terminals, unless NO_COLOR is set), always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    color: ColorChoice,

    /// The options that were given and that only some commands take.
    #[arg(skip)]
    given: Vec<String>,
}

impl Line {
    fn read(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(words)?;
        let line = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok(Self { given: given(&command, &matches), ..line })
    }

    fn understand(self, stdin_is_terminal: bool) -> Result<Asked, clap::Error> {
        let word = self.command_or_file.as_ref().and_then(|word| word.to_str());
        match (word, &self.file) {
            (Some("completions"), Some(shell)) => return self.completions(&shell.to_string_lossy()),
            (Some("completions"), None) => return self.completions(""),
            (Some("man"), None) => return self.nothing_else(Asked::Manual),
            _ => {}
        }
        let named = self.command_or_file.as_deref().and_then(Command::named);
        let (command, file) = match (named, self.command_or_file, self.file) {
            (Some(command), _, file) => (command, file),
            (None, Some(file), None) => (Command::Text, Some(file)),
            (None, Some(word), Some(_)) => {
                let names = Command::ALL.map(Command::name).join(", ");
                return refuse(format!("`{}` is no command; there are {names}", word.to_string_lossy()));
            }
            (None, None, _) if stdin_is_terminal => {
                return Err(Self::command().error(ErrorKind::DisplayHelp, Self::command().render_help()));
            }
            (None, None, file) => (Command::Text, file),
        };
        if let Some(option) = self.given.iter().find(|option| !command.takes(option)) {
            return refuse(format!("--{option} is for {}", command::takers_in_words(option)));
        }
        if file.is_some() && !command.reads_a_file() {
            return refuse(format!("`{}` reads no file", command.name()));
        }
        let decoder = match decoder(self.max_event_bytes, self.last_event_id.as_deref()) {
            Ok(decoder) => decoder,
            Err(error) => return refuse(format!("--last-event-id: {error}")),
        };
        Ok(Asked::Run(Box::new(Args {
            command,
            file: file.filter(|file| file != "-").map(PathBuf::from),
            chunk_size: self.chunk_size,
            decoder,
            strict: self.strict,
            thinking: self.thinking,
            pretty: self.pretty,
            comments: self.comments,
            state: self.state,
            stats: self.stats,
            svg: self.svg,
            fast: self.fast,
            colour: match self.color {
                ColorChoice::Auto => anstream::ColorChoice::Auto,
                ColorChoice::Always => anstream::ColorChoice::Always,
                ColorChoice::Never => anstream::ColorChoice::Never,
            },
        })))
    }

    fn completions(&self, shell: &str) -> Result<Asked, clap::Error> {
        match Shell::from_str(shell, false) {
            Ok(shell) => self.nothing_else(Asked::Completions(shell)),
            Err(_) => {
                let shells = Shell::value_variants().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                refuse(format!("`completions` is for one of {shells}"))
            }
        }
    }

    fn nothing_else(&self, asked: Asked) -> Result<Asked, clap::Error> {
        match self.given.first() {
            Some(option) => refuse(format!("--{option} has no effect here")),
            None => Ok(asked),
        }
    }
}

/// The names of the options that were given.
fn given(command: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    let given = matches.ids().filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
    let arguments = given.filter_map(|id| command.get_arguments().find(|arg| arg.get_id() == id));
    arguments.filter_map(|arg| arg.get_long()).map(ToOwned::to_owned).collect()
}

fn refuse(sentence: impl fmt::Display) -> Result<Asked, clap::Error> {
    Err(Line::command().error(ErrorKind::InvalidValue, sentence))
}

fn decoder(limit: Option<usize>, last_event_id: Option<&str>) -> Result<Decoder, InvalidId> {
    let decoder = match limit {
        Some(limit) => Decoder::new().with_max_event_bytes(limit),
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

    fn understand(words: &str) -> Result<Asked, clap::Error> {
        Line::read(["ssewire"].into_iter().chain(words.split_whitespace()))?.understand(false)
    }

    fn run(asked: Asked) -> Box<Args> {
        match asked {
            Asked::Run(args) => args,
            asked => panic!("{asked:?}"),
        }
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
            ("timeline --svg a.sse", Command::Timeline, Some("a.sse")),
            ("-- a.sse", Command::Text, Some("a.sse")),
            ("sse -- --odd", Command::Sse, Some("--odd")),
        ] {
            let args = run(understand(words).unwrap());
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
            "text --svg",
            "man a.sse",
            "man --stats",
            "completions",
            "completions basic",
            "completions bash --strict",
            "--color sometimes",
            "--chunk-size 0",
            "--chunk-size -1",
            "--chunk-size",
            "--max-event-bytes many",
            "--unheard-of",
        ] {
            assert!(understand(words).unwrap_err().use_stderr(), "{words}");
        }
    }

    #[test]
    fn invalid_last_event_ids_are_refused() {
        for (id, problem) in [
            ("1\n2", "--last-event-id: last event ID contains LF, CR or NUL"),
            (&"x".repeat(4097), "--last-event-id: last event ID exceeds the limit of 4096 bytes"),
        ] {
            let refused = Line::read(["ssewire", "--last-event-id", id]).and_then(|line| line.understand(false));
            let refused = refused.unwrap_err();
            assert!(refused.use_stderr() && refused.to_string().contains(problem), "{refused}");
        }
        // The ID has a bound of its own: the limit of an event does not apply.
        assert!(understand("--max-event-bytes 2 --last-event-id 123").is_ok());
    }

    #[test]
    fn who_is_told_where_an_option_belongs_is_told_all() {
        for (words, sentence) in [
            ("message --state", "--state is for `sse`"),
            ("sse --thinking", "--thinking is for `text` and `demo`"),
            ("--pretty", "--pretty is for `sse`, `events` and `message`"),
        ] {
            let said = understand(words).unwrap_err().to_string();
            assert!(said.contains(sentence), "{said}");
        }
    }

    #[test]
    fn a_manual_and_completions_can_be_had() {
        assert!(matches!(understand("man").unwrap(), Asked::Manual));
        assert!(matches!(understand("completions zsh").unwrap(), Asked::Completions(Shell::Zsh)));
    }

    #[test]
    fn a_terminal_gets_help_unless_it_is_named() {
        let on_a_terminal = |words: &[&str]| Line::read(words).unwrap().understand(true);
        for words in [&["ssewire"][..], &["ssewire", "--strict"]] {
            let help = on_a_terminal(words).unwrap_err();
            assert!(!help.use_stderr());
            assert!(help.to_string().contains("Usage: "));
        }
        assert_eq!(run(on_a_terminal(&["ssewire", "text"]).unwrap()).command, Command::Text);
        assert_eq!(run(on_a_terminal(&["ssewire", "-"]).unwrap()).command, Command::Text);
    }
}
