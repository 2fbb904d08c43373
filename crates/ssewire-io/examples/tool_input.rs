//! The input of a tool call while it grows, and what the tool may be run with in the end. With ureq.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example tool_input --features messages -- "Write a poem into poem.txt."
//! ```

mod support;

use std::process::ExitCode;

use serde_json::{Value, json};
use ssewire_io::MessageReader;
use ssewire_messages::{Accumulator, MessageDecoder, PartialStrings, ResponseHead, Update};
use support::{Failure, Setup, exit, sum_up};

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), Failure> {
    let setup = Setup::from_env()?;
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(&setup.url);
    for (name, value) in setup.headers() {
        request = request.header(name, value);
    }
    let mut response = request.send(with_tool(setup.request()).to_string())?;
    if !response.status().is_success() {
        let head = ResponseHead::new(response.status().as_u16(), response.headers());
        return Err(setup.api_error(head, &response.body_mut().read_to_vec()?).into());
    }

    // Show the string at the end while it is still growing.
    let accumulator = Accumulator::new().with_partial_input(PartialStrings::Show);
    let decoder = MessageDecoder::new().with_accumulator(accumulator);
    let mut stream = MessageReader::with_decoder(response.into_body().into_reader(), decoder);
    // An error ends the stream, and the error of the final message says the rest.
    while let Ok(Some(event)) = stream.next_update() {
        show_update(&event.update);
    }
    sum_up(&stream.final_message()?);
    Ok(())
}

fn show_update(update: &Update<'_>) {
    match update {
        Update::ToolInput { partial: Some(so_far), .. } => println!("so far: {so_far}"),
        // Complete and valid, or it does not come.
        Update::ToolCall(call) => println!("run {} with {}", call.name, call.input),
        Update::Lost(error) => eprintln!("one event is lost: {error}"),
        _ => {}
    }
}

fn with_tool(mut request: Value) -> Value {
    let tool = json!({
        "name": "write_file",
        "description": "Writes a text file.",
        "input_schema": {
            "type": "object",
            "properties": { "path": { "type": "string" }, "text": { "type": "string" } },
            "required": ["path", "text"],
        },
    });
    if let Some(members) = request.as_object_mut() {
        members.insert("tools".to_owned(), json!([tool]));
    }
    request
}
