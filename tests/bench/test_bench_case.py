"""What the harness costs on top of the consumer: one case through the runtime, in process, on a stream of some 60 events.

CPU time, medians, all in one run; nothing is asserted about time, because machines differ and are shared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from harness.campaign.case import Planned
from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.cassette import exchange_of
from harness.consumers.registry import open_consumer
from harness.judge import evidence, judge
from harness.runtime import Callbacks, Client

ROOT = Path(__file__).parents[2]
ROUNDS, REPEATS = 15, 40


def cpu_ms(call: Callable[[], object]) -> float:
    call()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(REPEATS):
            call()
        rounds.append((time.process_time() - started) / REPEATS * 1000)
    return statistics.median(rounds)


def forget() -> None:
    """The judge remembers bodies it has read; a campaign's bodies are all different."""
    evidence._told.cache_clear()


class Body(httpx.SyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self):
        return iter(self._chunks)


@pytest.mark.bench
def test_one_case_beyond_the_runtime_itself() -> None:
    library = Library(ROOT / "scenarios", ROOT / "cassettes")
    planned: Planned = library.case("shape/untouched@codex/long-text")
    consumer = open_consumer("runtime")
    case, exchange = planned.prepare()
    delivery = exchange_of(planned.cassette).answer(0, 0)
    chunks = [action.data for action in delivery.actions if hasattr(action, "data")]
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=Body(chunks)))
    client = Client(base_url="http://127.0.0.1:9/v1", http_client=httpx.Client(transport=transport))
    told: list[str] = []
    callbacks = Callbacks(on_text_delta=told.append, on_event=lambda event: told.append(event["type"]))

    own = cpu_ms(lambda: client.respond(input="hello", callbacks=callbacks))
    played = cpu_ms(lambda: consumer.run(case, exchange))
    seen = consumer.run(case, exchange)
    judged = cpu_ms(lambda: (forget(), judge(case, seen.outcome, seen.transcript, consumer.capabilities)))
    whole = cpu_ms(lambda: (forget(), run_case(consumer, planned)))
    consumer.close()

    print(f"\n{len(delivery.body)} bytes, {delivery.body.count(b'data:')} events; ms of CPU a case, medians")
    for name, value in (
        ("the runtime itself", own),
        ("adapter + replay", played),
        ("judge", judged),
        ("whole case", whole),
    ):
        print(f"  {name:<20} {value:6.3f}")
    print(f"  {'harness beyond it':<20} {whole - own:6.3f}  (whole case / runtime: {whole / own:.2f})")
