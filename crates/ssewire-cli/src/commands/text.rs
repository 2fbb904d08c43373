//! `text`: the pieces of text as they arrive, and nothing else.

use std::io;

use anstyle::{AnsiColor, Style};
use ssewire_messages::{ContentBlock, Update, UpdateEvent};

use super::follow::{End, Place, Show, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// # Errors
/// Those of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Text::new(args.thinking))
}

/// Shows the text of a message, and its thinking and the input of its tool calls if that is wanted.
pub(crate) struct Text {
    with_thinking: bool,
    with_tools: bool,
    last: Option<Kind>,
    /// Line ends at the end of what was shown, up to two.
    line_ends: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Tool,
}

impl Kind {
    fn style(self) -> Style {
        match self {
            Self::Text => Style::new(),
            Self::Thinking => Style::new().dimmed(),
            Self::Tool => AnsiColor::Cyan.on_default(),
        }
    }
}

impl Text {
    pub(crate) fn new(with_thinking: bool) -> Self {
        Self { with_thinking, with_tools: false, last: None, line_ends: 0 }
    }

    /// With the name and the input of tool calls, as it grows.
    pub(crate) fn with_tools(self) -> Self {
        Self { with_tools: true, ..self }
    }

    fn piece(&mut self, kind: Kind, piece: &str, output: &mut Output) -> io::Result<()> {
        let is_wanted = match kind {
            Kind::Text => true,
            Kind::Thinking => self.with_thinking,
            Kind::Tool => self.with_tools,
        };
        if piece.is_empty() || !is_wanted {
            return Ok(());
        }
        if self.last.replace(kind).is_some_and(|last| last != kind) {
            // An empty line parts thinking, text and tool calls.
            output.text("\n\n".get(self.line_ends..).unwrap_or_default())?;
            self.line_ends = 2;
        }
        let ends = piece.bytes().rev().take_while(|byte| *byte == b'\n').count();
        self.line_ends = if ends == piece.len() { ends.saturating_add(self.line_ends) } else { ends }.min(2);
        output.styled(kind.style(), piece)
    }

    fn block(&mut self, block: &ContentBlock, output: &mut Output) -> io::Result<()> {
        match block {
            ContentBlock::Text(block) => self.piece(Kind::Text, block.text(), output),
            ContentBlock::Thinking(block) => self.piece(Kind::Thinking, block.thinking(), output),
            _ => Ok(()),
        }
    }
}

impl Show for Text {
    fn item(&mut self, item: &UpdateEvent<'_>, _: Place, output: &mut Output) -> io::Result<()> {
        match &item.update {
            Update::MessageStart { blocks, .. } => blocks.iter().try_for_each(|block| self.block(block, output)),
            Update::BlockStop { text, thinking, .. } => {
                self.piece(Kind::Thinking, thinking, output)?;
                self.piece(Kind::Text, text, output)
            }
            Update::MessageStop { .. } => {
                item.update.text_deltas().try_for_each(|text| self.piece(Kind::Text, text, output))
            }
            Update::BlockStart { block, text, thinking, .. } => {
                if let Some(call) = block.content().as_tool_use() {
                    self.piece(Kind::Tool, &format!("{} ", call.name().as_deref().unwrap_or("a tool")), output)?;
                }
                self.piece(Kind::Thinking, thinking, output)?;
                self.piece(Kind::Text, text, output)
            }
            Update::Text { text, .. } => self.piece(Kind::Text, text, output),
            Update::Thinking { thinking, .. } => self.piece(Kind::Thinking, thinking, output),
            Update::ToolInput { partial_json, .. } => self.piece(Kind::Tool, partial_json, output),
            _ => Ok(()),
        }
    }

    fn end(&mut self, end: End<'_>, output: &mut Output) -> io::Result<()> {
        if let End::Body(message) = end {
            message.content().iter().try_for_each(|block| self.block(block, output))?;
        }
        output.end_line()
    }
}
