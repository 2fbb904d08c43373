"""Events of any iterator of bytes."""

from __future__ import annotations

from typing import Any, AsyncIterable, AsyncIterator, Iterable, Iterator, Optional, Union

from ._ssewire import Decoder, MessageDecoder


def iter_events(
    chunks: Iterable[bytes], decoder: Optional[Union[Decoder, MessageDecoder]] = None, *, end: str = "raise"
) -> Iterator[Any]:
    """Yields the events of an iterator of bytes.

    `decoder` is a `Decoder` (the default), or a `MessageDecoder`: then it ends with the message, and `finish` of the
    decoder returns it.

    `end` says what a `Decoder` does with an event whose blank line is missing when the chunks end: `"raise"` a
    `TruncatedError`, `"dispatch"` it, for streams that end in `data: [DONE]`, or `"discard"` it, as browsers do.
    """
    decoder = Decoder() if decoder is None else decoder
    _check(end)
    for chunk in chunks:
        yield from decoder.feed(chunk)
        if isinstance(decoder, MessageDecoder) and decoder.is_ended:
            break
    yield from _end(decoder, end)


async def aiter_events(
    chunks: AsyncIterable[bytes], decoder: Optional[Union[Decoder, MessageDecoder]] = None, *, end: str = "raise"
) -> AsyncIterator[Any]:
    """Yields the events of an asynchronous iterator of bytes; as `iter_events`."""
    decoder = Decoder() if decoder is None else decoder
    _check(end)
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
        if isinstance(decoder, MessageDecoder) and decoder.is_ended:
            break
    for event in _end(decoder, end):
        yield event


def _check(end: str) -> None:
    if end not in ("raise", "dispatch", "discard"):
        raise ValueError('end must be "raise", "dispatch" or "discard"')


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
