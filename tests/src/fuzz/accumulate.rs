//! Any sequence of events through the accumulator: compares the snapshot with a ledger of the updates.

mod ledger;
mod script;

use serde_json::Value;
use ssewire_messages::{
    AccumulateError, Accumulator, Completion, Message, PartialStrings, PayloadError, StreamEvent, Update, Validation,
    ViolationKind,
};

use self::ledger::{Ledger, is_written_and_read_again};
use super::cost;
use super::input::Input;
use super::slow::show;
use crate::json::deep_value;

/// Checks for any events in any order: the updates equal the snapshot, no loss is silent, an event that strict mode
/// rejects changes nothing, limits hold, and memory is proportional to the received bytes.
///
/// The first byte of the input is flags, the second a limit; `script` turns the rest into events.
pub fn accumulate(input: &[u8]) {
    let mut input = Input::new(input);
    let (flags, limit) = (input.byte(), usize::from(input.byte()));
    let mut accumulator = Accumulator::new();
    if flags & 1 != 0 {
        accumulator = accumulator.with_partial_input(PartialStrings::Show);
    }
    let limits = Limits {
        bytes: if flags & 2 == 0 { usize::MAX } else { limit * 8 },
        blocks: if flags & 4 == 0 { usize::MAX } else { limit % 16 },
    };
    accumulator = accumulator.with_max_bytes(limits.bytes).with_max_blocks(limits.blocks);
    let payloads = script::payloads(flags & 0x80 != 0, input);
    let events: Vec<_> = payloads.iter().map(|payload| StreamEvent::from_json(payload)).collect();

    check_lenient_mode(accumulator.clone(), &events, limits);
    check_strict_mode(accumulator.clone(), &events);
    check_memory(accumulator, &payloads, flags & 1 != 0);
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: usize,
    blocks: usize,
}

type Decoded<'a> = Result<Option<StreamEvent<'a>>, PayloadError>;

/// Records all updates in a ledger, and compares it with the snapshot after each event.
fn check_lenient_mode(mut accumulator: Accumulator, events: &[Decoded<'_>], limits: Limits) {
    let mut ledger = Ledger::default();
    // The same events, each after an unknown event, which prevents the fast path.
    let unknown = StreamEvent::from_json(b"{\"type\":\"future_event\"}").unwrap().unwrap();
    let mut on_slow_path = accumulator.clone();
    let mut undecodable = 0;
    for event in events {
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => continue,
            Err(error) => {
                undecodable += 1;
                accumulator.record_payload_error(error).unwrap();
                on_slow_path.record_payload_error(error).unwrap();
                continue;
            }
        };
        let violations_before = accumulator.violations().total();
        let mut strict = accumulator.clone().with_validation(Validation::Strict);
        let is_rejected = matches!(strict.accumulate(event.clone()), Err(AccumulateError::Violation(_)));

        let returned = match accumulator.accumulate(event.clone()) {
            Ok(update) => {
                ledger.take(event, &update);
                show(&update)
            }
            Err(error) => {
                ledger.too_large(event, &accumulator, error, limits);
                format!("{error:?}")
            }
        };
        assert_eq!(
            accumulator.violations().total() > violations_before,
            is_rejected,
            "strict mode rejects each violation, and nothing else"
        );
        assert!(matches!(on_slow_path.accumulate(unknown.clone()), Ok(Update::Unchanged)));
        assert_eq!(returned, describe(&mut on_slow_path, event));
        ledger.agrees_with(&accumulator, limits);
        assert_eq!(accumulator.has_started(), ledger.started);
    }
    assert_eq!(state(&accumulator), state(&on_slow_path));
    is_written_and_read_again(&accumulator.snapshot());
    violations(&accumulator);
    ends(accumulator, &ledger, undecodable);
}

fn describe(accumulator: &mut Accumulator, event: &StreamEvent<'_>) -> String {
    accumulator.accumulate(event.clone()).map_or_else(|error| format!("{error:?}"), |update| show(&update))
}

/// The first violations are recorded, and all are counted.
fn violations(accumulator: &Accumulator) {
    let violations = accumulator.violations();
    let sum: u64 = KINDS.iter().map(|kind| violations.count(*kind)).sum();
    assert_eq!(violations.total(), sum);
    assert_eq!(violations.first().len(), usize::try_from(sum.min(64)).unwrap());
    assert_eq!(violations.is_empty(), sum == 0);
    for kind in KINDS {
        let kept = violations.first().iter().filter(|violation| violation.kind == kind).count();
        let kept = u64::try_from(kept).unwrap();
        assert!(kept == violations.count(kind) || (sum > 64 && kept < violations.count(kind)));
    }
}

