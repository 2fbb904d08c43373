//! The message while its events arrive: `docs/protocol.md`, headings "Merge rules", "Order between blocks" and
//! "Protocol violations".

use serde_json::{Map, Value};
use ssewire_messages::ViolationKind::{self, *};

use super::block::{Block, Call, Change, changes};
use super::event::Event;
use super::json::{Json, Members, member, set, text};
use super::tool_input::{Cut, Input, is_blank};

/// The state of one message. Everything is kept; the message is built at its end.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The members of `message_start`, without `content`.
    start: Option<Members>,
    /// The members that `message_delta` events set.
    changes: Members,
    usage: Option<Members>,
    /// In order of arrival.
    blocks: Vec<Block>,
    /// Input text that waits for the start of its block, by index.
    waiting: Vec<(u64, Input)>,
    next_index: u64,
    pub stop_reason: Option<String>,
    /// An event was lost that may have contained the stop reason.
    pub has_loss: bool,
    /// An event was lost that may have been the start of a block, or a delta of any index.
    has_lost_start_or_delta: bool,
    pub violations: Vec<(ViolationKind, Option<u64>)>,
    /// The pieces of text in order of arrival.
    pub pieces: Vec<String>,
    /// The calls that `Update::ToolCall` returns, by event.
    pub calls: Vec<Vec<Call>>,
}

/// The end of a message by one of its events.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Stop,
    Error(Json),
    Replaced(String),
}

impl Message {
    pub fn has_started(&self) -> bool {
        self.start.is_some()
    }

    /// Merges an event, in lenient mode. The message must not have ended.
    pub fn apply(&mut self, event: Event) -> Option<End> {
        let end = self.merge_event(event);
        self.return_calls(end == Some(End::Stop));
        end
    }

    /// Returns each call once that has stopped and is known to be complete; after late input, at `message_stop`.
    fn return_calls(&mut self, is_stopped: bool) {
        let is_open = |block: &Block| block.is_open || block.is_returned || block.is_late && !is_stopped;
        let cuts: Vec<_> = self.blocks.iter().map(|block| self.is_cut(block, is_stopped)).collect();
        let mut calls = Vec::new();
        for (block, cut) in self.blocks.iter_mut().zip(cuts).filter(|(block, _)| !is_open(block)) {
            let call = block.call(cut);
            block.is_returned = call.is_some();
            calls.extend(call);
        }
        if !calls.is_empty() {
            self.calls.push(calls);
        }
    }

    /// "Returns the calls whose block has no stop, as `message_stop` would", and those with late input.
    pub fn return_calls_at_end(&mut self) {
        let cuts: Vec<_> = self.blocks.iter().map(|block| self.is_cut(block, false)).collect();
        let pending = self.blocks.iter().zip(cuts).filter(|(block, _)| !block.is_returned);
        let calls: Vec<_> = pending.filter_map(|(block, cut)| block.call(cut)).collect();
        if !calls.is_empty() {
            self.calls.push(calls);
        }
    }

    fn merge_event(&mut self, event: Event) -> Option<End> {
        let index = match &event {
            Event::BlockStart { index, .. } | Event::Delta { index, .. } | Event::BlockStop { index } => Some(*index),
            _ => None,
        };
        let is_of_message = index.is_some() || matches!(event, Event::MessageDelta(_) | Event::MessageStop);
        if is_of_message && !self.has_started() {
            self.violations.push((BeforeMessageStart, index));
        }
        match event {
            Event::Nothing | Event::Done | Event::Ping | Event::Unknown => {}
            Event::KeepAlive => self.violations.push((KeepAliveData, None)),
            Event::Undecodable(loss) => {
                self.has_loss |= loss.content || loss.message_delta || loss.message_start && self.has_started();
                if loss.may_be_start || loss.piece == Some(None) {
                    self.lose_start_or_delta();
                }
                if let Some(index) = loss.piece {
                    self.lose_piece(index);
                }
                if let Some(index) = loss.start {
                    self.lose_start(index);
                }
            }
            Event::Error(body) => return Some(End::Error(body)),
            Event::MessageStart(message) => return self.message_start(message),
            Event::BlockStart { index, block } => self.block_start(index, block),
            Event::Delta { index, delta } => self.delta(index, &delta),
            Event::BlockStop { index } => self.block_stop(index),
            Event::MessageDelta(payload) => self.message_delta(&payload),
            Event::MessageStop => {
                let missing = self.blocks.iter().filter(|block| block.is_open && block.is_started && !block.is_initial);
                self.violations.extend(missing.map(|block| (MissingStop, Some(block.index))));
                let halves = self.blocks.iter_mut().filter_map(|block| block.close().then(|| "\u{FFFD}".to_owned()));
                self.pieces.extend(halves);
                return Some(End::Stop);
            }
        }
        None
    }

