use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde_json::{Map, Value};

/// The members of an object of the vocabulary that this version does not know, and known ones of another type than
/// documented, whose field is then absent. They are written after the typed members; where a typed field of the same
/// name is set, that one is written.
///
/// The values are parsed and can be changed, as the fields of such an object. Those of a message are kept as text:
/// [`ExtraMembers`](crate::ExtraMembers).
///
/// One pointer wide, and without a heap allocation while empty.
// Never `Some` of an empty map, so that the derived equality is right.
#[derive(Clone, Default, PartialEq)]
pub struct ExtraMap(Option<Box<Map<String, Value>>>);

impl ExtraMap {
    /// Returns the number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.len())
    }

    /// Returns whether the object has no extra member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the value of the member `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// Returns whether the extra members include `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the members in the order of [`serde_json::Map`]: by name, or in order of arrival with the feature
    /// `preserve_order` of `serde_json`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|members| members.iter()).map(|(name, value)| (name.as_str(), value))
    }

    /// Sets the member `name` and returns the value it had.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) -> Option<Value> {
        self.0.get_or_insert_default().insert(name.into(), value)
    }

    /// Removes the member `name` and returns its value. The others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let members = self.0.as_mut()?;
        let removed = members.get_mut(name)?.take();
        // `Map::remove` would move the last member into the gap under `preserve_order`.
        members.retain(|other, _| other != name);
        if members.is_empty() {
            self.0 = None;
        }
        Some(removed)
    }
}

/// All of an object's members.
impl From<Map<String, Value>> for ExtraMap {
    fn from(members: Map<String, Value>) -> Self {
        Self(if members.is_empty() { None } else { Some(Box::new(members)) })
    }
}

impl fmt::Debug for ExtraMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &'a ExtraMap {
    type Item = (&'a String, &'a Value);
    type IntoIter = core::iter::Flatten<core::option::IntoIter<&'a Map<String, Value>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.as_deref().into_iter().flatten()
    }
}

/// By value, for moving the members elsewhere.
impl IntoIterator for ExtraMap {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map_or_else(Map::new, |members| *members).into_iter()
    }
}
