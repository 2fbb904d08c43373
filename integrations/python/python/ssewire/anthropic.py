"""The official SDK with this decoder: a middleware, and a helper of our own.

The middleware replaces the decoder of every stream of the Messages API, and nothing else::

    import anthropic
    import ssewire.anthropic

    client = anthropic.Anthropic(middleware=[ssewire.anthropic.middleware()])
    for event in client.messages.create(..., stream=True):
        ...

The helper accumulates the message in native code, too, so it is faster than the SDK's `client.messages.stream`::

    with ssewire.anthropic.stream(client, model=..., max_tokens=1024, messages=[...]) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
    message = stream.get_final_message()

Only what the SDK publishes is used, except `_make_status_error` for an error event, `_observer` for tracing and
`_strict_response_validation`, each with a fallback.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import socket
import sys
import threading
import typing
from typing import (
    Any, AsyncGenerator, AsyncIterator, Awaitable, Callable, Dict, Generator, Generic, Iterator, List, Optional, Tuple,
    TypeVar,
)

import anthropic

if not hasattr(anthropic, "Middleware"):
    raise ImportError("ssewire.anthropic needs a version of anthropic that has middleware, for example 2.14.0")

import anyio
import pydantic
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent

from ._errors import Error, IncompleteError
from ._names import Completion
from ._ssewire import DeltaDecoder, MessageDecoder, MessageEvent, parse_json

__all__ = ["AsyncMessageStream", "LostEventError", "MessageStream", "SsewireMiddleware", "middleware", "stream"]

T = TypeVar("T")


def middleware(*, max_event_bytes: Optional[int] = None) -> SsewireMiddleware:
    """A middleware for `anthropic.Anthropic(middleware=[…])` and for `anthropic.AsyncAnthropic(middleware=[…])`.

    An event above `max_event_bytes` (default: 16 MiB) is a `LostEventError`, which ends the stream.

    Raises `ImportError` with pydantic 1, which the SDK supports, too.
    """
    return SsewireMiddleware(max_event_bytes=max_event_bytes)


class LostEventError(Error, anthropic.APIError):
    """An event of a stream that the SDK reads exceeds a limit."""


class SsewireMiddleware(anthropic.Middleware):
    """Decodes the streams of the Messages API with this package. One object may serve several clients."""

    stream_requests: int
    """The number of requests for a stream that went through it. The SDK repeats some that fail; each one counts."""

    def __init__(self, *, max_event_bytes: Optional[int] = None) -> None:
        if not hasattr(pydantic, "TypeAdapter"):
            raise ImportError("ssewire.anthropic.middleware needs pydantic 2; ssewire.anthropic.stream does not")
        self.stream_requests = 0

        # The SDK makes the stream, so the class has the limit. It looks for its own class among the direct bases.
        class Stream(_Stream[T], anthropic.Stream[T], Generic[T]):
            _max_event_bytes = max_event_bytes

        class AsyncStream(_AsyncStream[T], anthropic.AsyncStream[T], Generic[T]):
            _max_event_bytes = max_event_bytes

        self._stream_classes: Tuple[Any, Any] = (Stream, AsyncStream)

    def handle(self, request: anthropic.APIRequest, call_next: Callable[[anthropic.APIRequest], Any]) -> Any:
        return call_next(self._with_stream_class(request, self._stream_classes[0]))

    async def handle_async(
        self, request: anthropic.APIRequest, call_next: Callable[[anthropic.APIRequest], Awaitable[Any]]
    ) -> Any:
        return await call_next(self._with_stream_class(request, self._stream_classes[1]))

    def _with_stream_class(self, request: anthropic.APIRequest, stream_class: Any) -> anthropic.APIRequest:
        for event_type, bases in _STREAM_CLASSES.items():
            if request.stream and request.stream_cls in bases:
                self.stream_requests += 1
                # `request.copy()` cannot change the class, and copies the body. A request is not changed in place.
                request = copy.copy(request)
                request.stream_cls = stream_class[_EVENT_TYPES[event_type]]
                break
        return request


_EVENT_TYPES: Dict[str, Any] = {"messages": RawMessageStreamEvent, "beta": BetaRawMessageStreamEvent}
_STREAM_CLASSES: Dict[str, Tuple[Any, Any]] = {
    "messages": (anthropic.Stream[RawMessageStreamEvent], anthropic.AsyncStream[RawMessageStreamEvent]),
    "beta": (anthropic.Stream[BetaRawMessageStreamEvent], anthropic.AsyncStream[BetaRawMessageStreamEvent]),
}


class _Decoded:
    """The common part of `_Stream` and `_AsyncStream`."""

    _max_event_bytes: Optional[int] = None

    def __init__(self, *, cast_to: Any, response: Any, client: Any, **options: Any) -> None:
        self._events = _Events(cast_to, response, client, self._max_event_bytes)
        stream: Any = super()
        stream.__init__(cast_to=cast_to, response=response, client=client, **options)

    @functools.cached_property
    def _observer(self) -> Any:
        # Kept, because the SDK looks for it at each event.
        return getattr(super(), "_observer", None)


class _Stream(_Decoded, anthropic.Stream[T], Generic[T]):
    """A stream of the SDK whose events are decoded here."""

    def __iter__(self) -> Iterator[T]:
        if self._observer is not None:
            return super().__iter__()
        # The generator of the SDK would only pass the events on. Not `_unobserved` itself: whatever closes a generator
        # that delegates to this iterator would end the stream, too.
        return itertools.chain(self._unobserved)

    def __next__(self) -> T:
        return super().__next__() if self._observer is not None else next(self._unobserved)

    @functools.cached_property
    def _unobserved(self) -> Iterator[T]:
        # On a copy, as by the SDK: a generator that refers to this stream would leave it to the garbage collector.
        return copy.copy(self).__stream__()

    def __stream__(self) -> Iterator[T]:
        if not self._events.applies:
            yield from super().__stream__()
            return
        response, feed, builders = self.response, self._events.feed, self._events.builders()
        # A variable: an iterator that only the loop holds closes the response before the observer has the error.
        chunks = _chunks(response)
        try:
            with _observed(self._observer):
                for chunk in chunks:
                    # Not a generator of its own, which would take time for each chunk.
                    for kind, item, text in feed(chunk):
                        event = builders[kind](item, text)
                        if event is not _NO_EVENT:
                            yield event
        finally:
            if sys.is_finalizing():
                response.is_closed = True  # as the SDK: `close` can crash CPython 3.13 here
            else:
                response.close()


class _AsyncStream(_Decoded, anthropic.AsyncStream[T], Generic[T]):
    """As `_Stream`, asynchronous."""

    async def __stream__(self) -> AsyncIterator[T]:
        if not self._events.applies:
            async for other in super().__stream__():
                yield other
            return
        response, feed, builders = self.response, self._events.feed, self._events.builders()
        chunks = _achunks(response)
        try:
            with _observed(self._observer):
                async for chunk in chunks:
                    for kind, item, text in feed(chunk):
                        event = builders[kind](item, text)
                        if event is not _NO_EVENT:
                            yield event
        finally:
            if sys.is_finalizing():
                response.is_closed = True
            else:
                await response.aclose()


@contextlib.contextmanager
def _observed(observer: Any) -> Iterator[None]:
    """Reports to the tracing of the SDK how the body is read, as the SDK's `__stream__` does."""
    if observer is None:
        yield
        return
    observer.begin()
    try:
        yield
        observer.end("read")
    except Exception as error:
        observer.end("failed", error)
        raise


