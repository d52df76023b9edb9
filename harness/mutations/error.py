"""Error: the provider says no, in one of the many shapes in which providers do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from harness.delivery import End, Framing, Head
from harness.mutations.lines import to_text
from harness.mutations.operator import AT, PLACE, Layer, Operator, Place, insertion_points, register, selected
from harness.mutations.order import inserted
from harness.mutations.selector import Selector
from harness.mutations.take import Take

Shape = Literal["flat", "nested", "string", "typeless", "event-line", "alias", "failed"]

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
}


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
    parameters: ClassVar[dict[str, Any]] = {
        "at": AT,
        "shape": {"enum": list(_SHAPES)},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "place": PLACE,
    }

    def apply(self, take: Take) -> Take:
        points = insertion_points(selected(take, self.at), self.place)
        return inserted(take, points, [_SHAPES[self.shape](self.code, self.message)])


@register
@dataclass(frozen=True, slots=True)
class Answer(Operator):
    """Answer the request with this status, these headers and this body instead of the recording."""

    status: int
    body: Any = ""
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    name: ClassVar[str] = "answer"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "A 403 for want of an entitlement carried no status by the time it was classified, and was retried as unknown."
    )
    parameters: ClassVar[dict[str, Any]] = {
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "body": {},
        "content_type": {"type": ["string", "null"]},
        "headers": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
        },
    }

    def apply(self, take: Take) -> Take:
        text = self.body if isinstance(self.body, str) else to_text(self.body)
        typed = (("content-type", self.content_type),) if self.content_type is not None else ()
        headers = (*typed, *((name, value) for name, value in self.headers))
        fresh = Take((), text.encode(), Head(self.status, headers, Framing.LENGTH), End(), rest_breaks=(0,))
        return replace(fresh, before_head_ms=take.before_head_ms)
