//! What each stream consists of: its blocks, and the number of their deltas.

use serde_json::Value;

use super::profile::{Draws, Quantiles};

/// The blocks of a stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) blocks: Vec<Block>,
    pub(super) has_ping: bool,
    /// The members of all events are in alphabetical order, as some gateways write them.
    pub(super) is_sorted: bool,
    deltas: usize,
}

#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The type of the block on the wire.
    pub(super) name: String,
    pub(super) deltas: usize,
    /// Size of the payload of its `content_block_start`.
    pub(super) start: usize,
    /// Number of its deltas that are citations, or 1 for a signature.
    pub(super) others: usize,
}

impl Block {
    fn new(kind: Kind, deltas: usize, start: usize) -> Self {
        Self { kind, name: String::new(), deltas, start, others: 0 }
    }
}

/// The kinds of blocks, by their deltas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Text,
    Thinking,
    /// The call of a tool, of the client or of a server.
    ToolUse,
    /// No deltas: mostly the result of a server tool.
    Complete,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Text, Self::Thinking, Self::ToolUse, Self::Complete];

    fn of(name: &str) -> Self {
        match name {
            "text" => Self::Text,
            "thinking" => Self::Thinking,
            "tool_use" | "server_tool_use" | "mcp_tool_use" => Self::ToolUse,
            _ => Self::Complete,
        }
    }

    /// The share of events that are deltas with the text of such a block.
    fn delta(self) -> &'static str {
        match self {
            Self::Text => "content_block_delta text_delta",
            Self::Thinking => "content_block_delta thinking_delta",
            Self::ToolUse => "content_block_delta input_json_delta",
            Self::Complete => "",
        }
    }
}

const DELTAS: [&str; 5] = [
    "content_block_delta text_delta",
    "content_block_delta input_json_delta",
    "content_block_delta thinking_delta",
    "content_block_delta signature_delta",
    "content_block_delta citations_delta",
];

/// The number of its further blocks, how many deltas they may have, and a stream.
type Planned = (usize, usize, Stream);

/// Streams with this number of blocks have complete ones among them.
const MANY: usize = 8;

/// The types of the blocks of a kind, each with its share of all blocks.
fn types(profile: &Value, kind: Kind) -> Vec<(&str, f64)> {
    let counts = profile["content_block_start_types"].as_object().expect("types");
    let count = |count: &Value| count.as_f64().expect("a count");
    let all: f64 = counts.values().map(count).sum();
    let of_kind = counts.iter().filter(|(name, _)| Kind::of(name) == kind);
    of_kind.map(|(name, value)| (name.as_str(), count(value) / all)).collect()
}

/// The share of blocks of a kind.
fn part(profile: &Value, kind: Kind) -> f64 {
    types(profile, kind).iter().map(|(_, share)| share).sum()
}

/// Plans the given number of streams.
pub(super) fn streams(profile: &Value, count: usize) -> Vec<Stream> {
    let share = |name: &str| profile["events"][name]["share"].as_f64().unwrap_or_default();
    let per_stream = |name: &str| share(name) / share("message_start");
    let mut streams = with_blocks(profile, count, per_stream("content_block_start"), per_stream("ping"));
    let slots: usize = streams.iter().map(|stream| stream.0).sum();
    let mut starts = Quantiles::new(&profile["events"]["content_block_start"]["payload_bytes"], 2).spread(slots);
    // The largest are complete blocks.
    let complete = (part(profile, Kind::Complete) * slots as f64).round() as usize;
    let complete = starts.split_off(slots - complete);
    let mut planned = fill(profile, &mut streams, &complete, per_stream);
    set_sorted(profile, &mut planned, share);
    set_kinds(profile, &mut planned, share);
    set_starts(&mut planned, &starts);
    set_names(profile, &mut planned);
    planned
}

