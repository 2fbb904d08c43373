"""The example, as a team would run it: its configuration, and the metrics that its dashboard and its alerts name."""

import contextlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import EXAMPLE, HERE, SAMPLES, Envoy, Replay, Test, fetch, wait_until

# Above `max_vm_bytes` alone. The tests of the filter cause it.
FAILURES = "ssewire_failures"


class Example(Test):
    def start_example(self, upstream_port, *changes):
        config = (EXAMPLE / "envoy.yaml").read_text()
        for old, new in [
            *changes,
            ("port_value: 9901", "port_value: 0"),
            ("port_value: 10000", "port_value: 0"),
            ("port_value: 8080", f"port_value: {upstream_port}"),
            ('"/faults/*"', '"/faults/*", "/tool_use"'),
            ("filename: ssewire_envoy.wasm", f"filename: {os.environ['MODULE']}"),
        ]:
            self.assertEqual(config.count(old), 1, old)
            config = config.replace(old, new)
        return self.start(Envoy(upstream_port, config=config))

    async def test_envoy_does_not_start_with_an_invalid_configuration(self):
        with self.assertRaisesRegex(RuntimeError, "configuration has an unknown member `max_model`"):
            self.start_example(1, ('"max_models"', '"max_model"'))

    async def test_the_upstream_is_not_asked_for_compression(self):
        async def pieces(request):
            yield b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n" + request

        envoy = self.start_example(await self.serve(pieces))
        request = (await fetch(envoy.port, "/v1/messages", accept_encoding="gzip", accept="text/event-stream")).body
        self.assertIn(b"accept: text/event-stream", request)
        self.assertNotIn(b"accept-encoding", request)

    async def test_the_host_is_the_name_of_the_upstream(self):
        async def pieces(request):
            yield b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n" + request

        address = "{ address: 127.0.0.1, port_value: 8080 }"
        by_name = [
            ("connect_timeout: 5s", "connect_timeout: 5s\n    type: STRICT_DNS\n    dns_lookup_family: V4_ONLY"),
            (address, address.replace("127.0.0.1", "localhost")),
        ]
        for changes, host in [(by_name, "localhost"), ([], "test")]:
            envoy = self.start_example(await self.serve(pieces), *changes)
            request = (await fetch(envoy.port, "/v1/messages")).body.decode()
            self.assertRegex(request, rf"\nhost: {host}\b")

    async def test_every_metric_of_the_dashboard_and_the_alerts_exists(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        events = (SAMPLES / "text.sse").read_text().split("\n\n")
        # At every path that is not that of a sample or a fault.
        without_stop = Path(folder) / "without-stop.sse"
        without_stop.write_text("\n\n".join(event for event in events if "content_block_stop" not in event))
        envoy = self.start_example(self.start(Replay(without_stop)).port)
        # Histograms are shown after the next flush.
        faults = ["slow", "cut", "html-body", "empty", "429"]
        for path in ["/v1/messages", "/tool_use", *(f"/faults/{fault}" for fault in faults)]:
            await fetch(envoy.port, path)
        last = "ssewire_tokens_per_second_count"
        wait_until("the histograms", lambda: any(name == last for name, _ in envoy.metrics()))
        metrics = {name for name, _ in envoy.metrics()}
        labels = {label for _, labels in envoy.metrics() for label, _ in labels}
        expected = "model route completion stop_reason kind body error violation end reason le"
        self.assertEqual(labels, set(expected.split()))
        used = set()
        for file in ["dashboard.json", "alerts.yaml"]:
            used |= set(re.findall(r"\bssewire_\w+", (EXAMPLE / file).read_text()))
        self.assertGreater(len(used), 10)
        self.assertEqual(used - metrics, {FAILURES})

    def test_the_plan_is_the_output_of_its_arithmetic(self):
        output = subprocess.run([sys.executable, EXAMPLE / "fleet.py"], capture_output=True, text=True, check=True).stdout
        self.assertIn(output, (HERE.parent / "README.md").read_text())

    def test_the_plan_counts_every_value_of_a_label(self):
        with contextlib.redirect_stdout(io.StringIO()):
            plan = runpy.run_path(str(EXAMPLE / "fleet.py"))
        rows = (line.split("|") for line in (HERE.parent / "README.md").read_text().splitlines())
        values = {row[1].strip(): set(re.findall(r"`(\w+)`", row[3])) for row in rows if len(row) == 5}
        self.assertEqual(set(plan["COMPLETIONS"]), values["`ssewire.messages`"])
        self.assertEqual(set(plan["STOP_REASONS"]), values["`ssewire.stop_reasons`"])
        self.assertEqual(set(plan["KINDS"]), values["`ssewire.tokens`"])
        self.assertEqual(plan["OTHERS"]["ends"], len(values["`ssewire.ends`"]))
        self.assertEqual(plan["OTHERS"]["skipped"], len(values["`ssewire.skipped`"]))
        self.assertEqual(plan["OTHERS"]["failures"], len(values["`ssewire.failures`"]))

    def test_the_tested_share_is_that_of_the_dashboard(self):
        panels = json.loads((EXAMPLE / "dashboard.json").read_text())["panels"]
        [share] = [target["expr"] for panel in panels if panel["title"].startswith("Share") for target in panel["targets"]]
        share = share.replace("$model", ".*").replace("$__rate_interval", "5m")
        self.assertIn(share, (HERE / "alerts.test.yaml").read_text())


if __name__ == "__main__":
    unittest.main()
