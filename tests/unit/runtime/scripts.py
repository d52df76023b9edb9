"""Short ways to write the events of a Responses stream, and to serve them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx

from harness.runtime import Callbacks, Client, Result, consume
from harness.wire import encode

Event = dict[str, Any]


def created(**response: Any) -> Event:
    return {"type": "response.created", "response": {"id": "resp_1", "model": "m", "status": "in_progress", **response}}


def completed(**response: Any) -> Event:
    return ended("completed", **response)


def ended(kind: str, **response: Any) -> Event:
    return {"type": f"response.{kind}", "response": {"id": "resp_1", "model": "m", "status": kind, **response}}


def added(index: int | None, id: str | None, type: str = "message", **fields: Any) -> Event:
    return _placed("response.output_item.added", index, item=_item(id, type, fields))


def done(index: int | None, id: str | None, type: str = "message", **fields: Any) -> Event:
    return _placed("response.output_item.done", index, item=_item(id, type, fields))


def text_item(index: int | None, id: str | None, *parts: str, **fields: Any) -> Event:
    content = [{"type": "output_text", "text": part, "annotations": []} for part in parts]
    return done(index, id, content=content, **fields)


def delta(index: int | None, id: str | None, text: Any, kind: str = "output_text", **fields: Any) -> Event:
    return _placed(f"response.{kind}.delta", index, id, delta=text, **fields)


def text_done(index: int | None, id: str | None, text: Any, kind: str = "output_text", **fields: Any) -> Event:
    return _placed(f"response.{kind}.done", index, id, text=text, **fields)


def arguments(index: int | None, id: str | None, text: Any) -> Event:
    return delta(index, id, text, "function_call_arguments")


def arguments_done(index: int | None, id: str | None, text: Any) -> Event:
    return _placed("response.function_call_arguments.done", index, id, arguments=text)


def call_item(index: int | None, id: str | None, arguments: Any, name: str = "look", call_id: str = "") -> Event:
    return done(index, id, "function_call", arguments=arguments, name=name, call_id=call_id or f"call_{id}")


def _placed(type: str, index: int | None, id: str | None = None, **fields: Any) -> Event:
    places = {"output_index": index, "item_id": id}
    return {"type": type, **{name: value for name, value in places.items() if value is not None}, **fields}


def _item(id: str | None, type: str, fields: dict[str, Any]) -> Event:
    return {**({} if id is None else {"id": id}), "type": type, **fields}


def message(index: int, id: str, *pieces: str, **fields: Any) -> list[Event]:
    """A whole message of one part, as the public API sends it."""
    part = {"type": "output_text", "text": "".join(pieces), "annotations": []}
    empty = {"type": "output_text", "text": "", "annotations": []}
    place = {"output_index": index, "item_id": id, "content_index": 0}
    return [
        added(index, id, status="in_progress", content=[], **fields),
        {"type": "response.content_part.added", **place, "part": empty},
        *(delta(index, id, piece, content_index=0) for piece in pieces),
        text_done(index, id, "".join(pieces), content_index=0),
        {"type": "response.content_part.done", **place, "part": part},
        done(index, id, status="completed", content=[part], **fields),
    ]


def call(index: int, id: str, *pieces: str, name: str = "look") -> list[Event]:
    """A whole function call, as the public API sends it."""
    names = {"name": name, "call_id": f"call_{id}"}
    return [
        added(index, id, "function_call", arguments="", status="in_progress", **names),
        *(arguments(index, id, piece) for piece in pieces),
        arguments_done(index, id, "".join(pieces)),
        done(index, id, "function_call", arguments="".join(pieces), status="completed", **names),
    ]


def attributes(value: Any) -> Any:
    """The same value, attribute-style."""
    if isinstance(value, dict):
        return SimpleNamespace(**{str(name): attributes(entry) for name, entry in value.items()})
    return [attributes(entry) for entry in value] if isinstance(value, list) else value


class Listener:
    """Callbacks that write down what they were told."""

    def __init__(self, **hooks: Any) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.callbacks = Callbacks(
            **{
                "on_text_delta": lambda text: self.heard.append(("text", text)),
                "on_reasoning_delta": lambda text: self.heard.append(("reasoning", text)),
                "on_first_delta": lambda: self.heard.append(("first", None)),
                "on_reset": lambda reason: self.heard.append(("reset", reason)),
                **hooks,
            }
        )

    def standing(self, kind: str = "text") -> str:
        """What was told of one kind since the last reset."""
        resets = [number for number, (name, _) in enumerate(self.heard) if name == "reset"]
        return "".join(text for name, text in self.heard[resets[-1] if resets else 0 :] if name == kind)

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]


def read(*events: Any) -> Result:
    """What the events come to, without anybody listening."""
    return consume(events)


def sse(events: Iterable[Any], *, named: bool = True) -> bytes:
    """The events on the wire; a text is sent as it is, as the data of a frame."""
    return b"".join(
        encode(event) if isinstance(event, str) else encode(json.dumps(event), event=event["type"] if named else "")
        for event in events
    )


def answer(body: bytes | httpx.SyncByteStream, status: int = 200, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in {"content_type": "text/event-stream", **headers}.items()}
    if isinstance(body, bytes):
        return httpx.Response(status, headers=fields, content=body)
    return httpx.Response(status, headers=fields, stream=body)


class Breaking(httpx.SyncByteStream):
    """A body that breaks with an error after its chunks, and knows whether it was closed."""

    def __init__(self, chunks: Iterable[bytes], error: Exception | None = None) -> None:
        self._chunks = list(chunks)
        self._error = error
        self.closed = False
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed = True


def client(*answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response], **settings: Any) -> Client:
    """A client whose requests are answered one after another; the last answer is given again."""
    waiting = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx.Response) else given(request)

    transport = httpx.MockTransport(handle)
    return Client(base_url="http://127.0.0.1/v1", http_client=httpx.Client(transport=transport), **settings)


def ask(*answers: Any, callbacks: Callbacks | None = None, **settings: Any) -> Result:
    return client(*answers, **settings).respond(input="hello", callbacks=callbacks)
