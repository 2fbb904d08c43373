"""The names that the native module uses, for type checkers."""

from typing import Literal

MessageEventType = Literal[
    "message_start",
    "block_start",
    "text",
    "thinking",
    "signature",
    "citation",
    "tool_input",
    "tool_call",
    "compaction",
    "raw_block",
    "block_stop",
    "message_delta",
    "message_stop",
    "error",
    "replaced",
    "lost",
    "ping",
    "done",
    "rejected",
    "unchanged",
]

Completion = Literal[
    "complete",
    "unterminated",
    "truncated",
    "content_lost",
    "tool_input",
    "server_error",
    "limit_exceeded",
    "rejected_by_strict_mode",
    "non_stream_body",
]
