"""A body as its reader has it: content codings undone, as far as they can be.

What a truncated coding still gives is what was told; what a broken one gives up to its first bad byte may have been,
because it depends on the pieces in which a client reads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from harness.delivery import Headers, Served
from harness.delivery.codings import Decoding, UnknownCoding, codings_of

_KEPT = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})
"""Codings of RFC 9110, section 8.4.1, and its registry. Any other name is no coding, and clients pass it over."""


class UnreadableEvidence(Exception):
    """What the consumer was told cannot be read here, so nobody can judge it. Its text says what to do."""


class Plain(NamedTuple):
    """A body without its codings."""

    pieces: tuple[bytes, ...]
    """The body; in the pieces that were sent, where it has no coding: most of them were met before."""
    spoiled: str = ""
    """What is wrong with its coding; empty when nothing is."""
    broken: bool = False
    """Whether bytes that are not in the coding made a reader stop there; else the coding is cut short at most."""

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


@lru_cache(maxsize=256)
def codings(headers: Headers) -> tuple[str, ...]:
    """Those of a body under these headers, in the order they were applied."""
    return tuple(name for name in codings_of(headers) if name in _KEPT)


def offered(served: Served, names: tuple[str, ...]) -> bool:
    """Whether the client said that it can read these codings (RFC 9110, section 12.5.3)."""
    told = [value for name, value in served.request.headers if name.lower() == "accept-encoding"]
    entries = [entry.replace(" ", "").lower().partition(";") for entry in ",".join(told).split(",")]
    accepted = {name.removeprefix("x-") for name, _, weight in entries if weight not in _REFUSED}
    return "*" in accepted or {name.removeprefix("x-") for name in names} <= accepted


_REFUSED = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})


@lru_cache(maxsize=64)
def plain_of(body: bytes, names: tuple[str, ...]) -> Plain:
    """The body without these codings. Raises UnreadableEvidence."""
    try:
        decoding = Decoding(names)
        data = decoding.feed(body)
    except UnknownCoding as error:
        raise UnreadableEvidence(f"the answer is coded as {error}, which cannot be read here; {_HELP}") from error
    if not decoding.broken:
        return Plain((data,), "" if decoding.finished else f"its {' in '.join(names)} coding is cut short")
    return _until_broken(body, names)


def _until_broken(body: bytes, names: tuple[str, ...]) -> Plain:
    decoding, pieces = Decoding(names), list[bytes]()
    for offset in range(len(body)):
        piece = decoding.feed(body[offset : offset + 1])
        if decoding.broken:
            given = (b"".join(pieces),)
            return Plain(given, f"its {' in '.join(names)} coding is broken at byte {offset}", broken=True)
        pieces.append(piece)
    raise AssertionError("what breaks as a whole breaks byte by byte")


_HELP = "install the library that reads it (brotli for br, zstandard for zstd)"
