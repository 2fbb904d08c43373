"""`MessageDecoder` against the samples, and its own interface."""

import asyncio
import copy
import itertools
import json
import math
import pickle
import typing

import pytest
from samples import HOSTILE, SAMPLES, chunks, expected
from ssewire import Decoder, IncompleteError, MessageDecoder, _names, aiter_events, iter_events

START = b'data: {"type":"message_start","message":{"id":"msg_1","content":[]}}\n\n'
PING = b'data: {"type":"ping"}\n\n'
STOP = b'data: {"type":"message_stop"}\n\n'
TOOL = b'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}\n\n'


def delta(kind, name, text):
    payload = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, name: text}}
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def named(name):
    return next(sample for sample in SAMPLES if sample.stem == name)


def test_there_are_24_samples():
    assert len(SAMPLES) == 24 and len(HOSTILE) > 20


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_has_its_message_in_every_chunking(sample):
    stream = sample.read_bytes()
    for size in [1, 2, 7, 64, 1400, len(stream)]:
        decoder = MessageDecoder()
        events = list(iter_events(chunks(stream, size), decoder))
        assert decoder.violations == {}
        if sample.stem.startswith("error"):
            with pytest.raises(IncompleteError) as raised:
                decoder.finish()
            error = raised.value
            assert (error.reason, error.server_error) == ("server_error", expected(sample)["error"])
            partial = expected(sample)["partial"]
            assert error.message == partial if partial else error.message["content"] == []
            continue
        message = decoder.finish()
        assert message == expected(sample)
        text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
        if sample.stem != "interleaved":
            assert "".join(event.text for event in events if event.type == "text") == text
        calls = {event.id: event.json() for event in events if event.type == "tool_call"}
        assert calls == {block["id"]: block["input"] for block in message["content"] if block["type"] == "tool_use"}


@pytest.mark.parametrize("stream", HOSTILE, ids=lambda stream: stream.stem)
def test_hostile_stream_gives_a_message_or_an_incomplete_one_in_every_chunking(stream):
    results = set()
    for size in [1, 3, 100, 100_000]:
        decoder = MessageDecoder()
        events = list(iter_events(chunks(stream.read_bytes(), size), decoder))
        completion = decoder.completion
        assert completion in typing.get_args(_names.Completion)
        assert {event.type for event in events} <= set(typing.get_args(_names.MessageEventType))
        try:
            message, reasons = decoder.finish(), ()
        except IncompleteError as error:
            message, reasons = error.message, tuple(error.reasons)
        seen = tuple((event.type, event.index, event.text, event.id, event.name) for event in events)
        results.add((json.dumps(message), reasons, completion, seen))
    assert len(results) == 1


def test_truncated_stream_keeps_the_partial_message():
    decoder = MessageDecoder()
    decoder.feed(START + delta("text_delta", "text", "Hello") + b"data: {")
    assert decoder.snapshot["content"] == [{"type": "text", "text": "Hello"}]
    assert decoder.completion == "truncated"
    with pytest.raises(IncompleteError) as raised:
        decoder.finish()
    error = raised.value
    assert error.message["content"][0]["text"] == "Hello"
    assert (error.reason, error.pending_bytes) == ("truncated", 7)
    assert "Hello" not in str(error)
    for copied in [copy.copy(error), pickle.loads(pickle.dumps(error))]:
        assert (copied.message, copied.reasons, str(copied)) == (error.message, error.reasons, str(error))


def test_partial_input_is_the_value_so_far():
    decoder = MessageDecoder(partial_input=True)
    decoder.feed(START + TOOL)
    assert decoder.partial_input(0) is None
    decoder.feed(delta("input_json_delta", "partial_json", '{"city": "Par'))
    assert decoder.partial_input(0) == {"city": "Par"}
    decoder.feed(delta("input_json_delta", "partial_json", 'is", "days": [1, 2'))
    assert decoder.partial_input(0) == {"city": "Paris", "days": [1, 2]}
    assert decoder.partial_input(1) is None
    with pytest.raises(ValueError, match="partial_input=True"):
        MessageDecoder().partial_input(0)


