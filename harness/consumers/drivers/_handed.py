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

import openai

if __package__:
    from harness.consumers.drivers import _sdk
else:
    import _sdk  # type: ignore[import-not-found, no-redef]

_BASE = "http://handed.invalid/v1"
URL = f"{_BASE}/responses"


class Handed(openai.OpenAI):
    """Reads what ``hand(body)`` gives for the body of a request: a response of the SDK's HTTP library."""

    def __init__(self) -> None:
        super().__init__(base_url=_BASE, api_key="test")
        self.hand: Callable[[Any], Any] = lambda body: response(())

    def post(self, path: str, *, cast_to: Any, body: Any = None, stream_cls: Any = None, **_: Any) -> Any:
        (event,) = get_args(stream_cls)
        return stream_cls(cast_to=event, response=self.hand(body), client=self)


def response(pieces: Iterable[bytes]) -> Any:
    """An answer that comes whole, of the SDK's HTTP library."""
    library = _sdk.http_library()
    headers = {"content-type": "text/event-stream"}
    return library.Response(200, headers=headers, content=iter(pieces), request=library.Request("POST", URL))


def client_of(case: dict[str, Any], on_request: Callable[[Any], Any]) -> Handed:
    """The one client of this process; each request takes the next of the case's answers."""

    def hand(body: Any) -> Any:
        on_request(body)
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
