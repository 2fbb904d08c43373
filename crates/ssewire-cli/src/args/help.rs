//! Help, manual page and completions, all from the definition of the command line.

use std::io;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, CommandFactory as _, ValueHint, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Cli;
use super::command::{Command, SERVE_OPTIONS};

pub(super) const ABOUT: &str = "Reads event streams and Claude Messages API streams while they arrive";

const EXAMPLES: [(&str, &str); 4] = [
    ("curl -sN https://api.anthropic.com/v1/messages ... | ssewire --stats", "The text as it arrives, then a table."),
    ("curl -sN ... | ssewire record answer.sse | ssewire", "The text, and a recording with its times."),
    ("ssewire timeline --svg answer.sse > answer.svg", "A picture of the recording."),
    ("ssewire serve answer.sse --fault cut", "A server that cuts it, to test a client."),
];

const EXIT_CODES: [(&str, &str, &str); 7] = [
    ("0", "complete", "The stream is complete. Without --strict, also a message that lacks only its message_stop."),
    (
        "1",
        "input/output failure or no Messages stream",
        "Input or output failed, or the input is not a Messages stream.",
    ),
    ("2", "usage", "The command line is invalid."),
    ("3", "server error", "The server sent an error."),
    (
        "4",
        "incomplete",
        "The message is incomplete, no data arrived for the time of --idle-timeout, or, with --strict, the stream violates \
         the protocol.",
    ),
    (
        "130",
        "interrupted",
        "Ctrl-C was pressed, unless an earlier message has failed: then the code of that message. Output so far is \
         printed.",
    ),
    ("141", "output closed", "The reader of standard output closed it."),
];

/// The other commands, which read no stream.
const OTHERS: [(&str, &str, &str); 4] = [
    (
        "serve",
        "[FILE…]: replay over HTTP",
        "Serves recorded streams over HTTP at their recorded pace, with faults on request. It holds them in memory: 16 \
         MiB at most for each file",
    ),
    ("completions", "SHELL: completions", "Prints the completions for bash, elvish, fish, powershell or zsh"),
    ("man", "the manual page", "Prints the manual page, in roff: `ssewire man | man -l -`"),
    ("help", "help", "Prints the overview, or the help of a command"),
];

/// Width of the left column of the help.
const COLUMN: usize = 40;
const WIDTH: usize = 80;

/// Returns the help of the command line. Clap's own list of a line or two for every option does not fit a screen of 24
/// lines.
pub(super) fn overview(cli: &clap::Command) -> String {
    let commands = Command::ALL.map(|command| (command.name().to_owned(), command.summary()));
    // The line above the commands names `help`.
    let others = OTHERS.iter().filter(|(name, ..)| *name != "help");
    let others: Vec<_> = others.map(|(name, summary, _)| ((*name).to_owned(), *summary)).collect();
    let options = cli.get_arguments().filter(|arg| !arg.is_positional() && arg.get_long().is_some());
    let options: Vec<_> =
        options.map(|arg| (option(arg), arg.get_help().map(ToString::to_string).unwrap_or_default())).collect();
    let options: Vec<_> = options.iter().map(|(option, help)| (option.clone(), help.as_str())).collect();
    let codes: Vec<_> = EXIT_CODES.iter().map(|(code, summary, _)| format!("{code} {summary}")).collect();
    format!(
        "{ABOUT}\n\nUsage: ssewire [COMMAND] [OPTIONS] [FILE]     FILE absent or `-`: standard input\n\
         Commands:    details: `ssewire help COMMAND`; version: `ssewire --version`\n{}Options:\n{}\
         Example: curl -sN … | ssewire record answer.sse | ssewire --stats\n{}",
        two_columns(&[&commands[..], &others].concat()),
        two_columns(&options),
        wrapped("Exit codes:", &codes),
    )
}

/// Returns the names of all commands, with those that read no stream.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Command::ALL.into_iter().map(Command::name).chain(OTHERS.map(|(name, ..)| name))
}

/// Returns the help of a command; `None` if the command is unknown.
pub(super) fn of_command(name: &str) -> Option<String> {
    let mut documented = documented();
    documented.build();
    documented.find_subcommand_mut(name).map(|subcommand| subcommand.render_long_help().to_string())
}

/// Returns an option with the name of its value.
fn option(arg: &Arg) -> String {
    let value = arg.get_value_names().filter(|_| arg.get_action().takes_values()).and_then(|names| names.first());
    let value = value.map(|name| format!(" {name}")).unwrap_or_default();
    format!("--{}{value}", arg.get_long().unwrap_or_default())
}

