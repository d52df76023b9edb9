"""``harness fuzz``: nobody writes a scenario; what breaks a consumer is drawn, shrunk and kept."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from harness.campaign.findings import Store
from harness.campaign.fuzz.campaign import Campaign
from harness.campaign.fuzz.corpus import Corpus
from harness.campaign.fuzz.drawing import LAYERS, Drawing
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.workers import Setup, Workers
from harness.campaign.library import Library
from harness.campaign.run import DEFAULT_CONSUMER
from harness.cassette import Cassette
from harness.commands.exits import BROKEN, FINDINGS, HELD, INTERRUPTED, NothingRan, Usage
from harness.commands.play import LATEST, console, unlogged
from harness.consumers import registry
from harness.consumers.base import Consumer
from harness.report.campaign import CampaignTerminal, Findings
from harness.report.lines import JsonLines
from harness.report.renderer import feed

_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")
_DEFAULT_S = 60.0


class _Duration(click.ParamType[float]):
    """``90``, ``60s``, ``10m`` or ``2h``, in seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no time; write 60s, 10m or 2h", param, ctx)
        return float(match[1]) * _UNITS_S[match[2]]


class _Layers(click.ParamType[tuple[str, ...]]):
    """Names of layers, with commas."""

    name = "layers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        words = tuple(word.strip() for word in str(value).split(","))
        for word in words:
            if word not in LAYERS:
                self.fail(f"there is no layer {word!r}; the layers are: {', '.join(LAYERS)}", param, ctx)
        return words


@click.command()
@click.option("--consumer", "name", default=DEFAULT_CONSUMER, show_default=True, help="Program under test.")
@click.option(
    "--cassettes",
    "patterns",
    multiple=True,
    metavar="GLOB",
    help="Only these cassettes; may be repeated.",
)
@click.option("--max-time", "time_s", type=_Duration(), help="Stop after this time: 60s, 10m, 2h. Default: 60s.")
@click.option("--max-examples", "examples", type=click.IntRange(1), help="Stop after so many examples.")
@click.option("--layers", type=_Layers(), help=f"Only operators of these layers: {','.join(LAYERS)}.")
@click.option("--seed", type=click.IntRange(0), help="Draw what was drawn with this seed.")
@click.option("--full-lane", is_flag=True, help="Ask no fast lane, where the consumer has one.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes to try cases in.")
@click.option(
    "--library", type=click.Path(path_type=Path), default=Path("cassettes"), show_default=True,
    help="Folder of cassettes.",
)  # fmt: skip
def fuzz(
    name: str,
    patterns: tuple[str, ...],
    time_s: float | None,
    examples: int | None,
    layers: tuple[str, ...] | None,
    seed: int | None,
    full_lane: bool,
    jobs: int,
    library: Path,
) -> None:
    """Draw mutations of recorded streams until something breaks; shrink and keep what does.

    Findings land in .harness/findings as they appear, the events in reports/latest/fuzz.jsonl. A campaign begins with
    the cases that failed in the last one. Ctrl-C ends it with a full report.
    """
    consumer = registry.open_consumer(name)
    with ExitStack() as stack, unlogged():
        stack.callback(consumer.close)
        cassettes = cassettes_for(consumer, library, patterns)
        drawing = Drawing(grounds(cassettes), layers)
        fast = None if full_lane else registry.open_fast(consumer)
        if fast is not None:
            stack.callback(fast.close)
        setup = Setup(registry.open_consumer, name, cassettes, layers, None if full_lane else registry.open_fast)
        campaign = Campaign(
            consumer,
            drawing,
            seed=random.SystemRandom().randrange(1 << 32) if seed is None else seed,
            examples=examples,
            time_s=_DEFAULT_S if time_s is None and examples is None else time_s,
            store=Store(),
            corpus=Corpus(name),
            fast=fast,
            workers=stack.enter_context(Workers(jobs, setup, drawing)) if jobs > 1 else None,
        )
        sys.exit(_report(campaign))


def cassettes_for(consumer: Consumer, library: Path, patterns: Sequence[str]) -> list[Cassette]:
    """The selected cassettes of the kind that the consumer reads. Raises NothingRan, and what a Library does."""
    if consumer.capabilities.app_server:
        raise NothingRan(f"{consumer.name} reads talks in lines, which no mutation edits yet; run its scenarios")
    chosen = [cassette for cassette in Library(Path(), library).selection(patterns) if cassette.kind == "sse"]
    if not chosen:
        raise NothingRan(f"{consumer.name} reads cassettes of kind sse, and none is selected")
    return chosen


def _report(campaign: Campaign) -> int:
    findings = Findings()
    try:
        lines = JsonLines(LATEST / "fuzz.jsonl")
    except OSError as error:
        raise Usage(f"cannot write {error.filename}: {error.strerror}") from error
    feed(campaign.events(), [lines, findings, CampaignTerminal(console())])
    finished = findings.finished
    if finished is None or (findings.troubles and not findings.found):
        return BROKEN
    if findings.found:
        return FINDINGS
    return INTERRUPTED if finished.interrupted else HELD
