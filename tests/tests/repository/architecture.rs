//! The structure of the project: which crate may depend on what, the imports, field names and size of the core; and
//! that each path and link on a page leads to something. Runs cargo, but needs no network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// A published crate, its dependencies in the workspace, and exactly its other dependencies if it is a library.
type Published = (&'static str, &'static [&'static str], Option<&'static [&'static str]>);

const PUBLISHED: [Published; 7] = [
    ("ssewire", &[], Some(&["bytes?", "memchr"])),
    ("ssewire-json", &[], Some(&["serde_json"])),
    ("ssewire-messages", &["ssewire", "ssewire-json"], Some(&["httpdate?", "memchr", "serde", "serde_json"])),
    (
        "ssewire-io",
        &["ssewire", "ssewire-messages?"],
        Some(&["bytes?", "futures-core?", "http-body?", "pin-project-lite?", "serde?", "serde_json?", "tokio-util?"]),
    ),
    ("ssewire-batch", &["ssewire", "ssewire-messages?"], Some(&["simdutf8"])),
    ("ssewire-cli", &["ssewire", "ssewire-messages", "ssewire-replay"], None),
    (
        "ssewire-replay",
        &[],
        Some(&[
            "bytes?",
            "clap?",
            "ctrlc?",
            "h2?",
            "http?",
            "httparse",
            "memchr",
            "percent-encoding",
            "serde_json",
            "socket2",
            "tokio?",
        ]),
    ),
];

/// The one library that opens sockets and starts threads: a server, for tests.
const SERVER: &str = "ssewire-replay";

/// The sources of the core.
const CORE: &str = "crates/ssewire/src";

/// The layers of the decoder from the lowest to the highest. A file uses no file of a higher layer, not even through
/// others.
const LAYERS: [&str; 6] = ["storage", "line", "field", "event", "fast_path", "decoder"];

/// The only files of the core that may contain a field name as bytes.
const FILES_WITH_FIELD_NAMES: [&str; 3] = ["field", "fast_path", "encode"];

/// The files of the core that are not part of the decoding engine: encoding, errors, the front page, `LineDecoder`,
/// lossy text, owned and shared events with their shared ID, and `Reconnect`.
const OUTSIDE_THE_ENGINE: [&str; 9] =
    ["encode", "error", "lib", "line_decoder", "lossy", "owned", "reconnect", "shared", "shared_id"];

/// The most code lines of the decoding engine, which is all of the core except the files above: without tests, comments
/// and blank lines.
const MAX_ENGINE_LINES: usize = 1200;

/// The most functions of `Decoder`, in all of its `impl` blocks except those of traits.
const MAX_DECODER_FUNCTIONS: usize = 45;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs cargo, and returns its standard output.
fn cargo(arguments: &[&str]) -> String {
    // The cargo that runs this test, or the one that built it.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let output = Command::new(cargo).args(arguments).arg("--offline").current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of the workspace, from `cargo metadata`.
fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let Value::Array(packages) = serde_json::from_str::<Value>(&metadata).unwrap()["packages"].take() else {
        panic!("{metadata}")
    };
    packages
}

fn published() -> Vec<Value> {
    let packages = packages().into_iter().filter(|package| package["publish"].is_null());
    packages.collect()
}

/// The dependencies of one kind of a package; optional ones end with `?`.
fn dependencies(package: &Value, kind: Option<&str>) -> BTreeSet<String> {
    let of_kind = package["dependencies"].as_array().unwrap().iter().filter(|one| one["kind"].as_str() == kind);
    let name = |one: &Value| {
        let mark = if one["optional"] == true { "?" } else { "" };
        format!("{}{mark}", one["name"].as_str().unwrap())
    };
    of_kind.map(name).collect()
}

fn sources(directory: &Path, below: &str, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &format!("{below}{name}/"), into);
        } else if name.ends_with(".rs") {
            into.insert(format!("{below}{name}"));
        }
    }
}

#[test]
fn published_crates_are_listed() {
    let names: BTreeSet<_> = published().iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, PUBLISHED.iter().map(|(name, ..)| (*name).to_owned()).collect());
}

