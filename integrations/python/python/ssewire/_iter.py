"""Events of any iterator of bytes."""

from __future__ import annotations

from itertools import chain
from typing import Any, AsyncIterable, AsyncIterator, Iterable, Iterator, List, Literal, Optional, Union, overload

from ._errors import Error
from ._ssewire import Decoder, Event, LostEvent, MessageDecoder, MessageEvent

Chunk = Union[bytes, bytearray, memoryview]
End = Literal["raise", "dispatch", "discard"]
Lost = Literal["raise", "yield"]


@overload
def iter_events(chunks: Iterable[Chunk], decoder: MessageDecoder) -> Iterator[MessageEvent]: ...


@overload
def iter_events(
    chunks: Iterable[Chunk], decoder: None = None, *, end: End = "raise", lost: Literal["raise"] = "raise"
) -> Iterator[Event]: ...


# Not a union: it would reject `event.data`, although only `comments` and `lost="yield"` return anything but an `Event`.
@overload
def iter_events(
    chunks: Iterable[Chunk], decoder: Optional[Decoder] = None, *, end: End = "raise", lost: Lost = "raise"
) -> Iterator[Any]: ...


def iter_events(
    chunks: Iterable[Chunk],
    decoder: Optional[Union[Decoder, MessageDecoder]] = None,
    *,
    end: End = "raise",
    lost: Lost = "raise",
) -> Iterator[Any]:
    """Yields the events of an iterator of bytes.

    `decoder` is a `Decoder` (the default), or a `MessageDecoder`: then it ends with the message, and `finish` of the
    decoder returns it. It does not wait for the end of the body: to use the connection again, read the other chunks.
    After `next_message` of the decoder, call it again with the same iterator for the next message of the body.
    `next_message` drops the events of its message that no loop took, and a loop over them ends.

    `end` says what a `Decoder` does with an event whose blank line is missing when the chunks end: `"raise"` a
    `TruncatedError`, `"dispatch"` it, for streams that end in `data: [DONE]`, or `"discard"` it, as browsers do.

    `lost` says what it does at a `LostEvent`, an event above a limit: `"raise"` an `Error`, or `"yield"` it and go on.

    However the loop ends, no other event is lost: the next loop with the same decoder begins with the events of the
    chunk that this one did not take.

    To use a `Decoder` for another connection, for its `last_event_id`, call its `reset` first, however the loop ended:
    or else an unfinished event is joined with the first one of that connection.

    The call raises `ValueError` for another value of `end` or `lost`, and `TypeError` for either with a
    `MessageDecoder`.
    """
    _check(decoder, end, lost)
    return _iter_events(chunks, Decoder() if decoder is None else decoder, end, lost)


def _iter_events(
    chunks: Iterable[Chunk], decoder: Union[Decoder, MessageDecoder], end: End, lost: Lost
) -> Iterator[Any]:
    unread = _unread(decoder)
    events: Any = None
    yield from _rest(decoder, unread, lost)
    if not (unread[0] is None or isinstance(decoder, MessageDecoder) and decoder.is_ended):
        for chunk in chunks:
            if unread[0] is None and isinstance(decoder, MessageDecoder):
                decoder._keep(chunk)
                break
            fed = decoder.feed(chunk)
            # Another loop with the same decoder may have left some while this one waited.
            if unread[0] is not events:
                fed = [*unread[0], *fed]
            unread[0] = events = iter(fed)
            yield from _events(decoder, events, lost)
            if unread[0] is not events:
                yield from _rest(decoder, unread, lost)
                if unread[0] is None:
                    break
            # Not a function: a call for each chunk takes a twelfth more time.
            if isinstance(decoder, MessageDecoder) and decoder.is_ended:
                break
    if unread[0] is not None:
        unread[0] = chain(unread[0], _end(decoder, end))
        yield from _rest(decoder, unread, lost)


@overload
def aiter_events(chunks: AsyncIterable[Chunk], decoder: MessageDecoder) -> AsyncIterator[MessageEvent]: ...


@overload
def aiter_events(
    chunks: AsyncIterable[Chunk], decoder: None = None, *, end: End = "raise", lost: Literal["raise"] = "raise"
) -> AsyncIterator[Event]: ...


