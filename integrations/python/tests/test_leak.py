"""Memory does not grow with the number of streams. `SSEWIRE_STREAMS` sets the number; 100,000 before a release."""

import contextlib
import gc
import os
from pathlib import Path

import pytest
from samples import SAMPLES
from ssewire import Decoder, IncompleteError, MessageDecoder, iter_events

STATUS = Path("/proc/self/status")
STREAMS = int(os.environ.get("SSEWIRE_STREAMS", "20000"))


def resident():
    """Resident memory in KiB."""
    with STATUS.open(encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def one(stream):
    decoder = MessageDecoder(partial_input=True)
    events = decoder.feed(stream)
    decoder.partial_input(0)
    assert events and decoder.snapshot is not None
    try:
        decoder.finish()
    except IncompleteError as error:
        assert error.message is not None
    assert list(iter_events([stream], end="discard"))


def grown(run, count):
    """How many objects and KiB remain after a number of runs."""
    for index in range(1000):
        run(index)
    gc.collect()
    before, objects = resident(), len(gc.get_objects())
    for index in range(count):
        run(index)
    gc.collect()
    return len(gc.get_objects()) - objects, resident() - before


@pytest.mark.skipif(not STATUS.exists(), reason=f"needs {STATUS}")
def test_memory_does_not_grow_with_the_number_of_streams():
    streams = [sample.read_bytes() for sample in SAMPLES]
    objects, kib = grown(lambda index: one(streams[index % len(streams)]), STREAMS)
    assert objects < 100
    # A leak of one message a stream would be more than 1 KiB for each; the allocators themselves need up to 4 MiB.
    assert kib < max(4096, STREAMS // 20)


@pytest.mark.skipif(not STATUS.exists(), reason=f"needs {STATUS}")
def test_memory_does_not_grow_with_streams_of_the_sdk():
    anthropic = pytest.importorskip("anthropic", minversion="2")
    httpx = pytest.importorskip("httpx2")
    import ssewire.anthropic

    names = ["text", "tool_use", "error_mid_stream"]
    streams = [next(sample for sample in SAMPLES if sample.stem == name).read_bytes() for name in names]

    def respond(request):
        index = int(request.headers["x-stream"])
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=streams[index % 3])

    client = anthropic.Anthropic(
        api_key="k", http_client=httpx.Client(transport=httpx.MockTransport(respond)), max_retries=0,
        middleware=[ssewire.anthropic.middleware()],
    )

    def run(index):
        options = {"model": "m", "max_tokens": 1, "messages": [], "extra_headers": {"x-stream": str(index)}}
        with pytest.raises(IncompleteError) if index % 3 == 2 else contextlib.nullcontext():
            with ssewire.anthropic.stream(client, **options) as stream:
                stream.get_final_message()
        with contextlib.suppress(anthropic.APIStatusError):
            assert list(client.messages.create(**options, stream=True))

    objects, kib = grown(run, STREAMS // 10)
    assert objects < 100 and kib < 4096
