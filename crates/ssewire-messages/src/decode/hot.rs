//! The common deltas, read without building a JSON value.
//!
//! Takes exactly `{"type":"content_block_delta","index":N,"delta":{"type":T,M:"…"}}` with T and M of one of the four
//! kinds that carry a string, in any order and with any white space. On anything else, a further member too, it
//! gives up and leaves the payload to the general way.

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::Extra;
use crate::event::{ContentBlockDelta, Delta, InputJsonDelta, PayloadSize, SignatureDelta, TextDelta, ThinkingDelta};

/// Reads a payload if it is such a delta.
pub(super) fn delta(data: &[u8]) -> Option<ContentBlockDelta<'_>> {
    let text = core::str::from_utf8(data).ok()?;
    let Payload { index, delta } = serde_json::from_str(text).ok()?;
    Some(ContentBlockDelta { index, delta, extra: Extra::default(), size: PayloadSize(data.len()) })
}

struct Payload<'a> {
    index: u64,
    delta: Delta<'a>,
}

impl<'de> Deserialize<'de> for Payload<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a content_block_delta of a common kind")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut typed, mut index, mut delta) = (false, None, None);
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "type" if !typed => {
                    let Text(kind) = members.next_value()?;
                    if kind != "content_block_delta" {
                        return Err(unusual());
                    }
                    typed = true;
                }
                "index" if index.is_none() => index = Some(members.next_value::<u64>()?),
                "delta" if delta.is_none() => delta = Some(members.next_value::<Piece<'de>>()?),
                _ => return Err(unusual()),
            }
        }
        match (typed, index, delta) {
            (true, Some(index), Some(Piece(delta))) => Ok(Payload { index, delta }),
            _ => Err(unusual()),
        }
    }
}

struct Piece<'a>(Delta<'a>);

impl<'de> Deserialize<'de> for Piece<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PieceVisitor)
    }
}

struct PieceVisitor;

impl<'de> Visitor<'de> for PieceVisitor {
    type Value = Piece<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delta of a common kind")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut kind, mut piece) = (None, None);
        while let Some(Text(name)) = members.next_key()? {
            if name == "type" && kind.is_none() {
                kind = Some(members.next_value::<Text<'de>>()?.0);
            } else if name != "type" && piece.is_none() {
                piece = Some((name, members.next_value::<Text<'de>>()?.0));
            } else {
                return Err(unusual());
            }
        }
        let (Some(kind), Some((name, text))) = (kind, piece) else { return Err(unusual()) };
        let extra = Extra::default();
        Ok(Piece(match (&*kind, &*name) {
            ("text_delta", "text") => Delta::Text(TextDelta { text, extra }),
            ("input_json_delta", "partial_json") => Delta::InputJson(InputJsonDelta { partial_json: text, extra }),
            ("thinking_delta", "thinking") => {
                Delta::Thinking(ThinkingDelta { thinking: text, extra, ..ThinkingDelta::default() })
            }
            ("signature_delta", "signature") => Delta::Signature(SignatureDelta { signature: text, extra }),
            _ => return Err(unusual()),
        }))
    }
}

/// A string, borrowed where it has no escape. (`Cow` itself would be deserialised as owned.)
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.into())))
    }
}

fn unusual<E: Error>() -> E {
    E::custom("unusual")
}
