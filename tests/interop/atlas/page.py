"""The published page: which real bugs can be seen here, which of them the generic campaign met, and which are left out."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import yaml

from harness import __version__
from tests.interop.atlas.bug import HERE, Bug
from tests.interop.atlas.campaign import CLEAN

Entries = Sequence[Mapping[str, Any]]

_NOTES = yaml.safe_load((HERE / "notes.yaml").read_text(encoding="utf-8"))
"""Per bug, what its code does or why it was not found; written by hand after the runs."""


def page(bugs: Sequence[Bug], controls: Entries, found: Entries, left_out: Entries) -> str:
    """The whole page in Markdown."""
    says = {bug.name: bug.says for bug in bugs}
    applicable = [entry for entry in controls if entry["applicable"]]
    met = {entry["name"]: entry for entry in found}
    count = sum(met[entry["name"]]["found"] for entry in applicable if entry["name"] in met)
    alone = sum(entry["found"] and entry["same_cause_on_fixed"] is None for entry in found)
    parts = [
        _HEAD.format(
            count=count, alone=alone, all=len(applicable), share=round(100 * count / len(applicable)), **_ran(found)
        ),
        _table(
            ("bug", "vulnerable → fixed", "breaks", "found", "examples", "seconds", "on the fixed release"),
            [_row(entry, met.get(entry["name"]), says) for entry in applicable],
        ),
        _COSTS.format(replays=_replays(found)),
        "## What showed each\n",
        *(_shown(entry, met.get(entry["name"])) for entry in applicable),
        "\n## Not seen here\nThe control shows nothing on the vulnerable release, or the same on both.\n",
        _table(
            ("bug", "vulnerable", "fixed", "why"),
            [
                (_named(entry, says), entry["on_vulnerable"]["says"], entry["on_fixed"]["says"], _note(entry))
                for entry in controls
                if not entry["applicable"]
            ],
        ),
        "## Left out\nNo control case can show these here.\n",
        _table(("bug", "release", "why"), [(entry["reference"], entry["release"], entry["why"]) for entry in left_out]),
    ]
    return "\n".join(parts)


_HEAD = """# Real bugs, and whether the generic campaign finds them

Released programs had these bugs, and later releases have not. For each there is a control case, written by hand: a plan on a clean
cassette, and the rule that breaks. A bug is *applicable* where the control shows it on the vulnerable release and not on the fixed one;
that list ([applicable.json](../../tests/interop/atlas/applicable.json)) was there before the campaign, with fifteen bugs; two have left it
since, as drivers came nearer to how programs run (see "Not seen here"), and were not found. The campaign is what
`harness fuzz` runs: no scenario, no plan and no rule is written for it. It has *found* a bug when a trial of its own breaks the control's
rule for the control's cause on the vulnerable release, and the same trial replayed on the fixed release does not. Where the campaign on
the fixed release meets the same rule and cause in another stream, another bug is left there; the last column and the list say so.

**{count} of {all} applicable bugs found ({share} %); for {alone} of them the fixed release shows nothing of their rule and cause.** Date: {dates}. Seed {seeds}; {versions}. Cassettes: {cassettes}. Budgets: {budgets},
whichever is over first; a campaign ends when all bugs of its release were met.

Again: `python -m tests.interop.atlas install`, then `controls`, `campaign` and `publish` in its place; the budget is
`--max-examples` and `--max-time`.
"""


_COSTS = """What an example costs is the program's own time, on two shared cores that others kept busy. The exact budget of each, and both
campaigns, are in [bug-atlas.json](bug-atlas.json). Examples are counted with the draws of that day: a harness that draws otherwise counts
otherwise. {replays}
"""


def _replays(found: Entries) -> str:
    """What became of the trials when they were run again, with the oracle of that day."""
    again = [entry["replayed"] for entry in found if "replayed" in entry]
    if not again:
        return ""
    held = sum(entry["vulnerable"] and not entry["fixed"] for entry in again)
    return (
        f"Replayed on {max(entry['date'] for entry in again)} with the oracle of that day, {held} of these {len(again)} "
        "trials show their bug on the vulnerable release and not on the fixed one."
    )


def _ran(found: Entries) -> dict[str, str]:
    examples, times = ({entry["budget"][key] for entry in found} for key in ("examples", "time_s"))
    return {
        "dates": ", ".join(sorted({entry["date"] for entry in found})),
        "seeds": ", ".join(sorted({str(entry["budget"]["seed"]) for entry in found})),
        "versions": f"stream-harness {__version__}, Hypothesis {hypothesis.__version__}, "
        f"Python {platform.python_version()}",
        "cassettes": ", ".join(f"`{pattern}`" for pattern in CLEAN),
        "budgets": f"{min(examples)} to {max(examples)} examples and {min(times):g} to {max(times):g} s a release",
    }


def _row(control: Mapping[str, Any], ran: Mapping[str, Any] | None, says: Mapping[str, str]) -> tuple[str, ...]:
    versions = f"`{control['vulnerable']}` → `{control['fixed'].rpartition('==')[2]}`"
    breaks = f"`{control['rule']}`" + (f": {control['cause']}" if control["cause"] else "")
    head = (_named(control, says), versions, breaks)
    if ran is None:
        return *head, "not run", "", "", ""
    before, after, met = ran["on_vulnerable"], ran["on_fixed"], ran["met"]
    searched = f"{after['examples']} examples, {after['took_s']} s"
    other = ran["same_cause_on_fixed"]
    fixed = f"another stream at example {other['example']}" if other else f"nothing in {searched}"
    if met is None:
        return *head, "no", f"– of {before['examples']}", f"– of {before['took_s']}", fixed
    return *head, "yes", str(met["example"]), str(met["after_s"]), fixed


def _named(entry: Mapping[str, Any], says: Mapping[str, str]) -> str:
    return f"**{entry['name']}** ({entry['reference']}): {says[entry['name']]}"


def _note(entry: Mapping[str, Any]) -> str:
    return str(_NOTES.get(entry["name"], ""))


def _shown(control: Mapping[str, Any], ran: Mapping[str, Any] | None) -> str:
    parts = [_trial(ran["met"]) if ran is not None and ran["met"] else "not met."]
    if control["on_fixed"]["says"] != "holds":
        parts.append(f"On the fixed release the control still comes to: {control['on_fixed']['says']}.")
    if ran is not None and (other := ran["same_cause_on_fixed"]):
        parts.append(f"On the fixed release, by another stream: {_trial(other)}")
    return " ".join([f"- **{control['name']}**:", *parts, _note(control)]).rstrip()


def _trial(met: Mapping[str, Any]) -> str:
    return f"`{met['cassette']}` with `{json.dumps(met['plan'], ensure_ascii=False)}`: {met['verdict'].rstrip('.')}."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def read_left_out(path: Path = HERE / "left_out.yaml") -> list[dict[str, Any]]:
    """What has no control, and why."""
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))
