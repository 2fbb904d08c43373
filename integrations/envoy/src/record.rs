//! The exported values of a message: metrics, and fields for access logs.

/// One message, or the body in place of one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Record {
    /// The model that wrote the message, as the server names it.
    pub model: Option<Box<str>>,
    /// How the message ended: `cancelled`, if the client went away before its end, or the name of a `Completion`.
    pub completion: &'static str,
    /// Why the model stopped; `other` if the reason is not known.
    pub stop_reason: Option<String>,
    /// The kind of the body, if the completion is `non_stream_body`: `html`, `compressed`, `empty`, …
    pub body: Option<&'static str>,
    /// The kind of the error, if the completion is `server_error`: as the Messages API names it. If that is not known:
    /// the kind of the status of the response, for example `rate_limit_error` for 429; else `4xx`, `5xx` or `other`.
    pub error: Option<String>,
    /// The usage that the server reported.
    pub tokens: Tokens,
    /// The number of token counts beyond the limit, which are left out.
    pub implausible_counts: u64,
    /// The number of complete tool calls.
    pub tool_calls: u64,
    /// The protocol violations by kind.
    pub violations: Vec<(&'static str, u64)>,
    /// The times of the message.
    pub times: Times,
}

/// The token counts of a message. A count that the server did not report is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Tokens {
    /// Neither read from the cache nor written to it.
    pub input: Option<u64>,
    /// Written by the model.
    pub output: Option<u64>,
    /// Read from the prompt cache.
    pub cache_read: Option<u64>,
    /// Written to the prompt cache.
    pub cache_write: Option<u64>,
}

/// The times of a message, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Times {
    /// From the request to the first byte of the body.
    pub first_byte_ms: Option<u64>,
    /// From the request to the first text of the answer. A stream only.
    pub first_text_ms: Option<u64>,
    /// The longest time between two chunks, or between the last one and the end.
    pub longest_gap_ms: Option<u64>,
    /// Output tokens per second, from the first byte to the end of the message. A stream only.
    pub tokens_per_second: Option<u64>,
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that grows.
    Counter,
    /// A distribution.
    Histogram,
}

/// A value for one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// The kind of the metric.
    pub kind: Kind,
    /// Its name with its labels: `ssewire.tokens|model=M|route=R|kind=output`.
    pub name: String,
    /// The value that is added, or observed.
    pub value: u64,
}

impl Record {
    /// Returns the values of this record for the metrics. `model` and `route` are labels.
    #[must_use]
    pub fn samples(&self, prefix: &str, model: &str, route: Option<&str>) -> Vec<Sample> {
        let labels = match route {
            Some(route) => format!("|model={model}|route={route}"),
            None => format!("|model={model}"),
        };
        let mut samples = Samples { prefix, labels, all: Vec::new() };
        samples.count("messages", ("completion", self.completion), 1);
        if let Some(reason) = &self.stop_reason {
            samples.count("stop_reasons", ("stop_reason", reason), 1);
        }
        for (kind, tokens) in self.tokens.by_kind() {
            samples.count("tokens", ("kind", kind), tokens.unwrap_or(0));
        }
        samples.push(Kind::Counter, "tool_calls", "", self.tool_calls);
        for (name, value) in self.times.by_name() {
            if let Some(value) = value {
                samples.push(Kind::Histogram, name, "", value);
            }
        }
        // Without the model: whether a server keeps to the protocol does not depend on it.
        samples.labels.clear();
        if let Some(body) = self.body {
            samples.count("non_stream_bodies", ("body", body), 1);
        }
        // Without the model: most errors name none.
        if let Some(error) = &self.error {
            samples.count("errors", ("error", error), 1);
        }
        for (violation, number) in &self.violations {
            samples.count("violations", ("violation", violation), *number);
        }
        samples.push(Kind::Counter, "implausible_counts", "", self.implausible_counts);
        samples.all
    }

