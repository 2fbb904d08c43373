//! Citations of the specification of the message layer, `docs/protocol.md`: each names a heading that exists.
//!
//! CONTRIBUTING.md, "Cite the specification", defines the form.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/protocol.md";

/// The headings of the page, in order. Code cites them, so they must not be renamed by accident.
const HEADINGS: [&str; 16] = [
    "On the wire",
    "Types",
    "Errors",
    "Merge rules",
    "Order between blocks",
    "Tool input",
    "Protocol violations",
    "Limits of a message",
    "Tolerances of the decoder",
    "Openness",
    "Undecodable events",
    "Completion",
    "End of a message",
    "Bodies that are not an event stream",
    "Partial input JSON",
    "Updates of the official helpers",
];

/// A place that mentions the page.
#[derive(Debug, PartialEq, Eq)]
enum Mention {
    /// A citation in the defined form: one or several headings.
    Headings(Vec<String>),
    /// A link to an anchor of the page.
    Anchor(String),
    /// The page as a whole: a link or a path.
    Page,
    /// A citation in another form.
    Malformed,
}

#[test]
fn protocol_page_has_the_listed_headings() {
    assert_eq!(headings(), HEADINGS.map(ToOwned::to_owned));
}

#[test]
fn every_citation_names_a_heading() {
    let (mut problems, mut citations) = (Vec::new(), 0);
    for file in files() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        citations += mentions(&text).iter().filter(|(_, mention)| matches!(mention, Mention::Headings(_))).count();
        problems.extend(problems_of(&text).into_iter().map(|problem| format!("{}:{problem}", file.display())));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(citations > 0, "no citation was found");
}

#[test]
fn anchors_on_the_protocol_page_exist() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let anchors: BTreeSet<_> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let known: BTreeSet<_> = HEADINGS.map(anchor).into();
    assert!(anchors.len() > 5, "{anchors:?}");
    assert!(anchors.iter().all(|anchor| known.contains(*anchor)), "{anchors:?}");
}

/// `vocabulary.rs` has the types as data, each on one line; on the page long ones are wrapped.
#[test]
fn types_in_the_vocabulary_tests_are_on_the_protocol_page() {
    let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
    let page = without_spaces(&fs::read_to_string(root().join(PAGE)).unwrap());
    let tested = include_str!("../messages/vocabulary.rs").lines().filter(|line| {
        let (name, rest) = line.split_once(' ').unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(char::is_alphanumeric);
        is_name && rest.starts_with(['=', '{'])
    });
    let mut count = 0;
    for line in tested {
        count += 1;
        assert!(page.contains(&without_spaces(line)), "{line}");
    }
    assert!(count > 80, "only {count} types were found");
}

