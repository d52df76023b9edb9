"""What the harness costs around a consumer, on a stream of some 60 events, in process, on one core.

CPU time. Machines are shared and slow down for moments, so the minimum over many rounds tells the cost and the median how
disturbed the run was; nothing is asserted about either. Bodies differ from case to case, as in a campaign: whatever is
remembered of a body as a whole is of no use here.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest

from harness.campaign.case import Planned
from harness.campaign.fuzz.drawing import Drawing, Trial, hypothesis_draws
from harness.campaign.fuzz.ground import Ground, grounds
from harness.campaign.fuzz.trying import Tried, attempt
from harness.campaign.library import Library
from harness.campaign.run import run_case
from harness.cassette import exchange_of
from harness.clock import VirtualClock
from harness.consumers.registry import open_consumer
from harness.delivery import Delivery, Exchange, Request, Send, Transcript
from harness.judge import Mark, TurnEvidence, gather, judge_by
from harness.mutations import Mutation, Plan, Selector, operators
from harness.replay import Player
from harness.replay.playback import BLOCKING, Playback
from harness.runtime import Callbacks, Client

ROOT = Path(__file__).parents[2]
CASE = "shape/untouched@codex/long-text"
ROUNDS, REPEATS = 60, 30
SDK_ROUNDS, SDK_REPEATS = 30, 10
CASE_ROUNDS, CASES = 12, 400
POST = Request("POST", "/v1/responses", (), b'{"model":"m","input":[{"role":"user","content":"hello"}]}')


class Cost:
    """CPU of one call, in ms."""

    def __init__(self, call: Callable[[Any], object], arguments: Iterator[Any]) -> None:
        self.rounds = []
        # All are made beforehand: what is made between two rounds would leave a cold cache to the second.
        for given in [list(itertools.islice(arguments, REPEATS)) for _ in range(ROUNDS)]:
            started = time.process_time()
            for argument in given:
                call(argument)
            self.rounds.append((time.process_time() - started) / REPEATS * 1000)
        self.least, self.median = min(self.rounds), statistics.median(self.rounds)

    def __str__(self) -> str:
        return f"{self.least:7.3f} {self.median:8.3f}"


class Body(httpx.SyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


@pytest.fixture(scope="module")
def planned() -> Planned:
    return Library(ROOT / "scenarios", ROOT / "cassettes").case(CASE)


def plans() -> Iterator[Plan]:
    """Plans that each make another body: one event of the stream gets a member that no other case has."""
    patch = operators()["patch"]
    for number in itertools.count():
        at = Selector("response.output_text.delta", nth=number % 50)
        yield Plan((Mutation(patch(at, ({"op": "add", "path": "/case", "value": number},))),))


def play(exchange: Exchange) -> Transcript:
    """All that a consumer's transport does, without an HTTP library around it."""
    player = Player(exchange, VirtualClock())
    playback = Playback(player.admit(POST), httpx, BLOCKING, {})
    for steps in (playback.head(), playback.parts()):
        for _ in steps:
            pass
    playback.close()
    return player.transcript()


@pytest.mark.bench
def test_one_case_beyond_the_runtime_itself(planned: Planned) -> None:
    delivery = exchange_of(planned.cassette).answer(0, 0)
    assert delivery is not None
    chunks = [action.data for action in delivery.actions if isinstance(action, Send)]
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=Body(chunks)))
    http = httpx.Client(transport=transport)
    told: list[Any] = []
    callbacks = Callbacks(
        on_event=lambda event: told.append(("event", event["type"])),
        on_text_delta=lambda text: told.append(("text", text)),
        on_reasoning_delta=lambda text: told.append(("reasoning", text)),
        on_reset=lambda reason: told.append(("reset", reason)),
    )

    def respond(clock: VirtualClock) -> object:
        # A fresh clock and client for each call, because a case has them too.
        told.clear()
        return Client(base_url="http://127.0.0.1:9/v1", http_client=http, clock=clock).respond(
            input=[{"role": "user", "content": "hello"}], model="m", callbacks=callbacks
        )

    consumer = open_consumer("runtime")
    cases = (Planned(planned.scenario, planned.cassette) for _ in itertools.count())
    own = Cost(respond, (VirtualClock() for _ in itertools.count()))
    whole = Cost(lambda case: run_case(consumer, case), cases)
    consumer.close()
    size = f"{len(delivery.body)} bytes, {delivery.body.count(b'data:')} events"
    print(f"\n{size}; ms of CPU a case      least   median")
    print(f"  the runtime itself                  {own}")
    print(f"  a whole case                        {whole}")
    print(f"  the harness beyond it               {whole.least - own.least:7.3f} {whole.median - own.median:8.3f}")


