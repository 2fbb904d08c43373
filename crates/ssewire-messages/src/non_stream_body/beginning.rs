//! The beginning of a body: its first bytes, and whether its lines are those of an event stream.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ssewire::{BodyStart, BomSkipper};

use super::body::Body;
use super::lines::{FIELDS, LinePrefix};
use crate::memory::reserve_half;

/// The beginning of a body that may not be a stream.
#[derive(Clone, Default)]
pub(super) struct Beginning {
    pub(super) mode: Mode,
    /// The bytes from the first significant byte on. All of the body, if it is JSON.
    pub(super) bytes: Vec<u8>,
    mark: BomSkipper,
    /// The beginning of the line that is arriving.
    line: LinePrefix,
    /// A line began as a field of an event does.
    pub(super) has_fields: bool,
    /// A line of the current block began as a field of an event does. A block without data does not count as an event.
    has_fields_in_block: bool,
    pub(super) has_events: bool,
    /// JSON that was too large to be kept.
    pub(super) is_too_large: bool,
    pub(super) content_type: Option<Box<str>>,
}

/// The kind of the current bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Body(BodyStart),
    /// The head of the response, printed in front of its body.
    ResponseHead {
        is_line_empty: bool,
    },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Body(BodyStart::Blank)
    }
}

impl Beginning {
    /// Number of bytes that are kept of a body that is not JSON.
    pub(super) const MAX_BYTES: usize = 512;

    pub(super) fn take(&mut self, piece: &[u8], max_bytes: usize) {
        let (replayed, piece) = self.mark.skip(piece);
        for text in [replayed, piece] {
            self.take_lines(text);
            self.take_text(text, max_bytes);
        }
    }

    fn take_text(&mut self, piece: &[u8], max_bytes: usize) {
        let mut rest = piece;
        while let [byte, after @ ..] = rest {
            rest = match self.mode {
                Mode::Body(BodyStart::Blank) => {
                    self.mode = Mode::Body(BodyStart::skip_blank(&mut rest));
                    rest
                }
                Mode::ResponseHead { is_line_empty } => {
                    self.mode = after_http_byte(*byte, is_line_empty);
                    after
                }
                Mode::Body(BodyStart::Json) => {
                    self.take_json(rest, max_bytes);
                    return;
                }
                // Byte by byte, until it is certain that no response head begins here.
                Mode::Body(_) if self.bytes.len() < HTTP.len() => {
                    self.take_byte(*byte);
                    after
                }
                Mode::Body(_) => {
                    let room = Self::MAX_BYTES.saturating_sub(self.bytes.len());
                    self.bytes.extend_from_slice(rest.get(..room).unwrap_or(rest));
                    return;
                }
            };
        }
    }

    /// Keeps JSON, or nothing of it as soon as it is too large.
    fn take_json(&mut self, json: &[u8], max_bytes: usize) {
        self.is_too_large |= self.bytes.len().saturating_add(json.len()) > Body::max_json(max_bytes);
        if self.is_too_large {
            self.bytes = Vec::new();
            return;
        }
        reserve_half(&mut self.bytes, json.len());
        self.bytes.extend_from_slice(json);
    }

    /// Keeps a byte that may belong to the first word of a response head.
    fn take_byte(&mut self, byte: u8) {
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(Self::MAX_BYTES);
        }
        self.bytes.push(byte);
        if self.bytes == HTTP {
            self.bytes = Vec::new();
            self.mode = Mode::ResponseHead { is_line_empty: false };
        }
    }

    /// Looks for the fields of an event at the beginnings of lines.
    fn take_lines(&mut self, piece: &[u8]) {
        // After the first event, it does not matter which block a field belongs to.
        if self.has_fields && self.has_events {
            return;
        }
        let mut rest = piece;
        loop {
            if self.line.is_full() {
                // No further byte of this line matters.
                let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
            }
            let [byte, after @ ..] = rest else { return };
            if self.line.push(*byte) {
                self.has_fields_in_block = false;
            }
            self.has_fields_in_block |= FIELDS.contains(&self.line.bytes());
            self.has_fields |= self.has_fields_in_block;
            rest = after;
        }
    }

    pub(super) fn has_partial_event(&self) -> bool {
        let line = self.line.bytes();
        let is_half_a_field = !line.is_empty() && FIELDS.iter().any(|field| field.starts_with(line));
        !self.has_events && !self.is_document() && (self.has_fields_in_block || is_half_a_field)
    }

    /// Returns whether the body is a page or JSON, even if its lines look like fields.
    pub(super) fn is_document(&self) -> bool {
        matches!(self.mode, Mode::Body(BodyStart::Json | BodyStart::Html))
    }
}

/// How a response head begins.
const HTTP: &[u8] = b"HTTP/";

/// Returns the mode after a byte of a response head, which ends at its first blank line.
fn after_http_byte(byte: u8, is_line_empty: bool) -> Mode {
    match byte {
        b'\n' if is_line_empty => Mode::Body(BodyStart::Blank),
        b'\n' => Mode::ResponseHead { is_line_empty: true },
        b'\r' => Mode::ResponseHead { is_line_empty },
        _ => Mode::ResponseHead { is_line_empty: false },
    }
}
