//! The meter of one response: its bytes in, a [`Record`] out.

use core::time::Duration;

use ssewire::Decoder;
use ssewire_messages::{
    Accumulator, Completion, Incomplete, Message, MessageDecoder, NonStreamBody, ProtocolViolations, Step, StopReason,
    Update, Usage,
};

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

/// Meters one response. It ends with the message, so a second message in the same body is not read.
///
/// Times are those of a clock of the caller, counted from any point. A clock that goes back yields short times, never
/// an error.
#[derive(Debug)]
pub struct Meter {
    /// `None`: the record was returned.
    decoder: Option<MessageDecoder>,
    max_tokens: u64,
    tool_calls: u64,
    started: Duration,
    first_byte: Option<Duration>,
    first_text: Option<Duration>,
    last_byte: Duration,
    longest_gap: Duration,
}

impl Meter {
    /// A meter for a response of this content type, whose request began at this time.
    #[must_use]
    pub fn new(limits: Limits, content_type: &str, started: Duration) -> Self {
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
            max_tokens: limits.tokens,
            tool_calls: 0,
            started,
            first_byte: None,
            first_text: None,
            last_byte: started,
            longest_gap: Duration::ZERO,
        }
    }

    /// Reads the next bytes of the body, which arrived at this time. Returns the record once, when the message ends.
    pub fn push(&mut self, mut bytes: &[u8], now: Duration) -> Option<Record> {
        if bytes.is_empty() {
            return None;
        }
        self.tick(now);
        self.first_byte.get_or_insert(now);
        loop {
            let decoder = self.decoder.as_mut()?;
            match decoder.decode(&mut bytes) {
                Ok(Step::Update(event)) => note(&event.update, now, &mut self.first_text, &mut self.tool_calls),
                Ok(Step::NeedInput) => return None,
                Ok(Step::Ended) | Err(_) => return self.conclude(now, false),
            }
        }
    }

    /// Ends the body at this time: in order, or because the stream was cut. Returns the record, unless
    /// [`push`](Self::push) has returned it.
    pub fn end(&mut self, now: Duration, is_cut: bool) -> Option<Record> {
        if self.first_byte.is_some() && is_cut {
            self.tick(now);
        }
        self.conclude(now, is_cut)
    }

    fn tick(&mut self, now: Duration) {
        if self.first_byte.is_some() {
            self.longest_gap = self.longest_gap.max(now.saturating_sub(self.last_byte));
        }
        self.last_byte = now;
    }

    fn conclude(&mut self, now: Duration, is_cut: bool) -> Option<Record> {
        let mut decoder = self.decoder.take()?;
        while let Ok(Step::Update(event)) = decoder.decode_end() {
            note(&event.update, now, &mut self.first_text, &mut self.tool_calls);
        }
        let completion = decoder.completion();
        let mut record = match decoder.accumulator().violations() {
            violations if violations.is_empty() => Record::default(),
            violations => Record { violations: by_kind(violations), ..Record::default() },
        };
        record.completion = name(completion);
        record.tool_calls = self.tool_calls;
        let is_stream = match decoder.finish() {
            Ok(message) => {
                self.set_message(&mut record, &message);
                true
            }
            Err(incomplete) => self.set_incomplete(&mut record, &incomplete, is_cut),
        };
        let since_start = |time: Duration| millis(time.saturating_sub(self.started));
        record.times.first_byte_ms = self.first_byte.map(since_start);
        if is_stream {
            record.times.first_text_ms = self.first_text.map(since_start);
            record.times.longest_gap_ms = self.first_byte.map(|_| millis(self.longest_gap));
            record.times.tokens_per_second = self.tokens_per_second(record.tokens, now);
        }
        Some(record)
    }

    /// Sets what an incomplete message has, or the body that there was instead. Returns whether it was a stream.
    fn set_incomplete(&self, record: &mut Record, incomplete: &Incomplete, is_cut: bool) -> bool {
        record.completion = name(incomplete.reason());
        match incomplete.non_stream_body() {
            Some(NonStreamBody::Message(message)) => {
                record.completion = name(Completion::Complete);
                record.tool_calls = message.tool_calls().map_or(0, |calls| as_u64(calls.len()));
                self.set_message(record, message);
                return false;
            }
            Some(NonStreamBody::Error(_)) => {
                record.completion = name(Completion::ServerError);
                return false;
            }
            // The body has not ended, so its kind is not known.
            Some(_) if is_cut => record.completion = name(Completion::Truncated),
            Some(body) => {
                record.body = Some(body_name(body));
                return false;
            }
            None => {}
        }
        self.set_message(record, incomplete.message());
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

fn name(completion: Completion) -> &'static str {
    match completion {
        Completion::NonStreamBody => "non_stream_body",
        Completion::ServerError => "server_error",
        Completion::LimitExceeded => "limit_exceeded",
        Completion::RejectedByStrictMode => "rejected",
        Completion::Truncated => "truncated",
        Completion::ContentLost => "content_lost",
        Completion::ToolInput => "tool_input",
        Completion::Unterminated => "unterminated",
        Completion::Complete => "complete",
        _ => "other",
    }
}

fn body_name(body: &NonStreamBody) -> &'static str {
    match body {
        NonStreamBody::Json => "json",
        NonStreamBody::Html => "html",
        NonStreamBody::Compressed => "compressed",
        NonStreamBody::Utf16 => "utf16",
        NonStreamBody::Binary => "binary",
        NonStreamBody::Text => "text",
        NonStreamBody::ContentType(_) => "content_type",
        NonStreamBody::Empty => "empty",
        NonStreamBody::OnlyComments => "only_comments",
        NonStreamBody::OtherEvents => "other_events",
        NonStreamBody::OnlyDone => "only_done",
        _ => "other",
    }
}

fn stop_reason_name(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::PauseTurn => "pause_turn",
        StopReason::Refusal => "refusal",
        StopReason::ModelContextWindowExceeded => "model_context_window_exceeded",
        StopReason::Compaction => "compaction",
        _ => crate::labels::OTHER,
    }
}

fn by_kind(violations: &ProtocolViolations) -> Vec<(String, u64)> {
    violations.counts().map(|(kind, number)| (snake_case(&format!("{kind:?}")), number)).collect()
}

/// `MissingStop` is `missing_stop`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests;
