"""What decoding costs, in ratios of one run: against another decoder, and of a stream twice as large to the stream.

Nothing is asserted of a time: on a shared machine only ratios mean something, and only to a reader. CPU time is
taken, the best of several interleaved rounds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx
import httpx_sse
import pytest

from harness.wire import UNLIMITED, Decoder, encode

pytestmark = pytest.mark.bench

MB = 1_000_000
ROUNDS = 5


def best(programs: dict[str, Callable[[], int]]) -> dict[str, float]:
    """CPU seconds of each program, the best of interleaved rounds."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            began = time.process_time()
            program()
            taken[name].append(time.process_time() - began)
    return {name: min(times) for name, times in taken.items()}


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def ours(chunks: list[bytes]) -> int:
    decoder = Decoder(limits=UNLIMITED)
    return sum(len(decoder.feed(chunk)) for chunk in chunks)


def theirs(chunks: list[bytes]) -> int:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=iter(chunks))
    return sum(1 for _ in httpx_sse.EventSource(response).iter_sse())


def ordinary(size: int, newline: str) -> bytes:
    """A stream of text deltas of 100 to 900 bytes, as a provider sends them."""
    frames: list[bytes] = []
    total = 0
    while total < size:
        number = len(frames)
        payload = {
            "type": "response.output_text.delta",
            "sequence_number": number,
            "item_id": "msg_0123456789abcdef",
            "output_index": 0,
            "content_index": 0,
            "delta": "word " * (number % 5),
            "obfuscation": "x" * (number % 16) * 45,
        }
        frames.append(encode(json.dumps(payload), event=payload["type"], newline=newline))
        total += len(frames[-1])
    return b"".join(frames)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(("chunk_bytes", "size"), [(65_536, 4 * MB), (1_024, 4 * MB), (1, MB // 10)])
def test_throughput_against_httpx_sse(chunk_bytes, size, newline, capsys):
    stream = ordinary(size, newline)
    chunks = cut(stream, chunk_bytes)
    assert ours(chunks) == theirs(chunks) > 0
    seconds = best({"ours": lambda: ours(chunks), "theirs": lambda: theirs(chunks)})
    rates = {name: len(stream) / MB / taken for name, taken in seconds.items()}
    with capsys.disabled():
        print(
            f"\nwire, {newline!r}, chunks of {chunk_bytes} bytes: {rates['ours']:.1f} MB/s, "
            f"httpx-sse {rates['theirs']:.1f} MB/s, ratio {rates['ours'] / rates['theirs']:.2f}"
        )


GROWING = {
    "one event of 5 and 10 MB, chunks of 1 KiB": lambda n: cut(b"data: " + b"x" * (5 * MB * n) + b"\n\n", 1024),
    "50,000 and 100,000 data lines, chunks of 1 KiB": lambda n: cut(b"data: some text\n" * (50_000 * n) + b"\n", 1024),
    "50,000 and 100,000 data lines, whole": lambda n: [b"data: some text\n" * (50_000 * n) + b"\n"],
    "one event of 200 and 400 kB, chunks of 1 byte": lambda n: cut(b"data: " + b"x" * (200_000 * n) + b"\n\n", 1),
    "data lines of 1 byte, chunks of 1 byte": lambda n: cut(b"data:x\n" * (30_000 * n) + b"\n", 1),
    "100,000 and 200,000 blank lines, whole": lambda n: [b"\n" * (100_000 * n)],
    "100,000 and 200,000 CR LF pairs, cut between": lambda n: [b"\r", *[b"\n\r"] * (100_000 * n)],
    "5 and 10 MB of CR, chunks of 1 KiB inside data": lambda n: cut((b"data: x\r" * (600_000 * n)), 1024),
}


@pytest.mark.parametrize("growing", [pytest.param(make, id=name) for name, make in GROWING.items()])
def test_twice_the_stream(growing, capsys, request):
    once, twice = growing(1), growing(2)
    seconds = best({"once": lambda: ours(once), "twice": lambda: ours(twice)})
    with capsys.disabled():
        rate = sum(map(len, twice)) / MB / seconds["twice"]
        print(
            f"\nwire, {request.node.callspec.id}: twice the stream costs "
            f"{seconds['twice'] / seconds['once']:.2f} times as much ({rate:.1f} MB/s)"
        )
