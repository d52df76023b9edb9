"""What a consumer did with a case, in one normal form, whatever its language.

An outcome reports; it never repairs. A driver copies what the consumer gave its user and leaves out what it did
not give. ``None`` means "the consumer says nothing about this", which differs from an empty value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

OUTCOME_VERSION = 1

Ended = Literal["returned", "raised", "cancelled", "hung", "crashed"]
"""How the call ended for its caller. ``hung``: it had to be killed; ``crashed``: the process died or panicked."""

ItemKind = Literal["message", "function_call", "custom_tool_call", "reasoning", "other"]

TraceKind = Literal["text", "reasoning", "refusal", "arguments", "reset", "event"]
"""Callbacks: streamed deltas by kind; ``reset`` voids all deltas before it; ``event`` is any other callback."""


@dataclass(frozen=True, slots=True)
class Item:
    """One output item as the consumer assembled it."""

    kind: ItemKind
    type: str
    """The item's type on the wire, or the consumer's own word where it hides that."""
    id: str | None = None
    text: str | None = None
    """Message: its output text. Reasoning: its reasoning text."""
    refusal: str | None = None
    summary: str | None = None
    """Reasoning: its summary parts, joined without a separator."""
    encrypted: str | None = None
    phase: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    """Function call: the arguments exactly as given. Custom tool call: its input."""
    finished: bool | None = None
    """False when the consumer marks the item as unfinished; None when it has no such mark."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts. A value is None when the consumer does not give it, and kept verbatim when it is no integer."""

    input: Any = None
    output: Any = None
    total: Any = None
    cached: Any = None
    reasoning: Any = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One link of an error's cause chain, outermost first."""

    type: str
    """Qualified name, e.g. ``openai.APIError``."""
    bases: tuple[str, ...] = ()
    """Qualified names of its base classes, nearest first, without the language's root types."""
    message: str = ""
    """Its own text."""
    details: str = ""
    """Attributes a caller can reach: code, status, param, body ... as one JSON text."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error the caller got."""

    chain: tuple[Cause, ...]
    printable: bool = True
    """False when asking the error for its own text raised another error."""
    partial_text: str | None = None
    """Text the error carries as the part that had arrived."""

    @property
    def text(self) -> str:
        """Everything a caller could search for the provider's words."""
        return "\n".join(f"{cause.type}: {cause.message}\n{cause.details}" for cause in self.chain)


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback or yielded chunk, in order."""

    kind: TraceKind
    data: str = ""
    attempt: int | None = None
    """Which attempt it belongs to, where the driver knows."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one call of the consumer came to."""

    ended: Ended
    status: str | None = None
    """The status the consumer claims, in the wire's words; None when it claims none."""
    items: tuple[Item, ...] | None = None
    text: str | None = None
    """The answer's text as the consumer gives it to its user."""
    usage: Usage | None = None
    failure: Failure | None = None
    """The error raised, or the one attached to a returned result."""
    flags: tuple[str, ...] = ()
    """Marks a caller can test, in the consumer's words: truncated, recovered, interrupted ..."""
    trace: tuple[Callback, ...] = ()
    notes: str = ""
    """For people: exit code, last stderr lines of a crash, what the driver killed."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What outlived the call, counted around it; None where the driver cannot count."""

    threads: int | None = None
    tasks: int | None = None
    sockets: int | None = None
    files: int | None = None
    """File descriptors of any kind."""
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All turns of one case. Turns that were never called are absent."""

    consumer: str
    version: str
    turns: tuple[Turn, ...]
    leftovers: Leftovers = field(default_factory=Leftovers)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The JSON form of ``outcome.schema.json``; fields at their defaults are left out."""
    body = _dump(outcome)
    return {"outcome": OUTCOME_VERSION, **body}


def _dump(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {
            name: _dump(getattr(value, name))
            for name, spec in value.__dataclass_fields__.items()
            if getattr(value, name) != spec.default and getattr(value, name) is not None
        }
    if isinstance(value, tuple):
        return [_dump(entry) for entry in value]
    return value


def from_json(body: Mapping[str, Any]) -> Outcome:
    """The reverse of :func:`to_json`, for a body that the schema has accepted."""
    return Outcome(
        consumer=body["consumer"],
        version=body["version"],
        turns=tuple(_turn(entry) for entry in body["turns"]),
        leftovers=Leftovers(**body.get("leftovers", {})),
    )


def _turn(body: Mapping[str, Any]) -> Turn:
    plain = {key: body[key] for key in ("ended", "status", "text", "notes") if key in body}
    items: Sequence[Mapping[str, Any]] | None = body.get("items")
    return Turn(
        **plain,
        items=None if items is None else tuple(Item(**entry) for entry in items),
        usage=Usage(**body["usage"]) if body.get("usage") is not None else None,
        failure=_failure(body["failure"]) if body.get("failure") is not None else None,
        flags=tuple(body.get("flags", ())),
        trace=tuple(
            [callback(each["kind"], each.get("data", ""), each.get("attempt")) for each in body.get("trace", ())]
        ),
    )


# A stream that is replayed again and again calls back again and again with the same words.
callback = lru_cache(maxsize=4096)(Callback)


def _failure(body: Mapping[str, Any]) -> Failure:
    chain = tuple(Cause(**{**cause, "bases": tuple(cause.get("bases", ()))}) for cause in body["chain"])
    return Failure(chain, body.get("printable", True), body.get("partial_text"))
