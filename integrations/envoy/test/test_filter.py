"""The filter in the real Envoy, in front of the replay server. `ci/envoy` builds both and runs this.

STREAMS is the number of concurrent streams, 300 unless it is set.
"""

import asyncio
import collections
import json
import os
import socket
import tempfile
import time
import unittest
from pathlib import Path

import harness
from harness import NAMES, PATIENCE_S, SAMPLES, Envoy, Replay, Stream, Test, fetch, wait_until, wasm_filter

MODULE, CRASHING = Path(os.environ["MODULE"]), Path(os.environ["CRASHING_MODULE"])
STREAMS = int(os.environ.get("STREAMS", "300"))

# One for the first configuration.
RELOADS = "extension_config_discovery.http_filter.meter.config_reload"

VM_STATISTICS = [
    "wasm.envoy.wasm.runtime.v8.active", "wasm.envoy.wasm.runtime.v8.created", "wasm.wasm_vm_count",
    "wasm.ssewire.vm_reload", "wasm.ssewire.vm_reload_failure", "wasm.ssewire.vm_reload_success",
]

TRUNCATED, COMPLETE = ("truncated", None), ("complete", None)
# Each fault of the replay server: the completion and the kind of body, and how the response ended. `None`: the response
# is not read, for the reason in third place.
FAULTS = {
    "cut": (TRUNCATED, "upstream_reset"),
    "cut-in-chunk": (TRUNCATED, "upstream_reset"),
    "cut-unnoticed": (TRUNCATED, "end_of_stream"),
    "cut-with-length": (TRUNCATED, "upstream_reset"),
    "cut-first-event": (TRUNCATED, "upstream_reset"),
    "ends-early": (TRUNCATED, "end_of_stream"),
    "no-last-blank-line": (COMPLETE, "end_of_stream"),
    "reset": (TRUNCATED, "upstream_reset"),
    "wrong-length": (COMPLETE, "upstream_reset"),
    "stall": (TRUNCATED, "timeout"),
    "stall-first": (TRUNCATED, "timeout"),
    "keep-alive-only": (("cancelled", None), "client_gone"),
    "slow": (COMPLETE, "end_of_stream"),
    "split": (COMPLETE, "end_of_stream"),
    "odd-chunks": (COMPLETE, "end_of_stream"),
    "content-length": (COMPLETE, "end_of_stream"),
    "until-close": (COMPLETE, "end_of_stream"),
    "pings": (COMPLETE, "end_of_stream"),
    "bom": (COMPLETE, "end_of_stream"),
    "crlf": (COMPLETE, "end_of_stream"),
    "cr": (COMPLETE, "end_of_stream"),
    "done": (COMPLETE, "end_of_stream"),
    "error-event": (("server_error", None), "end_of_stream"),
    "error-first": (("server_error", None), "end_of_stream"),
    "204": (None, "no_body"),
    "400": (("server_error", None), "end_of_stream"),
    "429": (("server_error", None), "end_of_stream"),
    "502": (("server_error", None), "end_of_stream"),
    "529": (("server_error", None), "end_of_stream"),
    "json-body": (COMPLETE, "end_of_stream"),
    "html-body": (None, "content_type"),
    "gzip": (("non_stream_body", "compressed"), "end_of_stream"),
    "empty": (("non_stream_body", "empty"), "end_of_stream"),
}

# The kinds of errors in these faults.
ERRORS = {
    "error-event": "overloaded_error", "error-first": "overloaded_error", "400": "invalid_request_error",
    "429": "rate_limit_error", "502": "5xx", "529": "overloaded_error",
}

HEAD = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: "
EVENT_STREAM, JSON = HEAD + b"text/event-stream\r\n", HEAD + b"application/json\r\n"


def sample(name):
    return (SAMPLES / f"{name}.sse").read_bytes()


def message(name):
    """The message of a sample, or `None` if it ends in an error."""
    file = SAMPLES / f"{name}.message.json"
    return json.loads(file.read_text()) if file.exists() else None


