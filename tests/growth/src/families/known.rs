//! Families of known growth, which call no library. Each run of the harness measures them first: a check that cannot
//! fail is a defect.

use core::hint::black_box;

use super::repeat;
use crate::family::{Family, Input, Outcome};

pub(crate) const FAMILIES: &[Family] = &[
    Family::new("linear", "must pass: reads each byte once", input, |input| {
        let sum: u64 = input.iter().map(sum).sum();
        Outcome::now(black_box(sum), 0)
    }),
    Family::new("quadratic-instructions", "must fail: reads all earlier chunks again", input, |input| {
        let sum: u64 = (0..input.count()).map(|count| input.iter().take(count).map(sum).sum::<u64>()).sum();
        Outcome::now(black_box(sum), 0)
    }),
    Family::new("quadratic-allocations", "must fail: allocates for each pair of chunks", input, |input| {
        for count in 0..input.count() {
            (0..count).for_each(|index| drop(black_box(Box::new(index))));
        }
        Outcome::now(0, 0)
    }),
    Family::new("quadratic-peak", "must fail: reserves 256 bytes for each pair of chunks", input, |input| {
        let room = black_box(Vec::<u8>::with_capacity(input.count().pow(2) * 256));
        Outcome::now(room.len() as u64, 0)
    }),
];

fn input(len: usize) -> Input {
    Input::chunks(repeat("x", len), 256)
}

fn sum(chunk: &[u8]) -> u64 {
    chunk.iter().map(|byte| u64::from(black_box(*byte))).sum()
}
