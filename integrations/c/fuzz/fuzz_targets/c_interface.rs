//! Any calls of both decoders in any order, through all their functions: no invalid access (AddressSanitizer), the
//! status that the header promises, spans within the text, and UTF-8.

#![no_main]

use core::ffi::c_char;
use core::ptr::{null, null_mut};

use libfuzzer_sys::fuzz_target;
use ssewire::*;

fuzz_target!(|input: &[u8]| {
    let Some((&[records, shape], mut rest)) = input.split_first_chunk::<2>() else { return };
    let event_options = DecoderOptions {
        max_event_bytes: usize::from(shape >> 4) * 64,
        max_id_bytes: usize::from(shape & 3) * 8,
        max_records: usize::from(records & 15),
        comments: shape & 4 != 0,
    };
    let content_type = [records, shape];
    let message_options = MessageOptions {
        max_event_bytes: usize::from(shape >> 4) * 256,
        max_bytes: usize::from(shape & 3) * 1024,
        max_blocks: usize::from(records & 3),
        max_records: usize::from(records >> 4),
        content_type: content_type.as_ptr().cast(),
        content_type_len: usize::from(shape & 1) * content_type.len(),
        status: u16::from(records),
        strict: shape & 8 != 0,
    };
    // SAFETY: each pointer below is NULL, or of a value or handle that lives until the end of this function.
    unsafe {
        let events = Events(ssewire_decoder_new(&event_options));
        let mut message = Message {
            handle: ssewire_message_decoder_new(&message_options),
            has_input_ended: false,
            is_finished: false,
        };
        while let Some((&op, after)) = rest.split_first() {
            let (chunk, next) = after.split_at(usize::from(op >> 3).min(after.len()));
            rest = next;
            // Memory of its own, so that reading after its end is found.
            let chunk = chunk.to_vec();
            match op & 7 {
                6 => events.call(&chunk),
                7 => message.call(&chunk),
                _ => {
                    events.push(&chunk);
                    message.push(&chunk);
                }
            }
        }
        message.finish();
        message.read_text(ssewire_message_decoder_json);
        ssewire_decoder_free(events.0);
        ssewire_message_decoder_free(message.handle);
    }
});

/// A decoder that was not freed.
struct Events(*mut Decoder);

impl Events {
    unsafe fn push(&self, chunk: &[u8]) {
        let mut at = 0;
        while at < chunk.len() {
            let (mut used, mut batch) = (0, EMPTY_EVENTS);
            // SAFETY: the pointers are of values and bytes that live during the call; the batch until the next one.
            unsafe {
                let status =
                    ssewire_decoder_push(self.0, chunk[at..].as_ptr(), chunk.len() - at, &mut used, &mut batch);
                assert_eq!(status, Status::Ok);
                check_events(&batch, &chunk[at..][..used]);
            }
            at += used;
        }
    }

    /// One of the other functions; the first byte says which.
    unsafe fn call(&self, chunk: &[u8]) {
        let (which, argument) = chunk.split_first().map_or((0, chunk), |(&which, argument)| (which, argument));
        let (mut pending, mut has_retry, mut id, mut len) = (0, false, null(), 0);
        let mut batch = EMPTY_EVENTS;
        // SAFETY: as for `push`; the ID lives until the next call that changes it.
        unsafe {
            match which % 7 {
                0 => assert_eq!(ssewire_decoder_finish(self.0, &mut pending), Status::Ok),
                1 => {
                    assert_eq!(ssewire_decoder_finish_event(self.0, &mut batch), Status::Ok);
                    assert!(batch.record_count <= 1);
                    check_events(&batch, &[]);
                }
                2 => assert_eq!(ssewire_decoder_reset(self.0), Status::Ok),
                3 => assert_eq!(ssewire_decoder_retry(self.0, &mut has_retry, &mut pending), Status::Ok),
                4 => {
                    let status = ssewire_decoder_set_last_event_id(self.0, argument.as_ptr().cast(), argument.len());
                    assert!(matches!(status, Status::Ok | Status::InvalidId));
                }
                5 => {
                    // A part of the ID itself. It may be longer than the limit, which counts only where an ID is set.
                    assert_eq!(ssewire_decoder_last_event_id(self.0, &mut id, &mut len), Status::Ok);
                    let from = argument.first().map_or(0, |&from| usize::from(from).min(len));
                    let _ = std::slice::from_raw_parts(id.cast::<u8>(), len).to_vec();
                    let status = ssewire_decoder_set_last_event_id(self.0, id.add(from), len - from);
                    assert!(matches!(status, Status::Ok | Status::InvalidId));
                }
                _ => {
                    let invalid = Status::InvalidArgument;
                    assert_eq!(ssewire_decoder_push(self.0, null(), 1, &mut len, &mut batch), invalid);
                    assert_eq!(ssewire_decoder_finish_event(self.0, null_mut()), invalid);
                    assert_eq!(ssewire_decoder_last_event_id(self.0, &mut id, null_mut()), invalid);
                }
            }
        }
    }
}

/// A message decoder that was not freed.
struct Message {
    handle: *mut MessageDecoder,
    has_input_ended: bool,
    is_finished: bool,
}

impl Message {
    /// The status of the functions that a finished decoder refuses.
    fn expected(&self) -> Status {
        if self.is_finished { Status::Finished } else { Status::Ok }
    }

