//! Races: contestants, corpora and goals.

use ssewire_benches::chunks::{ONE_EVENT, WHOLE};
use ssewire_benches::contestants::{self, Contestant};
use ssewire_benches::corpora::{self, Corpus, PIECE};
use ssewire_benches::{Entry, Result, Role};

const MIB: usize = 1024 * 1024;

/// Contestants that are measured in the same rounds.
pub(crate) struct Race {
    pub(crate) name: &'static str,
    runners: Vec<(Contestant, usize)>,
    corpora: Vec<Corpus>,
    chunk: usize,
    goals: Vec<Goal>,
}

/// A goal: the time per byte of another contestant, divided by that of ssewire.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) name: &'static str,
    ours: &'static str,
    against: Against,
    goal: f64,
}

#[derive(Clone, Copy)]
enum Against {
    FastestPeer,
    Named(&'static str),
}

/// A goal and the measured ratios.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) name: &'static str,
    pub(crate) against: &'static str,
    /// Ratio of the best rounds, which the goal is compared with.
    pub(crate) best: f64,
    /// Ratio of the medians. If it differs much from the best, the machine was not idle.
    pub(crate) median: f64,
    pub(crate) goal: f64,
}

impl Race {
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let entry = |&(contestant, corpus): &(Contestant, usize)| Entry {
            contestant,
            corpus: &self.corpora[corpus],
            chunk: self.chunk,
        };
        self.runners.iter().map(entry).collect()
    }

    /// Returns the goals whose name contains `part`, or all goals if the name of the race does. `None` if no name does.
    pub(crate) fn goals_named_like(&self, part: &str) -> Option<Vec<Goal>> {
        let all = self.name.contains(part);
        let goals: Vec<Goal> = self.goals.iter().filter(|goal| all || goal.name.contains(part)).copied().collect();
        (all || !goals.is_empty()).then_some(goals)
    }
}

impl Goal {
    pub(crate) fn measured(&self, results: &[Result]) -> Reached {
        let named = |name| results.iter().find(|result| result.name == name && !result.wrong);
        let ours = named(self.ours).expect("ssewire is in the race");
        let against = match self.against {
            Against::Named(name) => named(name),
            Against::FastestPeer => results
                .iter()
                .filter(|result| result.role == Role::Peer && !result.wrong)
                .min_by_key(|result| result.best),
        }
        .expect("the race has another contestant");
        let ratio = |time: fn(&Result) -> f64| time(against) / time(ours);
        Reached {
            name: self.name,
            against: against.name,
            best: ratio(|result| result.nanoseconds_per_byte(result.best)),
            median: ratio(|result| result.nanoseconds_per_byte(result.median)),
            goal: self.goal,
        }
    }
}

/// Builds the corpora and all races.
pub(crate) fn all() -> Vec<Race> {
    let mut races = framing();
    races.push(one_line());
    races.push(decoding());
    races.extend(kinds());
    races.extend(accumulation());
    races.extend(recorded());
    races.extend(partial_json());
    races.push(encoding());
    races
}

fn framing() -> Vec<Race> {
    let bytes = Ours("ssewire");
    let text = Ours("ssewire, text");
    let race = |name, corpus, chunk, goals| race(name, contestants::framing(), corpus, chunk, goals);
    vec![
        race(
            "framing, deltas, 1400 B",
            corpora::deltas(2 * MIB),
            1400,
            vec![
                bytes.to("framing, deltas, 1400 B", Against::FastestPeer, 4.5),
                text.to("framing, deltas, 1400 B, text", Against::FastestPeer, 2.2),
                bytes.to("framing, deltas, 1400 B, LF-only loop", Against::Named("LF-only loop"), 0.95),
            ],
        ),
        race(
            "framing, deltas, one event per chunk",
            corpora::deltas(2 * MIB),
            ONE_EVENT,
            vec![bytes.to("framing, deltas, one event per chunk", Against::FastestPeer, 4.5)],
        ),
        race(
            "framing, deltas, whole",
            // Fewer bytes: one contestant has quadratic cost.
            corpora::deltas(MIB),
            WHOLE,
            vec![
                bytes.to("framing, deltas, whole", Against::FastestPeer, 4.0),
                bytes.to("framing, deltas, whole, memchr newline scan", Against::Named("memchr scan"), 1.0),
            ],
        ),
        race(
            "framing, openai-like, 1400 B",
            corpora::openai(2 * MIB),
            1400,
            vec![
                bytes.to("framing, openai-like, 1400 B", Against::FastestPeer, 2.0),
                text.to("framing, openai-like, 1400 B, text", Against::FastestPeer, 1.7),
            ],
        ),
        race(
            "framing, big, 1400 B",
            corpora::big(2 * MIB),
            1400,
            vec![bytes.to("framing, big, 1400 B", Against::FastestPeer, 1.2)],
        ),
        race(
            "framing, multiline, 1400 B",
            corpora::multiline(2 * MIB),
            1400,
            vec![bytes.to("framing, multiline, 1400 B", Against::FastestPeer, 1.5)],
        ),
        race(
            "framing, comments, 1400 B",
            corpora::comments(2 * MIB),
            1400,
            // Measured without a goal; BENCHMARKS.md gives the reason.
            Vec::new(),
        ),
        race(
            "framing, tiny, 1400 B",
            corpora::tiny(MIB),
            1400,
            vec![text.to("framing, tiny, 1400 B, text", Against::FastestPeer, 3.0)],
        ),
        race(
            "framing, deltas, 64 B",
            corpora::deltas(MIB),
            64,
            vec![bytes.to("framing, deltas, 64 B", Against::FastestPeer, 1.6)],
        ),
        race(
            "framing, deltas, 1 B",
            corpora::deltas(MIB / 4),
            1,
            // As above.
            Vec::new(),
        ),
    ]
}

