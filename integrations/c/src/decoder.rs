//! The decoder of event streams.

use core::ffi::c_char;

use ssewire_batch::{BatchDecoder, EventRecord};

use crate::pointer::{borrow, borrow_bytes, borrow_handle, free_handle, into_handle, set};
use crate::status::{Guarded, Status, guard};

/// Decodes an event stream (HTML standard, "Server-sent events").
#[derive(Debug)]
pub struct Decoder(Guarded<BatchDecoder>);

/// The options of a decoder. Initialize it with zeros: 0 means the default.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DecoderOptions {
    /// The largest event in bytes; default: 16 MiB. A larger one is a record of the kind `SSEWIRE_EVENT_KIND_LOST`.
    pub max_event_bytes: usize,
    /// The longest last event ID in bytes; default: 4 KiB. A longer one is ignored.
    pub max_id_bytes: usize,
    /// The number of records at which a batch ends; default: 1024.
    pub max_records: usize,
    /// Whether comments are records, too.
    pub comments: bool,
}

/// The events of a chunk. Lent by the decoder until its next call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct EventBatch {
    /// The records, in the order of the stream.
    pub records: *const EventRecord,
    /// The number of records.
    pub record_count: usize,
    /// The text that the records point into: UTF-8, without a NUL at its end.
    pub text: *const c_char,
    /// The number of bytes of the text.
    pub text_len: usize,
}

impl EventBatch {
    fn new(batch: ssewire_batch::EventBatch<'_>) -> Self {
        let (records, text) = (batch.records(), batch.text());
        Self {
            records: records.as_ptr(),
            record_count: records.len(),
            text: text.as_ptr().cast(),
            text_len: text.len(),
        }
    }
}

/// Returns a decoder, or NULL if there is no memory. `options` may be NULL.
///
/// # Safety
/// `options` is NULL or points to options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_new(options: *const DecoderOptions) -> *mut Decoder {
    // SAFETY: as the contract of this function demands.
    let options = unsafe { borrow(options) };
    let decoder = guard(|| {
        let mut decoder = core_decoder::Decoder::new();
        let mut max_records = ssewire_batch::DEFAULT_MAX_RECORDS;
        if let Some(options) = options {
            if options.max_event_bytes > 0 {
                decoder = decoder.with_max_event_bytes(options.max_event_bytes);
            }
            if options.max_id_bytes > 0 {
                decoder = decoder.with_max_id_bytes(options.max_id_bytes);
            }
            if options.max_records > 0 {
                max_records = options.max_records;
            }
        }
        let decoder = BatchDecoder::new().with_decoder(decoder).with_max_records(max_records);
        if options.is_some_and(|options| options.comments) { decoder.with_comments() } else { decoder }
    });
    decoder.map_or(core::ptr::null_mut(), |decoder| into_handle(Decoder(Guarded::new(decoder))))
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

/// Decodes the `len` bytes at `data` up to their end, or to the largest number of records. `consumed` becomes the number of
/// bytes that were used: call again with the rest until there is none. The bytes stay the caller's, and are not needed after the
/// call. `data` may be NULL if `len` is 0.
///
/// # Safety
/// The pointers are NULL or valid; `data` has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_push(
    decoder: *mut Decoder,
    data: *const u8,
    len: usize,
    consumed: *mut usize,
    batch: *mut EventBatch,
) -> Status {
    // SAFETY: as the contract of this function demands.
    let bytes = unsafe { borrow_bytes(data, len) };
    // SAFETY: as the contract of this function demands.
    let decoder = unsafe { borrow_handle(decoder) };
    let (Some(mut input), Some(decoder)) = (bytes, decoder) else { return Status::InvalidArgument };
    if consumed.is_null() || batch.is_null() {
        return Status::InvalidArgument;
    }
    decoder.0.with(|decoder| {
        let pushed = EventBatch::new(decoder.push(&mut input));
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(batch, pushed) };
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(consumed, len - input.len()) };
        Status::Ok
    })
}

/// Reports that the input has ended. Discards an unfinished event, as the standard has it; `pending_bytes` becomes the number of
/// its bytes, and 0 if the input ended between two events.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_finish(decoder: *mut Decoder, pending_bytes: *mut u64) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(decoder) = (unsafe { borrow_handle(decoder) }) else { return Status::InvalidArgument };
    if pending_bytes.is_null() {
        return Status::InvalidArgument;
    }
    decoder.0.with(|decoder| {
        let pending = decoder.finish();
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(pending_bytes, pending) };
        Status::Ok
    })
}

/// Reports that the input has ended, and returns an unfinished event: for streams that end in `data: [DONE]` without a blank
/// line. The batch has at most one record.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_finish_event(decoder: *mut Decoder, batch: *mut EventBatch) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(decoder) = (unsafe { borrow_handle(decoder) }) else { return Status::InvalidArgument };
    if batch.is_null() {
        return Status::InvalidArgument;
    }
    decoder.0.with(|decoder| {
        let last = EventBatch::new(decoder.finish_event());
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(batch, last) };
        Status::Ok
    })
}

/// Discards an unfinished event: the next bytes are from another connection. Keeps the last event ID and the reconnection time.
///
/// # Safety
/// The pointer is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_reset(decoder: *mut Decoder) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(decoder) = (unsafe { borrow_handle(decoder) }) else { return Status::InvalidArgument };
    decoder.0.with(|decoder| {
        decoder.reset();
        Status::Ok
    })
}

/// Sets the last event ID, from `len` bytes at `id`. An event that sets none has this ID.
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
    let id = unsafe { borrow_bytes(id.cast(), len) };
    // SAFETY: as the contract of this function demands.
    let decoder = unsafe { borrow_handle(decoder) };
    let (Some(id), Some(decoder)) = (id, decoder) else { return Status::InvalidArgument };
    decoder.0.with(|decoder| match decoder.set_last_event_id(id) {
        Ok(()) => Status::Ok,
        Err(_) => Status::InvalidId,
    })
}

/// Lends the last event ID, which a client that reconnects sends as `Last-Event-ID`. These are the bytes of the stream, which may
/// be no UTF-8.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_decoder_last_event_id(
    decoder: *mut Decoder,
    id: *mut *const c_char,
    len: *mut usize,
) -> Status {
    // SAFETY: as the contract of this function demands.
    let Some(decoder) = (unsafe { borrow_handle(decoder) }) else { return Status::InvalidArgument };
    if id.is_null() || len.is_null() {
        return Status::InvalidArgument;
    }
    decoder.0.with(|decoder| {
        let last = decoder.last_event_id();
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(id, last.as_ptr().cast()) };
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(len, last.len()) };
        Status::Ok
    })
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
    // SAFETY: as the contract of this function demands.
    let Some(decoder) = (unsafe { borrow_handle(decoder) }) else { return Status::InvalidArgument };
    if has_retry.is_null() || retry_ms.is_null() {
        return Status::InvalidArgument;
    }
    decoder.0.with(|decoder| {
        let retry = decoder.retry();
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(has_retry, retry.is_some()) };
        let milliseconds = retry.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        // SAFETY: as the contract of the exported function demands.
        unsafe { set(retry_ms, milliseconds) };
        Status::Ok
    })
}
