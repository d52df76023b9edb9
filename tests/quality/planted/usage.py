"""Token counts: those that were stated, once."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Usage
from harness.runtime.terminal import usage_of
from tests.quality.planted.defect import USAGE_OF, defect, on_result


@on_result("usage")
def usage_is_added_up(result, events):
    """The counts of all events that state any are added, though each states the whole."""
    stated = [usage_of(event["response"].get("usage")) for event in events if isinstance(event.get("response"), dict)]
    counts = [usage.output for usage in stated if usage is not None and type(usage.output) is int]
    if result.usage is None or len(counts) < 2:
        return result
    return replace(result, usage=replace(result.usage, output=sum(counts)))


@on_result("usage")
def reasoning_counts_twice(result, events):
    """Reasoning tokens are added to the output tokens that have them already."""
    usage = result.usage
    if usage is None or type(usage.output) is not int or type(usage.reasoning) is not int:
        return result
    return replace(result, usage=replace(usage, output=usage.output + usage.reasoning))


@on_result("usage")
def usage_is_guessed(result, events):
    """Where no usage is stated, it is estimated from the length of the text, and not marked as a guess."""
    words = max(1, len(result.all_text) // 4)
    return result if result.usage is not None else replace(result, usage=Usage(words, words, 2 * words))


@defect("null-field")
def usage_has_details():
    """Reads the details of the output tokens, as if they could not be null or missing."""

    def read(value):
        if value:
            _ = value["output_tokens_details"]["reasoning_tokens"]
        return usage_of(value)

    return {USAGE_OF: read}


@defect("null-field")
def usage_is_a_number():
    """Makes a number of every count that it is given."""

    def read(value):
        found = usage_of(value)
        return found and replace(found, output=int(found.output), input=int(found.input))

    return {USAGE_OF: read}


@on_result("usage")
def usage_of_incomplete_is_lost(result, events):
    """Only a completed response has its usage read."""
    return result if result.status == "completed" else replace(result, usage=None)
