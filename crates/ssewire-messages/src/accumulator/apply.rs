//! The merge rules, event by event. `docs/protocol.md`, headings "Merge rules" and "Protocol violations".
//!
//! Each rule first names the violation of the event, and changes state only after that: in strict mode the first
//! violation is an error.

use alloc::string::String;

use super::blocks::{BlockId, BlockKey, Origin, Unmatched, push_growing_by_half};
use super::update::{BlockChange, Change};
use super::{AccumulateError, Accumulator, Phase, ProtocolViolation, Validation, ViolationKind};
use crate::block::ContentBlock;
use crate::decode::canonical::PieceKind;
use crate::delta::{Delta, DeltaKind, Merged, Target};
use crate::event::{ContentBlockDelta, ContentBlockStart, StreamEvent};
use crate::json::RawJsonRef;
use crate::lost_event::LostEvent;
use crate::partial::node_bytes;
use crate::stop_reason::StopReason;
use crate::text::{BlockString, PendingHalf, Piece, push_piece};
use crate::tool_input::ToolInput;
use crate::turn::ToolCall;

type Applied = Result<Change, AccumulateError>;

/// The text that the next piece is appended to.
pub(crate) struct CurrentText<'a> {
    pub(crate) text: &'a mut String,
    kind: PieceKind,
    id: BlockId,
    key: BlockKey,
    bytes: &'a mut usize,
    max_bytes: usize,
}

impl CurrentText<'_> {
    /// The number of bytes that may be appended.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.max_bytes.saturating_sub(*self.bytes)
    }

    /// Counts the appended bytes.
    #[inline]
    pub(crate) fn appended(self, from: usize) -> Change {
        *self.bytes = self.bytes.saturating_add(self.text.len().saturating_sub(from));
        let change = match self.kind {
            PieceKind::Text => BlockChange::Text { from },
            PieceKind::Thinking => BlockChange::Thinking { from },
            PieceKind::InputJson => BlockChange::Input { from },
        };
        Change::Block(self.id, self.key, change)
    }
}

impl Accumulator {
    /// Merges the next event.
    pub(crate) fn apply(&mut self, event: StreamEvent<'_>) -> Applied {
        if let Some(rare) = &mut self.rare {
            rare.queue.clear();
        }
        if let StreamEvent::ContentBlockDelta(delta) = &event {
            let piece = match &delta.delta {
                Delta::Text(text) if text.is_plain() => Some((PieceKind::Text, text.text())),
                Delta::Thinking(thinking) if thinking.is_plain() => Some((PieceKind::Thinking, thinking.thinking())),
                Delta::InputJson(input) if input.piece.is_whole() => Some((PieceKind::InputJson, input.partial_json())),
                _ => None,
            };
            let appended = piece.and_then(|(kind, text)| self.append_to_current(delta.index, kind, text));
            if let Some(change) = appended {
                return Ok(change);
            }
        } else {
            self.current = None;
        }
        match self.phase {
            Phase::NextMessage => return Ok(Change::Unchanged),
            Phase::Failed(_) if !is_open_ended(&event) => {
                self.violation(ViolationKind::AfterError, block_index(&event))?;
                return Ok(Change::Unchanged);
            }
            _ => {}
        }
        let is_known = !matches!(event, StreamEvent::Error(_) | StreamEvent::Done | StreamEvent::Unknown(_));
        let applied = self.apply_rule(event);
        // An event that was rejected changed nothing, not even this.
        if !matches!(applied, Err(AccumulateError::Violation(_))) {
            self.is_messages_stream |= is_known;
        }
        applied
    }

    fn apply_rule(&mut self, event: StreamEvent<'_>) -> Applied {
        match event {
            StreamEvent::MessageStart(message) => self.message_start(message),
            StreamEvent::ContentBlockStart(start) => self.block_start(start),
            StreamEvent::ContentBlockDelta(delta) => self.block_delta(delta),
            StreamEvent::ContentBlockStop(stop) => self.block_stop(stop.index),
            StreamEvent::MessageDelta(delta) => self.message_delta(&delta),
            StreamEvent::MessageStop => self.message_stop(),
            StreamEvent::Ping => Ok(Change::Ping),
            StreamEvent::Done => {
                self.has_done_marker = true;
                Ok(Change::Done)
            }
            StreamEvent::Unknown(_) => Ok(Change::Unchanged),
            StreamEvent::Error(error) => {
                if self.violation_if_stopped(ViolationKind::ErrorAfterStop, None)? {
                    return Ok(Change::Unchanged);
                }
                self.phase = Phase::Failed(error);
                Ok(Change::Error)
            }
        }
    }

