//! Writes the seeds of the fuzz targets, a folder for each: `cargo run -p ssewire-tests --example fuzz_seeds FOLDER`.

use std::path::Path;
use std::{env, fs, io};

use ssewire_tests::fuzz;

fn main() -> io::Result<()> {
    let corpus = env::args_os().nth(1).expect("a folder");
    for seed in fuzz::seeds() {
        let folder = Path::new(&corpus).join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.input)?;
    }
    Ok(())
}
