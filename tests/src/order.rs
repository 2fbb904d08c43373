//! The events of a message in any order between its blocks, and a message turned into events again.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Strategy, any};
use proptest::sample::Index;
use serde_json::{Value, json};
use ssewire_messages::{Accumulator, Completion, Message, StreamEvent, Validation};

use crate::messages::{Block, Streamed, any_streamed, message_stop, stop_at};

/// A message whose starts, deltas and stops are shuffled; only the deltas of each block keep their order.
#[derive(Debug, Clone)]
pub struct Order {
    streamed: Streamed,
    /// The index of each block.
    indices: Vec<usize>,
    order: Vec<u32>,
    message_start: Index,
    loses_stops: bool,
}

/// Any message in any order.
pub fn any_order() -> BoxedStrategy<Order> {
    (any_streamed(), vec(0..3usize, 6), vec(any::<u32>(), 60), any::<Index>(), any::<bool>())
        .prop_map(|(streamed, gaps, order, message_start, loses_stops)| {
            let indices = gaps.iter().scan(0, |next, gap| {
                *next += gap + 1;
                Some(*next - 1)
            });
            Order { streamed, indices: indices.collect(), order, message_start, loses_stops }
        })
        .boxed()
}

impl Order {
    /// Checks that the message is that of the rules, and that it becomes the same events and the same message again.
    pub fn merges(&self) {
        let mut events = shuffled(&self.streamed.blocks, &self.indices, &self.order, self.loses_stops);
        let expected = merged(&self.streamed, &self.indices, &events);
        events.insert(self.message_start.index(events.len() + 1), self.streamed.start.clone());
        events.extend(self.streamed.end.iter().cloned());
        events.push(message_stop());

        let mut accumulator = Accumulator::new();
        for event in &events {
            let payload = event.to_string();
            let event = StreamEvent::from_json(payload.as_bytes()).expect("an event that can be decoded");
            accumulator.accumulate(event.expect("an event")).expect("no violation counts");
        }
        assert_eq!(accumulator.completion(), Completion::Complete, "{:?}", accumulator.violations());
        let message = accumulator.into_message().expect("a complete message");
        assert_eq!(serde_json::to_value(&message).expect("JSON"), expected, "{events:#?}");
        to_events_and_back(&message);
    }
}

/// Checks that the events of a message become the same message, also in strict mode.
fn to_events_and_back(message: &Message) {
    for events in [message.to_events(), message.to_events_in_pieces(2)] {
        let mut again = Accumulator::new().with_validation(Validation::Strict);
        for event in events.expect("a message of known blocks") {
            again.accumulate_json(event.as_str().as_bytes()).expect("no violation");
        }
        let again = again.into_message().expect("a complete message");
        assert_eq!(serde_json::to_value(again).expect("JSON"), serde_json::to_value(message).expect("JSON"));
    }
}

/// All events of the blocks in the order of the random numbers. The deltas of each block keep their order.
fn shuffled(blocks: &[Block], indices: &[usize], order: &[u32], lost_stops: bool) -> Vec<Value> {
    let mut order = order.iter().cycle().copied();
    let mut places = Vec::new();
    for (block, &index) in blocks.iter().zip(indices) {
        let deltas = block.deltas_at(index);
        let mut numbers: Vec<u32> = order.by_ref().take(deltas.len()).collect();
        numbers.sort_unstable();
        places.extend(numbers.into_iter().zip(deltas));
        places.extend(order.next().zip(Some(block.start_at(index))));
        if !lost_stops {
            places.extend(order.next().zip(Some(stop_at(index))));
        }
    }
    // Stable, so that deltas of one number keep their order.
    places.sort_by_key(|(number, _)| *number);
    places.into_iter().map(|(_, event)| event).collect()
}

/// The expected message of these events by `docs/protocol.md`, heading "Merge rules".
///
/// It does not depend on the position of a start, except for blocks of unknown type: text or thinking deltas before
/// such a start form a block of their own before it. Input deltas are merged into it.
fn merged(streamed: &Streamed, indices: &[usize], events: &[Value]) -> Value {
    let mut content = Vec::new();
    for (block, &index) in streamed.blocks.iter().zip(indices) {
        let of_this = || events.iter().filter(|event| event["index"] == index);
        let start = of_this().position(|event| event["type"] == "content_block_start").unwrap();
        let is_delta = |event: &&Value| event["type"] == "content_block_delta";
        let early: Vec<&Value> = of_this().take(start).filter(is_delta).map(|event| &event["delta"]).collect();
        let late: Vec<&Value> = of_this().skip(start).filter(is_delta).map(|event| &event["delta"]).collect();

        let mut whole = block.whole.clone();
        match whole["type"].as_str().unwrap() {
            "future_text" if !early.is_empty() => {
                let (member, kind) = match whole.get("text") {
                    Some(_) => ("text", "text"),
                    None => ("thinking", "thinking"),
                };
                content.push(json!({"type": kind, member: joined("", &early, member)}));
                whole[member] = block.start[member].clone();
                if !late.is_empty() {
                    let initial = block.start[member].as_str().unwrap_or_default();
                    whole[member] = json!(joined(initial, &late, member));
                }
            }
            _ => {}
        }
        content.push(whole);
    }
    let mut message = streamed.message.clone();
    message["content"] = content.into();
    message
}

fn joined(initial: &str, deltas: &[&Value], member: &str) -> String {
    let pieces = deltas.iter().filter_map(|delta| delta[member].as_str());
    [initial].into_iter().chain(pieces).collect()
}
