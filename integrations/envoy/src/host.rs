//! The calls of the host. Whatever goes wrong here, the response passes on: nothing is changed, held or stopped.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MetricType};

use crate::labels::UNKNOWN;
use crate::memory::{Share, can_allocate};
use crate::response::{CLIENT_GONE, ENCODED, Reading, cause_of_end, media_type};
use crate::{Config, End, Kind, LabelStore, Labels, Meter, Record, Sample};

// The macro exports the entry point under its name.
#[allow(unsafe_code)]
mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Warn);
        proxy_wasm::set_root_context(|_| Box::new(super::Root(None)));
    }}
}

/// The filter under one configuration.
struct Root(Option<Rc<Plugin>>);

/// State that the streams of one configuration and one thread share.
struct Plugin {
    config: Config,
    models: RefCell<Labels>,
    routes: RefCell<Labels>,
    metrics: RefCell<BTreeMap<String, u32>>,
    has_warned_of_encoding: Cell<bool>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let json = self.get_plugin_configuration().unwrap_or_default();
        match Config::from_json(&json) {
            Ok(config) => {
                self.0 = Some(Rc::new(Plugin {
                    models: RefCell::new(Labels::new(&config.models, config.max_models)),
                    routes: RefCell::new(Labels::new(&[], config.max_routes)),
                    metrics: RefCell::default(),
                    has_warned_of_encoding: Cell::new(false),
                    config,
                }));
                true
            }
            Err(error) => {
                let _ = hostcalls::log(LogLevel::Error, &format!("ssewire: {error}"));
                false
            }
        }
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        let plugin = Rc::clone(self.0.as_ref()?);
        Some(Box::new(Stream {
            plugin,
            started: Duration::ZERO,
            meter: None,
            messages: 0,
            has_path: false,
            is_read: false,
            is_ended: false,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One request and its response.
struct Stream {
    plugin: Rc<Plugin>,
    started: Duration,
    /// Boxed: most of the filter's streams may be of another content type.
    meter: Option<Box<Metering>>,
    /// The number of records exported.
    messages: u64,
    /// The request is for a path whose response is read.
    has_path: bool,
    /// The response is read by the meter.
    is_read: bool,
    /// The response has ended in order.
    is_ended: bool,
}

/// A meter, and its share of the memory of the VM.
struct Metering {
    meter: Meter,
    share: Share,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _is_end: bool) -> Action {
        self.started = now();
        let path = self.get_http_request_header_bytes(":path").unwrap_or_default();
        self.has_path = self.plugin.config.reads_path(&String::from_utf8_lossy(&path));
        #[cfg(feature = "crash")]
        if self.get_http_request_header_bytes("x-ssewire-crash").is_some() {
            core::unreachable!("asked for by the test");
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, is_end: bool) -> Action {
        let plugin = &*self.plugin;
        if let Some(id) = self.request_id() {
            plugin.set_field("request_id", &id);
        }
        if !self.has_path {
            plugin.skip("path");
            return Action::Continue;
        }
        let header = |name| self.get_http_response_header_bytes(name).unwrap_or_default();
        let media_type = media_type(&header("content-type"));
        let status =
            core::str::from_utf8(&header(":status")).ok().and_then(|status| status.parse().ok()).unwrap_or_default();
        let reading = Reading::of(&plugin.config, status, &media_type, &header("content-encoding"), !is_end);
        if let Reading::Skipped(reason) = reading {
            plugin.skip(reason);
            if reading == ENCODED && !plugin.has_warned_of_encoding.replace(true) {
                let text = "ssewire: responses with a content-encoding are not read; see metric `skipped`";
                let _ = hostcalls::log(LogLevel::Warn, text);
            }
            return Action::Continue;
        }
        self.is_read = true;
        plugin.count("read", "");
        let meter = Meter::new(plugin.config.limits, status, &media_type, self.started);
        self.meter = Some(Box::new(Metering { meter, share: Share::default() }));
        if reading == Reading::Status {
            self.end_meter(End::EndOfStream);
        }
        self.bound_memory();
        self.is_ended = is_end;
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, is_end: bool) -> Action {
        if self.meter.is_some() {
            self.read(size);
        }
        if is_end {
            self.end();
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.end();
        Action::Continue
    }

    /// The stream is over, in order or not. The last call in which fields reach the access log.
    fn on_log(&mut self) {
        if !self.is_read {
            return;
        }
        let cause = if self.is_ended { "end_of_stream" } else { cause_of_end(&code_details()) };
        let end = if cause == CLIENT_GONE { End::Cancelled } else { End::Cut };
        self.end_meter(end);
        self.plugin.set_field("end", cause);
        self.plugin.count("ends", &format!("|end={cause}"));
    }
}

impl Stream {
    /// Shows the chunk to the meter, in pieces, so that the memory of the VM does not grow with it.
    fn read(&mut self, size: usize) {
        const PIECE: usize = 64 * 1024;
        let now = now();
        let mut at = 0;
        while at < size {
            let piece = PIECE.min(size - at);
            if !self.can_grow(piece) {
                return;
            }
            let bytes = hostcalls::get_buffer(BufferType::HttpResponseBody, at, piece);
            let Some(bytes) = bytes.ok().flatten().filter(|bytes| !bytes.is_empty()) else {
                return self.fail("read_body");
            };
            at = at.saturating_add(bytes.len());
            // For `ci/envoy-bench`: the least that a filter costs that sees the bytes.
            if cfg!(feature = "copy") {
                continue;
            }
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let Some(metering) = &mut self.meter else { return };
                if let Some(record) = metering.meter.push(&mut rest, now) {
                    self.export(&record);
                }
            }
            self.bound_memory();
        }
    }

    /// Drops the meter unless the VM has the memory to read this many bytes, or to end the body. Returns whether there
    /// is still a meter.
    fn can_grow(&mut self, piece: usize) -> bool {
        let can_grow = self.meter.as_ref().map(|metering| can_allocate(metering.meter.max_growth(piece)));
        if can_grow == Some(false) {
            self.fail("memory");
        }
        can_grow == Some(true)
    }

    /// Drops the meter if the VM has more than its limit with what this one has now.
    fn bound_memory(&mut self) {
        let Some(metering) = &mut self.meter else { return };
        if metering.share.set(metering.meter.byte_count()) > self.plugin.config.max_vm_bytes {
            self.fail("memory");
        }
    }

    /// The rest of the stream passes without being metered: a message that lacks bytes would look like a fault of the
    /// server.
    fn fail(&mut self, failure: &str) {
        self.meter = None;
        self.plugin.set_field("failure", failure);
        self.plugin.count("failures", &format!("|failure={failure}"));
    }

    fn end(&mut self) {
        self.is_ended = true;
        self.end_meter(End::EndOfStream);
    }

    fn end_meter(&mut self, end: End) {
        // The last event of the body, or the body itself, may be read now.
        if !self.can_grow(0) {
            return;
        }
        let Some(mut metering) = self.meter.take() else { return };
        while let Some(record) = metering.meter.end(now(), end) {
            self.export(&record);
        }
    }

    fn export(&mut self, record: &Record) {
        self.messages = self.messages.saturating_add(1);
        let plugin = &*self.plugin;
        let config = &plugin.config;
        if config.metrics {
            let route =
                (config.max_routes > 0).then(|| self.get_property(vec!["xds", "route_name"]).unwrap_or_default());
            let route = route.map(|route| String::from_utf8_lossy(&route).into_owned());
            let (mut models, mut routes) = (plugin.models.borrow_mut(), plugin.routes.borrow_mut());
            let model = match record.model.as_deref() {
                Some(model) => models.label(model, &SharedData("models", &config.prefix)),
                None => UNKNOWN,
            };
            let route = route.as_deref().map(|route| routes.label(route, &SharedData("routes", &config.prefix)));
            for sample in record.samples(&config.prefix, model, route) {
                plugin.record(&sample);
            }
        }
        if config.filter_state {
            plugin.set_field("messages", &self.messages.to_string());
            for (name, value) in record.fields() {
                match value {
                    Some(value) => plugin.set_field(name, &value),
                    // The message before this one may have had it, and a field cannot be removed.
                    None if self.messages > 1 => plugin.set_field(name, ""),
                    None => {}
                }
            }
        }
    }

    /// The value of the first header that the configuration names and that is present.
    fn request_id(&self) -> Option<String> {
        const MAX_BYTES: usize = 128;
        let mut names = self.plugin.config.request_id_headers.iter();
        let id = names.find_map(|name| self.get_http_response_header_bytes(name))?;
        let is_plain = id.len() <= MAX_BYTES && id.iter().all(u8::is_ascii_graphic);
        String::from_utf8(id).ok().filter(|_| is_plain)
    }
}

impl Plugin {
    fn skip(&self, reason: &str) {
        self.count("skipped", &format!("|reason={reason}"));
    }

    fn count(&self, name: &str, labels: &str) {
        if self.config.metrics {
            let name = format!("{}.{name}{labels}", self.config.prefix);
            self.record(&Sample { kind: Kind::Counter, name, value: 1 });
        }
    }

    fn record(&self, sample: &Sample) {
        let mut metrics = self.metrics.borrow_mut();
        let id = match metrics.get(&sample.name) {
            Some(id) => *id,
            None => {
                let kind = match sample.kind {
                    Kind::Counter => MetricType::Counter,
                    Kind::Histogram => MetricType::Histogram,
                };
                let Ok(id) = hostcalls::define_metric(kind, &sample.name) else { return };
                metrics.insert(sample.name.clone(), id);
                id
            }
        };
        let _ = match sample.kind {
            Kind::Counter => hostcalls::increment_metric(id, i64::try_from(sample.value).unwrap_or(i64::MAX)),
            Kind::Histogram => hostcalls::record_metric(id, sample.value),
        };
    }

    fn set_field(&self, name: &str, value: &str) {
        if self.config.filter_state {
            let name = format!("{}.{name}", self.config.prefix);
            let _ = hostcalls::set_property(vec![&name], Some(value.as_bytes()));
        }
    }
}

/// A list of labels that all threads of the process share.
struct SharedData<'a>(&'static str, &'a str);

impl SharedData<'_> {
    fn key(&self) -> String {
        format!("{}.{}", self.1, self.0)
    }
}

impl LabelStore for SharedData<'_> {
    fn load(&self) -> (String, Option<u32>) {
        let (values, version) = hostcalls::get_shared_data(&self.key()).unwrap_or_default();
        (String::from_utf8(values.unwrap_or_default()).unwrap_or_default(), version)
    }

    fn save(&self, values: &str, version: Option<u32>) -> bool {
        let set = |version| hostcalls::set_shared_data(&self.key(), Some(values.as_bytes()), version).is_ok();
        match version {
            Some(_) => set(version),
            // Of two threads that create the list at once, one has to fail. Without a version Envoy replaces the list
            // of the other; with a version it creates a list, or fails if there is one. Other hosts do the opposite.
            None => set(Some(u32::MAX)) || self.load().1.is_none() && set(None),
        }
    }
}

/// The time since the epoch. A clock that fails yields times of zero.
fn now() -> Duration {
    hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

/// Returns Envoy's `code_details`: how the response ended.
fn code_details() -> String {
    let details = hostcalls::get_property(vec!["response", "code_details"]).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&details).into_owned()
}
