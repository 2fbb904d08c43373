//! The command line.

mod command;
mod help;
#[cfg(test)]
mod tests;

use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum as _};
use clap_complete::Shell;
use ssewire::{Decoder, LastEventIdError};
use ssewire_replay::options::{
    FaultOrList, ServeOptions, faults, parse_chunk_size, parse_delay, parse_port, parse_speed,
};

pub(crate) use command::Command;
pub(crate) use help::{completions, manual};

use crate::exit::Exit;
use crate::input;
use crate::output::{self, Output};

/// The command and its options.
#[derive(Debug)]
pub(crate) enum Action {
    Run(Box<Args>),
    Serve(ServeOptions),
    ListFaults,
    /// Print the completions for a shell.
    Completions(Shell),
    /// Print the manual page.
    Manual,
    /// Print this help: that of a command, or the overview.
    Help(String),
}

/// A command that reads a stream, with its options.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) command: Command,
    /// The arguments of the command.
    pub(crate) files: Vec<PathBuf>,
    /// The only argument is a file that can be meant as a command.
    may_be_command: bool,
    pub(crate) input: input::Options,
    /// Has the limit and the last event ID of the options.
    pub(crate) decoder: Decoder,
    /// Go on after the first message.
    pub(crate) all: bool,
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

impl Args {
    /// Returns the file to read; `None`: standard input.
    pub(crate) fn input_file(&self) -> Option<&Path> {
        let file = if self.command == Command::Record { None } else { self.files.first() };
        file.map(PathBuf::as_path).filter(|file| *file != Path::new("-"))
    }

    /// Returns the addition to a sentence about a file that cannot be opened.
    pub(crate) fn hint(&self) -> String {
        if self.may_be_command { format!("; the commands are {}", command_names()) } else { String::new() }
    }
}

impl Action {
    /// Parses the command line of this process.
    ///
    /// # Errors
    /// The command line is invalid, or asks for help: see [`print_clap_error`].
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        Cli::parse_words(std::env::args_os())?.resolve(io::stdin().is_terminal())
    }
}

/// Prints an error of [`Action::from_command_line`], or the help, which clap returns as one.
///
/// # Errors
/// An error of standard output.
pub(crate) fn print_clap_error(refused: &clap::Error, output: &mut Output) -> io::Result<Exit> {
    if refused.use_stderr() {
        // Without the styles of clap: escape sequences in arguments must not reach the terminal.
        output.lines(&output::escaped(&refused.render().to_string()));
        return Ok(Exit::Usage);
    }
    refused.print().map(|()| Exit::Complete)
}

/// The command line as it is written.
///
/// The command is an argument like the others, and optional: with subcommands, clap would refuse options before the
/// command, and take a file for a misspelt command.
#[derive(Debug, Parser)]
#[command(
    name = "ssewire",
    version,
    about = help::ABOUT,
    long_about = None,
    override_usage = "ssewire [COMMAND] [OPTIONS] [FILE]",
    args_override_self = true,
)]
struct Cli {
    /// The command, and its files
    #[arg(hide = true)]
    words: Vec<OsString>,

    /// further messages
    ///
    /// Goes on with further messages of the body until it ends. The exit code is the first one that is not 0.
    #[arg(long)]
    all: bool,

    /// counts and times
    ///
    /// Prints counts and times on standard error. Times count from the start of the command; in a file that `ssewire
    /// record` wrote, from the start of the recording. Other files have no times.
    #[arg(long)]
    stats: bool,

    /// stop at violation
    ///
    /// Ends at the first protocol violation, with exit code 4.
    #[arg(long)]
    strict: bool,

    /// print thinking
    ///
    /// Also prints the thinking of the model, between a line <thinking> and a line </thinking>.
    #[arg(long)]
    thinking: bool,

    /// indent the JSON
    ///
    /// Indents the JSON.
    #[arg(long)]
    pretty: bool,

    /// sse: with comments
    ///
    /// Also prints the comments of the stream, each as a line {"comment":…}. A comment above 64 KiB is truncated, with
    /// "truncated":true.
    #[arg(long)]
    comments: bool,

    /// sse: final state
    ///
    /// Prints a last line with last event ID, reconnection time, and whether the stream is truncated.
    #[arg(long)]
    state: bool,

    /// timeline: picture
    ///
    /// Draws an SVG picture instead of characters.
    #[arg(long)]
    svg: bool,

    /// demo: do not wait
    ///
    /// Does not wait between events.
    #[arg(long)]
    fast: bool,

    /// auto, sse, jsonl
    ///
    /// The format of the input: an event stream, or JSON lines as `ssewire events` and agent tools print them. `auto`
    /// takes the input for JSON lines if its first line has an event of the Messages API. Lines that are other JSON
    /// objects may precede that line, up to 4 MiB.
    #[arg(long, value_name = "FMT", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    input: input::Format,

