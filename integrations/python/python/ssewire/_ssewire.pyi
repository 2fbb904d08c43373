"""The native module."""

from typing import Any, Dict, List, Optional, Tuple, Union, final

from ._names import Completion, MessageEventType

__all__ = [
    "Comment",
    "Decoder",
    "DeltaDecoder",
    "Event",
    "LostEvent",
    "MessageDecoder",
    "MessageEvent",
    "__version__",
    "parse_json",
]

__version__: str

@final
class Event:
    """An event of the stream."""

    @property
    def event(self) -> str:
        """The event type, `message` if there was none."""
    @property
    def data(self) -> str:
        """The data: the values of the `data` fields, joined by LF. Ill-formed UTF-8 is U+FFFD."""
    @property
    def id(self) -> str:
        """The last event ID at this event; empty if there is none."""
    @property
    def retry(self) -> Optional[int]:
        """The reconnection time in milliseconds, if this event set one."""
    def json(self) -> Any:
        """The data, parsed by `json.loads`."""

@final
class Comment:
    """A comment line. Servers send comments to keep a connection alive."""

    @property
    def text(self) -> str:
        """Everything after the colon, up to 1 KiB."""
    @property
    def is_truncated(self) -> bool:
        """Whether the comment was longer."""

@final
class LostEvent:
    """An event that exceeds a limit. The stream continues after it."""

    @property
    def error(self) -> str:
        """The description of the error."""

@final
class Decoder:
    """Decodes an event stream (HTML standard, "Server-sent events"), from chunks of any size.

    A decoder is for one stream at a time. It may move to another thread between calls; a call during another one raises
    `RuntimeError`.
    """

    def __new__(
        cls,
        *,
        max_event_bytes: Optional[int] = None,
        max_id_bytes: Optional[int] = None,
        last_event_id: Optional[str] = None,
        comments: bool = False,
    ) -> "Decoder":
        """A decoder. An event above `max_event_bytes` (default: 16 MiB) is a `LostEvent`. An ID above `max_id_bytes`
        (default: 4 KiB) is ignored. With `comments`, comments are returned, too."""
    def feed(self, chunk: Union[bytes, bytearray, memoryview]) -> List[Union[Event, Comment, LostEvent]]:
        """Decodes a chunk, and returns its events. `bytes` are not copied."""
    def finish(self) -> None:
        """Reports that the input has ended. Raises `TruncatedError` if it ended within an event, which is discarded."""
    def finish_event(self) -> List[Union[Event, Comment, LostEvent]]:
        """Reports that the input has ended, and returns the event whose blank line is missing, if there is one."""
    def reset(self) -> None:
        """Discards an unfinished event: the next chunk is of another connection. Keeps `last_event_id`, `retry`, and
        the events that a loop over `iter_events` did not take."""
    @property
    def last_event_id(self) -> str:
        """The last event ID, which a client that reconnects sends as `Last-Event-ID`. Setting an invalid one raises
        `ValueError`."""
    @last_event_id.setter
    def last_event_id(self, id: str) -> None: ...
    @property
    def retry(self) -> Optional[int]:
        """The reconnection time in milliseconds that the stream set last."""
    _unread: Optional[List[Any]]

@final
class MessageEvent:
    """A change of the message."""

    @property
    def type(self) -> MessageEventType:
        """The kind of change.

        ================== ==================================================================================
        `message_start`    the message has begun; `id` is its ID, `name` its model, `json()` the event
        `block_start`      a content block has begun; `name` is its type, `json()` the event
        `text`             a text block has grown by `text`; those of one `index` together are its text
                           (without an `index`: the U+FFFD of a block that ended within a character)
        `thinking`         a thinking block has grown by `text`
        `signature`        a thinking block has got its signature, `text`
        `citation`         a text block has got a citation, `json()`
        `tool_input`       the input of a tool call has grown by `text`, a piece of JSON
        `tool_call`        a tool is called, complete and valid: `id`, `name`, and its input, `json()`
        `compaction`       a compaction block has got its value; `json()` is the event
        `raw_block`        a block of an unknown type has changed; `json()` is the event
        `block_stop`       a content block has stopped
        `message_delta`    stop reason, `name`, and usage so far; `json()` is the event
        `message_stop`     the message has stopped
        `error`            the server has reported an error; `name` is its type, `json()` its body
        `replaced`         another message has begun; this one ends here, see `MessageDecoder.next_message`
        `lost`             an event was lost; `text` describes the error
        `rejected`         an event violates the protocol (`strict`); `name` is the violation, `text` describes it
        `ping`, `done`     the server is alive; the end marker of other protocols
        `unchanged`        an event that this version does not know, or that changes nothing
        ================== ==================================================================================
        """
    @property
    def index(self) -> Optional[int]:
        """The index of the content block, if the change belongs to one."""
    @property
    def text(self) -> str:
        """The text; its meaning depends on `type`."""
    @property
    def id(self) -> Optional[str]:
        """An ID; its meaning depends on `type`."""
    @property
    def name(self) -> Optional[str]:
        """A name; its meaning depends on `type`."""
    def json(self) -> Optional[Any]:
        """The text, parsed by `json.loads`. `None` if the text is empty: a further change by the same event has no
        JSON, and the start of a message that replaced another one has none, either."""

