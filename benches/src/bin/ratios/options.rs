//! The command line.

pub(crate) const USAGE: &str = "\
usage: ratios [--rounds N] [--only SUBSTRING] [--tsv | --markdown] [--svg FILE] [--scale]
  --rounds N        rounds in which every contestant runs once (15)
  --only SUBSTRING  races and goals whose name contains SUBSTRING
  --tsv             one row for each goal: name, ratio, goal
  --markdown        the tables of BENCHMARKS.md and benches/RESULTS.md
  --svg FILE        plot throughput for each chunk size instead
  --scale           memory, many streams at once, and growth instead";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) only: String,
    pub(crate) tsv: bool,
    pub(crate) markdown: bool,
    pub(crate) svg: Option<String>,
    pub(crate) scale: bool,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { rounds: 15, only: String::new(), tsv: false, markdown: false, svg: None, scale: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--rounds" => options.rounds = value()?.parse().map_err(|_| "--rounds needs a number")?,
                "--only" => options.only = value()?,
                "--tsv" => options.tsv = true,
                "--markdown" => options.markdown = true,
                "--svg" => options.svg = Some(value()?),
                "--scale" => options.scale = true,
                _ => return Err(format!("{argument}: unknown")),
            }
        }
        Ok(options)
    }
}
