//! A ledger of a message, built only from the updates of the accumulator.

use std::collections::BTreeMap;

use ssewire_messages::{
    AccumulateError, Accumulator, BlockKey, BlockRef, ContentBlock, Delta, ExceededLimit, Message, StreamEvent, Update,
};

use super::Limits;

/// The order of the content: initial blocks, then started ones by index, those of one index by arrival.
type Place = (IsStarted, u64, u32);
type IsStarted = bool;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    blocks: BTreeMap<Place, Account>,
    id: Option<String>,
    /// Input JSON that was returned without a block, by index.
    unmatched: BTreeMap<u64, String>,
    pub(super) started: bool,
    pub(super) stopped: bool,
    pub(super) failed: bool,
    pub(super) too_large: bool,
    /// Another message has begun after the end of this one.
    is_over: bool,
    /// Another message has begun before this one had stopped.
    pub(super) replaced: bool,
    /// Counts arrivals and starts.
    clock: usize,
}

/// The updates of a block.
#[derive(Debug, Default)]
struct Account {
    kind: String,
    text: String,
    thinking: String,
    input: String,
    /// The order in which the blocks were created.
    arrival: usize,
    /// The order of their starts. A block that a delta opened has none until its start arrives.
    start: Option<usize>,
    is_stopped: bool,
}

const TOOLS: [&str; 3] = ["tool_use", "server_tool_use", "mcp_tool_use"];

/// Input without its line ends, which become spaces once it is complete.
fn spaced(input: &str) -> String {
    input.replace(['\n', '\r'], " ")
}

impl Ledger {
    /// Records the update of a merged event, and compares the update with the event.
    pub(super) fn take(&mut self, event: &StreamEvent<'_>, update: &Update<'_>) {
        let is_content = matches!(
            event,
            StreamEvent::MessageStart(_) | StreamEvent::ContentBlockStart(_) | StreamEvent::ContentBlockDelta(_)
        );
        let is_late = self.stopped || self.failed;
        if is_late || (is_content && self.too_large) {
            self.late(event, update);
            return;
        }
        match (event, update) {
            (StreamEvent::MessageStart(start), Update::MessageStart { message, .. }) => {
                assert!(!self.started);
                self.started = true;
                self.initial(update);
                assert_eq!(message.id(), start.id());
                self.id = start.id().map(str::to_owned);
            }
            (StreamEvent::MessageStart(start), Update::Unchanged) => {
                assert!(self.started, "only a second one is ignored");
                assert!(self.id.is_none() || start.id().is_none() || self.id.as_deref() == start.id());
            }
            (StreamEvent::MessageStart(start), Update::Replaced) => {
                assert!(self.started && self.id.as_deref() != start.id());
                (self.stopped, self.replaced) = (true, true);
            }
            (StreamEvent::ContentBlockStart(start), Update::BlockStart { block, text, thinking, .. }) => {
                assert_eq!(block.index(), start.index);
                assert_eq!(block.content().type_name(), start.content_block.type_name());
                let initial = start.content_block.as_text().map_or("", |block| block.text());
                assert_eq!(*text, initial);
                let initial = start.content_block.as_thinking().map_or("", |block| block.thinking());
                assert_eq!(*thinking, initial);
                self.start(block, text, thinking);
            }
            (StreamEvent::ContentBlockDelta(event), update) => self.delta(event.index, &event.delta, update),
            (StreamEvent::ContentBlockStop(stop), Update::BlockStop { block, .. }) => {
                assert_eq!(block.index(), stop.index);
                let newest = self.open(stop.index).max().flatten();
                let account = self.known(block);
                assert!(
                    account.start.is_some() && account.start == newest,
                    "the newest that is open: {account:?} {newest:?} {stop:?}"
                );
                account.is_stopped = true;
            }
            (StreamEvent::ContentBlockStop(stop), Update::Unchanged) => assert_eq!(self.open(stop.index).max(), None),
            (StreamEvent::MessageDelta(_), Update::MessageDelta { .. })
            | (StreamEvent::Ping, Update::Ping)
            | (StreamEvent::Done, Update::Done)
            | (StreamEvent::Unknown(_), Update::Unchanged) => {}
            (StreamEvent::MessageStop, Update::MessageStop { .. }) => self.stopped = true,
            (StreamEvent::Error(error), Update::Error(returned)) => {
                assert_eq!(**error, **returned);
                self.failed = true;
            }
            (event, update) => panic!("{event:?} gives {update:?}"),
        }
    }

    /// Events after the end and content above the limit change no content.
    fn late(&mut self, event: &StreamEvent<'_>, update: &Update<'_>) {
        self.is_over |= self.stopped && !self.replaced && matches!(event, StreamEvent::MessageStart(_));
        if let (StreamEvent::MessageStart(start), Update::MessageStart { message, .. }) = (event, update) {
            assert!(self.too_large && !self.stopped && !self.failed);
            assert_eq!(update.start_blocks(), []);
            return self.start_without_content(start, message.id());
        }
        let is_fine = match update {
            Update::Unchanged => true,
            // Another message ends this one, whatever its size.
            Update::Replaced if !self.stopped && !self.failed => {
                (self.stopped, self.replaced) = (true, true);
                matches!(event, StreamEvent::MessageStart(_))
            }
            Update::Ping | Update::Done => !self.is_over,
            _ => false,
        };
        assert!(is_fine, "{event:?} gives {update:?}");
    }

