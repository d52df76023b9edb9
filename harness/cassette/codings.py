"""Content codings, undone bit by bit while a body streams: only what can be read can be searched for secrets.

gzip and deflate are always known; br and zstd where a library for them is installed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

from harness.delivery import Headers


class UnknownCoding(Exception):
    """A body is in a coding that cannot be read here; the argument is its name."""


class _Step(Protocol):
    def feed(self, data: bytes) -> bytes: ...


class Decoding:
    """Undoes a list of codings. From a byte that is not in its coding, the rest is given as it is: a broken stream
    is worth recording, and its rest is searched as it stands."""

    def __init__(self, codings: tuple[str, ...]) -> None:
        """Raises UnknownCoding."""
        self._steps = [_step(coding) for coding in reversed(codings)]
        self.broken = False

    def feed(self, data: bytes) -> bytes:
        if self.broken:
            return data
        plain = data
        try:
            for step in self._steps:
                plain = step.feed(plain)
        except Exception:  # noqa: BLE001  each library has errors of its own, without a common base
            self.broken = True
            return data
        return plain


def codings_of(headers: Headers) -> tuple[str, ...]:
    """The codings of a response's body in the order they were applied; chunked is a framing and none of them."""
    found = [
        coding.strip().lower()
        for wanted in ("content-encoding", "transfer-encoding")
        for name, value in headers
        if name.lower() == wanted
        for coding in value.split(",")
    ]
    return tuple(coding for coding in found if coding not in ("", "identity", "chunked"))


class _Members:
    """zlib data in one or more members, one after the other."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._member = zlib.decompressobj(wbits)

    def feed(self, data: bytes) -> bytes:
        plain = b""
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(self._wbits)
            plain += self._member.decompress(data)
            data = self._member.unused_data
        return plain


class _Library:
    """A decoder object of another library; ``method`` is what it calls feeding."""

    def __init__(self, decoder: Any, method: str) -> None:
        self._feed: Callable[[bytes], bytes] = getattr(decoder, method)

    def feed(self, data: bytes) -> bytes:
        return self._feed(data)


def _step(coding: str) -> _Step:
    try:
        return _KNOWN[coding]()
    except (KeyError, ImportError) as error:
        raise UnknownCoding(coding) from error


# A deflate body is a zlib stream by the standard; 47 also takes gzip, which some servers send under that name.
_KNOWN: Mapping[str, Callable[[], _Step]] = {
    "gzip": lambda: _Members(31),
    "x-gzip": lambda: _Members(31),
    "deflate": lambda: _Members(47),
    "br": lambda: _Library(import_module("brotli").Decompressor(), "process"),
    "zstd": lambda: _Library(import_module("zstandard").ZstdDecompressor().decompressobj(), "decompress"),
}