def expected_counters(names):
    """What the filter counts over complete samples, by the messages that they are known to be."""
    counters = collections.Counter()
    for name in names:
        model = {"model": message(name)["model"], "route": "tools" if name.startswith("tool") else "rest"}

        def add(metric, number, **labels):
            if number:
                counters[metric, tuple(sorted((model | labels).items()))] += number

        usage = message(name)["usage"]
        add("ssewire_messages", 1, completion="complete")
        add("ssewire_stop_reasons", 1, stop_reason=message(name)["stop_reason"])
        add("ssewire_tokens", usage.get("input_tokens"), kind="input")
        add("ssewire_tokens", usage.get("output_tokens"), kind="output")
        add("ssewire_tokens", usage.get("cache_read_input_tokens"), kind="cache_read")
        add("ssewire_tokens", usage.get("cache_creation_input_tokens"), kind="cache_write")
        add("ssewire_tool_calls", sum(block["type"] == "tool_use" for block in message(name)["content"]))
        add("ssewire_longest_gap_ms_count", 1)
    return dict(counters)


def counters(envoy, prefix="ssewire"):
    """Those of the filter's metrics that `expected_counters` predicts."""
    names = ["messages", "stop_reasons", "tokens", "tool_calls", "longest_gap_ms_count"]
    names = {f"{prefix}_{name}" for name in names}
    return {key: number for key, number in envoy.metrics(prefix).items() if key[0] in names}


def without_routes(counters):
    summed = collections.Counter()
    for (metric, labels), number in counters.items():
        summed[metric, tuple(label for label in labels if label[0] != "route")] += number
    return summed


async def open_all(port, names, **headers):
    """Opens a stream for each name, and waits for the first chunk of each."""

    async def opened(name):
        stream = await Stream.open(port, f"/{name}", **headers)
        await stream.read_chunk()
        return stream

    return await asyncio.gather(*(asyncio.wait_for(opened(name), PATIENCE_S) for name in names))


async def read_all(streams):
    return await asyncio.gather(*(stream.read_all() for stream in streams))


def text_or_waiting(start, event, rest=b""):
    """Serves the sample `text` at `/text`, and elsewhere a stream that waits for the event before its rest."""

    async def pieces(request):
        yield EVENT_STREAM + b"\r\n"
        if b"/text" in request:
            yield sample("text")
            return
        yield start
        await event.wait()
        yield rest

    return pieces