    /// A piece was lost: of this index, or of an unknown one.
    pub fn lose_piece(&mut self, index: Option<u64>) {
        let Some(index) = index else {
            let open = self.blocks.iter_mut().filter(|block| block.is_open).map(|block| &mut block.input);
            open.chain(self.waiting.iter_mut().map(|(_, input)| input)).for_each(Input::lose_piece);
            return;
        };
        let mut blocks = self.blocks.iter_mut().rev().filter(|block| block.index == index);
        if let Some(block) = blocks.find(|block| block.has_input()) {
            block.input.lose_piece();
        } else if let Some((_, input)) = self.waiting.iter_mut().find(|(other, _)| *other == index) {
            input.lose_piece();
        } else if !self.blocks.iter().any(|block| block.index == index && block.is_started) {
            self.waiting.push((index, Input { lost_at: Some(0), ..Input::default() }));
        }
    }

    /// "Text of deltas may be that of a block whose start was lost", or "lack the text of a lost delta".
    pub fn lose_start_or_delta(&mut self) {
        self.has_lost_start_or_delta = true;
        self.blocks.iter_mut().filter(|block| block.is_late).for_each(|block| block.input.lose_piece());
    }

    /// The start of a block of this index was lost.
    fn lose_start(&mut self, index: u64) {
        let newest = self.blocks.iter_mut().rfind(|block| block.index == index && block.has_input());
        newest.filter(|block| block.is_open).into_iter().for_each(|block| block.input.lose_piece());
    }

    fn message_start(&mut self, message: Members) -> Option<End> {
        let id = |message: &Members| member(message, "id").and_then(Json::as_text);
        if let Some(first) = &self.start {
            return match (id(first), id(&message)) {
                (Some(first), Some(second)) if first != second => {
                    self.violations.push((ReplacedMessage, None));
                    Some(End::Replaced(second))
                }
                _ => {
                    self.violations.push((SecondMessageStart, None));
                    None
                }
            };
        }
        let content = match member(&message, "content") {
            Some(Json::Array(blocks)) => blocks.clone(),
            _ => Vec::new(),
        };
        for (index, block) in (0..).zip(content) {
            let members = block.as_object().expect("decoded").clone();
            let block = Block { is_initial: true, ..Block::started(index, members) };
            self.add(block);
        }
        let mut members = message;
        members.retain(|(name, _)| name != "content");
        if let Some((name, kind)) = members.iter().rfind(|(name, _)| name == "type").cloned() {
            set(&mut members, &name, kind);
        }
        self.start = Some(members);
        None
    }

    fn block_start(&mut self, index: u64, members: Members) {
        let is_used = self.blocks.iter().any(|block| block.index == index && block.is_started);
        match index {
            _ if is_used => self.violations.push((IndexReused, Some(index))),
            _ if index > self.next_index => self.violations.push((IndexGap, Some(index))),
            _ if index < self.next_index => self.violations.push((StartOutOfOrder, Some(index))),
            _ => {}
        }
        self.next_index = self.next_index.max(index.saturating_add(1));
        let new = Block::started(index, members);
        let kind = new.kind();
        let started = self.next_number();
        let mut same_kind = self.blocks.iter_mut().rev().filter(|block| block.index == index && block.kind() == kind);
        match same_kind.next().filter(|block| !block.is_started) {
            Some(early) => {
                let initial = new.text().to_vec();
                early.merge_start(new.members);
                early.number = started;
                if kind == "text" && !initial.is_empty() {
                    self.pieces.push(text(&initial));
                }
            }
            None => self.add(new),
        }
    }

    fn next_number(&self) -> usize {
        self.blocks.iter().map(|block| block.number + 1).max().unwrap_or(0)
    }

    /// Adds a block that was started.
    fn add(&mut self, mut block: Block) {
        self.next_index = self.next_index.max(block.index.saturating_add(1));
        if block.has_input() && !block.is_initial {
            if let Some(at) = self.waiting.iter().position(|(index, _)| *index == block.index) {
                block.input = self.waiting.remove(at).1;
                if self.has_lost_start_or_delta {
                    block.input.lose_piece();
                }
            }
        }
        block.number = self.next_number();
        self.blocks.push(block);
        let at = self.blocks.len() - 1;
        if self.blocks[at].kind() == "text" && !self.blocks[at].text().is_empty() {
            self.pieces.push(text(self.blocks[at].text()));
        }
    }

