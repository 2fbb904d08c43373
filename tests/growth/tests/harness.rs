//! The command: its report on families of known growth, and its exit codes.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::{Command, Output};

fn growth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ssewire-growth")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// One small family. Each run also measures the families of known growth and ends with 2 if a verdict on them is wrong.
const SMALL: [&str; 4] = ["--families", "sse/data-lines", "--sizes", "2K,4K"];

#[test]
fn a_linear_family_passes() {
    let output = growth(&SMALL);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("growth: 1 families, 0 exceed their bounds"), "{text}");
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    assert_eq!(text.contains("NOT RUN"), !has_valgrind, "{text}");
}

#[test]
fn quadratic_families_fail() {
    let output = growth(&["--layer", "known", "--sizes", "4K,8K,16K", "--valgrind", "/nonexistent"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = stdout(&output);
    let verdict = |name: &str| text.lines().find(|line| line.starts_with(&format!("known/{name} "))).unwrap();
    assert!(verdict("linear").ends_with("  ok"), "{text}");
    for cost in ["allocations", "peak"] {
        assert!(verdict(&format!("quadratic-{cost}")).contains(&format!("FAILS: exponent of {cost} ")), "{text}");
    }
}

#[test]
fn quadratic_instructions_fail_where_they_are_counted() {
    let output = growth(&["--layer", "known", "--families", "*instructions", "--sizes", "4K,8K"]);
    let text = stdout(&output);
    if text.contains("== growth: instructions: NOT RUN") {
        assert_eq!(output.status.code(), Some(0), "{text}");
    } else {
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("FAILS: exponent of instructions "), "{text}");
    }
}

#[test]
fn without_valgrind_it_says_so() {
    let output = growth(&[&SMALL[..], &["--valgrind", "/nonexistent"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = stdout(&output);
    assert!(text.starts_with("== growth: instructions: NOT RUN: there is no valgrind"), "{text}");
    assert!(text.contains("apt-get install"), "{text}");
}

#[test]
fn a_measurement_that_takes_too_long_fails() {
    let output = growth(&["--layer", "known", "--families", "*/linear", "--patience", "0"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no result within 0 s"), "{output:?}");
}

#[test]
fn unknown_names_are_errors() {
    for arguments in [["--layer", "nothing"], ["--families", "nothing"], ["--sizes", "1"]] {
        assert_eq!(growth(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}
