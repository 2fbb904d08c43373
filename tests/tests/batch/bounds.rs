//! The memory of batches: none is allocated in the steady state, and no input makes a batch large.

use ssewire::Decoder;
use ssewire_batch::{BatchDecoder, EventKind, EventRecord, MessageBatchDecoder, MessageKind};
use ssewire_messages::{MessageDecoder, Step};
use ssewire_tests::random::Random;

#[test]
fn a_chunk_of_events_allocates_nothing_in_the_steady_state() {
    let chunk = b"id: 1\nevent: delta\ndata: some text\n\nevent: other\ndata: b\n\n".repeat(20);
    let mut decoder = BatchDecoder::new();
    for _ in 0..3 {
        decoder.push(&mut &chunk[..]);
    }
    let before = ssewire_heap::allocations();
    for _ in 0..100 {
        assert_eq!(decoder.push(&mut &chunk[..]).records().len(), 40);
    }
    assert_eq!(ssewire_heap::allocations() - before, 0);
}

/// Regression: an ill-formed type that is not in the chunk, because a comment follows it, was copied to be compared.
#[test]
fn events_of_an_ill_formed_type_allocate_nothing_in_the_steady_state() {
    let chunk = b"event: \xFFdelta\n: note\ndata: some text\n\n".repeat(20);
    let mut decoder = BatchDecoder::new().with_comments();
    for _ in 0..3 {
        decoder.push(&mut &chunk[..]);
    }
    let before = ssewire_heap::allocations();
    for _ in 0..100 {
        let batch = decoder.push(&mut &chunk[..]);
        let events = batch.records().iter().filter(|record| batch.event_type(record) == "\u{FFFD}delta");
        assert_eq!((events.count(), batch.records().len()), (20, 40));
    }
    assert_eq!(ssewire_heap::allocations() - before, 0);
}

#[test]
fn a_chunk_of_deltas_allocates_no_more_than_the_message_decoder() {
    let start = b"data: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let chunk =
        b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word\"}}\n\n"
            .repeat(20);
    let mut native = MessageDecoder::new();
    let mut batches = MessageBatchDecoder::new();
    batches.push(&mut &start[..]);
    while matches!(native.decode(&mut &start[..]), Ok(Step::Update(_))) && !native.has_started() {}
    let mut counts = [Vec::with_capacity(100), Vec::with_capacity(100)];
    for _ in 0..100 {
        let before = ssewire_heap::allocations();
        let mut input = &chunk[..];
        while let Ok(Step::Update(_)) = native.decode(&mut input) {}
        let between = ssewire_heap::allocations();
        batches.push(&mut &chunk[..]);
        counts[0].push(between - before);
        counts[1].push(ssewire_heap::allocations() - between);
    }
    // The first batches make room for records and text.
    assert_eq!(counts[0][3..], counts[1][3..]);
}

#[test]
fn the_text_of_a_long_id_is_shared() {
    let body = [&b"id: "[..], &[b'x'; 4000], b"\n", &b"data\n\n".repeat(1000)].concat();
    let mut input = &body[..];
    let mut decoder = BatchDecoder::new().with_max_records(1000);
    let batch = decoder.push(&mut input);
    assert_eq!(batch.records().len(), 1000);
    assert!(batch.records().iter().all(|record| record.last_event_id == batch.records()[0].last_event_id));
    assert!(batch.text().len() <= body.len() + 4000 + "message".len(), "{}", batch.text().len());
}

