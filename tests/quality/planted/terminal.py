"""The end of a response: what it is, what it says, and what is not to be taken from it."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Assembler, TruncatedStream
from harness.runtime.errors import ProviderError
from harness.runtime.result import Result
from harness.runtime.terminal import TERMINALS, ending_of
from tests.quality.planted.defect import ASSEMBLER, ENDING_OF, defect, on_events, on_result


@on_result("content-lost")
def answer_is_the_terminals_output(result, events):
    """The items are those of the terminal's output, and nothing that was streamed."""
    again = Assembler()
    again.take_response({"output": [], **(result.response or {})})
    return replace(result, items=again.partial().items)


@on_events("null-field")
def walks_the_terminals_output(event, seen):
    """Goes through the terminal's output as if it always were a list of items."""
    if event.get("type") == "response.completed":
        _ = [item["type"] for item in event["response"]["output"]]
    yield event


@on_events("null-field")
def walks_the_outputs_of_created(event, seen):
    """Takes the output of response.created for the list that it will append to."""
    if event.get("type") == "response.created":
        seen["append"] = event["response"]["output"].append
    yield event


@defect("missing-terminal")
def status_defaults_to_completed():
    """A terminal without a status counts as completed, whatever it is called."""

    def ending(type, event):
        response = event.get("response")
        stated = response.get("status") if isinstance(response, dict) else None
        return "completed" if type in TERMINALS and type != "error" and not stated else ending_of(type, event)

    return {ENDING_OF: ending}


@defect("error-swallowed")
def name_alone_tells_the_end():
    """The name of the terminal decides; its status is not looked at."""
    return {ENDING_OF: lambda type, event: ending_of(type, {**event, "response": None})}


@on_result("error-swallowed")
def incomplete_is_an_answer(result, events):
    """A response that ended as incomplete is handed out as a completed one."""
    return replace(result, status="completed", incomplete_details=None)


@defect("error-swallowed")
def failed_is_an_answer():
    """A response that failed is handed out as a completed one, with what had arrived."""

    class Planted(Assembler):
        def finish(self):
            try:
                return super().finish()
            except ProviderError:
                return self.partial("completed")

    return {ASSEMBLER: Planted}


@on_events("error-swallowed")
def cancelled_is_an_answer(event, seen):
    """A response that its provider cancelled ends well."""
    response = event.get("response")
    if isinstance(response, dict) and response.get("status") in {"cancelled", "canceled"}:
        event = {**event, "type": "response.completed", "response": {**response, "status": "completed"}}
    yield event


@defect("missing-terminal", "truncated streams")
def end_of_file_is_success():
    """A stream that just ends is a finished answer."""

    class Planted(Assembler):
        def finish(self):
            try:
                return super().finish()
            except TruncatedStream:
                return self.partial("completed")

    return {ASSEMBLER: Planted}


@defect("missing-terminal", "truncated streams")
def nothing_at_all_is_success():
    """A stream without a terminal and without content is an empty answer."""

    class Planted(Assembler):
        def finish(self):
            try:
                return super().finish()
            except TruncatedStream as error:
                if error.partial.items:
                    raise
                return Result("completed")

    return {ASSEMBLER: Planted}


@defect("stall", "stream runner")
def waits_for_the_end_of_the_connection():
    """The terminal ends nothing: the reader goes on until the connection closes."""

    class Planted(Assembler):
        _kept = None

        def feed(self, event):
            if self._kept is not None:
                return ()
            signals = super().feed(event)
            self._kept, self.ending = self.ending, None
            return signals

        def amend(self):
            self.ending = self._kept
            return super().amend()

    return {ASSEMBLER: Planted}