#[test]
fn dependencies_point_downwards() {
    for package in published() {
        let name = package["name"].as_str().unwrap();
        let (_, ours, others) = PUBLISHED.iter().find(|(known, ..)| *known == name).unwrap();
        let (used, rest): (BTreeSet<_>, _) =
            dependencies(&package, None).into_iter().partition(|used| used.starts_with("ssewire"));
        assert_eq!(used, ours.iter().map(ToString::to_string).collect(), "{name}");
        if let Some(others) = others {
            assert_eq!(rest, others.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), "{name}");
        }
        assert_eq!(dependencies(&package, Some("build")), BTreeSet::new(), "{name}");
        for target in package["targets"].as_array().unwrap() {
            assert_ne!(target["kind"][0], "custom-build", "{name} has a build script");
            assert_ne!(target["kind"][0], "proc-macro", "{name}");
        }
    }
}

#[test]
fn core_depends_only_on_memchr_and_with_its_feature_on_bytes() {
    let tree = |features: &[&str]| -> BTreeSet<String> {
        let tree = cargo(&[&["tree", "-p", "ssewire", "-e", "normal", "--prefix", "none"], features].concat());
        tree.lines().filter_map(|line| line.split(' ').next()).map(ToOwned::to_owned).collect()
    };
    assert_eq!(tree(&[]), ["memchr", "ssewire"].map(ToOwned::to_owned).into());
    assert_eq!(tree(&["--features", "bytes"]), ["bytes", "memchr", "ssewire"].map(ToOwned::to_owned).into());
}

/// The code of each file of the core by its module name: without tests, comments and blank lines.
fn core_code() -> BTreeMap<String, Vec<String>> {
    let mut files = BTreeSet::new();
    sources(&root().join(CORE), "", &mut files);
    let code_of = |file: String| {
        let source = page(&format!("{CORE}/{file}"));
        let code = source.split_once("#[cfg(test)]\nmod tests").map_or(source.as_str(), |(code, _)| code);
        let lines = code.lines().map(without_comment).filter(|line| !line.trim().is_empty());
        (file.trim_end_matches(".rs").to_owned(), lines.map(ToOwned::to_owned).collect())
    };
    files.into_iter().map(code_of).collect()
}

/// A line of code up to a `//` outside of string literals.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| line[..*at].matches('"').count() % 2 == 0);
    comment.map_or(line, |(at, _)| line[..at].trim_end())
}

/// The files of the core that each file names in a path `crate::file`.
fn core_imports() -> BTreeMap<String, BTreeSet<String>> {
    let code = core_code();
    let imports_of = |file: &str, lines: &[String]| {
        let paths = lines.iter().flat_map(|line| line.split("crate::").skip(1));
        let names = paths.map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap());
        names
            .map(|name| {
                // A group, or a name that `lib.rs` exports, would hide the file.
                assert!(code.contains_key(name), "{file}.rs names `crate::{name}`, which is not a file");
                name.to_owned()
            })
            .collect()
    };
    code.iter().map(|(file, lines)| (file.clone(), imports_of(file, lines))).collect()
}

/// All files that a file uses, directly or through others.
fn reachable<'a>(imports: &'a BTreeMap<String, BTreeSet<String>>, file: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = imports[file].iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(imports[next].iter().map(String::as_str));
        }
    }
    found
}

#[test]
fn core_has_no_import_cycle() {
    let imports = core_imports();
    for file in imports.keys() {
        let used = reachable(&imports, file);
        assert!(!used.contains(file.as_str()), "{file}.rs imports itself through others: {used:?}");
    }
    // The parser sees the imports: the decoder uses nearly all files below it.
    assert!(reachable(&imports, "decoder").len() >= 9, "{imports:?}");
}

#[test]
fn core_layers_import_only_lower_layers() {
    let imports = core_imports();
    for (at, file) in LAYERS.iter().enumerate() {
        let used = reachable(&imports, file);
        let higher: Vec<_> = LAYERS[at..].iter().filter(|layer| used.contains(**layer)).collect();
        assert!(higher.is_empty(), "{file}.rs uses {higher:?}");
    }
}

#[test]
fn field_names_occur_in_three_files_of_the_core() {
    let names = |line: &str| -> usize {
        let literals = line.split("b\"").skip(1).filter_map(|rest| rest.split('"').next());
        // Also with the colon and the space that follow the name in a line.
        let texts = literals.map(|literal| literal.strip_suffix(' ').unwrap_or(literal));
        let texts = texts.map(|text| text.strip_suffix(':').unwrap_or(text));
        texts.filter(|text| ["event", "data", "id", "retry"].contains(text)).count()
    };
    let counts: BTreeMap<_, usize> =
        core_code().into_iter().map(|(file, lines)| (file, lines.iter().map(|line| names(line)).sum())).collect();
    for (file, count) in &counts {
        assert!(*count == 0 || FILES_WITH_FIELD_NAMES.contains(&file.as_str()), "{file}.rs knows a field name");
    }
    assert!(counts["field"] >= 4 && counts["fast_path"] >= 2, "{counts:?}");
}

