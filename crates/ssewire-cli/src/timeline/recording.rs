//! The data from which a stream is drawn, in bounded memory: for each lane, the number of events over time and
//! at which position.

use alloc::collections::BTreeMap;
use core::time::Duration;

use ssewire_messages::{BlockKey, BlockRef, ContentBlock, StreamEvent, Update, UpdateEvent};
use unicode_width::UnicodeWidthStr as _;

use super::histogram::Histogram;
use crate::output::is_terminal_control;

/// The events of a stream.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    pub(super) lanes: BTreeMap<Subject, Lane>,
    pub(super) events: u64,
    /// The last event.
    pub(super) last: Option<Point>,
    pub(super) first_text: Option<Point>,
    /// The last stop reason, and its arrival time.
    pub(super) stop_reason: Option<(Point, String)>,
    /// The longest times between an event and the next, in no order: from, to.
    pub(super) gaps: Vec<(Duration, Duration)>,
    /// Number of blocks that share a lane.
    pub(super) more_blocks: usize,
    /// The number of the message, from 0.
    message: u32,
    blocks: usize,
}

/// A time and a position: since the start of the run, and in bytes of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) at: Duration,
    pub(super) offset: u64,
}

/// The subject of an event. The order is that of the lanes from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Message,
    /// A block of the message with this number.
    Block(u32, BlockKey),
    MoreBlocks,
    Ping,
    Other,
    Error,
}

/// The events of one subject.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) label: String,
    pub(super) kind: Kind,
    /// In microseconds.
    pub(super) times: Histogram,
    /// In bytes.
    pub(super) offsets: Histogram,
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