/// A line of twice the length must take twice the time.
fn one_line() -> Race {
    let ours = contestants::framing()[0];
    Race {
        name: "one line, 64 B chunks",
        runners: vec![(Contestant { name: "4 MiB", ..ours }, 0), (Contestant { name: "8 MiB", ..ours }, 1)],
        corpora: vec![corpora::one_line(4 * MIB), corpora::one_line(8 * MIB)],
        chunk: 64,
        goals: vec![Ours("8 MiB").to("one line, 8 MiB, 64 B", Against::Named("4 MiB"), 0.8)],
    }
}

fn decoding() -> Race {
    let ours = Ours("ssewire-messages");
    race(
        "typed decode of text deltas",
        contestants::decoding(),
        corpora::payloads(2 * MIB),
        WHOLE,
        vec![
            ours.to("typed decode, IgnoredAny", Against::Named("serde_json IgnoredAny"), 4.0),
            ours.to("typed decode, tagged enum", Against::Named("tagged owned serde enum"), 12.0),
        ],
    )
}

fn accumulation() -> [Race; 2] {
    let ours = Ours("ssewire-messages");
    let race = |name, chunk, goals| race(name, contestants::accumulation(), corpora::message(2 * MIB), chunk, goals);
    [
        race(
            "bytes to message, deltas, 1400 B",
            1400,
            vec![
                ours.to("message, eventsource-stream", Against::Named("eventsource-stream + tagged serde"), 20.0),
                ours.to("message, sse-core", Against::Named("sse-core + flat borrowed serde"), 7.0),
            ],
        ),
        race(
            "bytes to message, deltas, one event per chunk",
            ONE_EVENT,
            vec![ours.to("message, one event per chunk, memchr newline scan", Against::Named("memchr scan"), 0.6)],
        ),
    ]
}

/// Recorded streams; see `corpora/recorded`.
fn recorded() -> Vec<Race> {
    let ours = Ours("ssewire-messages");
    let skipping = Against::Named("ssewire framing + IgnoredAny");
    let race = |name, chunk, goals| race(name, contestants::recorded(), corpora::recorded(), chunk, goals);
    vec![
        race(
            "as recorded, 1400 B",
            1400,
            vec![
                ours.to("as recorded, 1400 B, skipping JSON", skipping, 0.95),
                ours.to("as recorded, 1400 B, Value", Against::Named("sse-core + serde_json Value"), 4.0),
            ],
        ),
        race(
            "as recorded, one event per chunk",
            ONE_EVENT,
            vec![ours.to(
                "as recorded, one event per chunk",
                Against::Named("eventsource-stream + tagged serde"),
                12.0,
            )],
        ),
        race("as recorded, 16 KiB", 16 * 1024, Vec::new()),
        race("as recorded, whole", WHOLE, vec![ours.to("as recorded, whole, skipping JSON", skipping, 1.0)]),
    ]
}

/// The events other than plain deltas, and deltas with an escape and padding.
fn kinds() -> Vec<Race> {
    let ours = Ours("ssewire-messages");
    let goal = |name| match name {
        "text delta, escape and padding" => 3.0,
        "ping" | "content_block_stop" | "message_stop" => 2.0,
        "message_start" | "message_delta" | "result of 17 KB" => 0.9,
        _ => 0.7,
    };
    let ignored = Against::Named("serde_json IgnoredAny");
    let race = |corpus: Corpus| {
        let name = corpus.name;
        race(name, contestants::kinds(), corpus, WHOLE, vec![ours.to(name, ignored, goal(name))])
    };
    corpora::kinds().into_iter().map(race).collect()
}

fn partial_json() -> [Race; 2] {
    let ours = Ours("ssewire-json");
    let peer = Against::Named("json-stream-parser");
    let race = |name, corpus, goals| race(name, contestants::partial_json(), corpus, PIECE, goals);
    [
        race(
            "partial JSON, 64 KiB structured, 20 B pieces",
            corpora::json_structured(),
            vec![
                ours.to("partial JSON, structured, jiter", Against::Named("jiter, parsing again"), 800.0),
                ours.to("partial JSON, structured, json-stream-parser", peer, 3.5),
                ours.to("partial JSON, structured, once", Against::Named("serde_json, once at the end"), 0.7),
            ],
        ),
        race(
            "partial JSON, one 64 KiB string, 20 B pieces",
            corpora::json_string(),
            vec![ours.to("partial JSON, string, json-stream-parser", peer, 20.0)],
        ),
    ]
}

/// Sets no goal.
fn encoding() -> Race {
    race("encoding, deltas", contestants::encoding(), corpora::encoding(2 * MIB), WHOLE, Vec::new())
}

fn race(name: &'static str, contestants: Vec<Contestant>, corpus: Corpus, chunk: usize, goals: Vec<Goal>) -> Race {
    let runners = contestants.into_iter().map(|contestant| (contestant, 0)).collect();
    Race { name, runners, corpora: vec![corpus], chunk, goals }
}

/// The contestant of ssewire in a goal.
#[derive(Clone, Copy)]
struct Ours(&'static str);

impl Ours {
    fn to(self, name: &'static str, against: Against, goal: f64) -> Goal {
        Goal { name, ours: self.0, against, goal }
    }
}
