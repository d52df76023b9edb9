"""How long a delivery keeps its reader waiting: a reader whose deadline is shorter had reason to leave.

Silence is measured from one event to the next, which is the longest way to measure it: comments, parts of frames and
events without data may be taken for life or not, so a reader that leaves a stream of keep-alives is as right as one
that stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

from harness.contract import Capabilities, Case
from harness.delivery import Delivery, Exchange, Send, Stall, Wait
from harness.wire import UNLIMITED, Decoder


@dataclass(frozen=True, slots=True)
class Silences:
    """Times in ms: without an event before the first one, at most between later ones, and altogether."""

    first_ms: float = 0.0
    later_ms: float = 0.0
    total_ms: float = 0.0

    @classmethod
    def of(cls, delivery: Delivery) -> Silences:
        """Those of a delivery that is read to its end. A stall is endless."""
        decoder = Decoder(limits=UNLIMITED)
        first = later = silence = total = 0.0
        begun = False
        for action in delivery.actions:
            match action:
                case Wait():
                    silence += action.ms
                    total += action.ms
                case Send():
                    if not any(frame.data for frame in decoder.feed(action.data)):
                        continue
                    begun, silence = True, 0.0
                case Stall():
                    silence = total = inf
            first, later = (first, max(later, silence)) if begun else (max(first, silence), later)
        return cls(first, later, total)


@dataclass(frozen=True, slots=True)
class Patience:
    """What a consumer's deadlines let it sit through, in ms."""

    first_ms: float = inf
    later_ms: float = inf
    total_ms: float = inf

    @classmethod
    def of(cls, capabilities: Capabilities, case: Case) -> Patience:
        """Those the case sets, else those it declares. A consumer that has one timeout for every silence, or may, is
        credited with the shortest of all."""
        own, asked = capabilities.deadlines, case.timeouts
        total = asked.get("total_ms") or own.total_ms or inf
        read = asked.get("read_ms") or inf
        if capabilities.watchdog:
            first = asked.get("first_byte_ms") or own.first_byte_ms or inf
            later = asked.get("idle_ms") or own.idle_ms or inf
            return cls(min(first, read), min(later, read), total)
        given = (asked.get("first_byte_ms"), asked.get("idle_ms"), own.first_byte_ms, own.idle_ms)
        shortest = min(filter(None, given), default=inf)
        return cls(min(shortest, read), min(shortest, read), total)

    @property
    def silence_ms(self) -> float:
        """The shortest silence that ends it, wherever it is."""
        return min(self.first_ms, self.later_ms)

    def after(self, spent_ms: float) -> Patience:
        """What is left of it when so much of the call is over, in attempts before this one."""
        return replace(self, total_ms=self.total_ms - spent_ms) if spent_ms else self

    def ends_in(self, delivery: Delivery) -> bool:
        """Whether one of the deadlines passes while the delivery is read to its end."""
        silences = Silences.of(delivery)
        return (
            silences.first_ms >= self.first_ms
            or silences.later_ms >= self.later_ms
            or silences.total_ms >= self.total_ms
        )


def deadlines_of(capabilities: Capabilities, case: Case) -> tuple[tuple[float, ...], float]:
    """Every deadline for one silence that the consumer may keep, and the one for all of a call, in ms."""
    own, asked = capabilities.deadlines, case.timeouts
    silences = (asked.get("first_byte_ms"), asked.get("idle_ms"), asked.get("read_ms"), own.first_byte_ms, own.idle_ms)
    return tuple(filter(None, silences)), asked.get("total_ms") or own.total_ms or inf


def distance_ms(exchange: Exchange, capabilities: Capabilities, case: Case) -> float:
    """How near a silence of the exchange comes to a deadline that the consumer may keep, be it shorter or longer.

    Silences are taken from event to event and from byte to byte, since a consumer may measure either.
    """
    deadlines, total_ms = deadlines_of(capabilities, case)
    nearest = inf
    for delivery in exchange.deliveries.values():
        between = {abs(silence - deadline) for silence in set(_lengths(delivery)) for deadline in deadlines}
        whole = abs(Silences.of(delivery).total_ms - total_ms) if total_ms < inf else inf
        nearest = min(nearest, whole, *between)
    return nearest


def _lengths(delivery: Delivery) -> Iterator[float]:
    """Of every silence, in ms, from byte to byte and from event to event; one that lasts for ever is near nothing."""
    decoder = Decoder(limits=UNLIMITED)
    without_bytes = without_events = 0.0
    for action in delivery.actions:
        if isinstance(action, Wait):
            without_bytes += action.ms
            without_events += action.ms
            continue
        if without_bytes:
            yield without_bytes
        without_bytes = 0.0
        if not isinstance(action, Send) or any(frame.data for frame in decoder.feed(action.data)):
            if without_events:
                yield without_events
            without_events = 0.0
