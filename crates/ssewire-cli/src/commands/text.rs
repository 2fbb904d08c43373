//! `text`: only the text, as it arrives.

use std::io;

use anstyle::{AnsiColor, Style};
use ssewire_messages::{ContentBlock, Update, UpdateEvent};

use super::follow::{Outcome, Position, Renderer, follow};
use crate::args::Args;
use crate::exit::Exit;
use crate::input::Input;
use crate::output::Output;

/// Prints the text of a message as it arrives.
///
/// # Errors
/// An error of standard output.
pub(crate) fn run(args: &Args, input: &mut Input, output: &mut Output) -> io::Result<Exit> {
    follow(args, input, output, &mut Text::new(args.thinking))
}

/// Prints the text of a message, optionally with thinking and with the input of tool calls.
pub(crate) struct Text {
    with_thinking: bool,
    with_tools: bool,
    /// The kind of the last piece that was printed.
    last: Option<Kind>,
    /// Another message begins with the next piece.
    is_new_message: bool,
    /// Number of line ends at the end of the output, up to two.
    line_ends: usize,
    /// A line `<thinking>` was printed, and its end was not.
    is_thinking_open: bool,
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
        Self {
            with_thinking,
            with_tools: false,
            last: None,
            is_new_message: false,
            line_ends: 0,
            is_thinking_open: false,
        }
    }

    /// Also prints the names of tool calls, and their input as it arrives.
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
        let is_new_message = core::mem::take(&mut self.is_new_message);
        if self.last != Some(kind) || is_new_message {
            self.close_thinking(output)?;
            if self.last.replace(kind).is_some() {
                // A blank line between thinking, text and tool calls, and between messages.
                output.text("\n\n".get(self.line_ends..).unwrap_or_default())?;
                self.line_ends = 2;
            }
            if kind == Kind::Thinking {
                // Colour alone would be lost in a pipe.
                output.styled(kind.style(), "<thinking>\n")?;
                (self.line_ends, self.is_thinking_open) = (1, true);
            }
        }
        let ends = piece.bytes().rev().take_while(|byte| *byte == b'\n').count();
        self.line_ends = if ends == piece.len() { ends.saturating_add(self.line_ends) } else { ends }.min(2);
        output.styled(kind.style(), piece)
    }

    fn close_thinking(&mut self, output: &mut Output) -> io::Result<()> {
        if core::mem::take(&mut self.is_thinking_open) {
            let line_end = if self.line_ends == 0 { "\n" } else { "" };
            output.styled(Kind::Thinking.style(), &format!("{line_end}</thinking>\n"))?;
            self.line_ends = 1;
        }
        Ok(())
    }

    fn block(&mut self, block: &ContentBlock, output: &mut Output) -> io::Result<()> {
        match block {
            ContentBlock::Text(block) => self.piece(Kind::Text, block.text(), output),
            ContentBlock::Thinking(block) => self.piece(Kind::Thinking, block.thinking(), output),
            _ => Ok(()),
        }
    }
}

impl Renderer for Text {
    fn update(&mut self, event: &UpdateEvent<'_>, _: Position, output: &mut Output) -> io::Result<()> {
        match &event.update {
            Update::MessageStart { blocks, .. } => blocks.iter().try_for_each(|block| self.block(block, output)),
            Update::BlockStop { text, thinking, .. } => {
                self.piece(Kind::Thinking, thinking, output)?;
                self.piece(Kind::Text, text, output)
            }
            Update::MessageStop { .. } => {
                event.update.text_deltas().try_for_each(|text| self.piece(Kind::Text, text, output))
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

    fn end_message(&mut self, outcome: Outcome<'_>, output: &mut Output) -> io::Result<()> {
        if let Outcome::Body(message) = outcome {
            message.content().iter().try_for_each(|block| self.block(block, output))?;
        }
        self.close_thinking(output)?;
        self.is_new_message = true;
        if output.end_line()? {
            self.line_ends = self.line_ends.max(1);
        }
        Ok(())
    }
}
