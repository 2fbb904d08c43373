"""The upstream of `bench.py`: sends a stream to every client, in pieces, with a pause after each.

    upstream.py FILE SIZE PAUSE_MS    pieces of SIZE bytes; 0: of one event, each with the time at which it was sent

Prints its port.
"""

import asyncio
import sys
import time
from pathlib import Path

# A comment with the time at which its piece was sent.
STAMP = b": sent %020d\n"


async def serve(path, size, pause_s):
    body = Path(path).read_bytes()
    if size:
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
    else:  # One event a piece.
        pieces = [event + b"\n\n" for event in body.removesuffix(b"\n\n").split(b"\n\n")]

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            # Envoy may not use the connection again: a request that crosses its end would be answered with 503.
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            for piece in pieces:
                if not size:
                    piece = STAMP % time.monotonic_ns() + piece
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
                if pause_s:
                    await asyncio.sleep(pause_s)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
