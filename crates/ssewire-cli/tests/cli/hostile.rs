//! Streams that break assumptions.

use crate::support::{recorded, ssewire};

#[test]
fn no_command_panics_and_none_depends_on_the_chunking() {
    for (name, bytes) in recorded("hostile") {
        for args in [
            &["text"][..],
            &["text", "--thinking"],
            &["text", "--strict"],
            &["events"],
            &["events", "--strict"],
            &["message"],
            &["message", "--strict"],
            &["sse"],
            &["sse", "--comments", "--state"],
            &["message", "--max-event-bytes", "60"],
            &["sse", "--max-event-bytes", "60"],
        ] {
            let whole = ssewire(args, &bytes);
            assert!([0, 1, 3, 4].contains(&whole.code), "{name} {args:?} {whole:?}");
            assert!(!whole.stderr.contains("panicked"), "{name} {args:?} {whole:?}");
            // One input nests as deeply as a parser allows, within a message.
            if !args.contains(&"text") && name != "tool_json_deep" {
                whole.lines();
            }
            let cut = ssewire(&[args, &["--chunk-size", "1"]].concat(), &bytes);
            assert_eq!(cut, whole, "{name} {args:?}");
        }
    }
}

#[test]
fn a_violation_ends_with_4_in_strict_mode_alone() {
    for name in ["index_reuse", "delta_unknown_index", "delta_after_block_stop"] {
        let (_, bytes) = recorded("hostile").into_iter().find(|(found, _)| found == name).unwrap();
        assert_ne!(ssewire(&["message"], &bytes).document(), None);
        let strict = ssewire(&["message", "--strict"], &bytes).exits(4).says(" protocol violation: ");
        assert_ne!(strict.document(), None, "what was decoded is not lost");
    }
}
