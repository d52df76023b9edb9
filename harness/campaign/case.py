"""One case: a scenario on one cassette, turned into what a consumer is asked and what it will be served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.campaign.scenario import Scenario
from harness.cassette import Cassette, exchange_of, stdio
from harness.contract import Case
from harness.delivery import Exchange

UNSERVED = "http://127.0.0.1:9/v1"
"""The case's base_url until the consumer puts its own server's there; nothing listens on the discard port."""


class PlanMissed(Exception):
    """Mutations of a scenario's plan that changed nothing on this cassette: the scenario does not test what it says."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A scenario and one of its cassettes."""

    scenario: Scenario
    cassette: Cassette
    handle: str = ""
    """Its id, where it has one of its own as a finding has."""

    @property
    def id(self) -> str:
        """What ``harness replay`` takes."""
        return self.handle or f"{self.scenario.id}@{self.cassette.name}"

    @property
    def possible(self) -> bool:
        """Whether the plan can be applied at all: mutations edit streams over HTTP, not talks in lines."""
        return self.cassette.kind == "sse" or not self.scenario.plan.mutations

    def prepare(self) -> tuple[Case, Exchange]:
        """What to ask and what to serve. Raises PlanMissed."""
        if not self.possible:
            raise PlanMissed(f"mutations edit streams over HTTP, and {self.cassette.name} is a talk in lines")
        applied = self.scenario.plan.apply(exchange_of(self.cassette))
        if applied.misses:
            raise PlanMissed("; ".join(str(miss) for miss in applied.misses))
        turns = self.scenario.turns or turns_of(self.cassette)
        case = Case(
            id=self.id,
            base_url=UNSERVED,
            turns=turns,
            tools=tools_of(self.cassette),
            timeouts=dict(self.scenario.timeouts),
            cancel_after=self.scenario.cancel_after,
            cancel_at_ms=self.scenario.cancel_at_ms,
        )
        return case, applied.exchange


def turns_of(cassette: Cassette) -> tuple[dict[str, Any], ...]:
    """What the recorded user said in each turn, as plain text or as messages in their easy form.

    Tool results are left out: a driver makes them for the calls that its consumer really got. A turn always says
    something, because a request that adds nothing to the conversation would be another attempt at the last one.
    """
    if cassette.kind == "jsonl":
        return stdio.inputs(cassette)
    bodies = {entry.turn: entry.request.body for entry in cassette.interactions if entry.attempt == 0}
    return tuple({"input": _said(body) or ("go on" if turn else "hello")} for turn, body in sorted(bodies.items()))


def _said(body: Any) -> str | list[dict[str, Any]]:
    stated = body.get("input") if isinstance(body, dict) else None
    if not isinstance(stated, list):
        return stated if isinstance(stated, str) else ""
    messages = [message for item in _added(stated) if (message := _message(item)) is not None]
    lone_text = len(messages) == 1 and messages[0]["role"] == "user" and isinstance(messages[0]["content"], str)
    return str(messages[0]["content"]) if lone_text else messages


def _added(items: Sequence[Any]) -> Sequence[Any]:
    """The last items that did not come from the model: a request may repeat the whole conversation before them."""
    first = next((n + 1 for n in range(len(items) - 1, -1, -1) if _from_model(items[n])), 0)
    return items[first:]


def _from_model(item: Any) -> bool:
    kind, role = (item.get("type", "message"), item.get("role")) if isinstance(item, dict) else ("", None)
    return role == "assistant" if kind == "message" else not str(kind).endswith("_output")


def _message(item: Any) -> dict[str, Any] | None:
    """A message in its easy form, which every client takes; None for anything else."""
    if not isinstance(item, dict) or item.get("type", "message") != "message" or not item.get("content"):
        return None
    content = item["content"]
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    whole = "\n".join(texts) if len(texts) == len(parts) else content
    return {"role": item.get("role", "user"), "content": whole}


def tools_of(cassette: Cassette) -> tuple[dict[str, Any], ...]:
    """The tools of the last request."""
    bodies = [entry.request.body for entry in cassette.interactions]
    stated = bodies[-1].get("tools") if bodies and isinstance(bodies[-1], dict) else None
    return tuple(tool for tool in stated if isinstance(tool, dict)) if isinstance(stated, list) else ()
