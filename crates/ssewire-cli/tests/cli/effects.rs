//! Every command takes the options that have an effect on it, refuses the others, and the README says which.

use std::fs;

use crate::support::{START, STOP, piece, ssewire};

const COMMANDS: [&str; 8] = ["text", "sse", "events", "message", "timeline", "record", "demo", "serve"];

/// Every option, with a value other than its default.
const OPTIONS: [&[&str]; 19] = [
    &["--all"],
    &["--stats"],
    &["--strict"],
    &["--thinking"],
    &["--pretty"],
    &["--comments"],
    &["--state"],
    &["--svg"],
    &["--fast"],
    &["--input", "jsonl"],
    &["--idle-timeout", "600"],
    &["--chunk-size", "3"],
    &["--max-event-bytes", "90"],
    &["--last-event-id", "7"],
    &["--port", "1"],
    &["--speed", "2"],
    &["--delay-ms", "2"],
    &["--fault", "cut"],
    &["--color", "always"],
];

/// The options in the help of a command.
fn options(command: &str) -> Vec<String> {
    let help = ssewire(&[command, "--help"], b"").exits(0).silent().stdout;
    let words = help.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(' ').next());
    words.map(|word| format!("--{word}")).collect()
}

/// Two messages with everything that an option can select.
fn input() -> Vec<u8> {
    let thinking = "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"\"}}\n\n";
    let violation = "data: {\"type\":\"content_block_stop\",\"index\":9}\n\n";
    let message = [": a comment\n", START, thinking, &piece("Hello"), violation, STOP].concat();
    message.repeat(2).into_bytes()
}

#[test]
fn a_command_takes_the_options_of_its_help_and_refuses_the_others() {
    let mut taken = 0;
    for command in COMMANDS {
        let options = options(command);
        for option in OPTIONS {
            let argument: &[&str] = match command {
                "record" | "serve" => &["/does/not/exist"],
                "demo" if option != ["--fast"] => &["--fast"],
                _ => &[],
            };
            let ran = ssewire(&[&[command], argument, option].concat(), b"");
            if options.iter().any(|name| name == option[0]) {
                assert_ne!(ran.code, 2, "{command} {option:?} {ran:?}");
                taken += 1;
            } else {
                let ran = ran.exits(2);
                let sentence = format!("{} is an option of `", option[0]);
                assert!(ran.stderr.contains(&sentence) && ran.stderr.contains(&format!("`{command}`")), "{ran:?}");
                assert_eq!(ran.stdout, "");
            }
        }
    }
    assert!(taken > 40, "{taken}");
}

#[test]
fn an_option_that_is_taken_has_an_effect() {
    let input = input();
    let mut shown = 0;
    for command in COMMANDS {
        let options = options(command);
        for option in OPTIONS.into_iter().filter(|option| options.iter().any(|name| name == option[0])) {
            // Times are not in the output, the chunk size must not change it, and `serve` has tests of its own.
            if command == "serve" || ["--fast", "--idle-timeout", "--chunk-size"].contains(&option[0]) {
                continue;
            }
            let mut args = vec![command];
            if command == "demo" {
                args.push("--fast");
            }
            if option == ["--color", "always"] && options.iter().any(|name| name == "--thinking") {
                args.push("--thinking");
            }
            let (without, with) = (ssewire(&args, &input), ssewire(&[&args, option].concat(), &input));
            assert_ne!(without, with, "{args:?} {option:?}");
            shown += 1;
        }
    }
    assert!(shown > 25, "{shown}");
}

#[test]
fn the_readme_says_which_commands_take_an_option() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let in_backticks = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(Into::into).collect() };
    for option in OPTIONS {
        let row = readme.lines().find(|line| {
            let rest = line.strip_prefix("| `").and_then(|rest| rest.strip_prefix(option[0]));
            rest.is_some_and(|rest| rest.starts_with(['`', ' ']))
        });
        let cell = row.unwrap().split(" | ").nth(1).unwrap();
        let named = in_backticks(cell);
        let takes = |command: &str| named.iter().any(|name| name == command) != cell.starts_with("all");
        for command in COMMANDS {
            assert_eq!(
                takes(command),
                options(command).iter().any(|name| name == option[0]),
                "{command} {option:?}: {cell}"
            );
        }
    }
}

#[test]
fn help_is_a_command_and_a_misspelt_one_gets_a_list() {
    let overview = ssewire(&["--help"], b"").exits(0).silent();
    assert_eq!(ssewire(&["help"], b""), overview);
    for command in COMMANDS.into_iter().chain(["completions", "man", "help"]) {
        let help = ssewire(&[command, "--help"], b"").exits(0).silent();
        assert!(help.stdout.contains(&format!("Usage: ssewire {command}")), "{help:?}");
        assert_eq!(ssewire(&["help", command], b""), help);
    }
    let list = "the commands are text, sse, events, message, timeline, record, demo, serve, completions, man, help";
    ssewire(&["txt"], b"").exits(1).says(list);
    let file = ssewire(&["txt.sse"], b"").exits(1).says("cannot open txt.sse");
    assert!(!file.stderr.contains("commands"), "{file:?}");
}
