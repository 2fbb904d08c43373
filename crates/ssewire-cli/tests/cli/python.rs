//! Python makes the terminals and sends the signals, so these tests need a `python3`.

use std::process::Command;

/// Runs a Python script with the command and its arguments in `sys.argv[1:]`. Returns its output.
pub(crate) fn python(script: &str, args: &[&str], environment: &[(&str, &str)]) -> String {
    let mut python = Command::new("python3");
    python.args(["-c", script, env!("CARGO_BIN_EXE_ssewire")]).args(args);
    // The environment of the tests may set colours.
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        python.env_remove(name);
    }
    python.env("TERM", "xterm").envs(environment.iter().copied());
    let ran = python.output().expect("these tests need python3");
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}