impl Kind {
    pub(super) fn is_block(self) -> bool {
        matches!(self, Self::Text | Self::Thinking | Self::Tool | Self::Block)
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Recording {
    /// In characters, and in columns of a terminal.
    const LONGEST_LABEL: usize = 24;
    /// The most blocks with lanes of their own; a drawing of thousands would show nothing.
    const MAX_BLOCKS: usize = 40;
    /// A gap is drawn if it is a twentieth of the whole: there are no more.
    pub(super) const MAX_GAPS: usize = 20;

    /// Takes an event between two messages; `None` if it cannot be decoded.
    pub(crate) fn take_skipped(&mut self, event: Option<&StreamEvent<'_>>, at: Duration, offset: u64) {
        let (subject, kind, label) = match event {
            // The next message begins with it.
            Some(StreamEvent::MessageStart(_)) => (Subject::Message, Kind::Message, "message"),
            Some(StreamEvent::Ping) => (Subject::Ping, Kind::Ping, "ping"),
            Some(StreamEvent::Error(_)) => (Subject::Error, Kind::Error, "error"),
            _ => (Subject::Other, Kind::Other, "other"),
        };
        self.note(subject, kind, || label.into(), Point { at, offset });
    }

    /// Takes the change of an event; `is_noted` if [`take_skipped`](Self::take_skipped) took the event.
    pub(crate) fn take(&mut self, event: &UpdateEvent<'_>, at: Duration, offset: u64, is_noted: bool) {
        let update = &event.update;
        let point = Point { at, offset };
        match update {
            _ if is_noted => {}
            // An event above the limit has no type.
            Update::Lost(_) => self.note(Subject::Other, Kind::Other, || "other".into(), point),
            // A further update of an event is not an event.
            _ if event.event_type.is_empty() => {}
            Update::MessageStart { .. }
            | Update::MessageDelta { .. }
            | Update::MessageStop { .. }
            | Update::Replaced => {
                self.note(Subject::Message, Kind::Message, || "message".into(), point);
            }
            Update::Ping => self.note(Subject::Ping, Kind::Ping, || "ping".into(), point),
            Update::Error(_) => self.note(Subject::Error, Kind::Error, || "error".into(), point),
            _ => match update.block() {
                Some(block) => self.take_block(block, matches!(update, Update::BlockStart { .. }), point),
                None => self.note(Subject::Other, Kind::Other, || "other".into(), point),
            },
        }
        if update.text_deltas().next().is_some() {
            self.first_text.get_or_insert(point);
        }
        if let Update::MessageDelta { stop_reason: Some(reason), .. } = update {
            self.stop_reason = Some((point, one_line(reason.as_ref())));
        }
    }

    /// The message has ended; what follows is of the next one.
    pub(crate) fn end_message(&mut self) {
        self.message = self.message.saturating_add(1);
    }

    fn take_block(&mut self, block: BlockRef<'_>, is_start: bool, point: Point) {
        let (message, subject) = (self.message, Subject::Block(self.message, block.key()));
        if !self.lanes.contains_key(&subject) {
            if self.blocks >= Self::MAX_BLOCKS {
                self.more_blocks = self.more_blocks.saturating_add(usize::from(is_start));
                self.note(Subject::MoreBlocks, Kind::Block, || "more blocks".into(), point);
                return;
            }
            self.blocks = self.blocks.saturating_add(1);
        }
        // Kind and label search the start of the block, which may be long: only once for each lane.
        self.note_as(subject, || (kind(block.content()), label(message, block)), point);
    }

    pub(super) fn note(&mut self, subject: Subject, kind: Kind, label: impl FnOnce() -> String, point: Point) {
        self.note_as(subject, || (kind, label()), point);
    }

    fn note_as(&mut self, subject: Subject, describe: impl FnOnce() -> (Kind, String), point: Point) {
        let lane = self.lanes.entry(subject).or_insert_with(|| {
            let (kind, label) = describe();
            Lane { label, kind, times: Histogram::default(), offsets: Histogram::default() }
        });
        lane.times.add(micros(point.at));
        lane.offsets.add(point.offset);
        self.events = self.events.saturating_add(1);
        let previous = self.last.replace(point).map_or(Duration::ZERO, |last| last.at);
        self.gap(previous, point.at);
    }

    /// Keeps the gap if it is one of the longest.
    fn gap(&mut self, start: Duration, end: Duration) {
        let length = |gap: &(Duration, Duration)| gap.1.saturating_sub(gap.0);
        if end <= start {
            return;
        }
        if self.gaps.len() < Self::MAX_GAPS {
            self.gaps.push((start, end));
        } else if let Some(shortest) = self.gaps.iter_mut().min_by_key(|gap| length(gap)) {
            if length(&(start, end)) > length(shortest) {
                *shortest = (start, end);
            }
        }
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

/// Index, type and tool, in one short line: they come from the server.
fn label(message: u32, block: BlockRef<'_>) -> String {
    let content = block.content();
    let tool = content.as_tool_use().and_then(ssewire_messages::ToolUseBlock::name).unwrap_or_default();
    let message = if message == 0 { String::new() } else { format!("{}: ", message.saturating_add(1)) };
    one_line(format!("{message}{} {} {tool}", block.index(), content.type_name()).trim_end())
}

fn one_line(text: &str) -> String {
    let is_hidden = |c| matches!(c, '\n' | '\t') || is_terminal_control(c);
    let visible = text.chars().map(|c| if is_hidden(c) { '\u{FFFD}' } else { c });
    let mut line: String = visible.take(Recording::LONGEST_LABEL.saturating_add(1)).collect();
    // Characters, too: any number of combining ones need no column.
    let length = |line: &str| line.chars().count().max(line.width());
    if length(&line) > Recording::LONGEST_LABEL {
        while length(&line) >= Recording::LONGEST_LABEL {
            line.pop();
        }
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use ssewire_messages::{MessageDecoder, Step};

    use super::*;

    fn recorded(stream: &str) -> Recording {
        let (mut recording, mut decoder, mut rest) = (Recording::default(), MessageDecoder::new(), stream.as_bytes());
        while let Step::Update(event) = decoder.decode(&mut rest).unwrap() {
            let offset = u64::try_from(stream.len() - rest.len()).unwrap();
            recording.take(&event, Duration::from_millis(offset), offset, false);
        }
        recording
    }

    #[test]
    fn lanes_are_in_the_order_of_the_content() {
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
        assert_eq!(recording.events, 6);
        // The first text is where its delta ends, not where its block begins.
        assert_eq!(recording.first_text, recording.last);
        assert_eq!(recording.stop_reason, None);
    }

    #[test]
    fn labels_are_cut_to_24_columns() {
        for (text, expected) in [
            ("x".repeat(24), "x".repeat(24)),
            ("x".repeat(25), "x".repeat(23) + "…"),
            ("中".repeat(12), "中".repeat(12)),
            ("中".repeat(13), "中".repeat(11) + "…"),
            (format!("e{}", "\u{301}".repeat(30)), format!("e{}…", "\u{301}".repeat(22))),
        ] {
            assert_eq!(one_line(&text), expected);
        }
    }

    /// Regression: further updates of an event were counted as events.
    #[test]
    fn an_event_with_several_updates_is_one() {
        let delta = "{\"type\":\"thinking_delta\",\"thinking\":\"a\",\"signature\":\"s\"}";
        let recording = recorded(&format!(
            "data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"a\"}}}}\n\n\
             data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"thinking\",\"thinking\":\"\"}}}}\n\n\
             data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}}}\n\n\
             data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"b\"}}}}\n\n"
        ));
        assert_eq!((recording.events, recording.lanes.len()), (4, 2));
    }

    #[test]
    fn many_events_need_the_same_memory() {
        let mut recording = Recording::default();
        for millis in 0..100_000 {
            let point = Point { at: Duration::from_millis(millis * millis / 1000), offset: millis };
            recording.note(Subject::Ping, Kind::Ping, || "ping".into(), point);
        }
        assert_eq!((recording.events, recording.lanes.len()), (100_000, 1));
        assert_eq!(recording.gaps.len(), Recording::MAX_GAPS);
        // The last gaps are the longest.
        assert!(recording.gaps.iter().all(|gap| gap.0 >= Duration::from_millis(9_900_000)), "{:?}", recording.gaps);
    }

    #[test]
    fn blocks_beyond_the_lanes_share_one() {
        let mut stream = String::from("data: {\"type\":\"message_start\",\"message\":{}}\n\n");
        for index in 0..45 {
            stream += &format!(
                "data: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n"
            );
        }
        stream += "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
        let recording = recorded(&stream);
        assert_eq!((recording.lanes.len(), recording.more_blocks), (42, 5));
        assert_eq!(recording.stop_reason.unwrap().1, "end_turn");
    }
}
