//! Which path responds with what.

use alloc::sync::Arc;
use core::fmt;
use std::collections::HashMap;
use std::sync::Mutex;

use percent_encoding::percent_decode_str;

use crate::fault::Fault;
use crate::lock;
use crate::request::Request;
use crate::samples::SAMPLES;
use crate::script::Script;

/// The path whose responses are for every path without responses of its own.
const ANY_PATH: &str = "*";

#[derive(Debug)]
pub(crate) struct Table(Mutex<HashMap<String, Responses>>);

pub(crate) type Respond = dyn Fn(&Request) -> Script + Send + Sync;

enum Responses {
    InTurn { scripts: Vec<Arc<Script>>, next: usize },
    ByRequest(Arc<Respond>),
}

impl Table {
    /// Returns a table with everything that is built in.
    pub(crate) fn new() -> Self {
        let table = Self(Mutex::default());
        for (name, bytes) in SAMPLES {
            table.set(&format!("/{name}"), vec![Script::stream(*bytes)]);
        }
        if let Some((_, bytes)) = SAMPLES.first() {
            table.set("/v1/messages", vec![Script::stream(*bytes)]);
        }
        for fault in Fault::ALL {
            table.set(&format!("/faults/{fault}"), vec![fault.script()]);
        }
        table
    }

    pub(crate) fn set(&self, path: &str, scripts: Vec<Script>) {
        let scripts = scripts.into_iter().map(Arc::new).collect();
        lock(&self.0).insert(path.to_owned(), Responses::InTurn { scripts, next: 0 });
    }

    pub(crate) fn set_function(&self, path: &str, respond: Arc<Respond>) {
        lock(&self.0).insert(path.to_owned(), Responses::ByRequest(respond));
    }

    /// Returns the response to a request: that of its path with its query, or else that of its path.
    pub(crate) fn respond(&self, request: &Request) -> Arc<Script> {
        if request.method == "OPTIONS" {
            return Arc::new(Script::preflight(request));
        }
        let with_query = request.path.as_str();
        let path = with_query.split_once('?').map_or(with_query, |(path, _)| path);
        let mut table = lock(&self.0);
        // A client must encode a space and any character that is not ASCII.
        let decoded_with_query = percent_decode_str(with_query).decode_utf8_lossy();
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let known =
            [with_query, &decoded_with_query, path, &decoded].into_iter().find(|path| table.contains_key(*path));
        let script = match table.get_mut(known.unwrap_or(ANY_PATH)) {
            Some(Responses::ByRequest(respond)) => {
                let respond = respond.clone();
                // The function may call the server.
                drop(table);
                Some(Arc::new(respond(request)))
            }
            Some(Responses::InTurn { scripts, next }) if matches!(request.method.as_str(), "GET" | "POST") => {
                let script = scripts.get(*next).or(scripts.last()).cloned();
                *next = next.saturating_add(1);
                script
            }
            Some(Responses::InTurn { .. }) | None => None,
        };
        script.unwrap_or_else(|| {
            let message = format!("no response to {} {with_query}", request.method);
            Arc::new(Script::error(404, "not_found_error", &message))
        })
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InTurn { scripts, next } => {
                f.debug_struct("InTurn").field("scripts", scripts).field("next", next).finish()
            }
            Self::ByRequest(_) => f.write_str("ByRequest"),
        }
    }
}
