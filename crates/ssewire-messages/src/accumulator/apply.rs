//! The merge rules, event by event.
//!
//! Each rule first says in what it departs from the protocol, and only then changes anything: in strict mode the first
//! departure is the end of it.

use alloc::boxed::Box;

use super::blocks::{BlockId, Origin, Takes};
use super::update::{BlockChange, Change};
use super::{AccumulateError, Accumulator, Anomaly, AnomalyKind, Phase, Strictness};
use crate::Nullable;
use crate::content::{ContentBlock, TextBlock, ThinkingBlock};
use crate::decode::exact::PieceKind;
use crate::event::{ContentBlockDelta, ContentBlockStart, Delta, StreamEvent};

type Applied = Result<Change, AccumulateError>;

impl Accumulator {
    /// Takes the next event.
    pub(crate) fn apply(&mut self, event: &StreamEvent<'_>) -> Applied {
        if let StreamEvent::ContentBlockDelta(delta) = event {
            let appended = match &delta.delta {
                Delta::Text(piece) => self.append_to_current(delta.index, PieceKind::Text, &piece.text),
                Delta::Thinking(piece) => self.append_to_current(delta.index, PieceKind::Thinking, &piece.thinking),
                _ => None,
            };
            if let Some(change) = appended {
                return Ok(change);
            }
        } else {
            self.current = None;
        }
        match self.phase {
            Phase::NextMessage => return Ok(Change::Nothing),
            Phase::Failed(_) if !is_open_ended(event) => {
                self.depart(AnomalyKind::AfterError, block_index(event))?;
                return Ok(Change::Nothing);
            }
            _ => {}
        }
        let applied = self.apply_rule(event);
        // An event that was refused changed nothing, not even this.
        if !matches!(applied, Err(AccumulateError::Departure(_))) {
            self.seen |= !matches!(event, StreamEvent::Error(_) | StreamEvent::Done | StreamEvent::Unknown(_));
        }
        applied
    }

    fn apply_rule(&mut self, event: &StreamEvent<'_>) -> Applied {
        match event {
            StreamEvent::MessageStart(start) => self.message_start(start),
            StreamEvent::ContentBlockStart(start) => self.block_start(start),
            StreamEvent::ContentBlockDelta(delta) => self.block_delta(delta),
            StreamEvent::ContentBlockStop(stop) => self.block_stop(stop.index),
            StreamEvent::MessageDelta(delta) => {
                self.depart_before_start(None)?;
                self.depart_if_stopped(AnomalyKind::MessageDeltaAfterStop, None)?;
                self.merge_delta(delta)?;
                Ok(Change::MessageDelta)
            }
            StreamEvent::MessageStop => self.message_stop(),
            StreamEvent::Ping => Ok(Change::Ping),
            StreamEvent::Done => {
                self.done = true;
                Ok(Change::Done)
            }
            StreamEvent::Unknown(_) => Ok(Change::Nothing),
            StreamEvent::Error(error) => {
                if self.depart_if_stopped(AnomalyKind::ErrorAfterStop, None)? {
                    return Ok(Change::Nothing);
                }
                self.phase = Phase::Failed(Box::new(error.clone()));
                Ok(Change::Error)
            }
        }
    }

    /// The short way of nearly every event: one more piece for the block that has just taken one of the same kind.
    ///
    /// Nothing but deltas came since, so all that [`block_delta`](Self::block_delta) asks is answered already: but for
    /// the limit, and if that is near the piece goes the long way.
    #[inline]
    pub(crate) fn append_to_current(&mut self, index: u64, kind: PieceKind, piece: &str) -> Option<Change> {
        let (id, key) = self.current.filter(|(_, key)| key.index == index)?;
        let room = self.options.max_bytes.checked_sub(self.bytes)?;
        let block = self.message.content.by_arrival_mut(id.0)?;
        let text = match (kind, block) {
            (PieceKind::Text, ContentBlock::Text(block)) => &mut block.text,
            (PieceKind::Thinking, ContentBlock::Thinking(block)) => &mut block.thinking,
            _ => return None,
        };
        if piece.len() > room {
            return None;
        }
        let from = text.len();
        text.push_str(piece);
        self.bytes = self.bytes.saturating_add(piece.len());
        Some(Change::Block(id, key, BlockChange::Appended { from }))
    }