def _chunks(response: Any) -> Iterator[bytes]:
    """The bytes of a body, decompressed."""
    chunks: Iterator[bytes] = _body(response) if _is_unread_and_uncoded(response) else response.iter_bytes()
    return chunks


def _body(response: Any) -> Generator[bytes, None, None]:
    """As `iter_raw`, which takes more time for each chunk, without counting `num_bytes_downloaded`."""
    response.is_stream_consumed = True
    try:
        yield from response.stream
    except Exception as error:
        # The exceptions of the HTTP client have this property; a response that was made by hand has no request.
        if isinstance(getattr(type(error), "request", None), property):
            with contextlib.suppress(AttributeError, RuntimeError):
                error.request = response.request  # type: ignore[attr-defined]
        raise
    finally:
        response.close()


def _achunks(response: Any) -> AsyncIterator[bytes]:
    """As `_chunks`, asynchronous."""
    chunks: AsyncIterator[bytes] = response.aiter_raw() if _is_unread_and_uncoded(response) else response.aiter_bytes()
    return chunks


def _is_unread_and_uncoded(response: Any) -> bool:
    """Whether the bytes of a body are those of its stream. `iter_bytes` takes more time for each chunk."""
    is_read = response.is_stream_consumed or response.is_closed
    return "content-encoding" not in response.headers and not is_read


# In place of an event that the SDK does not yield. Not `None`, which is the event of the JSON `null`.
_NO_EVENT = object()


