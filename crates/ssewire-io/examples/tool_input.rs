//! Tool input while it arrives, tool calls with their results, and the next turn. With reqwest.
//!
//! ```sh
//! ANTHROPIC_API_KEY=… cargo run --example tool_input --features stream,messages -- "Write a poem into poem.txt."
//! ```

mod support;

use std::process::ExitCode;

use serde_json::{Value, json};
use ssewire_io::ByteStreamExt as _;
use ssewire_messages::{ApiError, PartialStrings, RawJson, ResponseHead, ToolCall, ToolResult, Update};
use support::{Failure, Setup, exit, request_of, sum_up};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let setup = Setup::from_env()?;
    let mut turns = setup.turns();
    let response = send(&setup, &turns).await?;

    let mut reply = response.bytes_stream().message().with_partial_input(PartialStrings::Show);
    while let Some(update) = reply.next_update().await? {
        match update {
            Update::ToolInput { block, partial: Some(partial), .. } => {
                println!("{} so far: {partial}", block.tool_name().unwrap_or_default());
            }
            Update::Lost(error) => eprintln!("one event is lost: {error}"),
            _ => {}
        }
    }
    let message = reply.finish().await?;
    sum_up(&message);

    // Not at `Update::ToolCall`: this tool writes a file, and the next attempt after an incomplete message repeats the
    // call.
    let mut results = Vec::new();
    for call in message.tool_calls()? {
        results.push(call.result(run_tool(&call)?));
    }
    if results.is_empty() {
        return Ok(());
    }

    // The next turn, as the API accepts it. Truncated input is an error; unsigned thinking is left out.
    turns.extend(message.to_turn()?);
    turns.push(ToolResult::user_turn(results));
    println!("next turn: {}", serde_json::to_string(&turns)?);
    Ok(())
}

fn run_tool(call: &ToolCall<'_>) -> Result<String, Failure> {
    let input: Value = call.parse()?;
    println!("run {} with {input}", call.name);
    Ok("done".to_owned())
}

async fn send(setup: &Setup, turns: &[RawJson]) -> Result<reqwest::Response, Failure> {
    let mut request = reqwest::Client::new().post(&setup.url).body(request_of(turns, &[tool()])?);
    for (name, value) in setup.headers() {
        request = request.header(name, value);
    }
    let response = request.send().await?;
    if !response.status().is_success() {
        let head = ResponseHead::new(response.status().as_u16(), response.headers());
        return Err(setup.failure(&ApiError::from_response(head, &response.bytes().await?)));
    }
    Ok(response)
}

fn tool() -> Value {
    json!({
        "name": "write_file",
        "description": "Writes a text file.",
        "input_schema": {
            "type": "object",
            "properties": { "path": { "type": "string" }, "text": { "type": "string" } },
            "required": ["path", "text"],
        },
    })
}
