//! Corpora in files, for programs under callgrind: to generate a corpus there would take minutes.

use std::path::Path;
use std::{fs, io};

use bytes::Bytes;

use super::Corpus;

impl Corpus {
    /// Writes the corpus to a file: a line of JSON, and then the stream.
    ///
    /// # Errors
    /// An error of the file.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut file = serde_json::to_vec(self)?;
        file.push(b'\n');
        file.extend_from_slice(&self.stream);
        fs::write(path, file)
    }

    /// Reads what [`save`](Self::save) wrote. Its memory is never freed.
    ///
    /// # Errors
    /// An error of the file; `InvalidData` for another format.
    pub fn load(path: &Path) -> io::Result<Self> {
        let file: &'static [u8] = fs::read(path)?.leak();
        let line = memchr::memchr(b'\n', file).ok_or(io::ErrorKind::InvalidData)?;
        let mut corpus: Self = serde_json::from_slice(&file[..line])?;
        corpus.stream = Bytes::from_static(&file[line + 1..]);
        Ok(corpus)
    }
}
