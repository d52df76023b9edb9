"""The response as a whole: created first, exactly one terminal, nothing after it, and words that agree with it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols.responses.catalogue import (
    CODEX_ERROR_CODES,
    ERROR_CODES,
    EVENTS,
    INCOMPLETE_REASONS,
    PRELUDE,
    RESPONSE_STATUSES,
    TERMINALS,
)
from harness.protocols.responses.errors import error_of
from harness.protocols.responses.event import DONE
from harness.protocols.responses.lint.remark import Flaw, Rule, error, info, warning
from harness.protocols.responses.lint.stream import Stream, is_terminal, object_at, response_of, text_at

_CREATED = "response.created"


def _created_first(stream: Stream) -> Iterator[Flaw]:
    created = [event for event in stream.messages if event.type == _CREATED]
    for event in created[1:]:
        yield error(event.frame, "/type", "a second response.created")
    first = created[0].frame if created else None
    early = [event for event in stream.messages if first is None or event.frame < first]
    for event in early:
        spec = EVENTS.get(event.type)
        if event.type in PRELUDE and spec is not None:
            tell = info if spec.group == "vendor" else warning
            yield tell(event.frame, "/type", f"{event.type} before response.created")
        elif spec is not None:
            yield error(event.frame, "/type", "an event before response.created")
        else:
            yield warning(event.frame, "/type", "an event of unknown type before response.created")
    if first is None and stream.terminal is not None:
        told = error_of(stream.terminal) is not None
        tell = warning if told and not early else error
        yield tell(stream.terminal.frame, "/type", "the terminal comes without any response.created")


def _one_terminal(stream: Stream) -> Iterator[Flaw]:
    if stream.terminal is None:
        yield error(None, "", "no terminal" if stream.events else "no event at all")
    for event in stream.after:
        if is_terminal(event):
            yield error(event.frame, "/type", "another terminal after the first")


def _nothing_after(stream: Stream) -> Iterator[Flaw]:
    for event in stream.after:
        if event.data == DONE:
            continue
        spec = EVENTS.get(event.type)
        tell = warning if spec is not None and spec.group == "vendor" else error
        yield tell(event.frame, "", "an event after the terminal")


def _status_agrees(stream: Stream) -> Iterator[Flaw]:
    begun = [event for event in stream.messages if event.type in {_CREATED, "response.in_progress", "response.queued"}]
    for event in begun:
        status = text_at(response_of(event), "status")
        if status is not None and status not in {"queued", "in_progress"}:
            yield error(event.frame, "/response/status", f"{event.type} with status {status[:80]!r}")
    terminal, response = stream.terminal, response_of(stream.terminal)
    if terminal is None or response is None:
        return
    status, owed = text_at(response, "status"), TERMINALS.get(terminal.type)
    if status is None:
        return
    if status not in RESPONSE_STATUSES:
        yield error(terminal.frame, "/response/status", f"an unknown status {status[:80]!r}")
    elif owed is not None and status != owed and terminal.type != "response.done":
        yield error(terminal.frame, "/response/status", f"{terminal.type} with status {status!r}")


def _reasons(stream: Stream) -> Iterator[Flaw]:
    terminal, response = stream.terminal, response_of(stream.terminal)
    if terminal is None:
        return
    if terminal.type == "response.incomplete":
        reason = text_at(object_at(response, "incomplete_details"), "reason")
        if reason is None:
            yield error(terminal.frame, "/response/incomplete_details/reason", "incomplete, and no reason why")
        elif reason not in INCOMPLETE_REASONS:
            yield info(terminal.frame, "/response/incomplete_details/reason", f"an unknown reason {reason[:80]!r}")
    told = error_of(terminal)
    if told is None:
        return
    if told.message is None:
        yield error(terminal.frame, "", "an error without a message")
    if told.code is None:
        yield warning(terminal.frame, "", "an error without a code")
    elif told.code not in ERROR_CODES | CODEX_ERROR_CODES:
        yield info(terminal.frame, "", f"an unknown error code {told.code[:80]!r}")


def _one_response(stream: Stream) -> Iterator[Flaw]:
    ends = () if stream.terminal is None else (stream.terminal,)
    known: str | None = None
    for event in (*stream.messages, *ends):
        name = text_at(response_of(event), "id")
        if name is not None and known is not None and name != known:
            yield error(event.frame, "/response/id", "the response's id changes within the stream")
        known = known or name


RULES = (
    Rule(
        "created-first",
        "The stream starts with one response.created; only queued, in_progress and the known vendor "
        "events may precede it.",
        _created_first,
    ),
    Rule("one-terminal", "The stream ends with exactly one terminal.", _one_terminal),
    Rule("nothing-after-terminal", "Nothing follows the terminal but an end mark.", _nothing_after),
    Rule("status-agrees", "The response's status is the one the event's name states.", _status_agrees),
    Rule(
        "reasons-given",
        "An incomplete response gives a known reason, a failed one a message and a known code.",
        _reasons,
    ),
    Rule("one-response", "All events of the response carry the same response id.", _one_response),
)
