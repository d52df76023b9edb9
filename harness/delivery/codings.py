"""Content codings, undone bit by bit while a body streams: only what can be read can be searched for secrets.

gzip and deflate are always known; br and zstd where a library for them is installed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

from harness.delivery.actions import Headers


class UnknownCoding(Exception):
    """A body is in a coding that cannot be read here; the argument is its name."""


class _Step(Protocol):
    @property
    def finished(self) -> bool: ...

    def feed(self, data: bytes) -> bytes: ...


class Decoding:
    """Undoes a list of codings. From a byte that is not in its coding, the rest is given as it is: a broken stream
    is worth recording, and its rest is searched as it stands."""

    def __init__(self, codings: tuple[str, ...]) -> None:
        """Raises UnknownCoding."""
        self._steps = [_step(coding) for coding in reversed(codings)]
        self.broken = False

    @property
    def finished(self) -> bool:
        """Whether the codings were closed properly; where a library does not tell, they count as closed."""
        return all(step.finished for step in self._steps)

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
        self._fed = False

    @property
    def finished(self) -> bool:
        return self._member.eof or not self._fed

    def feed(self, data: bytes) -> bytes:
        plain = b""
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(self._wbits)
            self._fed = True
            plain += self._member.decompress(data)
            data = self._member.unused_data
        return plain


class _Deflate:
    """A zlib stream, as the standard has it; or bare deflate data, which many servers mean and all clients take."""

    def __init__(self) -> None:
        self._step = _Members(_ZLIB_OR_GZIP)
        self._head = b""

    @property
    def finished(self) -> bool:
        return self._step.finished

    def feed(self, data: bytes) -> bytes:
        if len(self._head) >= _ZLIB_HEAD_BYTES:
            return self._step.feed(data)
        self._head += data
        try:
            return self._step.feed(data)
        except zlib.error:
            self._step = _Members(-zlib.MAX_WBITS)
            return self._step.feed(self._head)


class _Library:
    """A decoder object of another library; ``method`` is what it calls feeding."""

    def __init__(self, decoder: Any, method: str) -> None:
        self._feed: Callable[[bytes], bytes] = getattr(decoder, method)
        self.finished = True

    def feed(self, data: bytes) -> bytes:
        return self._feed(data)


def _step(coding: str) -> _Step:
    try:
        return _KNOWN[coding]()
    except (KeyError, ImportError) as error:
        raise UnknownCoding(coding) from error


_ZLIB_OR_GZIP = 47
"""Some servers send gzip under the name of deflate."""
_ZLIB_HEAD_BYTES = 2

_KNOWN: Mapping[str, Callable[[], _Step]] = {
    "gzip": lambda: _Members(31),
    "x-gzip": lambda: _Members(31),
    "deflate": _Deflate,
    "br": lambda: _Library(import_module("brotli").Decompressor(), "process"),
    "zstd": lambda: _Library(import_module("zstandard").ZstdDecompressor().decompressobj(), "decompress"),
}
