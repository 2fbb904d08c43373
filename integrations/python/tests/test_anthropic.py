"""The official SDK: with the middleware, with our helper, and alone. The messages must be the same."""

import asyncio
import contextlib
import gzip
import importlib
import importlib.util
import json
import math
import socket
import sys
import threading
import time
from types import ModuleType

import pytest

anthropic = pytest.importorskip("anthropic", minversion="2")

import ssewire.anthropic
from samples import SAMPLES, chunks
from server import serve
from ssewire import IncompleteError

REQUEST = {"model": "claude-opus-4-1", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}

# Samples whose final message differs from the SDK's, and why. ssewire's is the one of docs/protocol.md.
BETA = "the SDK's helper outside of `client.beta` does not merge the members and deltas of beta features"
DIFFERENCES = {
    "beta_advisor": ([".usage.iterations"], BETA),
    "beta_compaction": ([".content[0].content", ".content[0].encrypted_content", ".usage.iterations"], BETA),
    "beta_context_management": ([".context_management"], BETA),
    "beta_fallback": ([".usage.iterations", ".usage.fallback_credit", ".input_transformations"], BETA),
    "message_delta_twice": ([".stop_reason", ".stop_sequence"], "null in a second `message_delta` replaces no known value"),
    "padded_events": ([".stop_details"], "the SDK sets null for a member that the stream never sent"),
}


def bodies():
    return {sample.stem: list(chunks(sample.read_bytes(), 61)) for sample in SAMPLES}


@pytest.fixture(scope="module")
def address():
    with serve({**bodies(), **OTHER}) as address:
        yield address


def event(payload, name=True):
    line = f"event: {payload['type']}\n" if name else ""
    return f"{line}data: {json.dumps(payload)}\n\n".encode()


