"""What the recorder costs: added latency a chunk, memory a byte; and its promise of byte identity, at full width.

The upstream stamps every chunk with the machine's clock, so a client knows how long the chunk was under way, with the
recorder between them and without it, in one and the same run.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cassette import load
from harness.delivery import Delivery, End, Framing, Head, Send
from harness.wire import decode
from tests.unit.cassette.planted import delta
from tests.unit.record.taping import request
from tests.unit.record.test_byte_identity import CLOSE, EVENT_STREAM, deliveries, recorded, visible

pytestmark = pytest.mark.bench
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@asynccontextmanager
async def upstream(chunks: int, pause_s: float, chunk: Callable[[int], bytes]) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for number in range(chunks):
            data = chunk(number)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            await asyncio.sleep(pause_s)
        writer.write(b"0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    yield server.sockets[0].getsockname()[1]
    server.close()


@contextmanager
def recorder(port: int, out: Path) -> Iterator[tuple[subprocess.Popen, int]]:
    code = "from harness.record.commands import record; record()"
    arguments = [sys.executable, "-c", code, "--upstream", f"http://127.0.0.1:{port}/v1", "--out", str(out)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    yield process, int(process.stderr.readline().rpartition(":")[2].partition("/")[0])
    process.send_signal(2)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


async def delays_ms(port: int, streams: int) -> list[float]:
    async def one(number: int) -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(f"question {number}"))
        found = []
        while line := await reader.readline():
            if line.startswith(b"data: "):
                found.append((time.perf_counter_ns() - int(line[6:])) / 1e6)
        writer.close()
        return found

    return [delay for found in await asyncio.gather(*map(one, range(streams))) for delay in found]


@pytest.mark.parametrize("streams", [1, 20])
def test_added_latency(streams: int, tmp_path: Path) -> None:
    async def measure() -> tuple[list[float], list[float]]:
        async with upstream(200, 0.02, lambda _: b"data: %d\n\n" % time.perf_counter_ns()) as port:
            direct = await delays_ms(port, streams)
            with recorder(port, tmp_path / "p" / "n") as (_, proxy):
                return direct, await delays_ms(proxy, streams)

    direct, through = (sorted(found) for found in asyncio.run(measure()))
    assert len(direct) == len(through) == 200 * streams
    medians = statistics.median(direct), statistics.median(through)
    late = through[int(len(through) * 0.99)] - direct[int(len(direct) * 0.99)]
    print(
        f"\n{streams} stream(s): a chunk takes {medians[0]:.3f} ms directly, {medians[1]:.3f} ms through the recorder:"
    )
    print(f"  added at the median {medians[1] - medians[0]:.3f} ms, at the 99th percentile {late:.3f} ms")


def test_recorded_times(tmp_path: Path) -> None:
    """The upstream's own stamps against the times in the cassette, both from the first chunk on."""

    async def measure() -> None:
        async with upstream(200, 0.02, lambda _: b"data: %d\n\n" % time.perf_counter_ns()) as port:
            with recorder(port, tmp_path / "p" / "n") as (_, proxy):
                await delays_ms(proxy, 1)

    asyncio.run(measure())
    response = load(tmp_path / "p" / "n").interactions[0].response
    stamps = [int(frame.data or "") / 1e6 for frame in decode(response.body)[0]]
    times = [ms for _, ms in response.chunks]
    assert len(stamps) == len(times) == 200
    errors = sorted(abs((ms - times[0]) - (stamp - stamps[0])) for ms, stamp in zip(times[1:], stamps[1:], strict=True))
    print(f"\nrecorded times of {len(times)} chunks, against the upstream's stamps:")
    print(f"  off by {statistics.median(errors):.3f} ms at the median, {errors[-1]:.3f} ms at most")


def memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_memory_of_two_hundred_streams(tmp_path: Path) -> None:
    """Sampled while 200 streams run side by side; the end, where the cassette is put together, is not part of it."""
    samples: list[tuple[float, int, int]] = []

    async def measure() -> None:
        async with upstream(200, 0.1, lambda number: delta(f"word{number} ") * 2) as port:
            with recorder(port, tmp_path / "p" / "n") as (process, proxy):
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                asked = asyncio.ensure_future(read_all(proxy, 200))
                while not asked.done():
                    await asyncio.sleep(1)
                    done = int(Path(f"/proc/{process.pid}/io").read_text().partition("wchar:")[2].split()[0])
                    samples.append((done / 2**20, memory_kib(process.pid), memory_kib(int(children[0]))))
                await asked

    asyncio.run(measure())
    print("\nMiB written, KiB of the recorder, KiB of its keeper:")
    for sample in samples[:: max(1, len(samples) // 8)]:
        print("  {:8.1f} {:8d} {:8d}".format(*sample))


async def read_all(port: int, streams: int) -> None:
    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(f"question {number}"))
        while await reader.read(65_536):
            pass
        writer.close()

    await asyncio.gather(*map(one, range(streams)))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(served=st.lists(deliveries(), min_size=25, max_size=25))
def test_a_thousand_streams_are_byte_identical(
    served: list[Delivery], tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = recorded(served, tmp_path_factory.mktemp("r") / "provider" / "name")
    assert [visible(delivery) for delivery in again] == [visible(delivery) for delivery in served]


@pytest.mark.parametrize("framing", Framing)
def test_twenty_megabytes_are_byte_identical(framing: Framing, tmp_path: Path) -> None:
    piece = delta("x" * 1_000 + " ") * 900
    headers = (EVENT_STREAM, *([CLOSE] if framing is Framing.CLOSE else []))
    served = Delivery((Head(200, headers, framing), *[Send(piece)] * (20 * 2**20 // len(piece)), End()))
    start = time.perf_counter()
    (again,) = recorded([served], tmp_path / "p" / "n")
    assert visible(again) == visible(served)
    print(f"\n{len(served.body) / 2**20:.1f} MiB, {framing}: {time.perf_counter() - start:.1f} s, cassette written")
