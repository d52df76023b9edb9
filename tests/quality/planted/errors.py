"""Errors inside the stream: that they end it, and that the provider's words reach the caller."""

from __future__ import annotations

from harness.runtime import Result, StreamErrorEvent, UndecodableStream
from harness.runtime.client import Client
from harness.runtime.errors import ResponseFailed, RuntimeStreamError
from harness.runtime.terminal import error_frame, failure
from tests.quality.planted.defect import ERROR_FRAME, FAILURE, RESPOND, defect, on_events


@on_events("error-swallowed", "typed stream error")
def error_frame_is_ignored(event, seen):
    """An error frame is an event like any other that nobody reads."""
    if event.get("type") != "error":
        yield event


@defect("error-shape", "typed stream error")
def error_frames_are_flat():
    """The message of an error frame is looked for at its top only."""

    def read(event):
        message, code = event.get("message"), event.get("code")
        return StreamErrorEvent(str(message or "the stream failed"), code=code if isinstance(code, str) else None)

    return {ERROR_FRAME: read}


@defect("error-shape", "typed stream error")
def error_frames_are_nested():
    """Reads the error inside an error frame as if it always were an object."""
    return {ERROR_FRAME: lambda event: StreamErrorEvent(event["error"]["message"], code=event["error"].get("code"))}


@defect("error-shape", "typed stream error")
def error_code_is_lost():
    """Only the words of an error frame are kept."""

    def read(event):
        error = error_frame(event)
        return StreamErrorEvent(error.message)

    return {ERROR_FRAME: read}


@defect("error-shape", "typed stream error")
def error_cannot_be_printed():
    """The text of an error frame's error is put together from parts that may be missing."""

    class Planted(StreamErrorEvent):
        def __str__(self):
            return self.code + ": " + self.message

    def read(event):
        known = error_frame(event)
        return Planted(known.message, code=known.code, raw=known.raw)

    return {ERROR_FRAME: read}


@on_events("error-shape", "typed stream error")
def errors_have_a_type(event, seen):
    """An error object without a type is passed over, as an unknown event is."""
    if "type" in event or "error" not in event:
        yield event


@on_events("error-swallowed", "prelude errors")
def expects_created_first(event, seen):
    """A stream that does not begin with response.created is a broken one, whatever it says."""
    if not seen and event.get("type") != "response.created":
        raise UndecodableStream("expected response.created")
    seen["begun"] = True
    yield event


@on_events("error-swallowed", "prelude errors")
def ignores_what_comes_before_created(event, seen):
    """Everything before response.created is passed over, an error too."""
    if seen or event.get("type") == "response.created":
        seen["begun"] = True
        yield event


@on_events("unknown-item", "prelude errors")
def vendor_events_are_fatal(event, seen):
    """An event that is no part of the documented protocol ends the call, even before the answer begins."""
    kind = event.get("type")
    if isinstance(kind, str) and kind != "error" and not kind.startswith("response."):
        raise UndecodableStream(f"unknown variant {kind}")
    yield event


@defect("error-swallowed")
def failure_has_no_words():
    """That the response failed is told; why, is not."""
    return {FAILURE: lambda ending, response, event: ResponseFailed(f"the response ended as {ending}")}


@defect("null-field")
def failure_has_an_error():
    """Reads the error of a failed response, as if it could not be null."""

    def read(ending, response, event):
        _ = response["error"]["message"]
        return failure(ending, response, event)

    return {FAILURE: read}


@defect("error-swallowed", "stream runner")
def exception_becomes_an_empty_answer():
    """What goes wrong in the loop is logged, and the caller gets an answer without items."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except RuntimeStreamError as error:
            return Result("completed", requests=error.requests)

    return {RESPOND: respond}


@defect("error-swallowed", "stream runner")
def late_error_keeps_the_answer():
    """An error after the first text is a warning: what had arrived is the answer."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except StreamErrorEvent as error:
            if error.partial is None or not error.partial.all_text:
                raise
            return Result("completed", error.partial.items, requests=error.requests)

    return {RESPOND: respond}
