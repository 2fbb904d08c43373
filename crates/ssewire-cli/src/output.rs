//! Writing: data to standard output, flushed with every event; all else to standard error.

use alloc::borrow::Cow;
use core::fmt;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;

use crate::json;

/// Standard output and standard error.
pub(crate) struct Output {
    data: BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
    stderr_is_terminal: bool,
    has_colour: bool,
    /// The last thing written to standard output, if any was, is a line end.
    at_line_start: bool,
    /// The terminal has written something into its line that did not come from here.
    echoed: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self {
            data: BufWriter::new(stdout.lock()),
            is_terminal,
            stderr_is_terminal: io::stderr().is_terminal(),
            has_colour: false,
            at_line_start: true,
            echoed: false,
        }
    }

    /// Styles are written from now on, if that was asked for, or if it was not and they would be seen.
    pub(crate) fn colour(&mut self, choice: ColorChoice) {
        // Only the choice is taken from there: what a model wrote must not be stripped of anything in a pipe.
        self.has_colour = match choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        };
    }

    /// Whether somebody looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Ctrl-C was pressed, of which terminals say `^C`.
    pub(crate) fn interrupted(&mut self) {
        self.echoed = true;
    }

    /// Writes text, on a terminal with its control characters escaped.
    ///
    /// # Errors
    /// Those of standard output, here and below.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        let shown = if self.is_terminal { shown(text, steers, escaped) } else { Cow::Borrowed(text) };
        if let Some(last) = shown.chars().next_back() {
            self.at_line_start = last == '\n';
        }
        self.data.write_all(shown.as_bytes())
    }

    /// Writes text as [`text`](Self::text) does, in this style if there is colour.
    pub(crate) fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        if !self.has_colour || style.is_plain() {
            return self.text(text);
        }
        write!(self.data, "{style}")?;
        self.text(text)?;
        write!(self.data, "{style:#}")
    }

    /// Writes bytes that others than the model have made, as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data.write_all(bytes)
    }

    /// Writes a JSON text as a line (or as several, if it has some), on a terminal with its control characters escaped
    /// as JSON does it.
    pub(crate) fn json(&mut self, json: &str) -> io::Result<()> {
        let shown = if self.is_terminal { shown(json, steers, json::escaped) } else { Cow::Borrowed(json) };
        self.at_line_start = true;
        self.data.write_all(shown.as_bytes())?;
        self.data.write_all(b"\n")
    }

    /// Hands on what was written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Ends the line, if it is one on a terminal and has not ended yet.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if self.is_terminal && (self.echoed || !self.at_line_start) {
            self.echoed = false;
            self.text("\n")?;
        }
        self.flush()
    }

    /// Says something in one line on standard error. If that fails, there is nobody left to tell.
    pub(crate) fn note(&mut self, note: impl fmt::Display) {
        let note = note.to_string();
        let note = shown(&note, |c| matches!(c, '\n' | '\t') || steers(c), escaped);
        self.lines(&format!("ssewire: {note}\n"));
    }

    /// Writes lines to standard error, as they are.
    pub(crate) fn lines(&mut self, lines: &str) {
        // Both go to the same screen: what was written there is not to be run into.
        let runs_into = self.stderr_is_terminal && (self.echoed || (self.is_terminal && !self.at_line_start));
        self.at_line_start |= runs_into;
        self.echoed &= !runs_into;
        let fresh = if runs_into { "\n" } else { "" };
        let _ = io::stderr().write_all(format!("{fresh}{lines}").as_bytes());
    }
}

/// Whether a terminal might do something else with a character than show it: controls, and what turns the direction of
/// the text.
pub(crate) fn steers(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

fn escaped(c: char, into: &mut String) {
    into.extend(c.escape_default());
}

fn shown(text: &str, hides: impl Fn(char) -> bool, escaped: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.chars().any(&hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            escaped(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        for (text, expected) in [
            ("plain\n\ttext é 🙂 שלום", "plain\n\ttext é 🙂 שלום"),
            ("\u{1b}[2J\r\u{7}\u{8}\0", r"\u{1b}[2J\r\u{7}\u{8}\u{0}"),
            ("\u{7f}\u{9b}31m", r"\u{7f}\u{9b}31m"),
            ("\u{202e}x\u{2066}", r"\u{202e}x\u{2066}"),
        ] {
            assert_eq!(shown(text, steers, escaped), expected);
        }
        assert_eq!(shown("{\"a\": \"\u{9b}\u{202e}\"}", steers, json::escaped), r#"{"a": "\u009b\u202e"}"#);
    }
}
