//! Families that attack batches: what records share must not be compared or copied for each record.

use super::{fill, repeat};
use crate::drive;
use crate::family::{Family, Input, Room};

/// Records take 64 bytes each, of at least 6 bytes, in a list that doubles; the text at most nine times the input.
const RECORDS_AND_TEXT: Room = Room::per_byte(48.0, 16_384.0);

pub(super) const FAMILIES: &[Family] = &[
    Family::new("f4", "F4: long ID, then `data` events", long_id, drive::batch_events).peak(RECORDS_AND_TEXT),
    Family::new("ids", "each event sets an ID, short or long", ids, drive::batch_events).peak(RECORDS_AND_TEXT),
    Family::new("types", "long event types in turn", types, drive::batch_events).peak(RECORDS_AND_TEXT),
    Family::new("stop-reason", "`message_delta` after a long stop reason", stop_reason, drive::batch_messages)
        .peak(RECORDS_AND_TEXT),
    Family::new("ill-formed", "blocks of ill-formed text", ill_formed, drive::batch_messages).peak(RECORDS_AND_TEXT),
];

fn whole(body: impl Into<Vec<u8>>) -> Input {
    Input::chunks(body, usize::MAX).with_id_limit(usize::MAX)
}

fn long_id(len: usize) -> Input {
    whole(fill(format!("id: {}\n\n", "i".repeat(len / 2)), "data\n\n", len))
}

fn ids(len: usize) -> Input {
    whole(repeat(&format!("id: i\ndata\n\nid: {}\ndata\n\n", "i".repeat(100)), len))
}

fn types(len: usize) -> Input {
    let long = "t".repeat(1000);
    whole(repeat(&format!("event: a{long}\ndata\n\nevent: b{long}\ndata\n\n"), len))
}

fn stop_reason(len: usize) -> Input {
    let delta = |reason: &str| format!("data: {{\"type\":\"message_delta\",\"delta\":{{{reason}}}}}\n\n");
    let start = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    whole(fill(start.to_owned() + &delta(&format!("\"stop_reason\":\"{}\"", "r".repeat(256))), &delta(""), len))
}

fn ill_formed(len: usize) -> Input {
    let event = |index: usize| {
        let start = format!("data: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":");
        let text = [b"{\"type\":\"text\",\"text\":\"", &[0xff; 100][..], b"\"}}\n\n"].concat();
        [start.as_bytes(), &text].concat()
    };
    whole((0..len / 200).flat_map(event).collect::<Vec<u8>>())
}
