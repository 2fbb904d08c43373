"""Starts Envoy and the replay server on the loopback interface, and reads what they serve and count.

Every port is chosen by the kernel. Needs the standard library alone.
"""

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[2] / "crates/ssewire-replay/samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.sse"))
WASM_TYPE = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
# Long enough for any machine: whatever takes so long has failed.
PATIENCE_S = 120
FIELDS = [
    "completion", "end", "model", "stop_reason", "body", "error", "failure", "request_id", "messages", "input_tokens",
    "output_tokens", "cache_read_tokens", "cache_write_tokens", "tool_calls", "violations", "time_to_first_byte_ms",
    "time_to_first_text_ms", "longest_gap_ms", "tokens_per_second",
]
EXAMPLE = HERE.parent / "example"
# The rules of the example, which make parts of the names of metrics labels.
TAGS = [
    {"tag_name": name, "regex": json.loads(regex)}
    for name, regex in re.findall(r'tag_name: (\w+), regex: (".*")', (EXAMPLE / "envoy.yaml").read_text())
]


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_until(what, condition):
    """Returns the first true value of the condition."""
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)
    return value


class Process:
    """A child that ends with the test."""

    def __init__(self, command, **options):
        self.child = subprocess.Popen(command, **options)

    def stop(self, with_signal=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(with_signal)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Replay(Process):
    """The replay server. Its arguments apply to the samples at /NAME, not to the faults."""

    def __init__(self, *arguments):
        command = [os.environ["REPLAY"], *map(str, arguments), *NAMES]
        super().__init__(command, stdout=subprocess.PIPE, text=True)
        line = self.child.stdout.readline()
        self.port = int(re.search(r":(\d+)$", line.strip()).group(1))

    def stop(self, with_signal=signal.SIGINT):
        super().stop(with_signal)
        self.child.stdout.close()


def wasm_filter(module, configuration):
    """The filter with this configuration, JSON or a dictionary. The latter reads every path unless it says which."""
    if not isinstance(configuration, str):
        configuration = json.dumps({"paths": ["*"]} | configuration)
    return {
        "@type": WASM_TYPE,
        "config": {
            "name": "ssewire",
            "root_id": "ssewire",
            # Not `failure_policy: FAIL_OPEN`: that fails the streams that are open when the VM crashes.
            "fail_open": True,
            "vm_config": {
                "vm_id": "ssewire",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": str(module)}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": configuration,
            },
        },
    }


def with_memory_limit(module, pages, copy):
    """Writes a copy of the module whose memory has at most `pages` pages of 64 KiB."""

    def number(at):
        """The LEB128 number at this offset, and the offset after it."""
        value = shift = 0
        while True:
            byte = code[at]
            value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                return value, at

    code, memory_section, at = module.read_bytes(), 5, 8
    while code[at] != memory_section:
        size, at = number(at + 1)
        at += size
    size, start = number(at + 1)
    # One memory, without a limit.
    assert code[start : start + 2] == b"\x01\x00", code[start : start + size]
    # Two bytes of LEB128.
    limit = bytes([pages & 0x7F | 0x80, pages >> 7])
    section = b"\x01\x01" + code[start + 2 : start + size] + limit
    copy.write_bytes(code[:at] + bytes([memory_section, len(section)]) + section + code[start + size :])
    return copy


class Envoy(Process):
    """Envoy in front of one upstream, with one filter or none. The filter can be replaced while it runs.

    `config` is a whole configuration in place of that: JSON or YAML. `cluster` has further members of the upstream,
    and `sinks` are where Envoy sends its statistics.
    """

    def __init__(
        self, upstream_port, filter_config=None, threads=1, idle_timeout_s=3600, config=None, cluster=None, sinks=()
    ):
        self.folder = tempfile.TemporaryDirectory(prefix="ssewire-envoy-")
        folder = Path(self.folder.name)
        self.access_log, self.log, self.filter_file = folder / "access.log", folder / "envoy.log", folder / "filter.json"
        filters = []
        if filter_config:
            self.set_filter(filter_config)
            discovery = {
                "config_source": {"path_config_source": {"path": str(self.filter_file)}, "resource_api_version": "V3"},
                "type_urls": [filter_config["@type"]],
            }
            filters.append({"name": "meter", "config_discovery": discovery})
        if config is None:
            config = bootstrap(upstream_port, filters, self.access_log, idle_timeout_s)
            config["stats_sinks"] = list(sinks)
            config["static_resources"]["clusters"][0] |= cluster or {}
            config = json.dumps(config)
        # JSON is YAML, too.
        (folder / "envoy.yaml").write_text(config)
        command = [
            os.environ["ENVOY"], "-c", str(folder / "envoy.yaml"), "--concurrency", str(threads),
            "--use-dynamic-base-id", "--admin-address-path", str(folder / "admin"), "--log-path", str(self.log),
            "--log-level", "warning",
        ]
        super().__init__(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            admin = wait_until("the admin address", lambda: self.read(folder / "admin"))
            self.admin_port = int(admin.rsplit(":", 1)[1])
            self.port = wait_until("the listener", self.listener_port)
        except BaseException as error:
            if self.child.poll() is None:
                error.add_note(self.end_of_log())
            self.stop()
            raise

    def read(self, file):
        self.assert_running()
        return file.read_text() if file.exists() else ""

    def assert_running(self):
        if self.child.poll() is not None:
            raise RuntimeError("Envoy has ended: " + self.end_of_log())

    def end_of_log(self):
        return self.log.read_text()[-2000:] if self.log.exists() else "it has no log"

    def stop(self, with_signal=signal.SIGTERM):
        super().stop(with_signal)
        self.folder.cleanup()

    def set_filter(self, config):
        resource = {
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": "meter",
            "typed_config": config,
        }
        # Envoy watches for a move of the file.
        new = self.filter_file.with_suffix(".new")
        new.write_text(json.dumps({"resources": [resource]}))
        new.rename(self.filter_file)

    def admin(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=PATIENCE_S) as response:
            return response.read().decode()

    def listener_port(self):
        self.assert_running()
        with contextlib.suppress(OSError):
            if self.admin("/ready").strip() == "LIVE":
                listeners = json.loads(self.admin("/listeners?format=json")).get("listener_statuses", [])
                return listeners and listeners[0]["local_address"]["socket_address"]["port_value"]
        return None

    def stat(self, name):
        """The value of one of Envoy's own counters and gauges; 0 if there is none."""
        for line in self.admin(f"/stats?filter=^{re.escape(name)}$").splitlines():
            return int(line.rsplit(" ", 1)[1])
        return 0

    def metrics(self, prefix="ssewire"):
        """The filter's metrics, as Prometheus reads them: {(name, ((label, value), …)): number}."""
        metrics = {}
        for line in self.admin("/stats/prometheus").splitlines():
            match = re.fullmatch(r"(\w+)\{(.*)\} ([0-9.e+]+)", line)
            if match and match[1].startswith(prefix + "_"):
                labels = re.findall(r'(\w+)="([^"]*)"', match[2])
                metrics[match[1], tuple(sorted(labels))] = float(match[3])
        return metrics

    def records(self, number):
        """The access log, once it has `number` lines."""

        def lines():
            lines = self.read(self.access_log).splitlines()
            return len(lines) >= number and lines

        return [json.loads(line) for line in wait_until(f"{number} lines of the access log", lines)]

    def resident_bytes(self):
        return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.child.pid}/status").read_text())[1]) * 1024


def bootstrap(upstream_port, filters, access_log, idle_timeout_s):
    http = "type.googleapis.com/envoy.extensions.filters"
    log_format = {"path": "%REQ(:PATH)%", "details": "%RESPONSE_CODE_DETAILS%"}
    log_format |= {field: f"%FILTER_STATE(wasm.ssewire.{field}:PLAIN)%" for field in FIELDS}
    manager = {
        "@type": f"{http}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "stream_idle_timeout": f"{idle_timeout_s}s",
        "access_log": [
            {
                "name": "file",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": str(access_log),
                    "log_format": {"json_format": log_format},
                },
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [
                        {"name": "tools", "match": {"prefix": "/tool"}, "route": {"cluster": "up", "timeout": "0s"}},
                        {"name": "rest", "match": {"prefix": "/"}, "route": {"cluster": "up", "timeout": "0s"}},
                    ],
                }
            ]
        },
        "http_filters": [*filters, {"name": "router", "typed_config": {"@type": f"{http}.http.router.v3.Router"}}],
    }
    loopback = {"address": "127.0.0.1"}
    limits = {name: 100_000 for name in ["max_connections", "max_pending_requests", "max_requests", "max_retries"]}
    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": {"socket_address": loopback | {"port_value": 0}}},
        "stats_flush_interval": "0.1s",
        "stats_config": {"stats_tags": TAGS},
        "static_resources": {
            "listeners": [
                {
                    "name": "in",
                    "address": {"socket_address": loopback | {"port_value": 0}},
                    "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
                }
            ],
            "clusters": [
                {
                    "name": "up",
                    "connect_timeout": "10s",
                    "circuit_breakers": {"thresholds": [limits]},
                    "load_assignment": {
                        "cluster_name": "up",
                        "endpoints": [
                            {
                                "lb_endpoints": [
                                    {
                                        "endpoint": {
                                            "address": {"socket_address": loopback | {"port_value": upstream_port}}
                                        }
                                    }
                                ]
                            }
                        ],
                    },
                }
            ],
        },
    }


