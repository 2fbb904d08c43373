//! `MessageDecoder` and the oracle of `docs/protocol.md` give the same: over all recorded and hostile streams, and over
//! generated bodies with losses, limits, splices and disorder, in any chunks.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::{any, proptest};
use proptest::test_runner::{Config, RngSeed};
use ssewire_messages::{Accumulator, Validation};
use ssewire_tests::chunks::{any_lengths, of, of_lengths, whole};
use ssewire_tests::disorder::any_body;
use ssewire_tests::protocol_oracle::Protocol;
use ssewire_tests::protocol_oracle::compare::{VALIDATIONS, same, within_limit};

#[test]
fn recorded_streams_agree_with_the_oracle() {
    let bodies = bodies();
    assert!(bodies.len() > 150, "{}", bodies.len());
    let mut failures = Vec::new();
    for (path, body) in &bodies {
        for validation in VALIDATIONS {
            for max_event_bytes in [usize::MAX, 100] {
                let protocol = Protocol { validation, max_event_bytes };
                let result = std::panic::catch_unwind(|| {
                    [whole(body), of(1, body), of(7, body)].iter().for_each(|chunks| same(protocol, body, chunks));
                });
                if result.is_err() {
                    failures.push(format!("{} {protocol:?}", path.display()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Regression: the line end that joins two `data` lines exceeded the limit, and the `error` field was lost.
#[test]
fn an_unfinished_block_with_an_error_field_agrees_with_the_oracle_at_any_limit() {
    let fields =
        [&b"error: {\"message\":\"boom\"}\n"[..], b"data: {\"type\":\"ping\",\n", b"data: \"x\":\"0123456789\"}"];
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0]] {
        let mut body = Vec::new();
        for field in order {
            body.extend(fields[field].trim_ascii_end());
            body.push(b'\n');
        }
        for body in [&body[..], &body[..body.len() - 1]] {
            for max_event_bytes in 0..60 {
                let protocol = Protocol { validation: Validation::Lenient, max_event_bytes };
                for chunks in [whole(body), of(1, body)] {
                    same(protocol, body, &chunks);
                }
            }
        }
    }
}

/// "A half without its other half becomes U+FFFD, at the latest at the stop of its block". Regression: the oracle
/// joined those of input.
#[test]
fn halves_before_and_after_a_stop_agree_with_the_oracle() {
    let payloads = [
        r#"{"type":"message_start","message":{}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"\ud83d"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\ude00\""}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let body: String = payloads.map(|payload| format!("data: {payload}\n\n")).concat();
    let protocol = Protocol { validation: Validation::Lenient, max_event_bytes: usize::MAX };
    same(protocol, body.as_bytes(), &whole(body.as_bytes()));
}

proptest! {
    // The same bodies in every run, so that a change is judged by them alone; the fuzz targets look for further ones.
    #![proptest_config(Config { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Config::default() })]

    #[test]
    fn generated_bodies_agree_with_the_oracle(body in any_body(), lengths in any_lengths()) {
        for validation in VALIDATIONS {
            let protocol = Protocol { validation, max_event_bytes: usize::MAX };
            for chunks in [whole(&body), of(1, &body), of_lengths(&lengths, &body)] {
                same(protocol, &body, &chunks);
            }
        }
    }

    #[test]
    fn events_over_the_limit_are_lost_as_the_oracle_says(body in any_body(), lengths in any_lengths(), limit in 0..200usize) {
        for validation in VALIDATIONS {
            let protocol = Protocol { validation, max_event_bytes: limit };
            same(protocol, &body, &whole(&body));
            same(protocol, &body, &of_lengths(&lengths, &body));
        }
    }

    #[test]
    fn a_limited_message_is_a_part_of_the_oracles(
        body in any_body(), lengths in any_lengths(), bytes in 0..400usize, blocks in 0..3usize, strict in any::<bool>(),
    ) {
        let validation = if strict { Validation::Strict } else { Validation::Lenient };
        let protocol = Protocol { validation, max_event_bytes: usize::MAX };
        let limited = Accumulator::new().with_max_bytes(bytes);
        within_limit(protocol, limited, &body, &of_lengths(&lengths, &body));
        let limited = Accumulator::new().with_max_blocks(blocks);
        within_limit(protocol, limited, &body, &of_lengths(&lengths, &body));
    }
}

/// All bodies among the test data.
fn bodies() -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["data/streams/samples", "data/streams/hostile", "data/reports/cases"];
    let files = folders.into_iter().flat_map(|folder| fs::read_dir(ssewire_tests::at(folder)).unwrap());
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_none_or(|it| it != "json"));
    let mut bodies: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    bodies.sort();
    bodies
}
