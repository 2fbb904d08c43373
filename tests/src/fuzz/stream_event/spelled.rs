//! Payloads close to the layout of common deltas, which the fast paths accept. Random bytes hardly ever have this
//! layout.

use super::Input;

const KINDS: [&str; 5] = ["text_delta", "input_json_delta", "thinking_delta", "signature_delta", "future_delta"];
const MEMBERS: [&str; 5] = ["text", "partial_json", "thinking", "signature", "citation"];

/// The exact byte layout of the API; the input supplies the index, the text and the padding.
pub(super) fn as_servers_do(mut input: Input<'_>) -> Vec<u8> {
    let (kind, lengths) = (usize::from(input.byte()), input.byte());
    // Mostly the member of this kind.
    let (kind, member) = (kind % KINDS.len(), if kind < 200 { kind % KINDS.len() } else { kind });
    let index = match lengths & 7 {
        0 => b"0",
        1 => b"1",
        2 => b"2",
        length => input.bytes(usize::from(length) - 2),
    };
    let spaces = |count: u8| &b"   "[..usize::from(count & 3)];
    [
        b"{\"type\":\"content_block_delta\",\"index\":",
        index,
        b",\"delta\":{\"type\":\"",
        KINDS[kind].as_bytes(),
        b"\",\"",
        MEMBERS[member % MEMBERS.len()].as_bytes(),
        b"\":\"",
        input.rest(),
        b"\"}",
        spaces(lengths >> 3),
        b"}",
        spaces(lengths >> 5),
    ]
    .concat()
}

/// Members in any order, possibly repeated, wrong or unknown: one byte for each.
pub(super) fn in_members(mut input: Input<'_>) -> Vec<u8> {
    let mut members = Vec::new();
    while !input.is_empty() {
        let member = match input.byte() % 8 {
            0 | 1 => b"\"type\":\"content_block_delta\"".to_vec(),
            2 | 3 => [b"\"index\":", input.blob_of(7)].concat(),
            4..=6 => [b"\"delta\" : {", &delta(&mut input)[..], b"}"].concat(),
            _ => [b"\"", input.blob_of(15), b"\":", input.blob_of(7)].concat(),
        };
        members.push(member);
    }
    [b"{", &members.join(&b", "[..])[..], b"}"].concat()
}

fn delta(input: &mut Input<'_>) -> Vec<u8> {
    let mut members = Vec::new();
    for _ in 0..input.byte() % 4 {
        let byte = input.byte();
        let at = usize::from(byte >> 4);
        members.push(match byte % 4 {
            0 => format!("\"type\":\"{}\"", KINDS[at % KINDS.len()]).into_bytes(),
            1 | 2 => [b"\"", MEMBERS[at % MEMBERS.len()].as_bytes(), b"\":\"", input.blob_of(15), b"\""].concat(),
            _ => [b"\"", MEMBERS[at % MEMBERS.len()].as_bytes(), b"\":", input.blob_of(7)].concat(),
        });
    }
    members.join(&b"\n,"[..])
}
