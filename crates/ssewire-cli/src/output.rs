//! Writes data to standard output, flushed with every event, and everything else to standard error.

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
    /// The output so far is empty or ends with a line end.
    at_line_start: bool,
    /// The terminal has echoed something into the line.
    has_echo: bool,
    /// The end of the input on a terminal, whose next bytes decide how it is shown.
    held: Vec<u8>,
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
            has_echo: false,
            held: Vec::new(),
        }
    }

    /// Sets whether styles are written: as asked for, or by default if they would be seen.
    pub(crate) fn set_colour(&mut self, choice: ColorChoice) {
        // Only the choice is taken from there: in a pipe, nothing must be stripped from the text of a model.
        self.has_colour = match choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        };
    }

    /// Returns whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Notes that Ctrl-C was pressed, which terminals echo as `^C`.
    pub(crate) fn interrupted(&mut self) {
        self.has_echo = true;
    }

    /// Writes text, on a terminal with its control characters escaped.
    ///
    /// # Errors
    /// An error of standard output.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        let shown = if self.is_terminal { sanitize(text, is_terminal_control, escape) } else { Cow::Borrowed(text) };
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

    /// Writes bytes of the input as they are; on a terminal, as [`text`](Self::text) does, but CR LF as the line end
    /// that it is. [`end_line`](Self::end_line) writes the end of them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_terminal {
            return self.raw(bytes);
        }
        self.held.extend_from_slice(bytes);
        let held = self.held.split_off(self.held.len().saturating_sub(undecided(&self.held)));
        let decided = core::mem::replace(&mut self.held, held);
        self.text(&String::from_utf8_lossy(&decided).replace("\r\n", "\n"))
    }

    /// Writes bytes of the command itself unchanged.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data.write_all(bytes)
    }

    /// Writes a JSON text and a line end, with its members and items on lines of their own if `pretty`. On a terminal,
    /// control characters are written as JSON escapes. Holds no copy of the text.
    pub(crate) fn json(&mut self, json: &str, pretty: bool) -> io::Result<()> {
        self.at_line_start = true;
        let mut writer = JsonWriter { data: &mut self.data, is_terminal: self.is_terminal };
        if pretty { json::indent(json, |piece| writer.write(piece)) } else { writer.write(json) }?;
        self.data.write_all(b"\n")
    }

    /// Flushes standard output.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Ends the current line of a terminal. Returns whether it wrote the line end.
    pub(crate) fn end_line(&mut self) -> io::Result<bool> {
        let held = core::mem::take(&mut self.held);
        self.text(&String::from_utf8_lossy(&held))?;
        let is_mid_line = self.is_terminal && (self.has_echo || !self.at_line_start);
        if is_mid_line {
            self.has_echo = false;
            self.text("\n")?;
        }
        self.flush()?;
        Ok(is_mid_line)
    }

    /// Writes a note as one line to standard error, with control characters escaped. An error is ignored: there is no
    /// other place to report it.
    pub(crate) fn note(&mut self, note: impl fmt::Display) {
        let note = note.to_string();
        let note = sanitize(&note, |c| matches!(c, '\n' | '\t') || is_terminal_control(c), escape);
        self.lines(&format!("ssewire: {note}\n"));
    }

    /// Writes lines to standard error, as they are.
    pub(crate) fn lines(&mut self, lines: &str) {
        // Both go to the same screen: the note must start a line.
        let is_mid_line = self.stderr_is_terminal && (self.has_echo || (self.is_terminal && !self.at_line_start));
        self.at_line_start |= is_mid_line;
        self.has_echo &= !is_mid_line;
        let line_end = if is_mid_line { "\n" } else { "" };
        let _ = io::stderr().write_all(format!("{line_end}{lines}").as_bytes());
    }
}

/// Writes JSON in pieces.
struct JsonWriter<'a> {
    data: &'a mut BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
}

impl JsonWriter<'_> {
    fn write(&mut self, piece: &str) -> io::Result<()> {
        if !self.is_terminal {
            return self.data.write_all(piece.as_bytes());
        }
        // Between the controls, so that a large document is not copied.
        let mut rest = piece;
        while let Some((start, c)) = rest.char_indices().find(|(_, c)| is_terminal_control(*c)) {
            let (before, after) = rest.split_at(start);
            let mut escape = String::new();
            json::escape(c, &mut escape);
            self.data.write_all(before.as_bytes())?;
            self.data.write_all(escape.as_bytes())?;
            rest = after.get(c.len_utf8()..).unwrap_or_default();
        }
        self.data.write_all(rest.as_bytes())
    }
}

/// Returns whether a terminal may act on a character instead of showing it: control characters, and those that change
/// the direction of text.
pub(crate) fn is_terminal_control(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

/// Returns the number of bytes at the end that the next ones decide: a CR, which LF may follow, or the start of a
/// character.
fn undecided(bytes: &[u8]) -> usize {
    let is_undecided = |tail: &[u8]| {
        tail == b"\r"
            || core::str::from_utf8(tail).is_err_and(|error| (error.valid_up_to(), error.error_len()) == (0, None))
    };
    let tails = (1..=3).filter_map(|length| bytes.get(bytes.len().checked_sub(length)?..));
    tails.filter(|tail| is_undecided(tail)).map(<[u8]>::len).next().unwrap_or(0)
}

/// Text with its terminal controls escaped.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    sanitize(text, is_terminal_control, escape)
}

fn escape(c: char, output: &mut String) {
    output.extend(c.escape_default());
}

fn sanitize(text: &str, is_hidden: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.chars().any(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut sanitized = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            escape(c, &mut sanitized);
        } else {
            sanitized.push(c);
        }
    }
    Cow::Owned(sanitized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped() {
        for (text, expected) in [
            ("plain\n\ttext é 🙂 שלום", "plain\n\ttext é 🙂 שלום"),
            ("\u{1b}[2J\r\u{7}\u{8}\0", r"\u{1b}[2J\r\u{7}\u{8}\u{0}"),
            ("\u{7f}\u{9b}31m", r"\u{7f}\u{9b}31m"),
            ("\u{202e}x\u{2066}", r"\u{202e}x\u{2066}"),
        ] {
            assert_eq!(escaped(text), expected);
        }
        let json = sanitize("{\"a\": \"\u{9b}\u{202e}\"}", is_terminal_control, json::escape);
        assert_eq!(json, r#"{"a": "\u009b\u202e"}"#);
    }
}