def test_truncated_tool_input_is_not_a_call():
    decoder = MessageDecoder()
    events = decoder.feed(START + TOOL + delta("input_json_delta", "partial_json", '{"path": "/'))
    events += decoder.feed(b'data: {"type":"content_block_stop","index":0}\n\n')
    assert "tool_call" not in [event.type for event in events]
    with pytest.raises(IncompleteError) as raised:
        decoder.finish()
    assert "tool_input" in raised.value.reasons


def test_message_ends_before_the_connection():
    decoder = MessageDecoder()

    def endless():
        yield named("text").read_bytes()
        raise AssertionError("read after the end of the message")

    assert list(iter_events(endless(), decoder))[-1].type == "message_stop"
    assert decoder.is_ended and decoder.feed(b"data: x\n\n") == []
    assert decoder.finish()["stop_reason"] == "end_turn"


def test_message_ends_with_the_input():
    """A loop until `is_ended` did not end when the connection was cut."""
    decoder = MessageDecoder()
    decoder.feed(START + delta("text_delta", "text", "Hello") + b"data: {")
    assert not decoder.is_ended
    decoder.feed_end()
    assert decoder.is_ended
    assert decoder.feed_end() == []
    for chunk in [delta("text_delta", "text", "more"), b""]:
        with pytest.raises(ValueError, match="input has ended"):
            decoder.feed(chunk)
    assert decoder.completion == "truncated"
    assert decoder.snapshot["content"][0]["text"] == "Hello"
    with pytest.raises(IncompleteError) as raised:
        decoder.finish()
    assert (raised.value.reasons, raised.value.pending_bytes) == (["truncated"], 7)


def test_no_input_is_lost_after_the_end_of_the_input():
    """After a whole message, it was dropped without an exception, and its message with it."""
    text, message = named("text").read_bytes(), expected(named("text"))
    decoder = MessageDecoder()
    decoder.feed(text * 2)
    for _ in range(2):
        decoder.feed_end()
        for chunk in [text, b""]:
            with pytest.raises(ValueError, match="input has ended"):
                decoder.feed(chunk)
        assert decoder.next_message() == message
    decoder.feed(text)
    assert decoder.finish() == message


def test_finished_decoder_keeps_its_message_and_takes_no_input():
    decoder = MessageDecoder()
    decoder.feed(named("text").read_bytes())
    message = decoder.finish()
    assert (decoder.snapshot, decoder.completion, decoder.is_ended) == (message, "complete", True)
    for call in [lambda: decoder.feed(b""), decoder.finish, decoder.feed_end]:
        with pytest.raises(ValueError, match="decoder is finished"):
            call()


def test_finished_decoder_keeps_its_violations_and_has_no_partial_input():
    decoder = MessageDecoder(partial_input=True)
    decoder.feed(START + delta("text_delta", "text", "a") + delta("text_delta", "text", "b"))
    with pytest.raises(IncompleteError):
        decoder.finish()
    assert decoder.violations == {"delta_before_start": 2}
    with pytest.raises(ValueError, match="decoder is finished"):
        decoder.partial_input(0)


@pytest.mark.parametrize("base", [Decoder, MessageDecoder])
def test_decoder_is_final(base):
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (base,), {})


def test_json_body_is_explained_and_kept():
    decoder = MessageDecoder(content_type="application/json")
    decoder.feed(b'{"type":"message","role":"assistant","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}')
    with pytest.raises(IncompleteError, match="request probably lacks") as raised:
        decoder.finish()
    assert raised.value.reason == "non_stream_body"
    assert raised.value.body_message["content"][0]["text"] == "Hi"


def test_status_explains_a_json_error():
    decoder = MessageDecoder(content_type="application/json", status=529)
    decoder.feed(b'{"error":{"message":"try later"}}')
    with pytest.raises(IncompleteError, match=r"JSON error, not a stream: .* \(status 529\)"):
        decoder.finish()