@pytest.mark.bench
def test_a_campaigns_case_without_hypothesis_and_consumer(planned: Planned) -> None:
    """The stages one after another, as in a campaign; a stage costs what the chain costs more with it."""
    case, _ = planned.prepare()
    source = exchange_of(planned.cassette)
    consumer = open_consumer("runtime")
    capabilities = consumer.capabilities
    outcome = consumer.run(case, source).outcome  # no plan here changes what a right consumer makes of the stream
    consumer.close()

    def applied(plan: Plan) -> Exchange:
        return plan.apply(source).exchange

    def gathered(plan: Plan) -> tuple[TurnEvidence, ...]:
        return gather(play(applied(plan)), capabilities, case)

    chains: dict[str, Callable[[Plan], object]] = {
        "apply": applied,
        "play": lambda plan: play(applied(plan)),
        "evidence": gathered,
        "judge": lambda plan: judge_by(gathered(plan), case, outcome, capabilities),
    }
    verdicts = judge_by(gathered(next(plans())), case, outcome, capabilities)
    assert {verdict.mark for verdict in verdicts} <= {Mark.PASS, Mark.SKIPPED}
    print("\nms of CPU a case                           least   median   share")
    given, before = plans(), (0.0, 0.0)
    costs = {name: Cost(chain, given) for name, chain in chains.items()}
    total = costs["judge"].least
    for name, cost in costs.items():
        least, median = cost.least - before[0], cost.median - before[1]
        print(f"  {name:<35} {least:7.3f} {median:8.3f}  {least / total:6.0%}")
        before = cost.least, cost.median
    print(f"  {'all':<35} {costs['judge']}  {1000 / total:6.0f} cases/s")


@pytest.mark.bench
def test_a_campaigns_case_under_hypothesis(planned: Planned) -> None:
    """Cases as ``harness fuzz`` has them, with one stream of this size for its library: all layers, retries, sizes."""
    drawing = Drawing(grounds([planned.cassette]))
    consumer = open_consumer("runtime")

    def cases(seed: int) -> None:
        for drawn in itertools.islice(hypothesis_draws(seed), CASES):
            tried = attempt(consumer, drawing.read(drawn))
            assert not tried.trouble, tried.trouble

    cases(seed=CASE_ROUNDS)  # what every operator could do to the stream is worked out once a campaign
    rounds = []
    for seed in range(CASE_ROUNDS):
        started = time.process_time()
        cases(seed)
        rounds.append((time.process_time() - started) / CASES * 1000)
    consumer.close()
    least, median = min(rounds), statistics.median(rounds)
    print("\nms of CPU a case                           least   median")
    print(f"  drawn, applied, run and judged      {least:7.3f} {median:8.3f}  {1000 / least:6.0f} cases/s")


@pytest.mark.bench
def test_a_campaigns_case_around_the_openai_sdk(planned: Planned) -> None:
    """The full lane, as in a campaign, and the same call on the same bytes with nothing around it, side by side."""
    source = exchange_of(planned.cassette)
    ground = Ground(planned.cassette)
    consumer = open_consumer("openai-stream")
    request: Any = {"model": "gpt-5", "input": [{"role": "user", "content": "hello"}]}
    bodies: deque[list[bytes]] = deque()
    answer = {"headers": {"content-type": "text/event-stream"}}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=iter(bodies.popleft()), **answer))
    client = openai.OpenAI(
        base_url="http://own.invalid/v1", api_key="any", http_client=httpx2.Client(transport=transport)
    )

    def alone(_: Plan) -> str:
        with client.responses.stream(**request) as stream:
            for _event in stream:
                pass
            return stream.get_final_response().output_text

    def whole(plan: Plan) -> Tried:
        return attempt(consumer, Trial(ground, plan))

    held = whole(next(plans()))
    assert held.seen is not None
    assert not held.failed
    own, all_of_it = [], []
    given = plans()
    for _ in range(SDK_ROUNDS):
        some = list(itertools.islice(given, SDK_REPEATS))
        bodies.extend(
            [action.data for action in turn.actions if isinstance(action, Send)] for turn in _answers(source, some)
        )
        own.append(_cpu_ms(alone, some))
        all_of_it.append(_cpu_ms(whole, some))
    consumer.close()
    client.close()
    ratio = statistics.median(mine / theirs for theirs, mine in zip(own, all_of_it, strict=True))
    print(f"\nopenai {openai.__version__}; ms of CPU a case                 least   median")
    print(f"  the SDK's own call                  {min(own):7.3f} {statistics.median(own):8.3f}")
    print(f"  a campaign's case of it             {min(all_of_it):7.3f} {statistics.median(all_of_it):8.3f}")
    print(f"  ratio                               {min(all_of_it) / min(own):7.3f} {ratio:8.3f}")


def _answers(source: Exchange, some: list[Plan]) -> Iterator[Delivery]:
    for plan in some:
        delivery = plan.apply(source).exchange.answer(0, 0)
        assert delivery is not None
        yield delivery


def _cpu_ms(call: Callable[[Plan], object], some: list[Plan]) -> float:
    started = time.process_time()
    for plan in some:
        call(plan)
    return (time.process_time() - started) / len(some) * 1000