/// The number of blocks of each stream, and how many deltas it may have.
fn with_blocks(profile: &Value, count: usize, blocks_mean: f64, pings: f64) -> Vec<Planned> {
    let streams = &profile["streams"];
    let blocks = Quantiles::new(&streams["content_blocks"], 3).with_mean(blocks_mean, count).spread(count);
    let events_mean = 1.0 / profile["events"]["message_start"]["share"].as_f64().expect("a share");
    let events = Quantiles::new(&streams["events"], 5).with_mean(events_mean, count).spread(count);
    let mut pinged = Draws::new(7);
    // Long streams have many blocks, but not the longest ones the most.
    let mut draws = Draws::new(11);
    let mut order: Vec<(f64, usize)> =
        (0..count).map(|at| (at as f64 + 0.08 * count as f64 * (draws.next() - 0.5), at)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    order
        .into_iter()
        .zip(events)
        .map(|((_, at), events)| {
            let has_ping = pinged.chance(pings) && events > 6;
            let blocks = blocks[at].min(events.saturating_sub(3) / 3).max(usize::from(events > 4));
            let deltas = events.saturating_sub(3 + usize::from(has_ping) + 2 * blocks);
            (blocks, deltas, Stream { has_ping, ..Stream::default() })
        })
        .collect()
}

/// Gives each stream its blocks. The largest block first, into the stream that it fits best.
fn fill(
    profile: &Value,
    streams: &mut Vec<Planned>,
    complete: &[usize],
    per_stream: impl Fn(&str) -> f64,
) -> Vec<Stream> {
    add_complete(streams, complete);
    let slots: usize = streams.iter().map(|stream| stream.0).sum();
    let deltas: f64 = DELTAS.iter().map(|name| per_stream(name)).sum();
    let mean = deltas * streams.len() as f64 / slots as f64;
    let pool = Quantiles::new(&profile["streams"]["deltas_per_block"], 13).with_mean(mean, slots).spread(slots);
    add_blocks(streams, pool);
    streams.drain(..).map(|(_, _, stream)| stream).collect()
}

/// Most complete blocks are in streams with many blocks, the others in streams with two to four.
fn add_complete(streams: &mut [Planned], sizes: &[usize]) {
    let order = (0..sizes.len()).map(|at| sizes[at * 61 % sizes.len()]);
    let mut next = streams.len() * 2 / 3;
    for (at, start) in order.enumerate() {
        let few = (next..streams.len()).find(|at| (2..=4).contains(&streams[*at].0)).filter(|_| at % 4 == 0);
        let many =
            (0..streams.len()).filter(|at| streams[*at].0 > 1 && streams[*at].0 + streams[*at].2.blocks.len() >= MANY);
        let size = |at: &usize| streams[*at].2.blocks.iter().map(|block| block.start).sum::<usize>();
        let many = many.min_by_key(size).unwrap_or_default();
        next = few.map_or(next, |at| at + 3);
        let (slots, _, stream) = &mut streams[few.unwrap_or(many)];
        *slots -= 1;
        stream.blocks.push(Block::new(Kind::Complete, 0, start));
    }
}

/// Gives each stream its blocks from the pool of their numbers of deltas, which is sorted.
fn add_blocks(streams: &mut [Planned], mut pool: Vec<usize>) {
    let add = |stream: &mut Planned, deltas: usize| {
        stream.0 -= 1;
        stream.1 = stream.1.saturating_sub(deltas);
        stream.2.deltas += deltas;
        stream.2.blocks.push(Block::new(Kind::Text, deltas, 0));
    };
    // A stream of one block needs a certain one.
    for stream in streams.iter_mut().filter(|stream| stream.0 == 1) {
        let above = pool.partition_point(|deltas| *deltas < stream.1).min(pool.len() - 1);
        let below = above.saturating_sub(1);
        let at = if pool[above].abs_diff(stream.1) < pool[below].abs_diff(stream.1) { above } else { below };
        add(stream, pool.remove(at));
    }
    // The largest first, where there is the most room; each further block needs one delta.
    for deltas in pool.into_iter().rev() {
        let open = streams.iter_mut().filter(|stream| stream.0 > 0);
        let Some(roomy) = open.max_by_key(|(slots, room, _)| (room + 1).saturating_sub(*slots)) else { break };
        add(roomy, deltas);
    }
}

/// Chooses the kinds of blocks such that blocks and deltas have their shares: all, and those with sorted members.
fn set_kinds(profile: &Value, streams: &mut [Stream], share: impl Fn(&str) -> f64) {
    let (mut sorted, mut others): (Vec<&mut Block>, Vec<&mut Block>) = (Vec::new(), Vec::new());
    for stream in streams.iter_mut() {
        let blocks = stream.blocks.iter_mut().filter(|block| block.kind != Kind::Complete);
        if stream.is_sorted { sorted.extend(blocks) } else { others.extend(blocks) }
    }
    let count = (sorted.len() + others.len()) as f64;
    let deltas: usize = sorted.iter().chain(&others).map(|block| block.deltas).sum();
    let of_deltas = deltas as f64 / DELTAS.iter().map(|name| share(name)).sum::<f64>();
    let with_deltas = 1.0 - part(profile, Kind::Complete);
    let mut left = [Kind::Text, Kind::Thinking, Kind::ToolUse].map(|kind| {
        let others = match kind {
            Kind::Text => share("content_block_delta citations_delta"),
            Kind::Thinking => share("content_block_delta signature_delta"),
            _ => 0.0,
        };
        (kind, part(profile, kind) / with_deltas * count, (share(kind.delta()) + others) * of_deltas)
    });
    // Their blocks are of about the same size.
    let sorted_deltas = |kind: Kind| share(kind.delta()) * delta_first(profile, kind.delta());
    let all_sorted: f64 = left.iter().map(|(kind, ..)| sorted_deltas(*kind)).sum();
    let mut left_sorted = left.map(|(kind, ..)| {
        (kind, sorted_deltas(kind) / all_sorted * sorted.len() as f64, sorted_deltas(kind) * of_deltas)
    });
    give_kinds(&mut sorted, &mut left_sorted);
    for block in &sorted {
        for (_, blocks, deltas) in left.iter_mut().filter(|(kind, ..)| *kind == block.kind) {
            *blocks -= 1.0;
            *deltas -= block.deltas as f64;
        }
    }
    give_kinds(&mut others, &mut left);
    for (kind, most, name) in [
        (Kind::Thinking, 1, "content_block_delta signature_delta"),
        (Kind::Text, 3, "content_block_delta citations_delta"),
    ] {
        let count = share(name) * of_deltas;
        let sorted = count * delta_first(profile, name);
        spread_others(streams.iter_mut().rev().filter(|stream| stream.is_sorted), kind, most, sorted);
        spread_others(streams.iter_mut().rev().filter(|stream| !stream.is_sorted), kind, most, count - sorted);
    }
    for stream in streams {
        // Text, then thinking, then tools; in longer streams mixed.
        stream.blocks.sort_by_key(|block| block.kind);
        if stream.blocks.len() > 3 {
            stream.blocks[1..].sort_by_key(|block| (block.deltas % 5, block.start));
        }
    }
}

/// Gives each block a kind. Of each kind, there is a number of blocks and of deltas left.
fn give_kinds(blocks: &mut [&mut Block], left: &mut [(Kind, f64, f64)]) {
    blocks.sort_by_key(|block| std::cmp::Reverse(block.deltas));
    for block in blocks {
        let best =
            left.iter_mut().filter(|(_, blocks, _)| *blocks > 0.5).max_by(|a, b| (a.2 / a.1).total_cmp(&(b.2 / b.1)));
        let Some((kind, blocks, deltas)) = best else { break };
        *blocks -= 1.0;
        *deltas -= block.deltas as f64;
        block.kind = *kind;
    }
}

/// The share of the deltas of a kind whose first member is `delta`: they are sorted.
fn delta_first(profile: &Value, name: &str) -> f64 {
    profile["events"][name]["first_member"]["delta"].as_f64().unwrap_or_default()
}

/// Turns about `count` deltas of such blocks into others, up to `most` in a block.
fn spread_others<'a>(streams: impl Iterator<Item = &'a mut Stream>, kind: Kind, most: usize, count: f64) {
    let mut left = count.round() as usize;
    // A signature may be the only delta.
    let least = if kind == Kind::Thinking { most } else { most + 1 };
    for block in streams.flat_map(|stream| &mut stream.blocks).filter(|block| block.kind == kind) {
        if block.deltas >= least && left > 0 {
            block.others = most.min(left);
            left -= block.others;
        }
    }
}

