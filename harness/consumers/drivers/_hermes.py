"""What every lane into hermes-agent shares: a home of its own, the request, and the response object it hands back.

To be imported before anything of hermes-agent, which looks for its home when it is imported.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

HOME = tempfile.mkdtemp(prefix="hermes-home-")
os.environ.update(HOME=HOME, HERMES_HOME=HOME, HERMES_QUIET="1")

import _driver  # type: ignore[import-not-found]  # noqa: E402
import _machine  # type: ignore[import-not-found]  # noqa: E402

_machine.only_loopback()

from openai_stream import client_of  # type: ignore[import-not-found]  # noqa: E402

MODEL = "gpt-5"


def request_client(case: dict[str, Any], trace: Any) -> Any:
    """The client that the agent builds for one request: the SDK's, without its retries."""
    client = client_of(case, trace.request_sent).with_options(max_retries=0)
    _driver.retire(client.close)
    return client


def returned(final: Any) -> dict[str, Any]:
    """The object the lane returned, as a turn."""
    items = _driver.items_of(_driver.get(final, "output"))
    turn = {
        "ended": "returned",
        "status": _driver.text_of(_driver.get(final, "status")),
        "items": items,
        "text": None if items else _driver.text_of(_driver.get(final, "output_text")),
        "usage": _driver.usage_of(_driver.get(final, "usage")),
    }
    return {**turn, **_driver.attached(final)}


def request_of(case: dict[str, Any], said: list[dict[str, Any]]) -> dict[str, Any]:
    """The agent's own arguments. It offers function tools alone, and sends a custom call back as a function call."""
    functions = [{"parameters": {}, **tool} for tool in case.get("tools", ()) if tool.get("type") == "function"]
    tools = {"tools": functions} if functions else {}
    given = [_as_function(item) for item in said]
    return {"model": MODEL, "instructions": "Be brief.", "input": given, "store": False, **tools}


def _as_function(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("type", "")
    if kind == "custom_tool_call":
        return {**item, "type": "function_call", "arguments": item["input"]}
    return {**item, "type": "function_call_output"} if kind == "custom_tool_call_output" else item
