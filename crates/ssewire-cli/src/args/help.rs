//! What is said of the command line: help on a screen, a manual page, completions for shells.

use std::io;

use clap::{Arg, CommandFactory as _, ValueHint};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Line;
use super::command::Command;

/// By hand and not by clap, whose list of a line or two for every option does not fit a screen of 24 lines.
pub(super) const HELP: &str = "\
{about}

Usage: ssewire [COMMAND] [OPTIONS] [FILE]     FILE absent or `-`: standard input

Commands:
  text      the text as it arrives (default)  sse      any stream's events, JSON
  events    Messages events, one a line       message  the final message, JSON
  timeline  a drawing of what came when       demo     a sample at a human pace
Options:
  --stats     counts and times, on stderr     --strict  stop at first departure
  --thinking  text, demo: thinking, too       --pretty  indent the JSON
  --comments  sse: comments, too              --state   sse: last ID and retry
  --svg       timeline: as an SVG picture     --fast    demo: do not wait
  --chunk-size N        hand N bytes at a time to the decoder
  --max-event-bytes N   skip larger events (16 MiB where it is not said)
  --last-event-id ID    begin with this last event ID
  --color WHEN          auto, always, never   -h, --help  -V, --version
Examples:
  curl -sN https://api.anthropic.com/v1/messages … | ssewire --stats
  ssewire message --pretty answer.sse
  ssewire timeline --svg answer.sse > answer.svg
Exit codes: 0 complete, 1 input/output failure or no Messages stream, 2 usage,
3 server error, 4 incomplete, 130 interrupted, 141 reader of the output is gone
";

const EXAMPLES: [(&str, &str); 3] = [
    ("curl -sN https://api.anthropic.com/v1/messages ... | ssewire --stats", "The text as it arrives, then a table."),
    ("ssewire message --pretty answer.sse", "The message that a recorded stream makes."),
    ("ssewire timeline --svg answer.sse > answer.svg", "A picture of it."),
];

const EXIT_CODES: [(&str, &str); 7] = [
    ("0", "The stream is complete. A message that merely lacks its message_stop is, too, unless --strict is given."),
    ("1", "Input or output failed, or the input is no Messages stream."),
    ("2", "The command line cannot be understood."),
    ("3", "The server sent an error."),
    ("4", "The message is incomplete, or, with --strict, the stream departs from the protocol."),
    ("130", "It was interrupted with Ctrl-C. What had come is shown all the same."),
    ("141", "The reader of standard output is gone."),
];

/// The completions for a shell.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut documented(), "ssewire", &mut script);
    script
}

/// The manual page, in roff.
///
/// # Errors
/// None that a `Vec` gives.
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
    section("COMMANDS", &commands).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    section("EXIT STATUS", &EXIT_CODES).to_writer(&mut page)?;
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

/// The command line with real subcommands, each with the options that it takes: what generators understand. For
/// parsing it would not do; see [`Line`].
fn documented() -> clap::Command {
    let line = Line::command();
    let options = |takes: &dyn Fn(&str) -> bool| -> Vec<Arg> {
        line.get_arguments().filter(|arg| !arg.is_positional() && takes(arg.get_id().as_str())).cloned().collect()
    };
    let file =
        || Arg::new("file").value_name("FILE").value_hint(ValueHint::FilePath).help("Standard input if absent or `-`");
    let mut documented = clap::Command::new("ssewire")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Shows event streams and Claude Messages API streams while they arrive")
        .long_about(
            "Reads an event stream from FILE, or from standard input if it is absent or `-`, and writes what it \
             brings to standard output as it arrives; everything else is said on standard error. Without COMMAND, it \
             is `text`. A file named like a command is `./text`.",
        )
        .disable_help_subcommand(true)
        .args(options(&|_| true))
        .arg(file());
    for command in Command::ALL {
        let subcommand = clap::Command::new(command.name()).about(command.about());
        let subcommand = subcommand.args(options(&|option| command.takes(option)));
        documented = documented.subcommand(if command.reads_a_file() { subcommand.arg(file()) } else { subcommand });
    }
    documented
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn long_options() -> Vec<String> {
        Line::command().get_arguments().filter_map(|arg| arg.get_long().map(|long| format!("--{long}"))).collect()
    }

    #[test]
    fn help_forgets_nothing_and_fits_a_screen() {
        let help = Line::command().render_help().to_string();
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
        for (code, _) in EXIT_CODES {
            assert!(help.contains(&format!("{code} ")), "{code}");
        }
    }

    #[test]
    fn completions_name_every_command_and_option() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(completions(*shell)).unwrap();
            for command in Command::ALL {
                assert!(script.contains(command.name()), "{shell} {command:?}");
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
        for command in Command::ALL {
            assert!(page.contains(&format!("fB{}", command.name())), "{command:?}");
        }
        for option in long_options() {
            assert!(page.contains(&option), "{option}");
        }
        for (code, _) in EXIT_CODES {
            assert!(page.contains(&format!("fB{code}")), "{code}");
        }
    }
}
