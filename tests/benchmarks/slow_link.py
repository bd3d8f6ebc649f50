"""A slow network in front of a server of this machine: every byte waits its turn. For `panel_latency`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Line:
    """One direction of a link: bytes per second shared by all connections, and seconds on the way."""

    def __init__(self, delay: float, rate: float):
        self.delay, self.rate, self.free = delay, rate, 0.0

    def arrival(self, now: float, size: int) -> float:
        """When `size` bytes sent now are at the other end."""
        self.free = max(now, self.free) + size / self.rate
        return self.free + self.delay


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line) -> None:
    """Bring bytes from one end to the other, each when the line has brought it there."""
    clock = asyncio.get_running_loop().time
    underway: asyncio.Queue = asyncio.Queue()

    async def deliver():
        while (parcel := await underway.get())[1]:
            await asyncio.sleep(parcel[0] - clock())
            writer.write(parcel[1])
            await writer.drain()
        writer.close()

    delivering = asyncio.create_task(deliver())
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(8192):
            underway.put_nowait((line.arrival(clock(), len(data)), data))
    underway.put_nowait((0.0, b""))
    with contextlib.suppress(ConnectionError):
        await delivering


@contextlib.contextmanager
def slow(port: int, round_trip: float, bits_per_second: float) -> Iterator[int]:
    """Serve `port` of this machine on another port, over a link of a round trip (s) and a rate (bit/s).

    Yields:
        The other port.
    """
    loop, there, back = (
        asyncio.new_event_loop(),
        *(Line(round_trip / 2, bits_per_second / 8) for _ in range(2)),
    )

    async def connect(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, far_writer, there), carry(far_reader, writer, back))

    server = loop.run_until_complete(asyncio.start_server(connect, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
