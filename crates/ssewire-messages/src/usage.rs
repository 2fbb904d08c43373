//! Tokens and requests of a message.

use alloc::string::String;
use core::fmt::{self, Write as _};

use crate::json::{Cursor, ExtraMembers, MemberRanges, ObjectWriter, RawJson, RawJsonRef, serde_text};
use crate::members::{ReadError, count, each_further_member, each_member};

/// The tokens and requests that a message cost (Messages API: `Usage`, `BetaUsage`).
///
/// The counts are those of the message so far: a later one replaces an earlier one. A count that no event carried
/// is absent, not zero. Everything else is raw JSON: `usage.get("server_tool_use")`. Inside tagged and untagged enums
/// of serde, and below `flatten`, reading has the limits that [`RawJson`] names.
#[derive(Clone, Default, PartialEq)]
pub struct Usage {
    /// Zero if the value is absent.
    counts: [u64; COUNTS.len()],
    states: [CountState; COUNTS.len()],
    extra: ExtraMembers,
}

/// The state of a count. It lies beside the count, where it takes a byte and not a word.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CountState {
    #[default]
    Absent,
    Null,
    Value,
    /// The count is of another type, and among the extras.
    Mistyped,
}

const COUNTS: [&str; 4] = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];

/// Returns the position of the count of this name.
fn count_of(name: &[u8]) -> Option<usize> {
    COUNTS.iter().position(|count| count.as_bytes() == name)
}

/// Writes a count in place: `to_string` would have its own copy of the formatter in a program.
fn write_count(count: u64, out: &mut String) {
    // A string takes all that is written.
    let _ = write!(out, "{count}");
}

impl Usage {
    /// Returns the input tokens that were neither read from the prompt cache nor written to it.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        self.count(0)
    }

    /// Returns the output tokens, thinking included.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        self.count(1)
    }

    /// Returns the input tokens that were written to the prompt cache.
    #[must_use]
    pub fn cache_creation_input_tokens(&self) -> Option<u64> {
        self.count(2)
    }

    /// Returns the input tokens that were read from the prompt cache.
    #[must_use]
    pub fn cache_read_input_tokens(&self) -> Option<u64> {
        self.count(3)
    }

    /// Returns another member, unless it is null: `server_tool_use`, `service_tier`, `iterations`. Linear.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RawJsonRef<'_>> {
        self.extra.get(name)?.non_null()
    }

    /// Returns all members but the counts.
    #[must_use]
    pub fn extra(&self) -> &ExtraMembers {
        &self.extra
    }

    fn count(&self, which: usize) -> Option<u64> {
        self.states.get(which).filter(|state| **state == CountState::Value)?;
        self.counts.get(which).copied()
    }

    /// Returns whether a count is of another type.
    pub(crate) fn has_mistyped(&self) -> bool {
        self.states.contains(&CountState::Mistyped)
    }

    pub(crate) fn is_count(name: &[u8]) -> bool {
        count_of(name).is_some()
    }

    /// Reads the value at the cursor. Returns `None` and stays there if it is not an object.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Self>, ReadError> {
        let (mut usage, mut members) = (Self::default(), MemberRanges::default());
        if !cursor.begin_object()? {
            return Ok(None);
        }
        let mut is_first = true;
        // The API writes the counts first, in this order.
        for (which, name) in COUNTS.iter().enumerate() {
            let Some(count) = cursor.digits_of(name, &mut is_first) else { break };
            usage.set_count(which, CountState::Value, count);
        }
        each_further_member(cursor, &mut is_first, &mut |name, cursor| {
            match count_of(name.bytes) {
                Some(which) => match count(cursor)? {
                    Ok(count) => usage.set_count(which, CountState::Value, count),
                    Err(b"null") => usage.set_count(which, CountState::Null, 0),
                    Err(mistyped) => usage.set_mistyped(which, mistyped),
                },
                None => {
                    let value = cursor.skip_value()?;
                    members.push(name, value, cursor, &mut usage.extra);
                }
            }
            Ok(())
        })?;
        members.append_to(&mut usage.extra, cursor);
        Ok(Some(usage))
    }

    /// Merges the usage of a `message_delta`: each member that is not null replaces this one's.
    pub(crate) fn merge(&mut self, delta: &mut Cursor<'_>) -> Result<(), ReadError> {
        each_member(delta, &mut |name, cursor| {
            match count_of(name.bytes) {
                Some(which) => match count(cursor)? {
                    Ok(count) => self.set_count(which, CountState::Value, count),
                    Err(b"null") => {}
                    Err(mistyped) => self.set_mistyped(which, mistyped),
                },
                None => match cursor.skip_value()? {
                    b"null" => {}
                    value => self.extra.set_last(name, value, cursor),
                },
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Merges only the counts, which need no memory.
    pub(crate) fn merge_counts(&mut self, delta: &mut Cursor<'_>) -> Result<(), ReadError> {
        each_member(delta, &mut |name, cursor| {
            let count = count(cursor)?;
            if let (Some(which), Ok(count)) = (count_of(name.bytes), count) {
                self.set_count(which, CountState::Value, count);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Merges the counts of an earlier usage that this one has no value for.
    pub(crate) fn merge_missing_counts(&mut self, earlier: &Self) {
        for which in 0..COUNTS.len() {
            if let (Some(CountState::Absent | CountState::Null), Some(count)) =
                (self.states.get(which), earlier.count(which))
            {
                self.set_count(which, CountState::Value, count);
            }
        }
    }

    /// Merges a later usage.
    pub(crate) fn merge_known(&mut self, later: &Self) {
        for which in 0..COUNTS.len() {
            if let Some(count) = later.count(which) {
                self.set_count(which, CountState::Value, count);
            }
        }
        for (name, value) in later.extra.iter().filter(|(_, value)| !value.is_null()) {
            match count_of(name.as_bytes()) {
                Some(which) => self.set_mistyped(which, value.as_str().as_bytes()),
                None => self.extra.set(&name, value.as_str().as_bytes()),
            }
        }
    }

    fn set_count(&mut self, which: usize, state: CountState, count: u64) {
        if let Some(slot) = self.counts.get_mut(which) {
            *slot = count;
        }
        let before = self.states.get_mut(which).map(|before| core::mem::replace(before, state));
        if before == Some(CountState::Mistyped) && state != CountState::Mistyped {
            self.extra.remove(COUNTS.get(which).copied().unwrap_or_default());
        }
    }

    fn set_mistyped(&mut self, which: usize, value: &[u8]) {
        self.set_count(which, CountState::Mistyped, 0);
        self.extra.set(COUNTS.get(which).copied().unwrap_or_default(), value);
    }

    pub(crate) fn write(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        for (which, name) in COUNTS.iter().enumerate() {
            if let Some(count) = self.count(which) {
                write_count(count, object.value(name));
            } else if self.states.get(which) == Some(&CountState::Null) {
                object.raw(name, "null");
            }
        }
        self.extra.write(&mut object);
        object.end();
    }

    /// Returns the usage as JSON.
    #[must_use]
    pub fn to_json(&self) -> RawJson {
        let mut out = String::new();
        self.write(&mut out);
        RawJson::from_valid(out)
    }

    pub(crate) fn byte_size(&self) -> usize {
        self.extra.byte_size()
    }
}

impl serde::Serialize for Usage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_text::serialize(self.to_json().as_str(), serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Usage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "Usage", |cursor| Self::read(cursor).ok().flatten())
    }
}

/// Shows the JSON.
impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Usage").field(&self.to_json()).finish()
    }
}
