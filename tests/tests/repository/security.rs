//! Each promise of SECURITY.md names a test, and the test exists.

use std::fs;

/// The files and folders that a line names in backticks.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|name| name.contains('/') && !name.contains([' ', ':', '<']))
}

#[test]
fn every_promise_names_tests_that_exist() {
    let page = fs::read_to_string(ssewire_tests::at("../SECURITY.md")).unwrap();
    let mut promises = 0;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        for path in paths(line) {
            assert!(ssewire_tests::at("..").join(path).exists(), "{path} does not exist: {line}");
        }
        // The head of a table, and the line below it.
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|---"));
        if !line.starts_with('|') || line.starts_with("|---") || is_head {
            continue;
        }
        promises += 1;
        let test = line.trim_end_matches('|').rsplit('|').next().unwrap();
        let is_table = test.trim() == "the tests in the tables below";
        assert!(is_table || paths(test).next().is_some(), "a promise without a test: {line}");
    }
    assert!(promises > 20, "{promises} promises");
}

#[test]
fn paths_are_the_names_with_a_slash() {
    let line = "`forbid(unsafe_code)`; `tests/a.rs` and `Decoder::new`, `ci/c`";
    assert_eq!(paths(line).collect::<Vec<_>>(), ["tests/a.rs", "ci/c"]);
}
