"""Parts that state no type. By the letter they say nothing; but what stands in them is text, as most parts are.

A right reader may pass such a part over, or take it for the usual kind of its place. This is the second way: the
event as it would be, had the part said so.
"""

from __future__ import annotations

from typing import Any

from harness.protocols.responses.event import Event

_USUAL = {"reasoning": "reasoning_text"}
"""By the item's type: what its content is. Any other's is ``output_text``."""


def typed(event: Event) -> Event:
    """The event with the usual type in every part that states none; the same event where there is no such part."""
    payload = event.payload or {}
    item, part, response = payload.get("item"), payload.get("part"), payload.get("response")
    changed: dict[str, Any] = {}
    if isinstance(item, dict):
        changed["item"] = _item(item)
    if isinstance(part, dict):
        changed["part"] = _part(part, "summary_text" if "summary_index" in payload else "output_text")
    if isinstance(response, dict) and isinstance(response.get("output"), list):
        output = [_item(entry) if isinstance(entry, dict) else entry for entry in response["output"]]
        changed["response"] = {**response, "output": output}
    whole = {**payload, **changed}
    return event if whole == payload else event._replace(payload=whole)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    stated = item.get("type")
    usual = {"content": _USUAL.get(stated, "output_text") if isinstance(stated, str) else "output_text"}
    lists = {name: item[name] for name in ("content", "summary") if isinstance(item.get(name), list)}
    return item | {
        name: [_part(part, usual.get(name, "summary_text")) if isinstance(part, dict) else part for part in parts]
        for name, parts in lists.items()
    }


def _part(part: dict[str, Any], usual: str) -> dict[str, Any]:
    says = isinstance(part.get("text"), str) and part["text"] != ""
    stated = part.get("type")
    return {**part, "type": usual} if says and not (isinstance(stated, str) and stated) else part
