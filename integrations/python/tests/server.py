"""An HTTP server on the loopback that sends streams, for the tests with the SDK."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Dict, Iterator, List, Union

GZIP_MAGIC = b"\x1f\x8b"

# A step of a server: sends bytes, waits until an event is set, or at `None` until the client closes.
Chunk = Union[bytes, threading.Event, None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: Dict[str, List[Chunk]] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = self.bodies[self.headers["x-body"]]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("request-id", "req_test")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("x-connection", str(self.client_address[1]))
        if chunks[0].startswith(GZIP_MAGIC):
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        for chunk in chunks:
            if chunk is None:
                self.rfile.read(1)
                self.close_connection = True
                return
            if isinstance(chunk, threading.Event):
                chunk.wait(60)
                continue
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(bodies: Dict[str, List[Chunk]]) -> Iterator[str]:
    """Serves each body to the requests whose header `x-body` names it. Yields the address.

    The header `x-connection` of a response is the same for all requests of a connection.
    """
    handler = type("Handler", (_Handler,), {"bodies": bodies})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
