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
    with pytest.raises(ValueError):
        texts(end="ignore")


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
    with pytest.raises(ValueError):
        list(iter_events([], lost="ignore"))


async def test_an_event_of_a_broken_connection_is_discarded():
    """The decoder, which has the last event ID, joined it with the first event of the next connection."""
    def broken():
        yield b"id: 1\ndata: one\n\ndata: tw"
        raise OSError("connection reset")

    async def abroken():
        for chunk in broken():
            yield chunk

    decoder, adecoder, seen, aseen = Decoder(), Decoder(), [], []
    with pytest.raises(OSError):
        seen.extend(event.data for event in iter_events(broken(), decoder))
    seen.extend(event.data for event in iter_events([b"data: two\n\n"], decoder))
    with pytest.raises(OSError):
        async for event in aiter_events(abroken(), adecoder):
            aseen.append(event.data)
    async for event in aiter_events(asynchronous([b"data: two\n\n"]), adecoder):
        aseen.append(event.data)
    assert seen == aseen == ["one", "two"]
    assert decoder.last_event_id == adecoder.last_event_id == "1"


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