def test_integers_of_too_many_digits_are_infinite():
    """CPython refuses to convert more than 4,300 digits; the message was lost."""
    digits = b"1" * 5000
    decoder = MessageDecoder()
    start = b'data: {"type":"message_start","message":{"role":"assistant","content":[],"later":[1,%s]}}\n\n' % digits
    event, *_ = decoder.feed(start)
    assert event.json()["message"]["later"][0] == 1
    decoder.feed(b'data: {"type":"error","error":{"type":"api_error","n":%s}}\n\n' % digits)
    assert decoder.snapshot["later"][0] == 1 and decoder.snapshot["later"][1] == math.inf
    with pytest.raises(IncompleteError) as raised:
        decoder.finish()
    assert raised.value.message["later"][1] == raised.value.server_error["error"]["n"] == math.inf
    with pytest.raises(json.JSONDecodeError):
        Decoder().feed(b"data: {\n\n")[0].json()


@pytest.mark.parametrize("data, expected", [(b"oops", "oops"), (b'[{"error":{"code":429}}]', [{"error": {"code": 429}}])])
def test_error_of_another_shape_is_kept(data, expected):
    decoder = MessageDecoder()
    decoder.feed(b"event: error\ndata: " + data + b"\n\n")
    with pytest.raises(IncompleteError) as raised:
        decoder.finish()
    assert raised.value.server_error == expected


@pytest.mark.parametrize(
    "name, largest",
    [("max_bytes", 2**64 - 1), ("max_blocks", 2**64 - 1), ("max_event_bytes", 2**64 - 1), ("status", 65_535)],
)
def test_numbers_out_of_range_are_named(name, largest):
    MessageDecoder(**{name: largest})
    for number in (-1, largest + 1, 2**200):
        with pytest.raises(ValueError, match=f"{name} must be from 0 to {largest}"):
            MessageDecoder(**{name: number})
    with pytest.raises(TypeError, match=f"{name} must be an integer, not str"):
        MessageDecoder(**{name: "1"})


def test_an_index_out_of_range_is_named():
    decoder = MessageDecoder(partial_input=True)
    assert decoder.partial_input(2**64 - 1) is None
    for index in (-1, 2**64):
        with pytest.raises(ValueError, match=f"index must be from 0 to {2**64 - 1}"):
            decoder.partial_input(index)
    for index in ("1", None):
        with pytest.raises(TypeError, match="index must be an integer, not "):
            decoder.partial_input(index)


def test_partial_input_keeps_the_order_of_members():
    decoder = MessageDecoder(partial_input=True)
    decoder.feed(START + TOOL)
    for piece, names in [('{"z":1', ["z"]), (',"m":', ["z"]), ('2,"a":3', ["z", "m", "a"])]:
        decoder.feed(delta("input_json_delta", "partial_json", piece))
        assert list(decoder.partial_input(0)) == names


def test_limits_are_reported():
    decoder = MessageDecoder(max_bytes=10)
    events = decoder.feed(START + delta("text_delta", "text", "x" * 100))
    assert events[-1].type == "lost" and "limit of 10 bytes" in events[-1].text
    assert decoder.completion == "limit_exceeded"


def test_strict_decoder_rejects():
    decoder = MessageDecoder(strict=True)
    events = decoder.feed(delta("text_delta", "text", "early"))
    assert [(event.type, event.name) for event in events] == [("rejected", "before_message_start")] and decoder.is_ended
    assert decoder.completion == "rejected_by_strict_mode"


def test_violations_are_counted():
    decoder = MessageDecoder()
    decoder.feed(START + delta("text_delta", "text", "a") + delta("text_delta", "text", "b"))
    assert decoder.violations == {"delta_before_start": 2}


def start(id):
    return START.replace(b"msg_1", id)


def next_message(decoder):
    try:
        message, reason = decoder.next_message(), "complete"
    except IncompleteError as error:
        message, reason = error.message, error.reason
    return message["id"], reason


