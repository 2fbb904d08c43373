//! The configuration of the filter: a JSON object, in which every member has a default.

use core::fmt;
use core::ops::RangeInclusive;

use ssewire_messages::{RawJson, RawJsonRef};

use crate::labels::{is_label, is_part_of_name};
use crate::meter::Limits;

/// The configuration of the filter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// `paths`: the paths of requests whose responses are read, without query. One `*` in a path matches any text.
    pub paths: Vec<String>,
    /// `content_types`: the content types that are read, without parameters, in lower case.
    pub content_types: Vec<String>,
    /// `models`: names of models, which are labels, and beginnings that end in `*`, whose models are labels up to
    /// `max_models` in all. All other models have the label `other`. Empty: every model may be a label.
    pub models: Vec<String>,
    /// `max_models`: the largest number of model labels, over all threads. Further models have the label `other`.
    pub max_models: usize,
    /// `max_routes`: the same for labels of routes. 0: metrics have no such label.
    pub max_routes: usize,
    /// `max_event_bytes`, `max_message_bytes`, `max_blocks`, `max_tokens`: the limits of a stream.
    pub limits: Limits,
    /// `max_vm_bytes`: the most that the meters of one VM keep. The meter that exceeds it is dropped.
    pub max_vm_bytes: usize,
    /// `request_id_headers`: the response headers whose value is exported as the request id. The first one present
    /// counts.
    pub request_id_headers: Vec<String>,
    /// `metrics`: whether metrics are recorded.
    pub metrics: bool,
    /// `prefix`: the first part of the name of each metric and field. Configurations of one prefix share their labels.
    pub prefix: String,
    /// `filter_state`: whether the record is stored in the filter state, for access logs and other filters.
    pub filter_state: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            paths: vec!["*/messages".into()],
            content_types: vec!["text/event-stream".into(), "application/json".into()],
            models: Vec::new(),
            max_models: 32,
            max_routes: 0,
            limits: Limits::default(),
            max_vm_bytes: 256 * 1024 * 1024,
            request_id_headers: vec!["request-id".into()],
            metrics: true,
            prefix: "ssewire".into(),
            filter_state: true,
        }
    }
}

/// The configuration is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not valid JSON. The offset of the first unexpected byte.
    Syntax {
        /// In bytes.
        offset: usize,
    },
    /// It is JSON, but not an object.
    NotAnObject,
    /// It has a member of this name, which is not known.
    UnknownMember(String),
    /// It has two members of this name.
    DuplicateMember(String),
    /// This member has another type, or is out of range.
    Member {
        /// Its name.
        name: &'static str,
        /// The values that it may have.
        expected: &'static str,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { offset } => write!(f, "configuration is not valid JSON (at byte {offset})"),
            Self::NotAnObject => f.write_str("configuration is not a JSON object"),
            Self::UnknownMember(name) => write!(f, "configuration has an unknown member `{name}`"),
            Self::DuplicateMember(name) => write!(f, "configuration has two members `{name}`"),
            Self::Member { name, expected } => write!(f, "configuration member `{name}` is not {expected}"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Reads the configuration. Without any bytes, it is the default.
    ///
    /// # Errors
    /// [`ConfigError`], which names the member.
    pub fn from_json(json: &[u8]) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        if json.trim_ascii().is_empty() {
            return Ok(config);
        }
        let json = RawJson::from_bytes(json).map_err(|error| ConfigError::Syntax { offset: error.offset() })?;
        if !json.as_json().is_object() {
            return Err(ConfigError::NotAnObject);
        }
        let mut seen = Vec::new();
        for (name, value) in json.as_json().members() {
            if seen.contains(&name) {
                return Err(ConfigError::DuplicateMember(name.into_owned()));
            }
            config.set(&name, value)?;
            seen.push(name);
        }
        if config.models.iter().filter(|model| !model.ends_with('*')).count() > config.max_models {
            return Err(ConfigError::Member { name: "models", expected: "a list of at most `max_models` whole names" });
        }
        Ok(config)
    }

    /// Returns whether the response to a request for this path, which may have a query, is read.
    #[must_use]
    pub fn reads_path(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        self.paths.iter().any(|pattern| match pattern.split_once('*') {
            Some((beginning, end)) => path.strip_prefix(beginning).is_some_and(|rest| rest.ends_with(end)),
            None => path == pattern,
        })
    }

    fn set(&mut self, name: &str, value: RawJsonRef<'_>) -> Result<(), ConfigError> {
        const BYTES: RangeInclusive<usize> = 1024..=16 * 1024 * 1024;
        const EXPECTED_BYTES: &str = "a number from 1024 to 16777216";
        const LABELS: RangeInclusive<usize> = 0..=1024;
        const EXPECTED_LABELS: &str = "a number from 0 to 1024";
        match name {
            "paths" => {
                let expected = "a list of paths without query that begin with / or *, and have one * at most";
                self.paths = names("paths", value, is_path_pattern, expected)?;
            }
            "content_types" => {
                let expected = "a list of content types in lower case, without parameters";
                self.content_types = names("content_types", value, is_content_type, expected)?;
            }
            "models" => {
                let expected = "a list of model names, without other and unknown, or of beginnings that end in *";
                self.models = names("models", value, is_model_pattern, expected)?;
            }
            "max_models" => self.max_models = count("max_models", value, LABELS, EXPECTED_LABELS)?,
            "max_routes" => self.max_routes = count("max_routes", value, LABELS, EXPECTED_LABELS)?,
            "max_event_bytes" => {
                self.limits.event_bytes = count("max_event_bytes", value, BYTES, EXPECTED_BYTES)?;
            }
            "max_message_bytes" => {
                self.limits.message_bytes = count("max_message_bytes", value, BYTES, EXPECTED_BYTES)?;
            }
            "max_blocks" => {
                self.limits.blocks = count("max_blocks", value, 1..=65_536, "a number from 1 to 65536")?;
            }
            "max_tokens" => {
                let expected = "a number from 1 to 1000000000000";
                let tokens = value.as_u64().filter(|tokens| (1..=1_000_000_000_000).contains(tokens));
                self.limits.tokens = tokens.ok_or(ConfigError::Member { name: "max_tokens", expected })?;
            }
            "max_vm_bytes" => {
                let expected = "a number from 1048576 to 1073741824";
                self.max_vm_bytes = count("max_vm_bytes", value, 1024 * 1024..=1024 * 1024 * 1024, expected)?;
            }
            "request_id_headers" => {
                let expected = "a list of header names in lower case";
                self.request_id_headers = names("request_id_headers", value, is_lower, expected)?;
            }
            "metrics" => self.metrics = boolean("metrics", value)?,
            "prefix" => {
                let expected = "a string of 1 to 32 of the characters a-z, 0-9 and _, without a digit first";
                let prefix = value.decode_string().filter(|prefix| is_prefix(prefix));
                self.prefix = prefix.ok_or(ConfigError::Member { name: "prefix", expected })?.into();
            }
            "filter_state" => self.filter_state = boolean("filter_state", value)?,
            // The name is the operator's own, but may have any length.
            _ => return Err(ConfigError::UnknownMember(name.chars().take(64).collect())),
        }
        Ok(())
    }
}

