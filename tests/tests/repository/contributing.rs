//! The diff of CONTRIBUTING.md that adds a type applies: each of its lines that is not new is in the file.

use std::fs;

/// The first line of the diff that its file does not have after the lines before it. A file starts with `--- PATH`.
fn first_missing(diff: &str, read: impl Fn(&str) -> String) -> Option<&str> {
    let mut rest = Vec::new().into_iter();
    diff.lines().find(|line| {
        if let Some(path) = line.strip_prefix("--- ") {
            rest = read(path).lines().map(str::to_owned).collect::<Vec<_>>().into_iter();
            return false;
        }
        line.strip_prefix([' ', '-']).is_some_and(|old| !rest.any(|line| line == old))
    })
}

#[test]
fn diff_of_a_new_delta_applies() {
    let page = fs::read_to_string(ssewire_tests::at("../CONTRIBUTING.md")).unwrap();
    let [_, rest] = page.split("   ```diff\n").collect::<Vec<_>>()[..] else { panic!("one diff") };
    let diff: Vec<_> =
        rest.lines().map(|line| line.strip_prefix("   ").unwrap()).take_while(|line| *line != "```").collect();
    assert!(diff.len() > 10, "{diff:?}");
    let read = |path: &str| fs::read_to_string(ssewire_tests::at("..").join(path)).unwrap();
    assert_eq!(first_missing(&diff.join("\n"), read), None);
}

#[test]
fn first_missing_is_a_line_that_the_file_has_not_in_this_place() {
    let missing = |diff| first_missing(diff, |path| if path == "a" { "1\n2\n3\n" } else { "4\n" }.to_owned());
    assert_eq!(missing("--- a\n 1\n+new\n-3\n--- b\n 4"), None);
    assert_eq!(missing("--- a\n 2\n 1"), Some(" 1"));
    assert_eq!(missing("--- a\n-0"), Some("-0"));
    assert_eq!(missing("--- a\n 1\n--- b\n 2"), Some(" 2"));
}