async def test_messages_of_a_body_follow_each_other():
    text = named("text")
    # The last one lacks its blank line.
    body = start(b"a") + text.read_bytes() + b"data: [DONE]\n\n" + start(b"c") + start(b"d").strip()
    expected_messages = [("a", "truncated"), (expected(text)["id"], "complete"), ("c", "truncated"), ("d", "truncated")]

    async def asynchronous(pieces):
        for piece in pieces:
            yield piece

    for size in [1, 7, 300, len(body)]:
        pieces, decoder, seen, types = iter(chunks(body, size)), MessageDecoder(), [], []
        while True:
            types.append([event.type for event in iter_events(pieces, decoder)])
            if not decoder.has_started:
                break
            seen.append(next_message(decoder))
        assert seen == expected_messages
        assert types[::2] == [["message_start", "replaced"]] * 2 + [[]] and types[3] == ["message_start"]

        pieces, decoder, aseen, atypes = asynchronous(chunks(body, size)), MessageDecoder(), [], []
        for _ in types:
            atypes.append([event.type async for event in aiter_events(pieces, decoder)])
            if decoder.has_started:
                aseen.append(next_message(decoder))
        assert (aseen, atypes) == (seen, types)

        decoder, ids = MessageDecoder(), []
        for piece in chunks(body, size):
            ids += [event.id for event in decoder.feed(piece) if event.type == "message_start"]
            while decoder.is_ended:
                next_message(decoder)
                ids += [event.id for event in decoder.feed(b"") if event.type == "message_start"]
        ids += [event.id for event in decoder.feed_end() if event.type == "message_start"]
        next_message(decoder)
        ids += [event.id for event in decoder.feed_end() if event.type == "message_start"]
        assert ids == [id for id, _ in expected_messages]
    assert decoder.has_started
    with pytest.raises(IncompleteError):
        decoder.finish()
    assert decoder.has_started
    with pytest.raises(ValueError, match="decoder is finished"):
        decoder.next_message()


def test_a_change_without_an_event_of_its_own_has_no_json():
    """`json()` raised `JSONDecodeError` at the start of a message that replaced another one."""
    decoder = MessageDecoder()
    decoder.feed(start(b"a") + start(b"b"))
    assert next_message(decoder) == ("a", "truncated")
    (event,) = decoder.feed(b"")
    assert (event.type, event.id, event.text, event.json()) == ("message_start", "b", "", None)


def test_what_follows_a_message_in_its_chunk_belongs_to_the_next_one():
    text = named("text").read_bytes()
    decoder = MessageDecoder()
    decoder.feed(text * 3)
    assert decoder.next_message()["stop_reason"] == "end_turn"
    assert decoder.finish()["stop_reason"] == "end_turn"
    decoder = MessageDecoder()
    assert sum(event.type == "message_stop" for event in decoder.feed(text * 2) + decoder.feed_end()) == 1


async def test_events_that_no_loop_took_are_of_the_message_before():
    text, message = named("text").read_bytes(), expected(named("text"))
    types = [event.type for event in MessageDecoder().feed(text)]

    async def asynchronous():
        yield text * 2

    decoder, pieces = MessageDecoder(), iter([text * 2])
    for _ in iter_events(pieces, decoder):
        break
    assert decoder.next_message() == message
    assert [event.type for event in iter_events(pieces, decoder)] == types
    assert decoder.finish() == message

    decoder, pieces = MessageDecoder(), asynchronous()
    async for _ in aiter_events(pieces, decoder):
        break
    assert decoder.next_message() == message
    assert [event.type async for event in aiter_events(pieces, decoder)] == types
    assert decoder.finish() == message


