"""What the models say: every talk the recordings are made of, as chat messages.

A model with random weights says nothing a parser could hold on to: no tool call, no thinking. So a tiny model learns
these few talks by heart, and the servers that run it stream text, calls and reasoning that are the same every time.
Only the standard library is imported here: environments that know nothing of this project read this file too.
"""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
"""The one tool, as the Responses API writes it."""

MEASURED = "18 degrees, sunny"
"""What the tool answers, wherever it is asked."""

ENDLESS = "Tick and tock."
"""Asked this, the model goes on until somebody stops it."""

TOO_OFTEN, FORBIDDEN, BREAKS_OFF = "Ask too often.", "Say the forbidden word.", "Break off."
"""Asked these, only a server that acts a part does what it is asked."""


def asked(text: str) -> Message:
    return {"role": "user", "content": text}


def said(text: str, *, thinking: str = "") -> Message:
    return {"role": "assistant", "content": text} | ({"reasoning_content": thinking} if thinking else {})


def called(*cities: str, text: str = "") -> Message:
    calls = [
        {"type": "function", "function": {"name": WEATHER["name"], "arguments": {"city": city}}} for city in cities
    ]
    return {"role": "assistant", "content": text, "tool_calls": calls}


def measured() -> Message:
    return {"role": "tool", "content": MEASURED}


TALKS: tuple[tuple[Message, ...], ...] = (
    (asked("Say hello."), said("Hello! How can I help you today?"), asked("Shorter, please."), said("Hi!")),
    (asked("Say it in many tongues."), said("Grüß Gott, Здравствуйте, 你好, नमस्ते 👋🏽!")),
    (
        asked("What is the weather in Paris?"),
        called("Paris"),
        measured(),
        said("It is 18 degrees and sunny in Paris."),
    ),
    (
        asked("Compare Paris and Rome."),
        called("Paris", "Rome"),
        measured(),
        measured(),
        said("Paris and Rome both have 18 degrees and sun."),
    ),
    (
        asked("Tell me, then look at Rome."),
        called("Rome", text="I will look it up."),
        measured(),
        said("Rome has sun."),
    ),
    (
        asked("Think, then answer: two plus two?"),
        said("The answer is four.", thinking="Two and two more make four."),
    ),
    (asked("Count to twenty."), said(" ".join(str(number) for number in range(1, 21)))),
)
"""Talks that end."""

ENDLESS_TALK: tuple[Message, ...] = (asked(ENDLESS), said(" ".join(["tick tock"] * 60)))
"""The one talk whose end is not learned."""
