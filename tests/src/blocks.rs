//! Splits a stream into blocks, the lines between two blank lines. For tests of where an event was lost.

use std::ops::Range;

use crate::oracle::{Field, Line, field, lines};

/// The lines up to and including a blank line, or the lines at the end of the stream without one.
#[derive(Debug, Clone, Default)]
pub struct Block<'a> {
    /// From the first byte to the end of the blank line, or to the end of the stream.
    pub span: Range<usize>,
    pub is_over: bool,
    /// Number of lines that are neither blank nor comments.
    pub fields: usize,
    pub data_lines: usize,
    /// The values of the `id` lines that have no NUL, in order.
    pub ids: Vec<&'a [u8]>,
}

impl<'a> Block<'a> {
    /// Returns whether this block dispatches an event.
    pub fn has_event(&self) -> bool {
        self.is_over && self.data_lines > 0
    }

    fn add(&mut self, line: &Line<'a>) {
        self.span.end = line.next;
        let Some(end) = line.ends_at else { return };
        match field(line.bytes) {
            Field::Blank => (self.is_over, self.span.end) = (true, end),
            Field::Comment(_) => {}
            Field::Named { name, value } => {
                self.fields += 1;
                match name {
                    b"data" => self.data_lines += 1,
                    b"id" if !value.contains(&0) => self.ids.push(value),
                    _ => {}
                }
            }
        }
    }
}

/// Returns all blocks of a stream, including the pending one at its end.
pub fn blocks(input: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in lines(input) {
        let mut block = open.take().unwrap_or(Block { span: line.start..line.start, ..Block::default() });
        block.add(&line);
        if block.is_over {
            blocks.push(block);
        } else {
            open = Some(block);
        }
    }
    blocks.extend(open);
    blocks
}