@pytest.mark.parametrize("size", [150, 100_000])
async def test_a_loop_ends_with_its_message(size):
    """A loop that was left, and goes on after `next_message`, returns nothing of the next message."""
    text, message = named("text").read_bytes(), expected(named("text"))
    types = [event.type for event in MessageDecoder().feed(text)]

    async def asynchronous():
        for piece in chunks(text * 2, size):
            yield piece

    for is_restarted in (False, True):
        decoder, pieces = MessageDecoder(), chunks(text * 2, size)
        loop = iter_events(pieces, decoder)
        seen = [next(loop).type, next(loop).type]
        partial = next_message(decoder)
        assert partial == (message["id"], "complete" if size > len(text) else "truncated")
        further = iter_events(pieces, decoder)
        if is_restarted:
            further = itertools.chain([next(further)], further)
        assert list(loop) == []
        # The rest of the first message has no `message_start`, so it is skipped.
        assert (seen, [event.type for event in further]) == (types[:2], types)
        assert decoder.finish() == message

    decoder, apieces = MessageDecoder(), asynchronous()
    aloop = aiter_events(apieces, decoder)
    assert (await aloop.__anext__()).type == types[0]
    next_message(decoder)
    assert [event.type async for event in aloop] == []
    assert [event.type async for event in aiter_events(apieces, decoder)] == types
    assert decoder.finish() == message


def test_the_chunk_of_a_loop_that_waits_is_of_the_next_message():
    """`next_message` ends a loop that waits for a chunk, too. That chunk is not lost."""

    def body():
        yield start(b"a")
        assert next_message(decoder) == ("a", "truncated")
        yield start(b"b") + PING
        yield STOP

    decoder, pieces = MessageDecoder(), body()
    assert [event.id for event in iter_events(pieces, decoder)] == ["a"]
    assert [event.type for event in iter_events(pieces, decoder)] == ["message_start", "ping", "message_stop"]
    assert next_message(decoder) == ("b", "complete")


@pytest.mark.parametrize("next_loop", ["begins later", "waits", "has events"])
async def test_the_chunk_of_a_task_that_waits_is_of_the_next_message(next_loop):
    queue = asyncio.Queue()

    class Body:
        # Not a generator: two tasks wait for its chunks.
        def __aiter__(self):
            return self

        async def __anext__(self):
            chunk = await queue.get()
            if chunk is None:
                raise StopAsyncIteration
            return chunk

    async def types(loop):
        return [event.type async for event in loop]

    async def waiting(loop):
        task = asyncio.ensure_future(types(loop))
        await asyncio.sleep(0.01)
        assert not task.done()
        return task

    decoder = MessageDecoder()
    loop = aiter_events(Body(), decoder)
    queue.put_nowait(start(b"a"))
    assert (await loop.__anext__()).id == "a"
    old = await waiting(loop)
    assert next_message(decoder) == ("a", "truncated")
    if next_loop == "has events":
        other = iter_events([start(b"b") + PING], decoder)
        assert next(other).id == "b"
        queue.put_nowait(STOP)
        assert await old == []
        assert await types(aiter_events(Body(), decoder)) == ["ping", "message_stop"]
    else:
        further = aiter_events(Body(), decoder)
        new = await waiting(further) if next_loop == "waits" else None
        queue.put_nowait(start(b"b") + PING)
        queue.put_nowait(STOP)
        assert await old == []
        assert await (new or types(further)) == ["message_start", "ping", "message_stop"]
    assert next_message(decoder) == ("b", "complete")


def test_chunks_are_appended_to_the_rest():
    ids = [str(number) for number in range(20)]
    body = b"".join(start(id.encode()) + b'data: {"type":"message_stop"}\n\n' for id in ids)
    for size in [1, 7, 150, 300, 1000, len(body)]:
        decoder, seen = MessageDecoder(), []
        for piece in chunks(body, size):
            decoder.feed(piece)
            # One at most: the chunks may have more.
            if decoder.is_ended:
                seen.append(next_message(decoder)[0])
        decoder.feed(b"")
        while decoder.is_ended:
            seen.append(next_message(decoder)[0])
            decoder.feed(b"")
        assert seen == ids


def test_a_chunk_may_have_a_thousand_messages():
    message = named("text").read_bytes()
    for chunks in ([message * 1000], [message] * 1000):
        decoder, count = MessageDecoder(), 0
        for chunk in chunks:
            decoder.feed(chunk)
            while decoder.is_ended:
                count += decoder.next_message()["stop_reason"] == "end_turn"
                decoder.feed(b"")
        assert count == 1000
