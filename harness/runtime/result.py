"""What a call of the runtime comes to: frozen values that say what is whole, what is not, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ItemKind = Literal["message", "function_call", "custom_tool_call", "reasoning", "other"]
PartKind = Literal["text", "refusal", "reasoning", "summary"]

NO_TERMINAL = "no_terminal"
"""The stream ended without a terminal event, after every item it had begun was finished."""
RECOVERED = "recovered"
"""Some content stood in the terminal's ``output`` alone and was adopted from there."""
DAMAGED = "damaged"
"""A frame could not be decoded: what it held is lost, and nobody can say what that was."""
INVALID_ARGUMENTS = "invalid_arguments"
"""A finished function call's arguments are not JSON; they are kept verbatim."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message's content, or of a reasoning item's content or summary."""

    kind: PartKind
    text: str
    annotations: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One output item."""

    kind: ItemKind
    type: str
    """The type on the wire; for items that no item event named, the kind its events imply."""
    id: str | None = None
    index: int | None = None
    """``output_index``, where the stream gave a usable one."""
    parts: tuple[Part, ...] = ()
    phase: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    """Function call: its arguments, verbatim. Custom tool call: its input. None for other kinds."""
    invalid_arguments: bool = False
    """A function call whose arguments are not JSON."""
    encrypted_content: str | None = None
    finished: bool = False
    """Whether the item is known to be whole; a call that is not must not be made."""
    payload: Any = None
    """The item as an item event gave it last, as plain JSON; None when only its parts were seen."""

    @property
    def text(self) -> str:
        """Message: its output text. Reasoning: its reasoning text. Parts are joined without a separator."""
        return self._joined("reasoning") + self._joined("text") if self.kind == "reasoning" else self._joined("text")

    @property
    def refusal(self) -> str:
        return self._joined("refusal")

    @property
    def summary(self) -> str:
        """Reasoning: its summary parts, joined without a separator."""
        return self._joined("summary")

    @property
    def annotations(self) -> tuple[Any, ...]:
        return tuple(annotation for part in self.parts for annotation in part.annotations)

    def _joined(self, kind: PartKind) -> str:
        return "".join(part.text for part in self.parts if part.kind == kind)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts under one set of names; a value that is no count is kept as it came, an absent one is None."""

    input: Any = None
    output: Any = None
    total: Any = None
    cached: Any = None
    reasoning: Any = None


@dataclass(frozen=True, slots=True)
class Result:
    """One response, assembled from its events; also what an error carries as the part that had arrived."""

    status: str
    """``completed`` or ``incomplete``; in an error's partial, as far as it got (``in_progress``, ``failed`` ...)."""
    items: tuple[Item, ...] = ()
    """In the order of ``output_index``; where that says nothing, in the order of arrival."""
    usage: Usage | None = None
    id: str | None = None
    model: str | None = None
    error: Any = None
    """The response's ``error`` as stated, as plain JSON."""
    incomplete_details: Any = None
    """As stated, as plain JSON: ``{"reason": ...}``."""
    flags: frozenset[str] = frozenset()
    """Of NO_TERMINAL, RECOVERED, DAMAGED, INVALID_ARGUMENTS."""
    requests: int = 0
    """HTTP requests this result cost; 0 where nobody made one."""
    response: Any = field(default=None, compare=False, repr=False)
    """The terminal event's ``response`` (or the concrete response object), untouched."""

    @property
    def text(self) -> str:
        """The answer: the messages of phase ``final_answer`` where there are any, else all messages."""
        messages = [item for item in self.items if item.kind == "message"]
        final = [item for item in messages if item.phase == "final_answer"]
        return "".join(item.text for item in final or messages)

    @property
    def all_text(self) -> str:
        """The text of all messages, commentary included: what the text callback was told."""
        return "".join(item.text for item in self.items if item.kind == "message")

    @property
    def refusal(self) -> str:
        return "".join(item.refusal for item in self.items if item.kind == "message")

    @property
    def tool_calls(self) -> tuple[Item, ...]:
        """The calls that may be made: function and custom tool calls that are known to be whole."""
        kinds = {"function_call", "custom_tool_call"}
        return tuple(item for item in self.items if item.kind in kinds and item.finished)
