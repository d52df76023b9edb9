"""HTTP: how the body is framed and coded, and what the head says of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from harness.delivery import Action, Framing, Head, Send
from harness.mutations.operator import Layer, Operator, Unmatched, changes, register
from harness.mutations.space import Product, Shared
from harness.mutations.take import Take

CONTENT_TYPE, CONTENT_ENCODING = "content-type", "content-encoding"


def _head(take: Take) -> Head:
    if take.head is None:
        raise Unmatched("the request gets no answer that could have a head")
    return take.head


def _with_header(head: Head, header: str, value: str | None) -> Head:
    kept = [(name, old) for name, old in head.headers if name.lower() != header.lower()]
    return replace(head, headers=(*kept, *([] if value is None else [(header, value)])))


def _changing(make: Callable[..., Operator], take: Take, *axes: Sequence[Any]) -> Sequence[Operator]:
    """The operators of all combinations after which something else is served."""
    return [each for each in Product(make, *axes) if changes(each, take)]


@register
@dataclass(frozen=True, slots=True)
class Frames(Operator):
    """Frame the body another way; with content-length, ``off_by`` states a length that is wrong by so many bytes."""

    to: Literal["chunked", "content-length", "close"]
    off_by: int = 0

    name: ClassVar[str] = "framing"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "A close-delimited body hides truncation from the HTTP library below the reader."
    parameters: ClassVar[Mapping[str, Any]] = {
        "to": {"enum": [framing.value for framing in Framing]},
        "off_by": {"type": "integer"},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return Shared(
            [
                _changing(cls, take, [framing.value for framing in Framing]),
                _changing(cls, take, ["content-length"], [-1, 1, -100, 100, -5000, 5000]),
            ]
        )

    def apply(self, take: Take) -> Take:
        head = replace(_head(take), framing=Framing(self.to), declared_length=None)
        return replace(take, head=head, length_error=self.off_by or None)


_HEADERS: Sequence[tuple[str, str | None]] = (
    ("x-request-id", "xxxxxxxx"),
    ("x-request-id", None),
    ("retry-after", "30"),
    ("openai-model", "another-model"),
    ("x-codex-primary-used-percent", "not a number"),
    ("cache-control", None),
    ("x-odd", "v\u00e4lue"),
    ("x-long", "x" * 8000),
)


@register
@dataclass(frozen=True, slots=True)
class SetHeader(Operator):
    """Send a response header with this value, or (null) leave it out."""

    header: str
    value: str | None

    name: ClassVar[str] = "header"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = (
        "Clients act on vendor headers: request ids, models, used percents; proxies drop some and invent others."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "header": {"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
        "value": {"type": ["string", "null"]},
    }

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _changing(lambda pair: cls(*pair), take, _HEADERS)

    def apply(self, take: Take) -> Take:
        return replace(take, head=_with_header(_head(take), self.header, self.value))


_TYPES: Mapping[str, str | None] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "plain": "text/plain",
    "none": None,
    "upper-case": "TEXT/EVENT-STREAM; CHARSET=UTF-8",
    "latin-1": "text/event-stream; charset=iso-8859-1",
    "binary": "application/octet-stream",
}


@register
@dataclass(frozen=True, slots=True)
class ContentType(Operator):
    """Send the same stream with another content type, or with none."""

    to: str

    name: ClassVar[str] = "content-type"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "Proxies label a stream text/html or application/json, or not at all."
    parameters: ClassVar[Mapping[str, Any]] = {"to": {"enum": list(_TYPES)}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _changing(cls, take, list(_TYPES))

    def apply(self, take: Take) -> Take:
        return replace(take, head=_with_header(_head(take), CONTENT_TYPE, _TYPES[self.to]))


@register
@dataclass(frozen=True, slots=True)
class CloseAfter(Operator):
    """Say ``Connection: close`` in the head, and close once everything was sent."""

    name: ClassVar[str] = "connection-close"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = (
        "Responses that were never closed exhausted a connection pool; this one leaves nothing to keep."
    )
    parameters: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return _changing(cls, take)

    def apply(self, take: Take) -> Take:
        return replace(take, head=_with_header(_head(take), "connection", "close"))


@register
@dataclass(frozen=True, slots=True)
class Gzip(Operator):
    """Send the body gzipped, flushed after every chunk; ``lost`` bytes of its end are missing, as if all were well."""

    lost: int = 0

    name: ClassVar[str] = "gzip"
    layer: ClassVar[Layer] = "connection"
    incident: ClassVar[str] = "The truncated gzip body of a proxy was accepted in silence, as a finished answer."
    parameters: ClassVar[Mapping[str, Any]] = {"lost": {"type": "integer", "minimum": 0}}

    @classmethod
    def space(cls, take: Take) -> Sequence[Operator]:
        return [] if not take.body or _is_coded(take) else Product(cls, [0, 1, 8, 9, 20, 100, 400, 1000])

    def apply(self, take: Take) -> Take:
        if _is_coded(take):
            raise Unmatched("the body is in a content coding already")
        if not take.body:
            raise Unmatched("there is no body to encode")
        return replace(take, head=_with_header(_head(take), CONTENT_ENCODING, "gzip"), coding=self)

    def coded(self, actions: Sequence[Action], *, whole: bool) -> list[Action]:
        """The same writes and silences with the bytes gzipped, the last ones left out."""
        encoder = zlib.compressobj(wbits=_GZIP)
        fresh: list[Action] = [_encoded(action, encoder) for action in actions]
        if whole:
            fresh.append(Send(encoder.flush()))
        return _shortened(fresh, self.lost)


_GZIP = 16 + zlib.MAX_WBITS


def _is_coded(take: Take) -> bool:
    return take.coding is not None or any(name.lower() == CONTENT_ENCODING for name, _ in _head(take).headers)


def _encoded(action: Action, encoder: Any) -> Action:
    if not isinstance(action, Send):
        return action
    return Send(encoder.compress(action.data) + encoder.flush(zlib.Z_SYNC_FLUSH))


def _shortened(actions: Sequence[Action], lost: int) -> list[Action]:
    """Without the last bytes, and so without the chunks that would be empty; silences stay."""
    kept: list[Action] = []
    for action in reversed(actions):
        if isinstance(action, Send) and lost:
            left, lost = action.data[: max(0, len(action.data) - lost)], max(0, lost - len(action.data))
            action = Send(left)
        if not isinstance(action, Send) or action.data:
            kept.append(action)
    return kept[::-1]
