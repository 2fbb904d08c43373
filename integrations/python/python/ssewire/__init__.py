"""Server-Sent Events and the Claude Messages API stream.

Decode any event stream::

    from ssewire import iter_events

    for event in iter_events(response.iter_bytes()):
        print(event.event, event.data)

Accumulate a message::

    from ssewire import MessageDecoder, iter_events

    decoder = MessageDecoder()
    for event in iter_events(response.iter_bytes(), decoder):
        if event.type == "text":
            print(event.text, end="", flush=True)
    message = decoder.finish()

Nothing here opens a connection: the bytes come from any HTTP client. `ssewire.anthropic` is for the official SDK.
"""

from ._errors import Error, IncompleteError, TruncatedError
from ._iter import aiter_events, iter_events
from ._ssewire import Comment, Decoder, Event, LostEvent, MessageDecoder, MessageEvent, __version__

__all__ = [
    "Comment",
    "Decoder",
    "Error",
    "Event",
    "IncompleteError",
    "LostEvent",
    "MessageDecoder",
    "MessageEvent",
    "TruncatedError",
    "__version__",
    "aiter_events",
    "iter_events",
]