class Filter(Test):
    def assert_counters(self, expected, found):
        """Reads the counters until they are the expected ones. Envoy adds to its histograms at a flush, every 5 s."""
        end = time.monotonic() + 30
        while (counters := found()) != expected and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(counters, expected)

    def assert_whole(self, names, responses):
        for name, response in zip(names, responses, strict=True):
            self.assertTrue(response.is_whole, name)
            self.assertEqual(response.body, sample(name), name)

    async def test_samples_arrive_byte_for_byte_and_are_metered(self):
        replay = self.start(Replay("--chunk-size", 137, "--delay-ms", 1))
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {"max_routes": 8})))
        responses = [await fetch(envoy.port, f"/{name}") for name in NAMES]
        self.assert_whole(NAMES, responses)
        records = envoy.records(len(NAMES))
        for name, record in zip(NAMES, records, strict=True):
            self.assertEqual((record["path"], record["end"]), (f"/{name}", "end_of_stream"))
            expected = message(name)
            if expected is None:
                self.assertEqual(record["completion"], "server_error", name)
                continue
            self.assertEqual(record["completion"], "complete", name)
            self.assertEqual(record["model"], expected["model"], name)
            self.assertEqual(record["stop_reason"], expected["stop_reason"], name)
            self.assertEqual(record["output_tokens"], str(expected["usage"]["output_tokens"]), name)
        expected = expected_counters(name for name in NAMES if message(name))
        # Samples that end in an error have counts, too.
        self.assert_counters({}, lambda: {key: 0 for key in expected if counters(envoy).get(key, 0) < expected[key]})

    async def test_every_fault_has_its_completion(self):
        replay = self.start(Replay("--chunk-size", 137))
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {}), idle_timeout_s=2))

        async def fetch_through(port, fault):
            stream = await Stream.open(port, f"/faults/{fault}")
            if fault == "keep-alive-only":
                while len(stream.response.body) < len(sample("text")):
                    await stream.read_chunk()
                return await stream.close()
            return await asyncio.wait_for(stream.read_all(), PATIENCE_S)

        endless = {"stall", "stall-first", "keep-alive-only"}
        for fault in FAULTS:
            through = await fetch_through(envoy.port, fault)
            if fault not in endless:
                direct = await fetch_through(replay.port, fault)
                self.assertEqual(through.status, direct.status, fault)
                # What arrives before a reset depends on time.
                if direct.is_whole:
                    self.assertEqual(through.body, direct.body, fault)
        records = {record["path"].removeprefix("/faults/"): record for record in envoy.records(len(FAULTS))}
        for fault, (expected, end) in FAULTS.items():
            record = records[fault]
            with self.subTest(fault=fault, details=record["details"]):
                if expected is None:
                    self.assertEqual((record["completion"], record["end"]), (None, None))
                else:
                    self.assertEqual((record["completion"], record["body"], record["end"]), (*expected, end))
                self.assertEqual(record["error"], ERRORS.get(fault))
        metrics = envoy.metrics()
        ends = collections.Counter(end for expected, end in FAULTS.values() if expected)
        self.assertEqual({dict(key[1])["end"]: number for key, number in metrics.items() if key[0] == "ssewire_ends"}, ends)
        skipped = collections.Counter(end for expected, end in FAULTS.values() if not expected)
        found = {dict(key[1])["reason"]: number for key, number in metrics.items() if key[0] == "ssewire_skipped"}
        self.assertEqual(found, skipped)
        # The alert `MeterBlind` compares these two.
        self.assertEqual(metrics["ssewire_read", ()], sum(ends.values()))
        self.assertEqual(envoy.stat("cluster.up.upstream_rq_completed"), len(FAULTS))
        found = {dict(key[1])["error"]: number for key, number in metrics.items() if key[0] == "ssewire_errors"}
        self.assertEqual(found, collections.Counter(ERRORS.values()))

    async def test_every_request_to_an_upstream_that_is_down_is_an_error(self):
        # The text of Envoy itself.
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        envoy = self.start(Envoy(port, wasm_filter(MODULE, {})))
        for _ in range(2):
            response = await fetch(envoy.port, "/text")
            self.assertEqual((response.status, response.headers["content-type"]), (503, "text/plain"))
        for record in envoy.records(2):
            values = [record[name] for name in ["completion", "error", "end", "messages"]]
            self.assertEqual(values, ["server_error", "5xx", "end_of_stream", "1"])
        metrics = envoy.metrics()
        self.assertEqual(metrics["ssewire_errors", (("error", "5xx"),)], 2)
        # The alert `ServerErrors` compares the two.
        self.assertEqual(metrics["ssewire_messages", (("completion", "server_error"), ("model", "unknown"))], 2)
        self.assertEqual(metrics["ssewire_read", ()], 2)

    async def test_a_limit_of_the_duration_is_a_timeout(self):
        replay = self.start(Replay())
        http = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        options = {
            "@type": f"type.googleapis.com/{http}",
            "common_http_protocol_options": {"max_stream_duration": "1s"},
            "explicit_http_config": {"http_protocol_options": {}},
        }
        cluster = {"typed_extension_protocol_options": {http: options}}
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {}), cluster=cluster))
        self.assertFalse((await fetch(envoy.port, "/faults/stall")).is_whole)
        [record] = envoy.records(1)
        self.assertEqual(record["details"], "upstream_max_stream_duration_reached")
        self.assertEqual((record["completion"], record["end"]), ("truncated", "timeout"))

    async def test_a_client_that_resets_its_http2_stream_is_gone(self):
        replay = self.start(Replay("--chunk-size", 137))
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {})))
        reader, writer = await asyncio.open_connection("127.0.0.1", envoy.port)
        settings, headers, data, reset = 4, 1, 0, 3

        def frame(kind, flags, stream, payload=b""):
            return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

        def literal(name, value):
            return bytes([name, len(value)]) + value

        # `:method: GET` and `:scheme: http`, then `:path` and `:authority`.
        fields = b"\x82\x86" + literal(4, b"/faults/keep-alive-only") + literal(1, b"test")
        ends = 0x4 | 0x1  # The headers, and the stream.
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0) + frame(headers, ends, 1, fields))
        kind = None
        while kind != data:
            head = await asyncio.wait_for(reader.readexactly(9), PATIENCE_S)
            kind = head[3]
            await asyncio.wait_for(reader.readexactly(int.from_bytes(head[:3], "big")), PATIENCE_S)
        writer.write(frame(reset, 0, 1, (8).to_bytes(4, "big")))
        [record] = envoy.records(1)
        self.assertEqual((record["completion"], record["end"]), ("cancelled", "client_gone"), record["details"])
        writer.close()

    async def test_counters_add_up_over_concurrent_streams(self):
        harness.raise_descriptor_limit()
        all_are_open = asyncio.Event()

        async def halves(request):
            body = sample(request.split()[1].decode().removeprefix("/"))
            yield EVENT_STREAM + b"\r\n" + body[: len(body) // 2]
            await all_are_open.wait()
            yield body[len(body) // 2 :]

        port = await self.serve(halves)
        envoy = self.start(Envoy(port, wasm_filter(MODULE, {"max_routes": 8}), threads=2))
        complete = [name for name in NAMES if message(name)]
        names = [complete[number % len(complete)] for number in range(STREAMS)]
        streams = await open_all(envoy.port, names)
        self.assertEqual(envoy.stat("http.in.downstream_rq_active"), STREAMS)
        all_are_open.set()
        self.assert_whole(names, await read_all(streams))
        envoy.records(STREAMS)
        self.assert_counters(expected_counters(names), lambda: counters(envoy))

    async def test_models_are_bounded_over_all_threads(self):
        replay = self.start(Replay())
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {"models": ["claude-opus-*"], "max_models": 1}), threads=2))
        names = [name for name in NAMES if message(name)] * 2
        await asyncio.gather(*(fetch(envoy.port, f"/{name}") for name in names))
        envoy.records(len(names))
        models = {dict(key[1])["model"] for key in counters(envoy)}
        self.assertEqual(len(models), 2, models)
        self.assertIn("other", models)

    async def test_a_new_configuration_loses_no_stream(self):
        replay = self.start(Replay("--chunk-size", 200, "--delay-ms", 300))
        before, after = {"max_routes": 8}, {"max_routes": 8, "prefix": "_team_1"}
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, before), threads=2))
        names = [name for name in NAMES if message(name)] * 2
        old = await open_all(envoy.port, names)
        envoy.set_filter(wasm_filter(MODULE, after))
        wait_until("the new configuration", lambda: envoy.stat(RELOADS) == 2)
        new = await open_all(envoy.port, names)
        self.assert_whole(names * 2, await read_all([*old, *new]))
        envoy.records(2 * len(names))
        expected = expected_counters(names)
        self.assert_counters(expected, lambda: counters(envoy))
        renamed = {(key[0].replace("ssewire", "_team_1"), key[1]): number for key, number in expected.items()}
        self.assert_counters(renamed, lambda: counters(envoy, "_team_1"))

    async def test_an_invalid_configuration_is_rejected_by_name(self):
        replay = self.start(Replay())
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {"prefix": "good"})))
        self.assertTrue((await fetch(envoy.port, "/text")).is_whole)
        envoy.set_filter(wasm_filter(MODULE, {"max_models": "many"}))
        wait_until("the error", lambda: "member `max_models` is not a number from 0 to 1024" in envoy.read(envoy.log))
        self.assert_whole(["text"], [await fetch(envoy.port, "/text")])
        # There is none before it, and `fail_open` does not matter.
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {"max_models": "many"})))
        self.assertEqual((await fetch(envoy.port, "/text")).status, 500)

    async def test_a_crash_of_the_vm_is_contained(self):
        replay = self.start(Replay("--chunk-size", 200, "--delay-ms", 300))
        envoy = self.start(Envoy(replay.port, wasm_filter(CRASHING, {})))
        names = [name for name in NAMES if message(name)]
        streams = await open_all(envoy.port, names)
        statistics = [envoy.stat(name) for name in VM_STATISTICS]
        self.assertGreater(statistics[0], 0)
        crashed = await fetch(envoy.port, "/text", x_ssewire_crash="1")
        self.assert_whole(["text", *names], [crashed, *await read_all(streams)])
        wait_until("the report", lambda: "proxy_on_request_headers failed" in envoy.read(envoy.log))
        # What there is of statistics does not show the crash.
        self.assertEqual([envoy.stat(name) for name in VM_STATISTICS], statistics)
        # From now on nothing is metered, until there is another configuration.
        self.assert_whole(["text"], [await fetch(envoy.port, "/text")])
        envoy.records(len(names) + 2)
        self.assertEqual(counters(envoy), {})
        created = envoy.stat("wasm.envoy.wasm.runtime.v8.created")
        envoy.set_filter(wasm_filter(CRASHING, {"max_models": 1}))
        wait_until("a new VM", lambda: envoy.stat("wasm.envoy.wasm.runtime.v8.created") > created)
        wait_until("the new configuration", lambda: envoy.stat(RELOADS) == 2)
        self.assert_whole(["text"], [await fetch(envoy.port, "/text")])
        self.assertEqual(envoy.records(len(names) + 3)[-1]["completion"], "complete")

    async def test_a_reload_after_a_crash_is_counted_by_envoy_and_closes_open_streams(self):
        replay = self.start(Replay("--chunk-size", 200, "--delay-ms", 300))
        config = wasm_filter(CRASHING, {})
        del config["config"]["fail_open"]
        config["config"]["failure_policy"] = "FAIL_RELOAD"
        envoy = self.start(Envoy(replay.port, config))
        [stream] = await open_all(envoy.port, ["text"])
        self.assertEqual((await fetch(envoy.port, "/text", x_ssewire_crash="1")).status, 503)
        self.assertNotEqual((await stream.read_all()).body, sample("text"))
        # Envoy waits before it starts another VM.
        for _ in range(10 * PATIENCE_S):
            if (await fetch(envoy.port, "/text")).body == sample("text"):
                break
            await asyncio.sleep(0.1)
        self.assertEqual(envoy.stat("wasm.ssewire.vm_reload_success"), 1)

    async def test_streams_beyond_the_memory_of_a_vm_pass_unmetered(self):
        body = sample("tool_use")
        at = body.rindex(b"\n\n", 0, body.index(b"input_json_delta")) + 2
        # White space before the tool input, which is kept.
        delta = {"type": "input_json_delta", "partial_json": " " * 1000}
        delta = {"type": "content_block_delta", "index": 1, "delta": delta}
        start, rest = body[:at] + b"data: %b\n\n" % json.dumps(delta).encode() * 90, body[at:]
        is_released = asyncio.Event()
        pieces = text_or_waiting(start, is_released, rest)

        async def open_large(number):
            streams = []
            for _ in range(number):
                streams.append(await Stream.open(envoy.port, "/large"))
                while len(streams[-1].response.body) < len(start):
                    await asyncio.wait_for(streams[-1].read_chunk(), PATIENCE_S)
            return streams

        def failures():
            return envoy.metrics().get(("ssewire_failures", (("failure", "memory"),)), 0)

        limit = {"max_vm_bytes": 2**20}
        envoy = self.start(Envoy(await self.serve(pieces), wasm_filter(MODULE, limit)))
        streams = await open_large(20)
        # Each keeps 90,000 bytes, and some more.
        failed = 20 - 2**20 // 92_500
        self.assertEqual(failures(), failed)
        # The others keep their meters, and a later stream has one.
        self.assert_whole(["text"], [await fetch(envoy.port, "/text")])
        self.assertEqual([record["completion"] for record in envoy.records(1)], ["complete"])
        # Streams of an earlier configuration are part of the sum.
        envoy.set_filter(wasm_filter(MODULE, limit | {"max_models": 1}))
        wait_until("the new configuration", lambda: envoy.stat(RELOADS) == 2)
        streams += await open_large(1)
        self.assertEqual(failures(), failed + 1)
        is_released.set()
        for response in await read_all(streams):
            self.assertEqual(response.body, start + rest)
        ends = collections.Counter((record["completion"], record["failure"]) for record in envoy.records(22)[1:])
        self.assertEqual(ends, {("complete", None): 20 - failed, (None, "memory"): failed + 1})
        # A stream that ends leaves the sum, so as many fit again; after clients have gone, too.
        is_released.clear()
        for records in [42, 62]:
            before = failures()
            for stream in await open_large(20):
                await stream.close()
            envoy.records(records)
            self.assertEqual(failures() - before, failed)
        self.assertEqual(envoy.metrics()["ssewire_read", ()], 62)
        self.assertNotIn("failed", envoy.read(envoy.log))
        is_released.set()

    async def test_a_vm_without_free_memory_goes_on(self):
        error = b"event: error\ndata: "
        # Each needs several times its bytes at its last line end.
        hostile = {
            "error-line": b"error: " + rb"\u0001" * 8_000 + b"\n\n",
            "error-event": error + b"\x01" * 50_000 + b"\n\n",
            "ill-formed": error + b"\xff" * 50_000 + b"\n\n",
            "json": b'{"type":"message","content":[' + b"{}," * 20_000 + b"{}]}\n",
        }
        # Open until the end. The first one needs as much there, when there is less memory than when its bytes arrived.
        kept = {"error": error + b"\x01" * 50_000, "large": b"data: " + b"x" * 60_000, "small": b"data: " + b"x" * 1000}
        is_over = asyncio.Event()

        async def pieces(request):
            path = request.split()[1].decode().removeprefix("/")
            yield EVENT_STREAM + b"\r\n"
            yield (kept | hostile).get(path) or sample(path)
            if path in kept:
                await is_over.wait()

        harness.raise_descriptor_limit()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        module = harness.with_memory_limit(MODULE, 16 * 16, Path(folder) / "limited.wasm")
        envoy = self.start(Envoy(await self.serve(pieces), wasm_filter(module, {})))
        streams, failures = [], []
        # 16 MiB have room for more than 100 of the large ones, but not for 280. The small ones fill the room that is
        # left.
        for path, number in [("error", 5), ("large", 300), ("small", 600)]:
            for _ in range(number):
                streams.append(await Stream.open(envoy.port, f"/{path}"))
                while len(streams[-1].response.body) < len(kept[path]):
                    await asyncio.wait_for(streams[-1].read_chunk(), PATIENCE_S)
            failures.append(envoy.metrics().get(("ssewire_failures", (("failure", "memory"),)), 0))
        self.assertEqual(failures[0], 0)
        self.assertTrue(20 < failures[1] < 200 and failures[1] < failures[2], failures)
        for path, body in hostile.items():
            for _ in range(20):
                self.assertEqual((await fetch(envoy.port, f"/{path}")).body, body)
        is_over.set()
        for stream in streams:
            await stream.read_all()
        self.assert_whole(["text"], [await fetch(envoy.port, "/text")])
        records = envoy.records(len(streams) + 20 * len(hostile) + 1)
        self.assertEqual(records[-1]["completion"], "complete")
        # Each is metered, or has the reason why it is not.
        ends = [(record["completion"] is None, record["failure"]) for record in records]
        self.assertEqual(set(ends), {(False, None), (True, "memory")})
        ends = {record["completion"] for record in records if record["path"] == "/error"}
        self.assertIn(None, ends, "the end needed no memory")
        self.assertNotIn("failed", envoy.read(envoy.log))

    async def test_each_message_of_a_body_is_metered(self):
        names = ["tool_use", "text"]
        body = b"".join(map(sample, names))

        async def pieces(_):
            yield EVENT_STREAM + b"\r\n"
            for at in range(0, len(body), 300):
                yield body[at : at + 300]

        envoy = self.start(Envoy(await self.serve(pieces), wasm_filter(MODULE, {"max_routes": 8})))
        self.assertEqual((await fetch(envoy.port, "/")).body, body)
        [record] = envoy.records(1)
        # The fields are those of the last message.
        self.assertEqual((record["messages"], record["completion"], record["end"]), ("2", "complete", "end_of_stream"))
        self.assertEqual(record["output_tokens"], str(message("text")["usage"]["output_tokens"]))
        self.assert_counters(without_routes(expected_counters(names)), lambda: without_routes(counters(envoy)))

    async def test_a_response_is_counted_when_it_begins(self):
        # The alert `MeterBlind` compares the two at any time, also while streams are open.
        replay = self.start(Replay())
        envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {})))
        streams = await open_all(envoy.port, ["faults/stall"] * 3)
        self.assertEqual(envoy.metrics()["ssewire_read", ()], 3)
        self.assertEqual(envoy.stat("cluster.up.upstream_rq_completed"), 3)
        for stream in streams:
            await stream.close()

    async def test_responses_of_other_paths_pass_and_are_skipped(self):
        message = (SAMPLES / "text.message.json").read_bytes()

        async def pieces(request):
            # In a response of the Messages API this is an error.
            body = message if request.startswith(b"GET /v1/messages?") else b'{"message":"ok"}'
            yield JSON + b"content-length: %d\r\n\r\n%b" % (len(body), body)

        # The default configuration.
        envoy = self.start(Envoy(await self.serve(pieces), wasm_filter(MODULE, "{}")))
        for path in ["/health", "/v1/models", "/v1/messages/count_tokens"]:
            self.assertEqual((await fetch(envoy.port, path)).body, b'{"message":"ok"}')
        self.assertEqual((await fetch(envoy.port, "/v1/messages?beta=true")).body, message)
        self.assertEqual([record["completion"] for record in envoy.records(4)], [None, None, None, "complete"])
        metrics = envoy.metrics()
        self.assertEqual(metrics["ssewire_skipped", (("reason", "path"),)], 3)
        self.assertEqual(metrics["ssewire_read", ()], 1)
        self.assertEqual([key for key in metrics if key[0] == "ssewire_errors"], [])

    async def test_a_compressed_response_passes_and_is_said_to_be_unreadable(self):
        async def pieces(_):
            yield EVENT_STREAM + b"content-encoding: gzip\r\nrequest-id: req_1\r\n\r\n\x1f\x8b\x08\0"

        envoy = self.start(Envoy(await self.serve(pieces), wasm_filter(MODULE, {})))
        for _ in range(2):
            self.assertEqual((await fetch(envoy.port, "/")).body, b"\x1f\x8b\x08\0")
        records = envoy.records(2)
        self.assertEqual([(record["completion"], record["request_id"]) for record in records], [(None, "req_1")] * 2)
        self.assertEqual(envoy.metrics()["ssewire_skipped", (("reason", "content_encoding"),)], 2)
        # Envoy writes its log with a delay.
        wait_until("the note", lambda: "content-encoding are not read" in envoy.read(envoy.log))
        self.assertEqual(envoy.read(envoy.log).count("content-encoding are not read"), 1)

    async def test_dog_statsd_has_the_labels_as_tags(self):
        replay = self.start(Replay())
        with socket.socket(type=socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            sink.setblocking(False)
            address = {"protocol": "UDP", "address": "127.0.0.1", "port_value": sink.getsockname()[1]}
            config = {
                "@type": "type.googleapis.com/envoy.config.metrics.v3.DogStatsdSink",
                "address": {"socket_address": address},
            }
            sinks = [{"name": "envoy.stat_sinks.dog_statsd", "typed_config": config}]
            envoy = self.start(Envoy(replay.port, wasm_filter(MODULE, {}), sinks=sinks))
            await fetch(envoy.port, "/text")
            loop = asyncio.get_running_loop()
            line = b""
            while not line.startswith(b"envoy.wasmcustom.ssewire.messages:"):
                line = await asyncio.wait_for(loop.sock_recv(sink, 65536), PATIENCE_S)
            tags = f"#model:{message('text')['model']},completion:complete"
            self.assertEqual(line.decode(), f"envoy.wasmcustom.ssewire.messages:1|c|{tags}")


if __name__ == "__main__":
    unittest.main()
