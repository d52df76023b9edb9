"""The openai SDK below its HTTP layer: a client whose ``post`` is answered by bytes that somebody hands it.

``post`` is the SDK's documented way to make a request, ``Stream`` the exported type that reads its answer, and what a
resource passes to the one to get the other is all that is relied on; a release that has them otherwise is refused when
the driver starts. All above is the SDK's own: its decoder, its events, its helper. What is below is not there: no
status, no headers, no retry, no time-out.
"""

from __future__ import annotations

import inspect
from base64 import b64decode
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, get_args

import _sdk  # type: ignore[import-not-found]
import openai

_BASE = "http://handed.invalid/v1"


class Handed(openai.OpenAI):
    """Reads what ``hand()`` gives in answer to a request: a response of the SDK's HTTP library."""

    def __init__(self) -> None:
        super().__init__(base_url=_BASE, api_key="test")
        self.hand: Callable[[], Any] = lambda: response(())

    def post(self, path: str, *, cast_to: Any, stream_cls: Any = None, **_: Any) -> Any:
        (event,) = get_args(stream_cls)
        return stream_cls(cast_to=event, response=self.hand(), client=self)


def response(pieces: Iterable[bytes]) -> Any:
    """An answer that comes whole, of the SDK's HTTP library."""
    library = _sdk.http_library()
    asked = library.Request("POST", f"{_BASE}/responses")
    return library.Response(200, headers={"content-type": "text/event-stream"}, content=iter(pieces), request=asked)


def client_of(case: dict[str, Any], on_request: Callable[[Any], Any]) -> Handed:
    """The one client of this process; each request takes the next of the case's answers."""

    def hand() -> Any:
        on_request(None)
        return _next_answer(case)

    client = _client()
    client.hand = hand
    return client


def plain_events(case: dict[str, Any]) -> Any:
    """The events of the case's next answer as the SDK's decoder gives them: mappings, without the SDK's models."""
    return openai.Stream(cast_to=object, response=_next_answer(case), client=_client())


def _next_answer(case: dict[str, Any]) -> Any:
    return response(map(b64decode, case["answers"].pop(0)))


@cache
def _client() -> Handed:
    return Handed()


_lacking = {"cast_to", "response", "client"} - set(inspect.signature(openai.Stream).parameters)
if _lacking or not hasattr(openai.OpenAI, "post"):
    raise SystemExit(f"openai {openai.__version__} reads streams in another way: nothing can be handed to it")