    /// end after silence
    ///
    /// Ends with exit code 4 if no data arrives for this many seconds. The time counts from the opening of FILE or OUT.
    #[arg(long, value_name = "S", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// N bytes at a time
    ///
    /// Handles at most N bytes at a time, to find errors at chunk boundaries.
    #[arg(long, value_name = "N", value_parser = parse_chunk_size)]
    chunk_size: Option<NonZeroUsize>,

    /// skip larger ones
    ///
    /// Skips events larger than N bytes [default: 16777216]. Comments, unknown fields and IDs do not count.
    #[arg(long, value_name = "N", value_parser = byte_count)]
    max_event_bytes: Option<usize>,

    /// sse: initial ID
    ///
    /// Sets the last event ID from which the connection was resumed. Events carry it until the stream sets another one.
    #[arg(long, value_name = "ID")]
    last_event_id: Option<String>,

    /// serve: TCP port
    ///
    /// Listens on this port of the loopback interface [default: any free one].
    #[arg(long, value_name = "N", value_parser = parse_port, default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// serve: pace
    ///
    /// Plays at X times the recorded pace; `inf` sends at once. Not with --delay-ms or the fault `slow`.
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    speed: Option<f64>,

    /// serve: pause
    ///
    /// Pauses N milliseconds between two chunks, instead of the recorded pace. Not with the fault `slow`.
    #[arg(long, value_name = "N", value_parser = parse_delay, default_value = "0", hide_default_value = true)]
    delay_ms: Duration,

    /// serve: a fault
    ///
    /// Applies this fault to every stream, of several one after the other; `list` prints the faults.
    #[arg(long, value_name = "NAME")]
    fault: Vec<FaultOrList>,

    /// always, never
    ///
    /// Whether to write colours: auto (on terminals, unless NO_COLOR, CLICOLOR, CLICOLOR_FORCE or TERM says otherwise),
    /// always or never. They mark thinking, tool calls and the lanes of a timeline. Not with --svg, which has its own.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    color: ColorChoice,

    /// The options that were given.
    #[arg(skip)]
    given: Vec<String>,

    /// The name of a command that was asked for its help.
    #[arg(skip)]
    help: Option<&'static str>,
}

