"""One recording from start to end: keeper, proxy, and the command it is made for, or the wait for an interrupt."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness.record.finish import Outcome
from harness.record.keeper import KeeperGone, KeeperProcess
from harness.record.proxy import Proxy
from harness.record.target import Target
from harness.record.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording went."""

    outcome: Outcome
    exit_code: int | None
    """Of the command; None without one. The signal's number plus 128 where a signal ended it, as shells say it."""
    unreachable: str
    """Why the upstream could not be reached; empty when it always could."""


def base_urls(proxy: Proxy) -> Mapping[str, str]:
    """The environment variables by which clients are told where to go."""
    return {
        "HARNESS_BASE_URL": proxy.base_url,
        "OPENAI_BASE_URL": proxy.base_url,
        "OPENAI_API_BASE": proxy.base_url,
        "OPENAI_API_BASE_URL": proxy.base_url,
        # These two clients add the version by themselves.
        "ANTHROPIC_BASE_URL": proxy.root,
        "AZURE_OPENAI_ENDPOINT": proxy.root,
    }


def run(
    target: Target,
    upstream: Upstream,
    command: Sequence[str],
    *,
    port: int,
    stall_after: float,
    listening: Callable[[str], None],
) -> Recorded:
    """Record until the command ends, or, without one, until SIGINT or SIGTERM; ``listening`` is told the base URL.

    Raises OSError when the port is taken or the command cannot be started, KeeperGone when the keeper ended early.
    """
    keeper = KeeperProcess(target)
    try:
        exit_code, unreachable = asyncio.run(_serve(keeper, upstream, command, port, stall_after, listening))
    except BaseException:
        with suppress(RuntimeError):  # the first failure is the one to tell
            keeper.finish()
        raise
    return Recorded(keeper.finish(), exit_code, unreachable)


async def _serve(
    keeper: KeeperProcess,
    upstream: Upstream,
    command: Sequence[str],
    port: int,
    stall_after: float,
    listening: Callable[[str], None],
) -> tuple[int | None, str]:
    proxy = Proxy(upstream, keeper, stall_after=stall_after)
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    await proxy.listen(port)
    listening(proxy.base_url)
    # The keeper speaks only once it is asked to finish: before that, there is something to read when it ended.
    asyncio.get_running_loop().add_reader(keeper.fileno(), lambda: proxy.fail(KeeperGone("the keeper ended")))
    work: asyncio.Task[int | None] = asyncio.create_task(
        _command(command, base_urls(proxy), interrupted) if command else _interruption(interrupted)
    )
    try:
        await asyncio.wait(_either(work, proxy.failure), return_when=asyncio.FIRST_COMPLETED)
        if proxy.failure.done():
            work.cancel()
            proxy.failure.result()
        code = await work
    finally:
        asyncio.get_running_loop().remove_reader(keeper.fileno())
        proxy.failure.cancel()
        await proxy.close(grace=1.0 if command else 0.0)
    return code, proxy.unreachable


def _either(*futures: asyncio.Future[Any]) -> tuple[asyncio.Future[Any], ...]:
    return futures


async def _interruption(interrupted: asyncio.Event) -> None:
    await interrupted.wait()


async def _command(command: Sequence[str], variables: Mapping[str, str], interrupted: asyncio.Event) -> int | None:
    """Run the command to its end. The terminal interrupts it together with the recorder, so it may end in its own
    way; whoever interrupts only the recorder has the command terminated."""
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    ended, asked = asyncio.ensure_future(process.wait()), asyncio.ensure_future(interrupted.wait())
    try:
        await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await asyncio.wait([ended], timeout=_GRACE_S)
    finally:
        asked.cancel()
        if not ended.done():
            process.terminate()
    code = await ended
    return code if code >= 0 else 128 - code


_GRACE_S = 2.0
"""What an interrupted command gets to end by itself."""
