//! The decoder of Messages streams.

use core::ffi::{CStr, c_char};

use ssewire_batch::{MessageBatchDecoder, MessageRecord};
use ssewire_messages::{Accumulator, Incomplete, Message, ResponseHead, Validation};

use crate::handle::{Handle, call, new_handle, push};
use crate::pointer::{address_of, borrow, borrow_bytes, copy_text, free_handle};
use crate::status::{Guarded, Status};

/// Decodes a Messages stream of the Claude API, and accumulates its message. For one message, and for those after it in
/// the same body: see `ssewire_message_decoder_next_message`.
#[derive(Debug)]
pub struct MessageDecoder(Guarded<State>);

impl Handle for MessageDecoder {
    type State = State;

    fn state(&mut self) -> &mut Guarded<State> {
        &mut self.0
    }
}

#[derive(Debug)]
pub(crate) struct State {
    decoder: MessageBatchDecoder,
    /// The message that has ended last, until the decoder is used for the next one.
    ended: Option<(Result<Message, Incomplete>, Completion)>,
    is_finished: bool,
}

/// The options of a message decoder. Initialize it with zeros: 0 and NULL mean the default.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MessageOptions {
    /// The largest event in bytes; default: 16 MiB. A larger one is lost.
    pub max_event_bytes: usize,
    /// The limit of a message; default: 64 MiB. It counts the bytes that its events add, which are decoded text,
    /// thinking and tool input, and members kept as JSON, without the JSON and the SSE around them.
    pub max_bytes: usize,
    /// The largest number of content blocks; default: 4096.
    pub max_blocks: usize,
    /// The number of records at which a batch ends; default: 256. The records of one event stay together, so a batch
    /// may have more: as many as the message has content blocks, and a few. Size a copy by `record_count`.
    pub max_records: usize,
    /// The header `content-type` of the response, `content_type_len` bytes; default: unknown. It helps to explain a
    /// body that is not a stream.
    pub content_type: *const c_char,
    /// The number of bytes of the content type.
    pub content_type_len: usize,
    /// The HTTP status of the response; default: unknown. It helps to explain an error of the server.
    pub status: u16,
    /// Whether the first violation of the protocol ends the message. An unterminated message is incomplete then.
    pub strict: bool,
}

impl Default for MessageOptions {
    fn default() -> Self {
        Self {
            max_event_bytes: 0,
            max_bytes: 0,
            max_blocks: 0,
            max_records: 0,
            content_type: core::ptr::null(),
            content_type_len: 0,
            status: 0,
            strict: false,
        }
    }
}

/// The updates of a chunk. Valid until the next call with the decoder.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MessageBatch {
    /// The records, in the order of the stream.
    pub records: *const MessageRecord,
    /// The number of records.
    pub record_count: usize,
    /// The text that the records point into: UTF-8, without a NUL at its end.
    pub text: *const c_char,
    /// The number of bytes of the text.
    pub text_len: usize,
    /// Whether the message has ended, even if the connection is open. Always true of
    /// `ssewire_message_decoder_push_end`.
    pub is_ended: bool,
}

/// How a message ended, or would end if the input ended here. If several reasons hold, the first in the order of this
/// list from `NON_STREAM_BODY` on.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// All of it arrived.
    Complete = 0,
    /// All content and the stop reason arrived, but not `message_stop`. With `strict` it is incomplete, as
    /// `ssewire_message_decoder_explain` says.
    Unterminated = 1,
    /// Nothing of a Messages stream was seen.
    NonStreamBody = 2,
    /// The server reported an error.
    ServerError = 3,
    /// The message, or an event of it, is larger than its limit.
    LimitExceeded = 4,
    /// An event that violates the protocol was rejected.
    RejectedByStrictMode = 5,
    /// The input ended before the message did.
    Truncated = 6,
    /// A piece of content, the stop reason, or the start of another message was undecodable.
    ContentLost = 7,
    /// The input of a tool call is truncated or not valid JSON.
    ToolInput = 8,
    /// A reason that this version of the library does not know.
    Unknown = 9,
}

