"""Thinking that models write into their answer, told apart from the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.runtime.conversation.message import Message, calls_of, words_of
from harness.runtime.conversation.sequence import merge_users
from harness.runtime.view import sequence, text

_TAG = re.compile(
    r"<(/?)(think|thinking|thought|reasoning|reasoning_scratchpad)(?:\s[^<>]*)?>(?:[ \t]*\n)?", re.IGNORECASE
)


def strip_think_blocks(answer: str) -> str:
    """The answer without its thinking: blocks, a last one left open at the start of a line, and lone closing tags.

    What stands outside of them is kept word for word, but for white space at both ends. Idempotent.
    """
    while True:
        stripped = _split(answer)[0].strip()
        # Taking one block out can bring the halves of another tag together.
        if stripped == answer:
            return stripped
        answer = stripped


def _split(answer: str) -> tuple[str, list[str]]:
    """The answer's own words, and its blocks of thinking; in one pass, however many tags there are."""
    tags = list(_TAG.finditer(answer))
    last_close = {tag[2].lower(): tag.start() for tag in tags if tag[1]}
    kept: list[str] = []
    blocks: list[str] = []
    at = 0
    inside = ""
    for tag in tags:
        name, start = tag[2].lower(), tag.start()
        if inside:
            if not tag[1] or name != inside:
                continue
            blocks.append(answer[at:start])
            inside = ""
        elif tag[1]:
            kept.append(answer[at:start])
        elif last_close.get(name, -1) > start:
            kept.append(answer[at:start])
            inside = name
        elif not answer[answer.rfind("\n", 0, start) + 1 : start].strip():
            return "".join([*kept, answer[at:start]]), [*blocks, answer[tag.end() :]]
        else:
            # In the middle of a line a lone tag is more likely somebody writing about tags.
            continue
        at = tag.end()
    return "".join([*kept, answer[at:]]), blocks


def extract_reasoning(message: Mapping[str, Any]) -> str | None:
    """A message's reasoning, each piece once, with blank lines between; None when it has none.

    Read from ``reasoning``, ``reasoning_content`` and ``reasoning_details``; only when these say nothing, from the
    think blocks of the content.
    """
    pieces = [piece.strip() for piece in _stated(message)]
    if not any(pieces):
        pieces = [block.strip() for block in _split(words_of(message.get("content")))[1]]
    return "\n\n".join(dict.fromkeys(filter(None, pieces))) or None


def _stated(message: Mapping[str, Any]) -> Iterator[str]:
    yield text(message.get("reasoning"))
    yield text(message.get("reasoning_content"))
    for detail in sequence(message.get("reasoning_details")):
        if isinstance(detail, Mapping):
            yield next(filter(None, (text(detail.get(name)) for name in ("summary", "text", "content"))), "")


def drop_thinking_only_and_merge_users(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Without the assistant's messages that hold nothing but thinking; users left in a row become one.

    A message with a call, a refusal or any part that is no text is kept as it is. Idempotent.
    """
    return merge_users(message for message in messages if not _is_thinking_only(message))


def _is_thinking_only(message: Mapping[str, Any]) -> bool:
    if message.get("role") != "assistant" or calls_of(message) or message.get("refusal"):
        return False
    content = message.get("content")
    others = (part for part in sequence(content) if not isinstance(part, Mapping) or "text" not in part)
    return not any(others) and not strip_think_blocks(words_of(content))
