"""Memory does not grow with the number of streams. `SSEWIRE_STREAMS` sets the number; 100,000 before a release."""

import gc
import os
from pathlib import Path

import pytest
from samples import SAMPLES
from ssewire import Decoder, IncompleteError, MessageDecoder

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
    assert Decoder().feed(stream)


@pytest.mark.skipif(not STATUS.exists(), reason=f"needs {STATUS}")
def test_memory_does_not_grow_with_the_number_of_streams():
    streams = [sample.read_bytes() for sample in SAMPLES]
    for index in range(1000):
        one(streams[index % len(streams)])
    gc.collect()
    before, objects = resident(), len(gc.get_objects())
    for index in range(STREAMS):
        one(streams[index % len(streams)])
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    # A leak of one message a stream would be more than 1 KiB for each; the allocators themselves need up to 4 MiB.
    assert resident() - before < max(4096, STREAMS // 20)