impl Completion {
    const ALL: [Self; 10] = [
        Self::Complete,
        Self::Unterminated,
        Self::NonStreamBody,
        Self::ServerError,
        Self::LimitExceeded,
        Self::RejectedByStrictMode,
        Self::Truncated,
        Self::ContentLost,
        Self::ToolInput,
        Self::Unknown,
    ];

    fn text(self) -> &'static CStr {
        match self {
            Self::Complete => c"message is complete",
            Self::Unterminated => c"message_stop is missing, but all content arrived",
            Self::NonStreamBody => c"body is not a Messages stream",
            Self::ServerError => c"server reported an error",
            Self::LimitExceeded => c"message, or an event of it, is larger than its limit",
            Self::RejectedByStrictMode => c"event that violates the protocol was rejected, so content may be missing",
            Self::Truncated => c"stream is truncated before the message was complete",
            Self::ContentLost => c"event could not be decoded, so text or tool input may be missing",
            Self::ToolInput => c"tool input is truncated or not valid JSON",
            Self::Unknown => c"message is incomplete",
        }
    }
}

impl From<ssewire_messages::Completion> for Completion {
    fn from(completion: ssewire_messages::Completion) -> Self {
        use ssewire_messages::Completion as Of;
        match completion {
            Of::Complete => Self::Complete,
            Of::Unterminated => Self::Unterminated,
            Of::NonStreamBody => Self::NonStreamBody,
            Of::ServerError => Self::ServerError,
            Of::LimitExceeded => Self::LimitExceeded,
            Of::RejectedByStrictMode => Self::RejectedByStrictMode,
            Of::Truncated => Self::Truncated,
            Of::ContentLost => Self::ContentLost,
            Of::ToolInput => Self::ToolInput,
            _ => Self::Unknown,
        }
    }
}

impl State {
    fn new(decoder: MessageBatchDecoder) -> Self {
        Self { decoder, ended: None, is_finished: false }
    }

    /// Returns the decoder, to continue the stream. Drops the result of the message before.
    fn running(&mut self) -> Result<&mut MessageBatchDecoder, Status> {
        if self.is_finished {
            return Err(Status::Finished);
        }
        self.ended = None;
        Ok(&mut self.decoder)
    }

    fn push(&mut self, input: &mut &[u8]) -> Result<MessageBatch, Status> {
        let decoder = self.running()?;
        if decoder.has_input_ended() {
            return Err(Status::Finished);
        }
        let batch = MessageBatch::new(decoder.push(input), false);
        Ok(MessageBatch { is_ended: decoder.is_ended(), ..batch })
    }

    fn push_end(&mut self) -> Result<MessageBatch, Status> {
        Ok(MessageBatch::new(self.running()?.push_end(), true))
    }

    fn completion(&self) -> Completion {
        self.ended.as_ref().map_or_else(|| self.decoder.decoder().completion().into(), |(_, completion)| *completion)
    }

    fn next_message(&mut self) -> Result<Completion, Status> {
        let decoder = self.running()?;
        let completion = decoder.decoder().completion().into();
        self.ended = Some((decoder.next_message(), completion));
        Ok(completion)
    }

    fn finish(&mut self) -> Result<Completion, Status> {
        self.push_end()?;
        let completion = self.completion();
        self.ended = Some((core::mem::take(&mut self.decoder).finish(), completion));
        self.is_finished = true;
        Ok(completion)
    }

    fn json(&self) -> String {
        match &self.ended {
            Some((result, _)) => json_of(result.as_ref().unwrap_or_else(Incomplete::partial)),
            None => json_of(&self.decoder.decoder().snapshot()),
        }
    }

    fn explanation(&self) -> String {
        match &self.ended {
            Some((result, _)) => result.as_ref().err().map(Incomplete::to_string),
            None if self.decoder.decoder().is_complete() => None,
            None => Some(self.decoder.decoder().completion().to_string()),
        }
        .unwrap_or_default()
    }
}

