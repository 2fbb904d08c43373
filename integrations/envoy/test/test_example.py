"""The example, as a team would run it: its configuration, and the metrics that its dashboard and its alerts name."""

import contextlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
import unittest

from harness import HERE, Envoy, Replay, fetch, wait_until

EXAMPLE = HERE.parent / "example"
# Counted only if something is wrong.
RARE = {"errors", "failures", "implausible_counts", "violations", "non_stream_bodies"}


class Example(unittest.IsolatedAsyncioTestCase):
    async def test_every_metric_of_the_dashboard_and_the_alerts_exists(self):
        replay = Replay()
        self.addCleanup(replay.stop)
        config = (EXAMPLE / "envoy.yaml").read_text()
        for old, new in [
            ("port_value: 9901", "port_value: 0"),
            ("port_value: 10000", "port_value: 0"),
            ("port_value: 8080", f"port_value: {replay.port}"),
            ('"/faults/*"', '"/faults/*", "/tool_use"'),
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

    def test_the_tested_share_is_that_of_the_dashboard(self):
        panels = json.loads((EXAMPLE / "dashboard.json").read_text())["panels"]
        [share] = [target["expr"] for panel in panels if panel["title"].startswith("Share") for target in panel["targets"]]
        share = share.replace("$model", ".*").replace("$__rate_interval", "5m")
        self.assertIn(share, (HERE / "alerts.test.yaml").read_text())


if __name__ == "__main__":
    unittest.main()