const KINDS: [ViolationKind; 19] = [
    ViolationKind::ReplacedMessage,
    ViolationKind::KeepAliveData,
    ViolationKind::BeforeMessageStart,
    ViolationKind::DeltaBeforeStart,
    ViolationKind::MismatchedDelta,
    ViolationKind::DeltaAfterStop,
    ViolationKind::IndexGap,
    ViolationKind::StartOutOfOrder,
    ViolationKind::IndexReused,
    ViolationKind::StopWithoutStart,
    ViolationKind::DuplicateStop,
    ViolationKind::MissingStop,
    ViolationKind::SecondMessageStart,
    ViolationKind::MessageAfterStop,
    ViolationKind::MessageDeltaAfterStop,
    ViolationKind::SecondMessageStop,
    ViolationKind::BlockEventAfterStop,
    ViolationKind::ErrorAfterStop,
    ViolationKind::AfterError,
];

/// At any end, the message equals the last snapshot.
fn ends(accumulator: Accumulator, ledger: &Ledger, undecodable: u64) {
    let completion = accumulator.completion();
    let snapshot = json(&accumulator.snapshot());
    let shows_half_strings = accumulator.clone();
    match accumulator.into_message() {
        Ok(message) => {
            assert!(matches!(completion, Completion::Complete | Completion::Unterminated));
            assert_eq!(completion == Completion::Complete, ledger.stopped && !ledger.replaced);
            assert!(json(&message) == snapshot || json(&message).to_string().contains('\u{FFFD}'));
            is_written_and_read_again(&message);
        }
        Err(incomplete) => {
            assert_eq!(incomplete.reason(), completion);
            assert!(!incomplete.reasons().is_empty());
            assert_eq!(incomplete.reasons().contains(&Completion::ServerError), ledger.failed);
            assert_eq!(incomplete.reasons().contains(&Completion::LimitExceeded), ledger.too_large);
            assert!(undecodable > 0 || !incomplete.reasons().contains(&Completion::ContentLost));
            assert_eq!(incomplete.has_started(), ledger.started);
            let unmatched: Vec<_> =
                shows_half_strings.unmatched_input().map(|(index, json)| (index, json.to_owned())).collect();
            assert_eq!(incomplete.unmatched_input(), unmatched);
            // Truncated tool input may lose an incomplete string at its end; everything else is kept.
            let is_half = json(incomplete.partial()).to_string().contains('\u{FFFD}');
            assert!(is_half || without_input(json(incomplete.partial())) == without_input(snapshot));
        }
    }
}

/// A rejected event changes nothing, and the accepted events have no violation.
fn check_strict_mode(accumulator: Accumulator, events: &[Decoded<'_>]) {
    let mut strict = accumulator.clone().with_validation(Validation::Strict);
    let mut without = accumulator;
    let mut before = state(&strict);
    for event in events.iter().filter_map(|event| event.as_ref().ok()?.as_ref()) {
        match strict.accumulate(event.clone()) {
            Err(AccumulateError::Violation(_)) => assert_eq!(state(&strict), before),
            returned => {
                let returned = returned.map_or_else(|error| format!("{error:?}"), |update| show(&update));
                assert_eq!(returned, describe(&mut without, event));
                before = state(&strict);
            }
        }
    }
    assert!(strict.violations().is_empty() && without.violations().is_empty());
    assert_eq!(state(&strict), state(&without));
}

/// Checks the promised memory, of decoding and merging: 4 bytes for each received byte, and 8 KiB. With partial values,
/// each byte may also be that of a node.
fn check_memory(mut accumulator: Accumulator, payloads: &[Vec<u8>], has_partial: bool) {
    let received: usize = payloads.iter().map(|payload| String::from_utf8_lossy(payload).len()).sum();
    let ((), cost) = cost::of(|| {
        for payload in payloads {
            let _checked_elsewhere = accumulator.accumulate_json(payload);
        }
    });
    drop(accumulator);
    let held = if has_partial { 4 + 256 } else { 4 };
    assert!(cost.peak <= held * received + 8 * 1024, "{cost:?} for {received} bytes");
    assert!(cost.allocated <= 4 * held * received + 8 * 1024, "{cost:?} for {received} bytes");
}

/// The complete observable state of an accumulator.
fn state(accumulator: &Accumulator) -> impl PartialEq + std::fmt::Debug + use<> {
    let unmatched: Vec<_> = accumulator.unmatched_input().map(|(index, json)| (index, json.to_owned())).collect();
    (
        json(&accumulator.snapshot()).to_string(),
        (accumulator.has_started(), accumulator.completion()),
        accumulator.server_error().map(|error| error.body().clone()),
        unmatched,
        // Counts of blocks, bytes and violations.
        format!("{accumulator:?}"),
    )
}

fn json(message: &Message) -> Value {
    deep_value(message.to_json_lossy().as_json())
}

fn without_input(mut message: Value) -> Value {
    for block in message["content"].as_array_mut().unwrap() {
        block.as_object_mut().unwrap().remove("input");
    }
    message
}
