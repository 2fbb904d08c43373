"""What type checkers infer: `mypy --strict` reads this file, and nothing runs it."""

from typing import Any, AsyncIterator, Iterator, Optional

from ssewire import Decoder, Event, MessageDecoder, MessageEvent, aiter_events, iter_events
from typing_extensions import assert_type


async def chunks() -> AsyncIterator[bytes]:
    yield b""


assert_type(iter_events([b""]), Iterator[Event])
assert_type(iter_events([b""], end="discard", lost="raise"), Iterator[Event])
assert_type(iter_events([b""], lost="yield"), Iterator[Any])
assert_type(iter_events([b""], Decoder(comments=True)), Iterator[Any])
assert_type(iter_events([b""], MessageDecoder()), Iterator[MessageEvent])
assert_type(aiter_events(chunks()), AsyncIterator[Event])
assert_type(aiter_events(chunks(), MessageDecoder()), AsyncIterator[MessageEvent])

# An error that does not occur is an error: the comment is unused.
iter_events([b""], end="typo")  # type: ignore[call-overload]
iter_events([b""], lost="typo")  # type: ignore[call-overload]
iter_events([b""], MessageDecoder(), end="discard")  # type: ignore[call-overload]
for event in iter_events([b""], MessageDecoder()):
    assert_type(event.json(), Optional[Any])
    print(event.type == "tool_cal")  # type: ignore[comparison-overlap]
print(MessageDecoder().completion == "truncate")  # type: ignore[comparison-overlap]