#[test]
fn problems_of_reports_an_unknown_heading() {
    let problem = |text: &str| problems_of(&text.replace("PAGE", PAGE));
    let ok = Vec::<String>::new();
    assert_eq!(problem(r#"//! `PAGE`, heading "Merge rules"."#), ok);
    assert_eq!(problem(r#"//! `PAGE`, heading "Merging rules"."#), ["1: no heading \"Merging rules\""]);
    assert_eq!(problem(r#"`PAGE`, headings "Types" and "Errors"."#), ok);
    assert_eq!(problem(r#"`PAGE`, headings "Types", "Mistakes" and "Errors"."#), ["1: no heading \"Mistakes\""]);
    // A citation may continue on the next line of a comment.
    assert_eq!(problem("/// As in `PAGE`, heading \"Protocol\n    /// violations\"."), ok);
    assert_eq!(
        problem("\n/// As in `PAGE`,\n/// heading \"Protocol\n/// rules\"."),
        ["2: no heading \"Protocol rules\""]
    );
    // Case and spaces count.
    assert_eq!(problem(r#"`PAGE`, heading "merge rules""#), ["1: no heading \"merge rules\""]);
    // A link.
    assert_eq!(problem("[rules](PAGE#merge-rules)"), ok);
    assert_eq!(problem("[rules](PAGE#merging)"), ["1: no anchor #merging"]);
    assert_eq!(problem("[rules](PAGE), and const PAGE: &str = \"PAGE\";"), ok);
}

#[test]
fn problems_of_reports_a_malformed_citation() {
    for text in [
        r#"// PAGE, "Merge rules""#,
        r#"// `PAGE`, "Merge rules""#,
        r#"// `PAGE` ("Merge rules")"#,
        r#"// `PAGE`, heading Merge rules"#,
        r#"// `PAGE`, heading "Merge rules"#,
        r#"// `PAGE`, headings "Types" and"#,
        "// `PAGE`, section 4",
        "// PAGE heading \"Merge rules\"",
    ] {
        let text = text.replace("PAGE", PAGE);
        assert_eq!(problems_of(&text), ["1: a citation in another form"], "{text}");
    }
    let without_heading = format!("// After section 4 of the\n// {}.", ["protocol", "page"].join(" "));
    assert_eq!(problems_of(&without_heading), ["2: a citation in another form"]);
}

/// The problems of the citations in a text, each with its line.
fn problems_of(text: &str) -> Vec<String> {
    let headings = headings();
    let mut problems = Vec::new();
    for (line, mention) in mentions(text) {
        match mention {
            Mention::Headings(names) => {
                let unknown = names.into_iter().filter(|name| !headings.contains(name));
                problems.extend(unknown.map(|name| format!("{line}: no heading {name:?}")));
            }
            Mention::Anchor(name) if headings.iter().all(|heading| anchor(heading) != name) => {
                problems.push(format!("{line}: no anchor #{name}"));
            }
            Mention::Malformed => problems.push(format!("{line}: a citation in another form")),
            Mention::Anchor(_) | Mention::Page => {}
        }
    }
    problems
}

/// All mentions of the page, each with its line.
fn mentions(text: &str) -> Vec<(usize, Mention)> {
    // Citations without a heading use this phrase.
    let phrase = concat!("protocol", " page");
    let (flat, starts) = flattened(text);
    let line = |at: usize| starts.partition_point(|start| *start <= at);
    let mut found: Vec<_> = flat.match_indices(PAGE).map(|(at, _)| (line(at), mention(&flat, at))).collect();
    found.extend(flat.match_indices(phrase).map(|(at, _)| (line(at), Mention::Malformed)));
    found
}

/// The mention that begins at this byte.
fn mention(text: &str, at: usize) -> Mention {
    let before = &text[..at];
    let rest = &text[at + PAGE.len()..];
    if let Some(rest) = rest.strip_prefix('#') {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
        return Mention::Anchor(rest[..end].to_owned());
    }
    if before.ends_with('`') {
        if let Some(list) = rest.strip_prefix("`, heading ") {
            return quoted(list).map_or(Mention::Malformed, |(name, _)| Mention::Headings(vec![name]));
        }
        if let Some(list) = rest.strip_prefix("`, headings ") {
            return heading_list(list).map_or(Mention::Malformed, Mention::Headings);
        }
    }
    // The end of a string or of a link.
    if rest.starts_with(['"', ')', ']']) {
        return Mention::Page;
    }
    let next = rest.trim_start_matches(['`', ',', ':', ';', '(', ' ']);
    let cites = ["\"", "heading", "section", "rule", "part "].iter().any(|word| next.starts_with(word));
    if cites && next.len() < rest.len() { Mention::Malformed } else { Mention::Page }
}

/// `"A" and "B"`, `"A", "B" and "C"`.
fn heading_list(mut list: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    loop {
        let (name, rest) = quoted(list)?;
        names.push(name);
        list = match (rest.strip_prefix(", \""), rest.strip_prefix(" and ")) {
            (Some(_), _) => &rest[2..],
            (_, Some(last)) => {
                names.push(quoted(last)?.0);
                return Some(names);
            }
            _ => return None,
        };
    }
}

/// The text between quotation marks, and what follows them. No heading is longer than a line.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (name, rest) = text.strip_prefix('"')?.split_once('"')?;
    (name.len() < 120).then(|| (name.to_owned(), rest))
}

/// The text with each line after its comment marks, joined by spaces; and the offset at which each line begins.
fn flattened(text: &str) -> (String, Vec<usize>) {
    let (mut flat, mut starts) = (String::new(), Vec::new());
    for line in text.lines() {
        starts.push(flat.len());
        let line = line.trim();
        let line = ["//!", "///", "//"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
        flat.push_str(line.trim());
        flat.push(' ');
    }
    (flat, starts)
}

/// The headings of the page, outside of code blocks.
fn headings() -> Vec<String> {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let prose = page.split("\n```").step_by(2);
    prose.flat_map(str::lines).filter_map(|line| line.strip_prefix("## ")).map(ToOwned::to_owned).collect()
}

/// The anchor that a heading has on a rendered page.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// Every page and every source file of the repository, except the page itself.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root(), Path::new(""), &mut files);
    assert!(files.len() > 200, "only {} files were found", files.len());
    files
}

fn collect(root: &Path, below: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = below.join(&name);
        if entry.file_type().unwrap().is_dir() {
            // Output of builds, and version control.
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                collect(root, &path, files);
            }
        } else if (name.ends_with(".rs") || name.ends_with(".md")) && path != Path::new(PAGE) {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
