"""The runtime itself, without any defect, through very many examples: not one may be held against it.

    python -m tests.quality.survive --examples 1000000 --seed 0

The work is cut into shards of a seed each, and every finished shard is written down, so a run that was interrupted
goes on where it was. What fails is shown with the least plan that shows it: then either the runtime has a bug, or
the verdict is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from harness.campaign.fuzz.drawing import Drawing, Trial
from harness.campaign.fuzz.engine import Found, news, tries
from harness.campaign.fuzz.shrink import shrink
from harness.campaign.fuzz.trying import attempt
from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from tests.quality.search import clean

SHARD = 10_000
STATE = Path(".harness") / "survive.jsonl"


def main() -> int:
    options = _options()
    consumer = open_consumer(options.consumer)
    drawing = Drawing(clean())
    done = {row["seed"]: row for row in _rows(options.state) if row["consumer"] == options.consumer}
    seeds = range(options.seed, options.seed + -(-options.examples // SHARD))
    for seed in seeds:
        if seed in done:
            continue
        done[seed] = _shard(consumer, drawing, seed)
        options.state.parent.mkdir(parents=True, exist_ok=True)
        with options.state.open("a") as state:
            state.write(json.dumps(done[seed]) + "\n")
        print(_line([done[known] for known in seeds if known in done]), flush=True)
    rows = [done[seed] for seed in seeds]
    print(_line(rows))
    return any(row["findings"] for row in rows)


def _shard(consumer: Consumer, drawing: Drawing, seed: int) -> dict[str, object]:
    known: set[str] = set()
    began, cpu = time.monotonic(), time.process_time()
    for number, tried in enumerate(islice(tries(consumer, drawing, seed), SHARD), 1):
        if tried.trouble:
            known.add(tried.trouble)
            print(f"seed {seed}, example {number} cannot be judged: {tried.trouble}", flush=True)
        for found in news(tried, known, number):
            print(f"seed {seed}, {_described(consumer, found)}", flush=True)
    return {
        "consumer": consumer.name,
        "seed": seed,
        "examples": SHARD,
        "findings": sorted(known),
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
    }


def _described(consumer: Consumer, found: Found) -> str:
    least = found.trial

    def shows(trial: Trial) -> Trial | None:
        tried = attempt(consumer, trial)
        return tried.trial if found.fingerprint in tried.failed else None

    for least in shrink(found.trial, shows, clean()):  # noqa: B007  (the last one is the smallest)
        pass
    verdict = attempt(consumer, least).failed.get(found.fingerprint, found.verdict)
    return (
        f"example {found.example}: {verdict.invariant}: {verdict.reason}\n"
        f"  evidenced: {verdict.evidenced}\n  assembled: {verdict.assembled}\n"
        f"  first: {found.trial}\n  least: {least}"
    )


def _line(rows: list[dict[str, object]]) -> str:
    examples, cpu = sum(row["examples"] for row in rows), sum(row["cpu_seconds"] for row in rows)
    findings = {name for row in rows for name in row["findings"]}
    return (
        f"{examples} examples, seeds {rows[0]['seed']} to {rows[-1]['seed']}: {len(findings)} findings, "
        f"{cpu:.0f} s of one core, {examples / cpu:.0f} cases/s"
    )


def _rows(state: Path) -> Iterator[dict[str, object]]:
    if state.exists():
        yield from map(json.loads, state.read_text().splitlines())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1_000_000, help=f"rounded up to whole shards of {SHARD}")
    parser.add_argument("--seed", type=int, default=0, help="of the first shard")
    parser.add_argument("--consumer", default="runtime")
    parser.add_argument("--state", type=Path, default=STATE, help="finished shards; delete it to begin anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
