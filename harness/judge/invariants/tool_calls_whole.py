"""The calls a consumer offers for execution are those the model finished, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contract import Capabilities, Item
from harness.judge.calls import Call, calls_of, stray_calls
from harness.judge.content import excerpt
from harness.judge.invariants.content_kept import owes_content
from harness.judge.rule import Breach, Scene, assemblers, invariant
from harness.judge.verdict import Mark


def _needs(capabilities: Capabilities) -> str | None:
    return "it offers no tool calls" if not capabilities.tool_calls else assemblers(capabilities)


@invariant(
    "tool-calls-whole",
    rule="Exactly the finished tool calls are offered, each with its own name, id and arguments, byte for byte.",
    why="A call with another call's arguments, or half its own, is executed.",
    incident="Arguments routed to index 0 because item_id was ignored: a shell command ran with the wrong text.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended != "returned":
        return
    offered = [item for item in scene.turn.items or () if item.kind in _KINDS and item.finished is not False]
    calls = [call for call in calls_of(scene) if call.type != "custom_tool_call" or scene.capabilities.custom_tools]
    bent = scene.attempt.reading.ambiguous
    free = list(calls)
    for item in offered:
        match = next((call for call in free if call.matches(item)), None) or next(
            (call for call in free if call.means(item)), None
        )
        if match is None:
            yield _foreign(scene, item, calls, bent)
            continue
        free.remove(match)
        if not match.usable:
            yield _breach(item, match, "a call that was never finished is offered for execution", bent)
        elif not match.matches(item):
            yield _breach(item, match, "the arguments are written otherwise", True)
    if owes_content(scene):
        for call in free:
            if call.owed and not any(call.resembles(item) and not _other(item, calls, call) for item in offered):
                yield Breach(
                    "a finished tool call is missing",
                    "call lost",
                    evidenced=f"{call.type} {excerpt(call.names)} {excerpt(call.arguments)}",
                    assembled=_shown(offered),
                    frames=call.frames,
                    mark=Mark.LENIENT if bent else Mark.FAIL,
                )


def _other(item: Item, calls: list[Call], call: Call) -> bool:
    return any(other is not call and other.matches(item) for other in calls)


_KINDS = frozenset({"function_call", "custom_tool_call"})


def _foreign(scene: Scene, item: Item, calls: list[Call], bent: bool) -> Breach:
    like = next((call for call in calls if call.resembles(item)), None)
    if any(call.matches(item) for call in calls):
        reason = "a call is offered twice"
    elif any(call.matches(item) for call in stray_calls(scene.attempt.reading.after, scene.capabilities)):
        reason = "a call is taken from after the terminal"
    elif any(
        call.matches(item)
        for attempt in scene.evidence.attempts[:-1]
        for call in stray_calls(attempt.reading, scene.capabilities)
    ):
        reason = "a call is kept from an attempt that a retry voided"
    elif like is not None:
        reason = "a call has other arguments, name or id than the stream told"
    else:
        reason = "a call is offered that the stream never made"
    return Breach(
        reason,
        reason,
        evidenced=f"{excerpt(like.names)} {excerpt(like.arguments)} {excerpt(like.call_ids)}" if like else "",
        assembled=_shown([item]),
        frames=like.frames if like else (),
        mark=Mark.LENIENT if bent else Mark.FAIL,
    )


def _breach(item: Item, call: Call, reason: str, bent: bool) -> Breach:
    mark = Mark.LENIENT if bent else Mark.FAIL
    return Breach(reason, reason, excerpt(call.arguments), _shown([item]), call.frames, mark)


def _shown(items: list[Item]) -> str:
    return "; ".join(f"{item.name} {item.call_id} {item.arguments!r:.200}" for item in items) or "(no calls)"
