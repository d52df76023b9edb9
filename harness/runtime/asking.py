"""Several calls of the runtime that are one to the caller, because a call's error says how to ask again.

What holds over the attempts of one call holds over these, too: deltas that do not stand are taken back before others
are told, nobody asks again for a caller who has had enough, and every request is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.runtime.assembler import Delta
from harness.runtime.callbacks import Callbacks, Teller
from harness.runtime.errors import RuntimeStreamError, StreamInterrupted
from harness.runtime.result import Result


class Asking:
    """One question, and all the calls it takes."""

    def __init__(self, callbacks: Callbacks | None) -> None:
        told = callbacks or Callbacks()
        self._teller = teller = Teller(told)
        self._interrupted = told.interrupted
        self._requests = 0
        self._callbacks = replace(
            told,
            on_text_delta=lambda words: teller.tell([Delta("text", words)]),
            on_reasoning_delta=lambda words: teller.tell([Delta("reasoning", words)]),
            on_first_delta=None,
            on_reset=teller.void,
        )

    def call(self, ask: Callable[[Callbacks], Result]) -> Result:
        """Make a call with the callbacks given to it; its result, or its error, has the requests of all so far."""
        try:
            result = ask(self._callbacks)
        except RuntimeStreamError as error:
            self._requests += error.requests
            error.requests = self._requests
            raise
        return replace(result, requests=result.requests + self._requests)

    def again(self, error: RuntimeStreamError) -> None:
        """To be called before the next call: ``error`` ended the last one, and voids what was told.

        Raises StreamInterrupted when the caller wants no more.
        """
        if self._interrupted is not None and self._interrupted():
            stopped = StreamInterrupted("the caller interrupted the stream", partial=error.partial)
            stopped.requests = self._requests
            raise stopped from error
        self._teller.void(str(error))
