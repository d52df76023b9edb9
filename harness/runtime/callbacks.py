"""What a caller may hook into, and the one rule for hooks that fail.

A hook observes; it is not part of the reading. Its errors are logged, except TimeoutError and InterruptedError,
which are how a hook ends the call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ParamSpec

from harness.runtime.assembler import Delta, Reset, Signal

log = logging.getLogger("harness.runtime")
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Callbacks:
    """All optional."""

    on_event: Callable[[Any], object] | None = None
    """Every event, before anything else is done with it."""
    on_text_delta: Callable[[str], object] | None = None
    """Output text, commentary included; silent from the first tool call on."""
    on_reasoning_delta: Callable[[str], object] | None = None
    """Reasoning text and summaries."""
    on_first_delta: Callable[[], object] | None = None
    """Once a call, just before the first text or reasoning delta."""
    on_reset: Callable[[str], object] | None = None
    """All deltas so far are void, for the reason given; what stands is told again, from the start."""
    interrupted: Callable[[], bool] | None = None
    """Asked after every event, and before and after the wait for a retry; True ends the call with StreamInterrupted."""


def call(hook: Callable[_P, object] | None, *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Run a hook, if there is one, by the rule above."""
    if hook is None:
        return
    try:
        hook(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - the rule decides
        tolerate(error)


def tolerate(error: Exception) -> None:
    """The rule for the error of a hook, to be asked where it is caught."""
    if isinstance(error, TimeoutError | InterruptedError):
        raise error
    log.error("a callback of the caller failed; the stream goes on", exc_info=error)


class Teller:
    """Passes signals on; remembers what must hold over several attempts of one call."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._hooks = {
            "text": callbacks.on_text_delta,
            "reasoning": callbacks.on_reasoning_delta,
            "summary": callbacks.on_reasoning_delta,
        }
        self._on_first_delta = callbacks.on_first_delta
        self._on_reset = callbacks.on_reset
        self._first = True
        self._standing = False

    def tell(self, signals: Iterable[Signal]) -> None:
        for signal in signals:
            if type(signal) is Delta:
                kind, text = signal
                if self._first:
                    self._first = False
                    call(self._on_first_delta)
                self._standing = True
                hook = self._hooks[kind]
                if hook is not None:
                    # As ``call`` does, without a call more for every word that arrives.
                    try:
                        hook(text)
                    except Exception as error:  # noqa: BLE001 - the rule decides
                        tolerate(error)
            elif type(signal) is Reset:
                self.void(signal.reason)

    def void(self, reason: str) -> None:
        """Take back the deltas told so far, if there are any."""
        if self._standing:
            self._standing = False
            call(self._on_reset, reason)