/// Entries in two columns, read from left to right.
fn two_columns(entries: &[(String, &str)]) -> String {
    let width = |column: usize| {
        let names = entries.iter().skip(column).step_by(2).map(|(name, _)| name.len());
        names.max().unwrap_or(0)
    };
    let cell = |(name, text): &(String, &str), width: usize| format!("  {name:width$}  {text}");
    let lines = entries.chunks(2).map(|row| match row {
        [left, right] => format!("{:COLUMN$}{}\n", cell(left, width(0)), cell(right, width(1))),
        row => row.iter().map(|entry| format!("{}\n", cell(entry, width(0)))).collect(),
    });
    lines.collect()
}

/// Words after a title, in lines.
fn wrapped(title: &str, words: &[String]) -> String {
    let mut text = title.to_owned();
    let mut length = text.len();
    for (at, word) in words.iter().enumerate() {
        let comma = if at.saturating_add(1) < words.len() { "," } else { "" };
        let needed = word.len().saturating_add(comma.len()).saturating_add(1);
        if length.saturating_add(needed) > WIDTH {
            text.push_str("\n ");
            length = 1;
        }
        text.push_str(&format!(" {word}{comma}"));
        length = length.saturating_add(needed);
    }
    text.push('\n');
    text
}

/// Returns the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut documented(), "ssewire", &mut script);
    script
}

/// Returns the manual page, in roff.
///
/// # Errors
/// None that a `Vec` returns.
pub(crate) fn manual() -> io::Result<Vec<u8>> {
    let man = Man::new(documented());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]).text([bold("ssewire"), roman(" [COMMAND] [OPTIONS] [FILE]")]);
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    let commands = Command::ALL.map(|command| (command.name(), command.about()));
    let others = OTHERS.map(|(name, _, about)| (name, about));
    section("COMMANDS", &[&commands[..], &others].concat()).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    section("EXIT STATUS", &EXIT_CODES.map(|(code, _, text)| (code, text))).to_writer(&mut page)?;
    section("EXAMPLES", &EXAMPLES).to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

fn section(title: &str, entries: &[(&str, &str)]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [title]);
    for (term, text) in entries {
        section.control("TP", []).text([bold(*term)]).text([roman(*text)]);
    }
    section
}

/// Returns the command line with subcommands, each with the options that it takes, for generators. It cannot be used
/// for parsing; see [`Cli`].
fn documented() -> clap::Command {
    let cli = Cli::command();
    let options = |has_option: &dyn Fn(&str) -> bool| -> Vec<Arg> {
        let options = cli.get_arguments().filter(|arg| arg.get_long().is_some_and(has_option));
        options.cloned().map(in_sentences).collect()
    };
    let file = |name: &'static str| {
        let help = match name {
            "OUT" => "The recording, a file",
            _ => "Standard input if absent or `-`",
        };
        Arg::new("file").value_name(name).value_hint(ValueHint::FilePath).help(help)
    };
    let mut documented = clap::Command::new("ssewire")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(
            "Reads an event stream from FILE, or from standard input if FILE is absent or `-`, and writes its contents \
             to standard output as they arrive. Everything else is written to standard error. The default command is \
             `text`. A file with the name of a command is `./text`.",
        )
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .args(options(&|_| true))
        .arg(flag("version", 'V', ArgAction::Version, "Prints the version"))
        .arg(file("FILE"));
    for command in Command::ALL {
        let subcommand = clap::Command::new(command.name()).about(command.about());
        let mut subcommand = subcommand.args(options(&|option| command.has_option(option)));
        if let Some(name) = command.arguments() {
            subcommand = subcommand.arg(file(name).required(command == Command::Record));
        }
        documented = documented.subcommand(subcommand);
    }
    for (name, _, about) in OTHERS {
        let subcommand = clap::Command::new(name).about(about);
        let subcommand = match name {
            "serve" => {
                let files = file("FILE").num_args(0..).help(
                    "Recordings, or plain event streams, of at most 16 MiB; or names of samples, such as `tool_use`. \
                     The sample `text` if absent",
                );
                let options = options(&|option| SERVE_OPTIONS.contains(&option));
                subcommand.args(options).arg(files).mut_arg("chunk_size", |option| {
                    let help = option.get_long_help().map(ToString::to_string).unwrap_or_default();
                    option
                        .long_help(help + " Not with the faults `slow`, `split` and `odd-chunks`, which set their own.")
                })
            }
            "completions" => {
                let shell = Arg::new("shell").value_name("SHELL").required(true).help("The shell");
                subcommand.arg(shell.value_parser(value_parser!(Shell)))
            }
            "help" => {
                let command = Arg::new("command").value_name("COMMAND").help("The overview if absent");
                subcommand.arg(command.value_parser(PossibleValuesParser::new(names())))
            }
            _ => subcommand,
        };
        documented = documented.subcommand(subcommand);
    }
    with_help_flag(documented)
}

