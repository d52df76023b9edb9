"""What a reader does not know: new events, items, parts and members, and those that are left out."""

from __future__ import annotations

from harness.runtime import UndecodableStream
from harness.runtime.assembler import _DELTAS, _READERS
from harness.runtime.terminal import TERMINALS
from tests.quality.planted.defect import on_events

_NEW = frozenset({*_DELTAS, *_READERS, *TERMINALS})
_ITEMS = frozenset({"message", "function_call", "custom_tool_call", "reasoning", "web_search_call"})
_PARTS = frozenset({"output_text", "refusal", "reasoning_text", "summary_text"})


@on_events("unknown-item")
def unknown_events_are_fatal(event, seen):
    """An event of the response that is not in a closed list ends the call."""
    kind = event.get("type")
    if isinstance(kind, str) and kind not in _NEW and "call" not in kind:
        raise UndecodableStream(f"unknown variant {kind}")
    yield event


@on_events("unknown-item")
def unknown_items_are_fatal(event, seen):
    """An item whose type is not in a closed list ends the call."""
    if isinstance(event.get("item"), dict):
        _ = dict.fromkeys(_ITEMS, True)[event["item"]["type"]]
    yield event


@on_events("unknown-item")
def created_has_all_its_members(event, seen):
    """A response.created that lacks one of its documented members cannot be read."""
    if event.get("type") == "response.created":
        _ = [event["response"][name] for name in ("id", "object", "created_at", "model", "status")]
    yield event