/// The small starts belong to blocks of text, the larger ones to tools.
fn set_starts(streams: &mut [Stream], starts: &[usize]) {
    let mut blocks: Vec<&mut Block> =
        streams.iter_mut().flat_map(|stream| &mut stream.blocks).filter(|block| block.kind != Kind::Complete).collect();
    let mut draws = Draws::new(17);
    let mut keyed: Vec<(Kind, f64, &mut Block)> =
        blocks.drain(..).map(|block| (block.kind, draws.next(), block)).collect();
    keyed.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).expect("numbers"));
    for ((_, _, block), start) in keyed.into_iter().zip(starts) {
        block.start = *start;
    }
}

/// Gives each block its type, such that the types have their shares.
fn set_names(profile: &Value, streams: &mut [Stream]) {
    for kind in Kind::ALL {
        let types = types(profile, kind);
        let mut draws = Draws::new(19);
        for block in streams.iter_mut().flat_map(|stream| &mut stream.blocks).filter(|block| block.kind == kind) {
            let mut at = draws.next() * part(profile, kind);
            let drawn = types.iter().find(|(_, share)| {
                at -= share;
                at < 0.0
            });
            block.name = drawn.or(types.last()).expect("a type").0.to_string();
        }
    }
}

/// Sorted members are in a share of streams, but of few deltas: in short streams.
fn set_sorted(profile: &Value, streams: &mut [Stream], share: impl Fn(&str) -> f64) {
    let of = |name: &str, member: &str| profile["events"][name]["first_member"][member].as_f64().unwrap_or_default();
    let count = (of("message_start", "message") * streams.len() as f64).round() as usize;
    let deltas: usize = streams.iter().map(|stream| stream.deltas).sum();
    let of_deltas = deltas as f64 / DELTAS.iter().map(|name| share(name)).sum::<f64>();
    let mean =
        of_deltas * DELTAS.iter().map(|name| share(name) * delta_first(profile, name)).sum::<f64>() / count as f64;
    let all: usize = streams.iter().map(|stream| stream.blocks.len()).sum();
    let blocks = (of("content_block_start", "content_block") * all as f64).round() as usize;
    let mut mark = |number: usize, has_blocks: usize| {
        let mut near: Vec<&mut Stream> =
            streams.iter_mut().filter(|stream| stream.blocks.len() == has_blocks).collect();
        near.sort_by_key(|stream| stream.deltas.abs_diff(mean.round() as usize));
        near.into_iter().take(number * 2).step_by(2).for_each(|stream| stream.is_sorted = true);
    };
    let twos = blocks.saturating_sub(count);
    mark(count - twos, 1);
    mark(twos, 2);
}
