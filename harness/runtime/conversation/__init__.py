"""What must be done to a conversation's messages between two turns, as pure functions over plain dicts.

Messages have the shape of chat completions. No function changes what it is given; none loses what a user said.
"""

from harness.runtime.conversation.arguments import INVALID_MARK, sanitize_tool_call_arguments
from harness.runtime.conversation.dump import dump_request
from harness.runtime.conversation.prompt_cache import PromptCachePolicy, anthropic_prompt_cache_policy
from harness.runtime.conversation.sequence import NO_RESULT, merge_users, repair_message_sequence
from harness.runtime.conversation.thinking import (
    drop_thinking_only_and_merge_users,
    extract_reasoning,
    strip_think_blocks,
)
from harness.runtime.conversation.trajectory import convert_to_trajectory_format
from harness.runtime.conversation.turn import assistant_message, input_items

__all__ = [
    "INVALID_MARK",
    "NO_RESULT",
    "PromptCachePolicy",
    "anthropic_prompt_cache_policy",
    "assistant_message",
    "convert_to_trajectory_format",
    "drop_thinking_only_and_merge_users",
    "dump_request",
    "extract_reasoning",
    "input_items",
    "merge_users",
    "repair_message_sequence",
    "sanitize_tool_call_arguments",
    "strip_think_blocks",
]
