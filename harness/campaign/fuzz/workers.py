"""Many cores: the same draws, dealt out to processes that each have a consumer of their own, told in the order drawn.

So a campaign finds the same in the same order however many processes try; only shrinking stays with the one that asks.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.pool import AsyncResult, Pool
from types import TracebackType
from typing import Any, Self

from harness.campaign.fuzz.drawing import Drawing
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.lanes import Lanes
from harness.campaign.fuzz.trying import Tried
from harness.cassette import Cassette
from harness.consumers.base import Consumer
from harness.judge import Verdict

_CHUNK = 32
"""Draws a task: few enough that an end is not far, enough that handing them over costs nothing."""
_AHEAD = 3
"""Tasks under way for each process."""

Told = tuple[dict[str, Verdict], bool, bool, str, str]
"""What a process tells of one draw: failures, lenient, skipped, trouble, form."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process needs to be told once; all of it can be sent."""

    open_consumer: Callable[[str], Consumer]
    name: str
    cassettes: Sequence[Cassette]
    layers: Collection[str] | None = None
    open_fast: Callable[[Consumer], Consumer | None] | None = None
    """None: every draw goes over the full lane."""


class Workers:
    """So many processes. Use it as a context: leaving it ends them at once."""

    def __init__(self, jobs: int, setup: Setup, drawing: Drawing) -> None:
        self._jobs, self._drawing = jobs, drawing
        context = multiprocessing.get_context("spawn")
        self._pool: Pool = context.Pool(jobs, _begin, (setup, os.getpid()))

    def tries(self, draws: Iterator[bytes]) -> Iterator[Tried]:
        """What becomes of each draw, in order."""
        under_way: deque[tuple[list[bytes], AsyncResult[list[Told]]]] = deque()
        while True:
            while len(under_way) < self._jobs * _AHEAD and (chunk := list(islice(draws, _CHUNK))):
                under_way.append((chunk, self._pool.apply_async(_work, (chunk,))))
            if not under_way:
                return
            chunk, result = under_way.popleft()
            for drawn, (failed, lenient, skipped, trouble, form) in zip(chunk, result.get(), strict=True):
                yield Tried(self._drawing.read(drawn), failed, lenient, trouble=trouble, skipped=skipped, form=form)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.terminate()
        self._pool.join()


_mine: dict[str, Any] = {}
"""In a process of the pool: its lanes and its drawing."""


def _begin(setup: Setup, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides when it is over
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    consumer = setup.open_consumer(setup.name)
    _mine["lanes"] = Lanes(consumer, setup.open_fast(consumer) if setup.open_fast is not None else None)
    _mine["drawing"] = Drawing(grounds(setup.cassettes), setup.layers)


def _leave_with(parent: int) -> None:
    """End when the one who asks is gone, even if it was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _work(chunk: Sequence[bytes]) -> list[Told]:
    lanes, drawing = _mine["lanes"], _mine["drawing"]
    tried = (lanes.scout(drawing.read(drawn), drawn) for drawn in chunk)
    return [(dict(one.failed), one.lenient, one.skipped, one.trouble, one.form) for one in tried]