    fn initial(&mut self, update: &Update<'_>) {
        for (index, block) in (0..).zip(update.start_blocks()) {
            let generation = self.blocks.keys().filter(|(_, other, _)| *other == index).count();
            let (arrival, kind) = (self.tick(), block.type_name().into_owned());
            let mut account = Account { kind, arrival, start: Some(arrival), ..Account::default() };
            account.text.extend(block.as_text().map(|block| block.text()));
            account.thinking.extend(block.as_thinking().map(|block| block.thinking()));
            self.blocks.insert((false, index, generation.try_into().unwrap()), account);
        }
    }

    fn start(&mut self, block: &BlockRef<'_>, text: &str, thinking: &str) {
        let BlockKey { index, generation, .. } = block.key();
        let now = self.tick();
        let new = Account { arrival: now, ..Account::default() };
        let account = self.blocks.entry((true, index, generation)).or_insert(new);
        let kind = block.content().type_name();
        assert_eq!(account.start, None, "a block has one start");
        account.start = Some(now);
        assert!(account.kind.is_empty() || account.kind == kind, "only its own kind joins an early block");
        (*kind).clone_into(&mut account.kind);
        account.text.insert_str(0, text);
        account.thinking.insert_str(0, thinking);
        if block.content().tool_input().is_some_and(|input| !input.raw().is_empty()) {
            account.input = self.unmatched.remove(&index).unwrap_or_default();
        }
    }

    fn delta(&mut self, index: u64, delta: &Delta<'_>, update: &Update<'_>) {
        match (delta, update) {
            (Delta::Text(delta), Update::Text { block, text, snapshot, .. }) => {
                assert_eq!((block.index(), *text), (index, delta.text()));
                let account = self.opened(block, "text");
                account.text.push_str(text);
                assert_eq!(account.text, *snapshot);
            }
            (Delta::Thinking(delta), Update::Thinking { block, thinking, snapshot, .. }) => {
                assert_eq!((block.index(), *thinking), (index, delta.thinking()));
                let account = self.opened(block, "thinking");
                account.thinking.push_str(thinking);
                assert_eq!(account.thinking, *snapshot);
            }
            (Delta::Compaction(_), Update::Compaction { block, .. }) => {
                assert_eq!(block.index(), index);
                self.opened(block, "compaction");
            }
            (Delta::Signature(delta), Update::Signature { block, signature, .. }) => {
                assert_eq!((block.index(), *signature), (index, delta.signature()));
                self.opened(block, "thinking");
            }
            (Delta::Citations(delta), Update::Citation { block, citation, snapshot, .. }) => {
                assert_eq!(block.index(), index);
                assert_eq!(citation.to_raw_json(), delta.citation());
                assert_eq!(snapshot.iter().last(), Some(*citation));
                self.opened(block, "text");
            }
            (Delta::InputJson(delta), Update::ToolInput { block, partial_json, input, .. }) => {
                assert_eq!((block.index(), *partial_json), (index, delta.partial_json()));
                let newest = self.newest(index, &TOOLS, true);
                let account = self.known(block);
                // Or one of unknown kind.
                assert!(newest.is_none_or(|newest| account.arrival >= newest), "the newest that takes it");
                account.input.push_str(partial_json);
                assert_eq!(spaced(&account.input), spaced(input.raw()));
            }
            (Delta::InputJson(delta), Update::Unchanged) => {
                assert_eq!(self.newest(index, &TOOLS, true), None, "nobody takes it");
                if !delta.partial_json().is_empty() {
                    self.unmatched.entry(index).or_default().push_str(delta.partial_json());
                }
            }
            (
                Delta::Text(_) | Delta::Thinking(_) | Delta::Signature(_) | Delta::Citations(_),
                Update::RawBlock { block, .. },
            ) => {
                assert_eq!(block.index(), index);
                assert!(block.content().as_raw().is_some());
                self.known(block);
            }
            (Delta::Unknown(_), Update::Unchanged) => {}
            (delta, update) => panic!("{delta:?} gives {update:?}"),
        }
    }

    /// The entry of a block that was returned before.
    fn known(&mut self, block: &BlockRef<'_>) -> &mut Account {
        let place = self.place(block.key()).unwrap_or_else(|| panic!("a block that was returned: {:?}", block.key()));
        self.blocks.get_mut(&place).unwrap()
    }