@final
class MessageDecoder:
    """Decodes a Messages stream of the Claude API, and accumulates its message. For one message; `next_message`
    continues with the next one of the same body.

    It may move to another thread between calls; a call during another one raises `RuntimeError`.
    """

    def __new__(
        cls,
        *,
        strict: bool = False,
        partial_input: bool = False,
        max_event_bytes: Optional[int] = None,
        max_bytes: Optional[int] = None,
        max_blocks: Optional[int] = None,
        content_type: Optional[str] = None,
        status: Optional[int] = None,
    ) -> "MessageDecoder":
        """A decoder.

        `strict` ends the message at the first violation of the protocol. `partial_input` builds the value of tool input
        while it arrives. The limits of a message are `max_bytes` (default: 64 MiB) and `max_blocks` (default: 4096).
        `max_bytes` counts the bytes that its events add: decoded text, thinking and tool input, and members kept as
        JSON, without the JSON and the SSE around them; and the nodes of the values of `partial_input`.
        `content_type` and `status` are those of the response; they help to explain a body that is not a stream.
        """
    def feed(self, chunk: Union[bytes, bytearray, memoryview]) -> List[MessageEvent]:
        """Decodes a chunk, and returns its events. The rest of the chunk in which the message ends is kept for
        `next_message`; further chunks are ignored. Raises `ValueError` after `feed_end`, until `next_message`."""
    def feed_end(self) -> List[MessageEvent]:
        """Reports that the input has ended, and returns the events that are left. The message has ended, too: `feed`
        raises `ValueError` until `next_message`."""
    def finish(self) -> Dict[str, Any]:
        """Reports that the input has ended, and returns the message, in the shape of the API.

        Raises `IncompleteError`, which carries the partial message. Call it once: afterwards `feed`, `feed_end`
        and `finish` raise `ValueError`.
        """
    def next_message(self) -> Dict[str, Any]:
        """Returns the message that has ended, as `finish` does, and continues with the next one of the same body: some
        gateways and recordings concatenate messages.

        `feed`, `feed_end` and `iter_events` then begin with what was left of the chunk, and skip everything before a
        `message_start`. The events of this message that no loop over `iter_events` took are dropped, and a loop over
        them ends. If `has_started` is false at the end of the input, no further message exists. After
        `IncompleteError`, too, the next message can be decoded.
        """
    @property
    def snapshot(self) -> Dict[str, Any]:
        """The message so far, in the shape of the API. Built when asked for: linear in the message."""
    def partial_input(self, index: int) -> Any:
        """The value so far of the tool input at a content block's index, with its members in the order in which they
        arrived; `None` before the first piece. Needs `partial_input=True`. Raises `ValueError` after `finish`:
        the message then has the input."""
    @property
    def completion(self) -> Completion:
        """How the message ended, if the input ended here: `complete`, `unterminated` (whole, but without
        `message_stop`), `truncated`, `content_lost`, `tool_input`, `server_error`, `limit_exceeded`,
        `rejected_by_strict_mode`, or `non_stream_body`."""
    @property
    def is_ended(self) -> bool:
        """Whether the message has ended, even if the connection is open. True after `feed_end`."""
    @property
    def has_started(self) -> bool:
        """Whether `message_start` has arrived."""
    @property
    def violations(self) -> Dict[str, int]:
        """The number of protocol violations so far, by their name, for example `delta_before_start`. Later versions
        keep the names."""
    _unread: Optional[List[Any]]
    def _keep(self, chunk: Union[bytes, bytearray, memoryview]) -> None: ...

@final
class DeltaDecoder:
    """Not public."""

    def __new__(cls, *, max_event_bytes: Optional[int] = None) -> "DeltaDecoder": ...
    def feed(self, chunk: bytes) -> List[Tuple[str, Any, str]]: ...

def parse_json(text: str) -> Any:
    """Not public."""
