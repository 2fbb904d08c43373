"""The exceptions. Their texts never contain the payload of an event."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ._names import Completion


class Error(Exception):
    """Base class of the exceptions of this package."""

    # The public module: tracebacks name it.
    __module__ = "ssewire"


class TruncatedError(Error):
    """The input ended within an event, which was discarded."""

    __module__ = "ssewire"

    pending_bytes: int
    """The number of bytes of the unfinished event."""

    def __init__(self, pending_bytes: int) -> None:
        super().__init__(f"input is truncated: {pending_bytes} bytes pending")
        self.pending_bytes = pending_bytes

    def __reduce__(self) -> Any:
        return type(self), (self.pending_bytes,)


class IncompleteError(Error):
    """The message is not complete. The partial message is in `message`."""

    __module__ = "ssewire"

    message: Dict[str, Any]
    """The partial message, in the shape of the API. Do not run a tool with unfinished input, which is the value so
    far."""

    reason: Completion
    """The first of the reasons, for example `truncated` or `server_error`; see `MessageDecoder.completion`."""

    reasons: List[Completion]
    """All reasons."""

    server_error: Optional[Any]
    """The error that the server reported, if it reported one: its JSON, as a rule an object with the member `error`.
    Some gateways send another value. Text that is not JSON is a string."""

    pending_bytes: int
    """The number of bytes of an unfinished event at the end of the input."""

    body_message: Optional[Dict[str, Any]]
    """The message, if the body was a whole message as JSON: the request did not ask for a stream."""

    def __init__(
        self,
        text: str,
        message: Dict[str, Any],
        reasons: List[Completion],
        server_error: Optional[Any] = None,
        pending_bytes: int = 0,
        body_message: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(text)
        self.message = message
        self.reason = reasons[0]
        self.reasons = reasons
        self.server_error = server_error
        self.pending_bytes = pending_bytes
        self.body_message = body_message

    def __reduce__(self) -> Any:
        parts = (self.message, self.reasons, self.server_error, self.pending_bytes, self.body_message)
        return type(self), (str(self), *parts)
