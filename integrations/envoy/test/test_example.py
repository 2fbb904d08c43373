"""The example, as a team would run it: its configuration, and the metrics that its dashboard and its alerts name."""

import os
import re
import subprocess
import sys
import unittest

from harness import HERE, Envoy, Replay, fetch, wait_until

EXAMPLE = HERE.parent / "example"
# Counted only if something is wrong.
RARE = {"failures", "implausible_counts", "violations", "non_stream_bodies"}


class Example(unittest.IsolatedAsyncioTestCase):
    async def test_every_metric_of_the_dashboard_and_the_alerts_exists(self):
        replay = Replay()
        self.addCleanup(replay.stop)
        config = (EXAMPLE / "envoy.yaml").read_text()
        for old, new in [
            ("port_value: 9901", "port_value: 0"),
            ("port_value: 10000", "port_value: 0"),
            ("port_value: 8080", f"port_value: {replay.port}"),
            ("filename: ssewire_envoy.wasm", f"filename: {os.environ['MODULE']}"),
        ]:
            self.assertEqual(config.count(old), 1, old)
            config = config.replace(old, new)
        envoy = Envoy(replay.port, config=config)
        self.addCleanup(envoy.stop)
        # Histograms are shown after the next flush.
        for path in ["/tool_use", "/faults/slow", "/faults/cut", "/faults/html-body"]:
            await fetch(envoy.port, path)
        last = "ssewire_tokens_per_second_count"
        wait_until("the histograms", lambda: any(name == last for name, _ in envoy.metrics()))
        metrics = {name for name, _ in envoy.metrics()}
        labels = {label for _, labels in envoy.metrics() for label, _ in labels}
        self.assertEqual(labels, {"model", "route", "completion", "stop_reason", "kind", "end", "reason", "le"})
        used = set()
        for file in ["dashboard.json", "alerts.yaml"]:
            used |= set(re.findall(r"\bssewire_\w+", (EXAMPLE / file).read_text()))
        self.assertGreater(len(used), 10)
        self.assertEqual(used - metrics, {f"ssewire_{name}" for name in RARE} & used)

    def test_the_plan_is_the_output_of_its_arithmetic(self):
        output = subprocess.run([sys.executable, EXAMPLE / "fleet.py"], capture_output=True, text=True, check=True).stdout
        self.assertIn(output, (HERE.parent / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
