"""A client of one Responses endpoint: it builds the request and owns the connections; the runner reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx

from harness.clock import Clock
from harness.runtime.callbacks import Callbacks
from harness.runtime.deadlines import DEFAULT, Deadlines
from harness.runtime.result import Result
from harness.runtime.retry import Retry
from harness.runtime.runner import run_stream

CONNECT_S = 15.0


class Endpoint:
    """The requests of ``POST {base_url}/responses`` with ``stream: true``."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self._url = f"{base_url.rstrip('/')}/responses"
        self._headers = {"accept": "text/event-stream"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"

    def body(self, *, tools: Sequence[Mapping[str, Any]] = (), **fields: Any) -> dict[str, Any]:
        """The fields that are stated, None being none."""
        stated = {**fields, "tools": list(tools) or None, "stream": True}
        return {name: value for name, value in stated.items() if value is not None}

    def request(self, http: httpx.Client | httpx.AsyncClient, body: Mapping[str, Any]) -> httpx.Request:
        return http.build_request("POST", self._url, json=body, headers=self._headers)


class Client(Endpoint):
    """Asks for responses and assembles them.

    A client that is given stays the caller's: its timeouts hold beside the deadlines, and it is never closed here.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        http_client: httpx.Client | None = None,
        clock: Clock | None = None,
        retry: Retry | None = None,
        deadlines: Deadlines = DEFAULT,
    ) -> None:
        super().__init__(base_url, api_key)
        self._http = http_client or httpx.Client(timeout=httpx.Timeout(None, connect=CONNECT_S))
        self._owned = http_client is None
        self._clock = clock
        self._retry = retry
        self._deadlines = deadlines

    def respond(
        self,
        *,
        input: str | Sequence[Mapping[str, Any]],
        model: str | None = None,
        instructions: str | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        callbacks: Callbacks | None = None,
        **more: Any,
    ) -> Result:
        """Ask for one response and assemble it; ``more`` are further fields of the request.

        Raises RuntimeStreamError (errors.py has its kinds), and what the hooks may raise.
        """
        body = self.body(input=input, model=model, instructions=instructions, tools=tools, **more)
        return run_stream(
            self.opener(body),
            callbacks=callbacks,
            retry=self._retry,
            deadlines=self._deadlines,
            clock=self._clock,
        )

    def opener(self, body: Mapping[str, Any]) -> Callable[[], httpx.Response]:
        """A function that sends this request and returns the open response: a source for ``run_stream``."""

        def open_stream() -> httpx.Response:
            request = self.request(self._http, body)
            # Nobody can reach the connection before its response is there, so until then its own timeout must do.
            timeouts = request.extensions["timeout"]
            configured, first_byte = timeouts["read"], self._deadlines.first_byte_s or None
            timeouts["read"] = min(filter(None, (configured, first_byte)), default=None)
            response = self._http.send(request, stream=True)
            timeouts["read"] = configured
            return response

        return open_stream

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
