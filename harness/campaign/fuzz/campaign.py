"""The campaign: trial after trial until a budget is used up, every new failure kept and shrunk at once; events out.

It prints nothing. Whoever reads the events may throw KeyboardInterrupt into the generator, and gets the closing event
like after any other end; and what was found is on disk before its event is sent.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from harness import __version__
from harness.campaign.events import (
    Event,
    FindingFound,
    FindingShrunk,
    FuzzFinished,
    FuzzProgress,
    FuzzStarted,
    FuzzTrouble,
)
from harness.campaign.findings import Finding, Store
from harness.campaign.fuzz.corpus import Corpus
from harness.campaign.fuzz.drawing import Drawing, Draws, Trial, hypothesis_draws
from harness.campaign.fuzz.engine import Found, news
from harness.campaign.fuzz.keeping import Shrinker
from harness.campaign.fuzz.lanes import Lanes
from harness.campaign.fuzz.trying import Tried, attempt
from harness.campaign.fuzz.workers import Workers
from harness.campaign.naming import finding_id
from harness.cassette.yamlsource import SourceError
from harness.consumers.base import Consumer
from harness.judge import REGISTRY

_PROGRESS_S = 0.2
_SHARE = 0.5
"""Of the time that may go into shrinking: a slow program would spend all of it on its first bug."""
_SHARE_OF_ONE = 0.1
"""Of the time that one finding may get."""
_MOST_TROUBLES = 20
"""Cases in a row that cannot be judged: the consumer is broken, and going on would only say so again."""


@dataclass(slots=True)
class Campaign:
    """One consumer, one budget. ``examples`` and ``time_s``: None sets no bound; one of them should."""

    consumer: Consumer
    """The full lane: every verdict is its."""
    drawing: Drawing
    seed: int
    examples: int | None = None
    time_s: float | None = None
    store: Store = field(default_factory=Store)
    corpus: Corpus | None = None
    """None begins with nothing and keeps nothing for the next time."""
    draws: Draws = hypothesis_draws
    workers: Workers | None = None
    """None: every trial is run here."""
    fast: Consumer | None = None
    """A fast lane into the same program; None: every trial goes over the full one."""
    done: int = 0
    scouted: int = 0
    """Trials that went over the fast lane alone."""
    skipped: int = 0
    lenient: int = 0
    troubles: int = 0
    known: set[str] = field(default_factory=set)
    """Fingerprints of what was found."""
    _pending: deque[tuple[Found, Finding]] = field(default_factory=deque)
    """Found, and not made small yet."""
    _shrinking_s: float = 0.0
    _in_a_row: int = 0
    _started: float = 0.0
    _told: float = 0.0

    def events(self) -> Generator[Event, None, None]:
        """Run. The last event is always FuzzFinished."""
        self._started = time.monotonic()
        interrupted = False
        try:
            yield self._opening()
            for tried, is_new in self._tries():
                yield from self._after(tried, is_new)
            ended = self._why()
        except KeyboardInterrupt:
            ended, interrupted = "interrupted", True
        yield FuzzFinished(
            examples=self.done,
            skipped=self.skipped,
            findings=len(self.known),
            troubles=self.troubles,
            lenient=self.lenient,
            ended=ended,
            interrupted=interrupted,
            elapsed_ms=self._elapsed_s() * 1000,
            scouted=self.scouted,
        )

    def _opening(self) -> FuzzStarted:
        return FuzzStarted(
            version=__version__,
            consumer=self.consumer.name,
            consumer_version=self.consumer.version,
            cassettes=len(self.drawing.grounds),
            seed=self.seed,
            examples=self.examples,
            time_ms=None if self.time_s is None else self.time_s * 1000,
            rules={rule.id: rule.rule for rule in REGISTRY.values()},
            fast_lane=self.fast.name if self.fast is not None else "",
        )

    def _tries(self) -> Iterator[tuple[Tried, bool]]:
        """What the last campaign found, then what is drawn; and whether it is drawn."""
        kept = self.corpus.trials(self.drawing.grounds) if self.corpus is not None else ()
        for trial in kept:
            if self._over():
                return
            yield attempt(self.consumer, trial, self.fast), False
        for tried in self._drawn():
            self.done += 1
            yield tried, True
            if self._over():
                return

    def _drawn(self) -> Iterator[Tried]:
        """As many as the budget has."""
        draws = islice(self.draws(self.seed), self.examples)
        if self._over():
            return iter(())
        lanes = Lanes(self.consumer, self.fast)
        if self.workers is not None:
            return map(lanes.settle, self.workers.tries(draws))
        return (lanes.settle(lanes.scout(self.drawing.read(drawn), drawn)) for drawn in draws)

    def _after(self, tried: Tried, is_new: bool) -> Iterator[Event]:
        self.skipped += tried.skipped
        self.lenient += tried.lenient
        self.scouted += bool(tried.form)
        if tried.trouble:
            self.troubles += 1
            self._in_a_row += 1
            yield FuzzTrouble(self.done, tried.trouble)
        elif not tried.skipped:
            self._in_a_row = 0
        if not is_new and self.corpus is not None and not tried.failed and not tried.trouble:
            self.corpus.forget(tried.trial)
        yield from self._keep(list(news(tried, self.known, self.done if is_new else 0)), tried)
        yield from self._make_small()
        if time.monotonic() - self._told >= _PROGRESS_S:
            yield self._progress("trying")

    def _keep(self, found: Sequence[Found], tried: Tried) -> Iterator[Event]:
        """All that one trial brought is on disk before any of it is told or made small."""
        if not found:
            return
        shrinker = self._shrinker(self._over)
        first = [self._remembered(one, shrinker) or self._written(shrinker.first(one, tried)) for one in found]
        self._remember(tried.trial)
        for one, finding in zip(found, first, strict=True):
            yield FindingFound(finding.view())
            if finding.stream is None:
                self._pending.append((one, finding))
            else:
                self._remember(shrinker.trial_of(finding), instead_of=tried.trial)
                yield FindingShrunk(finding.view())

    def _make_small(self) -> Iterator[Event]:
        """Shrink what waits for it. With little time, not all of it goes into what is found already."""
        while self._pending and not self._over():
            if self.time_s is not None and self._shrinking_s > self._elapsed_s() * _SHARE:
                return
            since = time.monotonic()
            yield from self._shrink(*self._pending.popleft(), since)
            self._shrinking_s += time.monotonic() - since

    def _shrink(self, found: Found, last: Finding, since: float) -> Iterator[Event]:
        until = math.inf if self.time_s is None else since + self.time_s * _SHARE_OF_ONE
        shrinker = self._shrinker(lambda: self._over() or time.monotonic() > until)
        for smaller in shrinker.shrunk(found):
            last = self._written(smaller)
            yield self._progress(f"shrinking {last.id}")
        self._remember(shrinker.trial_of(last), instead_of=found.trial)
        yield FindingShrunk(last.view())

    def _shrinker(self, enough: Callable[[], bool]) -> Shrinker:
        return Shrinker(self.consumer, self.drawing.grounds, self.seed, enough, self.fast)

    def _written(self, finding: Finding) -> Finding:
        self.store.write(finding)
        return finding

    def _remembered(self, found: Found, shrinker: Shrinker) -> Finding | None:
        """What an earlier campaign has made of it already, where that still shows it."""
        id = finding_id(self.consumer.name, found.fingerprint)
        try:
            known = self.store.load(id) if id in self.store else None
        except SourceError:
            return None  # what nobody can read is written anew
        if known is None or known.stream is None:
            return None
        again = shrinker.attempt(shrinker.trial_of(known), found.verdict.invariant)
        return known if found.fingerprint in again.failed else None

    def _remember(self, trial: Trial, instead_of: Trial | None = None) -> None:
        if self.corpus is None:
            return
        if instead_of is not None:
            self.corpus.forget(instead_of)
        self.corpus.add(trial)

    def _progress(self, doing: str) -> FuzzProgress:
        self._told = time.monotonic()
        return FuzzProgress(self.done, len(self.known), doing, self._elapsed_s() * 1000)

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started

    def _over(self) -> bool:
        late = self.time_s is not None and self._elapsed_s() >= self.time_s
        return late or self._in_a_row >= _MOST_TROUBLES

    def _why(self) -> str:
        if self._in_a_row >= _MOST_TROUBLES:
            return f"{_MOST_TROUBLES} cases in a row could not be judged"
        return "time is up" if self._over() else "all examples are done"
