//! Every contestant gives the correct answer for every corpus in any chunks. Small corpora; timed runs check again.

use ssewire_benches::chunks::{ONE_EVENT, SIZES, WHOLE, name};
use ssewire_benches::contest::check_answer;
use ssewire_benches::contestants::{self, Contestant};
use ssewire_benches::{Answer, Corpus, Entry, corpora};

fn check_answers(contestants: &[Contestant], corpus: &Corpus, chunk: usize) {
    for &contestant in contestants {
        let what = format!("{} on {} in chunks of {}", contestant.name, corpus.name, name(chunk));
        let (right, _) = check_answer(&Entry { contestant, corpus, chunk });
        assert!(right, "{what}");
        assert_eq!((contestant.run)(corpus, chunk), corpus.expected.sums(), "{what}, timed version");
    }
}

#[test]
fn framing_contestants_give_the_correct_answer() {
    for chunk in SIZES {
        // One contestant takes half a minute for a long line in one-byte chunks.
        for corpus in corpora::framing(8 * 1024).iter().filter(|corpus| chunk > 1 || corpus.name != "big") {
            check_answers(&contestants::framing(), corpus, chunk);
            check_answers(&contestants::event_batches(), corpus, chunk);
        }
    }
}

#[test]
fn accumulation_contestants_give_the_correct_answer() {
    for chunk in SIZES {
        check_answers(&contestants::accumulation(), &corpora::message(8 * 1024), chunk);
        check_answers(&contestants::delta_batches(), &corpora::message(8 * 1024), chunk);
    }
}

#[test]
fn contestants_give_the_correct_messages_of_recorded_streams() {
    let corpus = corpora::recorded();
    for chunk in [WHOLE, 1400, ONE_EVENT] {
        // One contestant has quadratic cost in one chunk.
        check_answers(&contestants::recorded(), &corpus, chunk);
        check_answers(&contestants::message_batches(), &corpus, chunk);
    }
}

#[test]
fn contestants_name_the_events_of_each_kind() {
    for corpus in corpora::kinds().into_iter().chain(corpora::other_kinds()) {
        check_answers(&contestants::kinds(), &corpus, WHOLE);
    }
}

#[test]
fn decoding_and_encoding_contestants_give_the_correct_answer() {
    check_answers(&contestants::decoding(), &corpora::payloads(8 * 1024), WHOLE);
    check_answers(&contestants::encoding(), &corpora::encoding(8 * 1024), WHOLE);
}

#[test]
fn partial_json_contestants_give_the_correct_answer() {
    // Pieces of the smallest size would take the contestant that parses repeatedly a minute.
    for corpus in [corpora::json_structured(), corpora::json_string()] {
        check_answers(&contestants::partial_json(), &corpus, 1400);
    }
}

#[test]
fn check_answer_detects_a_wrong_answer() {
    let mut corpus = corpora::deltas(1024);
    corpus.expected.hash ^= 1;
    for contestant in contestants::framing().into_iter().filter(|contestant| contestant.name != "memchr scan") {
        assert!(!check_answer(&Entry { contestant, corpus: &corpus, chunk: 64 }).0, "{}", contestant.name);
    }
    corpus.expected = Answer::default();
    assert_ne!((contestants::framing()[0].run)(&corpus, 64), corpus.expected);
}

#[test]
fn corpora_have_the_documented_mean_event_size() {
    let mean = |corpus: &Corpus| corpus.stream.len() as f64 / corpus.units as f64;
    assert!((mean(&corpora::deltas(1 << 20)) - 126.0).abs() < 2.0, "{}", mean(&corpora::deltas(1 << 20)));
    assert!((mean(&corpora::openai(1 << 20)) - 263.0).abs() < 15.0, "{}", mean(&corpora::openai(1 << 20)));
}
