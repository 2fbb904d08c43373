//! The decoder of event streams.

use core::ffi::c_char;

use ssewire_batch::{BatchDecoder, EventRecord};

use crate::handle::{Handle, call, new_handle, push};
use crate::pointer::{address_of, borrow, borrow_bytes, free_handle};
use crate::status::{Guarded, Status};

/// Decodes an event stream (HTML standard, "Server-sent events").
#[derive(Debug)]
pub struct Decoder(Guarded<BatchDecoder>);

impl Handle for Decoder {
    type State = BatchDecoder;

    fn state(&mut self) -> &mut Guarded<BatchDecoder> {
        &mut self.0
    }
}

/// The options of a decoder. Initialize it with zeros: 0 means the default.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct DecoderOptions {
    /// The largest event in bytes; default: 16 MiB. A larger one is a record of the kind `SSEWIRE_EVENT_KIND_LOST`.
    pub max_event_bytes: usize,
    /// The longest last event ID in bytes; default: 4 KiB. A longer one is ignored.
    pub max_id_bytes: usize,
    /// The largest number of records of a batch; default: 256.
    pub max_records: usize,
    /// Whether comments are records, too. The record of a comment above 1 KiB has its first 1 KiB.
    pub comments: bool,
}

/// The events of a chunk. Valid until the next call with the decoder. The records may point into the bytes that were
/// pushed, too: read them before you change these bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct EventBatch {
    /// The records, in the order of the stream.
    pub records: *const EventRecord,
    /// The number of records.
    pub record_count: usize,
    /// The text of the values that are not in the input: UTF-8, without a NUL at its end.
    pub text: *const c_char,
    /// The number of bytes of the text.
    pub text_len: usize,
}

impl EventBatch {
    fn new(batch: ssewire_batch::EventBatch<'_>) -> Self {
        let (records, text) = (batch.records(), batch.text());
        Self {
            records: address_of(records),
            record_count: records.len(),
            text: address_of(text.as_bytes()).cast(),
            text_len: text.len(),
        }
    }
}

/// Returns a decoder, which `ssewire_decoder_free` frees, or NULL after an internal error. `options` may be NULL, and
/// is read only during the call. Aborts the process if memory runs out.
///
/// # Safety
/// `options` is NULL or points to options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_new(options: *const DecoderOptions) -> *mut Decoder {
    // SAFETY: as the contract of this function demands.
    let options = unsafe { borrow(options) }.copied().unwrap_or_default();
    new_handle(|| {
        let mut decoder = core_decoder::Decoder::new();
        if options.max_event_bytes > 0 {
            decoder = decoder.with_max_event_bytes(options.max_event_bytes);
        }
        if options.max_id_bytes > 0 {
            decoder = decoder.with_max_id_bytes(options.max_id_bytes);
        }
        let mut decoder = BatchDecoder::with_decoder(decoder);
        if options.max_records > 0 {
            decoder = decoder.with_max_records(options.max_records);
        }
        Decoder(Guarded::new(if options.comments { decoder.with_comments() } else { decoder }))
    })
}

/// Frees a decoder. NULL is allowed.
///
/// # Safety
/// `decoder` is NULL, or a decoder that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_free(decoder: *mut Decoder) {
    // SAFETY: as the contract of this function demands.
    unsafe { free_handle(decoder) };
}

/// Decodes the `len` bytes at `data` up to their end, or to the largest number of records. `consumed` becomes the
/// number of bytes that were used: call again with the rest until there is none. The decoder keeps no pointer to the
/// bytes. A span of the input is an offset from the `data` of the call that returned it. `data` may be NULL if `len` is
/// 0.
///
/// # Safety
/// The pointers are NULL or valid; `data` has `len` bytes, none of them in memory of the decoder, such as its batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_push(
    decoder: *mut Decoder,
    data: *const u8,
    len: usize,
    consumed: *mut usize,
    batch: *mut EventBatch,
) -> Status {
    let function = |decoder: &mut BatchDecoder, input: &mut &[u8]| Ok(EventBatch::new(decoder.push(input)));
    // SAFETY: as the contract of this function demands.
    unsafe { push(decoder, (data, len), consumed, batch, function) }
}

/// Reports that the input has ended. Discards an unfinished event, as the standard requires; `pending_bytes` becomes
/// the number of its bytes, and 0 if the input ended between two events. An unfinished line counts as well, even a
/// comment. The decoder is then ready for another connection, as after `ssewire_decoder_reset`.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_finish(decoder: *mut Decoder, pending_bytes: *mut u64) -> Status {
    let function = |decoder: &mut BatchDecoder| Ok(decoder.finish().err().map_or(0, |cut| cut.pending_bytes()));
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, pending_bytes, function) }
}

/// Reports that the input has ended, and returns an unfinished event: for streams that end in `data: [DONE]` without a
/// blank line. The batch has at most one record. The decoder is then ready for another connection, as after
/// `ssewire_decoder_reset`.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_finish_event(decoder: *mut Decoder, batch: *mut EventBatch) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, batch, |decoder| Ok(EventBatch::new(decoder.finish_event()))) }
}

/// Discards an unfinished event: the next bytes are from another connection. Keeps the last event ID and the
/// reconnection time.
///
/// # Safety
/// The pointer is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_reset(decoder: *mut Decoder) -> Status {
    let function = |decoder: &mut BatchDecoder| {
        decoder.reset();
        Ok(())
    };
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (), function) }
}

/// Sets the last event ID, from `len` bytes at `id`. An event that sets none has this ID. `id` may point into the ID
/// that `ssewire_decoder_last_event_id` returned. `id` may be NULL if `len` is 0: this removes the ID.
///
/// # Safety
/// The pointers are NULL or valid; `id` has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_set_last_event_id(
    decoder: *mut Decoder,
    id: *const c_char,
    len: usize,
) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(id) = (unsafe { borrow_bytes(id.cast(), len) }) else { return Status::InvalidArgument };
    // A copy, because the ID of the decoder itself moves while the decoder makes room for the new one.
    let id = id.to_vec();
    let function = |decoder: &mut BatchDecoder| decoder.set_last_event_id(&id).map_err(|_| Status::InvalidId);
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (), function) }
}

/// Returns the last event ID, which a client that reconnects sends as `Last-Event-ID`. These are the bytes of the
/// stream, which may be ill-formed UTF-8. Valid until the next call with the decoder.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_last_event_id(
    decoder: *mut Decoder,
    id: *mut *const c_char,
    len: *mut usize,
) -> Status {
    let function = |decoder: &mut BatchDecoder| {
        let id = decoder.last_event_id();
        Ok((address_of(id).cast(), id.len()))
    };
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (id, len), function) }
}

/// Returns the reconnection time that the stream set last: `has_retry` says whether it set one, `retry_ms` becomes its
/// milliseconds.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_retry(
    decoder: *mut Decoder,
    has_retry: *mut bool,
    retry_ms: *mut u64,
) -> Status {
    let function = |decoder: &mut BatchDecoder| {
        let retry_ms = decoder.retry_ms();
        Ok((retry_ms.is_some(), retry_ms.unwrap_or(0)))
    };
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (has_retry, retry_ms), function) }
}
