//! The corpora of the fuzz targets, and every crash ever found, on a stable compiler.

use std::fs;
use std::path::Path;

use ssewire_tests::{cases, fuzz};

/// Replays the files of a folder beside the workspace and returns how many there were.
fn replay(folder: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| target(&fs::read(file.unwrap().path()).unwrap())).count()
}

#[test]
fn the_decoder_passes_its_corpus() {
    assert!(replay("corpus/decoder", fuzz::decoder) >= 50);
}

#[test]
fn the_decoder_passes_the_conformance_cases_under_every_flag() {
    for case in cases::all().iter().filter(|case| case.input.len() < 1000) {
        for how in [0x00, 0x03, 0x13, 0x23, 0x33] {
            fuzz::decoder(&[&[how, 20, 1, 2, 3][..], &case.input].concat());
        }
    }
}