class _Events:
    """Chunks to the events of the SDK. An event without its blank line at the end is discarded, as by the SDK."""

    def __init__(self, cast_to: Any, response: Any, client: Any, max_event_bytes: Optional[int] = None) -> None:
        self.feed = DeltaDecoder(max_event_bytes=max_event_bytes).feed
        self._models = _models(cast_to)
        self._response = response
        self._client = client

    @property
    def applies(self) -> bool:
        """Whether the events are decoded here, and not by the SDK.

        The body of Bedrock is binary, and a client that validates strictly needs the SDK's way to build models.
        """
        media_type = self._response.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_strict = getattr(self._client, "_strict_response_validation", False)
        return media_type in ("", "text/event-stream") and not is_strict

    def builders(self) -> Dict[str, Callable[[Any, str], Any]]:
        """The functions that build an event, or raise an exception, from an item of `feed`: by its kind. The arguments
        are the index of a delta, or the event type of an event, and the text."""
        return {**self._models.delta_builders, "event": self._build_other, "lost": self._raise_lost}

    def _raise_lost(self, _: None, text: str) -> Any:
        raise LostEventError(text, self._response.request, body=None)

    def _build_other(self, name: str, data: str) -> Any:
        if name == "ping" or (not data and name != "error"):
            return _NO_EVENT
        if name == "error":
            raise self._status_error(data)
        payload = parse_json(data)
        if name == "message" and isinstance(payload, dict):
            # The native decoder has sorted valid JSON. `parse_json` also reads NaN, Infinity and deeper nesting.
            if _is_error(payload):
                raise self._status_error(data)
            if payload.get("type") in (None, "ping"):
                return _NO_EVENT
        return self._models.build(payload)

    def _status_error(self, data: str) -> Exception:
        try:
            body: Any = parse_json(data)
            message = f"{body}"
        except (ValueError, RecursionError):
            body, message = data, data or f"Error code: {self._response.status_code}"
        make = getattr(self._client, "_make_status_error", None)
        if make is None:
            return anthropic.APIStatusError(message, response=self._response, body=body)
        error: Exception = make(message, body=body, response=self._response)
        return error


def _is_error(payload: Dict[str, Any]) -> bool:
    """Whether a payload without an event type is an error: `docs/protocol.md`, heading "Errors"."""
    kind = payload.get("type")
    if kind == "error" or payload.get("object") == "error":
        return True
    return not isinstance(kind, str) and any(payload.get(name) is not None for name in ("error", "detail"))


class _Models:
    """The models of the events of a stream."""

    def __init__(self, cast_to: Any) -> None:
        self._adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(cast_to)
        self._events = _by_type(cast_to)
        delta_event = self._events["content_block_delta"]
        self._deltas = _by_type(delta_event.model_fields["delta"].annotation)
        piece_names = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
        self.delta_builders = {
            kind: _delta_builder(delta_event, self._deltas[kind], kind, name) for kind, name in piece_names.items()
        }

    def build(self, payload: Any) -> Any:
        """Builds an event as the SDK does: validated, or else as it came."""
        try:
            return self._adapter.validate_python(payload)
        except pydantic.ValidationError:
            if not isinstance(payload, dict):
                return payload
            kind = payload.get("type")
            model = self._events.get(kind if isinstance(kind, str) else "", next(iter(self._events.values())))
            return model.construct(**payload)


@functools.lru_cache(maxsize=None)
def _models(cast_to: Any) -> _Models:
    return _Models(cast_to)


def _by_type(union: Any) -> Dict[str, Any]:
    """The models of a union, by the value of their member `type`."""
    union = getattr(union, "__value__", union)
    members: List[Any] = []
    for argument in typing.get_args(union):
        nested = typing.get_args(argument)
        if nested and not hasattr(argument, "model_fields"):
            members += nested
        elif hasattr(argument, "model_fields"):
            members.append(argument)
    return {typing.get_args(member.model_fields["type"].annotation)[0]: member for member in members}


