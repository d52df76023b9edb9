"""Dialects: which server speaks, told by the habits a stream shows.

A dialect is known by what servers were seen to do, so it is a hint about where a stream comes from and no proof: a
short stream may fit several dialects, or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.protocols.responses.lint.habits import HABITS, habits_of
from harness.protocols.responses.lint.stream import Stream
from harness.wire import Frame, Tail


@dataclass(frozen=True, slots=True)
class Dialect:
    """One server's way of speaking."""

    name: str
    sentence: str
    marks: tuple[frozenset[str], ...]
    """Signatures, any of which tells it; a signature is the set of habits that must all show."""
    lacks: frozenset[str] = frozenset()
    """Habits it never shows."""
    habits: frozenset[str] = frozenset()
    """Further habits it is known for, which tell nothing alone."""


def _all(*habits: str) -> frozenset[str]:
    return frozenset(habits)


_FOREIGN = _all(
    "end-mark", "content-filters", "sources-counted", "own-key", "copilot-usage", "processing-comment",
    "keepalive-comment", "account-marks", "rate-limit-event", "metadata-event", "float-time", "null-output",
    "empty-output", "absent-output", "completed-failed", "completed-incomplete", "zero-usage", "reasoning-alias",
)  # fmt: skip

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "openai",
            "The public API: named events, numbers from 0, no end mark.",
            (_all("event-lines", "counted"), _all("event-lines", "resumed")),
            _FOREIGN,
            _all(
                "padded-deltas",
                "phased-messages",
                "encrypted-reasoning",
                "keepalive-event",
                "nested-error",
                "error-then-failed",
            ),
        ),
        Dialect(
            "codex",
            "The ChatGPT Codex backend: events of its own, account marks, and at times no output in the terminal.",
            (_all("rate-limit-event"), _all("metadata-event"), _all("null-output"), _all("account-marks")),
            habits=_all(
                "padded-deltas",
                "phased-messages",
                "encrypted-reasoning",
                "empty-output",
                "absent-output",
                "keepalive-event",
                "keepalive-numbers",
            ),
        ),
        Dialect(
            "open-responses",
            "The Open Responses specification: named events and [DONE] at the end.",
            (_all("event-lines", "end-mark"), _all("reasoning-alias")),
            habits=_all("nested-error", "null-item"),
        ),
        Dialect(
            "azure",
            "Azure OpenAI: content filters in the response.",
            (_all("content-filters"),),
            habits=_all("padded-deltas", "encrypted-reasoning"),
        ),
        Dialect("xai", "xAI: usage counts sources.", (_all("sources-counted"),), habits=_all("nested-error")),
        Dialect(
            "openrouter",
            "OpenRouter: comments while it works, costs in the usage, an end mark.",
            (_all("processing-comment"), _all("own-key")),
            habits=_all("no-event-lines", "end-mark", "untyped-error"),
        ),
        Dialect(
            "deepseek",
            "DeepSeek: comments keep the connection.",
            (_all("keepalive-comment"),),
            habits=_all("reasoning-part", "content-filters"),
        ),
        Dialect(
            "alibaba", "Alibaba: ids on every frame and fields without a space.", (_all("unspaced-fields", "id-lines"),)
        ),
        Dialect(
            "copilot",
            "GitHub Copilot and its like: ids that rotate, usage of its own.",
            (_all("rotating-ids"), _all("copilot-usage")),
        ),
        Dialect(
            "transformers",
            "transformers serve: no event lines, created while queued, times with a fraction.",
            (_all("no-event-lines", "queued-first"), _all("no-event-lines", "float-time")),
        ),
        Dialect(
            "litellm",
            "litellm proxy: no event lines, an end mark, a model on every event or no numbers.",
            (
                _all("no-event-lines", "end-mark", "model-on-events"),
                _all("no-event-lines", "end-mark", "no-sequence-numbers"),
                _all("no-event-lines", "constant-sequence"),
            ),
        ),
        Dialect(
            "llama.cpp",
            "llama-server: no output_index, a created response without output.",
            (_all("no-output-index"), _all("created-without-output")),
        ),
        Dialect(
            "vllm",
            "vLLM: a limit reached ends in response.completed; the terminal has ids of its own.",
            (_all("completed-incomplete"), _all("snapshot-ids"), _all("index-a-delta")),
            habits=_all("reasoning-part", "empty-output", "untyped-error"),
        ),
        Dialect(
            "gpt-oss",
            "The gpt-oss server: index -1, items done without having been added, usage without details.",
            (_all("negative-index"), _all("never-added", "usage-without-details")),
        ),
        Dialect(
            "aimock",
            "aimock: no numbers, usage of zeros, a content filter as a completed response that failed.",
            (_all("no-sequence-numbers", "zero-usage"), _all("completed-failed")),
        ),
        Dialect("new-api", "new-api relays: no blank line after the last frame.", (_all("no-final-blank-line"),)),
        Dialect("cli-proxy-api", "CLIProxyAPI: the done call has no name.", (_all("blank-name"),)),
    )
}
"""Every known dialect, by name."""


def dialects(frames: Sequence[Frame], tail: Tail | None = None) -> tuple[str, ...]:
    """Names of the dialects a stream fits, in the order of :data:`DIALECTS`; often one, sometimes several or none."""
    shown = {habit.name for habit in habits_of(Stream.of(frames, tail))}
    return tuple(
        name
        for name, dialect in DIALECTS.items()
        if not shown & dialect.lacks and any(mark <= shown for mark in dialect.marks)
    )


def speakers(habit: str) -> tuple[str, ...]:
    """Names of the dialects known for a habit. Raises KeyError for a habit nobody has."""
    name = HABITS[habit].name
    return tuple(
        dialect.name
        for dialect in DIALECTS.values()
        if name in dialect.habits or any(name in mark for mark in dialect.marks)
    )
