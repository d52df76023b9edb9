"""Answer: what comes instead of a stream. Nothing of the recording is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.delivery import End, Framing, Head
from harness.mutations.lines import to_text
from harness.mutations.operator import Layer, Operator, Unmatched, register
from harness.mutations.space import Product
from harness.mutations.take import Take

JSON, HTML, SSE, TEXT = "application/json", "text/html; charset=utf-8", "text/event-stream", "text/plain"


def answered(take: Take, status: int, body: Any, content_type: str | None, headers: Sequence[Sequence[str]]) -> Take:
    """A take that says only this, framed by its length."""
    text = body if isinstance(body, str) else to_text(body)
    typed = (("content-type", content_type),) if content_type is not None else ()
    fields = (*typed, *((name, value) for name, value in headers))
    fresh = Take((), text.encode(), Head(status, fields, Framing.LENGTH), End(), rest_breaks=(0,))
    return replace(fresh, before_head_ms=take.before_head_ms)


@register
@dataclass(frozen=True, slots=True)
class Answer(Operator):
    """Answer the request with this status, these headers and this body instead of the recording."""

    status: int
    body: Any = ""
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()

    name: ClassVar[str] = "answer"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "A 403 for want of an entitlement carried no status by the time it was classified, and was retried as unknown."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "status": {"type": "integer", "minimum": 200, "maximum": 599},
        "body": {},
        "content_type": {"type": ["string", "null"]},
        "headers": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
        },
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, [500, 429, 503, 401, 418, 204], ["", {"error": {}}, {}, []], [JSON, None])

    def apply(self, take: Take) -> Take:
        return answered(take, self.status, self.body, self.content_type, self.headers)


Told = tuple[int, Any, str, tuple[tuple[str, str], ...]]


def _nested(status: int, type_: str, code: str | None, message: str, **more: Any) -> Told:
    return status, {"error": {"type": type_, "code": code, "message": message, **more}}, JSON, ()


_ERRORS: Mapping[str, Told] = {
    "server-error": _nested(500, "server_error", None, "The server had an error while processing your request."),
    "overloaded": _nested(503, "server_error", "server_is_overloaded", "Our servers are overloaded."),
    "rate-limit": (
        429,
        {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Try again in 1.2s."}},
        JSON,
        (("retry-after", "1"),),
    ),
    "usage-limit": _nested(
        429, "usage_limit_reached", None, "The usage limit has been reached", plan_type="plus", resets_at=1795354674
    ),
    "bad-request": _nested(400, "invalid_request_error", "context_length_exceeded", "Your input is too long."),
    "encrypted-content": _nested(
        400, "invalid_request_error", "invalid_encrypted_content", "The encrypted content could not be verified."
    ),
    "unauthorized": _nested(401, "invalid_request_error", "token_expired", "Your authentication token has expired."),
    "entitlement": (
        403,
        {
            "code": "The caller does not have permission to execute the specified operation",
            "error": "You have no active subscription for this model.",
        },
        JSON,
        (),
    ),
    "detail": (400, {"detail": "Unsupported parameter: max_output_tokens"}, JSON, ()),
    "not-found": (404, "404 page not found", TEXT, ()),
    "gateway-page": (502, "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>", HTML, ()),
    "error-as-stream": (500, 'event: error\ndata: {"error":{"message":"upstream failed"}}\n\n', SSE, ()),
}


@register
@dataclass(frozen=True, slots=True)
class HttpError(Operator):
    """Answer with an HTTP error as a provider or a gateway words it."""

    kind: str

    name: ClassVar[str] = "http-error"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "The body of a 429 was hidden behind ResponseNotRead; a 403 was retried as an unknown error."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"kind": {"enum": list(_ERRORS)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, list(_ERRORS))

    def apply(self, take: Take) -> Take:
        return answered(take, *_ERRORS[self.kind])


_BODIES: Mapping[str, Told] = {
    "nothing": (200, "", SSE, ()),
    "nothing-json": (200, "", JSON, ()),
    "no-content": (204, "", SSE, ()),
    "page": (200, "<!doctype html><html><head><title>Sign in</title></head><body></body></html>", HTML, ()),
    "json-error": (200, {"error": {"code": "server_error", "message": "The upstream failed."}}, JSON, ()),
    "code-and-word": (200, {"code": "upstream_error", "error": "The upstream failed."}, JSON, ()),
    "error-in-stream-type": (200, {"error": {"code": "server_error", "message": "The upstream failed."}}, SSE, ()),
    "json-null": (200, "null", JSON, ()),
    "comments-only": (200, ": processing\n\n: processing\n\n", SSE, ()),
    "done-only": (200, "data: [DONE]\n\n", SSE, ()),
}


@register
@dataclass(frozen=True, slots=True)
class NoStream(Operator):
    """Answer with success and a body that is no stream of events: nothing, a page, an error, comments alone."""

    kind: str

    name: ClassVar[str] = "no-stream"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "A 200 with a proxy's page, or with an error as JSON, gave no event and no error: an empty answer."
    )
    parameters: ClassVar[Mapping[str, Any]] = {"kind": {"enum": list(_BODIES)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Product(cls, list(_BODIES))

    def apply(self, take: Take) -> Take:
        return answered(take, *_BODIES[self.kind])


@register
@dataclass(frozen=True, slots=True)
class WholeResponse(Operator):
    """Answer with the terminal's response object as one JSON body, as if no stream had been asked for."""

    name: ClassVar[str] = "whole-response"
    layer: ClassVar[Layer] = "error"
    incident: ClassVar[str] = (
        "A call for a stream can give back one concrete response: an agent had to learn to let that pass."
    )
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [cls()] if _response(take) is not None else []

    def apply(self, take: Take) -> Take:
        response = _response(take)
        if response is None:
            raise Unmatched("no terminal carries a response object")
        return answered(take, 200, response, JSON, ())


def _response(take: Take) -> dict[str, Any] | None:
    for position in take.index.named("response.*"):
        piece = take.pieces[position]
        response = (piece.payload or {}).get("response")
        if piece.ends and isinstance(response, dict):
            return response
    return None