fn json_of(message: &Message) -> String {
    message.to_json_lossy().as_str().to_owned()
}

impl MessageBatch {
    fn new(batch: ssewire_batch::MessageBatch<'_>, is_ended: bool) -> Self {
        let (records, text) = (batch.records(), batch.text());
        Self {
            records: address_of(records),
            record_count: records.len(),
            text: address_of(text.as_bytes()).cast(),
            text_len: text.len(),
            is_ended,
        }
    }
}

/// Returns a message decoder, which `ssewire_message_decoder_free` frees, or NULL after an internal error, and if the
/// content type has a length and is NULL. `options` may be NULL, and is read only during the call. Aborts the process
/// if memory runs out.
///
/// # Safety
/// `options` is NULL or points to options, whose content type has its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_new(options: *const MessageOptions) -> *mut MessageDecoder {
    // SAFETY: as the contract of this function demands.
    let options = unsafe { borrow(options) }.copied().unwrap_or_default();
    // SAFETY: as above.
    let Some(content_type) = (unsafe { borrow_bytes(options.content_type.cast(), options.content_type_len) }) else {
        return core::ptr::null_mut();
    };
    new_handle(|| {
        let mut decoder = core_decoder::Decoder::new();
        let mut accumulator = Accumulator::new();
        if options.max_event_bytes > 0 {
            decoder = decoder.with_max_event_bytes(options.max_event_bytes);
        }
        if options.max_bytes > 0 {
            accumulator = accumulator.with_max_bytes(options.max_bytes);
        }
        if options.max_blocks > 0 {
            accumulator = accumulator.with_max_blocks(options.max_blocks);
        }
        if options.strict {
            accumulator = accumulator.with_validation(Validation::Strict);
        }
        let mut decoder = ssewire_messages::MessageDecoder::new()
            .with_decoder(decoder)
            .with_accumulator(accumulator)
            .with_content_type(&String::from_utf8_lossy(content_type));
        if options.status > 0 {
            decoder = decoder.with_response_head(ResponseHead::new(options.status, [("", ""); 0]));
        }
        let mut decoder = MessageBatchDecoder::with_decoder(decoder);
        if options.max_records > 0 {
            decoder = decoder.with_max_records(options.max_records);
        }
        MessageDecoder(Guarded::new(State::new(decoder)))
    })
}

/// Frees a message decoder. NULL is allowed.
///
/// # Safety
/// `decoder` is NULL, or a message decoder that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_free(decoder: *mut MessageDecoder) {
    // SAFETY: as the contract of this function demands.
    unsafe { free_handle(decoder) };
}

/// Decodes the `len` bytes at `data` up to their end, to the end of the message, or to the largest number of records.
/// `consumed` becomes the number of bytes that were used: call again with the rest until there is none, or until
/// `is_ended` of the batch. After `ssewire_message_decoder_push_end`, a push is `SSEWIRE_STATUS_FINISHED` until
/// `ssewire_message_decoder_next_message`. The decoder keeps no pointer to the bytes. `data` may be NULL if `len` is 0.
///
/// # Safety
/// The pointers are NULL or valid; `data` has `len` bytes, none of them in memory of the decoder, such as its batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_push(
    decoder: *mut MessageDecoder,
    data: *const u8,
    len: usize,
    consumed: *mut usize,
    batch: *mut MessageBatch,
) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { push(decoder, (data, len), consumed, batch, State::push) }
}

/// Reports that the input has ended, and returns the updates that are left: an event whose blank line is missing is
/// used if its data is a complete JSON object. `max_blocks` alone limits the number of records. The message has ended,
/// too: a push is `SSEWIRE_STATUS_FINISHED` until `ssewire_message_decoder_next_message`.
/// `ssewire_message_decoder_finish` can still be called.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_push_end(
    decoder: *mut MessageDecoder,
    batch: *mut MessageBatch,
) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, batch, State::push_end) }
}

