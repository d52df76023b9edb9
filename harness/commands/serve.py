"""``harness serve``: one cassette on loopback, for any client."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from harness.campaign.library import Library
from harness.campaign.scenario import read_plan
from harness.cassette import exchange_of
from harness.commands.folders import cassette_name, folders
from harness.delivery import Exchange
from harness.replay import LoopbackServer

_SERVED_AGAIN = 1_000


@click.command()
@click.argument("cassette")
@click.option("--plan", "plan_file", type=click.Path(dir_okay=False, path_type=Path), help="A YAML list of mutations.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; any free one by default.")
@folders
def serve(cassette: str, plan_file: Path | None, port: int, scenarios: Path, cassettes: Path) -> None:
    """Serve CASSETTE (PROVIDER/NAME) on loopback, so that any client can be pointed at it. Ctrl-C ends it."""
    library = Library(scenarios, cassettes)
    chosen = library.cassette(cassette_name(cassette, cassettes))
    if chosen.kind != "sse":
        raise click.UsageError(f"{chosen.name} is a talk in lines with a process; only streams over HTTP are served")
    exchange = exchange_of(chosen)
    if plan_file is not None:
        exchange = _planned(exchange, plan_file)
    with LoopbackServer(_again_and_again(exchange), port=port) as server:
        click.echo(f"base_url: {server.base_url}")
        click.echo(
            f"curl -N {server.base_url}/responses -H 'content-type: application/json' "
            """-d '{"model": "any", "input": "hello", "stream": true}'"""
        )
        click.echo("Ctrl-C ends it and shows what was served.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo()
        transcript = server.transcript()
    for entry in transcript.served:
        click.echo(
            f"{entry.request.method} {entry.request.target}  turn {entry.turn + 1}, attempt {entry.attempt + 1}: "
            f"{entry.taken} of {len(entry.delivery.body)} bytes, ended {entry.ending.value} "
            f"after {entry.closed_ms - entry.opened_ms:.0f} ms"
        )
    if not transcript.served:
        click.echo("No request came.")


def _planned(exchange: Exchange, plan_file: Path) -> Exchange:
    plan, source = read_plan(plan_file)
    applied = plan.apply(exchange)
    for miss in applied.misses:
        raise source.error(f"/{miss.number}", str(miss))
    return applied.exchange


def _again_and_again(exchange: Exchange) -> Exchange:
    """The conversation over and over: a person tries more than once."""
    turns = exchange.turns
    return Exchange(
        {
            (turn + turns * round, attempt): delivery
            for round in range(_SERVED_AGAIN)
            for (turn, attempt), delivery in exchange.deliveries.items()
        }
    )
