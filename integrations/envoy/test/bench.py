"""What the filter costs, beside no filter and beside Envoy's own `sse_to_metadata`, in one run. `ci/envoy-bench` runs it.

Envoy has one worker thread. Its CPU time is that of the kernel's scheduler, so other programs on the machine change it
little; throughput is bytes per second of that time, which is what limits a busy proxy. Latency is the time from the
call that sends a chunk to the call that receives it, in two programs with one clock.

"copy" is the same module, except that it drops what it has copied: the least that a filter of proxy-wasm costs that
sees the bytes.
"""

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness
from harness import NAMES, SAMPLES, Envoy, Process, Replay, Stream, fetch, wasm_filter

OPEN, PACED, ROUNDS = map(int, sys.argv[1:4])
EVENTS = 300
PAUSE_MS = 20
SETS = 9


def sse_to_metadata():
    """The same usage, read by the filter that Envoy has: nine paths, in the events that have them."""

    def rule(*path):
        present = {"metadata_namespace": "llm", "key": "_".join(path), "type": "NUMBER" if "tokens" in path[-1] else "STRING"}
        return {"rule": {"selectors": [{"key": key} for key in path], "on_present": present}}

    counts = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]
    rules = [rule("message", "model"), rule("delta", "stop_reason")]
    rules += [rule("message", "usage", count) for count in counts[:1]] + [rule("usage", count) for count in counts]
    parser = "type.googleapis.com/envoy.extensions.content_parsers.json.v3.JsonContentParser"
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.sse_to_metadata.v3.SseToMetadata",
        "response_rules": {
            "content_parser": {"name": "envoy.content_parsers.json", "typed_config": {"@type": parser, "rules": rules}}
        },
    }


VARIANTS = {
    "no filter": None,
    "copy": wasm_filter(os.environ["COPYING_MODULE"], {}),
    "ssewire": wasm_filter(os.environ["MODULE"], {"max_routes": 8}),
    "sse_to_metadata": sse_to_metadata(),
}


def stream_of(deltas):
    """The sample `text`, with `deltas` further deltas of a few words."""
    text = (SAMPLES / "text.sse").read_text()
    at = text.index("event: content_block_stop")
    words = ["The", " proxy", " reads", " each", " event", " once", ", and", " the", " bytes", " pass", ".\\n"]
    delta = 'event: content_block_delta\ndata: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{}"}}}}\n\n'
    return (text[:at] + "".join(delta.format(words[n % len(words)]) for n in range(deltas)) + text[at:]).encode()


