"""`iter_events` and `aiter_events`."""

import asyncio

import pytest
from samples import SAMPLES, chunks, expected
from ssewire import Decoder, Error, LostEvent, MessageDecoder, TruncatedError, aiter_events, iter_events

BODY = b"data: one\n\ndata: two\n\ndata: [DONE]"


async def asynchronous(pieces):
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def texts(**options):
    return [event.data for event in iter_events(chunks(BODY, 4), **options)]


async def atexts(**options):
    return [event.data async for event in aiter_events(asynchronous(chunks(BODY, 4)), **options)]


def test_the_end_is_an_error_by_default():
    seen = []
    with pytest.raises(TruncatedError):
        seen.extend(event.data for event in iter_events([BODY]))
    assert seen == ["one", "two"]
    assert texts(end="discard") == ["one", "two"]
    assert texts(end="dispatch") == ["one", "two", "[DONE]"]


@pytest.mark.parametrize("iterate", [iter_events, aiter_events])
def test_wrong_options_are_refused_at_the_call(iterate):
    """The exception came with the first event. A `MessageDecoder` ignored both options."""
    with pytest.raises(ValueError, match="end must be"):
        iterate([], end="ignore")
    with pytest.raises(ValueError, match="lost must be"):
        iterate([], lost="ignore")
    for options in [{"end": "discard"}, {"end": "ignore"}, {"lost": "yield"}]:
        with pytest.raises(TypeError, match="MessageDecoder"):
            iterate([], MessageDecoder(), **options)


async def test_asynchronous_events_are_the_same():
    with pytest.raises(TruncatedError):
        await atexts()
    assert await atexts(end="discard") == ["one", "two"]
    assert await atexts(end="dispatch") == ["one", "two", "[DONE]"]


async def test_a_lost_event_is_an_error_by_default():
    body = b"data: one\n\ndata: " + b"x" * 100 + b"\n\ndata: two\n\n"
    for end in [body, body + b"data: " + b"y" * 100]:
        seen = []
        with pytest.raises(Error, match="event"):
            seen.extend(event.data for event in iter_events([end], Decoder(max_event_bytes=50)))
        with pytest.raises(Error, match="event"):
            async for event in aiter_events(asynchronous([end]), Decoder(max_event_bytes=50)):
                seen.append(event.data)
        assert seen == ["one", "one"]
        events = list(iter_events([end], Decoder(max_event_bytes=50), lost="yield", end="dispatch"))
        assert [type(event) for event in events[:3]] == [type(events[0]), LostEvent, type(events[0])]
        assert [event.data for event in events[::2]][:2] == ["one", "two"]


async def test_reset_prepares_a_decoder_for_another_connection():
    async def broken():
        yield b"id: 1\ndata: one\n\ndata: tw"
        raise OSError("connection reset")

    async def stalled():
        yield b"id: 1\ndata: one\n\ndata: tw"
        await asyncio.sleep(3600)

    async def read(chunks):
        async for event in aiter_events(chunks, decoder):
            seen.append(event.data)

    for first, error in (broken(), OSError), (stalled(), asyncio.TimeoutError):
        decoder, seen = Decoder(), []
        with pytest.raises(error):
            await asyncio.wait_for(read(first), 0.05)
        decoder.reset()
        await read(asynchronous([b"data: two\n\n"]))
        assert seen == ["one", "two"]
        assert decoder.last_event_id == "1"


class Chunks:
    """An iterator that can go on after an exception, as one of a socket with a timeout."""

    def __init__(self, *chunks):
        self.chunks = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        chunk = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self)
        except StopIteration:
            raise StopAsyncIteration from None


@pytest.mark.parametrize("chunks, error, expected", [
    ([b"data: one\n\ndata: " + b"x" * 100, b"x\ndata: tail\n\ndata: two\n\n"], Error, ["one", "two"]),
    ([b"data: one\n\ndata: " + b"x" * 100 + b"\n\ndata: two\n\ndata: three\n\nda", b"ta: four\n\n"], Error,
     ["one", "two", "three", "four"]),
    ([b"data: " + b"x" * 100 + b"\n\ndata: last\n\n"], Error, ["last"]),
    ([b"data: par", TimeoutError(), b"t\n\n"], TimeoutError, ["part"]),
])
async def test_same_chunks_go_on_after_an_exception(chunks, error, expected):
    """An exception discards neither what has come of an event nor the events of its chunk."""
    decoder, rest, seen = Decoder(max_event_bytes=50), Chunks(*chunks), []
    with pytest.raises(error):
        seen.extend(event.data for event in iter_events(rest, decoder))
    seen.extend(event.data for event in iter_events(rest, decoder))
    adecoder, rest, aseen = Decoder(max_event_bytes=50), Chunks(*chunks), []
    with pytest.raises(error):
        async for event in aiter_events(rest, adecoder):
            aseen.append(event.data)
    async for event in aiter_events(rest, adecoder):
        aseen.append(event.data)
    assert seen == aseen == expected