    unsafe fn push(&self, chunk: &[u8]) {
        let (mut at, mut is_ended) = (0, false);
        while at < chunk.len() && !is_ended {
            let (mut used, mut batch) = (0, EMPTY_UPDATES);
            // SAFETY: the pointers are of values and bytes that live during the call; the batch until the next one.
            unsafe {
                let (data, len) = (chunk[at..].as_ptr(), chunk.len() - at);
                let status = ssewire_message_decoder_push(self.handle, data, len, &mut used, &mut batch);
                assert_eq!(status, if self.has_input_ended { Status::Finished } else { Status::Ok });
                check_updates(&batch);
            }
            at += used;
            is_ended = batch.is_ended || self.has_input_ended;
        }
    }

    /// One of the other functions; the first byte says which.
    unsafe fn call(&mut self, chunk: &[u8]) {
        let mut batch = EMPTY_UPDATES;
        let (mut completion, mut len) = (Completion::Unknown, 0);
        // SAFETY: as for `push`.
        unsafe {
            match chunk.first().copied().unwrap_or(0) % 7 {
                0 => self.read_text(ssewire_message_decoder_json),
                1 => self.read_text(ssewire_message_decoder_explain),
                2 => assert_eq!(ssewire_message_decoder_completion(self.handle, &mut completion), Status::Ok),
                3 => {
                    assert_eq!(ssewire_message_decoder_push_end(self.handle, &mut batch), self.expected());
                    assert!(batch.is_ended || self.is_finished);
                    self.has_input_ended = true;
                    check_updates(&batch);
                }
                4 => self.finish(),
                5 => {
                    assert_eq!(ssewire_message_decoder_next_message(self.handle, &mut completion), self.expected());
                    self.has_input_ended = self.is_finished;
                }
                _ => {
                    let invalid = Status::InvalidArgument;
                    assert_eq!(ssewire_message_decoder_push_end(self.handle, null_mut()), invalid);
                    assert_eq!(ssewire_message_decoder_json(self.handle, null_mut(), 1 << 30, &mut len), invalid);
                    assert_eq!(len, 0);
                }
            }
        }
    }

    unsafe fn finish(&mut self) {
        let mut completion = Completion::Unknown;
        // SAFETY: as for `push`.
        unsafe { assert_eq!(ssewire_message_decoder_finish(self.handle, &mut completion), self.expected()) };
        assert!(completion != Completion::Unknown || self.is_finished);
        (self.has_input_ended, self.is_finished) = (true, true);
    }

    /// Copies a text, first to a buffer that is one byte too small.
    unsafe fn read_text(
        &self,
        read: unsafe extern "C" fn(*mut MessageDecoder, *mut c_char, usize, *mut usize) -> Status,
    ) {
        let mut len = 0;
        // SAFETY: the buffers have the length that is passed.
        unsafe {
            assert_eq!(read(self.handle, null_mut(), 0, &mut len), Status::BufferTooSmall);
            let mut buffer = vec![b'x'; len];
            assert_eq!(read(self.handle, buffer.as_mut_ptr().cast(), len, &mut len), Status::BufferTooSmall);
            buffer.push(b'x');
            assert_eq!(read(self.handle, buffer.as_mut_ptr().cast(), len + 1, &mut len), Status::Ok);
            assert_eq!(buffer.pop(), Some(0));
            std::str::from_utf8(&buffer).unwrap();
        }
    }
}

const EMPTY_EVENTS: EventBatch = EventBatch { records: null(), record_count: 0, text: null(), text_len: 0 };
const EMPTY_UPDATES: MessageBatch =
    MessageBatch { records: null(), record_count: 0, text: null(), text_len: 0, is_ended: false };

/// # Safety
/// The batch is unchanged, or that of the last call, which has used these bytes.
unsafe fn check_events(batch: &EventBatch, used: &[u8]) {
    // SAFETY: as the contract of this function demands.
    unsafe {
        let text = text_of(batch.text.cast(), batch.text_len);
        for record in items(batch.records, batch.record_count) {
            for (is_in_input, span) in [
                (record.is_event_type_in_input, record.event_type),
                (record.is_data_in_input, record.data),
                (false, record.last_event_id),
            ] {
                if is_in_input {
                    std::str::from_utf8(&used[span.offset..][..span.len]).unwrap();
                } else {
                    let _ = &text[span.offset..][..span.len];
                }
            }
        }
    }
}

/// # Safety
/// As for [`check_events`].
unsafe fn check_updates(batch: &MessageBatch) {
    // SAFETY: as the contract of this function demands.
    unsafe {
        let text = text_of(batch.text.cast(), batch.text_len);
        for record in items(batch.records, batch.record_count) {
            for span in [record.text, record.id, record.name] {
                let _ = &text[span.offset..span.offset + span.len];
            }
        }
    }
}

unsafe fn text_of<'a>(text: *const u8, len: usize) -> &'a str {
    // SAFETY: as for `items`.
    std::str::from_utf8(unsafe { items(text, len) }).unwrap()
}

/// # Safety
/// `items` is NULL, or points to `len` items that live until the end of `'a`.
unsafe fn items<'a, T>(items: *const T, len: usize) -> &'a [T] {
    if items.is_null() {
        return &[];
    }
    // SAFETY: as the contract of this function demands.
    unsafe { std::slice::from_raw_parts(items, len) }
}
