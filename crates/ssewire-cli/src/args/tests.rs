//! Command lines, and the actions that they ask for.

use super::*;

fn resolve(words: &str) -> Result<Action, clap::Error> {
    Cli::parse_words(["ssewire"].into_iter().chain(words.split_whitespace()))?.resolve(false)
}

fn run(action: Action) -> Box<Args> {
    match action {
        Action::Run(args) => args,
        action => panic!("{action:?}"),
    }
}

#[test]
fn the_definition_is_valid() {
    Cli::definition().debug_assert();
}

#[test]
fn the_command_may_be_anywhere_or_missing() {
    for (words, command, file) in [
        ("", Command::Text, None),
        ("-", Command::Text, None),
        ("a.sse", Command::Text, Some("a.sse")),
        ("--strict a.sse", Command::Text, Some("a.sse")),
        ("a.sse --strict", Command::Text, Some("a.sse")),
        ("text", Command::Text, None),
        ("./text", Command::Text, Some("./text")),
        ("text text", Command::Text, Some("text")),
        ("./help", Command::Text, Some("./help")),
        ("text help", Command::Text, Some("help")),
        ("sse -", Command::Sse, None),
        ("--chunk-size 7 events a.sse", Command::Events, Some("a.sse")),
        ("message --pretty a.sse --strict --all", Command::Message, Some("a.sse")),
        ("demo --fast --thinking", Command::Demo, None),
        ("timeline --svg a.sse", Command::Timeline, Some("a.sse")),
        ("record --idle-timeout 0.5 a.sse", Command::Record, None),
        ("-- a.sse", Command::Text, Some("a.sse")),
        ("sse -- --odd", Command::Sse, Some("--odd")),
    ] {
        let args = run(resolve(words).unwrap());
        assert_eq!((args.command, args.input_file()), (command, file.map(Path::new)), "{words}");
    }
}

#[test]
fn options_without_effect_are_refused() {
    for words in [
        "mesage a.sse",
        "text a.sse b.sse",
        "demo a.sse",
        "--fast",
        "message --state",
        "text --comments",
        "--pretty",
        "sse --thinking",
        "text --svg",
        "timeline --svg --color never",
        "sse --all",
        "events --all",
        "sse --strict",
        "demo --strict",
        "text --last-event-id 1",
        "message --color never",
        "record a --color never",
        "serve a --color never",
        "help txt",
        "help text sse",
        "man a.sse",
        "man --stats",
        "completions",
        "completions basic",
        "completions bash --strict",
        "record",
        "record a b",
        "record a --stats",
        "serve a --stats",
        "text --port 1",
        "text --delay-ms 1",
        "serve a --fault unknown",
        "serve a --speed 0",
        "serve a --fault split --chunk-size 7",
        "serve a --chunk-size 7 --fault cut --fault slow",
        "serve a --speed 1 --fault slow",
        "serve --speed 1 --delay-ms 1",
        "serve a --stats --fault list",
        "a --fault list",
        "--idle-timeout 0",
        "--idle-timeout -1",
        "--idle-timeout NaN",
        "--input xml",
        "--color sometimes",
        "--chunk-size 0",
        "--chunk-size -1",
        "--chunk-size",
        "--max-event-bytes many",
        "--unheard-of",
    ] {
        assert!(resolve(words).unwrap_err().use_stderr(), "{words}");
    }
}

#[test]
fn invalid_last_event_ids_are_refused() {
    for (id, problem) in [
        ("1\n2", "--last-event-id: last event ID contains LF, CR or NUL"),
        (&"x".repeat(4097), "--last-event-id: last event ID exceeds the limit of 4096 bytes"),
    ] {
        let refused = Cli::parse_words(["ssewire", "sse", "--last-event-id", id]).and_then(|cli| cli.resolve(false));
        let refused = refused.unwrap_err();
        assert!(refused.use_stderr() && refused.to_string().contains(problem), "{refused}");
    }
    // The ID has a bound of its own: the limit of an event does not apply.
    assert!(resolve("sse --max-event-bytes 2 --last-event-id 123").is_ok());
}

