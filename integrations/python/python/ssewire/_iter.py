"""Events of any iterator of bytes."""

from __future__ import annotations

from typing import Any, AsyncIterable, AsyncIterator, Iterable, Iterator, Optional, Union

from ._errors import Error
from ._ssewire import Decoder, LostEvent, MessageDecoder


def iter_events(
    chunks: Iterable[bytes],
    decoder: Optional[Union[Decoder, MessageDecoder]] = None,
    *,
    end: str = "raise",
    lost: str = "raise",
) -> Iterator[Any]:
    """Yields the events of an iterator of bytes.

    `decoder` is a `Decoder` (the default), or a `MessageDecoder`: then it ends with the message, and `finish` of the
    decoder returns it. It does not wait for the end of the body: to use the connection again, read the other chunks.

    `end` says what a `Decoder` does with an event whose blank line is missing when the chunks end: `"raise"` a
    `TruncatedError`, `"dispatch"` it, for streams that end in `data: [DONE]`, or `"discard"` it, as browsers do.

    `lost` says what it does at a `LostEvent`, an event above a limit: `"raise"` an `Error`, or `"yield"` it and go on.

    An exception, also one of `chunks`, discards an unfinished event of a `Decoder`: the decoder can take the chunks of
    another connection. After a cancelled read or a `break`, call its `reset` first.
    """
    decoder = Decoder() if decoder is None else decoder
    _check(end, lost)
    try:
        for chunk in chunks:
            yield from _events(decoder, decoder.feed(chunk), lost)
            if isinstance(decoder, MessageDecoder) and decoder.is_ended:
                break
    except Exception:
        _discard(decoder)
        raise
    yield from _events(decoder, _end(decoder, end), lost)


async def aiter_events(
    chunks: AsyncIterable[bytes],
    decoder: Optional[Union[Decoder, MessageDecoder]] = None,
    *,
    end: str = "raise",
    lost: str = "raise",
) -> AsyncIterator[Any]:
    """Yields the events of an asynchronous iterator of bytes; as `iter_events`."""
    decoder = Decoder() if decoder is None else decoder
    _check(end, lost)
    try:
        async for chunk in chunks:
            for event in _events(decoder, decoder.feed(chunk), lost):
                yield event
            if isinstance(decoder, MessageDecoder) and decoder.is_ended:
                break
    except Exception:
        _discard(decoder)
        raise
    for event in _events(decoder, _end(decoder, end), lost):
        yield event


def _check(end: str, lost: str) -> None:
    if end not in ("raise", "dispatch", "discard"):
        raise ValueError('end must be "raise", "dispatch" or "discard"')
    if lost not in ("raise", "yield"):
        raise ValueError('lost must be "raise" or "yield"')


def _events(decoder: Union[Decoder, MessageDecoder], events: Iterable[Any], lost: str) -> Iterable[Any]:
    # A `MessageDecoder` returns no lost events. With a generator it would take a third more time.
    return _raise_at_lost(events) if lost == "raise" and isinstance(decoder, Decoder) else events


def _raise_at_lost(events: Iterable[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, LostEvent):
            raise Error(event.error)
        yield event


def _discard(decoder: Union[Decoder, MessageDecoder]) -> None:
    # Or else the decoder, which has the last event ID, joins it with the first event of the next connection.
    if isinstance(decoder, Decoder):
        decoder.reset()


def _end(decoder: Union[Decoder, MessageDecoder], end: str) -> Iterable[Any]:
    if isinstance(decoder, MessageDecoder):
        return decoder.feed_end()
    if end == "dispatch":
        return decoder.finish_event()
    if end == "discard":
        decoder.reset()
    else:
        decoder.finish()
    return ()
