"""Habits: deviations that known servers always show, each with the property of the whole stream it shows itself by.

A habit covers the remarks it explains, so that a server's dialect reads as one and a fresh fault stands out: one
missing sequence number is a fault, none at all is litellm. That is why every property here is of the whole stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.protocols.responses.lint import properties
from harness.protocols.responses.lint.framing import unspaced
from harness.protocols.responses.lint.properties import Shows
from harness.protocols.responses.lint.remark import Level, Remark
from harness.protocols.responses.lint.stream import Stream


@dataclass(frozen=True, slots=True)
class Habit:
    """One known deviation."""

    name: str
    sentence: str
    shows: Shows
    level: Level = Level.INFO
    """The level of the remarks it explains."""
    rules: tuple[str, ...] = ()
    """Rules whose remarks it explains; none: it is a mark only."""
    pointers: tuple[str, ...] = ("",)
    """How the pointers of those remarks end."""
    words: str = ""
    """Text their messages hold."""

    def explains(self, remark: Remark) -> bool:
        return remark.rule in self.rules and self.words in remark.message and remark.pointer.endswith(self.pointers)


_WARNING = Level.WARNING
_SEQUENCE = ("sequence-numbers",)

HABITS: Mapping[str, Habit] = {
    habit.name: habit
    for habit in (
        Habit("event-lines", "Every frame names its event.", properties.every_event_line),
        Habit("no-event-lines", "No frame has an event line.", properties.no_event_line, rules=("event-line",)),
        Habit(
            "end-mark",
            "The stream ends with [DONE].",
            properties.ends_with_mark,
            rules=("end-mark",),
            words="after the terminal",
        ),
        Habit("counted", "Sequence numbers run from 0 without a gap.", properties.counted_from_zero),
        Habit(
            "resumed",
            "The stream is the rest of an earlier one: numbers run on, and what came before is not there to compare.",
            properties.counted_from_later,
            rules=("sequence-numbers", "created-first", "item-order", "part-order", "text-agrees", "snapshot-whole"),
        ),
        Habit(
            "no-sequence-numbers",
            "No event is numbered.",
            properties.never_numbered,
            _WARNING,
            _SEQUENCE,
            words="no sequence number",
        ),
        Habit("constant-sequence", "Every event has the same number.", properties.one_number, _WARNING, _SEQUENCE),
        Habit(
            "done-numbers",
            "Some done events are numbered, nothing else is.",
            properties.done_events_numbered,
            _WARNING,
            _SEQUENCE,
        ),
        Habit(
            "keepalive-numbers",
            "Keepalives take or repeat sequence numbers.",
            properties.keepalives_numbered,
            _WARNING,
            _SEQUENCE,
        ),
        Habit(
            "model-on-events",
            "Every event has a member model.",
            properties.model_everywhere,
            rules=("event-schema",),
            pointers=("/model",),
        ),
        Habit(
            "queued-first", "The created response is queued, in a foreground request too.", properties.created_queued
        ),
        Habit("float-time", "created_at has a fraction.", properties.float_time),
        Habit(
            "no-output-index",
            "No event has an output_index.",
            properties.no_output_index,
            _WARNING,
            ("event-schema",),
            ("/output_index",),
        ),
        Habit(
            "no-content-index",
            "No event has a content_index.",
            properties.no_content_index,
            _WARNING,
            ("event-schema",),
            ("/content_index",),
        ),
        Habit(
            "negative-index",
            "The output_index of whole items is -1.",
            properties.negative_index,
            _WARNING,
            ("index-order",),
            ("/output_index",),
        ),
        Habit(
            "created-without-output",
            "The created response has no output.",
            properties.created_without_output,
            _WARNING,
            ("response-schema",),
            ("/response/output",),
            "missing",
        ),
        Habit(
            "bare-created",
            "Before the terminal, a response tells neither its time nor its model.",
            properties.created_bare,
            _WARNING,
            ("response-schema",),
            ("/response/created_at", "/response/model"),
            "missing",
        ),
        Habit(
            "bare-failure",
            "The failed response tells no model.",
            properties.failure_bare,
            _WARNING,
            ("response-schema",),
            ("/response/model",),
            "missing",
        ),
        Habit(
            "failure-numbered-alone",
            "Of all events only response.failed is named and numbered.",
            properties.failure_numbered_alone,
            _WARNING,
            ("sequence-numbers", "event-line"),
        ),
        Habit(
            "null-output",
            "The terminal's output is null though items were done.",
            properties.terminal_output(lambda response: response.get("output", 0) is None),
            _WARNING,
            ("response-schema",),
            ("/response/output",),
        ),
        Habit(
            "absent-output",
            "The terminal has no output though items were done.",
            properties.terminal_output(lambda response: "output" not in response),
            _WARNING,
            ("response-schema",),
            ("/response/output",),
            "missing",
        ),
        Habit(
            "empty-output",
            "The terminal's output is empty though items were done.",
            properties.terminal_output(lambda response: response.get("output") == []),
            _WARNING,
            ("snapshot-whole",),
        ),
        Habit(
            "completed-incomplete",
            "response.completed with status incomplete.",
            properties.terminal_is("response.completed", "incomplete"),
            _WARNING,
            ("status-agrees",),
        ),
        Habit(
            "completed-failed",
            "response.completed with status failed.",
            properties.terminal_is("response.completed", "failed"),
            _WARNING,
            ("status-agrees",),
        ),
        Habit(
            "snapshot-ids",
            "The terminal's items have ids of their own.",
            properties.snapshot_ids_differ,
            _WARNING,
            ("snapshot-identity",),
            ("/id",),
        ),
        Habit(
            "index-a-delta",
            "Every text delta has a content_index of its own.",
            properties.index_a_delta,
            _WARNING,
            ("part-order", "index-order", "strand-order", "text-agrees"),
        ),
        Habit("reasoning-part", "Reasoning text comes in content parts.", properties.reasoning_in_parts),
        Habit(
            "no-logprobs",
            "No text has logprobs, not even an empty list.",
            properties.never_logprobs,
            _WARNING,
            ("event-schema",),
            ("/logprobs",),
        ),
        Habit(
            "timings",
            "The terminal tells how long the model took.",
            lambda stream: stream.terminal is not None and "timings" in (stream.terminal.payload or {}),
            rules=("event-schema",),
            pointers=("/timings",),
        ),
        Habit(
            "reasoning-without-part",
            "Reasoning text comes without a content part around it.",
            properties.reasoning_without_part,
            _WARNING,
            ("part-order",),
            words="reasoning_text",
        ),
        Habit(
            "no-arguments-done",
            "The arguments of calls come as deltas alone.",
            properties.deltas_alone("response.function_call_arguments"),
            _WARNING,
            ("strand-order",),
            words="arguments: deltas without a done event",
        ),
        Habit(
            "no-reasoning-done",
            "Reasoning text comes as deltas alone.",
            properties.deltas_alone("response.reasoning_text"),
            _WARNING,
            ("strand-order",),
            words="reasoning: deltas without a done event",
        ),
        Habit(
            "never-added",
            "Items are done, none is ever added.",
            properties.done_never_added,
            _WARNING,
            ("item-order",),
            words="not added",
        ),
        Habit(
            "usage-without-details",
            "Usage has no details.",
            properties.usage_without_details,
            rules=("usage",),
            pointers=("_details",),
        ),
        Habit(
            "input-details-only",
            "Usage has the details of the input tokens alone.",
            properties.usage_details_of_input_only,
            _WARNING,
            ("usage",),
            ("/output_tokens_details",),
        ),
        Habit("zero-usage", "All token counts are 0.", properties.usage_all_zero),
        Habit(
            "rotating-ids",
            "Ids change from event to event; only output_index is stable.",
            properties.ids_rotate,
            _WARNING,
            ("item-identity", "snapshot-identity", "one-response"),
            ("/id", "/item_id"),
        ),
        Habit(
            "temporary-ids",
            "Ids are temporary; the terminal may have others.",
            properties.ids_temporary,
            _WARNING,
            ("snapshot-identity",),
            ("/id",),
        ),
        Habit("uuid-response-id", "The response is named by a bare UUID.", properties.response_named_by_uuid),
        Habit(
            "error-then-failed",
            "An error event is followed by response.failed.",
            properties.error_then_failed,
            _WARNING,
            ("one-terminal", "nothing-after-terminal"),
        ),
        Habit(
            "blank-name",
            "The done call has an empty name.",
            properties.name_blank_when_done,
            _WARNING,
            ("item-members", "snapshot-identity"),
            ("/name",),
        ),
        Habit("null-item", "An item is null.", properties.null_item, _WARNING, ("event-schema",), ("/item",)),
        Habit("nested-error", "The error event holds its error in a member.", properties.error_nested),
        Habit(
            "untyped-error",
            "The error frame has no type.",
            properties.error_untyped,
            _WARNING,
            ("known-type",),
            ("/type",),
        ),
        Habit(
            "reasoning-alias",
            "Reasoning deltas are named response.reasoning.",
            properties.has_event("response.reasoning.delta"),
            rules=("known-type",),
            words="response.reasoning_text",
        ),
        Habit(
            "done-alias",
            "The terminal is named response.done.",
            properties.has_event("response.done"),
            _WARNING,
            ("known-type",),
            words="response.completed",
        ),
        Habit("rate-limit-event", "Rate limits come as an event.", properties.has_event("codex.rate_limits")),
        Habit(
            "metadata-event",
            "Metadata comes as an event.",
            properties.has_event("response.metadata", "codex.response.metadata"),
        ),
        Habit("keepalive-event", "Keepalives come as events.", properties.has_event("keepalive")),
        Habit(
            "account-marks",
            "The response names the account and its cache, and is not stored.",
            properties.account_named,
        ),
        Habit("padded-deltas", "Deltas are padded against traffic analysis.", properties.deltas_padded),
        Habit("phased-messages", "Every message has a phase.", properties.messages_phased),
        Habit("encrypted-reasoning", "Reasoning comes encrypted.", properties.reasoning_encrypted),
        Habit("content-filters", "The response lists content filters.", properties.content_filters),
        Habit(
            "sources-counted",
            "Usage counts sources and server-side tools.",
            properties.usage_has("num_sources_used", "cost_in_usd_ticks"),
        ),
        Habit("own-key", "Usage tells the cost and whose key paid.", properties.usage_has("is_byok")),
        Habit(
            "copilot-usage",
            "An event has a member copilot_usage.",
            lambda stream: any("copilot_usage" in payload for payload in properties.payloads(stream)),
            rules=("event-schema",),
            pointers=("/copilot_usage",),
        ),
        Habit(
            "processing-comment",
            "Comments tell that a router is at work.",
            properties.has_comment("OPENROUTER PROCESSING"),
            rules=("side-lines",),
            words="OPENROUTER",
        ),
        Habit(
            "keepalive-comment",
            "Comments keep the connection alive.",
            properties.has_comment("keep-alive"),
            rules=("side-lines",),
            words="keep-alive",
        ),
        Habit(
            "unspaced-fields",
            "No space follows the colon of any field.",
            lambda stream: properties.all_hold(unspaced(frame) for frame in stream.frames),
            rules=("side-lines",),
            words="no space",
        ),
        Habit(
            "id-lines",
            "Every frame has an id line.",
            lambda stream: properties.all_hold(frame.id is not None for frame in stream.frames),
            rules=("side-lines",),
            words="id line",
        ),
        Habit(
            "no-final-blank-line",
            "The blank line after the last frame is missing.",
            properties.last_frame_unended,
            _WARNING,
            ("final-blank-line",),
            words="no blank line",
        ),
    )
}
"""Every known habit, by name."""


def habits_of(stream: Stream) -> tuple[Habit, ...]:
    """The habits a stream shows."""
    return tuple(habit for habit in HABITS.values() if habit.shows(stream))
