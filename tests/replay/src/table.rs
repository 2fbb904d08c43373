//! Which path answers with what.

use alloc::sync::Arc;
use std::collections::HashMap;
use std::sync::Mutex;

use crate::builtin;
use crate::lock;
use crate::script::Script;

#[derive(Debug)]
pub(crate) struct Table(Mutex<HashMap<String, Turns>>);

#[derive(Debug)]
struct Turns {
    scripts: Vec<Arc<Script>>,
    next: usize,
}

impl Table {
    /// With everything that is built in.
    pub(crate) fn new() -> Self {
        let table = Self(Mutex::default());
        for (name, bytes) in builtin::SAMPLES {
            table.set(&format!("/{name}"), vec![Script::stream(*bytes)]);
        }
        if let Some((_, bytes)) = builtin::SAMPLES.first() {
            table.set("/v1/messages", vec![Script::stream(*bytes)]);
        }
        for (name, script) in builtin::faults() {
            table.set(&format!("/faults/{name}"), vec![script]);
        }
        table
    }

    pub(crate) fn set(&self, path: &str, scripts: Vec<Script>) {
        let turns = Turns { scripts: scripts.into_iter().map(Arc::new).collect(), next: 0 };
        lock(&self.0).insert(path.to_owned(), turns);
    }

    /// What answers this time. `target` may have a query; it decides nothing.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Arc<Script> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let mut table = lock(&self.0);
        let turns = if matches!(method, "GET" | "POST") { table.get_mut(path) } else { None };
        turns.and_then(Turns::take).unwrap_or_else(|| {
            let message = format!("nothing answers to {method} {path}");
            Arc::new(Script::error(404, "not_found_error", &message))
        })
    }
}

impl Turns {
    fn take(&mut self) -> Option<Arc<Script>> {
        let script = self.scripts.get(self.next).or(self.scripts.last()).cloned();
        self.next = self.next.saturating_add(1);
        script
    }
}