/// Regression: an ill-formed ID, and one before a comment, was copied again for each event.
#[test]
fn the_text_of_a_long_id_is_shared_whatever_its_bytes() {
    for id in [&b"x"[..], b"\xFF", b"\xE2\x82", "é".as_bytes(), b"a\xFFb"] {
        let id = id.repeat(4000 / id.len());
        let start = [&b"id: "[..], &id, b"\ndata\n\n"].concat();
        for events in [&b"data\n\n"[..], b":\ndata\n\n", b"event: \xFF\ndata\n\n"] {
            let body = [&start[..], &events.repeat(200)].concat();
            let mut decoder = BatchDecoder::new().with_comments().with_max_records(usize::MAX);
            let mut input = &body[..];
            let batch = decoder.push(&mut input);
            let ids = batch.records().iter().filter(|record| record.kind == EventKind::Event);
            let ids: Vec<_> = ids.map(|record| batch.last_event_id(record)).collect();
            assert_eq!(ids, vec![String::from_utf8_lossy(&id); 201]);
            assert!(batch.text().len() <= 3 * (body.len() + id.len()) + 1024, "{}", batch.text().len());
        }
    }
}

/// Regression: each `message_delta` without a stop reason of its own had a copy of the one before.
#[test]
fn the_text_of_a_stop_reason_is_shared() {
    let reason = "r".repeat(256);
    let start = format!(
        "data: {{\"type\":\"message_start\",\"message\":{{}}}}\n\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}}}}\n\n"
    );
    let body = start + &"data:{\"type\":\"message_delta\"}\n\n".repeat(200);
    let mut decoder = MessageBatchDecoder::new();
    let mut input = body.as_bytes();
    let batch = decoder.push(&mut input);
    let deltas = batch.records().iter().filter(|record| record.kind == MessageKind::MessageDelta);
    let names: Vec<_> = deltas.map(|record| batch.get(record.name)).collect();
    assert_eq!(names, vec![&*reason; 201]);
    assert!(batch.text().len() <= 2 * body.len(), "{}", batch.text().len());
}

#[test]
fn the_text_of_the_default_type_is_shared() {
    let body = b"data: x\n\nevent: a\ndata: x\n\ndata: x\n\n".repeat(80);
    let mut decoder = BatchDecoder::new();
    let mut input = &body[..];
    let batch = decoder.push(&mut input);
    assert_eq!(batch.records().len(), 240);
    let types: Vec<_> = batch.records().iter().map(|record| batch.event_type(record)).collect();
    assert_eq!(types, ["message", "a", "message"].repeat(80));
    assert!(batch.text().len() <= body.len() + "message".len(), "{}", batch.text().len());
}

#[test]
fn the_text_is_bounded_by_the_input() {
    let events = [
        &b"data: x\n\n"[..],
        b"data\n\n",
        b"data: \xff\n\n",
        b"event: \xc3\xa4\ndata: \xff\xff\ndata: \xff\n\n",
        b": c\n\n",
    ];
    let big = [b"data: ", &vec![b'x'; 20_000][..], b"\n\n"].concat();
    let mut random = Random::new(7);
    let mut body = Vec::new();
    for _ in 0..4000 {
        let at = random.below(events.len() * 40);
        body.extend_from_slice(events.get(at / 39).copied().unwrap_or(&big));
    }
    for max_records in [1, 7, 1024, usize::MAX] {
        let mut decoder = BatchDecoder::new().with_max_records(max_records);
        let mut input = &body[..];
        while !input.is_empty() {
            let before = input.len();
            let len = decoder.push(&mut input).text().len();
            let consumed = before - input.len();
            assert!(len <= 3 * consumed + 1024, "{len} of {consumed}");
        }
    }
}

/// Regression: the description of each lost event was a copy of its own, which is longer than four times `data:x`.
#[test]
fn the_text_of_an_error_is_shared() {
    let body = b"data:x\n\nevent:\ndata\n\n".repeat(10_000);
    let decoder = Decoder::new().with_max_event_bytes(0);
    let mut decoder = BatchDecoder::with_decoder(decoder).with_max_records(usize::MAX);
    let batch = decoder.push(&mut &body[..]);
    let (lost, events): (Vec<&EventRecord>, Vec<_>) =
        batch.records().iter().partition(|record| record.kind == EventKind::Lost);
    assert_eq!((lost.len(), events.len()), (10_000, 10_000));
    assert!(lost.iter().all(|record| batch.data(record) == "event or line exceeds the limit of 0 bytes"));
    assert!(batch.text().len() <= body.len() + 1024, "{} of {}", batch.text().len(), body.len());
}