#[test]
fn decoder_has_few_functions() {
    let mut counts = BTreeMap::new();
    for (file, lines) in core_code() {
        let mut in_decoder = false;
        for line in lines {
            if line.starts_with("impl") {
                in_decoder = line.contains(" Decoder<") && !line.contains(" for ");
            } else if line == "}" {
                in_decoder = false;
            }
            let words: Vec<_> = line.split_whitespace().take_while(|word| *word != "fn").collect();
            let is_function = line.starts_with("    ")
                && !line.starts_with("     ")
                && line.contains("fn ")
                && words.iter().all(|word| ["pub", "pub(crate)", "const", "async"].contains(word));
            *counts.entry(file.clone()).or_insert(0) += usize::from(in_decoder && is_function);
        }
    }
    counts.retain(|_, count| *count > 0);
    let all: usize = counts.values().sum();
    assert!(counts["decoder"] >= 20, "{counts:?}");
    assert!(all <= MAX_DECODER_FUNCTIONS, "{all} functions: {counts:?}");
}

#[test]
fn decoding_engine_does_not_grow() {
    let mut code = core_code();
    for file in OUTSIDE_THE_ENGINE {
        assert!(code.remove(file).is_some(), "{file}.rs");
    }
    let lines: BTreeMap<_, _> = code.iter().map(|(file, lines)| (file.as_str(), lines.len())).collect();
    let all: usize = lines.values().sum();
    assert!(all <= MAX_ENGINE_LINES, "{all} code lines: {lines:?}");
}

/// Returns whether a line of code contains a literal of a character or of a byte. A lifetime has no second quote.
fn has_char(line: &str) -> bool {
    let parts: Vec<_> = line.split('\'').collect();
    let between = parts.get(1..parts.len() - 1).unwrap_or_default();
    between.iter().any(|text| text.starts_with('\\') || text.chars().count() == 1)
}

#[test]
fn adapters_do_not_frame() {
    assert!(has_char("Some('{')") && has_char(r"== b'\n'") && !has_char("<'a, 'b>(&'a str)"));
    let mut files = BTreeSet::new();
    let sources_of_io = root().join("crates/ssewire-io/src");
    sources(&sources_of_io, "", &mut files);
    for file in files {
        let source = fs::read_to_string(sources_of_io.join(&file)).unwrap();
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            assert!(!line.contains("b\"") && !has_char(line), "{file} looks at bytes or characters: {line}");
        }
    }
}

/// The libraries open nothing, start nothing and read no clock: SECURITY.md, "No hidden effects". A dependency that
/// does such things is not in [`PUBLISHED`].
#[test]
fn libraries_use_no_file_socket_thread_or_clock() {
    let effects =
        ["std::env", "std::fs", "std::net", "std::process", "std::thread::", "Instant::now", ".elapsed(", "SystemTime"];
    let mut count = 0;
    for (name, _, others) in PUBLISHED.into_iter().filter(|(name, ..)| *name != SERVER) {
        let folder = root().join(format!("crates/{name}/src"));
        let mut files = BTreeSet::new();
        sources(&folder, "", &mut files);
        for file in files.iter().filter(|_| others.is_some()) {
            count += 1;
            let source = fs::read_to_string(folder.join(file)).unwrap();
            for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let used: Vec<_> = effects.iter().filter(|effect| line.contains(**effect)).collect();
                assert!(used.is_empty(), "{name}: {file} uses {used:?}: {line}");
            }
        }
    }
    assert!(count > 100, "only {count} files were found");
}

#[test]
fn no_published_crate_has_unsafe_code() {
    for package in published() {
        for target in package["targets"].as_array().unwrap() {
            if ["lib", "bin"].iter().any(|kind| target["kind"][0] == *kind) {
                let source = fs::read_to_string(target["src_path"].as_str().unwrap()).unwrap();
                assert!(source.contains("\n#![forbid(unsafe_code)]\n"), "{}", target["src_path"]);
            }
        }
    }
}