fn names(
    name: &'static str,
    value: RawJsonRef<'_>,
    is_valid: fn(&str) -> bool,
    expected: &'static str,
) -> Result<Vec<String>, ConfigError> {
    const MAX_NAMES: usize = 1024;
    let error = ConfigError::Member { name, expected };
    if !value.is_array() {
        return Err(error);
    }
    let names: Option<Vec<String>> =
        value.elements().map(|name| name.decode_string().filter(|name| is_valid(name)).map(Into::into)).collect();
    names.filter(|names| names.len() <= MAX_NAMES).ok_or(error)
}

fn count(
    name: &'static str,
    value: RawJsonRef<'_>,
    range: RangeInclusive<usize>,
    expected: &'static str,
) -> Result<usize, ConfigError> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.filter(|count| range.contains(count)).ok_or(ConfigError::Member { name, expected })
}

fn boolean(name: &'static str, value: RawJsonRef<'_>) -> Result<bool, ConfigError> {
    match value.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ConfigError::Member { name, expected: "true or false" }),
    }
}

/// Envoy and HTTP/2 have names in lower case.
fn is_lower(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && byte != b';')
}

fn is_path_pattern(path: &str) -> bool {
    path.starts_with(['/', '*'])
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#')
        && path.bytes().filter(|byte| *byte == b'*').count() <= 1
}

fn is_content_type(name: &str) -> bool {
    name.contains('/') && is_lower(name)
}

fn is_model_pattern(name: &str) -> bool {
    name == "*" || is_label(name) || name.strip_suffix('*').is_some_and(is_part_of_name)
}

