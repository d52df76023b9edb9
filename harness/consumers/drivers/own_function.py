"""A user's own function as a consumer: started with ``package.module:function`` and the folder it is found in.

The function is called once a turn with a :class:`Call`. Mapping of what it returns to the outcome:
- a text is the answer's text, and claims nothing else.
- a mapping has ``text``, ``items``, ``status`` and ``usage``, each if the program has it; items and usage as the
  Responses API has them, mappings or objects.
- any other object, or a mapping with ``output``, is a response: its ``output_text``, ``output``, ``status``, ``usage``.
- what it raises is what its user gets. What it passes to ``on_text`` is the trace.
- cancel: ``on_text`` says whether to go on; a function that returns after it said no was cancelled.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

if __package__:
    from harness.consumers.drivers import _driver, _machine
else:
    import _driver  # type: ignore[import-not-found, no-redef]
    import _machine  # type: ignore[import-not-found, no-redef]


@dataclass(frozen=True)
class Call:
    """What the function is asked: one turn of a conversation."""

    base_url: str
    """Of a server on 127.0.0.1; clients add ``/responses``. Any API key will do."""
    input: list[dict[str, Any]]
    """The whole conversation, as Responses input items."""
    tools: list[dict[str, Any]]
    timeouts: dict[str, float]
    """Deadlines to keep, in ms: ``first_byte_ms``, ``idle_ms``, ``total_ms``."""
    on_text: Callable[[str], bool]
    """To be called with every text delta; False means that the user cancels."""


def turn_of(ask: Callable[[Call], Any], case: dict[str, Any], said: list[dict[str, Any]], trace: Any) -> dict[str, Any]:
    """One call of the function as one turn of the outcome."""

    def on_text(delta: str) -> bool:
        trace.add("text", delta)
        return not trace.cancelled

    call = Call(case["base_url"], said, list(case.get("tools", ())), dict(case.get("timeouts", {})), on_text)
    returned, failure = _driver.attempt(lambda: ask(call))
    if trace.cancelled:
        return {"ended": "cancelled", "trace": trace.entries}
    if failure is not None:
        return {"ended": "raised", "failure": failure, "trace": trace.entries}
    return {"ended": "returned", **answer_of(returned), "trace": trace.entries}


def answer_of(returned: Any) -> dict[str, Any]:
    """What the function returned, in the outcome's form; what it does not say is left out."""
    if isinstance(returned, str):
        return {"text": returned}
    own = isinstance(returned, dict) and "output" not in returned
    text, items = ("text", "items") if own else ("output_text", "output")
    told = {
        "text": _driver.text_of(_driver.get(returned, text)),
        "items": _driver.items_of(_driver.get(returned, items)),
        "status": _driver.text_of(_driver.get(returned, "status")),
        "usage": _driver.usage_of(_driver.get(returned, "usage")),
        **_driver.attached(returned),
    }
    return {key: value for key, value in told.items() if value is not None}


def run_case(
    ask: Callable[[Call], Any], case: dict[str, Any], tell_turn: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All turns of a case, and what they left behind."""
    leftovers = _machine.Leftovers()

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        return turn_of(ask, case, said, _driver.Trace(case.get("cancel_after") if number == 0 else None))

    return _driver.converse(case, call, tell_turn), leftovers.count()


def main(target: str, folder: str) -> None:
    sys.path.insert(0, folder)
    module, _, path = target.partition(":")
    try:
        ask: Any = reduce(getattr, path.split("."), importlib.import_module(module))
    except Exception as error:  # noqa: BLE001 (whatever a user's module does when it is imported)
        sys.exit(f"{target} cannot be imported: {type(error).__name__}: {error}")
    _driver.serve(target, "local", "function", lambda case, tell_turn: run_case(ask, case, tell_turn))


if __name__ == "__main__":
    _machine.only_loopback()
    main(*sys.argv[1:])
