"""Every event type of a Responses stream, as data.

The schema's own events come first, then those that only other specifications, SDKs or real servers have. The three
sources disagree in places; the catalogue lists what a conforming *server* must send, so a field that any of them
makes optional is not required here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from harness.protocols.responses.catalogue.model import EventSpec, Field, Group, Strand

ITEM_ID = Field("item_id", "string")
OUTPUT_INDEX = Field("output_index", "integer")
CONTENT_INDEX = Field("content_index", "integer")
SUMMARY_INDEX = Field("summary_index", "integer")
COMMAND_INDEX = Field("command_index", "integer")
DELTA = Field("delta", "string")
RESPONSE = Field("response", "object")
LOGPROBS = Field("logprobs", "array", often_absent=True)
# OpenAPI asks for it on some audio events, the SDKs on none.
RESPONSE_ID = Field("response_id", "string", required=False)

AT_ITEM = (ITEM_ID, OUTPUT_INDEX)
AT_CONTENT = (*AT_ITEM, CONTENT_INDEX)
AT_SUMMARY = (*AT_ITEM, SUMMARY_INDEX)
AT_COMMAND = (OUTPUT_INDEX, COMMAND_INDEX)

COMMON_OPTIONAL: frozenset[str] = frozenset({"type", "sequence_number", "obfuscation", "agent", "event_id"})
"""Members that any event may have; ``obfuscation`` is random padding and means nothing."""

_LIFECYCLE = (
    EventSpec("response.created", "lifecycle", (RESPONSE,)),
    EventSpec("response.queued", "lifecycle", (RESPONSE,), prelude=True),
    EventSpec("response.in_progress", "lifecycle", (RESPONSE,), prelude=True),
    EventSpec("response.completed", "lifecycle", (RESPONSE,), terminal="completed"),
    EventSpec("response.incomplete", "lifecycle", (RESPONSE,), terminal="incomplete"),
    EventSpec("response.failed", "lifecycle", (RESPONSE,), terminal="failed"),
    # OpenAPI writes it flat with all three required; the nested form has them in ``error``, which is judged apart.
    EventSpec(
        "error",
        "error",
        (
            Field("message", "string", required=False),
            Field("code", "string", required=False),
            Field("param", "string", required=False),
            Field("error", "any", required=False),
            Field("status", "any", required=False),
        ),
        terminal="failed",
        prelude=True,
    ),
)

_CONTENT = (
    EventSpec("response.output_item.added", "items", (OUTPUT_INDEX, Field("item", "object"))),
    EventSpec("response.output_item.done", "items", (OUTPUT_INDEX, Field("item", "object"))),
    EventSpec("response.content_part.added", "parts", (*AT_CONTENT, Field("part", "object")), ("message", "reasoning")),
    EventSpec("response.content_part.done", "parts", (*AT_CONTENT, Field("part", "object")), ("message", "reasoning")),
    EventSpec("response.output_text.delta", "text", (*AT_CONTENT, DELTA, LOGPROBS), ("message",)),
    EventSpec("response.output_text.done", "text", (*AT_CONTENT, Field("text", "string"), LOGPROBS), ("message",)),
    EventSpec(
        "response.output_text.annotation.added",
        "annotations",
        (*AT_CONTENT, Field("annotation_index", "integer"), Field("annotation", "object", required=False)),
        ("message",),
    ),
    EventSpec("response.refusal.delta", "refusal", (*AT_CONTENT, DELTA), ("message",)),
    EventSpec("response.refusal.done", "refusal", (*AT_CONTENT, Field("refusal", "string")), ("message",)),
    EventSpec("response.reasoning_text.delta", "reasoning", (*AT_CONTENT, DELTA), ("reasoning",)),
    EventSpec("response.reasoning_text.done", "reasoning", (*AT_CONTENT, Field("text", "string")), ("reasoning",)),
    EventSpec(
        "response.reasoning_summary_part.added", "reasoning", (*AT_SUMMARY, Field("part", "object")), ("reasoning",)
    ),
    EventSpec(
        "response.reasoning_summary_part.done",
        "reasoning",
        (*AT_SUMMARY, Field("part", "object"), Field("status", "string", required=False)),
        ("reasoning",),
    ),
    EventSpec("response.reasoning_summary_text.delta", "reasoning", (*AT_SUMMARY, DELTA), ("reasoning",)),
    EventSpec(
        "response.reasoning_summary_text.done", "reasoning", (*AT_SUMMARY, Field("text", "string")), ("reasoning",)
    ),
)

_CALLS = (
    EventSpec("response.function_call_arguments.delta", "function", (*AT_ITEM, DELTA), ("function_call",)),
    EventSpec(
        "response.function_call_arguments.done",
        "function",
        # OpenAPI requires the name; servers do not send it, and the newer SDKs no longer ask for it.
        (*AT_ITEM, Field("arguments", "string"), Field("name", "string", required=False)),
        ("function_call",),
    ),
    EventSpec("response.custom_tool_call_input.delta", "custom", (*AT_ITEM, DELTA), ("custom_tool_call",)),
    EventSpec(
        "response.custom_tool_call_input.done", "custom", (*AT_ITEM, Field("input", "string")), ("custom_tool_call",)
    ),
    EventSpec("response.mcp_call_arguments.delta", "mcp", (*AT_ITEM, DELTA), ("mcp_call",)),
    EventSpec("response.mcp_call_arguments.done", "mcp", (*AT_ITEM, Field("arguments", "string")), ("mcp_call",)),
    EventSpec("response.code_interpreter_call_code.delta", "hosted", (*AT_ITEM, DELTA), ("code_interpreter_call",)),
    EventSpec(
        "response.code_interpreter_call_code.done",
        "hosted",
        (*AT_ITEM, Field("code", "string")),
        ("code_interpreter_call",),
    ),
    EventSpec(
        "response.image_generation_call.partial_image",
        "hosted",
        (
            *AT_ITEM,
            Field("partial_image_index", "integer"),
            Field("partial_image_b64", "string"),
            *(Field(name, "string", required=False) for name in ("size", "quality", "background", "output_format")),
        ),
        ("image_generation_call",),
    ),
    # No item_id: only the indexes tell which call a shell command belongs to.
    EventSpec("response.shell_call_command.added", "shell", (*AT_COMMAND, Field("command", "string")), ("shell_call",)),
    EventSpec("response.shell_call_command.delta", "shell", (*AT_COMMAND, DELTA), ("shell_call",)),
    EventSpec("response.shell_call_command.done", "shell", (*AT_COMMAND, Field("command", "string")), ("shell_call",)),
    EventSpec(
        "response.shell_call_output_content.delta",
        "shell",
        (*AT_ITEM, COMMAND_INDEX, Field("delta", "object")),
        ("shell_call_output",),
    ),
    EventSpec(
        "response.shell_call_output_content.done",
        "shell",
        (*AT_ITEM, COMMAND_INDEX, Field("output", "array")),
        ("shell_call_output",),
    ),
    EventSpec(
        "response.apply_patch_call_operation_diff.delta",
        "patch",
        (*AT_ITEM, DELTA),
        ("apply_patch_call",),
        origin="observed",
    ),
    EventSpec(
        "response.apply_patch_call_operation_diff.done",
        "patch",
        (*AT_ITEM, Field("diff", "string")),
        ("apply_patch_call",),
        origin="observed",
    ),
    EventSpec("response.compaction.compacting", "compaction", AT_ITEM, ("compaction",), origin="sdk"),
    EventSpec("response.audio.delta", "audio", (DELTA, RESPONSE_ID)),
    EventSpec("response.audio.done", "audio", (RESPONSE_ID,)),
    EventSpec("response.audio.transcript.delta", "audio", (DELTA, RESPONSE_ID)),
    EventSpec("response.audio.transcript.done", "audio", (RESPONSE_ID,)),
)

_STAGES: Mapping[str, tuple[Group, tuple[str, ...]]] = {
    "web_search_call": ("hosted", ("in_progress", "searching", "completed")),
    "file_search_call": ("hosted", ("in_progress", "searching", "completed")),
    "code_interpreter_call": ("hosted", ("in_progress", "interpreting", "completed")),
    "image_generation_call": ("hosted", ("in_progress", "generating", "completed")),
    "mcp_call": ("mcp", ("in_progress", "completed", "failed")),
    "mcp_list_tools": ("mcp", ("in_progress", "completed", "failed")),
}


def _stages() -> Iterator[EventSpec]:
    for item_type, (group, stages) in _STAGES.items():
        for stage in stages:
            yield EventSpec(f"response.{item_type}.{stage}", group, AT_ITEM, (item_type,))


def _vendor(type_: str, *fields: Field) -> EventSpec:
    return EventSpec(type_, "vendor", fields, prelude=True, origin="observed")


# Seen on real streams, outside every schema; each carries nothing of the answer.
_VENDOR = (
    _vendor("keepalive"),
    _vendor("response.keep_alive"),
    _vendor("response.metadata", *(Field(n, "any", required=False) for n in ("metadata", "response", "headers"))),
    _vendor("codex.response.metadata", Field("headers", "object", required=False)),
    _vendor("response.headers", Field("headers", "object", required=False)),
    _vendor(
        "codex.rate_limits",
        Field("plan_type", "string", required=False),
        Field("rate_limits", "object", required=False),
        *(Field(n, "any", required=False) for n in ("credits", "code_review_rate_limits", "metered_limit_name")),
    ),
    _vendor("responsesapi.websocket_timing"),
)

_ALIASES = (
    EventSpec(
        "response.done",
        "lifecycle",
        (RESPONSE,),
        terminal="completed",
        alias_of="response.completed",
        origin="observed",
    ),
    EventSpec("response.cancelled", "lifecycle", (RESPONSE,), terminal="cancelled", origin="observed"),
    EventSpec(
        "response.canceled",
        "lifecycle",
        (RESPONSE,),
        terminal="cancelled",
        alias_of="response.cancelled",
        origin="observed",
    ),
    EventSpec(
        "response.error",
        "error",
        tuple(Field(name, "any", required=False) for name in ("error", "message", "code", "param", "response")),
        terminal="failed",
        prelude=True,
        alias_of="error",
        origin="observed",
    ),
    EventSpec(
        "response.reasoning.delta",
        "reasoning",
        (*AT_CONTENT, DELTA),
        ("reasoning",),
        alias_of="response.reasoning_text.delta",
        origin="open-responses",
    ),
    EventSpec(
        "response.reasoning.done",
        "reasoning",
        (*AT_CONTENT, Field("text", "string")),
        ("reasoning",),
        alias_of="response.reasoning_text.done",
        origin="open-responses",
    ),
)

EVENTS: Mapping[str, EventSpec] = MappingProxyType(
    {spec.type: spec for spec in (*_LIFECYCLE, *_CONTENT, *_CALLS, *_stages(), *_VENDOR, *_ALIASES)}
)
"""Every known event type."""

TERMINALS: Mapping[str, str] = MappingProxyType(
    {spec.type: spec.terminal for spec in EVENTS.values() if spec.terminal is not None}
)
"""Terminal event type → the response status its name states."""

PRELUDE: frozenset[str] = frozenset(spec.type for spec in EVENTS.values() if spec.prelude and spec.terminal is None)
"""Events that may come before ``response.created``; an error may too, but ends the stream."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {spec.type: spec.alias_of for spec in EVENTS.values() if spec.alias_of is not None}
)
"""Event type → the type it is another name of."""

