//! The excluded mutants of `.cargo/mutants.toml` name files and functions that exist, and no lines: a pattern that
//! matches nothing excludes nothing, and a line moves to another mutant.

use std::fs;

/// The path and the function that a pattern names.
fn parts(pattern: &str) -> Option<(String, &str)> {
    let (file, mutant) = pattern.split_once(r"\.rs")?;
    // `… in FUNCTION`, or `replace FUNCTION -> TYPE with VALUE`.
    let function = match mutant.rsplit_once(" in ") {
        Some((_, function)) => function,
        None => mutant.split_once("replace ")?.1,
    };
    let path = function.split([' ', '$']).next()?;
    Some((format!("crates/{file}.rs"), path.rsplit("::").next()?))
}

#[test]
fn excluded_mutants_name_files_and_functions_that_exist() {
    let text = fs::read_to_string(ssewire_tests::at("../.cargo/mutants.toml")).unwrap();
    let patterns: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix('\'')?.strip_suffix("',")).collect();
    assert!(patterns.len() > 5, "{patterns:?}");
    for pattern in patterns {
        let (file, function) = parts(pattern).unwrap_or_else(|| panic!("no file and function in {pattern}"));
        let has_line = pattern.as_bytes().windows(2).any(|pair| pair[0] == b':' && pair[1].is_ascii_digit());
        assert!(!has_line, "{pattern} names a line");
        let source = fs::read_to_string(ssewire_tests::at("..").join(&file))
            .unwrap_or_else(|error| panic!("{pattern}: {file}: {error}"));
        let is_defined = ["(", "<"].iter().any(|next| source.contains(&format!("fn {function}{next}")));
        assert!(is_defined, "{pattern}: no function {function} in {file}");
        // `replace f with ()` is the name of a mutant only if `f` returns nothing.
        let name = format!("fn {function}");
        let after_name = source.split(&name).skip(1);
        let mut signatures = after_name.filter_map(|rest| rest.split_once('{')).map(|(signature, _)| signature);
        let is_unit = pattern.contains(&format!(r"{function} with \(\)"));
        assert!(
            !is_unit || !signatures.any(|signature| signature.contains("->")),
            "{pattern}: {function} returns a value"
        );
    }
}

#[test]
fn parts_finds_file_and_function() {
    assert_eq!(parts(r"a/src/b\.rs.*replace > with >= in T::f$"), Some(("crates/a/src/b.rs".into(), "f")));
    assert_eq!(parts(r"a/src/b\.rs.*replace T<S>::f .* with None$"), Some(("crates/a/src/b.rs".into(), "f")));
    assert_eq!(parts(r"a/src/b\.rs.*replace f -> bool with false$"), Some(("crates/a/src/b.rs".into(), "f")));
    assert_eq!(parts("replace f with ()"), None);
}
