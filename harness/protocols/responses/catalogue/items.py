"""Output items, their parts, and the closed lists of words that responses use.

Required members are those of the finished item, after the OpenAPI document; the same item in
``response.output_item.added`` has them too, with empty values.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from harness.protocols.responses.catalogue.model import Field, ItemKind, ItemSpec, JsonType


def _item(type_: str, required: str, optional: str = "") -> ItemSpec:
    """Members are written ``name`` for a text and ``name:type`` for anything else."""
    fields = [_member(word, required=True) for word in required.split()]
    fields += [_member(word, required=False) for word in optional.split()]
    kind: ItemKind = type_ if type_ in get_args(ItemKind) else "other"  # type: ignore[assignment]
    return ItemSpec(type_, kind, tuple(fields))


def _member(word: str, *, required: bool) -> Field:
    name, _, kind = word.partition(":")
    json: JsonType = kind or "string"  # type: ignore[assignment]
    return Field(name, json, required)


ITEM_TYPES: Mapping[str, ItemSpec] = MappingProxyType(
    {
        item.type: item
        for item in (
            _item("message", "id content:array role status", "phase"),
            _item("function_call", "arguments call_id name", "id status namespace async:boolean caller:any"),
            _item("function_call_output", "id output:any status", "call_id name namespace caller:any created_by"),
            _item("custom_tool_call", "call_id input name", "id status namespace async:boolean caller:any"),
            _item("custom_tool_call_output", "id call_id output:any status", "caller:any created_by"),
            _item("reasoning", "id summary:array", "content:array encrypted_content status"),
            _item("web_search_call", "id action:object status"),
            _item("file_search_call", "id queries:array status", "results:array"),
            _item("code_interpreter_call", "id container_id status", "code outputs:array"),
            _item(
                "image_generation_call",
                "id status",
                "result action background error:any output_format quality revised_prompt size prompt svg_usage:any",
            ),
            _item("computer_call", "id call_id pending_safety_checks:array status", "action:object actions:array"),
            _item(
                "computer_call_output", "id call_id output:any status", "acknowledged_safety_checks:array created_by"
            ),
            _item("mcp_call", "id arguments name server_label", "approval_request_id error:any output status"),
            _item("mcp_list_tools", "id server_label tools:array", "error:any"),
            _item("mcp_approval_request", "id arguments name server_label"),
            _item("mcp_approval_response", "id approval_request_id approve:boolean", "reason"),
            _item("local_shell_call", "id action:object call_id status"),
            _item("local_shell_call_output", "id output", "status"),
            _item("shell_call", "id action:object call_id status", "environment:object caller:any created_by"),
            _item(
                "shell_call_output",
                "id call_id output:array status",
                "max_output_length:integer caller:any created_by",
            ),
            _item("apply_patch_call", "id call_id operation:object status", "caller:any created_by"),
            _item("apply_patch_call_output", "id call_id status", "output caller:any created_by"),
            _item("tool_search_call", "id arguments:any execution status", "call_id created_by"),
            _item("tool_search_output", "id execution status tools:array", "call_id created_by"),
            _item("additional_tools", "id role tools:array"),
            _item("program", "id call_id code fingerprint"),
            _item("program_output", "id call_id result status"),
            _item("compaction", "id encrypted_content", "created_by"),
            _item("exec", "id"),
        )
    }
)

PART_TEXTS: Mapping[str, str] = MappingProxyType(
    {"output_text": "text", "refusal": "refusal", "reasoning_text": "text", "summary_text": "text"}
)
"""Type of a part → the member that holds its text."""

PART_HOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "output_text": ("message", "content"),
        "refusal": ("message", "content"),
        "reasoning_text": ("reasoning", "content"),
        "summary_text": ("reasoning", "summary"),
    }
)
"""Type of a part → type of the item, and its member, that hold it."""

RESPONSE_STATUSES: frozenset[str] = frozenset(
    {"queued", "in_progress", "completed", "incomplete", "failed", "cancelled"}
)

ITEM_STATUSES: frozenset[str] = frozenset(
    {"in_progress", "completed", "incomplete", "failed", "searching", "interpreting", "generating", "calling"}
)

PHASES: frozenset[str] = frozenset({"commentary", "analysis", "final_answer"})
"""Phases of a message; only ``final_answer`` is the answer."""

INCOMPLETE_REASONS: frozenset[str] = frozenset({"max_output_tokens", "max_messages", "content_filter", "steered"})

ERROR_CODES: frozenset[str] = frozenset(
    {
        "server_error", "rate_limit_exceeded", "invalid_prompt", "data_residency_mismatch", "bio_policy",
        "misalignment_policy_violation", "vector_store_timeout", "invalid_image", "invalid_image_format",
        "invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small", "image_parse_error",
        "image_content_policy_violation", "invalid_image_mode", "image_file_too_large",
        "unsupported_image_media_type", "empty_image_file", "failed_to_download_image", "image_file_not_found",
    }
)  # fmt: skip
"""``ResponseError.code`` of the schema."""

CODEX_ERROR_CODES: frozenset[str] = frozenset(
    {
        "context_length_exceeded", "insufficient_quota", "usage_not_included", "usage_limit_reached", "cyber_policy",
        "server_is_overloaded", "slow_down",
    }
)  # fmt: skip
"""Codes that the ChatGPT Codex backend adds, and its own client acts on."""