@overload
def aiter_events(
    chunks: AsyncIterable[Chunk], decoder: Optional[Decoder] = None, *, end: End = "raise", lost: Lost = "raise"
) -> AsyncIterator[Any]: ...


def aiter_events(
    chunks: AsyncIterable[Chunk],
    decoder: Optional[Union[Decoder, MessageDecoder]] = None,
    *,
    end: End = "raise",
    lost: Lost = "raise",
) -> AsyncIterator[Any]:
    """Yields the events of an asynchronous iterator of bytes; as `iter_events`."""
    _check(decoder, end, lost)
    return _aiter_events(chunks, Decoder() if decoder is None else decoder, end, lost)


async def _aiter_events(
    chunks: AsyncIterable[Chunk], decoder: Union[Decoder, MessageDecoder], end: End, lost: Lost
) -> AsyncIterator[Any]:
    unread = _unread(decoder)
    events: Any = None
    for event in _rest(decoder, unread, lost):
        yield event
    if not (unread[0] is None or isinstance(decoder, MessageDecoder) and decoder.is_ended):
        async for chunk in chunks:
            if unread[0] is None and isinstance(decoder, MessageDecoder):
                decoder._keep(chunk)
                break
            fed = decoder.feed(chunk)
            if unread[0] is not events:
                fed = [*unread[0], *fed]
            unread[0] = events = iter(fed)
            for event in _events(decoder, events, lost):
                yield event
            if unread[0] is not events:
                for event in _rest(decoder, unread, lost):
                    yield event
                if unread[0] is None:
                    break
            if isinstance(decoder, MessageDecoder) and decoder.is_ended:
                break
    if unread[0] is not None:
        unread[0] = chain(unread[0], _end(decoder, end))
        for event in _rest(decoder, unread, lost):
            yield event


def _check(decoder: Optional[Union[Decoder, MessageDecoder]], end: str, lost: str) -> None:
    if isinstance(decoder, MessageDecoder) and (end, lost) != ("raise", "raise"):
        raise TypeError("end and lost are for a Decoder, not for a MessageDecoder")
    if end not in ("raise", "dispatch", "discard"):
        raise ValueError('end must be "raise", "dispatch" or "discard"')
    if lost not in ("raise", "yield"):
        raise ValueError('lost must be "raise" or "yield"')


def _unread(decoder: Union[Decoder, MessageDecoder]) -> List[Any]:
    """A list of the iterator over the events of the last chunk; of `None` after `next_message`.

    The decoder keeps it, and so what a loop that ends early has not taken. `next_message` takes it from the decoder: a
    loop that goes on afterwards is of the message before. If that loop has waited for a chunk, the chunk is of the next
    message: the decoder keeps it.
    """
    unread = decoder._unread = decoder._unread or [iter(())]
    if isinstance(decoder, MessageDecoder) and not decoder.is_ended:
        # After `next_message`: what follows in the chunk of its end, and in one that a loop of its message waited for.
        events = decoder.feed(b"")
        if events:
            unread[0] = iter([*unread[0], *events])
    return unread


def _rest(decoder: Union[Decoder, MessageDecoder], unread: List[Any], lost: Lost) -> Iterator[Any]:
    """Those that no loop took. A loop within this one may feed the decoder, and leave others."""
    events = None
    while unread[0] is not None and unread[0] is not events:
        events = unread[0]
        yield from _events(decoder, events, lost)


def _events(decoder: Union[Decoder, MessageDecoder], events: Iterator[Any], lost: Lost) -> Iterator[Any]:
    # A `MessageDecoder` returns no lost events. With a generator it would take a third more time.
    return _raise_at_lost(events) if lost == "raise" and isinstance(decoder, Decoder) else events


def _raise_at_lost(events: Iterable[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, LostEvent):
            raise Error(event.error)
        yield event


def _end(decoder: Union[Decoder, MessageDecoder], end: End) -> Iterable[Any]:
    if isinstance(decoder, MessageDecoder):
        # A loop ends with its message, the input perhaps not.
        return [] if decoder.is_ended else decoder.feed_end()
    if end == "dispatch":
        return decoder.finish_event()
    if end == "discard":
        decoder.reset()
    else:
        decoder.finish()
    return ()
