"""The openai SDK's ``AsyncOpenAI``, in two lanes: ``stream``, its ``responses.stream()`` helper, and ``raw``, its
``responses.create(stream=True)``, iterated.

Mapping to the outcome: that of the drivers of the sync client, whose code makes the turns; only the loops are written
again, with their awaits. Beside it:
- all cases share one event loop (``_loop``); each has a client of its own.
- cancel: leaving the stream's ``async with`` block.
"""

from __future__ import annotations

import sys
from typing import Any

import _driver  # type: ignore[import-not-found]
import _loop  # type: ignore[import-not-found]
import _machine  # type: ignore[import-not-found]
import _sdk  # type: ignore[import-not-found]
import openai
import openai_raw  # type: ignore[import-not-found]
import openai_stream  # type: ignore[import-not-found]


async def stream(client: openai.AsyncOpenAI, request: dict[str, Any], trace: Any) -> tuple[Any, str] | None:
    """The helper, as the SDK's README shows it."""
    async with client.responses.stream(**request) as events:
        async for event in events:
            openai_stream.record(trace, event)
            if trace.cancelled:
                return None
        final = await events.get_final_response()
        return final, final.output_text


async def raw(client: openai.AsyncOpenAI, request: dict[str, Any], trace: Any) -> bool:
    """The event loop of a program that folds the events itself."""
    async with await client.responses.create(**request, stream=True) as events:
        async for event in events:
            openai_raw.record(trace, event)
            if trace.cancelled:
                return True
    return False


LANES = {"stream": (stream, openai_stream.turn_of), "raw": (raw, openai_raw.turn_of)}


class Lane:
    """One way of calling the client, on one event loop."""

    def __init__(self, name: str, loop: Any) -> None:
        self._call, self._turn_of = LANES[name]
        self._loop = loop

    def run_case(self, case: dict[str, Any], tell_turn: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        done: tuple[list[dict[str, Any]], dict[str, Any]] = openai_stream.run_case(
            case, tell_turn, self._turn, client_of, self._close, self._loop.leftovers
        )
        return done

    def _turn(self, client: openai.AsyncOpenAI, request: dict[str, Any], trace: Any) -> Any:
        return self._turn_of(lambda: self._loop.run(self._call(client, request, trace)), trace)

    def _close(self, client: openai.AsyncOpenAI) -> None:
        self._loop.run(client.close())


def client_of(case: dict[str, Any], on_request: Any) -> openai.AsyncOpenAI:
    """As the sync driver's, for ``await``."""
    timeout_s = _driver.read_timeout_s(case)
    client = openai.AsyncOpenAI(
        base_url=case["base_url"], api_key="test", http_client=_sdk.async_http_client(on_request)
    )
    return client if timeout_s is None else client.with_options(timeout=timeout_s)


if __name__ == "__main__":
    _machine.only_loopback()
    _driver.serve("openai", openai.__version__, f"async {sys.argv[1]}", Lane(sys.argv[1], _loop.Loop()).run_case)
