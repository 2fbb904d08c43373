//! What the benchmarks decode: deterministic streams, and what must come out of them.

/// A stream and the number of events in it.
pub struct Corpus {
    pub name: &'static str,
    pub stream: Vec<u8>,
    pub events: usize,
}

/// The sizes of the chunks that streams are fed in, in bytes.
pub const CHUNKS: [usize; 5] = [usize::MAX, 16 * 1024, 1400, 64, 1];

/// All streams for framing.
pub fn framing() -> Vec<Corpus> {
    vec![
        corpus("deltas", &delta("Hello"), 8000),
        corpus("multiline", &(format!("data: {}\n", "x".repeat(60)).repeat(20) + "\n"), 800),
        corpus("big", &format!("data: {}\n\n", "x".repeat(64 * 1024)), 16),
        corpus("comments", ": ping\n\ndata: x\n\n", 40_000),
        corpus("tiny", "data: x\n\n", 100_000),
    ]
}

/// A whole Messages stream of so many text deltas.
pub fn message(deltas: usize) -> Vec<u8> {
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\
                 \"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":{\"output_tokens\":1}}}\n\n\
                 event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\
                 \"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
    let end = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
               event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
               event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    [start, &delta(" word").repeat(deltas), end].concat().into_bytes()
}

fn delta(text: &str) -> String {
    format!(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
    )
}

fn corpus(name: &'static str, event: &str, events: usize) -> Corpus {
    Corpus { name, stream: event.repeat(events).into_bytes(), events }
}
