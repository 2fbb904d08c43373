use alloc::boxed::Box;
use alloc::collections::btree_map::{self, BTreeMap};
use alloc::vec::{self, Vec};
use core::fmt;
use core::slice;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::ContentBlock;
use crate::BlockKey;
use crate::wire::{FromJson, Member};

/// The content blocks of a message, in their order.
///
/// A list rather than a vector: while a message is accumulated, blocks may start out of order. They stay where they
/// arrived, and only then an index of their order is kept, so that neither a start in front of a million others nor
/// the snapshot between two of them moves anything. A message that is read from JSON, or that arrived in order, has
/// no such index, nor has one that [`into_message`](crate::Accumulator::into_message) gave.
#[derive(Clone, Default)]
pub struct Content {
    /// By arrival.
    blocks: Vec<ContentBlock>,
    /// Where blocks did not arrive in order: by their order, each one's place in `blocks`.
    #[expect(clippy::box_collection, reason = "nearly always absent, and a message shall be small")]
    order: Option<Box<BTreeMap<Order, u32>>>,
}

/// What the order of blocks goes by: those that did not stand in `message_start` after those that did, then the key.
pub(crate) type Order = (bool, BlockKey);

impl Content {
    /// The number of blocks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there is no block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The block at a position, counted from 0. Constant time; linear in `position` while the message is accumulated
    /// and blocks started out of order.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&ContentBlock> {
        match &self.order {
            None => self.blocks.get(position),
            Some(_) => self.iter().nth(position),
        }
    }

    /// The last block.
    #[must_use]
    pub fn last(&self) -> Option<&ContentBlock> {
        match &self.order {
            None => self.blocks.last(),
            Some(order) => order.values().next_back().and_then(|arrival| self.by_arrival(*arrival)),
        }
    }

    /// The blocks in their order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(match &self.order {
            None => Places::AsArrived(self.blocks.iter()),
            Some(order) => Places::Ordered(order.values(), &self.blocks),
        })
    }

    /// The blocks as a vector, in their order. Free if they arrived in order, else linear.
    #[must_use]
    pub fn into_vec(self) -> Vec<ContentBlock> {
        let Some(order) = self.order else { return self.blocks };
        let mut places: Vec<_> = self.blocks.into_iter().map(Some).collect();
        let take = |arrival: u32| places.get_mut(usize::try_from(arrival).ok()?)?.take();
        order.into_values().filter_map(take).collect()
    }

    /// Adds the next block to arrive. `earlier`: what the blocks before it are ordered by, in their order of arrival.
    pub(crate) fn add(
        &mut self,
        block: ContentBlock,
        order: Order,
        mut earlier: impl DoubleEndedIterator<Item = Order> + Clone,
    ) {
        if self.order.is_none() && earlier.clone().next_back().is_some_and(|last| last > order) {
            self.order = Some(Box::new(earlier.by_ref().zip(0..).collect()));
        }
        if let Some(places) = &mut self.order {
            places.insert(order, u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
        }
        self.blocks.push(block);
    }

    /// The block that arrived as the `arrival`th, from 0.
    pub(crate) fn by_arrival(&self, arrival: u32) -> Option<&ContentBlock> {
        self.blocks.get(usize::try_from(arrival).ok()?)
    }

    pub(crate) fn by_arrival_mut(&mut self, arrival: u32) -> Option<&mut ContentBlock> {
        self.blocks.get_mut(usize::try_from(arrival).ok()?)
    }

    /// The position of that block. Linear in the number of blocks if they started out of order.
    pub(crate) fn position(&self, arrival: u32) -> Option<usize> {
        match &self.order {
            None => usize::try_from(arrival).ok(),
            Some(order) => order.values().position(|place| *place == arrival),
        }
    }

    /// Puts the blocks into their order for good.
    pub(crate) fn settle(&mut self) {
        if self.order.is_some() {
            *self = Self::from(core::mem::take(self).into_vec());
        }
    }
}

/// The blocks of a [`Content`] in their order.
#[derive(Clone)]
pub struct Iter<'a>(Places<'a>);

#[derive(Clone)]
enum Places<'a> {
    AsArrived(slice::Iter<'a, ContentBlock>),
    Ordered(btree_map::Values<'a, Order, u32>, &'a [ContentBlock]),
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a ContentBlock;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Places::AsArrived(blocks) => blocks.next(),
            Places::Ordered(places, blocks) => blocks.get(usize::try_from(*places.next()?).ok()?),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Places::AsArrived(blocks) => blocks.size_hint(),
            Places::Ordered(places, _) => places.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The same blocks in the same order.
impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl From<Vec<ContentBlock>> for Content {
    fn from(blocks: Vec<ContentBlock>) -> Self {
        Self { blocks, order: None }
    }
}

impl FromIterator<ContentBlock> for Content {
    fn from_iter<I: IntoIterator<Item = ContentBlock>>(blocks: I) -> Self {
        Self::from(Vec::from_iter(blocks))
    }
}

impl IntoIterator for Content {
    type Item = ContentBlock;
    type IntoIter = vec::IntoIter<ContentBlock>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Content {
    type Item = &'a ContentBlock;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Null reads as no blocks.
impl FromJson for Content {
    fn fits(value: &Value) -> bool {
        value.is_null() || Vec::<ContentBlock>::fits(value)
    }

    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Null => Ok(Self::default()),
            other => Vec::from_json(other).map(Self::from),
        }
    }
}

/// Always written.
impl Member for Content {}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}
