"""Ids, indexes and numbers: which item an event is about."""

from __future__ import annotations

from harness.runtime import UndecodableStream
from tests.quality.planted.defect import on_events

ADDED, DONE = "response.output_item.added", "response.output_item.done"


@on_events("order")
def finds_items_by_place_in_a_list(event, seen):
    """Looks an index up in the list of announced items, as if none could be missing."""
    items = seen.setdefault("items", [])
    if event.get("type") == ADDED:
        items.append(event)
    elif "delta" in event and "output_index" in event:
        _ = items[event["output_index"]]
    yield event


@on_events("order")
def trusts_item_ids(event, seen):
    """An event whose item id was never announced belongs to nothing."""
    id = event.get("item_id") or (event.get("item") or {}).get("id")
    if event.get("type") == ADDED:
        seen[id] = True
    if id is None or id in seen:
        yield event


@on_events("tool-arguments")
def arguments_go_to_the_first_index(event, seen):
    """Arguments are kept under index 0, and the item's own are not read."""
    kind = event.get("type", "")
    if kind in {ADDED, DONE} and isinstance(event.get("item"), dict) and event["item"].get("type") == "function_call":
        event = {**event, "item": {**event["item"], "arguments": ""}}
    elif isinstance(kind, str) and kind.startswith("response.function_call_arguments"):
        event = {name: value for name, value in event.items() if name != "item_id"} | {"output_index": 0}
    yield event


@on_events("tool-arguments")
def one_call_an_index(event, seen):
    """A second item under an index that is known replaces nothing: it is dropped."""
    index, id = event.get("output_index"), (event.get("item") or {}).get("id") or event.get("item_id")
    if "output_index" in event and seen.setdefault(index, id) != id:
        return
    yield event


@on_events("order")
def numbers_must_rise_by_one(event, seen):
    """A gap in the sequence numbers is an error of the stream."""
    number = event.get("sequence_number")
    if number is not None and seen.get("last") is not None and number != seen["last"] + 1:
        raise UndecodableStream("the sequence has a gap")
    seen["last"] = number
    yield event


@on_events("duplicate")
def old_numbers_are_repeats(event, seen):
    """An event whose sequence number is not higher than the last one's was seen before."""
    number = event.get("sequence_number")
    if type(number) is int:
        if number <= seen.get("last", -1):
            return
        seen["last"] = number
    yield event


@on_events("null-field")
def every_event_has_an_index(event, seen):
    """Counts with the output index of whatever is said about an item, as if none could be missing."""
    if "delta" in event or "item" in event or "part" in event:
        _ = event["output_index"] + 1
    yield event


@on_events("unknown-item")
def every_item_has_an_id(event, seen):
    """Files every announced item under its id, as if none could be missing."""
    if event.get("type") == ADDED:
        seen[event["item"]["id"]] = True
    yield event