def cpu_s(envoy):
    """The CPU time of all threads, from the scheduler: nanoseconds, where `stat` has hundredths of a second."""
    tasks = Path(f"/proc/{envoy.child.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class Upstream(Process):
    """A program of its own, so that it does not share the interpreter of the client."""

    def __init__(self, path, size, pause_ms):
        program = Path(__file__).with_name("upstream.py")
        command = [sys.executable, str(program), str(path), str(size), str(pause_ms)]
        super().__init__(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())


async def memory():
    """Bytes of resident memory per open stream, half of whose events have arrived."""
    sizes = {}
    for name, config in VARIANTS.items():
        with Replay() as replay, Envoy(replay.port, config) as envoy:
            # What grows once: tables, the VM, the allocator's first pages.
            for sample in NAMES:
                await fetch(envoy.port, f"/{sample}")
            before = envoy.resident_bytes()
            streams = []
            for _ in range(OPEN):
                stream = await Stream.open(envoy.port, "/faults/stall")
                await stream.read_chunk()
                streams.append(stream)
            await asyncio.sleep(1)
            sizes[name] = (envoy.resident_bytes() - before) / OPEN
            for stream in streams:
                stream.writer.transport.abort()
    return sizes


async def drain(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
    size = 0
    while piece := await reader.read(1 << 18):
        size += len(piece)
    writer.close()
    return size


def latencies(port):
    """Microseconds from sending a chunk to receiving it, of each chunk of one stream."""
    found = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        while piece := connection.recv(1 << 16):
            now = time.monotonic_ns()
            found += [(now - int(sent)) / 1000 for sent in re.findall(rb": sent (\d{20})\n", piece)]
    return found


def latency(path, rounds):
    """Median and 99th percentile of the latency of a chunk; one stream at a time, the variants in alternation."""
    all_times = {name: [] for name in VARIANTS}
    with Upstream(path, 0, 1) as upstream:
        envoys = {name: Envoy(upstream.port, config) for name, config in VARIANTS.items()}
        try:
            for round_number in range(rounds + 1):
                for name, envoy in envoys.items():
                    times = latencies(envoy.port)
                    assert len(times) > EVENTS, "a stream was cut"
                    # The first round warms up.
                    all_times[name] += times if round_number else []
        finally:
            for envoy in envoys.values():
                envoy.stop()
    percentiles = {name: statistics.quantiles(times, n=100) for name, times in all_times.items()}
    return [{name: of[at - 1] for name, of in percentiles.items()} for at in (50, 99)]


async def cpu(path, size, pause_ms, streams, rounds):
    """CPU seconds of Envoy for a number of streams, in each round. Each round begins with another variant."""
    times = {name: [] for name in VARIANTS}
    with Upstream(path, size, pause_ms) as upstream:
        envoys = {name: Envoy(upstream.port, config) for name, config in VARIANTS.items()}
        try:
            for envoy in envoys.values():
                await drain(envoy.port)
            names = list(envoys)
            for _ in range(rounds):
                names.append(names.pop(0))
                for name in names:
                    envoy = envoys[name]
                    before = cpu_s(envoy)
                    sizes = await asyncio.gather(*(drain(envoy.port) for _ in range(streams)))
                    assert min(sizes) > path.stat().st_size, f"a stream was cut after {min(sizes)} bytes"
                    times[name].append(cpu_s(envoy) - before)
        finally:
            for envoy in envoys.values():
                envoy.stop()
    return times


def medians(times):
    return {name: statistics.median(all_times) for name, all_times in times.items()}


async def throughput(path, streams, rounds):
    """CPU seconds of Envoy for streams without pauses, and the change of the throughput against no filter in percent.

    One Envoy is faster than the next of the same configuration, for as long as it runs. So each is started again
    `SETS` times; of each set the medians of its rounds are compared.
    """
    sets = [medians(await cpu(path, 1400, 0, streams, rounds)) for _ in range(SETS)]
    changes = {name: sorted((times["no filter"] / times[name] - 1) * 100 for times in sets) for name in VARIANTS}
    return {name: statistics.median(times[name] for times in sets) for name in VARIANTS}, changes


def row(label, values, form):
    print(f"| {label} | " + " | ".join(form.format(values[name]) for name in VARIANTS) + " |", flush=True)


async def main():
    harness.raise_descriptor_limit()
    # The table of the README.
    print("| | " + " | ".join(VARIANTS) + " |\n|---" + "|---:" * len(VARIANTS) + "|", flush=True)
    sizes = await memory()
    row(f"KiB of memory per open stream, {OPEN:,} streams", {name: size / 1024 for name, size in sizes.items()}, "{:.1f}")
    results = {"bytes_per_stream": sizes}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paced.sse"
        path.write_bytes(stream_of(EVENTS))
        times = medians(await cpu(path, 0, PAUSE_MS, PACED, ROUNDS))
        events = PACED * path.read_bytes().count(b"\n\n")
        per_event = {name: time / events * 1e6 for name, time in times.items()}
        row(f"CPU µs per event, {PACED} streams, one event each {PAUSE_MS} ms", per_event, "{:.1f}")
        results["paced_cpu_us_per_event"] = per_event
        bulk = Path(folder) / "bulk.sse"
        bulk.write_bytes(stream_of(20_000))
        times, changes = await throughput(bulk, 8, 2 * ROUNDS)
        megabytes = 8 * bulk.stat().st_size / 1e6
        row("MB per CPU second, streams without pauses", {name: megabytes / time for name, time in times.items()}, "{:.0f}")
        results["bulk_cpu_s_per_mb"] = {name: time / megabytes for name, time in times.items()}
        middle = {name: statistics.median(of) for name, of in changes.items()}
        row(f"throughput against no filter, median of {SETS} starts", middle, "{:+.0f} %")
        spread = {name: f"{of[0]:+.0f} to {of[-1]:+.0f} %" for name, of in changes.items()}
        row("lowest and highest start", spread, "{}")
        results["bulk_change_percent"] = changes
        # In a thread, so that nothing else is in the way of its clock.
        median, rare = await asyncio.to_thread(latency, path, 2 * ROUNDS)
        row("µs of latency of a chunk, median", median, "{:.0f}")
        row("µs of latency of a chunk, 99th percentile", rare, "{:.0f}")
        results["latency_us"] = {"median": median, "p99": rare}
    print(json.dumps(results))


if __name__ == "__main__":
    asyncio.run(main())
