//! Any calls of both decoders in any order, through the exported functions: no invalid access (AddressSanitizer), no
//! status of a panic, spans within the text, and UTF-8.

#![no_main]

use core::ptr::null;

use libfuzzer_sys::fuzz_target;
use ssewire::*;

fuzz_target!(|input: &[u8]| {
    let Some((&[records, shape], mut rest)) = input.split_first_chunk::<2>() else { return };
    let options = DecoderOptions {
        max_event_bytes: usize::from(shape >> 4) * 64,
        max_id_bytes: usize::from(shape & 3) * 8,
        max_records: usize::from(records & 15),
        comments: shape & 4 != 0,
    };
    // SAFETY: each pointer below is NULL, or of a value or handle that lives until the end of this function.
    unsafe {
        let events = ssewire_decoder_new(&options);
        let message = ssewire_message_decoder_new(null());
        while let Some((&op, after)) = rest.split_first() {
            let (chunk, next) = after.split_at(usize::from(op >> 3).min(after.len()));
            rest = next;
            // Memory of its own, so that reading after its end is found.
            let chunk = chunk.to_vec();
            check(match op & 7 {
                6 => {
                    let (mut pending, mut id, mut len) = (0, null(), 0);
                    check(ssewire_decoder_finish(events, &mut pending));
                    check(ssewire_decoder_last_event_id(events, &mut id, &mut len));
                    let _ = std::slice::from_raw_parts(id.cast::<u8>(), len).to_vec();
                    ssewire_decoder_reset(events)
                }
                7 => {
                    let (mut buffer, mut len) = ([0; 100], 0);
                    ssewire_message_decoder_json(message, buffer.as_mut_ptr(), buffer.len(), &mut len)
                }
                _ => {
                    push_events(events, &chunk);
                    push_message(message, &chunk);
                    Status::Ok
                }
            });
        }
        let mut completion = Completion::Unknown;
        check(ssewire_message_decoder_finish(message, &mut completion));
        ssewire_decoder_free(events);
        ssewire_message_decoder_free(message);
    }
});

fn check(status: Status) {
    assert_ne!(status, Status::Panic);
}

/// # Safety
/// `decoder` is a decoder that was not freed.
unsafe fn push_events(decoder: *mut Decoder, chunk: &[u8]) {
    let mut at = 0;
    while at < chunk.len() {
        let mut used = 0;
        let mut batch = EventBatch { records: null(), record_count: 0, text: null(), text_len: 0 };
        // SAFETY: the pointers are of values and bytes that live during the call; the batch until the next one.
        unsafe {
            check(ssewire_decoder_push(decoder, chunk[at..].as_ptr(), chunk.len() - at, &mut used, &mut batch));
            let text = std::slice::from_raw_parts(batch.text.cast::<u8>(), batch.text_len);
            let text = std::str::from_utf8(text).unwrap();
            for record in std::slice::from_raw_parts(batch.records, batch.record_count) {
                for span in [record.event_type, record.data, record.last_event_id] {
                    let _ = &text[span.offset..span.offset + span.len];
                }
            }
        }
        at += used;
    }
}

/// # Safety
/// `decoder` is a message decoder that was not freed.
unsafe fn push_message(decoder: *mut MessageDecoder, chunk: &[u8]) {
    let mut at = 0;
    while at < chunk.len() {
        let mut used = 0;
        let mut batch = MessageBatch { records: null(), record_count: 0, text: null(), text_len: 0, is_ended: false };
        // SAFETY: the pointers are of values and bytes that live during the call; the batch until the next one.
        unsafe {
            check(ssewire_message_decoder_push(decoder, chunk[at..].as_ptr(), chunk.len() - at, &mut used, &mut batch));
            let text = std::slice::from_raw_parts(batch.text.cast::<u8>(), batch.text_len);
            let text = std::str::from_utf8(text).unwrap();
            for record in std::slice::from_raw_parts(batch.records, batch.record_count) {
                for span in [record.text, record.id, record.name] {
                    let _ = &text[span.offset..span.offset + span.len];
                }
            }
        }
        if batch.is_ended {
            return;
        }
        at += used;
    }
}
