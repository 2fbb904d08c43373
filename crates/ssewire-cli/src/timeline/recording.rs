//! What is kept of a stream to draw it: of every event when and where it came, and what it was about.

use alloc::collections::BTreeMap;
use core::time::Duration;

use ssewire_messages::{BlockKey, BlockRef, ContentBlock, Update};

use crate::output::steers;

/// The events of a stream, in their order.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(super) marks: Vec<Mark>,
    pub(super) lanes: BTreeMap<Subject, Lane>,
    pub(super) first_text: Option<Point>,
}

/// An event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) point: Point,
    pub(super) subject: Subject,
}

/// When something was there, counted from the beginning of the run, and how many bytes of the input had come by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) at: Duration,
    pub(super) offset: u64,
}

/// What an event was about. Their order is that of the lanes from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Message,
    Block(BlockKey),
    Ping,
    Other,
    Error,
}

/// What the events about one subject are drawn as.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) label: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Text,
    Thinking,
    Tool,
    /// A block of another kind.
    Block,
    Ping,
    Other,
    Error,
}

impl Recording {
    const LONGEST_LABEL: usize = 24;

    /// Takes what an event changed.
    pub(crate) fn take(&mut self, update: &Update<'_>, at: Duration, offset: u64) {
        // Further updates of an event draw nothing of their own.
        if matches!(update, Update::ToolCall(_)) {
            return;
        }
        let (subject, kind, label) = match update {
            Update::MessageStart { .. } | Update::MessageDelta { .. } | Update::MessageStop { .. } => {
                (Subject::Message, Kind::Message, "message".into())
            }
            Update::Ping => (Subject::Ping, Kind::Ping, "ping".into()),
            Update::Error(_) => (Subject::Error, Kind::Error, "error".into()),
            _ => match block(update) {
                Some(block) => (Subject::Block(block.key()), kind(block.content()), label(block)),
                None => (Subject::Other, Kind::Other, "other".into()),
            },
        };
        let point = Point { at, offset };
        self.note(subject, kind, label, point);
        if update.text_deltas().next().is_some() {
            self.first_text.get_or_insert(point);
        }
    }

    pub(super) fn note(&mut self, subject: Subject, kind: Kind, label: String, point: Point) {
        self.marks.push(Mark { point, subject });
        self.lanes.entry(subject).or_insert(Lane { label, kind });
    }
}

fn block<'a>(update: &Update<'a>) -> Option<BlockRef<'a>> {
    match update {
        Update::BlockStart { block, .. }
        | Update::Text { block, .. }
        | Update::Thinking { block, .. }
        | Update::Signature { block, .. }
        | Update::Citation { block, .. }
        | Update::ToolInput { block, .. }
        | Update::Compaction { block, .. }
        | Update::RawBlock { block, .. }
        | Update::BlockStop { block, .. } => Some(*block),
        _ => None,
    }
}

fn kind(content: &ContentBlock) -> Kind {
    match content {
        ContentBlock::Text(_) => Kind::Text,
        ContentBlock::Thinking(_) => Kind::Thinking,
        content if content.type_name() == "redacted_thinking" => Kind::Thinking,
        content if content.tool_input().is_some() => Kind::Tool,
        _ => Kind::Block,
    }
}

/// The index, the kind, the tool. They come from the server, and are shown in one line.
fn label(block: BlockRef<'_>) -> String {
    let content = block.content();
    let tool = content.as_tool_use().and_then(ssewire_messages::ToolUseBlock::name).unwrap_or_default();
    let label = format!("{} {} {tool}", block.index(), content.type_name());
    let label = label.trim_end();
    let is_hidden = |c| matches!(c, '\n' | '\t') || steers(c);
    let mut shown: String = label.chars().map(|c| if is_hidden(c) { '\u{FFFD}' } else { c }).collect();
    if let Some((at, _)) = shown.char_indices().nth(Recording::LONGEST_LABEL) {
        shown.truncate(at);
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use ssewire_messages::{MessageDecoder, Step};

    use super::*;

    fn recorded(stream: &str) -> Recording {
        let (mut recording, mut decoder, mut rest) = (Recording::default(), MessageDecoder::new(), stream.as_bytes());
        while let Step::Update(item) = decoder.decode(&mut rest).unwrap() {
            let offset = u64::try_from(stream.len() - rest.len()).unwrap();
            recording.take(&item.update, Duration::from_millis(offset), offset);
        }
        recording
    }

    #[test]
    fn lanes_stand_in_the_order_of_the_content() {
        let recording = recorded(concat!(
            "data: {\"type\":\"ping\"}\n\n",
            "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}}\n\n",
            "data: {\"type\":\"new\"}\n\n",
            "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"a\\u001b_very_long_name_of_a_tool\",\"input\":{}}}\n\n",
            "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
        ));
        let lanes: Vec<_> = recording.lanes.values().map(|lane| (lane.label.as_str(), lane.kind)).collect();
        let expected = [
            ("message", Kind::Message),
            ("0 text", Kind::Text),
            ("1 tool_use a\u{FFFD}_very_long…", Kind::Tool),
            ("ping", Kind::Ping),
            ("other", Kind::Other),
        ];
        assert_eq!(lanes, expected);
        assert_eq!(recording.marks.len(), 6);
        // The first text is where its delta ends, not where its block begins.
        assert_eq!(recording.first_text, recording.marks.last().map(|mark| mark.point));
    }
}
