//! The UTF-8 decoder of the WHATWG Encoding standard, transcribed, with error mode "replacement".

/// "UTF-8 decode without BOM": every maximal ill-formed subpart becomes one U+FFFD.
pub fn decode(bytes: &[u8]) -> String {
    let mut decoded = String::new();
    let mut code_point: u32 = 0;
    let mut seen = 0;
    let mut needed = 0;
    let (mut lower, mut upper) = (0x80, 0xBF);
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if needed == 0 {
            match byte {
                0x00..=0x7F => decoded.push(char::from(byte)),
                0xC2..=0xDF => (needed, code_point) = (1, u32::from(byte & 0x1F)),
                0xE0..=0xEF => {
                    lower = if byte == 0xE0 { 0xA0 } else { lower };
                    upper = if byte == 0xED { 0x9F } else { upper };
                    (needed, code_point) = (2, u32::from(byte & 0xF));
                }
                0xF0..=0xF4 => {
                    lower = if byte == 0xF0 { 0x90 } else { lower };
                    upper = if byte == 0xF4 { 0x8F } else { upper };
                    (needed, code_point) = (3, u32::from(byte & 0x7));
                }
                _ => decoded.push('\u{FFFD}'),
            }
            continue;
        }
        if !(lower..=upper).contains(&byte) {
            (code_point, needed, seen, lower, upper) = (0, 0, 0, 0x80, 0xBF);
            // "Restore byte to ioQueue." It may begin a character.
            at -= 1;
            decoded.push('\u{FFFD}');
            continue;
        }
        (lower, upper) = (0x80, 0xBF);
        code_point = (code_point << 6) | u32::from(byte & 0x3F);
        seen += 1;
        if seen == needed {
            decoded.push(char::from_u32(code_point).expect("the bounds leave scalar values only"));
            (code_point, needed, seen) = (0, 0, 0);
        }
    }
    if needed != 0 {
        decoded.push('\u{FFFD}');
    }
    decoded
}
