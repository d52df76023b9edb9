"""``harness record``: what a provider's server really sends, as a cassette.

Exit codes: the command's own, if it failed; else 0 recorded, 2 usage, 3 not written (quarantine, or the recorder
itself failed), 5 nothing to record.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from harness.record.finish import Outcome, heal
from harness.record.keeper import KeeperGone
from harness.record.run import Recorded, run
from harness.record.target import BadTarget, Target
from harness.record.upstream import BadUpstream, Upstream

BROKEN, NOTHING = 3, 5


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--upstream", required=True, metavar="URL", help="The server; its path is what a client's /v1 becomes.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The cassette's folder: .../PROVIDER/NAME.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Listen here, on 127.0.0.1.  [default: any]")
@click.option("--overwrite", is_flag=True, help="Replace the cassette that is there.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Authorities to trust (PEM).")
@click.option(
    "--stall-after",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="What was given up after this much silence is recorded as a stall, not as the client's leaving.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def record(
    context: click.Context,
    upstream: str,
    out: Path,
    port: int,
    overwrite: bool,
    ca: Path | None,
    stall_after: float,
    command: tuple[str, ...],
) -> None:
    """Record what a server sends: a proxy on loopback, for COMMAND, or for any client until it is interrupted.

    COMMAND finds the proxy's address in OPENAI_BASE_URL, ANTHROPIC_BASE_URL and the like.
    """
    try:
        server = Upstream.parse(upstream, ca)
        target = Target.at(out, "replace" if overwrite else "keep")
    except (BadUpstream, BadTarget) as error:
        raise click.UsageError(str(error)) from error
    for outcome in heal():
        click.echo(f"finished what an earlier recording left: {outcome.saved or outcome.quarantined}", err=True)
    try:
        recorded = run(target, server, command, port=port, stall_after=stall_after, listening=_say_where)
    except (OSError, KeeperGone) as error:
        click.echo(f"harness record: {error}", err=True)
        context.exit(BROKEN)
    for line in _report(recorded):
        click.echo(line, err=True)
    context.exit(recorded.exit_code or _code(recorded.outcome))


def _say_where(base_url: str) -> None:
    click.echo(f"recording; base URL for clients: {base_url}", err=True)


def _report(recorded: Recorded) -> Iterator[str]:
    outcome = recorded.outcome
    if recorded.unreachable:
        yield f"a request was not recorded: {recorded.unreachable}"
    if outcome.quarantined is not None:
        yield outcome.why
        yield f"quarantined, with an explanation: {outcome.quarantined}"
    elif outcome.saved is not None:
        yield f"{outcome.saved}: {outcome.interactions} response(s)"
        if outcome.cut:
            yield "a response was still under way; it is marked as cut by the recorder"
    else:
        yield "nothing was recorded: no POST request came through"


def _code(outcome: Outcome) -> int:
    if outcome.quarantined is not None:
        return BROKEN
    return 0 if outcome.saved is not None else NOTHING