    fn block_start(&mut self, start: &ContentBlockStart) -> Applied {
        let index = start.index;
        if self.depart_if_stopped(AnomalyKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Nothing);
        }
        self.depart_before_start(Some(index))?;
        if let Some(departure) = self.blocks.start_departure(index) {
            self.depart(departure, Some(index))?;
        }
        let mut block = start.content_block.clone();
        let adopted = self.blocks.adoptable(index, &block);
        // What waits at this index was counted as a block when it came.
        let orphan_joins = self.blocks.has_orphan(index) && Takes::InputJson.is_taken_by(&block);
        if !self.admit(start.size.0, usize::from(adopted.is_none() && !orphan_joins))? {
            return Ok(Change::Nothing);
        }

        if let Some(model) = fallback_model(&block) {
            self.message.model = Some(model.into());
        }
        let initial = match &block {
            ContentBlock::Text(block) => block.text.len(),
            ContentBlock::Thinking(block) => block.thinking.len(),
            _ => 0,
        };
        let id = match adopted {
            Some(id) => {
                if let Some(early) = self.message.content.by_arrival_mut(id.0) {
                    adopt(early, block);
                }
                self.blocks.adopt(&self.message.content, id);
                id
            }
            None => {
                if let Some(input) = block.input_for_deltas().filter(|_| orphan_joins) {
                    input.push(&self.blocks.take_orphan(index), self.options.partial_strings);
                }
                if let Some(input) = block.input_mut() {
                    input.open();
                }
                self.blocks.add(&mut self.message.content, index, Origin::Started, block)
            }
        };
        Ok(self.changed(id, BlockChange::Start { initial }))
    }

    fn block_delta(&mut self, event: &ContentBlockDelta<'_>) -> Applied {
        let index = event.index;
        self.current = None;
        if self.depart_if_stopped(AnomalyKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Nothing);
        }
        self.depart_before_start(Some(index))?;
        let (takes, bytes) = match &event.delta {
            Delta::Text(delta) => (Takes::Text, delta.text.len()),
            Delta::Thinking(delta) => (Takes::Thinking, delta.thinking.len()),
            Delta::Signature(delta) => (Takes::Signature, delta.signature.len()),
            Delta::InputJson(delta) => (Takes::InputJson, delta.partial_json.len()),
            Delta::Citations(_) => (Takes::Citations, event.size.0),
            Delta::Compaction(_) => (Takes::Compaction, event.size.0),
            Delta::Unknown(_) => return Ok(Change::Nothing),
        };
        let taker = self.blocks.taker(index, takes);
        let departure = match taker.and_then(|id| self.block_state(id)) {
            Some(state) => match state.origin {
                Origin::Implied(departure) => Some(departure),
                Origin::Started | Origin::Initial if state.is_open => None,
                Origin::Started | Origin::Initial => Some(AnomalyKind::DeltaAfterStop),
            },
            None if self.blocks.is_in_use(index) => Some(AnomalyKind::MisfitDelta),
            None => Some(AnomalyKind::DeltaBeforeStart),
        };
        if let Some(departure) = departure {
            self.depart(departure, Some(index))?;
        }
        if taker.is_none() && matches!(takes, Takes::Signature | Takes::Citations) {
            // Nobody knows what it belongs to.
            return Ok(Change::Nothing);
        }
        let opens = taker.is_none()
            && match takes {
                Takes::Text | Takes::Thinking | Takes::Compaction => true,
                // It waits for its block, which has to be counted now: a byte at each index is a slot at each index.
                Takes::InputJson => bytes > 0 && !self.blocks.has_orphan(index),
                Takes::Signature | Takes::Citations => false,
            };
        if !self.admit(bytes, usize::from(opens))? {
            return Ok(Change::Nothing);
        }

        if let Some(id) = taker {
            let is_orderly = self.started && departure.is_none();
            if is_orderly && matches!(takes, Takes::Text | Takes::Thinking) {
                self.current = self.block_state(id).map(|state| (id, state.key));
            }
            return Ok(self.merge_piece(id, &event.delta));
        }
        let block = match &event.delta {
            Delta::Text(_) => ContentBlock::Text(TextBlock::default()),
            Delta::Thinking(_) => ContentBlock::Thinking(ThinkingBlock::default()),
            Delta::Compaction(_) => ContentBlock::Compaction(Box::default()),
            Delta::InputJson(delta) => {
                // An empty piece says nothing, and shall cost nothing, at however many indices it comes.
                if !delta.partial_json.is_empty() {
                    self.blocks.hold_orphan(index, &delta.partial_json);
                }
                return Ok(Change::Nothing);
            }
            Delta::Signature(_) | Delta::Citations(_) | Delta::Unknown(_) => return Ok(Change::Nothing),
        };
        let origin = Origin::Implied(departure.unwrap_or(AnomalyKind::DeltaBeforeStart));
        let id = self.blocks.add(&mut self.message.content, index, origin, block);
        Ok(self.merge_piece(id, &event.delta))
    }

    fn merge_piece(&mut self, id: BlockId, delta: &Delta<'_>) -> Change {
        let partial_strings = self.options.partial_strings;
        let is_open = self.block_state(id).is_some_and(|state| state.is_open);
        let Some(block) = self.message.content.by_arrival_mut(id.0) else { return Change::Nothing };
        let change = match (delta, block) {
            (Delta::Text(delta), ContentBlock::Text(block)) => {
                let from = block.text.len();
                block.text.push_str(&delta.text);
                BlockChange::Appended { from }
            }
            (Delta::Thinking(delta), ContentBlock::Thinking(block)) => {
                let from = block.thinking.len();
                block.thinking.push_str(&delta.thinking);
                BlockChange::Appended { from }
            }
            (Delta::Signature(delta), ContentBlock::Thinking(block)) => {
                block.signature = Some(delta.signature.as_ref().into());
                block.extra.remove("signature");
                BlockChange::Signature
            }
            (Delta::Citations(delta), ContentBlock::Text(block)) => {
                match &mut block.citations {
                    Nullable::Value(citations) => citations.push((*delta.citation).clone()),
                    none => *none = Nullable::Value([(*delta.citation).clone()].into()),
                }
                BlockChange::Citation
            }
            (Delta::Compaction(delta), ContentBlock::Compaction(block)) => {
                assign(&mut block.content, &delta.content);
                assign(&mut block.encrypted_content, &delta.encrypted_content);
                BlockChange::Compaction
            }
            (Delta::InputJson(delta), block) => {
                let Some(input) = block.input_for_deltas() else { return Change::Nothing };
                if is_open {
                    input.open();
                }
                let from = input.raw().len();
                input.push(&delta.partial_json, partial_strings);
                BlockChange::Input { from }
            }
            (delta, ContentBlock::Unknown(block)) => {
                block.take(delta);
                BlockChange::Unknown
            }
            _ => return Change::Nothing,
        };
        self.changed(id, change)
    }

    fn block_stop(&mut self, index: u64) -> Applied {
        if self.depart_if_stopped(AnomalyKind::BlockEventAfterStop, Some(index))? {
            return Ok(Change::Nothing);
        }
        self.depart_before_start(Some(index))?;
        let Some(id) = self.blocks.newest_open(index) else {
            let in_use = self.blocks.is_in_use(index);
            self.depart(if in_use { AnomalyKind::SecondStop } else { AnomalyKind::StopWithoutStart }, Some(index))?;
            return Ok(Change::Nothing);
        };
        self.close(id);
        Ok(self.changed(id, BlockChange::Stop))
    }

    fn message_stop(&mut self) -> Applied {
        if self.depart_if_stopped(AnomalyKind::SecondMessageStop, None)? {
            return Ok(Change::Nothing);
        }
        self.depart_before_start(None)?;
        let open: alloc::vec::Vec<_> =
            self.blocks.open().map(|(id, state)| (id, state.origin, state.key.index)).collect();
        for (_, origin, index) in &open {
            // A block of `message_start` needs no stop.
            if *origin != Origin::Initial {
                self.depart(AnomalyKind::MissingStop, Some(*index))?;
            }
        }
        // In the order in which stops would have come for them: the newest first.
        for (id, ..) in open.into_iter().rev() {
            self.close(id);
        }
        self.phase = Phase::Stopped;
        Ok(Change::MessageStop)
    }

    fn close(&mut self, id: BlockId) {
        self.blocks.close(id);
        if let Some(input) = self.message.content.by_arrival_mut(id.0).and_then(ContentBlock::input_mut) {
            input.stop();
        }
    }

    pub(super) fn changed(&self, id: BlockId, change: BlockChange) -> Change {
        match self.block_state(id) {
            Some(state) => Change::Block(id, state.key, change),
            None => Change::Nothing,
        }
    }

    /// A departure from the protocol: an error, or recorded.
    pub(super) fn depart(&mut self, kind: AnomalyKind, index: Option<u64>) -> Result<(), AccumulateError> {
        let anomaly = Anomaly { kind, index };
        match self.options.strictness {
            Strictness::Strict => Err(AccumulateError::Departure(anomaly)),
            Strictness::Tolerant => {
                self.anomalies.record(anomaly);
                Ok(())
            }
        }
    }

    /// True if the message has stopped, which makes the event a departure.
    pub(super) fn depart_if_stopped(&mut self, kind: AnomalyKind, index: Option<u64>) -> Result<bool, AccumulateError> {
        let stopped = matches!(self.phase, Phase::Stopped);
        if stopped {
            self.depart(kind, index)?;
        }
        Ok(stopped)
    }

    fn depart_before_start(&mut self, index: Option<u64>) -> Result<(), AccumulateError> {
        if self.started { Ok(()) } else { self.depart(AnomalyKind::BeforeMessageStart, index) }
    }

    /// Whether so many more bytes and blocks keep the message within its limits; if so, they are counted.
    pub(super) fn admit(&mut self, bytes: usize, blocks: usize) -> Result<bool, AccumulateError> {
        if self.too_large {
            return Ok(false);
        }
        let total = self.bytes.saturating_add(bytes);
        let limit = if total > self.options.max_bytes {
            self.options.max_bytes
        } else if self.blocks.count().saturating_add(blocks) > self.options.max_blocks {
            self.options.max_blocks
        } else {
            self.bytes = total;
            return Ok(true);
        };
        self.too_large = true;
        Err(AccumulateError::TooLarge { limit })
    }
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

fn fallback_model(block: &ContentBlock) -> Option<&str> {
    match block {
        ContentBlock::Fallback(block) => block.to.as_ref()?.model.as_deref(),
        _ => None,
    }
}

/// The start of a block for which deltas came early: its fields and its text come before what was there.
fn adopt(early: &mut ContentBlock, start: ContentBlock) {
    let mut start = start;
    match (&mut start, &mut *early) {
        (ContentBlock::Text(start), ContentBlock::Text(early)) => start.text.push_str(&early.text),
        (ContentBlock::Thinking(start), ContentBlock::Thinking(early)) => start.thinking.push_str(&early.thinking),
        (ContentBlock::Compaction(start), ContentBlock::Compaction(early)) => {
            assign(&mut start.content, &early.content);
            assign(&mut start.encrypted_content, &early.encrypted_content);
        }
        _ => return,
    }
    *early = start;
}

fn assign<T: Clone>(member: &mut Nullable<T>, value: &Nullable<T>) {
    if !value.is_absent() {
        *member = value.clone();
    }
}