/// Reports that the input has ended, and ends the message: `completion` becomes how it ended. Discards the updates that
/// are left, for example a tool call: to see them, call `ssewire_message_decoder_push_end` before. The message stays in
/// the decoder until it is freed: see `ssewire_message_decoder_json`.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_finish(
    decoder: *mut MessageDecoder,
    completion: *mut Completion,
) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, completion, State::finish) }
}

/// Ends the message, and continues with the next one of the same body: `completion` becomes how the message ended. Call
/// it in place of `ssewire_message_decoder_finish`, which ends the decoder. `ssewire_message_decoder_json`,
/// `ssewire_message_decoder_explain` and `ssewire_message_decoder_completion` are of the message that ended until the
/// next call of another function. Then push the rest of the input, even if there is none: the start of a message that
/// replaced this one comes first. Everything else before a `message_start` is skipped. If the body ends without a
/// further record `SSEWIRE_MESSAGE_KIND_MESSAGE_START`, no further message exists, and the completion says nothing.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_next_message(
    decoder: *mut MessageDecoder,
    completion: *mut Completion,
) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, completion, State::next_message) }
}

/// Returns how the message would end if the input ended here, by the events so far. After
/// `ssewire_message_decoder_push_end`, which may use a last event without its blank line, it is final. Linear in the
/// message.
///
/// # Safety
/// The pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_completion(
    decoder: *mut MessageDecoder,
    completion: *mut Completion,
) -> Status {
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, completion, |state| Ok(state.completion())) }
}

/// Copies the message so far as JSON, in the shape of the API, with a NUL to the `capacity` bytes at `buffer`. `len`
/// becomes its length without the NUL, also if the status is `SSEWIRE_STATUS_BUFFER_TOO_SMALL`: to learn the length,
/// pass NULL and 0. Linear in the message. Unfinished tool input is the value so far: do not run a tool with it.
///
/// # Safety
/// The pointers are NULL or valid; `buffer` has `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_json(
    decoder: *mut MessageDecoder,
    buffer: *mut c_char,
    capacity: usize,
    len: *mut usize,
) -> Status {
    // SAFETY: as the contract of the exported function demands.
    let function = |state: &mut State| unsafe { copy_text(&state.json(), buffer, capacity, len) };
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (), function) }
}

/// Copies the reasons why the message would not be complete, by the events merged so far, if the input ended here, as
/// one sentence; empty if it would be. All of them after `ssewire_message_decoder_finish` and
/// `ssewire_message_decoder_next_message`, the first one before. As `ssewire_message_decoder_json`. Safe to log: never
/// text of the message.
///
/// # Safety
/// The pointers are NULL or valid; `buffer` has `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ssewire_message_decoder_explain(
    decoder: *mut MessageDecoder,
    buffer: *mut c_char,
    capacity: usize,
    len: *mut usize,
) -> Status {
    // SAFETY: as the contract of the exported function demands.
    let function = |state: &mut State| unsafe { copy_text(&state.explanation(), buffer, capacity, len) };
    // SAFETY: as the contract of this function demands.
    unsafe { call(decoder, (), function) }
}

/// Describes a completion. The string is static and ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn ssewire_completion_text(completion: u32) -> *const c_char {
    let known = Completion::ALL.into_iter().find(|known| *known as u32 == completion);
    known.unwrap_or(Completion::Unknown).text().as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_have_the_text_of_the_crate() {
        use ssewire_messages::Completion as Of;
        let all = [
            Of::NonStreamBody,
            Of::ServerError,
            Of::LimitExceeded,
            Of::RejectedByStrictMode,
            Of::Truncated,
            Of::ContentLost,
            Of::ToolInput,
            Of::Unterminated,
            Of::Complete,
        ];
        for completion in all {
            assert_eq!(Completion::from(completion).text().to_str(), Ok(completion.to_string().as_str()));
        }
    }
}
