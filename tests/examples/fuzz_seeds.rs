//! Writes the seeds of the fuzz targets to `fuzz/corpus/`: `cargo run -p ssewire-tests --example fuzz_seeds`.

use std::path::Path;
use std::{fs, io};

use ssewire_tests::fuzz;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for seed in fuzz::seeds() {
        let folder = corpus.join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.input)?;
    }
    Ok(())
}
