"""An error that reaches the caller is one the caller was told to expect."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from harness.contract import Capabilities, Cause
from harness.judge.fingerprint import normal
from harness.judge.rule import Breach, Scene, invariant
from harness.judge.verdict import Mark

INTERNAL = frozenset(
    {
        "TypeError", "AttributeError", "KeyError", "IndexError", "AssertionError", "UnboundLocalError", "NameError",
        "RecursionError", "ZeroDivisionError", "NotImplementedError", "StopIteration", "ReferenceError", "RangeError",
    }
)  # fmt: skip
"""Errors that speak of a bug in the program, not of the stream."""


@invariant(
    "typed-errors",
    rule="A stream that cannot be used ends in a declared error type whose text can be printed, never in a crash.",
    why="Retry and reporting code catches the declared types; anything else takes the whole program down.",
    incident="One null in response.completed.response.output: TypeError 'NoneType' object is not iterable, every turn.",
)
def check(scene: Scene) -> Iterator[Breach]:
    turn = scene.turn
    if turn.ended == "crashed":
        yield Breach(f"the process died: {turn.notes[:300]}", f"crashed: {normal(turn.notes[-200:])}")
    if turn.ended != "raised":
        return
    if turn.failure is None or not turn.failure.chain:
        yield Breach("an error was raised that nobody can describe", "no description")
        return
    outer = turn.failure.chain[0]
    shown = f"{outer.type}: {outer.message[:300]}"
    if not turn.failure.printable:
        yield Breach("the error's own text cannot be produced", f"{outer.type} cannot be printed", assembled=outer.type)
    if not is_declared(outer, scene.capabilities):
        yield Breach(
            f"{outer.type} is none of the declared error types",
            f"{outer.type}: {normal(_own_words(outer, scene))}",
            evidenced=f"{scene.obligation.why}; declared are {', '.join(scene.capabilities.declared_errors) or 'none'}",
            assembled=shown,
        )
        return
    inner = next((cause for cause in turn.failure.chain[1:] if cause.type.rpartition(".")[2] in INTERNAL), None)
    if inner is not None:
        yield Breach(
            f"a declared type wraps an internal error ({inner.type})",
            f"{outer.type} around {inner.type}: {normal(inner.message)}",
            assembled=shown,
            mark=Mark.LENIENT,
        )


def _own_words(cause: Cause, scene: Scene) -> str:
    """An error's message without what it quotes of the provider's: that is the stream's doing, not the bug's."""
    error = scene.obligation.error
    told = [words for words in (error.message, error.code) if words] if error is not None else []
    return functools.reduce(lambda text, words: text.replace(words, "_"), told, cause.message)


def is_declared(cause: Cause, capabilities: Capabilities) -> bool:
    """Whether the type, or a type it derives from, is one that users are told to catch."""
    declared = {*capabilities.declared_errors, *capabilities.wire_errors}
    return bool(declared & {cause.type, *cause.bases})
