"""``python -m tests.interop.atlas``: ``install`` the releases, run the ``controls``, then the ``campaign``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from harness.consumers import registry
from tests.interop.atlas import bug as atlas
from tests.interop.atlas.campaign import Budget, replayed, results
from tests.interop.atlas.controls import control
from tests.interop.atlas.page import page, read_left_out

APPLICABLE = atlas.HERE / "applicable.json"
FOUND = atlas.HERE.parents[2] / "reports" / "published" / "bug-atlas.json"


@click.group()
def main() -> None:
    """Real bugs of released programs, and whether the generic campaign finds them."""


@main.command()
def install() -> None:
    """Install the vulnerable and the fixed release of every bug."""
    for bug in atlas.bugs():
        for version in (bug.vulnerable, bug.fixed):
            registry.install(f"{bug.consumer}=={version}", click.echo)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), default=APPLICABLE, show_default=True)
def controls(names: tuple[str, ...], out: Path) -> None:
    """Run the controls, all or those named, and write down which bugs can be seen here."""
    written = json.loads(out.read_text("utf-8")) if names and out.exists() else []
    done = {entry["name"]: entry for entry in written}
    for bug in atlas.bugs():
        if names and bug.name not in names:
            continue
        found = control(bug)
        done[bug.name] = found.to_json()
        click.echo(f"{'applicable' if found.applicable else 'not seen here':14} {bug.name}")
        click.echo(f"    {bug.before}: {found.before.says}\n    {bug.after}: {found.after.says}")
    listed = [done[name] for name in sorted(done)]
    out.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", "utf-8")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--max-examples", "examples", type=click.IntRange(1), default=400, show_default=True, help="A release.")
@click.option("--max-time", "time_s", type=float, default=180.0, show_default=True, help="Seconds a release.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=FOUND, show_default=True)
def campaign(names: tuple[str, ...], examples: int, time_s: float, seed: int, out: Path) -> None:
    """Run the generic campaign on both releases of the applicable bugs, all or those named, and write what it met."""
    listed = {entry["name"] for entry in json.loads(APPLICABLE.read_text("utf-8")) if entry["applicable"]}
    chosen = [bug for bug in atlas.bugs() if bug.name in listed and (not names or bug.name in names)]
    done = {entry["name"]: entry for entry in json.loads(out.read_text("utf-8"))} if out.exists() else {}
    budget = Budget(examples, time_s, seed)
    for result in results(chosen, budget, click.echo):
        stamp = {"date": datetime.now(UTC).date().isoformat(), "budget": asdict(budget)}
        done[result.bug.name] = {**result.to_json(), **stamp}
        out.write_text(json.dumps([done[name] for name in sorted(done)], indent=1, ensure_ascii=False) + "\n", "utf-8")


@main.command()
@click.argument("names", nargs=-1)
def replay(names: tuple[str, ...]) -> None:
    """Run again, on both releases, the trial by which each bug was found: with another oracle it may come to another end."""
    known = {bug.name: bug for bug in atlas.bugs()}
    done = json.loads(FOUND.read_text("utf-8"))
    for entry in done:
        if entry["met"] and (not names or entry["name"] in names):
            before, after = replayed(known[entry["name"]], entry["met"])
            entry["replayed"] = {"date": datetime.now(UTC).date().isoformat(), "vulnerable": before, "fixed": after}
            click.echo(
                f"{entry['name']}: {'shown' if before else 'not shown'}, then {'shown' if after else 'not shown'}"
            )
    FOUND.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", "utf-8")


@main.command()
def publish() -> None:
    """Write reports/published/bug-atlas.md of what the controls and the campaign came to."""
    controls, found = (json.loads(path.read_text("utf-8")) for path in (APPLICABLE, FOUND))
    text = page(atlas.bugs(), controls, found, read_left_out())
    FOUND.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
