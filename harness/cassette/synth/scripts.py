"""The conversations that every profile frames: one per thing a stream can show."""

from __future__ import annotations

from collections.abc import Mapping

from harness.cassette.synth.script import (
    CustomCall,
    FunctionCall,
    Item,
    Message,
    Reasoning,
    Refusal,
    Script,
    Text,
    Turn,
    TurnEnding,
    Unknown,
    WebSearch,
)


def _one(
    name: str,
    description: str,
    *items: Item,
    ending: TurnEnding = "completed",
    woven: tuple[int, ...] = (),
) -> Script:
    return Script(name, description, (Turn(items, ending, woven),))


_TABLE: tuple[Script, ...] = (
    _one("text", "One message with one text part.", Message()),
    _one("reasoning-text", "Reasoning with two summary parts, then a message.", Reasoning((9, 6)), Message()),
    _one("two-messages", "Two messages, one after the other.", Message((Text(9),)), Message((Text(14),))),
    _one("two-parts", "One message with two text parts.", Message((Text(10), Text(8)))),
    _one(
        "commentary-final",
        "A commentary message, then a second one whose events interleave with those of the final answer.",
        Message((Text(8),), phase="commentary"),
        Message((Text(9),), phase="commentary"),
        Message((Text(13),), phase="final_answer"),
        woven=(1, 2),
    ),
    _one(
        "parallel-calls",
        "Two function calls whose argument deltas interleave by output_index.",
        FunctionCall(),
        FunctionCall(),
        woven=(0, 1),
    ),
    _one(
        "tool-text-reasoning",
        "Reasoning, a message and a function call in one response.",
        Reasoning(),
        Message((Text(9),), phase="commentary"),
        FunctionCall(),
    ),
    _one("refusal", "A message that is a refusal.", Message((Refusal(),))),
    _one(
        "custom-and-hosted",
        "A hosted web search, a message that cites it, and a custom tool call.",
        WebSearch(),
        Message((Text(14, citations=2),)),
        CustomCall(),
    ),
    _one("unknown-item", "An item of an unknown type with events of its own, then a message.", Unknown(), Message()),
    _one("long-text", "One message, long enough to measure on: about 60 events.", Message((Text(52),))),
    _one(
        "incomplete",
        "A message cut short by the limit on output tokens: response.incomplete.",
        Message((Text(16),)),
        ending="incomplete",
    ),
    _one(
        "failed",
        "response.failed in the middle of a message's text.",
        Message((Text(11),)),
        ending="failed",
    ),
    _one(
        "arguments-done-only",
        "A function call whose arguments come without deltas, in the done events only.",
        FunctionCall(streamed=False),
    ),
    Script(
        "multi-turn",
        "The first turn ends in a function call; the second, given its result, answers.",
        (Turn((Reasoning(), FunctionCall())), Turn((Message((Text(14),)),))),
    ),
    _one("text-then-call", "A message, and then a function call.", Message((Text(7),)), FunctionCall()),
    _one("custom-call", "Reasoning, and then a call of a custom tool.", Reasoning((5,)), CustomCall()),
    _one(
        "reasoning-between",
        "Reasoning before each of two messages.",
        Reasoning((6,)),
        Message((Text(8),), phase="commentary"),
        Reasoning((7, 5)),
        Message((Text(12),)),
    ),
    _one(
        "two-searches",
        "Reasoning, two hosted web searches, and a message that cites them.",
        Reasoning((6,)),
        WebSearch(),
        WebSearch(),
        Message((Text(16, citations=3),)),
    ),
    Script(
        "two-rounds",
        "A call, given its result another call, given that the answer.",
        (Turn((FunctionCall(),)), Turn((Reasoning((4,)), FunctionCall())), Turn((Message(),))),
    ),
    Script(
        "announced-call",
        "A text that says what comes, and the call; given its result, reasoning and the answer.",
        (Turn((Message((Text(6),)), FunctionCall())), Turn((Reasoning((5,)), Message((Text(8),))))),
    ),
)

SCRIPTS: Mapping[str, Script] = {script.name: script for script in _TABLE}