fn is_prefix(prefix: &str) -> bool {
    // Envoy hides a metric from Prometheus if its name begins with a digit.
    (1..=32).contains(&prefix.len())
        && !prefix.starts_with(|first: char| first.is_ascii_digit())
        && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        Config::from_json(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_member_has_a_default() {
        assert_eq!(Config::from_json(b""), Ok(Config::default()));
        assert_eq!(Config::from_json(b" {} "), Ok(Config::default()));
    }

    #[test]
    fn every_member_is_read() {
        let json = br#"{"paths":["/v1/messages"],"content_types":["text/event-stream"],
            "models":["claude-*"],"max_models":2,"max_routes":3,
            "max_event_bytes":2048,"max_message_bytes":4096,"max_blocks":5,"max_tokens":6,"max_vm_bytes":1048576,
            "request_id_headers":["x-id"],
            "metrics":false,"prefix":"team_1","filter_state":false}"#;
        let expected = Config {
            paths: vec!["/v1/messages".into()],
            content_types: vec!["text/event-stream".into()],
            models: vec!["claude-*".into()],
            max_models: 2,
            max_routes: 3,
            limits: Limits { event_bytes: 2048, message_bytes: 4096, blocks: 5, tokens: 6 },
            max_vm_bytes: 1_048_576,
            request_id_headers: vec!["x-id".into()],
            metrics: false,
            prefix: "team_1".into(),
            filter_state: false,
        };
        assert_eq!(Config::from_json(json), Ok(expected));
    }

    #[test]
    fn paths_are_compared_without_query_and_one_asterisk_is_any_text() {
        let reads = |paths: &str, path| {
            let json = format!(r#"{{"paths":{paths}}}"#);
            Config::from_json(json.as_bytes()).unwrap().reads_path(path)
        };
        for path in ["/v1/messages", "/v1/messages?beta=true", "/anthropic/v1/messages"] {
            assert!(Config::default().reads_path(path), "{path}");
        }
        for path in ["", "/health", "/v1/models", "/v1/messages/count_tokens", "/v1/messages/", "/a?b=/messages"] {
            assert!(!Config::default().reads_path(path), "{path}");
        }
        assert!(reads(r#"["*"]"#, "/any"));
        assert!(!reads("[]", "/v1/messages"));
        assert!(reads(r#"["/a/*:stream", "/b"]"#, "/a/model:stream?x"));
        assert!(reads(r#"["/a/*:stream", "/b"]"#, "/b"));
        assert!(!reads(r#"["/a/*:stream", "/b"]"#, "/b/c"));
        // The beginning and the end do not overlap.
        assert!(!reads(r#"["/aa*aa/"]"#, "/aaa/"));
    }

    #[test]
    fn an_error_names_the_member() {
        let cases = [
            (r#"{"paths":"/v1/messages"}"#, "paths"),
            (r#"{"paths":[""]}"#, "paths"),
            (r#"{"paths":["v1/messages"]}"#, "paths"),
            (r#"{"paths":["/v1/messages?beta=true"]}"#, "paths"),
            (r#"{"paths":["/a b"]}"#, "paths"),
            (r#"{"paths":["*/messages*"]}"#, "paths"),
            (r#"{"content_types":"text/event-stream"}"#, "content_types"),
            (r#"{"content_types":["Text/Event-Stream"]}"#, "content_types"),
            (r#"{"content_types":["text/event-stream; charset=utf-8"]}"#, "content_types"),
            (r#"{"models":["a|b"]}"#, "models"),
            (r#"{"models":[1]}"#, "models"),
            (r#"{"models":["other"]}"#, "models"),
            (r#"{"models":["unknown"]}"#, "models"),
            (r#"{"models":["a","b","c*"],"max_models":1}"#, "models"),
            (r#"{"max_models":0,"models":["a"]}"#, "models"),
            (r#"{"max_models":1025}"#, "max_models"),
            (r#"{"max_models":-1}"#, "max_models"),
            (r#"{"max_routes":"3"}"#, "max_routes"),
            (r#"{"max_event_bytes":1023}"#, "max_event_bytes"),
            (r#"{"max_event_bytes":16777217}"#, "max_event_bytes"),
            (r#"{"max_message_bytes":16777217}"#, "max_message_bytes"),
            (r#"{"max_message_bytes":1e99}"#, "max_message_bytes"),
            (r#"{"max_blocks":0}"#, "max_blocks"),
            (r#"{"max_tokens":null}"#, "max_tokens"),
            (r#"{"max_vm_bytes":1048575}"#, "max_vm_bytes"),
            (r#"{"request_id_headers":["Request-Id"]}"#, "request_id_headers"),
            (r#"{"request_id_headers":[""]}"#, "request_id_headers"),
            (r#"{"metrics":1}"#, "metrics"),
            (r#"{"prefix":""}"#, "prefix"),
            (r#"{"prefix":"a.b"}"#, "prefix"),
            (r#"{"prefix":"1a"}"#, "prefix"),
            (r#"{"filter_state":"true"}"#, "filter_state"),
        ];
        for (json, member) in cases {
            let error = error(json);
            assert!(error.starts_with(&format!("configuration member `{member}` is not ")), "{json}: {error}");
        }
        assert_eq!(error(r#"{"max_model":1}"#), "configuration has an unknown member `max_model`");
        assert_eq!(error(r#"{"metrics":true,"metrics":false}"#), "configuration has two members `metrics`");
        assert_eq!(error("[]"), "configuration is not a JSON object");
        assert_eq!(error("{"), "configuration is not valid JSON (at byte 1)");
    }
}
