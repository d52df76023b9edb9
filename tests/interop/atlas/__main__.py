"""``python -m tests.interop.atlas``: ``install`` the releases, run the ``controls``, then the ``campaign``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness.consumers import registry
from tests.interop.atlas import bug as atlas
from tests.interop.atlas.controls import control

APPLICABLE = atlas.HERE / "applicable.json"


@click.group()
def main() -> None:
    """Real bugs of released programs, and whether the generic campaign finds them."""


@main.command()
def install() -> None:
    """Install the vulnerable and the fixed release of every bug."""
    for bug in atlas.bugs():
        for release in (bug.before, bug.after):
            registry.install(release, click.echo)


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


if __name__ == "__main__":
    main()
