"""Joins connections to a listening socket of the host with a port inside the testbed's network namespace.

Usage: python3 -m testbed.lib.relay FD PORT. A socket stays in the network namespace that it was made in, so one process
inside, which inherited the listening socket from outside as FD, can reach both.
"""

from __future__ import annotations

import asyncio
import socket
import sys

CHUNK = 1 << 16


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()  # a side that is gone ends the other one too


async def _serve(listener: socket.socket, port: int) -> None:
    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        inner_writer.close()
        writer.close()

    server = await asyncio.start_server(joined, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])))
