//! The 246 conformance cases: every method and storage of the decoder, every affordable chunking. Each also after other
//! events and in other spellings, so that the fast path reads them.

use ssewire::{Decoder, HeapBuffer, Storage};
use ssewire_tests::cases::{self, Case, Expected};
use ssewire_tests::chunks::{self, Chunks};
use ssewire_tests::drive;
use ssewire_tests::fast_path;
use ssewire_tests::oracle::{self, Field, Oracle};
use ssewire_tests::outcome::{Outcome, OwnedEvent};

/// The decoder starts a stream on the slow path: it looks for a byte order mark. After an event, the fast path reads.
const EVENT: &[u8] = b"data: x\n\n";
/// After the second event, the fast path compares the `event` line of others with that of this one.
const TYPED_EVENTS: &[u8] = b"data: x\n\nevent: message\ndata: x\n\n";

/// Another way to write a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Same,
    /// "If value starts with a U+0020 SPACE character, remove it from value": each value has one. Lines end in LF.
    Common,
    /// Also with the type "message", which is that of events without a type.
    Typed,
}

/// Every case as it is, after events, and in other spellings after events.
fn all() -> Vec<Case> {
    let cases = cases::all();
    let others = cases.iter().flat_map(|case| {
        [
            after(TYPED_EVENTS, case, Spelling::Same),
            after(EVENT, case, Spelling::Common),
            after(TYPED_EVENTS, case, Spelling::Typed),
        ]
    });
    let others: Vec<Case> = others.collect();
    cases.into_iter().chain(others).collect()
}

/// The case after these events, which set nothing that the case has.
fn after(before: &[u8], case: &Case, spelling: Spelling) -> Case {
    let mut input = before.to_vec();
    // The ends of lines in the case, and in this stream.
    let mut ends = Vec::new();
    let mut in_event = false;
    for line in oracle::lines(&case.input) {
        let end = line.bytes.len();
        let field = oracle::field(line.bytes);
        match field {
            Field::Named { name: name @ (b"event" | b"data" | b"id" | b"retry"), value }
                if spelling != Spelling::Same && line.ends_at.is_some() =>
            {
                // A type before the data would be replaced by this one; one after it replaces this one.
                if spelling == Spelling::Typed && name == b"data" && !in_event {
                    input.extend(b"event: message\n");
                }
                in_event |= matches!(name, b"data" | b"event");
                input.extend([name, b": ", value].concat());
            }
            _ => input.extend(line.bytes),
        }
        in_event &= field != Field::Blank;
        if let Some(at) = line.ends_at {
            let terminator = &case.input[line.start + end..line.next];
            let terminator = if spelling == Spelling::Same { terminator } else { b"\n" };
            ends.push((at, input.len() + 1));
            input.extend(terminator);
        }
    }
    let id = case.last_event_id_before.clone().unwrap_or_default();
    let mut dispatch_at: Vec<usize> = (1..=before.len()).filter(|&at| before[..at].ends_with(b"\n\n")).collect();
    let mut events = vec![Expected { event: "message".into(), data: "x".into(), id }; dispatch_at.len()];
    events.extend(case.events.clone());
    let moved = |at: &usize| ends.iter().find(|(end, _)| end == at).expect("the end of a line").1;
    dispatch_at.extend(case.dispatch_at.iter().map(moved));
    let id = format!("{}, {spelling:?} after {}", case.id, before.escape_ascii());
    Case { id, input, events, dispatch_at, chunks: None, ..case.clone() }
}

#[test]
fn fast_path_reads_events_of_the_cases_after_events() {
    let count = |before: &[u8], spelling| {
        let fast = |case: &Case| {
            let input = after(before, case, spelling).input;
            fast_path::events_in_last(&[before, &input[before.len()..]])
        };
        let fast: Vec<_> = cases::all().iter().map(fast).collect();
        let events = fast.iter().filter(|fast| fast.events > 0).count();
        (events, fast.iter().filter(|fast| fast.by_prefix > 0).count())
    };
    let with_events = cases::all().iter().filter(|case| !case.events.is_empty()).count();
    let (common, _) = count(EVENT, Spelling::Common);
    let (typed, by_prefix) = count(TYPED_EVENTS, Spelling::Typed);
    assert!(common >= 100 && typed >= 100 && by_prefix >= 90, "{common}, {typed}, {by_prefix} of {with_events}");
}

#[test]
fn conformance_file_has_246_cases() {
    let cases = cases::all();
    assert_eq!(cases.len(), 246);
    assert_eq!(cases.iter().filter(|case| case.chunks.is_some()).count(), 12);
    assert_eq!(cases.iter().filter(|case| case.last_event_id_before.is_some()).count(), 8);
}

#[test]
fn oracle_agrees_with_every_case() {
    for case in all() {
        let id = case.last_event_id_before.clone().unwrap_or_default();
        let oracle = Oracle { max_id_bytes: usize::MAX, ..Oracle::new().after(id.as_bytes()) };
        check(&case, &oracle.read(&case.input));
        check(&case, &oracle.clone().blocks().read(&case.input));
        check(&case, &oracle.frames().read(&case.input));
    }
}

#[test]
fn decode_agrees_in_one_chunk() {
    agrees(|case| vec![chunks::whole(&case.input)]);
}

