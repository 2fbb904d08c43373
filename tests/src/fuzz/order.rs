//! Messages in any order between their blocks, generated from the bytes of a fuzzer.

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::order::{Order, any_order};

thread_local! {
    static ANY: BoxedStrategy<Order> = any_order();
}

/// Checks that the order between blocks changes nothing, and that the message can be turned into events and back.
///
/// The input is the first random numbers from which the message and the order are generated. Others follow: some
/// strategies draw zeros again for ever.
pub fn order(input: &[u8]) {
    let mut state = input.iter().fold(1, |state, byte| next(state ^ u64::from(*byte)));
    let mut numbers = input.to_vec();
    for _ in 0..2048 {
        state = next(state);
        // The upper bits are the better ones.
        numbers.extend(((state >> 32) ^ state).to_le_bytes());
    }
    let numbers = TestRng::from_seed(RngAlgorithm::PassThrough, &numbers);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, numbers);
    // Numbers that a strategy rejects are no message.
    if let Ok(tree) = ANY.with(|any| any.new_tree(&mut runner)) {
        tree.current().merges();
    }
}

fn next(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}
