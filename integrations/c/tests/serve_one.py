"""Serves a stream to a program, and compares what it prints with the message:  serve_one.py PROGRAM STREAM MESSAGE

Then serves it in a body that stays open, which the program must not wait for. Then serves the longest explanation of an
error, which has the server's words, and compares what it prints with them.
"""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

program, stream, message = sys.argv[1:]

# An error shows words of at most 128 bytes.
KIND, REQUEST_ID = "k" * 128, "r" * 128
ERROR = {"type": "error", "error": {"type": KIND, "message": "m"}, "request_id": REQUEST_ID}
BODIES = {
    "/message": Path(stream).read_bytes(),
    "/open": Path(stream).read_bytes(),
    # Lost content is a second reason, the truncation a third.
    "/error": b"event: content_block_delta\ndata: {\n\nevent: error\ndata: " + json.dumps(ERROR).encode() + b"\n\n",
}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(BODIES[self.path])
        if self.path == "/open":
            # Nothing more until the client goes away.
            self.rfile.read(1)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()


def run(path):
    address = f"http://127.0.0.1:{server.server_address[1]}{path}"
    return subprocess.run([program, address], capture_output=True, check=False, timeout=60)


content = json.loads(Path(message).read_text(encoding="utf-8"))["content"]
text = "".join(block["text"] for block in content if block["type"] == "text")
for path in ["/message", "/open"]:
    printed = run(path)
    assert printed.returncode == 0 and printed.stdout.decode() == text and printed.stderr == b"", (path, printed)

printed = run("/error")
reasons = printed.stderr.decode().strip().split("; ")
assert printed.returncode == 1 and printed.stdout == b"", printed
assert reasons[0] == f"server reported {KIND} for request {REQUEST_ID}" and len(reasons) == 3, printed
print("c: the example with libcurl printed the text, and the explanation of an error")
