//! Replays the corpora of the fuzz targets and every crash ever found, on a stable compiler.

use std::fs;
use std::path::PathBuf;

use ssewire_tests::{cases, fuzz};

/// The targets check the bytes held.
#[global_allocator]
static ALLOCATOR: ssewire_heap::Counting = ssewire_heap::Counting;

fn folder(name: &str) -> PathBuf {
    ssewire_tests::at("../fuzz").join(name)
}

/// Replays the files of a folder of `fuzz/`, and returns their number.
fn replay(name: &str, target: fn(&[u8])) -> usize {
    let Ok(files) = fs::read_dir(folder(name)) else { return 0 };
    let replayed = files.map(|file| {
        let path = file.unwrap().path();
        // The test harness prints this only if the test fails.
        println!("{}", path.display());
        target(&fs::read(path).unwrap());
    });
    replayed.count()
}

#[test]
fn every_target_passes_its_corpus() {
    let replayed = fuzz::TARGETS.map(|(name, target)| replay(&format!("corpus/{name}"), target));
    assert!(replayed.iter().sum::<usize>() > 300, "{replayed:?}");
}

/// The inputs of both targets have the same form.
#[test]
fn inputs_of_message_stream_pass_message_protocol() {
    for folder in ["corpus/message_stream", "crashes/message_stream"] {
        assert!(replay(folder, fuzz::message_protocol) > 0, "{folder}");
    }
}

/// The name of each file describes the bug.
#[test]
fn every_target_passes_its_former_crashes() {
    let crashes = fuzz::TARGETS.map(|(name, target)| replay(&format!("crashes/{name}"), target));
    let files =
        fs::read_dir(folder("crashes")).unwrap().flat_map(|target| fs::read_dir(target.unwrap().path()).unwrap());
    assert_eq!(crashes.iter().sum::<usize>(), files.count(), "a folder for each target");
}

#[test]
fn every_target_has_a_file_and_a_manifest_entry() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    let names: Vec<_> = fs::read_dir(folder("fuzz_targets")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(names.len(), fuzz::TARGETS.len());
    for (name, _) in fuzz::TARGETS {
        assert!(names.contains(&folder("fuzz_targets").join(name).with_extension("rs")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// The seeds are computed, not stored.
#[test]
fn every_target_passes_its_seeds() {
    let seeds = fuzz::seeds();
    for (name, target) in fuzz::TARGETS {
        let of_target = seeds.iter().filter(|seed| seed.target == name);
        let passed = of_target.map(|seed| {
            println!("{name}: {}", seed.name);
            target(&seed.input);
        });
        assert!(passed.count() >= 50, "{name}");
    }
}

/// Each file of a corpus is read by every clone of the repository.
#[test]
fn corpora_are_small() {
    let folders = fs::read_dir(folder("corpus")).unwrap().map(|folder| folder.unwrap().path());
    let files: Vec<_> = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap()).collect();
    assert!(files.len() <= 400, "{} files", files.len());
    let large: Vec<_> = files.iter().filter(|file| file.metadata().unwrap().len() > 4096).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn decoder_target_passes_the_conformance_cases_under_every_flag() {
    for case in cases::all().iter().filter(|case| case.input.len() < 1000) {
        for how in [0x00, 0x03, 0x13, 0x23, 0x33] {
            fuzz::decoder(&[&[how, 20, 1, 2, 3][..], &case.input].concat());
        }
    }
}
