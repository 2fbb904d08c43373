//! The command line.

mod command;
mod help;

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
use ssewire::{Decoder, InvalidId};
use ssewire_replay::options::{FaultOrList, faults, overridden_option, parse_speed};

pub(crate) use command::Command;
pub(crate) use help::{completions, manual};

use crate::commands::serve;
use crate::exit::Exit;
use crate::input;
use crate::output::{self, Output};

/// The command and its options.
#[derive(Debug)]
pub(crate) enum Action {
    Run(Box<Args>),
    Serve(serve::Options),
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
    /// Goes on with the further messages of the body until it ends. `message` prints one document per line, `text` a
    /// blank line between messages. The exit code is the first one that is not 0. `events` always does so. `sse` and
    /// `record` always read to the end of the input, and do not take this option.
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

    /// in <thinking> tags
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

    /// sse: last ID
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
    /// takes the input for JSON lines if its first line has an event of the Messages API, or if one follows lines that
    /// are other JSON objects, within the first 4 MiB.
    #[arg(long, value_name = "FMT", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    input: input::Format,

    /// end after silence
    ///
    /// Ends with exit code 4 if no data arrives for this many seconds.
    #[arg(long, value_name = "S", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// N bytes at a time
    ///
    /// Handles at most N bytes at a time, to find errors at chunk boundaries. Most commands pass them to the decoder;
    /// `record` writes them to both outputs, and `serve` sends them as one chunk. Not with the faults `slow`, `split`
    /// and `odd-chunks`, which set their own.
    #[arg(long, value_name = "N")]
    chunk_size: Option<NonZeroUsize>,

    /// skip larger ones
    ///
    /// Skips events larger than N bytes [default: 16777216]. Comments, unknown fields and IDs do not count.
    #[arg(long, value_name = "N")]
    max_event_bytes: Option<usize>,

    /// sse: initial ID
    ///
    /// Sets the last event ID from which the connection was resumed. Events carry it until the stream sets another one.
    #[arg(long, value_name = "ID")]
    last_event_id: Option<String>,

    /// serve: listen at
    ///
    /// Listens on this port of the loopback interface [default: any free one].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// serve: pace
    ///
    /// Plays at X times the recorded pace; `inf` sends at once. Not with the fault `slow`, which sets its own.
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    speed: Option<f64>,

