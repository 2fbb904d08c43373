//! The meter of one response: its bytes in, a [`Record`] of each message out.

use core::time::Duration;

use ssewire::Decoder;
use ssewire_messages::{
    Accumulator, ApiError, Completion, ErrorKind, Incomplete, Message, MessageDecoder, NonStreamBody, Step, StopReason,
    Update, Usage,
};

use crate::labels::OTHER;
use crate::record::{Record, Tokens};

/// The limits of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Limits {
    /// The largest event, in bytes.
    pub event_bytes: usize,
    /// The largest number of bytes that a meter keeps of a message: its tool input and its other members, without its
    /// text; all of it, if it is not a stream.
    pub message_bytes: usize,
    /// The largest number of content blocks.
    pub blocks: usize,
    /// The largest plausible number of tokens. A count beyond it is left out.
    pub tokens: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { event_bytes: 1024 * 1024, message_bytes: 1024 * 1024, blocks: 1024, tokens: 10_000_000 }
    }
}

/// How the body of a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum End {
    /// In order.
    EndOfStream,
    /// Before its end, by the upstream, the network or a timeout.
    Cut,
    /// Before its end, because the client went away: an unfinished message is `cancelled`, not `truncated`.
    Cancelled,
}

/// Meters one response. A body with several messages has a record of each; the bytes between them are skipped.
///
/// Times are those of a clock of the caller, counted from any point. A clock that goes back yields short times, never
/// an error.
#[derive(Debug)]
pub struct Meter {
    /// `None`: the body has ended.
    decoder: Option<MessageDecoder>,
    /// Of the response.
    status: u16,
    max_tokens: u64,
    /// The number of messages that have ended.
    messages: u64,
    /// A message has ended, and nothing has been read since.
    is_between_messages: bool,
    tool_calls: u64,
    /// When the request began, or the message before this one ended.
    started: Duration,
    first_byte: Option<Duration>,
    first_text: Option<Duration>,
    last_byte: Duration,
    longest_gap: Duration,
}

impl Meter {
    /// A meter for a response of this status and content type, whose request began at this time.
    #[must_use]
    pub fn new(limits: Limits, status: u16, content_type: &str, started: Duration) -> Self {
        let accumulator = Accumulator::new()
            .with_discarded_text()
            .with_max_bytes(limits.message_bytes)
            .with_max_blocks(limits.blocks);
        let decoder = MessageDecoder::new()
            .with_decoder(Decoder::new().with_max_event_bytes(limits.event_bytes))
            .with_accumulator(accumulator)
            .with_content_type(content_type);
        Self {
            decoder: Some(decoder),
            status,
            max_tokens: limits.tokens,
            messages: 0,
            is_between_messages: false,
            tool_calls: 0,
            started,
            first_byte: None,
            first_text: None,
            last_byte: started,
            longest_gap: Duration::ZERO,
        }
    }

    /// Reads the next bytes of the body, which arrived at this time, up to the end of a message. Returns its record.
    /// `bytes` is advanced: call again until it is empty.
    pub fn push(&mut self, bytes: &mut &[u8], now: Duration) -> Option<Record> {
        if bytes.is_empty() {
            return None;
        }
        self.is_between_messages = false;
        self.note_gap(now);
        self.last_byte = now;
        if self.messages == 0 {
            self.first_byte.get_or_insert(now);
        }
        if !self.read(bytes, now) {
            return None;
        }
        let decoder = self.decoder.as_mut()?;
        let mut record = record_of(decoder, self.tool_calls);
        let result = decoder.next_message();
        self.complete(&mut record, result, now, End::EndOfStream);
        self.begin_next(now);
        // The `message_start` that ended this message arrived with it.
        self.read(&mut &[][..], now);
        self.is_between_messages = self.decoder.as_ref().is_some_and(|decoder| !decoder.has_started());
        Some(record)
    }

