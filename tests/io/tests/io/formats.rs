//! Blocks, frames, lines and text events, over streams and readers, in every chunking; and the policies for the end.

use std::io;
use std::time::Duration;

use futures::executor::block_on;
use futures::{Stream, StreamExt as _};
use ssewire::{Decoder, LineDecoder, OwnedFrame};
use ssewire_io::{
    BlockReader, BlockStream, ByteStreamExt, DecodeStream, EventCodec, EventError, EventReader, EventStream, Format,
    FrameReader, FrameStream, JsonReader, JsonStream, LineReader, LineStream, Observer, ReadExt, SharedEventStream,
    Tap, TextEvent, TextEventReader, TextEventStream, UnfinishedEvent,
};
use ssewire_tests::transport::Script;
use ssewire_tests::{adapters, chunks};
use tokio_util::codec::FramedRead;

/// Every split in two, in every adapter.
fn chunkings(input: &[u8]) -> impl Iterator<Item = chunks::Chunks<'_>> {
    chunks::splits(input).chain(adapters::ways(input))
}

type Seen = Vec<Result<String, &'static str>>;

fn kind<E: std::fmt::Debug>(error: EventError<E>) -> &'static str {
    match error {
        EventError::Transport(_) => "transport",
        EventError::Timeout(_) => "timeout",
        EventError::Decode(_) => "lost",
        EventError::Truncated(_) => "truncated",
        other => panic!("{other:?}"),
    }
}

fn streamed<F: Format>(chunks: &[&[u8]], decoder: F::Decoder, end: UnfinishedEvent, show: fn(F::Item) -> String) -> Seen
where
    DecodeStream<Script, F>: Stream<Item = Result<F::Item, EventError<io::Error>>>,
{
    let stream = DecodeStream::<_, F>::with_decoder(Script::<io::Error>::slow(chunks), decoder);
    block_on(stream.with_unfinished_event(end).map(|item| item.map(show).map_err(kind)).collect())
}

fn read<F: Format>(chunks: &[&[u8]], decoder: F::Decoder, end: UnfinishedEvent, show: fn(F::Item) -> String) -> Seen {
    let reader = ssewire_io::DecodeReader::<_, F>::with_decoder(Script::slow(chunks), decoder);
    reader.with_unfinished_event(end).map(|item| item.map(show).map_err(kind)).collect()
}