    /// The entry of the newest block of this kind that took a delta. The delta may have opened it.
    fn opened(&mut self, block: &BlockRef<'_>, kind: &str) -> &mut Account {
        let BlockKey { index, generation, .. } = block.key();
        assert_eq!(block.content().type_name(), kind);
        let (newest, now) = (self.newest(index, &[kind], false), self.tick());
        let place = self.place(block.key()).unwrap_or((true, index, generation));
        let new = || Account { kind: kind.to_owned(), arrival: now, ..Account::default() };
        let account = self.blocks.entry(place).or_insert_with(new);
        assert_eq!(account.arrival, newest.unwrap_or(now), "a block is only opened where none takes the delta");
        account
    }

    /// The arrival of the newest block of this index and of one of these kinds.
    fn newest(&self, index: u64, kinds: &[&str], with_start: bool) -> Option<usize> {
        let accounts = self.blocks.iter().filter(|((_, other, _), _)| *other == index).map(|(_, account)| account);
        let takers = accounts.filter(|account| kinds.contains(&&*account.kind));
        takers.filter(|account| account.start.is_some() || !with_start).map(|account| account.arrival).max()
    }

    /// The starts of the open blocks of this index.
    fn open(&self, index: u64) -> impl Iterator<Item = Option<usize>> {
        let accounts = self.blocks.iter().filter(move |((_, other, _), _)| *other == index).map(|(_, account)| account);
        accounts.filter(|account| account.start.is_some() && !account.is_stopped).map(|account| account.start)
    }

    fn tick(&mut self) -> usize {
        self.clock += 1;
        self.clock
    }

    /// No two blocks have the same key.
    fn place(&self, BlockKey { index, generation, .. }: BlockKey) -> Option<Place> {
        let places = [(false, index, generation), (true, index, generation)];
        let mut known = places.into_iter().filter(|place| self.blocks.contains_key(place));
        let place = known.next();
        assert_eq!(known.next(), None, "a key for each block");
        place
    }

    /// Records an event that exceeded a limit.
    pub(super) fn too_large(
        &mut self,
        event: &StreamEvent<'_>,
        accumulator: &Accumulator,
        error: AccumulateError,
        limits: Limits,
    ) {
        match error {
            AccumulateError::LimitExceeded(ExceededLimit::Bytes { limit }) => assert_eq!(limit, limits.bytes),
            AccumulateError::LimitExceeded(ExceededLimit::Blocks { limit }) => assert_eq!(limit, limits.blocks),
            _ => panic!("{error:?} was to be tolerated"),
        }
        assert!(!self.too_large, "returned once");
        self.too_large = true;
        if let StreamEvent::MessageStart(start) = event {
            self.start_without_content(start, accumulator.snapshot().id());
        }
    }

    /// Such a start begins the message all the same, with its id unless that exceeds the limit.
    fn start_without_content(&mut self, start: &Message, id: Option<&str>) {
        assert!(!self.started);
        self.started = true;
        assert!(id.is_none() || id == start.id());
        self.id = id.map(str::to_owned);
    }

    /// The snapshot equals the updates, block by block, in the order of `docs/protocol.md`, heading "Order between
    /// blocks".
    pub(super) fn agrees_with(&self, accumulator: &Accumulator, limits: Limits) {
        let message = accumulator.snapshot();
        assert_eq!(message.content().len(), self.blocks.len());
        let (mut bytes, mut all) = (0, String::new());
        for (account, block) in self.blocks.values().zip(message.content()) {
            assert_eq!(account.kind, block.type_name());
            assert_eq!(account.text, block.as_text().map_or("", |block| block.text()));
            assert_eq!(account.thinking, block.as_thinking().map_or("", |block| block.thinking()));
            assert_eq!(spaced(&account.input), spaced(block.tool_input().map_or("", |input| input.raw())));
            bytes += account.text.len() + account.thinking.len() + account.input.len();
            all.extend(block.as_text().map(|block| block.text()));
        }
        assert_eq!(message.text(), all);
        let unmatched = self.unmatched.iter().map(|(index, json)| (*index, json.as_str()));
        // White space of JSON: a form feed is not.
        let is_blank = |json: &str| json.trim_matches([' ', '\t', '\n', '\r']).is_empty();
        assert!(accumulator.unmatched_input().eq(unmatched.filter(|(_, json)| !is_blank(json))));
        bytes += self.unmatched.values().map(String::len).sum::<usize>();
        assert!(bytes <= limits.bytes && self.blocks.len() + self.unmatched.len() <= limits.blocks);
        assert_eq!(accumulator.server_error().is_some(), self.failed);
    }
}

pub(super) fn is_written_and_read_again(message: &Message) {
    let Ok(written) = message.to_json() else {
        assert!(serde_json::to_string(message).is_err());
        return;
    };
    let again: Message = written.as_str().parse().unwrap();
    // Input that deltas made null or the empty string is kept; in a message that was not streamed it counts as absent.
    let is_none = |block: &ContentBlock| {
        let input = block.tool_input().and_then(|input| input.value().ok());
        input.is_some_and(|input| matches!(input.as_str().trim(), "null" | "\"\""))
    };
    if !message.content().iter().any(is_none) {
        assert_eq!(again.to_json().unwrap().to_value().ok(), written.to_value().ok());
    }
}
