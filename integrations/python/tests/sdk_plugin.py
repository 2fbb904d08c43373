"""A plugin of pytest that runs the SDK's own tests with the middleware in every client.

Fails the run if no request for a stream went through the middleware.
"""

import anthropic
import pytest

import ssewire.anthropic

MIDDLEWARE = ssewire.anthropic.middleware()


def _with_middleware(client):
    original = client.__init__

    def __init__(self, **options):
        options["middleware"] = [*(options.get("middleware") or ()), MIDDLEWARE]
        original(self, **options)

    client.__init__ = __init__


_with_middleware(anthropic.Anthropic)
_with_middleware(anthropic.AsyncAnthropic)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"ssewire: {MIDDLEWARE.stream_requests} requests for streams went through the middleware")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    if MIDDLEWARE.stream_requests == 0 and exitstatus == 0:
        session.exitstatus = 1
