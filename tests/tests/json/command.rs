//! The reader of JSON lines of `ssewire-cli`.

#[allow(dead_code, reason = "the tests use less than the command")]
#[path = "../../../crates/ssewire-cli/src/input/json_lines.rs"]
mod reader;

/// As in the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Auto,
    Sse,
    Jsonl,
}