/// Regression: the promise was four times, and then seven. Each ill-formed byte becomes U+FFFD. A start has its payload
/// and its text; the ID of a tool call is in its payload, its start and its call; an error that is not JSON is quoted.
#[test]
fn the_text_of_messages_is_bounded_by_the_input() {
    let data = |json: &[&[u8]]| [&b"data: "[..], &json.concat(), b"\n\n"].concat();
    let ill_formed = vec![0xff; 20_000];
    let text: [&[u8]; 3] = [b"{\"type\":\"text\",\"text\":\"", &ill_formed, b"\"}"];
    let start = |block: &[&[u8]]| {
        data(&[b"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":", &block.concat(), b"}"])
    };
    let input: [&[u8]; 3] = [
        b"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"",
        &ill_formed,
        b"\\\"\"}}",
    ];
    let call = b"{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":{}}";
    let long_id: [&[u8]; 3] =
        [b"{\"type\":\"tool_use\",\"id\":\"", &ill_formed, b"\",\"name\":\"b\",\"input\":{\"a\":1}}"];
    let stop = data(&[b"{\"type\":\"content_block_stop\",\"index\":0}"]);
    for body in [
        data(&[b"{\"type\":\"message_start\",\"message\":{\"content\":[", &text.concat(), b"]}}"]),
        start(&text),
        [start(&[call]), data(&input), stop.clone()].concat(),
        [data(&[b"{\"type\":\"message_start\",\"message\":{}}"]), start(&long_id), stop].concat(),
        [&b"event: error\ndata: "[..], &[1; 20_000], b"\n\n"].concat(),
    ] {
        let mut decoder = MessageBatchDecoder::new();
        let len = decoder.push(&mut &body[..]).text().len();
        assert!((4 * body.len()..=9 * body.len()).contains(&len), "{len} of {}", body.len());
    }
}

#[test]
fn a_long_stop_reason_is_not_copied_for_each_event() {
    let reason = "x".repeat(10_000);
    let first = format!("data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}}}}\n\n");
    let body = [first.as_bytes(), &b"data: {\"type\":\"message_delta\",\"delta\":{}}\n\n".repeat(1000)].concat();
    let mut input = &body[..];
    let mut decoder = MessageBatchDecoder::new().with_max_records(usize::MAX);
    assert!(decoder.push(&mut input).text().len() <= body.len());
}

#[test]
fn the_memory_of_a_large_batch_is_given_back() {
    let mut decoder = BatchDecoder::new();
    let before = ssewire_heap::held();
    // Ill-formed, so that it is copied.
    let large = [b"data: ", &vec![0xFF; 1 << 20][..], b"\n\n"].concat();
    decoder.push(&mut &large[..]);
    assert!(ssewire_heap::held() - before > 1 << 20);
    drop(large);
    for _ in 0..2 {
        decoder.push(&mut &b"data: x\n\n"[..]);
    }
    assert!(ssewire_heap::held() - before < 64 * 1024, "{}", ssewire_heap::held() - before);
}

/// Regression: the decoder frees where it is asked for the end of a chunk, which a batch did not do.
#[test]
fn the_buffer_of_a_large_event_is_given_back() {
    let large = [b"data: ", &[b'x'; 100_000][..], b"\n\n"].concat();
    let mut decoder = BatchDecoder::new();
    for mut chunk in large.chunks(1400) {
        decoder.push(&mut chunk);
    }
    assert!(decoder.decoder().buffer_bytes() >= 100_000);
    for _ in 0..40 {
        assert_eq!(decoder.push(&mut &b"data: small\n\n"[..]).records().len(), 1);
    }
    assert!(decoder.decoder().buffer_bytes() <= 1024, "{}", decoder.decoder().buffer_bytes());
}
