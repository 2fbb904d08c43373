//! A long stream needs no more memory than a short one. `ci/memory` runs more kinds of input, and 2 GiB of each.

use crate::python::python;
use crate::support::START;

#[test]
fn long_streams_stay_below_40_mib() {
    const HELPER: &str = "
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
child.stdin.write(os.environ['START'].encode())
block = os.environ['UNIT'].encode()
block *= (1 << 20) // len(block)
try:
    for _ in range(40):
        child.stdin.write(block)
    child.stdin.close()
except BrokenPipeError:
    pass
_, status, usage = os.wait4(child.pid, 0)
print(os.waitstatus_to_exitcode(status), 'large' if usage.ru_maxrss > 40 << 10 else 'small')
";
    let ping = "data: {\"type\":\"ping\",\"a\":\"0123456789012345678901234567890123456789\"}\n\n";
    let long_ping = ping.replace("0123456789", &"0123456789".repeat(16));
    for (args, start, unit, code) in [
        (&["timeline", "--stats"][..], START, ping, 4),
        (&["events", "--pretty"], START, &long_ping, 4),
        (&["text", "--input", "jsonl"], "", "0123456789", 4),
        (&["text", "--all"], "", "{\"type\":\"user\"}\n", 4),
        (&["message"], "data: ", "0123456789", 4),
        (&["sse", "--comments"], ":", "0123456789", 0),
        (&["record", "/dev/null"], START, ping, 0),
    ] {
        let printed = python(HELPER, args, &[("START", start), ("UNIT", unit)]);
        assert_eq!(printed, format!("{code} small\n"), "{args:?}");
    }
}