/// Both sides return this in every chunking.
#[track_caller]
fn check<F: Format>(
    input: &[u8],
    decoder: impl Fn() -> F::Decoder,
    end: UnfinishedEvent,
    show: fn(F::Item) -> String,
    expected: &[Result<&str, &'static str>],
) where
    DecodeStream<Script, F>: Stream<Item = Result<F::Item, EventError<io::Error>>>,
{
    let expected: Seen = expected.iter().map(|item| item.map(str::to_owned)).collect();
    for chunks in chunkings(input) {
        assert_eq!(streamed::<F>(&chunks, decoder(), end, show), expected, "{chunks:?}");
        assert_eq!(read::<F>(&chunks, decoder(), end, show), expected, "{chunks:?}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Issue of the ports: MCP's priming events, `id` alone, `retry` alone. A client that reconnects needs each.
#[test]
fn blocks_without_data_are_returned() {
    let show = |block: ssewire::OwnedBlock| {
        let block = block.as_block();
        let data = block.event().map(|event| text(event.data()));
        format!("{:?} {:?} {:?}", block.id().map(text), block.retry().map(|retry| retry.as_millis()), data)
    };
    let input = b"id: 1\ndata\n\nid: 2\n\nretry: 300\n\n: comment\n\ndata: x\nid\n\n";
    let expected = [
        Ok(r#"Some("1") None Some("")"#),
        Ok(r#"Some("2") None None"#),
        Ok(r"None Some(300) None"),
        Ok(r#"Some("") None Some("x")"#),
    ];
    check::<ssewire_io::Blocks>(input, Decoder::new, UnfinishedEvent::Report, show, &expected);
    // Comments are not blocks, even if the decoder returns them.
    check::<ssewire_io::Blocks>(input, || Decoder::new().with_comments(), UnfinishedEvent::Report, show, &expected);
}

fn show_frame(frame: OwnedFrame) -> String {
    match frame {
        OwnedFrame::Block(block) => {
            format!("block {:?}", block.as_block().event().map(|event| text(event.data())))
        }
        OwnedFrame::Comment { text: comment, truncated } => format!("comment {:?} {truncated}", text(&comment)),
        OwnedFrame::UnknownField { name, value, .. } => format!("field {} = {}", text(&name), text(&value)),
        _ => panic!("unknown frame"),
    }
}

#[test]
fn frames_are_those_that_the_decoder_returns() {
    let input = b": ping\ndata: a\n\nerror: overloaded\n: in a block\nid: 7\n\n:\n";
    let all = || Decoder::new().with_comments().with_unknown_fields();
    let expected = [
        Ok(r#"comment " ping" false"#),
        Ok(r#"block Some("a")"#),
        Ok("field error = overloaded"),
        Ok(r#"comment " in a block" false"#),
        Ok("block None"),
        Ok(r#"comment "" false"#),
    ];
    check::<ssewire_io::Frames>(input, all, UnfinishedEvent::Report, show_frame, &expected);
    let blocks = [Ok(r#"block Some("a")"#), Ok("block None")];
    check::<ssewire_io::Frames>(input, Decoder::new, UnfinishedEvent::Report, show_frame, &blocks);

    // A constructor asks for all, as the methods of the extension traits do.
    let script = || Script::<io::Error>::of(&[input]);
    let read = |frames: FrameReader<_>| frames.map(|frame| show_frame(frame.unwrap())).collect::<Vec<_>>();
    let expected = expected.map(Result::unwrap);
    assert_eq!(read(FrameReader::new(script())), expected);
    assert_eq!(read(ReadExt::sse_frames(script())), expected);
    let stream = FrameStream::new(script()).map(|frame| show_frame(frame.unwrap()));
    assert_eq!(block_on(stream.collect::<Vec<_>>()), expected);
    let stream = ByteStreamExt::sse_frames(script()).map(|frame| show_frame(frame.unwrap()));
    assert_eq!(block_on(stream.collect::<Vec<_>>()), expected);
}

#[test]
fn lines_end_at_every_line_end_and_may_be_empty() {
    let show = |line: Vec<u8>| text(&line);
    let input = b"{\"a\":1}\r\n\n{\"b\":2}\r{\"c\":3}\n";
    let expected = [Ok("{\"a\":1}"), Ok(""), Ok("{\"b\":2}"), Ok("{\"c\":3}")];
    for end in [UnfinishedEvent::Report, UnfinishedEvent::Dispatch, UnfinishedEvent::Discard] {
        // Nothing is unfinished, so no policy adds a line.
        check::<ssewire_io::Lines>(input, LineDecoder::new, end, show, &expected);
    }
    let input = b"one\ntwo";
    check::<ssewire_io::Lines>(input, LineDecoder::new, UnfinishedEvent::Report, show, &[Ok("one"), Err("truncated")]);
    check::<ssewire_io::Lines>(input, LineDecoder::new, UnfinishedEvent::Dispatch, show, &[Ok("one"), Ok("two")]);
    check::<ssewire_io::Lines>(input, LineDecoder::new, UnfinishedEvent::Discard, show, &[Ok("one")]);
    let limited = || LineDecoder::new().with_max_line_bytes(3);
    check::<ssewire_io::Lines>(b"long\nok\n", limited, UnfinishedEvent::Report, show, &[Err("lost"), Ok("ok")]);
    // A line that was lost is not returned once more as an empty one.
    check::<ssewire_io::Lines>(b"ok\nlong", limited, UnfinishedEvent::Dispatch, show, &[Ok("ok"), Err("lost")]);
}

/// Regression: it was no line if it was the whole input.
#[test]
fn a_cut_byte_order_mark_is_a_line() {
    for input in [&b"\xEF"[..], b"\xEF\xBB"] {
        let escaped = input.escape_ascii().to_string();
        let show = |line: Vec<u8>| line.escape_ascii().to_string();
        check::<ssewire_io::Lines>(input, LineDecoder::new, UnfinishedEvent::Dispatch, show, &[Ok(&escaped)]);
        check::<ssewire_io::Lines>(input, LineDecoder::new, UnfinishedEvent::Report, show, &[Err("truncated")]);
    }
    let show = |line: Vec<u8>| text(&line);
    check::<ssewire_io::Lines>(b"\xEF\xBB\xBF", LineDecoder::new, UnfinishedEvent::Dispatch, show, &[]);
}

/// The unfinished event at the end, by each policy: async-openai's `data: [DONE]\n`, files without a last line end.
#[test]
fn the_policy_decides_about_an_unfinished_event() {
    let show = |event: ssewire::OwnedEvent| format!("{} {}", text(event.last_event_id()), text(event.data()));
    for rest in ["data: [DONE]\n", "data: [DONE]", "data: [DONE]\r"] {
        let input = format!("id: 1\ndata: x\n\nid: 2\n{rest}");
        let input = input.as_bytes();
        check::<ssewire_io::Events>(input, Decoder::new, UnfinishedEvent::Report, show, &[Ok("1 x"), Err("truncated")]);
        check::<ssewire_io::Events>(input, Decoder::new, UnfinishedEvent::Dispatch, show, &[Ok("1 x"), Ok("2 [DONE]")]);
        check::<ssewire_io::Events>(input, Decoder::new, UnfinishedEvent::Discard, show, &[Ok("1 x")]);
    }
    // The policy affects neither a complete event nor an unfinished block without data.
    for end in [UnfinishedEvent::Report, UnfinishedEvent::Dispatch, UnfinishedEvent::Discard] {
        check::<ssewire_io::Events>(b"data: x\n\n", Decoder::new, end, show, &[Ok(" x")]);
    }
    check::<ssewire_io::Events>(b"id: 1\n", Decoder::new, UnfinishedEvent::Dispatch, show, &[]);
    check::<ssewire_io::Events>(b"id: 1\n", Decoder::new, UnfinishedEvent::Report, show, &[Err("truncated")]);
    let limited = || Decoder::new().with_max_event_bytes(10);
    check::<ssewire_io::Events>(b"data: 12345678901", limited, UnfinishedEvent::Dispatch, show, &[Err("lost")]);
}

#[test]
fn the_policy_decides_about_unfinished_blocks_and_frames() {
    let all = || Decoder::new().with_comments();
    let input = b"data: a\n\nid: 7\n: last";
    let (a, rest) = (Ok(r#"block Some("a")"#), Ok("block None"));
    let comment = Ok(r#"comment " last" false"#);
    check::<ssewire_io::Frames>(input, all, UnfinishedEvent::Dispatch, show_frame, &[a, comment, rest]);
    check::<ssewire_io::Frames>(input, all, UnfinishedEvent::Report, show_frame, &[a, Err("truncated")]);
    check::<ssewire_io::Frames>(input, all, UnfinishedEvent::Discard, show_frame, &[a]);
    let id = |block: ssewire::OwnedBlock| format!("{:?}", block.as_block().id().map(text));
    check::<ssewire_io::Blocks>(b"id: 7", Decoder::new, UnfinishedEvent::Dispatch, id, &[Ok(r#"Some("7")"#)]);
}

/// The policy for an unfinished event, in the adapters with other kinds of events.
#[test]
fn the_policy_decides_in_every_adapter() {
    let input = b"data: x\n\ndata: last\n";
    for chunks in chunkings(input) {
        for (end, last) in [
            (UnfinishedEvent::Dispatch, Some(Ok("last"))),
            (UnfinishedEvent::Report, Some(Err("truncated"))),
            (UnfinishedEvent::Discard, None),
        ] {
            let expected: Seen =
                [Some(Ok("x")), last].into_iter().flatten().map(|item| item.map(str::to_owned)).collect();
            let shared = SharedEventStream::new(Script::<io::Error>::slow(&chunks)).with_unfinished_event(end);
            let shared: Seen =
                block_on(shared.map(|item| item.map(|event| text(event.data())).map_err(kind)).collect());
            assert_eq!(shared, expected);
            let mut framed = FramedRead::new(Script::slow(&chunks), EventCodec::new().with_unfinished_event(end));
            let mut seen = Seen::new();
            while let Some(item) = block_on(framed.next()) {
                seen.push(item.map(|event| text(event.unwrap().data())).map_err(kind));
            }
            assert_eq!(seen, expected);
            check_text(&chunks, end, &expected);
        }
    }
}

fn check_text(chunks: &[&[u8]], end: UnfinishedEvent, expected: &Seen) {
    let show = |event: TextEvent| event.data;
    assert_eq!(streamed::<ssewire_io::TextEvents>(chunks, Decoder::new(), end, show), *expected);
    assert_eq!(read::<ssewire_io::TextEvents>(chunks, Decoder::new(), end, show), *expected);
}

/// After an error of the transport, the end of the event is unknown: no policy completes it.
#[test]
fn an_event_that_an_error_cut_is_discarded() {
    for end in [UnfinishedEvent::Report, UnfinishedEvent::Dispatch, UnfinishedEvent::Discard] {
        let failing = || Script::of(&[b"data: x\n\ndata: cut\n"]).failing(io::Error::other("gone"));
        let stream = EventStream::new(failing()).with_unfinished_event(end);
        let seen: Vec<_> = block_on(stream.map(|item| item.map(|_| ()).map_err(kind)).collect());
        assert_eq!(seen, [Ok(()), Err("transport")]);
        let seen: Vec<_> =
            EventReader::new(failing()).with_unfinished_event(end).map(|item| item.map(|_| ()).map_err(kind)).collect();
        assert_eq!(seen, [Ok(()), Err("transport")]);
        let stream = SharedEventStream::new(failing()).with_unfinished_event(end);
        let seen: Vec<_> = block_on(stream.map(|item| item.map(|_| ()).map_err(kind)).collect());
        assert_eq!(seen, [Ok(()), Err("transport")]);
    }
}

/// The borrowing methods return the same as the iterator of owned items, also at the end.
#[test]
fn readers_borrow_the_same() {
    let input = b": c\nid: 7\n\ndata: a\n\ndata: b";
    for chunks in chunkings(input) {
        let script = || Script::slow(&chunks);
        let mut events = EventReader::new(script()).with_unfinished_event(UnfinishedEvent::Dispatch);
        assert_eq!(events.next_event().unwrap().unwrap().data(), b"a");
        let last = events.next_event().unwrap().unwrap();
        assert_eq!((last.data(), last.last_event_id()), (&b"b"[..], &b"7"[..]));
        assert!(events.next_event().unwrap().is_none());

        let mut blocks = BlockReader::new(script()).with_unfinished_event(UnfinishedEvent::Dispatch);
        assert_eq!(blocks.next_block().unwrap().unwrap().id(), Some(&b"7"[..]));
        assert_eq!(blocks.next_block().unwrap().unwrap().event().unwrap().data(), b"a");
        assert_eq!(blocks.next_block().unwrap().unwrap().event().unwrap().data(), b"b");
        assert!(blocks.next_block().unwrap().is_none());

        let mut frames = FrameReader::with_decoder(script(), Decoder::new().with_comments())
            .with_unfinished_event(UnfinishedEvent::Dispatch);
        assert!(matches!(frames.next_frame().unwrap(), Some(ssewire::Frame::Comment { text: b" c", .. })));
        for _ in 0..3 {
            assert!(matches!(frames.next_frame().unwrap(), Some(ssewire::Frame::Block(_))));
        }
        assert!(frames.next_frame().unwrap().is_none());

        let mut lines = LineReader::new(script()).with_unfinished_event(UnfinishedEvent::Dispatch);
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            seen.push(text(line));
        }
        assert_eq!(seen, [": c", "id: 7", "", "data: a", "", "data: b"]);
    }
}

#[test]
fn text_events_are_made_by_hand_and_from_every_kind_of_event() {
    let by_hand = TextEvent::new("e", "x\u{FFFD}", "7").with_retry(Duration::from_millis(5));
    let input = b"event: e\nid: 7\nretry: 5\ndata: x\xFF\n\n";
    let owned = EventReader::new(&input[..]).next().unwrap().unwrap();
    assert_eq!(TextEvent::from(owned), by_hand);
    let chunk = bytes::Bytes::from_static(input);
    let shared = SharedEventStream::new(futures::stream::iter([Ok::<_, ()>(chunk)]));
    let shared = block_on(shared.collect::<Vec<_>>()).remove(0).unwrap();
    assert_eq!(TextEvent::from(shared), by_hand);
    assert_eq!(TextEventReader::new(&input[..]).next().unwrap().unwrap(), by_hand);
    assert!(TextEvent::new("message", "[DONE]", "").is_done() && !by_hand.is_done());
}

/// A facade with a struct without bounds, as that of eventsource-stream, can hold any of these.
#[test]
fn structs_have_no_bounds() {
    struct Facade<S, R> {
        events: EventStream<S>,
        texts: TextEventStream<S>,
        blocks: BlockStream<S>,
        frames: FrameStream<S>,
        lines: LineStream<S>,
        shared: SharedEventStream<S>,
        reader: EventReader<R>,
        json: JsonStream<S, NoStream>,
        json_reader: JsonReader<R, NoStream>,
        tap: Tap<S, NoStream>,
    }
    struct NoStream;
    impl Observer for NoStream {
        fn on_chunk(&mut self, _: &[u8]) {}
    }
    let mut facade = Facade {
        events: EventStream::new(NoStream),
        texts: TextEventStream::new(NoStream),
        blocks: BlockStream::new(NoStream),
        frames: FrameStream::new(NoStream),
        lines: LineStream::new(NoStream),
        shared: SharedEventStream::new(NoStream),
        reader: EventReader::new(NoStream),
        json: JsonStream::new(NoStream),
        json_reader: JsonReader::new(NoStream),
        tap: Tap::new(NoStream, NoStream),
    };
    let _: [&mut NoStream; 10] = [
        facade.events.get_mut(),
        facade.texts.get_mut(),
        facade.blocks.get_mut(),
        facade.frames.get_mut(),
        facade.lines.get_mut(),
        facade.shared.get_mut(),
        facade.reader.get_mut(),
        facade.json.get_mut(),
        facade.json_reader.get_mut(),
        facade.tap.get_mut(),
    ];
    let _: NoStream = facade.texts.into_inner();
    let decoders = [facade.events.into_decoder(), facade.reader.into_decoder(), facade.shared.into_decoder()];
    assert!(decoders.iter().all(|decoder| decoder.pending_bytes() == 0));
}
