"""All defects, all ways of looking, all seeds, as a table: what ``make quality`` runs.

    python -m tests.quality.measure [--way campaign] [--out reports/published/planted.md]

It fails unless every defect is found with four seeds of five and shrinks to two mutations at most. What was measured
is written down case by case, so a run that was interrupted goes on with ``--resume``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import hypothesis

from harness import __version__
from tests.quality.planted import DEFECTS, Defect
from tests.quality.search import (
    EXAMPLES,
    SEEDS,
    Way,
    bytes_at_random,
    campaign,
    clean,
    look_for,
    mutations_needed,
    one_operator,
)

WAYS: dict[str, Way] = {"campaign": campaign, "one-operator": one_operator, "bytes": bytes_at_random}
ENOUGH_SEEDS = 4
MOST_MUTATIONS = 2
STATE = Path("reports") / "latest" / "planted.jsonl"

BEYOND = (
    "a reader that dies of `part: null`, or of an item event whose `item` is null: those members are drawn too rarely;",
    "a reader that dies of a null text inside the content of a finished item (one seed of five);",
    "a name that is missing in `output_item.done` alone, and arguments that are no JSON made `{}`: as rare;",
    "a call of an unfinished item handed out: it takes an incomplete response and a lost `item.done` together;",
    "reasoning text dropped where summaries are kept: no clean cassette has any;",
    "a response that is never closed: the replay transport notices when its reader is collected, and calls that closed.",
)

Row = dict[str, Any]
Key = tuple[str, str, int]


def main() -> int:
    options = _options()
    if not options.resume:
        options.state.unlink(missing_ok=True)
    options.state.parent.mkdir(parents=True, exist_ok=True)
    known = {_key(row): row for row in _rows(options.state)}
    with options.state.open("a") as state:
        for row in _measured(options.way or list(WAYS), options.seeds, known):
            state.write(json.dumps(row) + "\n")
            state.flush()
            print(f"{row['way']:13} {row['defect']:40} seed {row['seed']}: {row['example'] or '-'}", flush=True)
    if options.out is not None:
        options.out.write_text(table(known))
    lacking = [name for name in DEFECTS if not _is_found(name, known)]
    print(f"{len(DEFECTS) - len(lacking)} of {len(DEFECTS)} defects are found", *lacking, sep="\n  ")
    return bool(lacking)


def _measured(ways: Iterable[str], seeds: int, known: dict[Key, Row]) -> Iterator[Row]:
    for way in ways:
        for seed in SEEDS[:seeds]:
            for defect in DEFECTS.values():
                if (defect.name, way, seed) not in known:
                    row = known[defect.name, way, seed] = _row(defect, way, seed)
                    yield row


def _row(defect: Defect, way: str, seed: int) -> Row:
    found = look_for(defect, WAYS[way], seed)
    # A plan is what shrinks; the seed does not matter for how far it does, but each is checked.
    needed = mutations_needed(defect, found) if found.example is not None and way == "campaign" else None
    return {
        "defect": defect.name,
        "way": way,
        "seed": seed,
        "example": found.example,
        "mutations": needed,
        "invariant": found.invariant,
    }


def _key(row: Row) -> Key:
    return row["defect"], row["way"], row["seed"]


def _rows(state: Path) -> Iterator[Row]:
    if state.exists():
        yield from map(json.loads, state.read_text().splitlines())


def _of(name: str, way: str, known: dict[Key, Row]) -> list[Row]:
    return [known[name, way, seed] for seed in SEEDS if (name, way, seed) in known]


def _is_found(name: str, known: dict[Key, Row]) -> bool:
    found = [row for row in _of(name, "campaign", known) if row["example"] is not None]
    return sum(row["mutations"] <= MOST_MUTATIONS for row in found) >= ENOUGH_SEEDS


# -- the table ------------------------------------------------------------------------------------------------


def table(known: dict[Key, Row]) -> str:
    """What was measured, as a page."""
    lines = [
        "# Planted bugs, and how long the campaign takes to find them",
        "",
        f"stream-harness {__version__}, hypothesis {hypothesis.__version__}, {len(clean())} clean cassettes; at most "
        f"{EXAMPLES:,} examples, seeds {SEEDS[0]} to {SEEDS[-1]}.",
        "",
        "Each row is a small bug that real readers of streams have had, planted into the runtime; none knows a",
        "cassette or a mutation. *Examples* is the median of the seeds until a case fails that the runtime without the",
        "bug survives; a search that finds nothing counts as more than all examples. Where not all seeds find it, the",
        "share that does stands behind. *Mutations* is what is left of the plan once it is shrunk: 0 says that an",
        "untouched cassette shows the bug. The other two columns look in the same way with one operator drawn at",
        "random, and with bytes of the body flipped, taken out and put in.",
        "",
        "| bug | what it does | stands for | examples | mutations | found by | one operator | bytes |",
        "|---|---|---|---:|---:|---|---:|---:|",
        *(_line(defect, known) for defect in sorted(DEFECTS.values(), key=lambda each: (each.group, each.name))),
        "",
        *_summary(known),
        "",
        "## Not in the table",
        "",
        "Bugs that were tried too, and that the campaign does not find with four seeds of five, or never:",
        "",
        *(f"- {words}" for words in BEYOND),
        "",
        "Written by `make quality`.",
    ]
    return "\n".join(lines) + "\n"


def _line(defect: Defect, known: dict[Key, Row]) -> str:
    rows = [row for row in _of(defect.name, "campaign", known) if row["example"] is not None]
    mutations = max((row["mutations"] for row in rows), default="–")
    invariants = ", ".join(dict.fromkeys(row["invariant"] for row in rows)) or "–"
    counts = " | ".join(_count(_of(defect.name, way, known)) for way in ("one-operator", "bytes"))
    cells = (
        defect.name,
        defect.meaning,
        f"{defect.system}; {defect.kind}",
        _count(_of(defect.name, "campaign", known)),
        mutations,
        invariants,
        counts,
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _count(rows: list[Row]) -> str:
    if not rows:
        return "not run"
    found = sum(row["example"] is not None for row in rows)
    middle = median(row["example"] or EXAMPLES + 1 for row in rows)
    shown = f"> {EXAMPLES}" if middle > EXAMPLES else f"{middle:.0f}"
    return shown if found == len(rows) else f"{shown} ({found}/{len(rows)})"


def _summary(known: dict[Key, Row]) -> Iterator[str]:
    names: dict[str, Callable[[str], bool]] = {
        way: lambda name, way=way: (
            sum(row["example"] is not None for row in _of(name, way, known)) * 2 > len(_of(name, way, known))
        )
        for way in WAYS
    }
    for way, is_found in names.items():
        looked = [name for name in DEFECTS if _of(name, way, known)]
        if looked:
            middles = [median(row["example"] or EXAMPLES + 1 for row in _of(name, way, known)) for name in looked]
            seeds = len({seed for _, used, seed in known if used == way})
            yield (
                f"- **{way}**: {sum(map(is_found, looked))} of {len(looked)} bugs with most seeds ({seeds} seeds); "
                f"the median bug takes {_shown(median(middles))} examples."
            )
    yield (
        f"- Found with at least {ENOUGH_SEEDS} of {len(SEEDS)} seeds, and shrunk to at most {MOST_MUTATIONS} mutations: "
        + (f"{sum(_is_found(name, known) for name in DEFECTS)} of {len(DEFECTS)}.")
    )


def _shown(examples: float) -> str:
    return f"more than {EXAMPLES}" if examples > EXAMPLES else f"{examples:.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this one; may be repeated")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="only the first so many")
    parser.add_argument("--out", type=Path, help="where the table goes")
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--resume", action="store_true", help="keep what was measured before")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