def _delta_builder(event_model: Any, delta_model: Any, kind: str, piece_name: str) -> Callable[[int, str], Any]:
    """Returns a function that builds a delta with one piece.

    As the SDK's `construct` and pydantic's `model_construct` do for any model: nothing is validated again, because the
    native decoder has checked types and members.
    """

    def construct(index: int, piece: str) -> Any:
        delta = delta_model.construct(**{"type": kind, piece_name: piece})
        return event_model.construct(type="content_block_delta", index=index, delta=delta)

    def fill(index: int, piece: str) -> Any:
        delta = new(delta_model)
        set_members(delta, {piece_name: piece, "type": kind})
        set_names(delta, {piece_name, "type"})
        set_extra(delta, {})
        set_private(delta, None)
        event = new(event_model)
        set_members(event, {"delta": delta, "index": index, "type": "content_block_delta"})
        set_names(event, {"delta", "index", "type"})
        set_extra(event, {})
        set_private(event, None)
        return event

    is_plain = set(event_model.model_fields) == {"type", "index", "delta"} and set(delta_model.model_fields) == {
        "type",
        piece_name,
    }
    if not is_plain:
        # Another version of the SDK has further members.
        return construct
    # The slots that `model_construct` fills. A slot's own setter takes half the time of `object.__setattr__`.
    new = object.__new__
    set_members, set_names, set_extra, set_private = (
        vars(pydantic.BaseModel)[slot].__set__
        for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
    )
    return fill


def stream(
    client: Any,
    *,
    max_event_bytes: Optional[int] = None,
    max_bytes: Optional[int] = None,
    max_blocks: Optional[int] = None,
    **parameters: Any,
) -> Any:
    """Requests a stream, and accumulates its message.

    Returns a context manager: a `MessageStream` for a client that blocks, an `AsyncMessageStream` for an asynchronous
    one. `parameters` are those of `client.messages.create`. For beta features pass `client.beta`. The limits are those
    of `ssewire.MessageDecoder`; a message that exceeds one raises `ssewire.IncompleteError`.
    """
    limits = {"max_event_bytes": max_event_bytes, "max_bytes": max_bytes, "max_blocks": max_blocks}
    messages = client.messages
    # The clients of cloud platforms have classes of their own, and the methods of the SDK's.
    message_type = BetaMessage if "beta" in messages.create.__module__.split(".") else Message
    response = messages.with_streaming_response.create(**parameters, stream=True)
    if hasattr(response, "__aenter__"):
        return AsyncMessageStream(response, message_type, limits)
    return MessageStream(response, message_type, limits)


_NOT_READ = (
    "nothing was read: iterate, or call get_final_message(), inside `with ssewire.anthropic.stream(...)` "
    "(`async with` for an asynchronous client)"
)


class _Accumulated:
    """The state that both helpers share."""

    def __init__(self, response: Any, message_type: Any, limits: Dict[str, Any]) -> None:
        self._manager = response
        self._message_type = message_type
        self._limits = limits
        self._decoder = MessageDecoder()
        self._result: Optional[Any] = None
        self._reader: Any = None
        """The generator of the events; `None` before the context."""
        self._chunks: Any = None
        """The body; `None` until it is read."""
        self.response: Any = None
        """The response of the SDK: status, headers, request ID."""

    @property
    def current_message_snapshot(self) -> Any:
        """The message so far, as the SDK's type. Built when asked for: linear in the message."""
        return self._message_type.construct(**self._decoder.snapshot)

    @property
    def completion(self) -> Completion:
        """How the message ended, if the input ended here; see `ssewire.MessageDecoder.completion`."""
        return self._decoder.completion

    @property
    def _events(self) -> Any:
        # Not a check of the generator: its exception would end it, and the context could read nothing.
        if self._reader is None:
            raise RuntimeError(_NOT_READ)
        return self._reader

    @property
    def _has_unread_end(self) -> bool:
        """Whether the message has ended, and the body perhaps not."""
        return self._chunks is not None and self._decoder.is_ended

    def _enter(self, response: Any) -> None:
        self.response = response
        # Each context sends the request again, so the rest of the previous response belongs to another message.
        self._result = self._chunks = None
        # The content type explains a body that is not a stream.
        self._decoder = MessageDecoder(content_type=response.headers.get("content-type"), **self._limits)

    def _final(self) -> Any:
        if self._chunks is None:
            raise RuntimeError(_NOT_READ)
        if self._result is None:
            try:
                self._result = self._message_type.construct(**self._decoder.finish())
            except IncompleteError as error:
                # The traceback refers to this object.
                self._result = error.with_traceback(None)
        if isinstance(self._result, IncompleteError):
            raise copy.copy(self._result)
        return self._result


# HTTP clients use a connection again only if the body was read to its end. Gateways leave it open for minutes, so the
# wait is about as long as a new connection takes.
_DRAIN_SECONDS = 0.25


def _is_worth_draining(response: Any) -> bool:
    """Whether the connection can be used again only if the body is read to its end."""
    # With HTTP/2 an unfinished body costs no connection, and the connection belongs to other responses, too.
    return not response.is_closed and response.http_version == "HTTP/1.1"


