"""The examples of README.md, with a stand-in for the HTTP clients."""

import ast
import inspect
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from samples import SAMPLES, chunks, expected
from ssewire import MessageDecoder, iter_events

README = Path(__file__).parents[1] / "README.md"
FIRST, CUT, SDK, CLIENTS, RECONNECT = re.findall("```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


class Response:
    """A response, with what the examples use of those of httpx, requests and aiohttp."""

    def __init__(self, *chunks, status_code=200):
        self.chunks, self.status_code = iter(chunks), status_code
        self.raw = self.content = self

    def iter_bytes(self):
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def read1(self, decode_content):
        return next(self.chunks, b"")

    async def iter_any(self):
        for chunk in self.chunks:
            yield chunk

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


async def run(example, **names):
    code = compile(example, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        await result
    return names


async def test_message(capsys):
    sample = next(sample for sample in SAMPLES if sample.stem == "text")
    names = await run(FIRST, response=Response(*chunks(sample.read_bytes(), 50)))
    assert names["message"] == expected(sample)
    assert capsys.readouterr().out == "".join(block["text"] for block in names["message"]["content"])


async def test_cut(capsys):
    httpx = SimpleNamespace(TransportError=ConnectionError)
    sample = next(sample for sample in SAMPLES if sample.stem == "text")
    stream = sample.read_bytes()
    response = Response(stream[: len(stream) // 2], ConnectionError())
    await run(CUT, httpx=httpx, response=response, decoder=MessageDecoder(), iter_events=iter_events)
    assert capsys.readouterr().out.startswith("truncated [{")


async def test_middleware(monkeypatch):
    pytest.importorskip("anthropic", minversion="2")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    assert (await run(SDK))["client"]


async def test_clients(capsys):
    httpx = SimpleNamespace(stream=lambda method, url: Response(b"data: one\n", b"\n"))
    requests = SimpleNamespace(get=lambda url, stream: Response(b"data: [2]\n", b"\n"))
    session = SimpleNamespace(get=lambda url: Response(b"data: three\n\ndata: [DONE]"))
    names = await run(CLIENTS, url="", httpx=httpx, requests=requests, session=session)
    assert capsys.readouterr().out == "message one\n[2]\n"
    assert names["event"].data == "[DONE]"


async def test_reconnection(capsys, monkeypatch):
    class TransportError(Exception):
        pass

    seen, pauses = [], []
    responses = iter([
        Response(b"retry: 20\nid: 1\ndata: one\n\ndata: unfini", TransportError()),
        Response(b"id: 2\ndata: two\n\n"),
        Response(status_code=204),
    ])

    def stream(method, url, headers):
        seen.append(headers)
        return next(responses)

    monkeypatch.setattr(time, "sleep", pauses.append)
    await run(RECONNECT, url="", httpx=SimpleNamespace(stream=stream, TransportError=TransportError))
    assert seen == [{}, {"Last-Event-ID": b"1"}, {"Last-Event-ID": b"2"}]
    assert capsys.readouterr().out == "message one\nmessage two\n"
    assert pauses == [0.02, 0.02]
