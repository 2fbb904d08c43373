//! Structured output: a preview of the JSON while it arrives, then a value of a Rust type. With ureq.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example structured --features messages -- "Answer in JSON: a recipe for tea, …"
//! ```

mod support;

use std::process::ExitCode;

use ssewire_io::ReadExt as _;
use ssewire_messages::{ApiError, ResponseHead};
use support::{Failure, Setup, exit};

#[derive(serde::Deserialize)]
struct Recipe {
    title: String,
    steps: Vec<String>,
}

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), Failure> {
    let mut reply = send(&Setup::from_env()?)?.into_reader().message().structured::<Recipe>();
    while let Some(partial) = reply.next_partial()? {
        println!("so far: {}", partial["title"]);
    }
    let recipe: Recipe = reply.finish()?;
    println!("{}: {}", recipe.title, recipe.steps.join(", "));
    Ok(())
}

fn send(setup: &Setup) -> Result<ureq::Body, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(&setup.url);
    for (name, value) in setup.headers() {
        request = request.header(name, value);
    }
    let mut response = request.send(setup.request()?)?;
    if !response.status().is_success() {
        let head = ResponseHead::new(response.status().as_u16(), response.headers());
        return Err(setup.failure(&ApiError::from_response(head, &response.body_mut().read_to_vec()?)));
    }
    Ok(response.into_body())
}
