"""The machine under a driver: nothing but loopback is reached from here, and what a call leaves behind is counted.

Standard library only, like the rest of a driver.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import sys
import threading
import time
from concurrent.futures import thread as pools
from functools import lru_cache
from typing import Any

SETTLE_S = 0.25
"""How long a thread or socket may take to go away after the call before it counts as left behind."""


def only_loopback() -> None:
    """Refuse every look-up and connection that leaves this machine, at once: a consumer's side errands (model
    catalogues, update checks) must neither reach anybody nor wait for a network that is not there.
    """
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise ConnectionRefusedError(f"only loopback is reached from here, not {address!r}")
        connect(self, address)

    def guarded_resolve(host: Any, *arguments: Any, **keywords: Any) -> Any:
        if not _is_loopback(host):
            raise socket.gaierror(socket.EAI_NONAME, f"only loopback is reached from here, not {host!r}")
        return resolve(host, *arguments, **keywords)

    # Nobody speaks TLS here, yet every client loads the machine's certificates; once is enough for all of them.
    ssl.create_default_context = lru_cache(ssl.create_default_context)  # type: ignore[assignment]
    socket.socket.connect, socket.getaddrinfo = guarded_connect, guarded_resolve  # type: ignore[assignment,method-assign]


def _is_loopback(host: Any) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not name or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Leftovers:
    """Counted before and after; the difference is what outlived the call. Linux only: elsewhere nothing is claimed."""

    def __init__(self) -> None:
        self._before = self._count()

    def count(self) -> dict[str, int]:
        deadline = time.monotonic() + SETTLE_S
        while True:
            after = self._count()
            left = {key: max(0, after[key] - self._before[key]) for key in after}
            if not any(left.values()) or time.monotonic() > deadline:
                return left
            time.sleep(0.005)

    def _count(self) -> dict[str, int]:
        counts = {"threads": sum(map(_is_busy, threading.enumerate()))}
        if os.path.isdir("/proc/self/fd"):
            counts["sockets"] = sum(_is_socket(fd) for fd in os.listdir("/proc/self/fd"))
            counts["processes"] = len(_children())
        return counts


def _is_busy(thread: threading.Thread) -> bool:
    """Whether it does anything. A pool's worker that waits for its next task is no leak, as an idle connection in a
    client's pool is none: it serves all calls of a program, and the first one that needs it starts it.
    """
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is None or frame.f_code is not _POOL_WORKER


_POOL_WORKER = pools._worker.__code__


def _is_socket(fd: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
    except OSError:
        return False


def _children() -> list[str]:
    children: list[str] = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children") as listing:
                children += listing.read().split()
        except OSError:
            continue
    return children