#[test]
fn decode_agrees_in_chunks_of_one_byte() {
    agrees(|case| vec![chunks::of(1, &case.input)]);
}

#[test]
fn decode_agrees_at_every_split() {
    agrees(|case| if is_short(case) { chunks::splits(&case.input).collect() } else { Vec::new() });
}

#[test]
fn decode_agrees_in_chunks_of_one_size() {
    agrees(|case| [2, 3, 7, 64, 1400].map(|n| chunks::of(n, &case.input)).into());
}

#[test]
fn decode_agrees_with_empty_chunks() {
    agrees(|case| {
        let splits = chunks::splits(&case.input).filter(|_| is_short(case));
        splits.chain([chunks::of(1, &case.input)]).map(chunks::with_empty_ones).collect()
    });
}

#[test]
fn decode_agrees_in_the_chunks_of_the_case() {
    agrees(|case| match &case.chunks {
        Some(lengths) => vec![chunks::of_lengths(lengths, &case.input)],
        None => Vec::new(),
    });
}

#[test]
fn decode_returns_each_event_at_its_last_byte() {
    for case in all() {
        let mut decoder = on_heap(&case);
        let mut out = Vec::new();
        for (at, byte) in case.input.iter().enumerate() {
            let mut input = std::slice::from_ref(byte);
            while decoder.decode(&mut input).unwrap().is_some() {
                out.push(at + 1);
            }
        }
        assert_eq!(out, case.dispatch_at, "{}", case.id);
    }
}

#[test]
fn lossy_text_agrees() {
    for case in all() {
        for chunks in [chunks::whole(&case.input), chunks::of(1, &case.input), chunks::of(5, &case.input)] {
            let mut decoder = on_heap(&case);
            let mut events = Vec::new();
            for mut chunk in chunks {
                while let Some(event) = decoder.decode(&mut chunk).unwrap() {
                    events.push(Expected {
                        event: event.event_type_lossy().to_string(),
                        data: event.data_lossy().to_string(),
                        id: event.last_event_id_lossy().to_string(),
                    });
                    assert_eq!(event.data_lossy().to_cow(), event.data_lossy().to_string());
                    if let Ok(text) = event.data_str() {
                        assert_eq!(text, event.data_lossy().to_string());
                    }
                }
            }
            assert_eq!(events, case.events, "{}", case.id);
        }
    }
}

/// Checks all cases in these chunkings, with every method and every storage.
fn agrees<'c>(cut: impl Fn(&'c Case) -> Vec<Chunks<'c>>) {
    let cases: &'c [Case] = all().leak();
    let mut memory = vec![0; 1 << 18];
    let mut count = 0;
    for case in cases {
        for chunks in cut(case) {
            all_methods(case, &chunks, || on_heap(case));
            if case.input.len() <= 2000 {
                all_methods(case, &chunks, || seeded(case, [0; 8192]));
            }
            let parts = || chunks.iter().copied();
            check(case, &drive::events(&mut seeded(case, &mut memory[..]), parts()));
            check(case, &drive::frames(&mut seeded(case, &mut memory[..]), parts()));
            count += 1;
        }
    }
    assert!(count > 0, "no case was cut");
}

fn all_methods<S: Storage>(case: &Case, chunks: &Chunks<'_>, decoder: impl Fn() -> Decoder<S>) {
    let parts = || chunks.iter().copied();
    let with_frames = || decoder().with_comments().with_unknown_fields();
    check(case, &drive::events(&mut decoder(), parts()));
    check(case, &drive::polled_events(&mut decoder(), parts()));
    check(case, &drive::owned_events(&mut decoder(), parts()));
    check(case, &drive::blocks(&mut decoder(), parts()));
    check(case, &drive::frames(&mut decoder(), parts()));
    check(case, &drive::frames(&mut with_frames(), parts()));
}

fn on_heap(case: &Case) -> Decoder {
    seeded(case, HeapBuffer::new())
}

fn seeded<S: Storage>(case: &Case, storage: S) -> Decoder<S> {
    // The standard has no bound on IDs.
    let decoder = Decoder::with_storage(storage).with_max_id_bytes(usize::MAX);
    match &case.last_event_id_before {
        Some(id) => decoder.with_last_event_id(id.as_bytes()).unwrap(),
        None => decoder,
    }
}

fn check(case: &Case, outcome: &Outcome) {
    let events = outcome.events();
    let seen: Vec<_> = events.iter().map(|(_, event)| lossy(event)).collect();
    assert_eq!(seen, case.events, "{}", case.id);
    let offsets: Vec<_> = events.iter().map(|&(at, _)| at).collect();
    assert_eq!(offsets, case.dispatch_at, "{}", case.id);
    assert_eq!(outcome.errors(), [], "{}", case.id);
    assert_eq!(outcome.retry, case.retry, "{}", case.id);
    assert_eq!(outcome.last_event_id.lossy(), case.last_event_id, "{}", case.id);
}

fn lossy(event: &OwnedEvent) -> Expected {
    Expected { event: event.event_type.lossy(), data: event.data.lossy(), id: event.last_event_id.lossy() }
}

/// Returns whether the case is short enough for every split.
fn is_short(case: &Case) -> bool {
    case.input.len() <= 400
}
