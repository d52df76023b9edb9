"""Reasoning: that it is kept, and that it is not the answer."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Item, Part
from tests.quality.planted.defect import on_result


def _reasoning(result, change):
    return replace(result, items=tuple(change(item) if item.kind == "reasoning" else item for item in result.items))


@on_result("reasoning")
def sealed_reasoning_is_dropped(result, events):
    """The encrypted content of reasoning is no text, so nothing of it is kept."""
    return _reasoning(result, lambda item: replace(item, encrypted_content=None))


@on_result("reasoning")
def one_summary_part_is_kept(result, events):
    """A summary has one part; of several, the first stands."""
    return _reasoning(result, lambda item: replace(item, parts=item.parts[:1]))


@on_result("reasoning")
def summary_comes_in_deltas(result, events):
    """A summary that was not streamed in deltas is lost."""
    if any(event.get("type") == "response.reasoning_summary_text.delta" for event in events):
        return result
    return _reasoning(
        result, lambda item: replace(item, parts=tuple(part for part in item.parts if part.kind != "summary"))
    )


@on_result("content-lost")
def no_message_means_the_reasoning(result, events):
    """An answer without a message has its reasoning told as its text."""
    said = "".join(item.summary + item.text for item in result.items if item.kind == "reasoning")
    if any(item.kind == "message" for item in result.items) or not said:
        return result
    return replace(result, items=(*result.items, Item("message", "message", parts=(Part("text", said),))))
