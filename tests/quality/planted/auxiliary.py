"""Programs around the reader: chat completions, the gate for reasoning, and the conversation that goes on."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import ProviderError, ReplayGate, Result
from harness.runtime.auxiliary import CompletionUsage, _usage, completion_of, request_of
from tests.quality.planted.defect import (
    COMPLETION_OF,
    COMPLETION_USAGE,
    FINISH_REASON,
    GATE_ADMIT,
    GATE_RESPOND,
    REQUEST_OF,
    defect,
)

CHAT, GATE = "runtime-auxiliary", "runtime-replay-gate"


@defect("error-swallowed", "auxiliary adapter", CHAT)
def incomplete_says_stop():
    """An answer that was cut off by a limit has the finish reason of a whole one."""
    return {FINISH_REASON: lambda result: "tool_calls" if result.tool_calls else "stop"}


@defect("usage", "auxiliary adapter", CHAT)
def completion_usage_is_zero():
    """Counts that nobody stated are told as zero, or as what they were called before."""
    return {COMPLETION_USAGE: lambda usage: _usage(usage) or CompletionUsage(1, 1, 2)}


@defect("tool-arguments", "auxiliary adapter", CHAT)
def completion_with_text_has_no_calls():
    """A completion has content or calls, never both."""

    def made(result, model=""):
        kept = tuple(item for item in result.items if item.kind == "message")
        return completion_of(replace(result, items=kept) if result.text else result, model)

    return {COMPLETION_OF: made}


@defect("content-lost", "auxiliary adapter", CHAT)
def completion_has_no_refusal():
    """A refusal is no content, so the message is empty."""

    def made(result, model=""):
        whole = completion_of(result, model)
        (choice,) = whole.choices
        return replace(whole, choices=(replace(choice, message=replace(choice.message, refusal=None)),))

    return {COMPLETION_OF: made}


@defect("null-field", "conversation helpers", CHAT)
def history_needs_content():
    """The next request takes every earlier message for one that has words."""

    def asked(messages, **request):
        _ = [message["content"].strip() for message in messages if message["role"] == "assistant"]
        return request_of(messages, **request)

    return {REQUEST_OF: asked}


@defect("reasoning", "reasoning-replay gate", GATE)
def gate_needs_sealed_content():
    """Every reasoning item of the history is taken for one that was sealed."""

    def admit(self, items, issuer, _admit=ReplayGate.admit):
        _ = [len(item["encrypted_content"]) for item in items if item.get("type") == "reasoning"]
        return _admit(self, items, issuer)

    return {GATE_ADMIT: admit}


@defect("retry", "reasoning-replay gate", GATE)
def gate_asks_for_ever():
    """A server that cannot read the reasoning is asked again with the same reasoning."""

    def respond(self, ask, items, issuer, _respond=ReplayGate.respond):
        for _ in range(5):
            try:
                return _respond(self, ask, items, issuer)
            except ProviderError as error:
                last = error
        raise last

    return {GATE_RESPOND: respond}


@defect("error-swallowed", "reasoning-replay gate", GATE)
def gate_swallows_the_refusal():
    """What the server refuses after the reasoning was left out is an empty answer."""

    def respond(self, ask, items, issuer, _respond=ReplayGate.respond):
        try:
            return _respond(self, ask, items, issuer)
        except ProviderError as error:
            return Result("completed", requests=error.requests)

    return {GATE_RESPOND: respond}