    /// Reads up to the end of the message. Returns whether it has ended.
    // Not inlined: the loop over deltas is inlined into it, and needed once.
    #[inline(never)]
    fn read(&mut self, bytes: &mut &[u8], now: Duration) -> bool {
        let Some(decoder) = &mut self.decoder else {
            *bytes = &[];
            return false;
        };
        loop {
            match decoder.decode(bytes) {
                Ok(Step::Update(event)) => {
                    // Everything before the start of a further message is skipped.
                    self.first_byte.get_or_insert(now);
                    note(&event.update, now, &mut self.first_text, &mut self.tool_calls);
                }
                Ok(Step::NeedInput) => return false,
                Ok(Step::Ended) | Err(_) => return true,
            }
        }
    }

    /// Returns a count of the bytes that this meter keeps, for one budget over many meters: 2 KiB, and those of its
    /// [decoder](MessageDecoder::byte_count), at the cost of that count. The heap has at most four times as many.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        const LEAST: usize = 2048;
        let kept = self.decoder.as_ref().map_or(0, MessageDecoder::byte_count);
        kept.saturating_add(LEAST)
    }

    /// Returns the most that is allocated at one time in addition, while the next `piece` bytes are read, their copy
    /// included, or, if there are none, while the body ends: 17 times what is kept and read. Ill-formed UTF-8 in the
    /// type of a block needs nearly as much. 0 if the body ends with a message: that one has its record.
    #[must_use]
    pub fn max_growth(&self, piece: usize) -> usize {
        if piece == 0 && self.is_between_messages {
            return 0;
        }
        self.byte_count().saturating_add(piece).saturating_mul(17)
    }

    /// Ends the body at this time. Returns the record of a message that has not ended, or of a body without any
    /// message. Call again until it returns `None`: a last `message_start` without its blank line ends one message, and
    /// begins another.
    pub fn end(&mut self, now: Duration, end: End) -> Option<Record> {
        let mut decoder = self.decoder.take()?;
        while let Ok(Some(event)) = decoder.decode_end() {
            self.first_byte.get_or_insert(self.last_byte);
            note(&event.update, now, &mut self.first_text, &mut self.tool_calls);
        }
        self.note_gap(now);
        if self.messages > 0 && !decoder.has_started() {
            return None;
        }
        let mut record = record_of(&decoder, self.tool_calls);
        // What another message has ended was not ended by the client.
        let end = if decoder.is_ended() { End::EndOfStream } else { end };
        let result = decoder.next_message();
        self.complete(&mut record, result, now, end);
        self.begin_next(now);
        self.decoder = Some(decoder);
        Some(record)
    }

    /// Begins a further message at the end of the one before.
    fn begin_next(&mut self, now: Duration) {
        self.messages = self.messages.saturating_add(1);
        self.tool_calls = 0;
        self.started = now;
        (self.first_byte, self.first_text, self.longest_gap) = (None, None, Duration::ZERO);
    }

    /// Notes the time since the last chunk, if the message had begun by then.
    fn note_gap(&mut self, now: Duration) {
        if self.first_byte.is_some() {
            self.longest_gap = self.longest_gap.max(now.saturating_sub(self.last_byte));
        }
    }

    /// Sets the values of the message, and its times.
    fn complete(&self, record: &mut Record, result: Result<Message, Incomplete>, now: Duration, end: End) {
        let is_stream = match result {
            Ok(message) => {
                self.set_message(record, &message);
                true
            }
            Err(incomplete) => self.set_incomplete(record, &incomplete, end),
        };
        let since_start = |time: Duration| millis(time.saturating_sub(self.started));
        record.times.first_byte_ms = self.first_byte.map(since_start);
        if is_stream {
            record.times.first_text_ms = self.first_text.map(since_start);
            record.times.longest_gap_ms = self.first_byte.map(|_| millis(self.longest_gap));
            // Until the stop reason, the count of output tokens is that of the start of the message.
            if record.stop_reason.is_some() {
                record.times.tokens_per_second = self.tokens_per_second(record.tokens, now);
            }
        }
    }

    /// Sets what an incomplete message has, or the body that there was instead. Returns whether it was a stream.
    fn set_incomplete(&self, record: &mut Record, incomplete: &Incomplete, end: End) -> bool {
        record.completion = match incomplete.reason() {
            Completion::Truncated => truncated(end),
            reason => reason.as_str(),
        };
        let error = incomplete.server_error();
        record.error = error.map(|_| error_name(error, self.status));
        match incomplete.non_stream_body() {
            Some(NonStreamBody::Message(message)) => {
                record.completion = Completion::Complete.as_str();
                record.tool_calls = message.tool_calls().map_or(0, |calls| as_u64(calls.len()));
                self.set_message(record, message);
                return false;
            }
            // By its status, also the page of a gateway is one.
            Some(body) if self.status >= 400 || matches!(body, NonStreamBody::Error(_)) => {
                record.completion = Completion::ServerError.as_str();
                record.error = Some(error_name(error, self.status));
                return false;
            }
            // A body larger than the limit is not kept, so its kind is not known.
            Some(_) if incomplete.reasons().contains(&Completion::LimitExceeded) => {
                record.completion = Completion::LimitExceeded.as_str();
                return false;
            }
            // Nor is that of a body that has not ended, but whether it began as a stream.
            Some(body) if end != End::EndOfStream => {
                record.completion = truncated(end);
                return may_be_stream(body);
            }
            Some(body) => {
                record.body = Some(body.as_str());
                return false;
            }
            None => {}
        }
        self.set_message(record, incomplete.partial());
        true
    }

    fn set_message(&self, record: &mut Record, message: &Message) {
        record.model = message.model().map(Into::into);
        record.stop_reason = message.stop_reason().map(stop_reason_name);
        let mut implausible = 0;
        let mut count = |of: fn(&Usage) -> Option<u64>| {
            let count = message.usage().and_then(of);
            if count.is_some_and(|count| count > self.max_tokens) {
                implausible += 1;
                return None;
            }
            count
        };
        record.tokens = Tokens {
            input: count(Usage::input_tokens),
            output: count(Usage::output_tokens),
            cache_read: count(Usage::cache_read_input_tokens),
            cache_write: count(Usage::cache_creation_input_tokens),
        };
        record.implausible_counts = implausible;
    }

    fn tokens_per_second(&self, tokens: Tokens, now: Duration) -> Option<u64> {
        let elapsed = millis(now.saturating_sub(self.first_byte?));
        tokens.output?.saturating_mul(1000).checked_div(elapsed)
    }
}

