"""Findings to keep and to export."""

from __future__ import annotations

from harness.campaign.findings import Finding
from harness.campaign.findings.stream import cassette_of
from harness.judge.verdict import Mark, Verdict
from harness.mutations import Plan
from tests.unit.campaign.fuzz.planted import cassettes

CUT = [{"stop": {"at": "response.output_text.delta", "by": "end"}}]
SILENT = Verdict(
    "no-silent-truncation",
    Mark.FAIL,
    "a stream without an end was taken for a whole answer",
    turn=0,
    evidenced="no terminal: \ud83d",
    assembled="returned 'x'\n(completed)",
    frames=(3,),
    cause="claimed completion",
)


def finding(verdict=SILENT, plan=CUT, consumer="swallower", name="aimock/greeting"):
    base = next(cassette for cassette in cassettes() if cassette.name == name)
    made = Finding(consumer, "1.0", verdict, base, Plan.from_json(plan), example=7, seed=3, versions={"python": "3"})
    _, exchange = made.planned().prepare()
    return Finding(
        *(getattr(made, name) for name in ("consumer", "version", "verdict", "cassette", "plan", "example", "seed")),
        versions=made.versions,
        stream=cassette_of(exchange, base, f"found/{made.id}", "why"),
    )