@pytest.mark.parametrize("new_decoder, body, attribute", [
    (lambda: Decoder(max_event_bytes=50), b"data: one\n\ndata: two\n\ndata: three\n\ndata: four\n\n", "data"),
    (MessageDecoder, SAMPLES[0].read_bytes(), "type"),
])
@pytest.mark.parametrize("size", [7, 60, 10_000])
async def test_no_event_is_lost_if_each_loop_takes_one(new_decoder, body, attribute, size):
    expected = [getattr(event, attribute) for event in iter_events([body], new_decoder())]
    decoder, rest, seen = new_decoder(), Chunks(*chunks(body, size)), []
    adecoder, arest, aseen = new_decoder(), Chunks(*chunks(body, size)), []
    for _ in expected:
        for event in iter_events(rest, decoder):
            seen.append(getattr(event, attribute))
            break
        async for event in aiter_events(arest, adecoder):
            aseen.append(getattr(event, attribute))
            break
        # As before another connection: only an unfinished event is discarded; this input has none.
        if isinstance(decoder, Decoder) and size > len(body):
            decoder.reset()
    assert seen == aseen == expected
    if isinstance(decoder, MessageDecoder):
        # The message has ended: no loop waits for another chunk.
        assert list(iter_events(Chunks(TimeoutError()), decoder)) == []


@pytest.mark.parametrize("pieces", [
    [b"data: 1\n\ndata: 2\n\n", b"data: 3\n\ndata: 4\n\ndata: 5\n\n", b"data: 6\n\n"],
    [b"data: 1\n\ndata: 2\n\n", b"data: 3\n\ndata: 4\n\ndata: 5\n\ndata: 6\n\n"],
])
async def test_no_event_is_lost_if_a_loop_within_a_loop_ends_early(pieces):
    decoder, rest, seen = Decoder(), Chunks(*pieces), []
    for event in iter_events(rest, decoder):
        seen.append(event.data)
        if event.data == "2":
            for inner in iter_events(rest, decoder):
                seen.append(inner.data)
                break
    adecoder, rest, aseen = Decoder(), Chunks(*pieces), []
    async for event in aiter_events(rest, adecoder):
        aseen.append(event.data)
        if event.data == "2":
            async for inner in aiter_events(rest, adecoder):
                aseen.append(inner.data)
                break
    assert seen == aseen == ["1", "2", "3", "4", "5", "6"]


async def test_events_that_an_inner_loop_left_do_not_wait_for_a_chunk():
    pieces = [b"data: 1\n\n", b"data: 2\n\ndata: 3\n\ndata: 4\n\n", TimeoutError()]
    decoder, rest, seen = Decoder(), Chunks(*pieces), []
    with pytest.raises(TimeoutError):
        for event in iter_events(rest, decoder):
            seen.append(event.data)
            if event.data != "4":
                seen.append(next(iter_events(rest, decoder)).data)
    adecoder, rest, aseen = Decoder(), Chunks(*pieces), []
    with pytest.raises(TimeoutError):
        async for event in aiter_events(rest, adecoder):
            aseen.append(event.data)
            if event.data != "4":
                aseen.append((await aiter_events(rest, adecoder).__anext__()).data)
    assert seen == aseen == ["1", "2", "3", "4"]


async def test_no_event_is_lost_if_another_loop_ends_early_while_one_waits():
    async def waiting():
        yield b"data: 1\n\n"
        async for event in aiter_events(asynchronous([b"data: 2\n\ndata: 3\n\n"]), decoder):
            seen.append(event.data)
            break
        yield b"data: 4\n\n"
        async for event in aiter_events(asynchronous([b"data: 5\n\ndata: 6\n\n"]), decoder):
            seen.append(event.data)
            break

    decoder, seen = Decoder(), []
    async for event in aiter_events(waiting(), decoder):
        seen.append(event.data)
    assert seen == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("size", [7, 60, 500, 10_000])
async def test_no_event_of_a_message_is_lost_if_a_loop_within_a_loop_ends_early(size):
    """At its end, too: an inner loop that takes the end of the message left its last events."""
    body = next(path for path in SAMPLES if b'"tool_use"' in path.read_bytes()).read_bytes()
    whole = [event.type for event in iter_events([body], MessageDecoder())]
    decoder, rest, seen = MessageDecoder(), Chunks(*chunks(body, size)), []
    for event in iter_events(rest, decoder):
        seen.append(event.type)
        for inner in iter_events(rest, decoder):
            seen.append(inner.type)
            break
    adecoder, rest, aseen = MessageDecoder(), Chunks(*chunks(body, size)), []
    async for event in aiter_events(rest, adecoder):
        aseen.append(event.type)
        async for inner in aiter_events(rest, adecoder):
            aseen.append(inner.type)
            break
    assert "tool_call" in whole and seen == aseen == whole


async def test_many_tasks_decode_at_once():
    samples = [sample for sample in SAMPLES if not sample.stem.startswith("error")]

    async def read(sample):
        decoder = MessageDecoder()
        async for _ in aiter_events(asynchronous(chunks(sample.read_bytes(), 50)), decoder):
            pass
        return decoder.finish()

    messages = await asyncio.gather(*(read(sample) for sample in samples))
    assert messages == [expected(sample) for sample in samples]


async def test_cancelled_task_leaves_the_decoder_usable():
    decoder = MessageDecoder()
    stream = SAMPLES[0].read_bytes()

    async def stalls():
        yield stream[:100]
        await asyncio.sleep(3600)

    async def read():
        async for _ in aiter_events(stalls(), decoder):
            pass

    task = asyncio.ensure_future(read())
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    decoder.feed(stream[100:])
    assert decoder.finish() == expected(SAMPLES[0])
