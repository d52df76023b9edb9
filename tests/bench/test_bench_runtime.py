"""The runtime from bytes to result: against the newest typed SDK on the same bytes, in virtual stalls, and in memory.

Ratios of one run, CPU time, the best of interleaved rounds; nothing is asserted of a time. orjson decodes for the
runtime; the SDK decodes with the standard library and builds pydantic models. Both read through a client of their own
HTTP library, whose cost for each chunk is part of the figure: so it is given for a chunk an event, as a server sends
them that flushes each, and for 50 events a chunk, as they come when the reader is the slower one.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator

import httpx
import httpx2
import openai
import pytest

from harness.clock import VirtualClock
from harness.runtime import Callbacks, Client, Deadlines
from harness.runtime.aio import AsyncClient
from harness.virtual_loop import run
from harness.wire import encode
from tests.unit.runtime.stalls import FAMILY, Async, Sync

pytestmark = pytest.mark.bench

URL = "http://127.0.0.1:9/v1"
HEADERS = {"content-type": "text/event-stream"}
ROUNDS = 7


def stream(events: int) -> list[bytes]:
    """A message of text deltas, as the public API sends it; one chunk an event."""
    place = {"item_id": "msg_0123456789abcdef", "output_index": 0, "content_index": 0}
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    item = {"id": place["item_id"], "type": "message", "role": "assistant", "content": []}
    content = [{"type": "output_text", "text": "word " * events, "annotations": []}]
    all_events = [
        {"type": "response.created", "response": {**response, "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
        *[{"type": "response.output_text.delta", **place, "delta": "word ", "logprobs": []}] * events,
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**item, "content": content, "status": "completed"},
        },
        {"type": "response.completed", "response": {**response, "status": "completed"}},
    ]
    return [
        encode(json.dumps({**event, "sequence_number": number}), event=event["type"])
        for number, event in enumerate(all_events)
    ]


def answering(library, chunks: list[bytes]):
    class Body(library.SyncByteStream, library.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return iter(chunks)

        async def __aiter__(self):
            for chunk in chunks:
                yield chunk

    return library.MockTransport(lambda _: library.Response(200, headers=HEADERS, stream=Body()))


def best_s(
    programs: dict[str, Callable[[], object]], clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            began = clock()
            program()
            taken[name].append(clock() - began)
    return {name: min(times) for name, times in taken.items()}


@pytest.mark.parametrize("chunks_of", [1, 50], ids=["a chunk an event", "50 events a chunk"])
def test_throughput_against_the_typed_sdk(chunks_of, capsys):
    frames = stream(2_000)
    chunks = [b"".join(frames[at : at + chunks_of]) for at in range(0, len(frames), chunks_of)]
    client = Client(base_url=URL, http_client=httpx.Client(transport=answering(httpx, chunks)))
    sdk = openai.OpenAI(
        api_key="x", base_url=URL, http_client=httpx2.Client(transport=answering(httpx2, chunks)), max_retries=0
    )

    async def in_async() -> str:
        async with httpx.AsyncClient(transport=answering(httpx, chunks)) as http:
            return (await AsyncClient(base_url=URL, http_client=http).respond(input="hello")).text

    def in_sdk() -> str:
        events = sdk.responses.create(model="m", input="hello", stream=True)
        return "".join(event.delta for event in events if event.type == "response.output_text.delta")

    def told() -> str:
        pieces: list[str] = []
        client.respond(input="hello", callbacks=Callbacks(on_text_delta=pieces.append))
        return "".join(pieces)

    programs = {
        "runtime": lambda: client.respond(input="hello").text,
        "runtime, told": told,
        "runtime, async": lambda: asyncio.run(in_async()),
        "openai": in_sdk,
    }
    assert {program() for program in programs.values()} == {"word " * 2_000}
    rates = {name: len(frames) / taken for name, taken in best_s(programs).items()}
    with capsys.disabled():
        print(f"\nbytes to result, {chunks_of} event(s) a chunk, openai {openai.__version__}:")
        for name, rate in rates.items():
            print(f"  {name:<15} {rate:10,.0f} events/s  {rate / rates['openai']:6.1f}")


def test_what_deadlines_cost_in_real_time(capsys):
    chunks = stream(60)
    http = httpx.Client(transport=answering(httpx, chunks))
    plain = Client(base_url=URL, http_client=http, deadlines=Deadlines())
    guarded = Client(base_url=URL, http_client=http)

    def many(client: Client) -> None:
        for _ in range(50):
            client.respond(input="hello")

    cpu = best_s({"none": lambda: many(plain), "default": lambda: many(guarded)})
    wall = best_s({"none": lambda: many(plain), "default": lambda: many(guarded)}, time.perf_counter)
    with capsys.disabled():
        print("\na call of 60 events, ms (CPU / wall):")
        for name in cpu:
            print(f"  deadlines {name:<8} {cpu[name] * 20:6.3f} / {wall[name] * 20:6.3f}")


STALLS = 1_000


def test_stalls_of_900_s(capsys):
    names = list(itertools.islice(itertools.cycle(FAMILY), STALLS))
    sync = Sync()

    def in_sync() -> list[str]:
        return [sync(name).end for name in names]

    def in_async() -> list[str]:
        clock = VirtualClock()

        async def program() -> list[str]:
            call = Async(clock)
            return [(await call(name)).end for name in names]

        return run(program, clock)

    assert in_sync() == in_async() == [FAMILY[name].end for name in names]
    cpu = best_s({"sync": in_sync, "async": in_async})
    wall = best_s({"sync": in_sync, "async": in_async}, time.perf_counter)
    with capsys.disabled():
        print(f"\n{STALLS} calls of which each meets a stall of 900 s, s (CPU / wall):")
        for name in cpu:
            print(f"  {name:<5} {cpu[name]:.2f} / {wall[name]:.2f}")


def test_memory_grows_with_the_stream_and_no_faster(capsys):
    peaks = {}
    for events in (2_000, 20_000, 200_000):
        chunks = stream(events)
        client = Client(base_url=URL, http_client=httpx.Client(transport=answering(httpx, chunks)))
        tracemalloc.start()
        client.respond(input="hello")
        peaks[events] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    with capsys.disabled():
        for events, peak in peaks.items():
            print(f"\n{events:,} events: peak {peak / 1e6:.2f} MB, {peak / events:.0f} bytes an event")
    assert peaks[200_000] / peaks[20_000] < 20