    /// Returns the fields for access logs. Those that the message does not have are absent.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, Option<String>)> {
        let model = self.model.as_deref().filter(|model| crate::labels::is_label(model));
        let texts = [
            ("completion", Some(self.completion)),
            ("model", model),
            ("stop_reason", self.stop_reason.as_deref()),
            ("body", self.body),
            ("error", self.error.as_deref()),
        ];
        let violations = self.violations.iter().fold(0, |sum: u64, (_, number)| sum.saturating_add(*number));
        let numbers = [
            ("input_tokens", self.tokens.input),
            ("output_tokens", self.tokens.output),
            ("cache_read_tokens", self.tokens.cache_read),
            ("cache_write_tokens", self.tokens.cache_write),
            ("tool_calls", Some(self.tool_calls)),
            ("violations", Some(violations)),
        ];
        let texts = texts.into_iter().map(|(name, text)| (name, text.map(String::from)));
        let numbers = numbers.into_iter().chain(self.times.by_name());
        texts.chain(numbers.map(|(name, number)| (name, number.map(|number| number.to_string())))).collect()
    }
}

impl Tokens {
    fn by_kind(&self) -> [(&'static str, Option<u64>); 4] {
        [
            ("input", self.input),
            ("output", self.output),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
        ]
    }
}

impl Times {
    fn by_name(&self) -> [(&'static str, Option<u64>); 4] {
        [
            ("time_to_first_byte_ms", self.first_byte_ms),
            ("time_to_first_text_ms", self.first_text_ms),
            ("longest_gap_ms", self.longest_gap_ms),
            ("tokens_per_second", self.tokens_per_second),
        ]
    }
}

struct Samples<'a> {
    prefix: &'a str,
    labels: String,
    all: Vec<Sample>,
}

impl Samples<'_> {
    fn count(&mut self, name: &str, (label, value): (&str, &str), number: u64) {
        self.push(Kind::Counter, name, &format!("|{label}={value}"), number);
    }

    fn push(&mut self, kind: Kind, name: &str, label: &str, value: u64) {
        // A counter exists from its first count on.
        if kind == Kind::Histogram || value > 0 {
            let name = format!("{}.{name}{}{label}", self.prefix, self.labels);
            self.all.push(Sample { kind, name, value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            model: Some("claude-1".into()),
            completion: "complete",
            stop_reason: Some("end_turn".into()),
            tokens: Tokens { input: Some(3), output: Some(5), cache_read: Some(0), cache_write: None },
            error: Some("api_error".into()),
            violations: vec![("missing_stop", 2)],
            times: Times { first_byte_ms: Some(0), ..Times::default() },
            ..Record::default()
        }
    }

    #[test]
    fn samples_have_the_labels_of_the_record() {
        let samples = record().samples("ssewire", "claude-1", Some("chat"));
        let samples: Vec<_> = samples.iter().map(|sample| (sample.name.as_str(), sample.value)).collect();
        let expected = [
            ("ssewire.messages|model=claude-1|route=chat|completion=complete", 1),
            ("ssewire.stop_reasons|model=claude-1|route=chat|stop_reason=end_turn", 1),
            ("ssewire.tokens|model=claude-1|route=chat|kind=input", 3),
            ("ssewire.tokens|model=claude-1|route=chat|kind=output", 5),
            ("ssewire.time_to_first_byte_ms|model=claude-1|route=chat", 0),
            ("ssewire.errors|error=api_error", 1),
            ("ssewire.violations|violation=missing_stop", 2),
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn fields_are_absent_if_the_message_does_not_have_them() {
        let fields = record().fields();
        let fields: Vec<_> = fields.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        let expected = [
            ("completion", "complete"),
            ("model", "claude-1"),
            ("stop_reason", "end_turn"),
            ("error", "api_error"),
            ("input_tokens", "3"),
            ("output_tokens", "5"),
            ("cache_read_tokens", "0"),
            ("tool_calls", "0"),
            ("violations", "2"),
            ("time_to_first_byte_ms", "0"),
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_model_that_is_not_a_label_is_not_a_field() {
        let record = Record { model: Some("a\nforged log line".into()), ..record() };
        assert!(record.fields().contains(&("model", None)));
    }
}
