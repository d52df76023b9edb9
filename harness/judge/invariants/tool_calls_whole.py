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
    rule="Exactly the finished tool calls are offered, each with its own name, id and arguments, as text to the byte.",
    why="A call with another call's arguments, or half its own, is executed.",
    incident="Arguments routed to index 0 because item_id was ignored: a shell command ran with the wrong text.",
    needs=_needs,
)
def check(scene: Scene) -> Iterator[Breach]:
    if scene.turn.ended != "returned":
        return
    every = calls_of(scene)
    calls = [call for call in every if call.type != "custom_tool_call" or scene.capabilities.custom_tools]
    # Whoever promises nothing for custom tools may still offer their calls, in a form of its own.
    beyond = {id for call in every if call not in calls for id in call.call_ids}
    standing = [item for item in scene.turn.items or () if item.kind in _KINDS and item.finished is not False]
    offered = [item for item in standing if item.call_id not in beyond]
    bent = scene.attempt.reading.ambiguous
    # A call that is told twice over, to its end and not, is the one that was told to its end.
    free = sorted(calls, key=lambda call: not call.usable)
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
                again = any(item.call_id in call.call_ids and call.matches(item) for item in offered)
                yield Breach(
                    "a finished tool call is missing",
                    "call lost",
                    evidenced=f"{call.type} {excerpt(call.names)} {excerpt(call.arguments)}",
                    assembled=_shown(offered),
                    frames=call.frames,
                    # One that is told under two numbers, word for word and with one call_id, may be one call.
                    mark=Mark.LENIENT if bent or again else Mark.FAIL,
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
