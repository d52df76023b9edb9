"""What recorded servers really sent: every cassette loads, and every deviation is a known habit or told here.

No server runs for this. A habit lives in the lint; what no habit explains is an error of that server, and a row of
``DEVIATIONS`` says which and why. A row that nothing shows any more fails too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from harness.cassette import Cassette, Interaction, load_all, unresolved
from harness.cassette.listing import is_event_stream
from harness.protocols.responses.event import decode_all
from harness.protocols.responses.lint import Level, dialects, lint
from harness.wire import decode
from tests.interop.providers.conversations import CONVERSATIONS, STANDARD

LIBRARY = Path(__file__).parents[3] / "cassettes"
PROVIDERS = ("aimock", "gpt-oss", "litellm", "llama.cpp", "transformers")
MOST_BYTES = 1_000_000
"""Of one provider's folder."""


DEVIATIONS: tuple[tuple[str, str, str], ...] = (
    # interactions as NAME.TURN, rules, why it is so
    ("transformers/*-call*.0", "item-order item-identity",
     "a call is streamed, and then the message is opened a second time, with its old id, on the call's index"),
    ("transformers/*-call*.0", "snapshot-identity snapshot-whole index-order text-agrees",
     "an empty message that no event placed comes first in the terminal, so every call has another place there"),
    ("litellm/chat-thinking.0", "event-schema part-order strand-order",
     "reasoning is translated into summary deltas without an index, of a part that is done but never added"),
    ("litellm/chat-thinking.0", "item-schema response-schema text-agrees",
     "the translated reasoning item is added, and stands in the terminal, without its summary"),
    ("gpt-oss/*", "item-order items-finished part-order strand-order item-identity item-members text-agrees snapshot-whole",
     "deltas carry an index one lower than the done events, so the message's deltas land on the reasoning's place"),
    ("gpt-oss/*", "item-schema", "the message is added with status null"),
    ("*/*filtered.0", "reasons-given",
     "a filter stops the answer, and the failed response has no error that says so"),
    ("litellm/mock-greeting.0", "created-first", "the proxy fails in its own mock before it has a response"),
    ("litellm/transformers-greeting.0", "created-first",
     "the proxy cannot read the first event of its upstream, whose time has a fraction, and fails instead"),
    ("*client-abort.0", "one-terminal", "the client left before the end"),
    ("*server-killed.0", "one-terminal", "the server was killed before the end"),
    ("*broken-off.0", "one-terminal", "the server broke the answer off, as it was told to"),
)  # fmt: skip

SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    # whole event streams, the dialects they are told by
    ("transformers/*", ("transformers",)),
    ("llama.cpp/*", ("llama.cpp",)),
    ("aimock/*", ("aimock",)),
    ("gpt-oss/*", ("gpt-oss",)),
    ("litellm/llama-*", ("litellm", "llama.cpp")),
    ("litellm/aimock-broken-off", ("litellm",)),
    ("litellm/aimock-upstream-killed", ("litellm",)),
    ("litellm/aimock-*", ("litellm", "aimock")),
    ("litellm/*", ("litellm",)),
)
"""The first that fits counts."""

SILENT_LIMITS = (
    "gpt-oss/length-limit",
    "transformers/length-limit",
    "llama.cpp/length-limit",
    "litellm/llama-length-limit",
)
"""Where the limit of output tokens ends an answer that calls itself completed. No rule can see that in a stream."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One interaction with an event stream for an answer."""

    cassette: Cassette
    entry: Interaction

    @property
    def id(self) -> str:
        return f"{self.cassette.name}.{self.entry.turn}"

    @property
    def has_ended(self) -> bool:
        return self.entry.response.ending == "fin"


@cache
def library() -> tuple[Cassette, ...]:
    return tuple(cassette for provider in PROVIDERS for cassette in load_all(LIBRARY / provider))


def streams() -> list[Recorded]:
    return [
        Recorded(cassette, entry)
        for cassette in library()
        for entry in cassette.interactions
        if is_event_stream(entry.response)
    ]


def unexplained(recorded: Recorded) -> set[str]:
    """Rules with remarks above information that no habit explains."""
    remarks = lint(*decode(recorded.entry.response.body))
    return {remark.rule for remark in remarks if remark.level is not Level.INFO and not remark.habit}


def told(recorded: Recorded) -> set[str]:
    return {rule for pattern, rules, _ in DEVIATIONS if fnmatchcase(recorded.id, pattern) for rule in rules.split()}


@pytest.mark.parametrize("recorded", streams(), ids=lambda recorded: recorded.id)
def test_a_deviation_is_a_habit_or_told(recorded: Recorded) -> None:
    assert unexplained(recorded) <= told(recorded)


@pytest.mark.parametrize(("pattern", "rules", "why"), DEVIATIONS, ids=[f"{row[0]} {row[1]}" for row in DEVIATIONS])
def test_every_told_deviation_is_shown(pattern: str, rules: str, why: str) -> None:
    shown = {rule for one in streams() if fnmatchcase(one.id, pattern) for rule in unexplained(one)}
    assert set(rules.split()) <= shown, why


@pytest.mark.parametrize("recorded", [one for one in streams() if one.has_ended], ids=lambda recorded: recorded.id)
def test_a_whole_stream_tells_its_server(recorded: Recorded) -> None:
    expected = next(spoken for pattern, spoken in SPOKEN if fnmatchcase(recorded.cassette.name, pattern))
    assert dialects(*decode(recorded.entry.response.body)) == expected


def _last_status(recorded: Recorded) -> tuple[str, str]:
    frames, _ = decode(recorded.entry.response.body)
    last = [event for event in decode_all(frames) if event.payload is not None][-1]
    assert last.payload is not None
    return last.type, last.payload["response"]["status"]


@pytest.mark.parametrize("name", SILENT_LIMITS)
def test_a_limit_that_is_not_told(name: str) -> None:
    [recorded] = [one for one in streams() if one.cassette.name == name]
    assert recorded.entry.request.body["max_output_tokens"] == 16
    assert _last_status(recorded) == ("response.completed", "completed")


def _endings() -> Iterator[tuple[str, str, str]]:
    for cassette in library():
        conversation = CONVERSATIONS[cassette.tags[-1]]
        expected = {"leave": "client-abort", "kill": "cut"}.get(conversation.then, "fin")
        if cassette.name in {"aimock/broken-off", "gpt-oss/broken-off"}:
            expected = "cut"
        yield cassette.name, cassette.interactions[-1].response.ending, expected


def test_every_recording_ends_as_its_conversation_does() -> None:
    assert [row for row in _endings() if row[1] != row[2]] == []


@pytest.mark.parametrize("provider", ["aimock", "llama.cpp", "transformers"])
def test_every_standard_conversation_is_there(provider: str) -> None:
    assert set(STANDARD) <= {cassette.name.removeprefix(f"{provider}/") for cassette in library()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_stays_small(provider: str) -> None:
    assert sum(path.stat().st_size for path in (LIBRARY / provider).rglob("*") if path.is_file()) < MOST_BYTES


def test_provenance_and_secrets() -> None:
    for cassette in library():
        assert cassette.provenance.source == "recorded"
        assert "recorded by: python -m tests.interop.providers." in cassette.provenance.notes
        assert unresolved(cassette) == ()
