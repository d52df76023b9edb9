"""Deltas and the events that repeat them: which of them is the text, and that it is said once."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Assembler, Delta, Item, Part
from harness.runtime.callbacks import Teller
from tests.quality.planted.defect import ASSEMBLER, TELLER, defect, on_events, on_result

TEXT = "response.output_text.delta"


def _spoken_by_deltas_alone(event):
    """The event without the text that it repeats, or None where it says nothing else."""
    if event.get("type") in {"response.output_text.done", "response.content_part.done"}:
        return None
    item = event.get("item")
    if event.get("type") == "response.output_item.done" and isinstance(item, dict) and item.get("type") == "message":
        return {**event, "item": {**item, "content": []}}
    return event


@on_events("content-lost")
def last_delta_is_lost(event, seen):
    """The text is what deltas say, and each is taken when the next one comes: the last of a run is not."""
    if event.get("type") == TEXT:
        held, seen["held"] = seen.get("held"), event
        event = held
    else:
        seen.pop("held", None)
        event = _spoken_by_deltas_alone(event)
    if event is not None:
        yield event


@on_events("order")
def deltas_go_to_the_newest_item(event, seen):
    """The text is what deltas say, and each belongs to the item that was announced last, whatever it says itself."""
    if event.get("type") == "response.output_item.added":
        seen["newest"] = event.get("output_index"), (event.get("item") or {}).get("id")
    elif "delta" in event and "newest" in seen:
        event = {**event, "output_index": seen["newest"][0], "item_id": seen["newest"][1]}
    event = _spoken_by_deltas_alone(event)
    if event is not None:
        yield event


@on_result("duplicate")
def done_without_dedupe(result, events):
    """The text of a part's done is appended to what its deltas said, unless it is the very same."""
    said = "".join(
        event["delta"] for event in events if event.get("type") == TEXT and isinstance(event.get("delta"), str)
    )
    again = [event["text"] for event in events if event.get("type") == "response.output_text.done"
             and isinstance(event.get("text"), str) and event["text"] not in said]  # fmt: skip
    if not said or not again:
        return result
    return replace(result, items=(*result.items, Item("message", "message", parts=(Part("text", "".join(again)),))))


@on_result("content-lost")
def text_is_what_deltas_said(result, events):
    """The text comes from deltas alone; where a server sends it whole, there is none."""
    said = "".join(
        event["delta"] for event in events if event.get("type") == TEXT and isinstance(event.get("delta"), str)
    )
    if said:
        return result
    return replace(result, items=tuple(item for item in result.items if item.kind != "message"))


@on_events("content-lost")
def delta_before_its_item_is_dropped(event, seen):
    """A delta for an index that was not announced is passed over, and so is all that repeats it."""
    index = str(event.get("output_index"))
    if event.get("type") == "response.output_item.added":
        seen[index] = True
    if "output_index" not in event or index in seen:
        yield event


@on_events("null-field")
def adds_up_deltas_unseen(event, seen):
    """Adds every delta to a text, as if it could be nothing but one."""
    if event.get("type") == TEXT:
        seen["text"] = seen.get("text", "") + event["delta"]
    yield event


@on_result("content-lost")
def one_message_an_answer(result, events):
    """An answer has one message; of several, the first stands."""
    first = next((item for item in result.items if item.kind == "message"), None)
    return replace(result, items=tuple(item for item in result.items if item.kind != "message" or item is first))


@on_result("content-lost")
def only_the_final_answer_is_text(result, events):
    """A message of any other phase is dropped from the answer."""
    return replace(result, items=tuple(item for item in result.items if item.phase in {None, "final_answer"}))


@on_result("duplicate")
def done_twice_is_two_items(result, events):
    """Each output_item.done adds an item, the second for the same one too."""
    told = [event["item"].get("id") for event in events if event.get("type") == "response.output_item.done"
            and isinstance(event.get("item"), dict)]  # fmt: skip
    extra = [item for item in result.items if item.id and told.count(item.id) > 1]
    return replace(result, items=(*result.items, *extra))


@on_result("duplicate")
def snapshot_is_matched_by_id_alone(result, events):
    """An entry of the terminal's output whose id was not seen before is one more item."""
    known = {item.id for item in result.items}
    again = Assembler()
    again.take_response({"output": [], **(result.response or {})})
    extra = [item for item in again.partial().items if item.id not in known]
    return replace(result, items=(*result.items, *extra))


@defect("content-lost")
def refusal_is_lost():
    """A refusal is no text, so nothing of it is kept."""

    class Planted(Assembler):
        def finish(self):
            result = super().finish()
            kept = (
                replace(item, parts=tuple(part for part in item.parts if part.kind != "refusal"))
                for item in result.items
            )
            return replace(result, items=tuple(kept))

    return {ASSEMBLER: Planted}


@defect("duplicate")
def correction_is_told_without_a_reset():
    """Where a done contradicts the deltas, the whole text is told again, and nobody learns that it replaces them."""

    class Planted(Teller):
        def tell(self, signals):
            super().tell([signal for signal in signals if isinstance(signal, Delta)])

    return {TELLER: Planted}