    /// Fast path of most events: appends a piece to the [current text](Self::current_text).
    #[inline]
    pub(crate) fn append_to_current(&mut self, index: u64, kind: PieceKind, piece: &str) -> Option<Change> {
        let current = self.current_text(index, kind)?;
        if piece.len() > current.room() {
            return None;
        }
        let from = current.text.len();
        crate::text::push(current.text, piece);
        Some(current.appended(from))
    }

    /// The text of the block that took the last piece, of the same kind.
    ///
    /// Only deltas were merged since, so every condition of [`block_delta`](Self::block_delta) still holds, except the
    /// limit. A piece that may exceed the limit takes the slow path. The fast path must never decide differently.
    #[inline]
    pub(crate) fn current_text(&mut self, index: u64, kind: PieceKind) -> Option<CurrentText<'_>> {
        let id = self.current?;
        let (key, position) = self.blocks.locate(id).filter(|(key, _)| key.index == index)?;
        let block = self.message.content.get_mut(position)?;
        let text = match (kind, block) {
            (PieceKind::Text, ContentBlock::Text(block)) => block.text_mut(),
            (PieceKind::Thinking, ContentBlock::Thinking(block)) => block.thinking_mut(),
            (PieceKind::InputJson, ContentBlock::ToolUse(block)) if self.options.partial.is_none() => {
                block.input.growing_text()?
            }
            _ => return None,
        };
        if self.options.is_text_discarded && kind != PieceKind::InputJson {
            discard(text, &mut self.bytes);
        }
        Some(CurrentText { text, kind, id, key, bytes: &mut self.bytes, max_bytes: self.options.max_bytes })
    }

    /// Whether the block of this index has just taken a piece, and is likely to take the next one.
    pub(crate) fn is_current(&self, index: u64) -> bool {
        self.current.and_then(|id| self.blocks.key(id)).is_some_and(|key| key.index == index)
    }

    fn block_start(&mut self, start: ContentBlockStart) -> Applied {
        let ContentBlockStart { index, content_block: mut block } = start;
        if self.violation_if_stopped(ViolationKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(Some(index))?;
        self.blocks.touch(&self.message.content, index);
        if let Some(violation) = self.blocks.start_violation(index) {
            self.violation(violation, Some(index))?;
        }
        let early = self.blocks.implicit_block(&self.message.content, index, &block);
        // Input that waits at this index was counted as a block when it arrived.
        let has_unmatched = self.blocks.has_unmatched(index) && block.has_input();
        let bytes = block.byte_size().saturating_add(1);
        if !self.charge(bytes, usize::from(early.is_none() && !has_unmatched))? {
            return Ok(Change::Unchanged);
        }

        if let Some(model) = fallback_model(&block) {
            let fallback_index = &mut self.rare_mut().fallback_index;
            if fallback_index.is_none_or(|highest| index >= highest) {
                *fallback_index = Some(index);
                self.message.set_model(&model);
            }
        }
        let initial = match &block {
            ContentBlock::Text(block) => block.text().len(),
            ContentBlock::Thinking(block) => block.thinking().len(),
            _ => 0,
        };
        let is_higher = self.blocks.highest_index().is_none_or(|highest| index > highest);
        let id = match early {
            Some(id) => {
                if let Some(early) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) {
                    early.merge_start(block);
                }
                self.blocks.set_started(&self.message.content, id);
                id
            }
            None => {
                if let Some(input) = block.existing_input_state_mut() {
                    input.open();
                }
                let mut half = PendingHalf { unit: 0, of: BlockString::Input };
                if has_unmatched {
                    let unmatched = self.blocks.take_unmatched(index);
                    if let (Some(input), Some(unmatched)) = (block.input_state_mut(), unmatched) {
                        input.open();
                        let Unmatched { mut json, half: waiting, lost_at } = *unmatched;
                        half.unit = waiting;
                        let after_loss = lost_at.map(|at| json.split_off(at));
                        input.push(Piece { text: json.into(), ..Piece::default() }, &mut 0, self.options.partial);
                        if let Some(json) = after_loss {
                            input.record_lost_piece();
                            input.push(Piece { text: json.into(), ..Piece::default() }, &mut 0, self.options.partial);
                        }
                    }
                }
                let id = self.blocks.add(&mut self.message.content, index, Origin::Started, block);
                if let Some(pending) = self.blocks.half_mut(id) {
                    *pending = half;
                }
                id
            }
        };
        if is_higher && self.has_waiting_calls() {
            self.decide_waiting_calls(false);
        }
        Ok(self.changed(id, BlockChange::Start { initial }))
    }

    fn block_delta(&mut self, event: ContentBlockDelta<'_>) -> Applied {
        let ContentBlockDelta { index, mut delta, .. } = event;
        self.current = None;
        if self.violation_if_stopped(ViolationKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(Some(index))?;
        let Some(kind) = delta.kind() else { return Ok(Change::Unchanged) };
        self.blocks.touch(&self.message.content, index);
        let second = delta.take_second();
        let second_kind = second.as_ref().and_then(Delta::kind);
        let violation = self.delta_violation(index, kind);
        if let Some(violation) = violation.or_else(|| self.delta_violation(index, second_kind?)) {
            self.violation(violation, Some(index))?;
        }
        let is_orderly = self.has_started && violation.is_none();
        let (bytes, blocks) = self.delta_cost(index, kind, &delta);
        let of_second = second.as_ref().zip(second_kind).map(|(second, kind)| self.delta_cost(index, kind, second));
        let (second_bytes, second_blocks) = of_second.unwrap_or_default();
        // Both open the same block.
        match self.charge(bytes.saturating_add(second_bytes), blocks.max(second_blocks)) {
            Ok(true) => {}
            refused => {
                if kind == DeltaKind::InputJson {
                    self.record_lost_piece(Some(index));
                }
                return refused.map(|_| Change::Unchanged);
            }
        }
        let change = self.merge_piece(index, kind, delta, violation);
        if let Some((kind, delta)) = second_kind.zip(second) {
            let violation = self.delta_violation(index, kind);
            let change = self.merge_piece(index, kind, delta, violation);
            self.rare_mut().queue.push(change);
        } else if let (
            true,
            Change::Block(id, _, BlockChange::Text { .. } | BlockChange::Thinking { .. } | BlockChange::Input { .. }),
        ) = (is_orderly, change)
        {
            if self.blocks.half_mut(id).is_none_or(|half| half.is_none()) {
                self.current = Some(id);
            }
        }
        Ok(change)
    }

    /// The violation that a delta of this kind is.
    fn delta_violation(&self, index: u64, kind: DeltaKind) -> Option<ViolationKind> {
        let target = self.blocks.target(index, kind);
        match target.map(|id| (self.blocks.origin(id), self.blocks.is_open(id))) {
            Some((Origin::Implicit(violation), _)) => Some(violation),
            Some((_, true)) => None,
            Some((_, false)) => Some(ViolationKind::DeltaAfterStop),
            None if self.blocks.is_in_use(index) => Some(ViolationKind::MismatchedDelta),
            None => Some(ViolationKind::DeltaBeforeStart),
        }
    }

    /// The bytes and the blocks that a delta adds.
    fn delta_cost(&self, index: u64, kind: DeltaKind, delta: &Delta<'_>) -> (usize, usize) {
        // An empty piece of input is free, at any number of indices.
        let opens = kind != DeltaKind::InputJson || (delta.len() > 0 && !self.blocks.has_unmatched(index));
        let is_new = opens && self.blocks.target(index, kind).is_none();
        (delta.len().saturating_add(self.node_bytes(delta)), usize::from(is_new))
    }

    /// Merges a delta into the newest block of its index that can take it, or else into one that it opens.
    fn merge_piece(
        &mut self,
        index: u64,
        kind: DeltaKind,
        delta: Delta<'_>,
        violation: Option<ViolationKind>,
    ) -> Change {
        if let Some(id) = self.blocks.target(index, kind) {
            return self.merge_delta(id, delta);
        }
        match (kind.new_block(), delta) {
            (Some(block), delta) => {
                let origin = Origin::Implicit(violation.unwrap_or(ViolationKind::DeltaBeforeStart));
                let id = self.blocks.add(&mut self.message.content, index, origin, block);
                self.merge_delta(id, delta)
            }
            (None, Delta::InputJson(delta)) if !delta.partial_json().is_empty() => {
                if let Some(unmatched) = self.blocks.unmatched_mut(index) {
                    push_piece(&mut unmatched.json, delta.piece, &mut unmatched.half);
                }
                Change::Unchanged
            }
            _ => Change::Unchanged,
        }
    }

    fn merge_delta(&mut self, id: BlockId, delta: Delta<'_>) -> Change {
        let is_open = self.blocks.is_open(id);
        let Some(block) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) else {
            return Change::Unchanged;
        };
        if is_open && matches!(delta, Delta::InputJson(_)) {
            if let Some(input) = block.input_state_mut() {
                input.open();
            }
        }
        if self.options.is_text_discarded {
            match block {
                ContentBlock::Text(block) => discard(block.text_mut(), &mut self.bytes),
                ContentBlock::Thinking(block) => discard(block.thinking_mut(), &mut self.bytes),
                _ => {}
            }
        }
        let mut none = PendingHalf::default();
        let half = self.blocks.half_mut(id).unwrap_or(&mut none);
        let change = match delta.merge(&mut Target { block, half, partial: self.options.partial }) {
            Merged::Text { from } => BlockChange::Text { from },
            Merged::Thinking { from } => BlockChange::Thinking { from },
            Merged::Signature => BlockChange::Signature,
            Merged::Citation { from } => BlockChange::Citation { from },
            Merged::Input { from } => {
                if !is_open && block.existing_input_state_mut().is_some_and(|input| input.is_late()) {
                    self.has_late_input = true;
                }
                BlockChange::Input { from }
            }
            Merged::Compaction => BlockChange::Compaction,
            Merged::Other => BlockChange::Raw,
        };
        self.changed(id, change)
    }

    fn block_stop(&mut self, index: u64) -> Applied {
        if self.violation_if_stopped(ViolationKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(Some(index))?;
        self.blocks.touch(&self.message.content, index);
        let Some(id) = self.blocks.newest_open(index) else {
            let is_in_use = self.blocks.is_in_use(index);
            let kind = if is_in_use { ViolationKind::DuplicateStop } else { ViolationKind::StopWithoutStart };
            self.violation(kind, Some(index))?;
            return Ok(Change::Unchanged);
        };
        let is_half = self.close(id);
        Ok(self.changed(id, BlockChange::Stop { is_half }))
    }

    fn message_stop(&mut self) -> Applied {
        if self.violation_if_stopped(ViolationKind::SecondMessageStop, None)? {
            return Ok(Change::Unchanged);
        }
        self.violation_before_start(None)?;
        if self.options.validation == Validation::Strict {
            let open = self.blocks.first_open().and_then(|id| self.blocks.key(id));
            if let Some(key) = open {
                self.violation(ViolationKind::MissingStop, Some(key.index))?;
            }
        }
        let open = self.blocks.all_open();
        for id in open.iter().rev() {
            // A block of `message_start` needs no stop.
            if self.blocks.origin(*id) != Origin::Initial {
                let index = self.blocks.key(*id).map(|key| key.index);
                self.violation(ViolationKind::MissingStop, index)?;
            }
        }
        let mut halves = [0; 2];
        // A block that a delta opened, or that a delta reached after its stop, is not open, but may end in a half.
        for id in self.blocks.with_half() {
            self.end_half(id);
            let [text, thinking] = &mut halves;
            match self.blocks.position(id).and_then(|at| self.message.content.get(at)) {
                Some(ContentBlock::Text(_)) => *text += 1,
                Some(ContentBlock::Thinking(_)) => *thinking += 1,
                _ => {}
            }
        }
        for id in open {
            self.close(id);
        }
        let is_truncated = self.has_stop_reason && self.message.stop_reason().is_some_and(StopReason::may_truncate);
        self.decide_waiting_calls(is_truncated);
        if core::mem::take(&mut self.has_late_input) {
            self.decide_late_input();
        }
        self.phase = Phase::Stopped;
        self.blocks.sort(&mut self.message.content);
        Ok(Change::MessageStop { halves })
    }

    /// Closes a block. `true`: its text ended in the middle of a character.
    fn close(&mut self, id: BlockId) -> bool {
        self.blocks.close(id);
        let is_half = self.end_half(id);
        let is_highest = self.blocks.key(id).map(|key| key.index) == self.blocks.highest_index();
        let Some(block) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) else {
            return is_half;
        };
        let may_be_truncated = is_highest
            && matches!(block, ContentBlock::ToolUse(_))
            && block.tool_input().is_some_and(ToolInput::is_blank);
        let Some(input) = block.existing_input_state_mut() else { return is_half };
        input.stop(may_be_truncated);
        if !input.is_waiting() {
            self.queue_call(id);
            return is_half;
        }
        push_growing_by_half(&mut self.rare_mut().waiting, id);
        if self.has_stop_reason {
            let is_truncated = self.message.stop_reason().is_some_and(StopReason::may_truncate);
            self.decide_waiting_calls(is_truncated);
        }
        is_half
    }

    /// Whether a call without any input is neither complete nor cut yet.
    pub(super) fn has_waiting_calls(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| !rare.waiting.is_empty())
    }

    /// A call without any input is complete, or was cut: a block of a higher index, the stop reason or `message_stop`
    /// decides. A truncated one may still turn out to be complete.
    pub(super) fn decide_waiting_calls(&mut self, is_truncated: bool) {
        let Some(rare) = &mut self.rare else { return };
        let waiting = core::mem::take(&mut rare.waiting);
        for id in &waiting {
            let block = self.blocks.position(*id).and_then(|at| self.message.content.get_mut(at));
            if let Some(input) = block.and_then(ContentBlock::existing_input_state_mut) {
                input.decide_blank(is_truncated);
            }
            if !is_truncated {
                self.queue_call(*id);
            }
        }
        if is_truncated {
            self.rare_mut().waiting = waiting;
        }
    }

    /// Finds the state of input that arrived after the stop of its block.
    fn decide_late_input(&mut self) {
        for block in &mut self.message.content {
            if let Some(input) = block.existing_input_state_mut().filter(|input| input.is_late()) {
                input.end();
            }
        }
    }

    /// Queues the update of a call that is complete.
    fn queue_call(&mut self, id: BlockId) {
        let block = self.blocks.position(id).and_then(|at| self.message.content.get(at));
        let call = block.and_then(ContentBlock::as_tool_use).map(ToolCall::of);
        if let Some(Ok(Some(_))) = call {
            self.rare_mut().queue.push(Change::ToolCall(id));
        }
    }

    /// Ends a string that ended with half a character.
    pub(super) fn end_half(&mut self, id: BlockId) -> bool {
        let Some(half) = self.blocks.half_mut(id).filter(|half| !half.is_none()) else { return false };
        let of = core::mem::take(half).of;
        if let Some(block) = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at)) {
            block.push_replacement(of, self.options.partial);
        }
        true
    }

    /// A piece of content was lost: the tool input of its index, or of every open block, is truncated from here on.
    pub(super) fn record_lost_piece(&mut self, index: Option<u64>) {
        let Some(index) = index else {
            for id in self.blocks.record_piece_lost_anywhere() {
                self.record_lost_piece_of(id);
            }
            return;
        };
        self.blocks.touch(&self.message.content, index);
        if let Some(id) = self.blocks.target(index, DeltaKind::InputJson) {
            self.record_lost_piece_of(id);
            return;
        }
        // Its block may start yet.
        let may_start =
            !self.is_over_limit && !self.blocks.is_in_use(index) && self.blocks.count() < self.options.max_blocks;
        if may_start || self.blocks.has_unmatched(index) {
            if let Some(unmatched) = self.blocks.unmatched_mut(index) {
                unmatched.record_lost_piece();
            }
        }
    }

    fn record_lost_piece_of(&mut self, id: BlockId) {
        let block = self.blocks.position(id).and_then(|at| self.message.content.get_mut(at));
        if let Some(input) = block.filter(|block| block.has_input()).and_then(ContentBlock::input_state_mut) {
            input.record_lost_piece();
        }
    }

    pub(super) fn changed(&self, id: BlockId, change: BlockChange) -> Change {
        match self.blocks.key(id) {
            Some(key) => Change::Block(id, key, change),
            None => Change::Unchanged,
        }
    }

    /// A protocol violation: an error, or recorded.
    pub(super) fn violation(&mut self, kind: ViolationKind, index: Option<u64>) -> Result<(), AccumulateError> {
        let violation = ProtocolViolation { kind, index };
        match self.options.validation {
            Validation::Strict => Err(AccumulateError::Violation(violation)),
            Validation::Lenient => {
                self.violations.record(violation);
                Ok(())
            }
        }
    }

    /// `true` if the message has ended, which makes the event a violation.
    pub(super) fn violation_if_stopped(
        &mut self,
        kind: ViolationKind,
        index: Option<u64>,
    ) -> Result<bool, AccumulateError> {
        let has_stopped = matches!(self.phase, Phase::Stopped | Phase::Replaced(_));
        if has_stopped {
            self.violation(kind, index)?;
        }
        Ok(has_stopped)
    }

    pub(super) fn violation_before_start(&mut self, index: Option<u64>) -> Result<(), AccumulateError> {
        if self.has_started { Ok(()) } else { self.violation(ViolationKind::BeforeMessageStart, index) }
    }

    /// Counts further bytes and blocks, if they keep the message within its limits. `false`: the limit was passed
    /// before.
    pub(super) fn charge(&mut self, bytes: usize, blocks: usize) -> Result<bool, AccumulateError> {
        if self.is_over_limit {
            return Ok(false);
        }
        let total = self.bytes.saturating_add(bytes);
        let error = if total > self.options.max_bytes {
            AccumulateError::BytesExceeded { limit: self.options.max_bytes }
        } else if blocks > 0 && self.blocks.count().saturating_add(blocks) > self.options.max_blocks {
            AccumulateError::BlocksExceeded { limit: self.options.max_blocks }
        } else {
            self.bytes = total;
            return Ok(true);
        };
        self.is_over_limit = true;
        self.rare_mut().exceeded_limit.get_or_insert(LostEvent::OverLimit(error));
        Err(error)
    }

    /// Whether further bytes keep the message within its limit for certain.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        !self.is_over_limit && bytes <= self.options.max_bytes.saturating_sub(self.bytes)
    }

    /// Upper bound of the bytes that the partial value of a piece of input holds.
    fn node_bytes(&self, delta: &Delta<'_>) -> usize {
        match (delta, self.options.partial) {
            (Delta::InputJson(delta), Some(_)) => node_bytes(delta.partial_json()),
            _ => 0,
        }
    }
}

/// Empties a text of a message of this many bytes.
fn discard(text: &mut String, bytes: &mut usize) {
    *bytes = bytes.saturating_sub(text.len());
    text.clear();
}

/// Events that mean nothing to a message, and so are never too late for it.
fn is_open_ended(event: &StreamEvent<'_>) -> bool {
    matches!(event, StreamEvent::Ping | StreamEvent::Done | StreamEvent::Unknown(_))
}

fn block_index(event: &StreamEvent<'_>) -> Option<u64> {
    match event {
        StreamEvent::ContentBlockStart(start) => Some(start.index),
        StreamEvent::ContentBlockDelta(delta) => Some(delta.index),
        StreamEvent::ContentBlockStop(stop) => Some(stop.index),
        _ => None,
    }
}

/// The model that a fallback block names.
fn fallback_model(block: &ContentBlock) -> Option<alloc::string::String> {
    let block = block.as_raw()?;
    if block.type_name() != "fallback" {
        return None;
    }
    block.get("to")?.get("model").and_then(RawJsonRef::string).map(alloc::borrow::Cow::into_owned)
}