def _drain(response: Any, chunks: Iterator[bytes]) -> None:
    """Reads a body that is not needed to its end, or shuts its connection down.

    The read timeout of a body cannot be changed, so another thread ends the wait.
    """
    stream = response.extensions.get("network_stream")
    connection = stream and stream.get_extra_info("socket")
    if connection is None or not _is_worth_draining(response):
        return

    def shut_down() -> None:
        with contextlib.suppress(OSError):
            # Not the method of `ssl.SSLSocket`, which takes the TLS state from the thread that reads.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close() -> None:
        # `close` returns the connection to the pool, where another request may take it. So the timer ends before.
        timer.cancel()
        # A timer that has not started yet, or will not, never shuts down.
        with contextlib.suppress(RuntimeError):
            timer.join()
        del response.close
        response.close()

    timer = threading.Timer(_DRAIN_SECONDS, shut_down)
    timer.daemon = True
    # Before the start: Ctrl-C between the two would leave a timer that nothing ends.
    response.close = close
    try:
        timer.start()
    except RuntimeError:
        # No more threads can start. An unread body costs the connection, and nothing else.
        return
    # The message has ended, so no failure changes it.
    with contextlib.suppress(Exception):
        for _ in chunks:
            pass


async def _adrain(response: Any, chunks: AsyncIterator[bytes]) -> None:
    """As `_drain`, asynchronous."""
    if not _is_worth_draining(response):
        return
    with anyio.move_on_after(_DRAIN_SECONDS), contextlib.suppress(Exception):
        async for _ in chunks:
            pass


class MessageStream(_Accumulated):
    """A message that is arriving. Iterating yields `ssewire.MessageEvent`s.

    Leaving the context waits a quarter of a second at most for the end of the body: then the connection is used again.
    """

    def __enter__(self) -> MessageStream:
        self._enter(self._manager.__enter__())
        self._reader = self._read()
        return self

    def __exit__(self, *exception: Any) -> None:
        try:
            # Refused while another thread reads.
            with contextlib.suppress(ValueError):
                self._events.close()
            if self._has_unread_end:
                _drain(self.response.http_response, self._chunks)
        finally:
            # It closes the response, which ends the timer of the drain.
            self._manager.__exit__(*exception)

    def __iter__(self) -> Iterator[MessageEvent]:
        events: Iterator[MessageEvent] = self._events
        return events

    def _read(self) -> Generator[MessageEvent, None, None]:
        self._chunks = _chunks(self.response.http_response)
        for chunk in self._chunks:
            yield from self._decoder.feed(chunk)
            if self._decoder.is_ended:
                return
        yield from self._decoder.feed_end()

    @property
    def text_stream(self) -> Iterator[str]:
        """The text as it arrives."""
        return (event.text for event in self._events if event.type == "text")

    def get_final_message(self) -> Any:
        """Reads the stream to its end, and returns the message as the SDK's type. After the context it reads no more.

        Raises `ssewire.IncompleteError`, which carries the partial message, and `RuntimeError` if nothing was read.
        """
        for _ in self._events:
            pass
        return self._final()

    def get_final_text(self) -> str:
        """As `get_final_message`, and returns its text."""
        return "".join(block.text for block in self.get_final_message().content if block.type == "text")


class AsyncMessageStream(_Accumulated):
    """As `MessageStream`, asynchronous."""

    async def __aenter__(self) -> AsyncMessageStream:
        self._enter(await self._manager.__aenter__())
        self._reader = self._read()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        try:
            # Refused while another task reads.
            with contextlib.suppress(RuntimeError):
                await self._events.aclose()
            if self._has_unread_end:
                await _adrain(self.response.http_response, self._chunks)
        finally:
            await self._manager.__aexit__(*exception)

    def __aiter__(self) -> AsyncIterator[MessageEvent]:
        events: AsyncIterator[MessageEvent] = self._events
        return events

    async def _read(self) -> AsyncGenerator[MessageEvent, None]:
        self._chunks = _achunks(self.response.http_response)
        async for chunk in self._chunks:
            for event in self._decoder.feed(chunk):
                yield event
            if self._decoder.is_ended:
                return
        for event in self._decoder.feed_end():
            yield event

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The text as it arrives."""
        return (event.text async for event in self._events if event.type == "text")

    async def get_final_message(self) -> Any:
        """As `MessageStream.get_final_message`."""
        async for _ in self._events:
            pass
        return self._final()

    async def get_final_text(self) -> str:
        """As `MessageStream.get_final_text`."""
        message = await self.get_final_message()
        return "".join(block.text for block in message.content if block.type == "text")