class Response:
    def __init__(self, status, headers):
        self.status, self.headers, self.body, self.is_whole = status, headers, b"", False


class Stream:
    """One request over a connection of its own, whose response is read step by step."""

    @classmethod
    async def open(cls, port, path, **headers):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [f"GET {path} HTTP/1.1", "host: test"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        status, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        fields = {name.lower(): value.strip() for name, _, value in fields}
        self.response = Response(int(status.split()[1]), fields)
        return self

    async def read_chunk(self):
        """Appends the next chunk to the body. Returns whether there was one."""
        reader, response = self.reader, self.response
        if response.headers.get("transfer-encoding") == "chunked":
            size = int(await reader.readuntil(b"\r\n"), 16)
            if size == 0:
                await reader.readuntil(b"\r\n")
                response.is_whole = True
                return False
            response.body += (await reader.readexactly(size + 2))[:-2]
            return True
        length = response.headers.get("content-length", "0" if response.status in (204, 304) else None)
        if length is not None and len(response.body) == int(length):
            response.is_whole = True
            return False
        piece = await reader.read(65536)
        response.body += piece
        response.is_whole = not piece and length is None
        if not piece and length is not None:
            raise asyncio.IncompleteReadError(b"", 1)
        return bool(piece)

    async def read_all(self):
        """Reads to the end, or to where the stream is cut, and returns the response."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.read_chunk():
                pass
        await self.close()
        return self.response

    async def close(self):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def fetch(port, path, **headers):
    stream = await Stream.open(port, path, **headers)
    return await asyncio.wait_for(stream.read_all(), PATIENCE_S)


class Test(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    async def asyncSetUp(self):
        # Otherwise every slow step is reported.
        asyncio.get_running_loop().set_debug(False)

    def start(self, process):
        self.addCleanup(process.stop)
        return process

    async def serve(self, pieces):
        """Starts an upstream that answers a request with these pieces, and closes the connection. Returns its port."""

        async def answer(reader, writer):
            async for piece in pieces(await reader.readuntil(b"\r\n\r\n")):
                writer.write(piece)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
        self.addCleanup(server.close)
        return server.sockets[0].getsockname()[1]
