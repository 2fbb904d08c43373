//! A client for the web, where nothing is `Send`: the shape of misanthropic and of browser front ends in wasm.
//!
//! Worked around before: streams boxed as `dyn Stream + Send`, so that JavaScript values had to be wrapped in types
//! that lie about `Send`; a runtime of tokio below the parser; a transport error that had to be an `std::io::Error`.
//!
//! Gone: no bound asks for `Send`, for a runtime or for an error type. This file runs natively, with chunks and errors
//! that hold an `Rc`, on one thread; `examples/wasm` runs in browsers.

// Their code.
use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use futures::{Stream, StreamExt as _};
use ssewire_io::ssewire_messages::Update;
use ssewire_io::{ByteStreamExt as _, IncompleteMessage};

/// In place of a `Uint8Array`.
#[derive(Clone)]
pub struct JsBytes(Rc<[u8]>);

impl AsRef<[u8]> for JsBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// In place of a `JsValue`: neither `Send` nor an `Error`.
#[derive(Debug)]
pub struct JsError(pub Rc<str>);

impl fmt::Display for JsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// In place of the body of a `fetch`.
fn read(response: reqwest::Response) -> impl Stream<Item = Result<JsBytes, JsError>> {
    let not_send = Rc::new(());
    response.bytes_stream().map(move |chunk| {
        let _captured = &not_send;
        chunk.map(|bytes| JsBytes(Rc::from(&bytes[..]))).map_err(|error| JsError(Rc::from(error.to_string())))
    })
}

/// In place of a page.
#[derive(Default)]
pub struct Page {
    pub text: RefCell<String>,
    pub tools: RefCell<Vec<String>>,
}

/// Shows a reply on the page while it arrives.
pub async fn show(response: reqwest::Response, page: Rc<Page>) -> Result<String, IncompleteMessage<JsError>> {
    let mut reply = read(response).message();
    while let Some(update) = reply.next_update().await? {
        for text in update.text_deltas() {
            page.text.borrow_mut().push_str(text);
        }
        if let Update::ToolCall(call) = update {
            page.tools.borrow_mut().push(call.name.into_owned());
        }
    }
    let message = reply.finish().await?;
    Ok(message.stop_reason().map_or_else(String::new, |reason| reason.as_str().to_owned()))
}

// Tests.
use ssewire_replay::{Fault, Gate, Script, sample};
use tokio::task::LocalSet;

use crate::serve;

#[tokio::test]
async fn replies_are_shown_by_local_tasks_beside_each_other() {
    let local = LocalSet::new();
    let mut tasks = Vec::new();
    let page = Rc::new(Page::default());
    let mut servers = Vec::new();
    for fault in [Fault::Split, Fault::OddChunks, Fault::Pings] {
        let (server, url) = serve(fault.apply(Script::stream(sample("tool_use").unwrap())));
        servers.push(server);
        let page = page.clone();
        tasks.push(local.spawn_local(async move { show(reqwest::get(url).await.unwrap(), page).await }));
    }
    local.await;
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "tool_use");
    }
    let tools = page.tools.borrow();
    assert!(tools.len() == 3 && tools.iter().all(|name| *name == tools[0] && !name.is_empty()), "{tools:?}");
}

#[tokio::test]
async fn text_is_on_the_page_before_the_rest_arrives() {
    let (stream, gate) = (sample("text").unwrap(), Gate::new());
    let (begin, rest) = stream.split_at(stream.len() * 2 / 3);
    let (_server, url) = serve(Script::stream(begin).wait(&gate).send(rest));
    let page = Rc::new(Page::default());
    let local = LocalSet::new();
    let shown = local.spawn_local({
        let page = page.clone();
        async move { show(reqwest::get(url).await.unwrap(), page).await }
    });
    let beginning = local.run_until(async {
        while page.text.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        page.text.borrow().clone()
    });
    let beginning = beginning.await;
    gate.open();
    local.await;
    assert_eq!(shown.await.unwrap().unwrap(), "end_turn");
    assert!(page.text.borrow().starts_with(&beginning) && page.text.borrow().len() > beginning.len());
}

#[tokio::test]
async fn an_error_that_is_not_send_reaches_the_page() {
    let (_server, url) = serve(Fault::Cut.script());
    let page = Rc::new(Page::default());
    let error = show(reqwest::get(url).await.unwrap(), page.clone()).await.unwrap_err();
    let JsError(reason) = error.transport().unwrap();
    assert!(error.to_string().ends_with(&**reason) && !page.text.borrow().is_empty());
}