#[test]
fn a_misplaced_option_is_answered_with_its_commands() {
    for (words, sentence) in [
        ("message --state", "--state is an option of `sse`"),
        ("sse --thinking", "--thinking is an option of `text` and `demo`"),
        ("--pretty", "--pretty is an option of `sse`, `events` and `message`"),
        (
            "sse --all",
            "--all is an option of `text`, `message` and `timeline`; `sse` always reads to the end of the input",
        ),
        (
            "events --all",
            "--all is an option of `text`, `message` and `timeline`; `events` always goes on with further messages",
        ),
        ("sse --strict", "--strict is an option of `text`, `events`, `message` and `timeline`, not of `sse`"),
        ("mesage a", "unrecognized command `mesage`; available commands: text, sse, "),
        ("mesage a", ", demo, serve, completions, man, help"),
        ("demo a", "`demo` reads no file"),
        ("text a b", "`text` reads one file, not 2"),
        ("record", "`record` needs one file to write, not 0; it reads standard input"),
        ("record a b", "`record` needs one file to write, not 2; it reads standard input"),
        ("record -", "`record` takes no `-`, only files"),
        ("serve a -", "`serve` takes no `-`, only files"),
        ("man x", "`man` takes no argument"),
        ("completions bash zsh", "`completions` takes one argument, not 2"),
        ("help a b", "`help` takes one argument, not 2"),
        ("serve a --chunk-size 7 --fault split", "--chunk-size has no effect with --fault split, which sets its own"),
        ("serve a --speed 4 --fault slow", "--speed has no effect with --fault slow, which sets its own"),
        ("timeline --color auto --svg", "--color has no effect with --svg, which has its own colours"),
        ("help sse --stats", "--stats has no effect here"),
        ("help --stats", "--stats has no effect here"),
        ("man --stats", "--stats has no effect here"),
        ("help mesage", "unrecognized command `mesage`; available commands: text, "),
    ] {
        let message = resolve(words).unwrap_err().to_string();
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn an_invalid_value_is_answered_with_its_unit() {
    for (words, sentence) in [
        ("--chunk-size 0", "not a number of bytes greater than zero"),
        ("--chunk-size x", "not a number of bytes greater than zero"),
        ("--max-event-bytes x", "not a number of bytes"),
        ("--max-event-bytes 1.5", "not a number of bytes"),
        ("--idle-timeout x", "not a number of seconds greater than zero"),
        ("serve --delay-ms 1.5", "not a number of milliseconds"),
        ("serve --port 65536", "not a port from 0 to 65535"),
        ("serve --port http", "not a port from 0 to 65535"),
        ("serve --speed x", "not a number greater than zero"),
    ] {
        let message = resolve(words).unwrap_err().to_string();
        assert!(message.contains(&format!(": {sentence}\n")), "{words}: {message}");
    }
    assert_eq!(run(resolve("--max-event-bytes 0").unwrap()).decoder.max_event_bytes(), 0);
}

#[test]
fn other_actions_have_names() {
    assert!(matches!(resolve("man").unwrap(), Action::Manual));
    assert!(matches!(resolve("completions zsh").unwrap(), Action::Completions(Shell::Zsh)));
    for words in ["serve --fault list", "serve a --fault cut --fault list", "--fault list"] {
        assert!(matches!(resolve(words).unwrap(), Action::ListFaults), "{words}");
    }
    let Action::Serve(options) = resolve("serve a b --speed inf --fault cut --fault bom").unwrap() else { panic!() };
    assert_eq!((options.files.len(), options.faults.len(), options.port), (2, 2, 0));
    let Action::Serve(options) = resolve("--delay-ms 5 serve --chunk-size 1").unwrap() else { panic!() };
    assert_eq!((options.files.len(), options.delay), (0, Duration::from_millis(5)));
    for words in ["serve --help", "--help serve", "serve a -h"] {
        let Action::Help(help) = resolve(words).unwrap() else { panic!("{words}") };
        assert!(help.contains("--fault") && !help.contains("--svg"), "{help}");
    }
    for command in ["completions", "man", "help"] {
        let Action::Help(help) = resolve(&format!("{command} --help")).unwrap() else { panic!("{command}") };
        assert!(help.contains(&format!("Usage: ssewire {command}")), "{help}");
        assert!(matches!(resolve(&format!("help {command}")).unwrap(), Action::Help(same) if same == help));
    }
    let overview = resolve("--help").unwrap_err();
    assert!(!overview.use_stderr());
    assert!(matches!(resolve("help").unwrap(), Action::Help(same) if same == overview.to_string()));
}

#[test]
fn a_word_that_may_be_a_command_gets_a_hint() {
    for (words, has_hint) in
        [("txt", true), ("txt --stats", true), ("txt.sse", false), ("./txt", false), ("text txt", false), ("", false)]
    {
        let hint = run(resolve(words).unwrap()).hint();
        assert_eq!(hint.contains("the commands are text, sse, "), has_hint, "{words}: {hint}");
    }
}

#[test]
fn a_terminal_gets_help_unless_it_is_named() {
    let on_a_terminal = |words: &[&str]| Cli::parse_words(words).unwrap().resolve(true);
    for words in [&["ssewire"][..], &["ssewire", "--strict"]] {
        let Action::Help(help) = on_a_terminal(words).unwrap() else { panic!("{words:?}") };
        assert!(help.starts_with("Reads event streams") && help.contains("Usage: "), "{help}");
    }
    assert_eq!(run(on_a_terminal(&["ssewire", "text"]).unwrap()).command, Command::Text);
    assert_eq!(run(on_a_terminal(&["ssewire", "-"]).unwrap()).command, Command::Text);
}

/// Random command lines: each is an action, or is refused with a text. `SSEWIRE_CASES` sets their number.
#[test]
fn every_command_line_is_resolved_or_refused() {
    const WORDS: [&str; 25] = [
        "--last-event-id",
        "--max-event-bytes",
        "--idle-timeout",
        "--chunk-size",
        "--input",
        "--color",
        "--fault",
        "--speed",
        "--delay-ms",
        "--port",
        "--all",
        "--stats",
        "--svg",
        "--pretty",
        "--help",
        "--version",
        "--",
        "-",
        "-x",
        "18446744073709551616",
        "-1",
        "",
        "inf",
        "\u{1b}]52;c;x\u{7}",
        "list",
    ];
    let commands = Command::ALL.map(Command::name);
    let words: Vec<&str> =
        WORDS.into_iter().chain(commands).chain(["serve", "completions", "man", "help", "bash", "a.sse"]).collect();
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let (mut resolved, mut refused) = (0, 0);
    let cases = std::env::var("SSEWIRE_CASES").map_or(1500, |cases| cases.parse().unwrap());
    for _ in 0..cases {
        let count = random(6);
        let mut line = vec![OsString::from("ssewire")];
        line.extend((0..count).filter_map(|_| words.get(random(words.len()))).map(OsString::from));
        #[cfg(unix)]
        if random(20) == 0 {
            line.push(std::os::unix::ffi::OsStringExt::from_vec(vec![b'a', 0xFF, 0x1B]));
        }
        match Cli::parse_words(&line).and_then(|cli| cli.resolve(random(2) == 0)) {
            Ok(_) => resolved += 1,
            Err(error) => {
                assert!(!error.to_string().trim().is_empty(), "{line:?}");
                refused += 1;
            }
        }
    }
    assert!(resolved > cases / 30 && refused > cases / 30, "{resolved} {refused}");
}
