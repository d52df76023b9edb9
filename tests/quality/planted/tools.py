"""Tool calls: which of them may be made, and with what."""

from __future__ import annotations

from dataclasses import replace

from tests.quality.planted.defect import on_events, on_result

CALLS = {"function_call", "custom_tool_call"}
ADDED, DONE = "response.output_item.added", "response.output_item.done"


@on_events("tool-arguments")
def arguments_come_in_deltas_only(event, seen):
    """What a done event says about arguments is not read."""
    kind = event.get("type")
    if kind == "response.function_call_arguments.done":
        return
    if kind == DONE and isinstance(event.get("item"), dict) and event["item"].get("type") == "function_call":
        event = {**event, "item": {**event["item"], "arguments": ""}}
    yield event


@on_result("tool-arguments")
def text_hides_calls(result, events):
    """An answer that has text has no calls."""
    if not result.all_text:
        return result
    return replace(result, items=tuple(item for item in result.items if item.kind not in CALLS))


@on_result("tool-arguments")
def calls_need_their_done(result, events):
    """A call whose output_item.done is missing is never handed out, though the response is completed."""
    done = {event["item"].get("call_id") for event in events if event.get("type") == DONE
            and isinstance(event.get("item"), dict)}  # fmt: skip
    return replace(result, items=tuple(item for item in result.items if item.kind not in CALLS or item.call_id in done))


@on_result("tool-arguments")
def custom_input_is_not_read(result, events):
    """A custom tool's call has no arguments, for its input is not looked for."""
    return replace(
        result,
        items=tuple(replace(item, arguments="") if item.kind == "custom_tool_call" else item for item in result.items),
    )


@on_result("duplicate")
def calls_of_one_name_are_one(result, events):
    """Two calls of one tool are kept under its name, so the second replaces the first."""
    calls = {item.name: item for item in result.items if item.kind in CALLS}
    return replace(
        result, items=tuple(item for item in result.items if item.kind not in CALLS or calls[item.name] is item)
    )
