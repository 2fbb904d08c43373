//! The merge rules of the message as a whole.

use super::blocks::Origin;
use super::update::Change;
use super::{AccumulateError, Accumulator, AnomalyKind, Phase};
use crate::event::{MessageDelta, MessageDeltaBody, MessageStart};
use crate::message::Message;
use crate::wire::Member;
use crate::{Extra, Nullable};

impl Accumulator {
    pub(super) fn message_start(&mut self, start: &MessageStart) -> Result<Change, AccumulateError> {
        if self.depart_if_stopped(AnomalyKind::NextMessage, None)? {
            self.phase = Phase::NextMessage;
            return Ok(Change::Nothing);
        }
        if self.started {
            self.depart(AnomalyKind::SecondMessageStart, None)?;
            return Ok(Change::Nothing);
        }
        let initial = start.message.content.len();
        if !self.admit(start.size.0, initial)? {
            return Ok(Change::Nothing);
        }
        self.started = true;
        let mut message = Message::clone(&start.message);
        let content = core::mem::take(&mut message.content);
        self.message = Self::with_what_is_known(message, core::mem::take(&mut self.message));
        let early = self.message.content.len();
        for (index, block) in (0..).zip(content) {
            self.blocks.add(&mut self.message.content, index, Origin::Initial, block);
        }
        Ok(Change::MessageStart { early })
    }

    /// What came before `message_start` was said after the message began, though it arrived earlier: it stands.
    fn with_what_is_known(mut message: Message, known: Message) -> Message {
        let Message {
            content,
            container,
            context_management,
            input_transformations,
            stop_details,
            stop_reason,
            stop_sequence,
            usage,
            model,
            extra,
            ..
        } = known;
        message.content = content;
        let body = MessageDeltaBody { container, stop_details, stop_reason, stop_sequence, extra };
        merge_body(&mut message, body);
        overwrite(&mut message.context_management, context_management);
        overwrite(&mut message.input_transformations, input_transformations);
        if let Nullable::Value(usage) = usage {
            merge_usage(&mut message.usage, *usage);
        }
        // Only a fallback block tells the model before the start does, and it tells the later one.
        message.model = model.or(message.model);
        message
    }

    pub(super) fn merge_delta(&mut self, event: &MessageDelta) -> Result<(), AccumulateError> {
        let body = event.delta.get();
        let usage = event.usage.get();
        // Known members are replaced, so they cannot pile up, and are merged whatever the limit says; others can.
        let unknown =
            body.is_some_and(|body| !body.extra.is_empty()) || usage.is_some_and(|usage| !usage.extra.is_empty());
        let admitted = self.admit(if unknown { event.size.0 } else { 0 }, 0);
        let with_extra = matches!(admitted, Ok(true));
        let message = &mut self.message;
        if let Some(body) = body {
            let mut body = MessageDeltaBody::clone(body);
            if !with_extra {
                body.extra = Extra::default();
            }
            merge_body(message, body);
        }
        if let Some(usage) = usage {
            let mut usage = usage.clone();
            if !with_extra {
                usage.extra = Extra::default();
            }
            merge_usage(&mut message.usage, *usage);
        }
        overwrite(&mut message.context_management, event.context_management.clone());
        overwrite(&mut message.input_transformations, event.input_transformations.clone());
        admitted.map(|_| ())
    }
}

fn merge_usage(known: &mut Nullable<alloc::boxed::Box<crate::Usage>>, delta: crate::Usage) {
    match known {
        Nullable::Value(known) => known.merge(delta),
        none => {
            let mut usage = crate::Usage::default();
            usage.merge(delta);
            *none = Nullable::Value(usage.into());
        }
    }
}

fn merge_body(message: &mut Message, body: MessageDeltaBody) {
    let extra = &mut message.extra;
    overwrite_known(&mut message.container, body.container, extra, "container");
    overwrite_known(&mut message.stop_details, body.stop_details, extra, "stop_details");
    overwrite_known(&mut message.stop_reason, body.stop_reason, extra, "stop_reason");
    overwrite_known(&mut message.stop_sequence, body.stop_sequence, extra, "stop_sequence");
    for (name, value) in body.extra {
        if value.is_null() {
            continue;
        }
        match name.as_str() {
            // What a message is made of cannot be changed by a delta that this version does not know.
            "id" | "type" | "role" | "model" | "content" | "usage" => continue,
            // A known member of an unexpected type replaces the typed value, too.
            "container" => message.container = Nullable::Absent,
            "stop_details" => message.stop_details = Nullable::Absent,
            "stop_reason" => message.stop_reason = Nullable::Absent,
            "stop_sequence" => message.stop_sequence = Nullable::Absent,
            _ => {}
        }
        message.extra.insert(name, value);
    }
}

/// Overwrites a member that may stand among the extras so far, for want of a type that was expected.
fn overwrite_known<T>(known: &mut Nullable<T>, value: Nullable<T>, extra: &mut Extra, name: &str)
where
    Nullable<T>: Member,
{
    if value.is_value() {
        extra.remove(name);
    }
    overwrite(known, value);
}

/// A present, non-null value overwrites; absent or null leaves what is known.
fn overwrite<T>(known: &mut Nullable<T>, value: Nullable<T>)
where
    Nullable<T>: Member,
{
    if value.is_value() {
        *known = value;
    }
}