_CONTENT_KEYS = ("output_index", "content_index")
_COMMAND_KEYS = ("output_index", "command_index")

STRANDS: tuple[Strand, ...] = (
    Strand(
        "text", "response.output_text.delta", "response.output_text.done", "text",
        _CONTENT_KEYS, ("message",), ("content", None, "text"), "output_text",
    ),
    Strand(
        "refusal", "response.refusal.delta", "response.refusal.done", "refusal",
        _CONTENT_KEYS, ("message",), ("content", None, "refusal"), "refusal",
    ),
    Strand(
        "reasoning", "response.reasoning_text.delta", "response.reasoning_text.done", "text",
        _CONTENT_KEYS, ("reasoning",), ("content", None, "text"), "reasoning_text",
    ),
    Strand(
        "summary", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "text",
        ("output_index", "summary_index"), ("reasoning",), ("summary", None, "text"), "summary_text",
    ),
    Strand(
        "arguments", "response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments",
        ("output_index",), ("function_call",), ("arguments",),
    ),
    Strand(
        "input", "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input",
        ("output_index",), ("custom_tool_call",), ("input",),
    ),
    Strand(
        "mcp-arguments", "response.mcp_call_arguments.delta", "response.mcp_call_arguments.done", "arguments",
        ("output_index",), ("mcp_call",), ("arguments",),
    ),
    Strand(
        "code", "response.code_interpreter_call_code.delta", "response.code_interpreter_call_code.done", "code",
        ("output_index",), ("code_interpreter_call",), ("code",),
    ),
    Strand(
        "command", "response.shell_call_command.delta", "response.shell_call_command.done", "command",
        _COMMAND_KEYS, ("shell_call",), ("action", "commands", None),
    ),
    Strand(
        "diff", "response.apply_patch_call_operation_diff.delta", "response.apply_patch_call_operation_diff.done",
        "diff", ("output_index",), ("apply_patch_call",), ("operation", "diff"),
    ),
)  # fmt: skip
"""Every text that arrives in deltas; aliases are to be resolved first. Shell output arrives in objects, not here."""

DELTAS: Mapping[str, Strand] = MappingProxyType({strand.delta: strand for strand in STRANDS})
"""Delta event type → its strand."""

DONES: Mapping[str, Strand] = MappingProxyType({strand.done: strand for strand in STRANDS})
"""Done event type → its strand."""


def canonical(event_type: str) -> str:
    """The catalogue's name of an event type: aliases resolved, anything else unchanged."""
    return ALIASES.get(event_type, event_type)
