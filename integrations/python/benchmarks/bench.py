"""Ratios of decoders, in one process, rounds interleaved, best of all rounds. Needs anthropic, httpx,
httpx-sse and msgspec.

    python benchmarks/bench.py [ROUNDS [EVENTS]]

In memory: one event per chunk. Over HTTP: a server in a thread of its own process sends one event per chunk of the
transfer encoding, as fast as it can. Times are CPU time of this process, per event; over HTTP with that of the request.
The last rows are parts of the time of the middleware.
"""

import json
import multiprocessing
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import anthropic
import httpx
import httpx_sse
import msgspec
import server
import ssewire.anthropic
from anthropic.lib.streaming import MessageStream
from anthropic.types import RawMessageStreamEvent
from ssewire import MessageDecoder

try:
    import httpx2 as sdk_httpx
except ImportError:
    sdk_httpx = httpx

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
REQUEST = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}


def event(payload):
    return f"event: {payload['type']}\ndata: {json.dumps(payload, separators=(',', ':'))}\n\n".encode()


def chunks():
    start = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "stop_reason": None,
             "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " word of"}}
    return [
        event({"type": "message_start", "message": start}),
        event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *[event(delta)] * EVENTS,
        event({"type": "content_block_stop", "index": 0}),
        event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
        event({"type": "message_stop"}),
    ]


CHUNKS = chunks()
WITHOUT_DELTAS = CHUNKS[:2] + CHUNKS[-3:]
TEXT = " word of" * EVENTS


class Delta(msgspec.Struct, frozen=True):
    type: str = ""
    text: str = ""


class Event(msgspec.Struct):
    type: str
    index: int = 0
    delta: Delta = Delta()


MSGSPEC = msgspec.json.Decoder(Event)


def by_msgspec():
    """What a careful programmer writes by hand: events that end in LF LF, one `data` line, text alone."""
    pending, pieces = b"", []
    for chunk in CHUNKS:
        pending += chunk
        while (end := pending.find(b"\n\n")) >= 0:
            block, pending = pending[:end], pending[end + 2 :]
            event = MSGSPEC.decode(block[block.index(b"data: ") + 6 :])
            if event.type == "content_block_delta":
                pieces.append(event.delta.text)
    return "".join(pieces)


def by_ssewire():
    decoder, pieces = MessageDecoder(), []
    for chunk in CHUNKS:
        for event in decoder.feed(chunk):
            if event.type == "text":
                pieces.append(event.text)
    assert decoder.finish()["content"][0]["text"] == TEXT
    return "".join(pieces)


CLIENT = anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:9", max_retries=0)


def by_helper():
    """The SDK's accumulation over bytes in memory."""
    response = sdk_httpx.Response(200, content=iter(CHUNKS), request=sdk_httpx.Request("POST", "http://localhost"))
    raw = anthropic.Stream[anthropic.types.RawMessageStreamEvent](
        cast_to=anthropic.types.RawMessageStreamEvent, response=response, client=CLIENT)
    return MessageStream(raw, output_format=anthropic.NOT_GIVEN).get_final_text()


def by_httpx_sse():
    pieces = []
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=iter(CHUNKS))
    for one in httpx_sse.EventSource(response).iter_sse():
        payload = json.loads(one.data)
        if payload["type"] == "content_block_delta":
            pieces.append(payload["delta"]["text"])
    return "".join(pieces)


def over_http(address):
    headers = {"x-body": "deltas"}
    plain = anthropic.Anthropic(api_key="k", base_url=address, max_retries=0, default_headers=headers)
    middleware = ssewire.anthropic.middleware()
    faster = plain.with_options(middleware=[middleware])

    def helper():
        with plain.messages.stream(**REQUEST) as stream:
            return stream.get_final_text()

    def create(client):
        pieces = []
        for one in client.messages.create(**REQUEST, stream=True):
            if one.type == "content_block_delta":
                pieces.append(one.delta.text)
        return "".join(pieces)

    def ours():
        with ssewire.anthropic.stream(plain, **REQUEST) as stream:
            return "".join(stream.text_stream)

    def read(work, body="deltas"):
        headers = {"x-body": body}
        with plain.messages.with_streaming_response.create(**REQUEST, stream=True, extra_headers=headers) as response:
            work(response.http_response)
        return TEXT

    def transport(response):
        for _ in ssewire.anthropic._chunks(response):
            pass

    def decoding(response):
        feed = ssewire.anthropic._Events(RawMessageStreamEvent, response, plain).feed
        for chunk in ssewire.anthropic._chunks(response):
            feed(chunk)

    def models(response):
        events = ssewire.anthropic._Events(RawMessageStreamEvent, response, plain)
        feed, builders = events.feed, events.builders()
        for chunk in ssewire.anthropic._chunks(response):
            for kind, item, text in feed(chunk):
                builders[kind](item, text)

    return {
        "HTTP: SDK, `messages.stream`": helper,
        "HTTP: SDK, `messages.create(stream=True)`": lambda: create(plain),
        "HTTP: the same with the middleware": lambda: create(faster),
        "HTTP: `ssewire.anthropic.stream`": ours,
        "HTTP: transport alone": lambda: read(transport),
        "HTTP: a request without deltas": lambda: read(transport, "without deltas"),
        "HTTP: transport and decoding": lambda: read(decoding),
        "HTTP: transport, decoding and the SDK's models": lambda: read(models),
    }


def serve(pipe):
    with server.serve({"deltas": CHUNKS, "without deltas": WITHOUT_DELTAS}) as address:
        pipe.send(address)
        pipe.recv()


def main():
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    contestants = {
        "memory: SDK, `messages.stream`": by_helper,
        "memory: httpx-sse and `json`": by_httpx_sse,
        "memory: msgspec by hand": by_msgspec,
        "memory: `ssewire.MessageDecoder`": by_ssewire,
        **over_http(ours.recv()),
    }
    best = {}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            began = time.process_time()
            assert run() == TEXT, name
            best[name] = min(best.get(name, float("inf")), time.process_time() - began)
    ours.send("stop")
    print("| where: what | µs per event | times ssewire |\n|---|--:|--:|")
    for name, seconds in best.items():
        reference = "memory: `ssewire.MessageDecoder`" if name.startswith("memory") else "HTTP: `ssewire.anthropic.stream`"
        print(f"| {name} | {seconds / EVENTS * 1e6:.2f} | {seconds / best[reference]:.1f} |")


if __name__ == "__main__":
    main()
