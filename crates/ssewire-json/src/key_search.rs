//! WARNING: fast path. Searches one key in a map of any size, again and again, without comparing its text again.
//!
//! * **Purpose.** `Map::get_mut` compares a key with the keys on a path through the map. A key may be as long as the
//!   text, and every push into `{"<a megabyte>":[0,0,…` searches it, so small pieces had quadratic cost. [`KeySearch`]
//!   is a key for `get_mut` that keeps the result of each comparison ([`SearchMemo`]), together with the address of the
//!   other key's text. The next search uses the result if it finds the same address at the same step.
//! * **The rule it must keep.** `get_mut` must return the member that it returns for the text of the
//!   key. It does on any path through the map: after the first unexpected address, a search compares texts.
//! * **Why an address identifies a text.** No key is inserted into the map or removed from it during the life of a
//!   memo. `MemberSlot` drops the memo when it removes its key. The keys of a cloned map have other addresses. Empty
//!   keys may share an address, but they also have the same text.
//! * **Which tests prove it.** `find_returns_the_member_of_the_key` in `member.rs`, the fuzz target `json_prefixes`,
//!   and, in debug builds, an assertion at every comparison with a short key.
//! * **Gain.** 128 KiB of text with a key of 64 KiB between 40 other members, in pieces of two bytes, take 214
//!   instead of 2436 instructions per byte. With an escape in the key it is 219 instead of 59,810. `work.rs` bounds the
//!   counted work.
//! * **What to read first.** `Map::get_mut` and the rules of [`Borrow`] about `Ord` and `Hash`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cell::{Cell, OnceCell};
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};

use serde_json::{Map, Value};

use crate::span::StringSpan;
use crate::work;

/// The comparisons of an earlier search, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchMemo(Vec<Comparison>);

#[derive(Debug, Clone, Copy)]
struct Comparison {
    /// Where the text of the other key is in memory.
    address: usize,
    ordering: Ordering,
}

/// One search for a key.
pub(crate) struct KeySearch<'a> {
    key: StringSpan,
    raw: &'a str,
    /// The decoded key, once a comparison needs it.
    text: OnceCell<Cow<'a, str>>,
    memo: &'a mut SearchMemo,
    step: Cell<usize>,
    /// Comparisons of texts, which the memo does not have.
    learned: Cell<Vec<Comparison>>,
}

impl<'a> KeySearch<'a> {
    pub(crate) fn new(key: StringSpan, raw: &'a str, memo: &'a mut SearchMemo) -> Self {
        Self { key, raw, text: OnceCell::new(), memo, step: Cell::new(0), learned: Cell::default() }
    }

    /// Borrows the member of this key.
    #[inline(never)]
    pub(crate) fn find(self, members: &mut Map<String, Value>) -> Option<&mut Value> {
        let found = members.get_mut(&self as &dyn MapKey);
        let learned = self.learned.take();
        if !learned.is_empty() {
            self.memo.0 = learned;
        }
        found
    }

    fn compare_with(&self, other: &str) -> Ordering {
        let step = self.step.get();
        match self.memo.0.get(step) {
            Some(known) if known.address == address(other) => {
                debug_assert!(
                    self.key.raw_len() > 64 || known.ordering == self.text().cmp(other),
                    "comparison differs from that of the texts"
                );
                self.step.set(step.saturating_add(1));
                known.ordering
            }
            _ => self.compare_text(other, step),
        }
    }

    /// Compares the texts. From here on the memo is not used in this search, but replaced.
    #[cold]
    fn compare_text(&self, other: &str, step: usize) -> Ordering {
        let ordering = self.text().cmp(other);
        work::count(other.len().min(self.text().len()));
        let mut learned = self.learned.take();
        if learned.is_empty() {
            learned.extend(self.memo.0.iter().take(step));
        }
        learned.push(Comparison { address: address(other), ordering });
        self.learned.set(learned);
        self.step.set(usize::MAX);
        ordering
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| self.key.text(self.raw))
    }
}

fn address(text: &str) -> usize {
    text.as_ptr().addr()
}

/// A key of a map or a search for one: the form in which a map compares its own keys with a [`KeySearch`].
trait MapKey {
    /// Returns the text of the key.
    fn text(&self) -> &str;

    /// Orders by the text, as `str` does.
    fn compare(&self, other: &dyn MapKey) -> Ordering;
}

impl MapKey for String {
    #[inline]
    fn text(&self) -> &str {
        self
    }

    fn compare(&self, other: &dyn MapKey) -> Ordering {
        self.as_str().cmp(other.text())
    }
}

impl MapKey for KeySearch<'_> {
    fn text(&self) -> &str {
        self.text()
    }

    #[inline]
    fn compare(&self, other: &dyn MapKey) -> Ordering {
        self.compare_with(other.text())
    }
}

impl<'a> Borrow<dyn MapKey + 'a> for String {
    #[inline]
    fn borrow(&self) -> &(dyn MapKey + 'a) {
        self
    }
}

impl Ord for dyn MapKey + '_ {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

impl PartialOrd for dyn MapKey + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn MapKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for dyn MapKey + '_ {}

/// As `String` hashes: maps with `preserve_order` look the key up by its hash.
impl Hash for dyn MapKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        work::count(self.text().len());
        self.text().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::span::Scan;

    fn members(prefix: &str) -> Map<String, Value> {
        (0..100).map(|i| (format!("{prefix}{i}"), Value::from(i))).collect()
    }

    fn find(members: &mut Map<String, Value>, raw: &str, memo: &mut SearchMemo) -> Option<Value> {
        let mut key = StringSpan::begin(0);
        assert_eq!(key.scan(raw), Scan::Ended);
        KeySearch::new(key, raw, memo).find(members).cloned()
    }

    #[test]
    fn find_compares_texts_only_once() {
        let (mut members, mut memo) = (members("key"), SearchMemo::default());
        assert_eq!(find(&mut members, "key50\"", &mut memo), Some(Value::from(50)));
        assert!(!memo.0.is_empty());
        work::take();
        for _ in 0..3 {
            assert_eq!(find(&mut members, "key50\"", &mut memo), Some(Value::from(50)));
        }
        // A map with `preserve_order` compares once, and hashes the key every time.
        let hashed = if memo.0.len() == 1 { 3 * "key50".len() } else { 0 };
        assert_eq!(work::take(), hashed);
    }

    /// Addresses that are not expected, from the first step or later, do not change the result.
    #[test]
    fn find_ignores_a_memo_of_another_map() {
        let (mut others, mut members) = (members("other"), members("key"));
        for step in 0..8 {
            let (mut memo, mut other) = (SearchMemo::default(), SearchMemo::default());
            find(&mut members, "key50\"", &mut memo);
            find(&mut others, "other77\"", &mut other);
            memo.0.truncate(step);
            memo.0.extend(other.0.iter().skip(step));
            for _ in 0..2 {
                assert_eq!(find(&mut members, "key50\"", &mut memo), Some(Value::from(50)));
            }
        }
    }
}