/// Replaces the flag of clap, whose text refers to a short help that is the same here.
fn with_help_flag(command: clap::Command) -> clap::Command {
    let flag = flag("help", 'h', ArgAction::Help, "Prints this help");
    command.disable_help_flag(true).arg(flag).mut_subcommands(with_help_flag)
}

fn flag(name: &'static str, short: char, action: ArgAction, help: &'static str) -> Arg {
    // After the options of the command.
    Arg::new(name).short(short).long(name).action(action).help(help).display_order(100)
}

/// Replaces the few words of the overview by the sentences after them, the first of which is the short help.
fn in_sentences(option: Arg) -> Arg {
    let help = option.get_long_help().map(ToString::to_string).unwrap_or_default();
    match help.split_once("\n\n") {
        Some((_, sentences)) => {
            let first = sentences.split_once(". ").map_or(sentences.trim_end_matches('.'), |(first, _)| first);
            option.help(first.to_owned()).long_help(sentences.to_owned())
        }
        None => option,
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn long_options() -> Vec<String> {
        Cli::command().get_arguments().filter_map(|arg| arg.get_long().map(|long| format!("--{long}"))).collect()
    }

    #[test]
    fn help_names_everything_and_fits_a_screen() {
        let help = Cli::definition().render_help().to_string();
        assert!(help.lines().count() < 24, "a prompt fits below: {help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for command in Command::ALL {
            assert!(help.contains(&format!("  {} ", command.name())), "{command:?}");
        }
        for option in long_options() {
            assert!(help.contains(&option), "{option}");
        }
        for (code, ..) in EXIT_CODES {
            assert!(help.contains(&format!("{code} ")), "{code}");
        }
    }

    #[test]
    fn every_option_has_a_sentence() {
        for option in documented().get_arguments().filter(|arg| arg.get_long().is_some()) {
            let help = option.get_help().unwrap().to_string();
            assert!(help.starts_with(char::is_uppercase) && help.len() > 10, "{option:?}");
        }
    }

    #[test]
    fn every_command_has_a_help_of_its_own() {
        for name in names() {
            let help = of_command(name).unwrap();
            assert!(help.contains(&format!("Usage: ssewire {name}")), "{help}");
            assert!(help.contains("Prints this help") && !help.contains("see a summary"), "{help}");
        }
        assert_eq!(of_command("txt"), None);
    }

    #[test]
    fn the_help_of_a_command_does_not_describe_the_others() {
        let documented = documented();
        for command in documented.get_subcommands() {
            let helps = command.get_arguments().filter_map(Arg::get_long_help).map(ToString::to_string);
            for (help, other) in helps.flat_map(|help| names().map(move |name| (help.clone(), name))) {
                let is_other = other != command.get_name();
                assert!(!is_other || !help.contains(&format!("`{other}`")), "{}: {help}", command.get_name());
            }
        }
        assert!(of_command("serve").unwrap().contains("odd-chunks"));
        assert!(!of_command("text").unwrap().contains("odd-chunks"));
    }

    #[test]
    fn completions_name_every_command_and_option() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(completions(*shell)).unwrap();
            for name in names() {
                assert!(script.contains(name), "{shell} {name}");
            }
            for option in long_options() {
                // Fish writes them without the dashes.
                assert!(script.contains(option.trim_start_matches('-')), "{shell} {option}");
            }
        }
    }

    #[test]
    fn the_manual_names_every_command_option_and_exit_code() {
        let page = String::from_utf8(manual().unwrap()).unwrap().replace('\\', "");
        for name in names() {
            assert!(page.contains(&format!("fB{name}")), "{name}");
        }
        for option in long_options() {
            assert!(page.contains(&option), "{option}");
        }
        for (code, ..) in EXIT_CODES {
            assert!(page.contains(&format!("fB{code}")), "{code}");
        }
    }
}
