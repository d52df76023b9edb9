"""Runs as events, without running anything."""

from __future__ import annotations

from dataclasses import replace

from harness.campaign.events import (
    AttemptView,
    CaseFinished,
    CaseStarted,
    ConsumerUnusable,
    Expectation,
    FrameView,
    Interrupted,
    Mark,
    RunFinished,
    RunStarted,
    Verdict,
)

HELD = CaseFinished(
    id="terminal/a@demo/text",
    scenario="terminal/a",
    cassette="demo/text",
    consumer="runtime",
    consumer_version="1.0",
    summary="The terminal is odd.",
    why="It happened.",
    mark=Mark.PASS,
    reproduce="harness replay terminal/a@demo/text",
    verdicts=(Verdict("typed-errors", Mark.PASS, turn=0),),
    elapsed_ms=12.5,
)
FAILED = replace(
    HELD,
    id="terminal/b@demo/text",
    scenario="terminal/b",
    mark=Mark.FAIL,
    reproduce="harness replay terminal/b@demo/text",
    verdicts=(
        Verdict("typed-errors", Mark.PASS, turn=0),
        Verdict(
            "content-kept",
            Mark.FAIL,
            "text is lost",
            0,
            "'Hello ``` [bold]you[/bold]\ud800\x00'",
            "''",
            (3,),
            "all text lost",
        ),
    ),
    attempts=(
        AttemptView(
            0,
            0,
            "stream",
            200,
            "complete",
            "complete",
            "the stream ends",
            90,
            100,
            (FrameView(2, "event: a\ndata: [b]"), FrameView(3, 'data: {"ü": 1}', True)),
            5,
        ),
    ),
)
FAILED_TOO = replace(
    FAILED,
    id="terminal/b@demo/more",
    cassette="demo/more",
    reproduce="harness replay terminal/b@demo/more",
)
BROKEN = replace(
    HELD,
    id="retry/c@demo/text",
    scenario="retry/c",
    mark=Mark.ERROR,
    verdicts=(),
    reason="a bug of the harness:\nTraceback ...\nKeyError: 'x'",
)
SKIPPED = replace(HELD, id="retry/d@demo/text", scenario="retry/d", mark=Mark.SKIPPED, verdicts=(), reason="no tools")
EXPECTED = replace(
    HELD,
    id="http/e@demo/text",
    scenario="http/e",
    mark=Mark.FAIL,
    expectations=(Expectation("calls", Mark.FAIL, 0, 1), Expectation("text", Mark.PASS, "a", "a")),
)


def events(*cases, interrupted=False, unusable=False):
    consumers = tuple(dict.fromkeys(case.consumer for case in cases))
    yield RunStarted("0.1", consumers, ("terminal/a",), len(cases), {"content-kept": "Nothing that was said is lost."})
    if unusable:
        yield ConsumerUnusable("ghost", "it is not installed")
    for case in cases:
        yield CaseStarted(case.id, case.consumer)
        yield case
    if interrupted:
        yield Interrupted(7)
    marks = {mark.value: sum(case.mark is mark for case in cases) for mark in Mark}
    yield RunFinished(len(cases), {k: v for k, v in marks.items() if v}, {"lenient": 1, "skipped": 2}, 1234.0)
