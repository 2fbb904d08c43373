//! The 246 conformance cases, through every way into the decoder and cut in every way that is affordable.

use ssewire::{Decoder, Fixed, Storage};
use ssewire_tests::cases::{self, Case, Expected};
use ssewire_tests::chunks::{self, Chunks};
use ssewire_tests::drive;
use ssewire_tests::oracle::Oracle;
use ssewire_tests::outcome::{Outcome, OwnedEvent};

#[test]
fn there_are_246_cases() {
    let cases = cases::all();
    assert_eq!(cases.len(), 246);
    assert_eq!(cases.iter().filter(|case| case.chunks.is_some()).count(), 12);
    assert_eq!(cases.iter().filter(|case| case.last_event_id_before.is_some()).count(), 8);
}

#[test]
fn the_oracle_agrees_with_every_case() {
    for case in cases::all() {
        let id = case.last_event_id_before.clone().unwrap_or_default();
        check(&case, &Oracle::new().after(id.as_bytes()).read(&case.input));
        check(&case, &Oracle::new().after(id.as_bytes()).frames().read(&case.input));
    }
}

#[test]
fn every_case_whole() {
    every_case_in(|case| vec![chunks::whole(&case.input)]);
}

#[test]
fn every_case_one_byte_at_a_time() {
    every_case_in(|case| vec![chunks::of(1, &case.input)]);
}

#[test]
fn every_case_cut_once_anywhere() {
    every_case_in(|case| if is_short(case) { chunks::splits(&case.input).collect() } else { Vec::new() });
}

#[test]
fn every_case_in_pieces_of_one_size() {
    every_case_in(|case| [2, 3, 7, 64, 1400].map(|n| chunks::of(n, &case.input)).into());
}

#[test]
fn every_case_with_empty_chunks_between() {
    every_case_in(|case| {
        let splits = chunks::splits(&case.input).filter(|_| is_short(case));
        splits.chain([chunks::of(1, &case.input)]).map(chunks::with_empty_ones).collect()
    });
}

#[test]
fn twelve_cases_in_their_own_chunks() {
    every_case_in(|case| match &case.chunks {
        Some(lengths) => vec![chunks::of_lengths(lengths, &case.input)],
        None => Vec::new(),
    });
}

#[test]
fn every_event_is_out_at_its_byte_and_not_before() {
    for case in cases::all() {
        let mut decoder = growing(&case);
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
fn every_case_as_lossy_text() {
    for case in cases::all() {
        for chunks in [chunks::whole(&case.input), chunks::of(1, &case.input), chunks::of(5, &case.input)] {
            let mut decoder = growing(&case);
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

/// All cases, cut in all these ways, through events and frames, with every storage.
fn every_case_in<'c>(cut: impl Fn(&'c Case) -> Vec<Chunks<'c>>) {
    let cases: &'c [Case] = cases::all().leak();
    let mut memory = vec![0; 1 << 18];
    let mut count = 0;
    for case in cases {
        for chunks in cut(case) {
            both(case, &chunks, growing(case), growing(case));
            if case.input.len() <= 2000 {
                let fixed = || seeded(case, ArrayBuffer::<8192>::new());
                both(case, &chunks, fixed(), fixed());
            }
            check(case, &drive::events(&mut seeded(case, &mut memory[..]), chunks.iter().copied()));
            check(case, &drive::frames(&mut seeded(case, &mut memory[..]), chunks.iter().copied()));
            count += 1;
        }
    }
    assert!(count > 0, "nothing was tested");
}

fn both<S: Storage>(case: &Case, chunks: &Chunks<'_>, mut events: Decoder<S>, mut frames: Decoder<S>) {
    check(case, &drive::events(&mut events, chunks.iter().copied()));
    check(case, &drive::frames(&mut frames, chunks.iter().copied()));
}

fn growing(case: &Case) -> Decoder {
    seeded(case, ssewire::HeapBuffer::new())
}

fn seeded<S: Storage>(case: &Case, storage: S) -> Decoder<S> {
    let decoder = Decoder::with_storage(storage);
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

/// Short enough to be cut at every byte.
fn is_short(case: &Case) -> bool {
    case.input.len() <= 400
}