#[test]
fn paths_and_links_on_the_pages_exist() {
    assert_eq!(link_definition("[retries]: retries.md"), Some("retries.md"));
    let folders = ["crates/", "tests/", "fuzz/", "benches/", "examples/", "docs/", "ci/", "integrations/"];
    let mut count = 0;
    for name in pages() {
        let page = page(&name);
        // Outside of code blocks, every second piece is between backticks.
        let prose: Vec<_> = page.split("```").step_by(2).collect();
        let code = prose.iter().flat_map(|text| text.split('`').skip(1).step_by(2));
        let paths = code.filter(|path| {
            folders.iter().any(|folder| path.starts_with(folder)) && !path.contains([' ', '*', '…', '<', '{'])
        });
        for path in paths {
            count += 1;
            assert!(root().join(path).exists(), "{name} names {path}");
        }
        let inline = prose.iter().flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
        let links = inline.chain(prose.iter().flat_map(|text| text.lines()).filter_map(link_definition));
        let home = root().join(&name).parent().unwrap().to_path_buf();
        // Also items of the documentation, which rustdoc checks.
        for link in links.filter(|link| !link.starts_with("http") && !link.contains("::")) {
            count += 1;
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { root().join(&name) } else { home.join(file) };
            assert!(target.exists(), "{name} links to {link}");
            if let (Some(anchor), Some("md")) = (anchor, target.extension().and_then(|extension| extension.to_str())) {
                let text = fs::read_to_string(&target).unwrap();
                let anchors: Vec<_> = text.lines().filter_map(anchor_of).collect();
                assert!(anchors.iter().any(|known| known == anchor), "{name} links to {link}; there are {anchors:?}");
            }
        }
    }
    assert!(count > 200, "only {count} paths were found");
}

/// The target of a line `[label]: target`.
fn link_definition(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split_once("]: ").map(|(_, target)| target)
}

/// Every page that is not test data.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                // Output of builds, and version control.
                if !["target", "node_modules"].iter().any(|output| path.ends_with(output)) && !path.starts_with('.') {
                    folders.push(path + "/");
                }
            } else if path.ends_with(".md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// The anchor of a heading, as hosts render it.
fn anchor_of(line: &str) -> Option<String> {
    let heading = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

/// A test file that no module declares would never be compiled.
#[test]
fn every_test_file_is_declared_as_a_module() {
    let mut count = 0;
    for folder in ["tests/tests", "tests/io/tests"] {
        let mut files = BTreeSet::new();
        sources(&root().join(folder), "", &mut files);
        for file in files.iter().filter(|file| file.contains('/') && !file.ends_with("main.rs")) {
            count += 1;
            let module = file.strip_suffix("/mod.rs").or(file.strip_suffix(".rs")).unwrap();
            let (parent, name) = module.rsplit_once('/').unwrap();
            let declared = ["main.rs", "mod.rs"].iter().any(|root_file| {
                let path = root().join(folder).join(parent).join(root_file);
                fs::read_to_string(path).is_ok_and(|source| source.contains(&format!("\nmod {name};\n")))
            });
            assert!(declared, "{folder}/{file}");
        }
    }
    assert!(count > 50, "only {count} files were found");
}

/// `test = false` keeps cargo from building a test program without tests; a test added there would never run.
#[test]
fn targets_that_are_not_tested_have_no_tests() {
    let mut count = 0;
    // `ssewire-observed` has the sources of `ssewire`, which are tested there.
    for package in packages().iter().filter(|package| package["name"] != "ssewire-observed") {
        let targets = package["targets"].as_array().unwrap().iter();
        for target in targets.filter(|target| target["test"] == false && target["kind"][0] != "example") {
            let path = Path::new(target["src_path"].as_str().unwrap());
            let mut files = BTreeSet::new();
            match target["kind"][0].as_str() {
                Some("lib") => sources(path.parent().unwrap(), "", &mut files),
                _ => _ = files.insert(path.file_name().unwrap().to_str().unwrap().to_owned()),
            }
            for file in files {
                let source = fs::read_to_string(path.with_file_name(&file)).unwrap();
                assert!(!source.contains("#[test]"), "{}: {file}", target["name"]);
                count += 1;
            }
        }
    }
    assert!(count > 80, "only {count} files were found");
}