impl Cli {
    fn parse_words(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let mut command = Self::definition();
        let matches = match command.try_get_matches_from_mut(&words) {
            Ok(matches) => matches,
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {
                let named = words.iter().skip(1).find_map(|word| help::names().find(|name| word == name));
                return match named {
                    Some(named) => Ok(Self { help: Some(named), ..Self::parse_words(["ssewire"])? }),
                    None => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        let cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok(Self { given: given(&command, &matches), ..cli })
    }

    /// Returns the command line with its help.
    fn definition() -> clap::Command {
        let command = Self::command();
        let help = help::overview(&command);
        command.override_help(help)
    }

    fn resolve(mut self, stdin_is_terminal: bool) -> Result<Action, clap::Error> {
        if let Some(command) = self.help {
            return help_of(Some(command));
        }
        let mut words = core::mem::take(&mut self.words);
        match words.split_first().map(|(name, arguments)| (name.to_str().unwrap_or_default(), arguments)) {
            Some((name @ ("completions" | "man" | "help"), arguments)) => return self.document(name, arguments),
            Some(("serve", files)) => return self.serve(files),
            None if self.fault.contains(&FaultOrList::List) => return self.serve(&[]),
            _ => {}
        }
        let mut may_be_command = false;
        let command = match words.first().map(|word| Command::from_name(word)) {
            Some(Some(command)) => {
                words.remove(0);
                command
            }
            Some(None) if words.len() == 1 => {
                may_be_command = words.first().is_some_and(|word| looks_like_command(word));
                Command::Text
            }
            Some(None) => {
                let word = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
                return refuse(format!("unrecognized command `{word}`; available commands: {}", command_names()));
            }
            None if stdin_is_terminal => return help_of(None),
            None => Command::Text,
        };
        if let Some(option) = self.given.iter().find(|option| !command.has_option(option)) {
            return refuse(command::refusal(command.name(), option));
        }
        if self.svg && self.given.iter().any(|option| option == "color") {
            return refuse("--color has no effect with --svg, which has its own colours");
        }
        if !command.argument_counts().contains(&words.len()) {
            let name = command.name();
            return refuse(match command {
                Command::Demo => format!("`{name}` reads no file"),
                Command::Record => {
                    format!("`{name}` needs one file to write, not {}; it reads standard input", words.len())
                }
                _ => format!("`{name}` reads one file, not {}", words.len()),
            });
        }
        if command == Command::Record && words.iter().any(|word| word == "-") {
            return refuse("`record` takes no `-`, only files");
        }
        self.with_files(command, words.into_iter().map(PathBuf::from).collect(), may_be_command)
    }

    fn with_files(self, command: Command, files: Vec<PathBuf>, may_be_command: bool) -> Result<Action, clap::Error> {
        let decoder = match decoder(self.max_event_bytes, self.last_event_id.as_deref()) {
            Ok(decoder) => decoder,
            Err(error) => return refuse(format!("--last-event-id: {error}")),
        };
        Ok(Action::Run(Box::new(Args {
            command,
            files,
            may_be_command,
            input: input::Options {
                chunk_size: self.chunk_size,
                idle_timeout: self.idle_timeout,
                format: self.input,
                max_line_bytes: decoder.max_event_bytes(),
                keeps_time_comments: self.comments,
                is_raw: command == Command::Record,
            },
            decoder,
            all: self.all || command == Command::Events,
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

    fn serve(&self, files: &[OsString]) -> Result<Action, clap::Error> {
        if let Some(option) = self.given.iter().find(|option| !command::SERVE_OPTIONS.contains(&option.as_str())) {
            return refuse(command::refusal("serve", option));
        }
        let Some(faults) = faults(&self.fault) else { return Ok(Action::ListFaults) };
        if files.iter().any(|file| file == "-") {
            return refuse("`serve` takes no `-`, only files");
        }
        let options = ServeOptions {
            files: files.iter().map(PathBuf::from).collect(),
            port: self.port,
            speed: self.speed,
            delay: self.delay_ms,
            chunk_size: self.chunk_size,
            faults,
        };
        match options.overridden() {
            Some(sentence) => refuse(sentence),
            None => Ok(Action::Serve(options)),
        }
    }

    /// Returns a command that prints a text about the command line.
    fn document(&self, name: &str, arguments: &[OsString]) -> Result<Action, clap::Error> {
        let argument = arguments.first().map(|argument| argument.to_string_lossy());
        let action = match name {
            "man" if argument.is_some() => refuse("`man` takes no argument"),
            "man" => Ok(Action::Manual),
            _ if arguments.len() > 1 => refuse(format!("`{name}` takes one argument, not {}", arguments.len())),
            "completions" => completions_of(&argument.unwrap_or_default()),
            _ => help_of(argument.as_deref()),
        }?;
        match self.given.first() {
            Some(option) => refuse(format!("--{option} has no effect here")),
            None => Ok(action),
        }
    }
}

fn completions_of(shell: &str) -> Result<Action, clap::Error> {
    Shell::from_str(shell, false).map(Action::Completions).or_else(|_| {
        let shells = Shell::value_variants().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        refuse(format!("`completions` takes one of {shells}"))
    })
}

/// Returns the names of the options that were given.
fn given(command: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    let given = matches.ids().filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
    let arguments = given.filter_map(|id| command.get_arguments().find(|arg| arg.get_id() == id));
    arguments.filter_map(|arg| arg.get_long()).map(ToOwned::to_owned).collect()
}

/// Returns the help of a command, or the overview.
///
/// # Errors
/// The command is unknown.
fn help_of(command: Option<&str>) -> Result<Action, clap::Error> {
    let Some(name) = command else { return Ok(Action::Help(Cli::definition().render_help().to_string())) };
    match help::of_command(name) {
        Some(help) => Ok(Action::Help(help)),
        None => refuse(format!("unrecognized command `{name}`; available commands: {}", command_names())),
    }
}

fn command_names() -> String {
    help::names().collect::<Vec<_>>().join(", ")
}

/// Returns whether a word is more likely a misspelt command than the name of a file.
fn looks_like_command(word: &OsStr) -> bool {
    !word.is_empty() && word.as_encoded_bytes().iter().all(u8::is_ascii_alphabetic)
}

fn refuse(sentence: impl fmt::Display) -> Result<Action, clap::Error> {
    Err(Cli::definition().error(ErrorKind::InvalidValue, sentence))
}

fn decoder(limit: Option<usize>, last_event_id: Option<&str>) -> Result<Decoder, LastEventIdError> {
    let decoder = match limit {
        Some(limit) => Decoder::new().with_max_event_bytes(limit),
        None => Decoder::new(),
    };
    match last_event_id {
        Some(id) => decoder.with_last_event_id(id.as_bytes()),
        None => Ok(decoder),
    }
}

fn byte_count(value: &str) -> Result<usize, &'static str> {
    value.parse().map_err(|_| "not a number of bytes")
}

fn seconds(value: &str) -> Result<Duration, &'static str> {
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or("not a number of seconds greater than zero")
}
