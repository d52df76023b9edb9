"""No test and no consumer may reach beyond this machine: a refused connection is a clear error, at the call.

The guard sits on Python's own sockets, so it sees every library that uses them, whatever transport it brought;
a process that was started from here is not guarded.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

_LOCAL_FAMILIES = {socket.AF_UNIX, getattr(socket, "AF_NETLINK", socket.AF_UNIX)}


class NonLoopbackRefused(OSError):
    """Something tried to reach a host other than this machine's loopback."""


@contextmanager
def socket_guard() -> Iterator[None]:
    """Refuse connections, datagrams and name look-ups that leave the loopback. Raises NonLoopbackRefused there."""
    with ExitStack() as stack:
        for name in ("connect", "connect_ex", "sendto"):
            stack.enter_context(mock.patch.object(socket.socket, name, _addressed(getattr(socket.socket, name))))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            stack.enter_context(mock.patch.object(socket, name, _resolving(getattr(socket, name))))
        yield


def is_loopback(host: str | bytes | None) -> bool:
    """Whether a host is this machine, without asking anybody; no host and the unspecified address are."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not name or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def _addressed(original: Callable[..., Any]) -> Callable[..., Any]:
    """Guard a socket method whose last argument is an address."""

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if self.family not in _LOCAL_FAMILIES and not (isinstance(address, tuple) and is_loopback(address[0])):
            raise NonLoopbackRefused(f"refused to reach {address!r}: only loopback is allowed here")
        return original(self, *arguments)

    return guarded


def _resolving(original: Callable[..., Any]) -> Callable[..., Any]:
    """Guard a look-up whose first argument is a host."""

    def guarded(host: Any, *arguments: Any, **keywords: Any) -> Any:
        if not is_loopback(host):
            raise NonLoopbackRefused(f"refused to look up {host!r}: only loopback is allowed here")
        return original(host, *arguments, **keywords)

    return guarded
