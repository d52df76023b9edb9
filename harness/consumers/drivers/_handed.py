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

URL = "http://handed.invalid/v1/responses"


class Handed(openai.OpenAI):
    """Reads what ``hand(body)`` gives for the body of a request: a response of the SDK's HTTP library.

    ``typed=False`` leaves events as the mappings that their JSON is, which spares the SDK's models.
    """

    def __init__(self, typed: bool = True) -> None:
        super().__init__(base_url="http://handed.invalid/v1", api_key="test")
        self.hand: Callable[[Any], Any] = lambda body: response(())
        self._typed = typed

    def post(
        self, path: str, *, cast_to: Any, body: Any = None, stream_cls: Any = None, **_: Any
    ) -> Any:
        (event,) = get_args(stream_cls)
        return stream_cls(cast_to=event if self._typed else object, response=self.hand(body), client=self)


def response(pieces: Iterable[bytes]) -> Any:
    """An answer that comes whole, of the SDK's HTTP library."""
    library = _sdk.http_library()
    headers = {"content-type": "text/event-stream"}
    return library.Response(200, headers=headers, content=iter(pieces), request=library.Request("POST", URL))


def client_of(case: dict[str, Any], on_request: Callable[[Any], Any], typed: bool = True) -> Handed:
    """The one client of this process, with the case's answers at hand; each request takes the next."""

    def hand(body: Any) -> Any:
        on_request(body)
        return response(map(b64decode, case["answers"].pop(0)))

    client = _client(typed)
    client.hand = hand
    return client


@cache
def _client(typed: bool) -> Handed:
    return Handed(typed)


_lacking = {"cast_to", "response", "client"} - set(inspect.signature(openai.Stream).parameters)
if _lacking or not hasattr(openai.OpenAI, "post"):
    raise SystemExit(f"openai {openai.__version__} reads streams in another way: nothing can be handed to it")
