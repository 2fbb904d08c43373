//! The README of the package contains every command, option and exit code of the help.

use std::fs;

use crate::support::ssewire;

#[test]
fn the_readme_names_each_command_and_option_of_the_help() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let help = ssewire(&["--help"], b"").stdout;
    let words = || help.split(|c: char| c.is_whitespace() || c == ',');

    let options: Vec<_> = words().filter(|word| word.starts_with("--")).collect();
    assert!(options.len() > 10, "{help}");
    for option in options {
        assert!(readme.contains(&format!("`{option}`")) || readme.contains(&format!("`{option} ")), "{option}");
    }

    let commands = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    for command in ["text", "sse", "events", "message", "timeline", "record", "serve", "demo"] {
        assert!(commands.contains(&format!("  {command} ")), "the help lacks {command}");
        assert!(readme.contains(&format!("| `{command}")), "{command}");
    }

    let codes = help.split_once("Exit codes:").unwrap().1;
    let codes: Vec<u8> = codes.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 130, 141]);
    for code in codes {
        assert!(readme.contains(&format!("\n| {code} | ")), "{code}");
    }
}
