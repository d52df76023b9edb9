"""Made-up secrets, one of each kind, and the places a provider's bytes can hold them in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from harness.wire import decode

KEY = "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8t"
SECRETS: Mapping[str, str] = {
    "api-key": KEY,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "github-token": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "google-key": "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "aws-key": "AKIAIOSFODNN7EXAMPLE",
    "slack-token": "xoxb-123456789012-abcdefGHIJKL",
    "account-id": "org-Ab3dEf6hIj9kLm2nOp5q",
    "e-mail": "jane.doe@corp-mail.com",
}
DELTA = "response.output_text.delta"


def frame(event: Mapping[str, object]) -> bytes:
    return f"event: {event.get('type', 'message')}\ndata: {json.dumps(event)}\n\n".encode()


def delta(text: str, index: int = 0) -> bytes:
    return frame({"type": DELTA, "item_id": "msg_1", "output_index": index, "content_index": 0, "delta": text})


def done(text: str) -> bytes:
    return frame({"type": "response.output_text.done", "output_index": 0, "text": text})


def chat(content: str) -> bytes:
    return frame({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": content}}]})


def arguments(text: str) -> bytes:
    return frame({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": text})


def halves(piece: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """The secret in the middle of a text, told in two frames."""
    return lambda secret: piece(f"say {secret[:6]}") + piece(f"{secret[6:]} now") + done("-")


def letters(secret: str) -> bytes:
    return b"".join(delta(letter) for letter in f"it is {secret}, keep it") + done("-")


def between_others(secret: str) -> bytes:
    """Told in pieces, with another item's text and a keepalive between them."""
    pieces = [secret[start : start + 5] for start in range(0, len(secret), 5)]
    return b"".join(delta(piece) + delta(" other ", 1) + b": keepalive\n\n" for piece in pieces) + delta(" end")


PLACES: Mapping[str, Callable[[str], bytes]] = {
    "in a delta": lambda secret: delta(f"take {secret} please"),
    "after a line feed": lambda secret: done(f"first line\n{secret}\n"),
    "after a tab": lambda secret: done(f"\t{secret}"),
    "in JSON in JSON": lambda secret: done(json.dumps({"command": f"export\n{secret}"})),
    "in JSON in JSON in JSON": lambda secret: done(json.dumps({"a": json.dumps({"b": f"x\n{secret}"})})),
    "with escapes": lambda secret: done("@@").replace(b"@@", "".join(f"\\u{ord(c):04x}" for c in secret).encode()),
    "in a comment": lambda secret: f": {secret}\n\n".encode(),
    "in an id line": lambda secret: f"id: {secret}\ndata: {{}}\n\n".encode(),
    "plain": lambda secret: f"data: {secret}\n\n".encode(),
    "in an unfinished frame": lambda secret: f'data: {{"delta":"{secret} and'.encode(),
    "in a key": lambda secret: frame({"type": "x", secret: 1}),
    "over two deltas": halves(delta),
    "over two chat chunks": halves(chat),
    "over two argument deltas": halves(arguments),
    "over two plain frames": lambda secret: f"data: {secret[:6]}\n\ndata: {secret[6:]}\n\n".encode(),
    "letter by letter": letters,
    "between others": between_others,
}


TAIL = b"Zq9TAILword77"
"""The end of a secret that no rule knows by its looks: only the name of its member tells."""

ESCAPED: Mapping[str, bytes] = {
    "slash": b"abcd\\/" + TAIL,
    "quote": b'abcd\\"' + TAIL,
    "backslash": b"abcd\\\\" + TAIL,
    "backslash and quote": b'abcd\\\\\\"' + TAIL,
    "unicode": b"abcd\\u0041" + TAIL,
    "unicode quote": b"abcd\\u0022" + TAIL,
    "pair": b"\\ud83d\\ude00" + TAIL,
    "at the start": b'\\"' + TAIL,
    "backslash at the end": TAIL + b"\\\\",
}
"""The insides of JSON strings."""


def _member(value: bytes) -> bytes:
    return b'{"a":"b","api_key":"%b","c":1}' % value


def _pieces(text: str, size: int) -> bytes:
    return b"".join(delta(text[start : start + size]) for start in range(0, len(text), size))


MEMBERS: Mapping[str, Callable[[bytes], bytes]] = {
    "in an event": lambda value: b"event: x\ndata: %b\n\n" % _member(value),
    "in a text": lambda value: done(_member(value).decode()),
    "in JSON in a text": lambda value: done(json.dumps({"a": _member(value).decode()})),
    "in JSON in JSON in a text": lambda value: done(json.dumps({"a": json.dumps({"b": _member(value).decode()})})),
    "in a delta": lambda value: delta(_member(value).decode()),
    "letter by letter": lambda value: _pieces(_member(value).decode(), 1),
    "JSON in JSON in pieces": lambda value: _pieces(json.dumps({"a": _member(value).decode()}), 3),
    "on two lines": lambda value: b'data: {"api_key":\ndata: "%b"}\n\n' % value,
    "in a list": lambda value: b'data: {"api_key":["a", "%b"]}\n\n' % value,
    "under an escaped name": lambda value: b'data: {"api\\u005fkey":"%b"}\n\n' % value,
    "under an escaped name in a text": lambda value: done((b'{"api\\u005fkey":"%b"}' % value).decode()),
    "under a header's name": lambda value: b'data: {"headers":{"X-Api-Token":"%b"}}\n\n' % value,
    "in a user": lambda value: b'data: {"user":{"name":"n","id":"%b"}}\n\n' % value,
}


def meaning(body: bytes) -> str:
    """Everything a reader could put together from the body: the text of each frame, and all deltas joined."""
    texts: list[str] = [body.decode("utf-8", "replace")]
    joined: dict[object, str] = {}
    frames, tail = decode(body)
    for entry in [*frames, *([tail] if tail else [])]:
        try:
            event = json.loads(entry.data or "")
        except ValueError:
            joined["plain"] = joined.get("plain", "") + (entry.data or "")
            continue
        texts.append(json.dumps(event))
        part = event.get("delta") or "".join(c["delta"]["content"] for c in event.get("choices", ()))
        joined[event.get("output_index")] = joined.get(event.get("output_index"), "") + part
        text = event.get("text", "")
        while isinstance(text, str) and text.startswith("{"):
            text = next(iter(json.loads(text).values()))
        texts.append(str(text))
    return "\n".join([*texts, *joined.values()])
