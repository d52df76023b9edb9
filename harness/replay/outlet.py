"""The writing half of a socket, with the kernel's own answer to what the peer has really got.

``sendall`` returning says only that this machine's kernel has the bytes. Linux tells how many of them it has not
sent, and how many the peer has not acknowledged (tcp(7), SIOCOUTQ and SIOCOUTQNSD); on other systems both read
as none, and bytes still on their way count as taken.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys

_SIOCOUTQ = 0x5411
_SIOCOUTQNSD = 0x894B
_POLL_S = 0.0005
"""The kernel tells nobody when its send queue runs empty."""


class Outlet:
    """Writes to one connected, non-blocking socket. Raises OSError when the peer has reset the connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.written = 0
        """Bytes handed to the kernel so far."""
        self._socket = sock

    @property
    def accepted(self) -> int:
        """Bytes that reached the peer's kernel."""
        return self.written - _queued(self._socket, _SIOCOUTQNSD)

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the kernel, in one segment where they fit into one."""
        rest = memoryview(data)
        while rest:
            try:
                count = self._socket.send(rest)
            except BlockingIOError:
                await self._room()
            else:
                self.written += count
                rest = rest[count:]

    def cork(self) -> None:
        """Hold the last segment of what is written next back, for the FIN to travel in it: the peer, which cannot
        foresee the FIN, must not find time to use the connection again."""
        option = getattr(socket, "TCP_CORK", None)
        if option is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, option, 1)

    async def delivered(self) -> None:
        """Wait until the peer's kernel has everything."""
        while _queued(self._socket, _SIOCOUTQNSD):
            await asyncio.sleep(_POLL_S)

    def fin(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    async def reset(self) -> None:
        """Make closing the socket send an RST, once the peer has acknowledged all that came before it."""
        while _queued(self._socket, _SIOCOUTQ):
            await asyncio.sleep(_POLL_S)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def _room(self) -> None:
        loop = asyncio.get_running_loop()
        room = asyncio.Event()
        loop.add_writer(self._socket, room.set)
        try:
            await room.wait()
        finally:
            loop.remove_writer(self._socket)


def _queued(sock: socket.socket, request: int) -> int:
    if sys.platform != "linux":
        return 0
    (count,) = struct.unpack("i", fcntl.ioctl(sock, request, bytes(4)))
    return int(count)
