"""Serves a stream to a program, and compares what it prints with the message:  serve_one.py PROGRAM STREAM MESSAGE"""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

program, stream, message = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(Path(stream).read_bytes())

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
printed = subprocess.run([program, f"http://127.0.0.1:{server.server_address[1]}"], capture_output=True, check=True)
content = json.loads(Path(message).read_text(encoding="utf-8"))["content"]
text = "".join(block["text"] for block in content if block["type"] == "text")
assert printed.stdout.decode() == text and printed.stderr == b"", printed
print("c: the example with libcurl printed the text")
