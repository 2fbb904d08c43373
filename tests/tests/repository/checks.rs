//! The functions of `ci/lib.sh`: a check that was not run says so, and `ci/run` never succeeds without its checks.
#![cfg(unix)]

use std::process::{Command, Output};

/// Runs shell code after `ci/lib.sh`, as the check of that name, with `NOT_RUN` set to a value.
fn run(check: &str, code: &str, not_run: &str) -> Output {
    let output = Command::new("bash")
        .args(["-c", &format!(". ci/lib.sh; {code}"), check])
        .current_dir(ssewire_tests::at(".."))
        .env("NOT_RUN", not_run)
        .env_remove("CI")
        .output();
    output.unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn check_that_is_not_run_ends_with_success_unless_that_is_forbidden() {
    let permitted = run("fuzz", "not_run 'no tool'; echo later", "");
    assert_eq!((permitted.status.code(), text(&permitted).as_str()), (Some(0), "== fuzz: NOT RUN: no tool\n"));
    let forbidden = run("fuzz", "not_run 'no tool'", "fail");
    assert_eq!((forbidden.status.code(), text(&forbidden).as_str()), (Some(1), "== fuzz: NOT RUN: no tool\n"));
}

#[test]
fn part_that_is_not_run_is_skipped_unless_that_is_forbidden() {
    let permitted = run("c", "skip 'no tool'; echo later", "");
    assert_eq!((permitted.status.code(), text(&permitted).as_str()), (Some(0), "== c: NOT RUN: no tool\nlater\n"));
    let forbidden = run("c", "skip 'no tool'; echo later", "fail");
    assert_eq!((forbidden.status.code(), text(&forbidden).as_str()), (Some(1), "== c: NOT RUN: no tool\n"));
}

#[test]
fn run_fails_without_the_tools_of_all_checks() {
    let output = run("run", "need_component none-such none-such", "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn server_that_does_not_start_fails_the_check() {
    let output = run("serve", "start_server /dev/null false; echo later", "");
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(1), ""));
    let code = "start_server \"$(mktemp)\" echo export ANTHROPIC_BASE_URL=http://x; echo $ANTHROPIC_BASE_URL";
    let output = run("serve", code, "");
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(0), "http://x\n"));
}

#[test]
fn command_that_must_not_build_without_std_fails_for_that_reason() {
    for (command, code) in [("true", 1), ("false", 1), ("bash -c 'echo error[E0463]; exit 1'", 0)] {
        let output = run("no-std", &format!("refuses_std \"$(mktemp)\" {command}"), "");
        assert_eq!(output.status.code(), Some(code), "{command}");
    }
}

#[test]
fn debian_packages_are_installed_with_sudo_unless_as_root() {
    for (user, prefix) in [("0", ""), ("1000", "sudo -n ")] {
        let output = Command::new("bash")
            .args(["-c", &format!("id() {{ echo {user}; }}; . ci/lib.sh; apt_install valgrind"), "growth"])
            .current_dir(ssewire_tests::at(".."))
            .output();
        let install = text(&output.unwrap());
        assert!(install.starts_with(&format!("{prefix}apt-get update && {prefix}")), "{install}");
        assert!(install.ends_with(" valgrind\n"), "{install}");
    }
}
