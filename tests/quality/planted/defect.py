"""What a defect is: a bug that real readers of streams have had, planted into the runtime at one of its seams.

A defect knows no cassette and no mutation. It replaces a class or a function of the runtime for as long as it is
planted, and a seam that is no longer there fails loudly. Three decorators register one: ``on_events`` changes what is
read, ``on_result`` changes what is returned, ``defect`` replaces whatever it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple
from unittest import mock

from harness.consumers.base import Consumer
from harness.consumers.registry import open_consumer
from harness.runtime import Assembler, Result
from harness.runtime.terminal import TERMINALS

SYSTEMS = (
    "event consumer",
    "stream runner",
    "create-stream fallback",
    "auxiliary adapter",
    "typed stream error",
    "prelude errors",
    "entitlement errors",
    "truncated streams",
    "first-byte watchdog",
    "reasoning-replay gate",
    "transport recovery set",
    "conversation helpers",
)
"""What a reader of streams consists of, as far as a campaign over event streams reaches it."""

KINDS = (
    "chunk-split", "content-lost", "duplicate", "error-shape", "error-swallowed", "final-blank-line", "http-body",
    "keepalive", "missing-terminal", "null-field", "order", "reasoning", "resource-leak", "retry", "stall",
    "tool-arguments", "unknown-item", "usage",
)  # fmt: skip
"""The classes of bugs found in public trackers."""


class Seam(NamedTuple):
    """A name in a module, or in a class of one (``module:Class``), that the runtime looks up when it needs it."""

    owner: str
    name: str

    def resolve(self) -> Any:
        module, _, cls = self.owner.partition(":")
        return getattr(import_module(module), cls) if cls else import_module(module)


ASSEMBLER = Seam("harness.runtime.call", "Assembler")
ATTEMPT = Seam("harness.runtime.call", "Attempt")
TELLER = Seam("harness.runtime.call", "Teller")
TRANSLATE = Seam("harness.runtime.call", "translate")
WATCH = Seam("harness.runtime.call", "Watch")
RETRY = Seam("harness.runtime.runner", "Retry")
WATCHDOG = Seam("harness.runtime.runner", "Watchdog")
EVENT_DECODER = Seam("harness.runtime.call", "EventDecoder")
ENDING_OF = Seam("harness.runtime.assembler", "ending_of")
ERROR_FRAME = Seam("harness.runtime.assembler", "error_frame")
FAILURE = Seam("harness.runtime.assembler", "failure")
USAGE_OF = Seam("harness.runtime.assembler", "usage_of")
OPENER = Seam("harness.runtime.client:Client", "opener")
RESPOND = Seam("harness.runtime.client:Client", "respond")
COMPLETION_OF = Seam("harness.runtime.auxiliary", "completion_of")
FINISH_REASON = Seam("harness.runtime.auxiliary", "_finish_reason")
COMPLETION_USAGE = Seam("harness.runtime.auxiliary", "_usage")
REQUEST_OF = Seam("harness.runtime.auxiliary", "request_of")
GATE_ADMIT = Seam("harness.runtime.replay_gate:ReplayGate", "admit")
GATE_RESPOND = Seam("harness.runtime.replay_gate:ReplayGate", "respond")

Replacements = Mapping[Seam, Any]


@dataclass(frozen=True)
class Defect:
    """One bug, by name."""

    name: str
    meaning: str
    group: str
    """The file it stands in."""
    kind: str
    """One of KINDS."""
    system: str
    """One of SYSTEMS."""
    lane: str
    """The consumer it is planted into."""
    build: Callable[[], Replacements]
    """Made anew each time it is planted, so that nothing is remembered."""

    @contextmanager
    def planted(self) -> Iterator[Consumer]:
        """The consumer that has it. Raises AttributeError when a seam has gone."""
        with ExitStack() as stack:
            for seam, replacement in self.build().items():
                stack.enter_context(mock.patch.object(seam.resolve(), seam.name, replacement))
            consumer = open_consumer(self.lane)
            stack.callback(consumer.close)
            yield consumer


DEFECTS: dict[str, Defect] = {}


def defect(kind: str, system: str = "event consumer", lane: str = "runtime") -> Callable[[Any], Any]:
    """Registers a function that makes the replacements; its name and its docstring are the defect's."""

    def register(build: Callable[[], Replacements]) -> Callable[[], Replacements]:
        name = build.__name__.strip("_").replace("_", "-")
        meaning = " ".join((build.__doc__ or "").split())
        group = build.__module__.rpartition(".")[2]
        if name in DEFECTS or kind not in KINDS or system not in SYSTEMS:
            raise ValueError(f"{name}: known already, or of no known kind or system ({kind}, {system})")
        DEFECTS[name] = Defect(name, meaning, group, kind, system, lane, build)
        return build

    return register


def on_events(kind: str, system: str = "event consumer", lane: str = "runtime") -> Callable[[Any], Any]:
    """Registers ``change(event, seen)``: the events to be read in the place of one. ``seen`` lasts for an attempt."""

    def register(change: Callable[[dict[str, Any], dict[Any, Any]], Iterable[Any]]) -> Any:
        class Planted(Assembler):
            def __init__(self) -> None:
                super().__init__()
                self._seen: dict[Any, Any] = {}
                self._changed = False

            def feed(self, event: Any) -> Any:
                if type(event) is not dict or self.ending is not None:
                    return super().feed(event)
                ends = event.get("type") in TERMINALS
                reads = list(change(event, self._seen))
                self._changed = self._changed or not (ends or reads == [event])
                signals: list[Any] = []
                for read in reads:
                    signals += super().feed(_without_output(read) if ends and self._changed else read)
                return signals

        return _named(change, kind, system, lane, {ASSEMBLER: Planted})

    return register


def on_result(kind: str, system: str = "event consumer", lane: str = "runtime") -> Callable[[Any], Any]:
    """Registers ``change(result, events)``: the result in the place of one, knowing all events that it was made of."""

    def register(change: Callable[[Result, list[dict[str, Any]]], Result]) -> Any:
        class Planted(Assembler):
            def __init__(self) -> None:
                super().__init__()
                self._events: list[dict[str, Any]] = []

            def feed(self, event: Any) -> Any:
                if type(event) is dict:
                    self._events.append(event)
                return super().feed(event)

            def finish(self) -> Result:
                return change(super().finish(), self._events)

        return _named(change, kind, system, lane, {ASSEMBLER: Planted})

    return register


def _without_output(event: dict[str, Any]) -> dict[str, Any]:
    # The runtime would find there what the defect has lost; the readers that had it do not look.
    response = event.get("response")
    return {**event, "response": {**response, "output": []}} if isinstance(response, dict) else event


def _named(change: Any, kind: str, system: str, lane: str, replacements: Replacements) -> Any:
    def build() -> Replacements:
        return replacements

    build.__name__, build.__doc__, build.__module__ = change.__name__, change.__doc__, change.__module__
    defect(kind, system, lane)(build)
    return change
