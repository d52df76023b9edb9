"""Consumers that do what a test says, and the files they are run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.campaign.case import Planned
from harness.campaign.scenario import Scenario
from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse
from harness.consumers.base import Observation
from harness.contract import Capabilities, Case, Cause, Failure, Outcome, Turn
from harness.delivery import Ending, Exchange, Framing, Request, Served, Transcript
from harness.mutations import Plan

RAISES = Turn(ended="raised", failure=Failure((Cause("demo.StreamError", message="the words"),)))
CLAIMS = Turn(ended="returned", status="completed", items=(), text="")

BODY = (
    b'data: {"type": "response.created", "response": {"id": "r", "status": "in_progress"}}\n\n'
    b'data: {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}\n\n'
)


def cassette(name: str = "demo/text", body: bytes = BODY, request: object = None) -> Cassette:
    response = RecordedResponse(
        status=200,
        headers=(("content-type", "text/event-stream"),),
        framing=Framing.CHUNKED,
        body=body,
        chunks=((0, 1.0),),
        ended_ms=2.0,
    )
    return Cassette(
        name=name,
        provenance=Provenance("demo", "synthesized", "tests", "2026-01-01"),
        interactions=(Interaction(RecordedRequest(body=request), response),),
    )


def planned(plan: list[object] | None = None, **more: object) -> Planned:
    scenario = Scenario(
        id="family/name",
        summary="Something is served.",
        why="It happened.",
        cassettes=("demo/text",),
        plan=Plan.from_json(plan or []),
        **more,
    )
    return Planned(scenario, cassette())


class Fake:
    """A consumer that takes all it is served and then does what ``act`` says."""

    def __init__(
        self, act: Turn | Callable[[Exchange], Turn] = RAISES, capabilities: Capabilities | None = None
    ) -> None:
        self.name = "fake"
        self.version = "1.0"
        self.capabilities = capabilities or Capabilities(declared_errors=("demo.StreamError",))
        self.closed = 0
        self._act = act

    def run(self, case: Case, exchange: Exchange) -> Observation:
        delivery = exchange.answer(0, 0)
        turn = self._act if isinstance(self._act, Turn) else self._act(exchange)
        request = Request("POST", "/v1/responses", (), b'{"input": "hello"}')
        ending = Ending.COMPLETE if delivery.head else Ending.CUT
        served = Served(0, 0, request, delivery, len(delivery.body), delivery.head is not None, ending, 0.0, 1.0)
        return Observation(Outcome(self.name, self.version, (turn,)), Transcript((served,)))

    def close(self) -> None:
        self.closed += 1


def write_scenario(root: Path, id: str, text: str = "") -> Path:
    path = root / f"{id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or "summary: It is served.\nwhy: It happened.\ncassette: demo/text\n")
    return path
