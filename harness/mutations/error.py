"""Error: the provider says no, in one of the many shapes in which providers do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from harness.mutations.aftermath import first_end
from harness.mutations.fit import dispatches, singles
from harness.mutations.operator import AT, PLACE, Layer, Operator, Place, applies, insertion_points, register, selected
from harness.mutations.order import inserted
from harness.mutations.piece import new_piece
from harness.mutations.selector import TERMINAL, Selector
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

Shape = Literal[
    "flat", "nested", "string", "typeless", "event-line", "alias", "failed",
    "failed-without-response", "failed-without-error", "code-and-word", "plain-words",
]  # fmt: skip

_SHAPES: dict[Shape, Callable[[str, str], dict[str, Any]]] = {
    # As the OpenAI specification has it.
    "flat": lambda code, message: {"payload": {"type": "error", "code": code, "message": message, "param": None}},
    # Open Responses' ErrorStreamingEvent.
    "nested": lambda code, message: {
        "payload": {"type": "error", "error": {"type": code, "code": code, "message": message, "param": None}}
    },
    "string": lambda code, message: {"payload": {"type": "error", "error": f"{code}: {message}"}},
    # vLLM, SGLang and OpenRouter, with 200 OK.
    "typeless": lambda code, message: {"payload": {"error": {"code": code, "message": message}}, "event": ""},
    "event-line": lambda code, message: {"payload": {"code": code, "message": message}, "event": "error"},
    "alias": lambda code, message: {"payload": {"type": "response.error", "error": {"code": code, "message": message}}},
    "failed": lambda code, message: {
        "payload": {
            "type": "response.failed",
            "response": {
                "id": "resp_failed",
                "object": "response",
                "status": "failed",
                "error": {"code": code, "message": message},
                "output": [],
                "usage": None,
            },
        }
    },
    # The failure is told, its cause is not.
    "failed-without-response": lambda code, message: {"payload": {"type": "response.failed", "response": None}},
    "failed-without-error": lambda code, message: {
        "payload": {"type": "response.failed", "response": {"id": "resp_failed", "status": "failed", "error": None}}
    },
    # An xAI-like word beside a code.
    "code-and-word": lambda code, message: {"payload": {"code": code, "error": message}, "event": ""},
    "plain-words": lambda code, message: {"data": f"{code}: {message}", "event": "error"},
}

_WORDS: Sequence[tuple[str, str]] = (
    ("server_error", "The server had an error while processing your request."),
    ("rate_limit_exceeded", "Rate limit reached. Please try again in 11.054s."),
    ("context_length_exceeded", "Your input exceeds the context window of this model."),
    ("insufficient_quota", "You exceeded your current quota."),
    ("server_is_overloaded", "Überlastet \U0001f525 – try again."),
)


@register
@dataclass(frozen=True, slots=True)
class ErrorFrame(Operator):
    """Send an error frame of a given shape before or after each selected event; the rest of the stream follows it."""

    at: Selector
    shape: Shape
    code: str = "server_error"
    message: str = "The server had an error while processing your request."
    place: Place = "after"

    name: ClassVar[str] = "error-frame"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "An error frame before response.created surfaced as 'expected response.created', the provider's words lost."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "at": AT,
        "shape": {"enum": list(_SHAPES)},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "place": PLACE,
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        """First, just before the terminal, and anywhere; with codes that clients are known to act on."""

        def told(shape: Shape, at: Selector, place: Place, words: tuple[str, str]) -> Operator:
            return cls(at, shape, *words, place)

        lone = list(singles(take, dispatches))
        edges = [at for at in (Selector(nth=0), Selector(TERMINAL, nth=0)) if at.positions(take)]
        return Shared(
            [
                Product(told, list(_SHAPES), edges, ["before"], _WORDS),
                Product(told, list(_SHAPES), lone, ["after"], _WORDS),
            ]
        )

    def apply(self, take: Take) -> Take:
        points = insertion_points(selected(take, self.at), self.place)
        return inserted(take, points, [_SHAPES[self.shape](self.code, self.message)])


_ENDS: Mapping[str, Mapping[str, Any]] = {
    "failed": {"error": {"code": "server_error", "message": "The model failed to generate a response."}},
    "incomplete": {"incomplete_details": {"reason": "max_output_tokens"}},
    "cancelled": {},
}


@register
@dataclass(frozen=True, slots=True)
class EndAs(Operator):
    """Let the response end as failed, incomplete or cancelled: the terminal's name and status both say so."""

    end: str
    reason: str | None = None
    """Of an incomplete end; None: max_output_tokens."""

    name: ClassVar[str] = "end-as"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "response.failed and response.incomplete were taken for usable answers; status, reason and usage were lost."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "end": {"enum": list(_ENDS)},
        "reason": {"type": ["string", "null"]},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        reasons = ["content_filter", "steered", "interrupted", None]
        ends = [cls("failed"), cls("incomplete"), cls("cancelled"), *Product(cls, ["incomplete"], reasons[:-1])]
        return [end for end in ends if applies(end, take)]

    def apply(self, take: Take) -> Take:
        at = first_end(take)
        end = take.pieces[at]
        response = (end.payload or {}).get("response")
        known = response if isinstance(response, dict) else {"id": "resp_ended", "output": []}
        told = {**known, "status": self.end, **_ENDS[self.end]}
        if self.reason is not None:
            told["incomplete_details"] = {"reason": self.reason}
        payload = {**(end.payload or {}), "type": f"response.{self.end}", "response": told}
        return take.with_piece(at, new_piece({"payload": payload}, end))
