//! What the fuzz targets check, one file for each of them. It stands here, and not in `fuzz/`, so that a stable compiler
//! can replay their corpora.

mod decoder;

pub use self::decoder::decoder;
