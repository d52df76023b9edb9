"""Token counts of the terminal: there, integers, and adding up."""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols.responses.catalogue import json_type
from harness.protocols.responses.lint.remark import Flaw, Rule, error, warning
from harness.protocols.responses.lint.stream import Stream, index_at, object_at, response_of

_COUNTS = ("input_tokens", "output_tokens", "total_tokens")
_DETAILS = (("input_tokens_details", "cached_tokens"), ("output_tokens_details", "reasoning_tokens"))


def _usage(stream: Stream) -> Iterator[Flaw]:
    terminal, response = stream.terminal, response_of(stream.terminal)
    if terminal is None or response is None or terminal.type not in {"response.completed", "response.incomplete"}:
        return
    frame, usage = terminal.frame, object_at(response, "usage")
    if usage is None:
        stated = response.get("usage") is not None
        yield (error if stated else warning)(frame, "/response/usage", "no usage" if not stated else "no usage object")
        return
    for name in _COUNTS:
        if index_at(usage, name) is None:
            told = json_type(usage[name]) if name in usage else "missing"
            yield error(frame, f"/response/usage/{name}", f"a token count is {told}")
    for parent, name in _DETAILS:
        details = object_at(usage, parent)
        if index_at(details, name) is None:
            pointer = f"/response/usage/{parent}" + ("" if details is None else f"/{name}")
            yield warning(frame, pointer, "the details of a token count are missing")
    yield from _sums(
        frame,
        {name: index_at(usage, name) for name in _COUNTS},
        index_at(object_at(usage, "output_tokens_details"), "reasoning_tokens"),
    )


def _sums(frame: int, counts: dict[str, int | None], reasoning: int | None) -> Iterator[Flaw]:
    into, out, total = (counts[name] for name in _COUNTS)
    if into is not None and out is not None and total is not None and into + out != total:
        yield warning(frame, "/response/usage/total_tokens", "the total is not the sum of input and output")
    if out is not None and reasoning is not None and reasoning > out:
        pointer = "/response/usage/output_tokens_details/reasoning_tokens"
        yield warning(frame, pointer, "more reasoning tokens than output tokens")


RULES = (Rule("usage", "The terminal states its usage in integers that add up.", _usage),)