/// The values that are known before the message is taken out of its decoder.
fn record_of(decoder: &MessageDecoder, tool_calls: u64) -> Record {
    let violations = decoder.violations().counts().map(|(kind, number)| (kind.as_str(), number)).collect();
    Record { completion: decoder.completion().as_str(), tool_calls, violations, ..Record::default() }
}

fn note(update: &Update<'_>, now: Duration, first_text: &mut Option<Duration>, tool_calls: &mut u64) {
    if first_text.is_none() && update.text_deltas().any(|text| !text.is_empty()) {
        *first_text = Some(now);
    }
    if let Update::ToolCall(_) = update {
        *tool_calls = tool_calls.saturating_add(1);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The completion of a message that has not ended.
fn truncated(end: End) -> &'static str {
    if end == End::Cancelled { "cancelled" } else { Completion::Truncated.as_str() }
}

/// Returns whether the first bytes of a body may be those of a stream.
fn may_be_stream(body: &NonStreamBody) -> bool {
    use NonStreamBody::{Empty, OnlyComments, OnlyDone, OtherEvents, Text};
    matches!(body, Empty | OnlyComments | OnlyDone | OtherEvents | Text)
}

fn stop_reason_name(reason: &StopReason) -> String {
    match reason {
        StopReason::Unknown(_) => OTHER,
        known => known.as_str(),
    }
    .into()
}

fn error_name(error: Option<&ApiError>, status: u16) -> String {
    let named = error.and_then(ApiError::kind).filter(|kind| !matches!(kind, ErrorKind::Unknown(_))).cloned();
    if let Some(kind) = named.or_else(|| ErrorKind::from_status(status)) {
        return kind.as_str().into();
    }
    match status {
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => OTHER,
    }
    .into()
}

#[cfg(test)]
mod tests;
