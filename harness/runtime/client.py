"""Clients of one Responses endpoint: they build the request and own the connections; a runner reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Generic, TypeVar

import httpx

from harness.clock import Clock
from harness.runtime.callbacks import Callbacks
from harness.runtime.deadlines import Deadlines, default_deadlines
from harness.runtime.opening import Opening
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.runner import REAL, run_stream

CONNECT_S = 15.0
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)
Answer = TypeVar("Answer")
"""A Result, or what gives one when it is awaited."""


class Endpoint(ABC, Generic[Http, Answer]):
    """What a client over any HTTP client is: the requests of ``POST {base_url}/responses`` with ``stream: true``.

    An HTTP client that is given stays the caller's: its timeouts hold beside the deadlines, and it is never closed
    here. Where no deadlines are given, the environment's hold (``default_deadlines``, which raises ValueError).
    """

    library: ClassVar[Callable[..., Any]]
    """Makes the HTTP client where none is given."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        http_client: Http | None = None,
        retry: Retry | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._deadlines = deadlines or default_deadlines()
        self._url = httpx.URL(f"{base_url.rstrip('/')}/responses")
        self._headers = {"accept": "text/event-stream"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._http: Http = http_client or self.library(timeout=httpx.Timeout(None, connect=CONNECT_S))
        self._owned = http_client is None
        self._retry = retry

    def respond(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        instructions: str | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        callbacks: Callbacks | None = None,
        retry: Retry | None = None,
        deadlines: Deadlines | None = None,
        **more: Any,
    ) -> Answer:
        """Ask for one response and assemble it; ``more`` are further fields of the request.

        ``retry`` and ``deadlines`` are this call's own, in the place of the client's.
        Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
        """
        body = self.body(input=input, model=model, instructions=instructions, tools=tools, **more)
        return self.run(body, callbacks, retry or self._retry, deadlines or self._deadlines)

    @abstractmethod
    def run(
        self, body: Mapping[str, Any], callbacks: Callbacks | None, retry: Retry | None, deadlines: Deadlines
    ) -> Answer:
        """Send this request, and assemble its response."""

    def body(self, *, tools: Sequence[Mapping[str, Any]] = (), **fields: Any) -> dict[str, Any]:
        """The fields that are stated, None being none."""
        stated = {**fields, "tools": list(tools) or None, "stream": True}
        return {name: value for name, value in stated.items() if value is not None}

    def request(self, body: Mapping[str, Any]) -> httpx.Request:
        return self._http.build_request("POST", self._url, json=body, headers=self._headers)


class Client(Endpoint[httpx.Client, Result]):
    """Asks for responses and assembles them."""

    library = httpx.Client

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        http_client: httpx.Client | None = None,
        clock: Clock | None = None,
        retry: Retry | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        super().__init__(base_url=base_url, api_key=api_key, http_client=http_client, retry=retry, deadlines=deadlines)
        self._clock = clock or REAL

    def run(
        self, body: Mapping[str, Any], callbacks: Callbacks | None, retry: Retry | None, deadlines: Deadlines
    ) -> Result:
        opener = self.opener(body, deadlines)
        return run_stream(opener, callbacks=callbacks, retry=retry, deadlines=deadlines, clock=self._clock)

    def opener(self, body: Mapping[str, Any], deadlines: Deadlines) -> Opening:
        """What sends this request and returns the open response: a source for ``run_stream``."""
        send = partial(self._http.send, stream=True)
        return Opening(partial(self.request, body), send, deadlines, self._clock)

    def close(self) -> None:
        if self._owned:
            self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