MESSAGE = [
    {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                                          "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
END_OF_LATE = threading.Event()
OTHER = {
    "unnamed": [event(payload, name=False) for payload in MESSAGE],
    "split-line-end": [b"\r\n".join(event(payload).split(b"\n")) + b": \xff\r\n" for payload in MESSAGE],
    "surrogate": [event(payload) for payload in MESSAGE[:2]]
    + [b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ud83d"}}\n\n',
       b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ude00"}}\n\n']
    + [event(payload) for payload in MESSAGE[3:]],
    "extra": [event({**payload, "later": 1}) for payload in MESSAGE],
    "unknown-event": [event(MESSAGE[0]), event({"type": "later"}), *map(event, MESSAGE[1:])],
    "cut": [event(payload) for payload in MESSAGE[:3]],
    "open": [*map(event, MESSAGE), None],
    "late": [*map(event, MESSAGE), END_OF_LATE],
    "stalled": [*map(event, MESSAGE[:3]), None],
    "error-without-data": [event(MESSAGE[0]), b"event: error\n\n"],
    "no-error-object": [b"event: error\ndata: oops\n\n"],
    "null-piece": [*map(event, MESSAGE[:2]), event({**MESSAGE[2], "delta": {"type": "text_delta", "text": None}})],
    "deep-error": [b"event: error\ndata: " + b"[" * 100_000 + b"\n\n"],
    "other-values": [f"event: later\ndata: {data}\n\n".encode() for data in ('{"type":[]}', '{"type":{}}', "[1]", "null", '"a"', "1")],
    "gzip": list(chunks(gzip.compress(b"".join(map(event, MESSAGE))), 61)),
}


# A client of its own for each test would take most of the time.
HTTP = anthropic.DefaultHttpxClient()


def client(address, name, middleware=None):
    return anthropic.Anthropic(
        http_client=HTTP, api_key="k", base_url=address, default_headers={"x-body": name}, max_retries=0,
        middleware=[middleware] if middleware else None,
    )


def async_client(address, name, middleware=None):
    return anthropic.AsyncAnthropic(
        api_key="k", base_url=address, default_headers={"x-body": name}, max_retries=0,
        middleware=[middleware] if middleware else None,
    )


def described(event):
    # The SDK yields JSON that is not an object as it is.
    return (type(event).__name__, event.to_dict(), event.model_fields_set) if hasattr(event, "to_dict") else event


def created(client):
    """The events of `create`, or what was raised after them."""
    events = []
    try:
        for one in client.messages.create(**REQUEST, stream=True):
            events.append(described(one))
    except anthropic.APIStatusError as error:
        events.append((type(error).__name__, error.body, str(error), error.request_id))
    return events


async def acreated(client):
    events = []
    try:
        async for one in await client.messages.create(**REQUEST, stream=True):
            events.append(described(one))
    except anthropic.APIStatusError as error:
        events.append((type(error).__name__, error.body, str(error), error.request_id))
    return events


def final_of_sdk(client):
    with client.messages.stream(**REQUEST) as stream:
        return stream.get_final_message()


SAME = [sample.stem for sample in SAMPLES] + ["surrogate", "extra", "cut", "no-error-object", "unknown-event", "gzip"]
SAME += ["null-piece", "deep-error", "other-values"]


@pytest.mark.parametrize("name", SAME)
async def test_events_with_the_middleware_are_those_of_the_sdk(address, name):
    middleware = ssewire.anthropic.middleware()
    expected = created(client(address, name))
    assert created(client(address, name, middleware)) == expected
    async with async_client(address, name, middleware) as asynchronous:
        assert await acreated(asynchronous) == expected
    assert middleware.stream_requests == 2
    assert expected


@pytest.mark.parametrize("name", [sample.stem for sample in SAMPLES if not sample.stem.startswith("error")])
async def test_final_message_is_that_of_the_sdk(address, name):
    expected = final_of_sdk(client(address, name))
    middleware = ssewire.anthropic.middleware()
    with_middleware = final_of_sdk(client(address, name, middleware))
    assert with_middleware == expected and with_middleware.to_dict() == expected.to_dict()
    assert middleware.stream_requests == 1
    with ssewire.anthropic.stream(client(address, name), **REQUEST) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
        assert stream.current_message_snapshot == message
        assert stream.response.headers["request-id"] == "req_test"
    async with async_client(address, name) as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
            assert "".join([piece async for piece in stream.text_stream]) == text
            assert await stream.get_final_message() == message
    assert difference(message.to_dict(), expected.to_dict()) == DIFFERENCES.get(name, ([], None))[0]


def difference(ours, sdk, path=""):
    """The paths at which two messages differ."""
    if isinstance(ours, dict) and isinstance(sdk, dict):
        names = list(dict.fromkeys([*ours, *sdk]))
        missing = object()
        return [found for name in names
                for found in difference(ours.get(name, missing), sdk.get(name, missing), f"{path}.{name}")]
    if isinstance(ours, list) and isinstance(sdk, list) and len(ours) == len(sdk):
        return [found for at, pair in enumerate(zip(ours, sdk)) for found in difference(*pair, f"{path}[{at}]")]
    return [] if ours == sdk else [path]


@pytest.mark.parametrize("name", ["unnamed", "split-line-end"])
def test_middleware_reads_streams_that_the_sdk_does_not(address, name):
    with_middleware = final_of_sdk(client(address, name, ssewire.anthropic.middleware()))
    assert with_middleware.content[0].text == "Hello"
    with pytest.raises(Exception):  # noqa: B017 - an assertion, or a UnicodeDecodeError, by version
        final_of_sdk(client(address, name))


def decoded(body, name=b"", client=client("http://localhost", "")):
    """The events of the middleware for a payload, with the lines in `name` before it."""
    types = ssewire.anthropic.RawMessageStreamEvent
    response = _response(name + b"data: " + body + b"\n\n")
    return list(ssewire.anthropic._Stream[types](cast_to=types, response=response, client=client))


# The standard does not distinguish them.
UNNAMED = [b"", b"event: message\n"]


@pytest.mark.parametrize("name", UNNAMED)
def test_payload_without_an_event_type_is_content_if_it_begins_as_an_object(name):
    """Content was dropped: the final message lacked a word, without an exception."""
    for body in b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" not', b"{", b" {]":
        with pytest.raises(json.JSONDecodeError):
            decoded(body, name)
    with pytest.raises(RecursionError):
        decoded(b'{"a":' * 100_000, name)
    for body in b"", b" ", b"[]", b": PROCESSING", b"ping", b'"a"', b"[DONE]", b"[" * 100_000, b'{"type":"ping"}':
        assert decoded(body, name) == []
    assert decoded(b'{"type":"later","a":1}', name)[0].to_dict()["a"] == 1


@pytest.mark.parametrize("name", UNNAMED)
@pytest.mark.parametrize("body", [
    {"type": "error", "error": {"type": "overloaded_error"}},
    {"error": {"type": "overloaded_error"}},
    {"detail": "m"},
    {"object": "error", "message": "m", "type": "BadRequest"},
])
def test_payload_without_an_event_type_is_an_error_if_it_has_the_shape_of_one(body, name):
    with pytest.raises(anthropic.APIStatusError) as raised:
        decoded(json.dumps(body).encode(), name)
    assert raised.value.body == body


DEEP = b'{"a":' * 130 + b"1" + b"}" * 130


@pytest.mark.parametrize("name", UNNAMED)
@pytest.mark.parametrize("value", [b"NaN", b"-Infinity", DEEP])
def test_payload_that_only_python_reads_is_what_its_type_says(value, name):
    """The native decoder rejects it: an error and a ping became a `message_start`."""
    for body in (
        b'{"type":"error","error":{"type":"overloaded_error"},"n":%s}',
        b'{"error":{"type":"overloaded_error","n":%s}}',
        b'{"type":null,"detail":%s}',
        b'{"object":"error","type":"BadRequest","n":%s}',
    ):
        with pytest.raises(anthropic.APIStatusError) as raised:
            decoded(body % value, name)
        assert raised.value.body.keys() == json.loads(body % value).keys()
    for body in b'{"type":"ping","n":%s}', b'{"n":%s}', b'{"error":null,"n":%s}':
        assert decoded(body % value, name) == []
    (later,) = decoded(b'{"type":"later","error":"a","n":%s}' % value, name)
    assert later.to_dict()["type"] == "later"


@pytest.mark.parametrize("name", [*UNNAMED, b"event: content_block_start\n"])
def test_integer_of_too_many_digits_is_infinite(name):
    body = b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{"a":%s}}}'
    (start,) = decoded(body % (b"1" * 5000), name)
    assert start.content_block.input == {"a": math.inf}
    with pytest.raises(anthropic.APIStatusError) as raised:
        decoded(b'{"type":"error","n":%s}' % (b"1" * 5000), b"event: error\n")
    assert raised.value.body["n"] == math.inf


def test_error_without_a_data_line_is_not_an_event(address):
    *start, error = created(client(address, "error-without-data"))
    assert len(start) == 1 and error[0] == "APIStatusError"
    assert created(client(address, "error-without-data", ssewire.anthropic.middleware())) == start


def test_incomplete_message_is_an_exception_with_the_partial_one(address):
    with ssewire.anthropic.stream(client(address, "cut"), **REQUEST) as stream:
        with pytest.raises(IncompleteError) as raised:
            stream.get_final_message()
    assert raised.value.reason == "truncated"
    assert raised.value.message["content"][0]["text"] == "Hello"


async def test_incomplete_message_is_the_same_exception_each_time(address):
    with ssewire.anthropic.stream(client(address, "cut"), **REQUEST) as stream:
        for read in [stream.get_final_message, stream.get_final_text, stream.get_final_message]:
            with pytest.raises(IncompleteError, match="truncated") as raised:
                read()
            assert raised.value.reasons == ["truncated"]
            assert raised.value.message["content"][0]["text"] == "Hello"
    async with async_client(address, "cut") as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
            for read in [stream.get_final_message, stream.get_final_text]:
                with pytest.raises(IncompleteError, match="truncated"):
                    await read()


def test_each_context_of_a_stream_has_a_message_of_its_own():
    whole = [*map(event, MESSAGE)]
    bodies = {"attempt": whole[:3]}
    with serve(bodies) as address:
        attempts = ssewire.anthropic.stream(client(address, "attempt"), **REQUEST)
        with attempts as stream, pytest.raises(IncompleteError):
            stream.get_final_message()
        bodies["attempt"] = whole
        with attempts as stream:
            assert stream.get_final_message().content[0].text == "Hello"
        bodies["attempt"] = [whole[0].replace(b"msg_1", b"msg_2"), *whole[1:]]
        with attempts as stream:
            assert stream.get_final_message().id == stream.current_message_snapshot.id == "msg_2"
        with attempts as stream:
            pass
        with pytest.raises(RuntimeError, match="nothing was read"):
            stream.get_final_message()


def test_server_error_is_in_the_exception(address):
    with ssewire.anthropic.stream(client(address, "error_mid_stream"), **REQUEST) as stream:
        with pytest.raises(IncompleteError) as raised:
            stream.get_final_message()
    assert raised.value.server_error["error"]["type"] == "overloaded_error"


async def test_limit_of_the_middleware_is_an_error_of_the_sdk(address):
    # The first event is larger than 150 bytes.
    small, large = ssewire.anthropic.middleware(max_event_bytes=150), ssewire.anthropic.middleware(max_event_bytes=1000)
    for kind in [anthropic.APIError, ssewire.Error, ssewire.anthropic.LostEventError]:
        with pytest.raises(kind, match="exceeds the limit of 150 bytes"):
            created(client(address, "unnamed", small))
    with pytest.raises(anthropic.APIError) as raised:
        await acreated(async_client(address, "unnamed", small))
    assert raised.value.request.method == "POST"
    assert created(client(address, "extra", large)) == created(client(address, "extra"))
    assert await acreated(async_client(address, "extra", large)) == created(client(address, "extra"))


async def test_limits_of_the_helper_are_those_of_the_decoder(address):
    for limit in ["max_event_bytes", "max_bytes", "max_blocks"]:
        with ssewire.anthropic.stream(client(address, "extra"), **{limit: 0}, **REQUEST) as stream:
            with pytest.raises(IncompleteError) as raised:
                stream.get_final_message()
        assert raised.value.reason == "limit_exceeded"
        async with async_client(address, "extra") as asynchronous:
            async with ssewire.anthropic.stream(asynchronous, **{limit: 0}, **REQUEST) as stream:
                with pytest.raises(IncompleteError) as raised:
                    await stream.get_final_message()
        assert raised.value.reason == "limit_exceeded"


async def test_connection_is_used_again(address, monkeypatch):
    # On a busy machine the end of the body may be late.
    monkeypatch.setattr(ssewire.anthropic, "_DRAIN_SECONDS", 60)

    def connection(client):
        with ssewire.anthropic.stream(client, **REQUEST) as stream:
            assert stream.get_final_text()
        return stream.response.headers["x-connection"]

    async def aconnection(client):
        async with ssewire.anthropic.stream(client, **REQUEST) as stream:
            assert await stream.get_final_text()
        return stream.response.headers["x-connection"]

    options = {"api_key": "k", "base_url": address, "default_headers": {"x-body": "text"}, "max_retries": 0}
    with anthropic.Anthropic(**options) as synchronous:
        assert len({connection(synchronous) for _ in range(3)}) == 1
    async with anthropic.AsyncAnthropic(**options) as asynchronous:
        assert len({await aconnection(asynchronous) for _ in range(3)}) == 1


async def test_body_that_stays_open_does_not_hold_the_caller(address):
    texts = []

    def read():
        with ssewire.anthropic.stream(client(address, "open"), **REQUEST) as stream:
            texts.append(stream.get_final_text())

    # Not in this thread, which would wait for the read timeout of the client.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(60)
    assert not reader.is_alive()

    async def aread():
        async with async_client(address, "open") as asynchronous:
            async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
                texts.append(await stream.get_final_text())

    await asyncio.wait_for(aread(), 60)
    assert texts == ["Hello", "Hello"]


def test_connection_in_the_pool_is_never_shut_down(address, monkeypatch):
    """The body ends just when the wait for it does: until its connection is shut down, the response stays open."""
    monkeypatch.setattr(ssewire.anthropic, "_DRAIN_SECONDS", 0)
    was_closed = []
    shutdown = socket.socket.shutdown

    def shut_down_late(connection, how):
        if isinstance(threading.current_thread(), threading.Timer):
            END_OF_LATE.set()
            deadline = time.monotonic() + 1
            while not stream.response.is_closed and time.monotonic() < deadline:
                time.sleep(0.01)
            was_closed.append(stream.response.is_closed)
        shutdown(connection, how)

    monkeypatch.setattr(socket.socket, "shutdown", shut_down_late)
    with ssewire.anthropic.stream(client(address, "late"), **REQUEST) as stream:
        assert stream.get_final_text() == "Hello"
    assert was_closed == [False]
    assert stream.response.is_closed
    # The pool does not use the dead connection.
    with ssewire.anthropic.stream(client(address, "text"), **REQUEST) as stream:
        assert stream.get_final_text()


def test_response_that_is_closed_already_is_left_alone(address, monkeypatch):
    monkeypatch.setattr(threading.Timer, "start", lambda timer: pytest.fail("the connection may be in the pool"))
    with ssewire.anthropic.stream(client(address, "open"), **REQUEST) as stream:
        assert stream.get_final_text() == "Hello"
        stream.response.close()


def test_response_is_closed_if_no_thread_can_start(address, monkeypatch):
    def refuse(timer):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", refuse)
    with ssewire.anthropic.stream(client(address, "open"), **REQUEST) as stream:
        assert stream.get_final_text() == "Hello"
    assert stream.response.is_closed


async def test_response_is_closed_after_an_interruption(address):
    def interrupted():
        raise KeyboardInterrupt
        yield b""

    async def ainterrupted():
        raise asyncio.CancelledError
        yield b""

    with pytest.raises(KeyboardInterrupt):
        with ssewire.anthropic.stream(client(address, "open"), **REQUEST) as stream:
            assert stream.get_final_text() == "Hello"
            # Kept, because a generator that is freed closes the response, too.
            chunks, stream._chunks = stream._chunks, interrupted()
    assert stream.response.is_closed
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    async with async_client(address, "open") as asynchronous:
        with pytest.raises(asyncio.CancelledError):
            async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
                assert await stream.get_final_text() == "Hello"
                achunks, stream._chunks = stream._chunks, ainterrupted()
        assert stream.response.is_closed
    del chunks, achunks


def test_connection_in_the_pool_is_never_shut_down_after_an_interruption():
    """Whatever bytecode of the drain Ctrl-C interrupts."""

    class Response:
        http_version, is_closed = "HTTP/1.1", False

        def __init__(self, connection):
            self.extensions = {"network_stream": self}
            self.get_extra_info = lambda name: connection

        def close(self):
            timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
            assert all(timer.finished.is_set() for timer in timers)
            self.is_closed = True

    def body(response):
        yield b""
        response.close()

    def interrupt_at(step):
        steps = iter(range(step + 1))

        def trace(frame, kind, _):
            if frame.f_code.co_filename != ssewire.anthropic.__file__:
                return None
            frame.f_trace_opcodes = True
            if kind == "opcode" and next(steps) == step:
                raise KeyboardInterrupt
            return trace

        return trace

    interrupted, step = True, 0
    while interrupted:
        connection, peer = socket.socketpair()
        response, interrupted, before = Response(connection), False, sys.gettrace()
        chunks = body(response)
        sys.settrace(interrupt_at(step))
        try:
            ssewire.anthropic._drain(response, chunks)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            sys.settrace(before)
            # As the SDK does, however the drain ends.
            response.close()
        assert response.is_closed
        connection.close(), peer.close()
        step += 1
    assert step > 50


async def test_body_of_http_2_is_not_waited_for(address):
    def is_read():
        pytest.fail("an unfinished body of HTTP/2 costs no connection")
        yield b""

    async def is_aread():
        pytest.fail("an unfinished body of HTTP/2 costs no connection")
        yield b""

    with ssewire.anthropic.stream(client(address, "open"), **REQUEST) as stream:
        assert stream.get_final_text() == "Hello"
        stream.response.http_response.extensions["http_version"] = b"HTTP/2"
        chunks, stream._chunks = stream._chunks, is_read()
    async with async_client(address, "open") as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
            assert await stream.get_final_text() == "Hello"
            stream.response.http_response.extensions["http_version"] = b"HTTP/2"
            achunks, stream._chunks = stream._chunks, is_aread()
    del chunks, achunks


async def test_abandoned_stream_closes_its_connection(address):
    with ssewire.anthropic.stream(client(address, "stalled"), **REQUEST) as stream:
        assert next(stream.text_stream) == "Hello"
    assert stream.response.is_closed
    async with async_client(address, "stalled") as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
            async for piece in stream.text_stream:
                assert piece == "Hello"
                break
        assert stream.response.is_closed


@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize("name", ["stalled", "cut"])
async def test_nothing_is_read_after_the_context(address, name, is_begun):
    with ssewire.anthropic.stream(client(address, name), **REQUEST) as stream:
        if is_begun:
            assert next(stream.text_stream) == "Hello"
    async with async_client(address, name) as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as astream:
            if is_begun:
                assert await astream.text_stream.__anext__() == "Hello"
        expected = IncompleteError if is_begun else RuntimeError
        for _ in range(2):
            with pytest.raises(expected) as raised:
                stream.get_final_message()
            with pytest.raises(expected) as araised:
                await astream.get_final_message()
            for error in raised.value, araised.value:
                if is_begun:
                    assert error.message["content"][0]["text"] == "Hello"
                else:
                    assert "nothing was read" in str(error)


async def test_stream_is_not_read_outside_of_its_context(address):
    """The exception said that the server had closed the connection. No request was sent."""
    stream = ssewire.anthropic.stream(client(address, "text"), **REQUEST)
    for read in [lambda: list(stream), lambda: stream.text_stream, stream.get_final_message, stream.get_final_text]:
        with pytest.raises(RuntimeError, match="inside `with"):
            read()
    with stream:
        assert stream.get_final_text()
    async with async_client(address, "text") as asynchronous:
        astream = ssewire.anthropic.stream(asynchronous, **REQUEST)
        with pytest.raises(RuntimeError, match="`async with"):
            astream.__aiter__()
        with pytest.raises(RuntimeError, match="`async with"):
            await astream.get_final_message()
        async with astream:
            assert await astream.get_final_text()


def test_context_ends_while_another_thread_reads(address):
    with ssewire.anthropic.stream(client(address, "stalled"), **REQUEST) as stream:
        has_text = threading.Event()

        def read():
            with contextlib.suppress(Exception):
                for _ in stream.text_stream:
                    has_text.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert has_text.wait(60)
        # The generator is running again once the reader waits for bytes.
        deadline = time.monotonic() + 60
        while not stream._events.gi_running:
            assert time.monotonic() < deadline and reader.is_alive(), "the reader does not wait for bytes"
            time.sleep(0.01)
    assert stream.response.is_closed


async def test_context_ends_while_another_task_reads(address):
    async with async_client(address, "stalled") as asynchronous:
        async with ssewire.anthropic.stream(asynchronous, **REQUEST) as stream:
            has_text = asyncio.Event()

            async def read():
                async for _ in stream.text_stream:
                    has_text.set()

            reader = asyncio.ensure_future(read())
            await has_text.wait()
            await asyncio.sleep(0)
        assert stream.response.is_closed
        reader.cancel()
        await asyncio.wait([reader])
        if not reader.cancelled():
            reader.exception()


def test_beta_streams_have_beta_types(address):
    middleware = ssewire.anthropic.middleware()
    events = list(client(address, "text", middleware).beta.messages.create(**REQUEST, stream=True))
    assert middleware.stream_requests == 1
    assert {type(one).__name__ for one in events} <= {
        "BetaRawMessageStartEvent", "BetaRawContentBlockStartEvent", "BetaRawContentBlockDeltaEvent",
        "BetaRawContentBlockStopEvent", "BetaRawMessageDeltaEvent", "BetaRawMessageStopEvent"}
    assert events == list(client(address, "text").beta.messages.create(**REQUEST, stream=True))
    with ssewire.anthropic.stream(client(address, "text").beta, **REQUEST) as stream:
        assert type(stream.get_final_message()).__name__ == "BetaMessage"


def test_beta_messages_of_cloud_platforms_have_beta_types(address):
    vertex = anthropic.AnthropicVertex(
        region="r", project_id="p", access_token="t", http_client=HTTP, base_url=address, default_headers={"x-body": "text"})
    for messages, expected in (vertex, "Message"), (vertex.beta, "BetaMessage"):
        with ssewire.anthropic.stream(messages, **REQUEST) as stream:
            assert type(stream.get_final_message()).__name__ == expected


class Frames:
    """In place of the decoder of `AnthropicBedrock`, which needs botocore: a line of JSON is an event."""

    def iter_bytes(self, chunks):
        for line in b"".join(chunks).splitlines():
            data = line.decode()
            yield anthropic._streaming.ServerSentEvent(event=json.loads(data)["type"], data=data)

    async def aiter_bytes(self, chunks):
        for one in self.iter_bytes([chunk async for chunk in chunks]):
            yield one


async def test_binary_frames_are_left_to_the_sdk(monkeypatch):
    middleware = ssewire.anthropic.middleware()
    httpx = httpx_of_the_sdk()
    body = "\n".join(map(json.dumps, MESSAGE)).encode()

    def respond(request):
        return httpx.Response(200, headers={"content-type": "application/vnd.amazon.eventstream"}, content=body)

    for kind in anthropic.Anthropic, anthropic.AsyncAnthropic:
        monkeypatch.setattr(kind, "_make_sse_decoder", lambda self: Frames())
    http = httpx.Client(transport=httpx.MockTransport(respond))
    events = created(anthropic.Anthropic(api_key="k", http_client=http, middleware=[middleware]))
    assert [body["type"] for _, body, _ in events] == [payload["type"] for payload in MESSAGE]
    asynchronous = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    assert await acreated(anthropic.AsyncAnthropic(api_key="k", http_client=asynchronous, middleware=[middleware])) == events


async def test_helper_says_that_a_body_is_binary_frames():
    """It said that the body was perhaps compressed."""
    httpx = httpx_of_the_sdk()
    headers = {"content-type": "application/vnd.amazon.eventstream"}

    def respond(request):
        return httpx.Response(200, headers=headers, content=b"\0\0\1\x0b\0\0")

    http = httpx.Client(transport=httpx.MockTransport(respond))
    with ssewire.anthropic.stream(anthropic.Anthropic(api_key="k", http_client=http), **REQUEST) as stream:
        with pytest.raises(IncompleteError, match="frames of Bedrock"):
            stream.get_final_message()
    ahttp = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    async with ssewire.anthropic.stream(anthropic.AsyncAnthropic(api_key="k", http_client=ahttp), **REQUEST) as stream:
        with pytest.raises(IncompleteError, match="frames of Bedrock"):
            await stream.get_final_message()


def test_an_sdk_without_middleware_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anthropic", ModuleType("anthropic"))
    spec = importlib.util.find_spec("ssewire.anthropic")
    with pytest.raises(ImportError, match="needs a version of anthropic that has middleware"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_strict_validation_is_that_of_the_sdk(address):
    for middleware in [], [ssewire.anthropic.middleware()]:
        strict = anthropic.Anthropic(
            http_client=HTTP, api_key="k", base_url=address, default_headers={"x-body": "null-piece"},
            middleware=middleware, _strict_response_validation=True)
        with pytest.raises(anthropic.APIResponseValidationError):
            list(strict.messages.create(**REQUEST, stream=True))


def test_private_names_have_a_fallback(monkeypatch):
    class Client:
        def _make_sse_decoder(self):
            """The stream of the SDK calls it."""

    monkeypatch.delattr(anthropic.Stream, "_observer", raising=False)
    with pytest.raises(anthropic.APIStatusError, match="overloaded"):
        decoded(b'{"type":"error","error":{"type":"overloaded_error"}}', b"event: error\n", Client())


def answering(body, middleware=None):
    """A client of the SDK that gets a body: chunks, and perhaps an exception."""
    httpx = httpx_of_the_sdk()

    class Body(httpx.SyncByteStream):
        def __iter__(self):
            for chunk in body:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk

    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Body()))
    return anthropic.Anthropic(
        http_client=httpx.Client(transport=transport), api_key="k", max_retries=0,
        middleware=[middleware] if middleware else None)


def test_response_is_that_of_the_sdk():
    """But for the number of bytes, which README.md names."""
    httpx = httpx_of_the_sdk()

    class OtherError(Exception):
        request = property(lambda self: pytest.fail("not an exception of the HTTP client"))

    def state(response):
        return response.is_stream_consumed, response.is_closed

    def error_of(work):
        with pytest.raises(Exception) as raised:
            work()
        return type(raised.value), str(raised.value)

    def seen(error, middleware):
        answered = answering([event(MESSAGE[0]), *error, event(MESSAGE[1])], middleware)
        stream = answered.messages.create(**REQUEST, stream=True)
        response = stream.response
        states = [state(response), next(stream).type, state(response)]
        try:
            states += [one.type for one in stream]
        except httpx.ReadError as raised:
            states += [str(raised), raised.request is response.request]
        except OtherError as raised:
            states += [str(raised)]
        assert response.num_bytes_downloaded == 0 or middleware is None
        states += [state(response), response.elapsed is not None, list(stream)]
        states += [error_of(lambda: list(read())) for read in (response.iter_raw, response.iter_bytes)]
        closed = answering(map(event, MESSAGE), middleware).messages.create(**REQUEST, stream=True)
        closed.response.close()
        return [*states, error_of(lambda: list(closed))]

    for error in [], [httpx.ReadError("reset")], [OtherError("reset")]:
        assert seen(error, ssewire.anthropic.middleware()) == seen(error, None)


def test_failure_of_a_response_without_a_request():
    httpx = httpx_of_the_sdk()
    response = observed_response([event(MESSAGE[0]), httpx.ReadError("reset")])
    response = httpx.Response(200, stream=response.stream)
    types = ssewire.anthropic.RawMessageStreamEvent
    stream = ssewire.anthropic._Stream[types](cast_to=types, response=response, client=client("http://localhost", ""))
    with pytest.raises(httpx.ReadError, match="reset"):
        list(stream)


@pytest.mark.parametrize("has_middleware", [False, True])
def test_iterators_of_a_stream_share_its_events(has_middleware):
    middleware = ssewire.anthropic.middleware() if has_middleware else None
    stream = answering(map(event, MESSAGE), middleware).messages.create(**REQUEST, stream=True)

    def delegated():
        yield from stream

    first = delegated()
    types = [next(first).type, next(stream).type]
    first.close()
    for one in stream:
        types.append(one.type)
        break
    types += [one.type for one in stream]
    assert types == [payload["type"] for payload in MESSAGE]


def test_a_response_that_was_read_before_is_decoded():
    body = b"".join(map(event, MESSAGE))
    types = ssewire.anthropic.RawMessageStreamEvent
    stream = ssewire.anthropic._Stream[types](cast_to=types, response=_response(body), client=client("http://localhost", ""))
    assert [one.type for one in stream] == [payload["type"] for payload in MESSAGE]


class Observer:
    """Records the calls of a stream and of its body, as the tracing of the SDK receives them."""

    def __init__(self):
        self.calls = []

    def begin(self):
        self.calls.append("begin")

    def item(self, item):
        self.calls.append(item.type)

    def end(self, how, error=None):
        self.calls.append((how, type(error)))


def observed_response(chunks):
    """A response whose body reports to an observer, and raises an exception that it finds among the chunks."""
    response = _response()

    # The class of a body that is synchronous and asynchronous.
    class Body(type(response.stream)):
        stream_observer = Observer()

        def __iter__(self):
            for chunk in chunks:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk

        async def __aiter__(self):
            for chunk in self:
                yield chunk

        def close(self):
            self.stream_observer.end("closed")

        async def aclose(self):
            self.close()

    return type(response)(200, request=response.request, stream=Body(b""))


OBSERVED = {
    "whole": [event(payload) for payload in MESSAGE],
    "abandoned": OTHER["cut"],
    "cut": OTHER["cut"],
    "error event": [event(MESSAGE[0]), *OTHER["no-error-object"]],
    "failure": [event(MESSAGE[0]), OSError("connection reset")],
}


@pytest.mark.parametrize("is_finalizing", [False, True])
@pytest.mark.parametrize("name", OBSERVED)
async def test_observer_is_called_as_by_the_sdk(name, is_finalizing, monkeypatch):
    types = ssewire.anthropic.RawMessageStreamEvent
    synchronous, asynchronous = client("http://localhost", ""), async_client("http://localhost", "")

    def read(stream_class):
        response = observed_response(OBSERVED[name])
        stream = stream_class(cast_to=types, response=response, client=synchronous)
        with contextlib.suppress(OSError, anthropic.APIStatusError), stream:
            for _ in stream:
                if name == "abandoned":
                    break
        return response.stream.stream_observer.calls, response.is_closed

    async def aread(stream_class):
        response = observed_response(OBSERVED[name])
        stream = stream_class(cast_to=types, response=response, client=asynchronous)
        with contextlib.suppress(OSError, anthropic.APIStatusError):
            async with stream:
                async for _ in stream:
                    if name == "abandoned":
                        break
        return response.stream.stream_observer.calls, response.is_closed

    monkeypatch.setattr(sys, "is_finalizing", lambda: is_finalizing)
    expected = read(anthropic.Stream[types])
    if not expected[0] or expected[0][0] != "begin":
        pytest.skip("this version of the SDK has no observer")
    assert read(ssewire.anthropic._Stream[types]) == expected
    assert await aread(ssewire.anthropic._AsyncStream[types]) == await aread(anthropic.AsyncStream[types])


def httpx_of_the_sdk():
    return importlib.import_module("httpx2" if "httpx2" in dir(anthropic._streaming) else "httpx")


def _response(body=b""):
    httpx = httpx_of_the_sdk()
    return httpx.Response(200, request=httpx.Request("POST", "http://localhost"), content=body)


def test_middleware_needs_pydantic_2(monkeypatch):
    monkeypatch.setattr(ssewire.anthropic, "pydantic", ModuleType("pydantic"))
    with pytest.raises(ImportError, match="pydantic 2"):
        ssewire.anthropic.middleware()


def test_middleware_leaves_other_requests_alone():
    middleware = ssewire.anthropic.middleware()
    request = anthropic.APIRequest(options=None, cast_to=object, stream=False)
    assert middleware.handle(request, lambda given: given) is request
    assert middleware.stream_requests == 0
