//! Messages in any order between their blocks, generated from a seed that a fuzzer chooses.

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::order::{Order, any_order};

thread_local! {
    static ANY: BoxedStrategy<Order> = any_order();
}

/// Checks that the order between blocks changes nothing, and that the message can be turned into events and back.
///
/// The first 32 bytes of the input are the seed of the generator.
pub fn order(input: &[u8]) {
    let mut seed = [0; 32];
    seed.iter_mut().zip(input).for_each(|(seed, byte)| *seed = *byte);
    let numbers = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, numbers);
    // Numbers that a strategy rejects are no message.
    if let Ok(tree) = ANY.with(|any| any.new_tree(&mut runner)) {
        tree.current().merges();
    }
}