    /// serve: or `list`
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
        if let Some((name @ ("completions" | "man" | "help"), arguments)) =
            words.split_first().and_then(|(name, arguments)| Some((name.to_str()?, arguments)))
        {
            return self.document(name, arguments);
        }
        let mut may_be_command = false;
        let command = match words.first().map(|word| Command::named(word)) {
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
            None if self.fault.contains(&FaultOrList::List) => Command::Serve,
            None if stdin_is_terminal => return help_of(None),
            None => Command::Text,
        };
        if let Some(option) = self.given.iter().find(|option| !command.takes(option)) {
            return refuse(command::refusal(command, option));
        }
        if self.svg && self.given.iter().any(|option| option == "color") {
            return refuse("--color has no effect with --svg, which has its own colours");
        }
        if self.fault.contains(&FaultOrList::List) {
            return Ok(Action::ListFaults);
        }
        if !command.argument_counts().contains(&words.len()) {
            let name = command.name();
            return refuse(match command {
                Command::Demo => format!("`{name}` reads no file"),
                Command::Record => format!("`{name}` takes the file to write; it reads standard input"),
                Command::Serve => format!("`{name}` takes the files to serve"),
                _ => format!("`{name}` reads one file, not {}", words.len()),
            });
        }
        if matches!(command, Command::Record | Command::Serve) && words.iter().any(|word| word == "-") {
            return refuse(format!("`{}` takes no `-`, only files", command.name()));
        }
        self.with_files(command, words.into_iter().map(PathBuf::from).collect(), may_be_command)
    }

    fn with_files(self, command: Command, files: Vec<PathBuf>, may_be_command: bool) -> Result<Action, clap::Error> {
        if command == Command::Serve {
            let faults = faults(&self.fault).unwrap_or_default();
            let (has_chunk_size, has_speed) = (self.chunk_size.is_some(), self.speed.is_some());
            if let Some(sentence) = overridden_option(&faults, has_chunk_size, false, has_speed) {
                return refuse(sentence);
            }
            return Ok(Action::Serve(serve::Options {
                files,
                port: self.port,
                speed: self.speed,
                faults,
                chunk_size: self.chunk_size,
            }));
        }
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

fn seconds(value: &str) -> Result<Duration, &'static str> {
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0.0);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or("not a number of seconds greater than zero")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(words: &str) -> Result<Action, clap::Error> {
        Cli::parse_words(["ssewire"].into_iter().chain(words.split_whitespace()))?.resolve(false)
    }

    fn run(action: Action) -> Box<Args> {
        match action {
            Action::Run(args) => args,
            action => panic!("{action:?}"),
        }
    }

    #[test]
    fn the_definition_is_valid() {
        Cli::definition().debug_assert();
    }

    #[test]
    fn the_command_may_be_anywhere_or_missing() {
        for (words, command, file) in [
            ("", Command::Text, None),
            ("-", Command::Text, None),
            ("a.sse", Command::Text, Some("a.sse")),
            ("--strict a.sse", Command::Text, Some("a.sse")),
            ("a.sse --strict", Command::Text, Some("a.sse")),
            ("text", Command::Text, None),
            ("./text", Command::Text, Some("./text")),
            ("text text", Command::Text, Some("text")),
            ("./help", Command::Text, Some("./help")),
            ("text help", Command::Text, Some("help")),
            ("sse -", Command::Sse, None),
            ("--chunk-size 7 events a.sse", Command::Events, Some("a.sse")),
            ("message --pretty a.sse --strict --all", Command::Message, Some("a.sse")),
            ("demo --fast --thinking", Command::Demo, None),
            ("timeline --svg a.sse", Command::Timeline, Some("a.sse")),
            ("record --idle-timeout 0.5 a.sse", Command::Record, None),
            ("-- a.sse", Command::Text, Some("a.sse")),
            ("sse -- --odd", Command::Sse, Some("--odd")),
        ] {
            let args = run(resolve(words).unwrap());
            assert_eq!((args.command, args.input_file()), (command, file.map(Path::new)), "{words}");
        }
    }

    #[test]
    fn options_without_effect_are_refused() {
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
            "timeline --svg --color never",
            "sse --all",
            "sse --strict",
            "demo --strict",
            "text --last-event-id 1",
            "message --color never",
            "record a --color never",
            "serve a --color never",
            "help txt",
            "help text sse",
            "man a.sse",
            "man --stats",
            "completions",
            "completions basic",
            "completions bash --strict",
            "record",
            "record a b",
            "record a --stats",
            "serve",
            "serve a --stats",
            "text --port 1",
            "serve a --fault unknown",
            "serve a --speed 0",
            "serve a --fault split --chunk-size 7",
            "serve a --chunk-size 7 --fault cut --fault slow",
            "serve a --speed 1 --fault slow",
            "--idle-timeout 0",
            "--idle-timeout -1",
            "--idle-timeout NaN",
            "--input xml",
            "--color sometimes",
            "--chunk-size 0",
            "--chunk-size -1",
            "--chunk-size",
            "--max-event-bytes many",
            "--unheard-of",
        ] {
            assert!(resolve(words).unwrap_err().use_stderr(), "{words}");
        }
    }

    #[test]
    fn invalid_last_event_ids_are_refused() {
        for (id, problem) in [
            ("1\n2", "--last-event-id: last event ID contains LF, CR or NUL"),
            (&"x".repeat(4097), "--last-event-id: last event ID exceeds the limit of 4096 bytes"),
        ] {
            let refused =
                Cli::parse_words(["ssewire", "sse", "--last-event-id", id]).and_then(|cli| cli.resolve(false));
            let refused = refused.unwrap_err();
            assert!(refused.use_stderr() && refused.to_string().contains(problem), "{refused}");
        }
        // The ID has a bound of its own: the limit of an event does not apply.
        assert!(resolve("sse --max-event-bytes 2 --last-event-id 123").is_ok());
    }

    #[test]
    fn a_misplaced_option_is_answered_with_its_commands() {
        for (words, sentence) in [
            ("message --state", "--state is an option of `sse`"),
            ("sse --thinking", "--thinking is an option of `text` and `demo`"),
            ("--pretty", "--pretty is an option of `sse`, `events` and `message`"),
            (
                "sse --all",
                "--all is an option of `text`, `events`, `message` and `timeline`; `sse` always reads to the end of the input",
            ),
            ("sse --strict", "--strict is an option of `text`, `events`, `message` and `timeline`, not of `sse`"),
            ("mesage a", "unrecognized command `mesage`; available commands: text, sse, "),
            ("mesage a", ", demo, completions, man, help"),
            ("record -", "`record` takes no `-`, only files"),
            ("serve a -", "`serve` takes no `-`, only files"),
            ("man x", "`man` takes no argument"),
            ("completions bash zsh", "`completions` takes one argument, not 2"),
            ("help a b", "`help` takes one argument, not 2"),
            (
                "serve a --chunk-size 7 --fault split",
                "--chunk-size has no effect with --fault split, which sets its own",
            ),
            ("serve a --speed 4 --fault slow", "--speed has no effect with --fault slow, which sets its own"),
            ("timeline --color auto --svg", "--color has no effect with --svg, which has its own colours"),
            ("help sse --stats", "--stats has no effect here"),
            ("help --stats", "--stats has no effect here"),
            ("man --stats", "--stats has no effect here"),
            ("help mesage", "unrecognized command `mesage`; available commands: text, "),
        ] {
            let message = resolve(words).unwrap_err().to_string();
            assert!(message.contains(sentence), "{message}");
        }
    }

    #[test]
    fn other_actions_have_names() {
        assert!(matches!(resolve("man").unwrap(), Action::Manual));
        assert!(matches!(resolve("completions zsh").unwrap(), Action::Completions(Shell::Zsh)));
        assert!(matches!(resolve("serve --fault list").unwrap(), Action::ListFaults));
        let Action::Serve(options) = resolve("serve a b --speed inf --fault cut --fault bom").unwrap() else {
            panic!()
        };
        assert_eq!((options.files.len(), options.faults.len(), options.port), (2, 2, 0));
        for words in ["serve --help", "--help serve", "serve a -h"] {
            let Action::Help(help) = resolve(words).unwrap() else { panic!("{words}") };
            assert!(help.contains("--fault") && !help.contains("--svg"), "{help}");
        }
        for command in ["completions", "man", "help"] {
            let Action::Help(help) = resolve(&format!("{command} --help")).unwrap() else { panic!("{command}") };
            assert!(help.contains(&format!("Usage: ssewire {command}")), "{help}");
            assert!(matches!(resolve(&format!("help {command}")).unwrap(), Action::Help(same) if same == help));
        }
        let overview = resolve("--help").unwrap_err();
        assert!(!overview.use_stderr());
        assert!(matches!(resolve("help").unwrap(), Action::Help(same) if same == overview.to_string()));
    }

    #[test]
    fn a_word_that_may_be_a_command_gets_a_hint() {
        for (words, has_hint) in [
            ("txt", true),
            ("txt --stats", true),
            ("txt.sse", false),
            ("./txt", false),
            ("text txt", false),
            ("", false),
        ] {
            let hint = run(resolve(words).unwrap()).hint();
            assert_eq!(hint.contains("the commands are text, sse, "), has_hint, "{words}: {hint}");
        }
    }

    #[test]
    fn a_terminal_gets_help_unless_it_is_named() {
        let on_a_terminal = |words: &[&str]| Cli::parse_words(words).unwrap().resolve(true);
        for words in [&["ssewire"][..], &["ssewire", "--strict"]] {
            let Action::Help(help) = on_a_terminal(words).unwrap() else { panic!("{words:?}") };
            assert!(help.starts_with("Reads event streams") && help.contains("Usage: "), "{help}");
        }
        assert_eq!(run(on_a_terminal(&["ssewire", "text"]).unwrap()).command, Command::Text);
        assert_eq!(run(on_a_terminal(&["ssewire", "-"]).unwrap()).command, Command::Text);
    }

    /// Random command lines: each is an action, or is refused with a text. `SSEWIRE_CASES` sets their number.
    #[test]
    fn every_command_line_is_resolved_or_refused() {
        const WORDS: [&str; 24] = [
            "--last-event-id",
            "--max-event-bytes",
            "--idle-timeout",
            "--chunk-size",
            "--input",
            "--color",
            "--fault",
            "--speed",
            "--port",
            "--all",
            "--stats",
            "--svg",
            "--pretty",
            "--help",
            "--version",
            "--",
            "-",
            "-x",
            "18446744073709551616",
            "-1",
            "",
            "inf",
            "\u{1b}]52;c;x\u{7}",
            "list",
        ];
        let commands = Command::ALL.map(Command::name);
        let words: Vec<&str> =
            WORDS.into_iter().chain(commands).chain(["completions", "man", "help", "bash", "a.sse"]).collect();
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % below
        };
        let (mut resolved, mut refused) = (0, 0);
        let cases = std::env::var("SSEWIRE_CASES").map_or(1500, |cases| cases.parse().unwrap());
        for _ in 0..cases {
            let count = random(6);
            let mut line = vec![OsString::from("ssewire")];
            line.extend((0..count).filter_map(|_| words.get(random(words.len()))).map(OsString::from));
            #[cfg(unix)]
            if random(20) == 0 {
                line.push(std::os::unix::ffi::OsStringExt::from_vec(vec![b'a', 0xFF, 0x1B]));
            }
            match Cli::parse_words(&line).and_then(|cli| cli.resolve(random(2) == 0)) {
                Ok(_) => resolved += 1,
                Err(error) => {
                    assert!(!error.to_string().trim().is_empty(), "{line:?}");
                    refused += 1;
                }
            }
        }
        assert!(resolved > cases / 30 && refused > cases / 30, "{resolved} {refused}");
    }
}