    fn delta(&mut self, index: u64, delta: &Members) {
        let changes = changes(delta);
        // A delta is one violation at most.
        let violation = changes.iter().find_map(|change| self.delta_violation(index, change));
        self.violations.extend(violation.map(|kind| (kind, Some(index))));
        for change in changes {
            let kind = self.delta_violation(index, &change);
            self.merge(index, change, kind);
        }
    }

    fn target(&self, index: u64, change: &Change) -> Option<usize> {
        self.blocks.iter().rposition(|block| block.index == index && block.takes(change))
    }

    fn delta_violation(&self, index: u64, change: &Change) -> Option<ViolationKind> {
        let is_started = self.blocks.iter().any(|block| block.index == index && block.is_started);
        match self.target(index, change).map(|at| &self.blocks[at]) {
            Some(block) if block.is_started => (!block.is_open).then_some(DeltaAfterStop),
            // A delta for a block that a delta opened violates the protocol as that delta did.
            Some(block) => block.opened_by,
            None if is_started => Some(MismatchedDelta),
            None => Some(DeltaBeforeStart),
        }
    }

    fn merge(&mut self, index: u64, change: Change, opened_by: Option<ViolationKind>) {
        let at = match (self.target(index, &change), Block::opened_by(&change, index)) {
            (Some(at), _) => at,
            (None, Some(block)) => {
                self.blocks.push(Block { opened_by, ..block });
                self.blocks.len() - 1
            }
            (None, None) => {
                let Change::Input(units) = change else { unreachable!("every other change opens a block") };
                match self.waiting.iter_mut().find(|(other, _)| *other == index) {
                    Some((_, input)) => input.text.extend(units),
                    None if units.is_empty() => {}
                    None => self.waiting.push((index, Input { text: units, lost_at: None })),
                }
                return;
            }
        };
        let piece = if let Change::Text(units) = &change { units.clone() } else { Vec::new() };
        if let Change::Input(units) = &change {
            let is_late = !self.blocks[at].is_open && !is_blank(&text(units));
            if is_late && self.has_lost_start_or_delta {
                self.blocks[at].input.lose_piece();
            }
        }
        self.blocks[at].merge(change);
        self.deliver(at, &piece);
    }

    /// Delivers a piece of text; the first half of a pair at its end waits for the second.
    fn deliver(&mut self, at: usize, piece: &[u16]) {
        let block = &mut self.blocks[at];
        if block.kind() != "text" || piece.is_empty() {
            return;
        }
        let mut units: Vec<u16> = block.half.take().into_iter().chain(piece.iter().copied()).collect();
        if let Some(0xD800..=0xDBFF) = units.last() {
            block.half = units.pop();
        }
        if !units.is_empty() {
            self.pieces.push(text(&units));
        }
    }

    fn block_stop(&mut self, index: u64) {
        let mut started = self.blocks.iter_mut().filter(|block| block.index == index && block.is_started).peekable();
        if started.peek().is_none() {
            self.violations.push((StopWithoutStart, Some(index)));
            return;
        }
        match started.filter(|block| block.is_open).max_by_key(|block| block.number) {
            Some(block) => {
                if block.close() {
                    self.pieces.push("\u{FFFD}".into());
                }
            }
            None => self.violations.push((DuplicateStop, Some(index))),
        }
        self.settle_calls();
    }

    /// A call without input that has stopped is complete by the first stop reason that is none of a truncation.
    fn settle_calls(&mut self) {
        if self.stop_reason.as_deref().is_some_and(ends_calls) {
            self.blocks.iter_mut().filter(|block| !block.is_open).for_each(|block| block.is_certain = true);
        }
    }

    fn message_delta(&mut self, payload: &Members) {
        const OWNED: [&str; 6] = ["id", "type", "role", "model", "content", "usage"];
        let object = |name| member(payload, name).and_then(Json::as_object);
        // Of equal members, the last one that is not null counts.
        for (name, value) in object("delta").into_iter().flatten() {
            if *value != Json::Null && !OWNED.contains(&&**name) {
                set(&mut self.changes, name, value.clone());
            }
        }
        for name in ["context_management", "input_transformations"] {
            if let Some(value) = member(payload, name).filter(|value| **value != Json::Null) {
                set(&mut self.changes, name, value.clone());
            }
        }
        let reasons = object("delta").into_iter().flatten().filter(|(name, _)| &**name == "stop_reason");
        let reason = reasons.map(|(_, reason)| reason).rfind(|reason| **reason != Json::Null);
        if let Some(reason) = reason.and_then(Json::as_text) {
            self.stop_reason = Some(reason);
            self.settle_calls();
        } else if reason.is_some() && self.stop_reason.is_some() {
            // "A later value of another type … counts as none of these four."
            self.stop_reason = Some(String::new());
        }
        if let Some(usage) = object("usage") {
            let known = self.usage.get_or_insert_default();
            for (name, value) in usage {
                if *value != Json::Null {
                    set(known, name, value.clone());
                }
            }
        }
    }

