//! `text`: the pieces of text as they arrive, and nothing else.

use std::io;

use ssewire_messages::{ContentBlock, Item, Update};

use super::follow::{End, Show, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Text::new(args.thinking))
}

/// Shows the text of a message, and its thinking if that is wanted.
pub(crate) struct Text {
    with_thinking: bool,
    last: Option<Kind>,
    /// Line ends at the end of what was shown, up to two.
    line_ends: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
}

impl Text {
    pub(crate) fn new(with_thinking: bool) -> Self {
        Self { with_thinking, last: None, line_ends: 0 }
    }

    fn piece(&mut self, kind: Kind, piece: &str, output: &mut Output) -> io::Result<()> {
        if piece.is_empty() || (kind == Kind::Thinking && !self.with_thinking) {
            return Ok(());
        }
        if self.last.replace(kind).is_some_and(|last| last != kind) {
            // An empty line parts thinking and text.
            output.text("\n\n".get(self.line_ends..).unwrap_or_default())?;
            self.line_ends = 2;
        }
        let ends = piece.bytes().rev().take_while(|byte| *byte == b'\n').count();
        self.line_ends = if ends == piece.len() { ends.saturating_add(self.line_ends) } else { ends }.min(2);
        output.text(piece)
    }

    fn block(&mut self, block: &ContentBlock, output: &mut Output) -> io::Result<()> {
        match block {
            ContentBlock::Text(block) => self.piece(Kind::Text, &block.text, output),
            ContentBlock::Thinking(block) => self.piece(Kind::Thinking, &block.thinking, output),
            _ => Ok(()),
        }
    }
}

impl Show for Text {
    fn item(&mut self, item: &Item<'_>, _: u64, output: &mut Output) -> io::Result<()> {
        match item.update {
            Update::MessageStart { .. } => item.update.initial_blocks().try_for_each(|block| self.block(block, output)),
            Update::BlockStart { text, thinking, .. } => {
                self.piece(Kind::Thinking, thinking, output)?;
                self.piece(Kind::Text, text, output)
            }
            Update::Text { text, .. } => self.piece(Kind::Text, text, output),
            Update::Thinking { thinking, .. } => self.piece(Kind::Thinking, thinking, output),
            _ => Ok(()),
        }
    }

    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()> {
        if let End::Body(message) = end {
            message.content.iter().try_for_each(|block| self.block(block, output))?;
        }
        output.end_line()
    }
}