    /// The message as JSON, and whether the input of every tool block is complete.
    pub fn settle(&self, is_stopped: bool) -> (Value, bool) {
        let mut members = self.start.clone().unwrap_or_default();
        self.changes.iter().for_each(|(name, value)| set(&mut members, name, value.clone()));
        if let Some(usage) = &self.usage {
            let mut known = member(&members, "usage").and_then(Json::as_object).cloned().unwrap_or_default();
            usage.iter().for_each(|(name, value)| set(&mut known, name, value.clone()));
            set(&mut members, "usage", Json::Object(known));
        }
        let Value::Object(mut message) = Json::Object(members).to_value() else { unreachable!() };
        message.entry("type").or_insert("message".into());
        message.entry("role").or_insert("assistant".into());
        if let Some(model) = self.fallback_model() {
            message.insert("model".into(), model.into());
        }
        if let Some(Value::Object(usage)) = message.get_mut("usage") {
            counts(usage);
        }
        let mut is_complete = !self.waiting.iter().any(|(_, input)| !input.is_blank());
        let mut blocks: Vec<&Block> = self.blocks.iter().collect();
        blocks.sort_by_key(|block| (!block.is_initial, block.index));
        let content = blocks.iter().map(|block| {
            let (value, is_block_complete) = block.settle(self.is_cut(block, is_stopped));
            is_complete &= is_block_complete;
            value
        });
        message.insert("content".into(), content.collect());
        (message.into(), is_complete)
    }

    pub fn unmatched_input(&self) -> Vec<(u64, String)> {
        let mut unmatched: Vec<_> = self.waiting.iter().map(|(index, input)| (*index, text(&input.text))).collect();
        unmatched.retain(|(_, text)| !is_blank(text));
        unmatched.sort();
        unmatched
    }

    /// Returns whether a block whose deltas brought no input may have been truncated before the first byte of its
    /// input.
    fn is_cut(&self, block: &Block, is_stopped: bool) -> Cut {
        let is_highest = self.blocks.iter().all(|other| !other.is_started || other.index <= block.index);
        // Initial blocks need no stop.
        let is_untouched = block.is_initial && block.is_open && !block.has_input_delta;
        let is_cut_call = match self.stop_reason.as_deref() {
            Some(reason) => !ends_calls(reason) && !block.is_certain,
            None if self.is_begun_as_truncated() => true,
            None if is_stopped => self.has_loss,
            None => !is_untouched,
        };
        Cut {
            unfinished: !is_stopped && block.is_open && !is_untouched,
            without_input: block.is_tool() && is_highest && is_cut_call,
        }
    }

    /// The stop reason of `message_start` "counts until a `message_delta` contains another value."
    fn is_begun_as_truncated(&self) -> bool {
        let reason = self.start.as_ref().and_then(|start| member(start, "stop_reason")).and_then(Json::as_text);
        reason.is_some_and(|reason| !ends_calls(&reason)) && member(&self.changes, "stop_reason").is_none()
    }

    /// "Its `to.model` becomes the `model` of the message", of the fallback block of the highest index.
    fn fallback_model(&self) -> Option<String> {
        let fallbacks = self.blocks.iter().filter(|block| !block.is_initial && block.kind() == "fallback");
        let models = fallbacks.filter_map(|block| {
            let to = member(&block.members, "to")?.as_object()?;
            Some((block.index, member(to, "model")?.as_text()?))
        });
        models.max_by_key(|(index, _)| *index).map(|(_, model)| model)
    }
}

/// Returns whether a message that ends so was not truncated.
fn ends_calls(reason: &str) -> bool {
    matches!(reason, "tool_use" | "end_turn" | "stop_sequence" | "pause_turn")
}

/// A token count may be a string of digits, or a float without a fraction.
fn counts(usage: &mut Map<String, Value>) {
    for name in ["cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens", "output_tokens"] {
        if let Some(value) = usage.get_mut(name) {
            let json = Json::parse(value.to_string().as_bytes()).expect("JSON");
            if let Some(count) = json.as_count() {
                *value = count.into();
            }
        }
    }
}
