"""Chat completions over a Responses stream, for the callers that know nothing else: titles, summaries, side tasks.

Only the shapes are translated; reading, deadlines and retries stay the runtime's. An answer that is not whole never
looks like one: it has a ``finish_reason`` other than ``stop``, or it is an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.runtime.callbacks import Callbacks
from harness.runtime.conversation.turn import tool_call
from harness.runtime.deadlines import Deadlines, default_deadlines
from harness.runtime.result import DAMAGED, Item, Result, Usage
from harness.runtime.view import mapping, sequence, text

# -- what the caller gets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: str
    """Verbatim, as the model wrote them."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that may be made. A custom tool's input stands under ``arguments`` too; ``type`` tells them apart."""

    id: str
    type: str
    """``function`` or ``custom``."""
    function: Function


@dataclass(frozen=True, slots=True)
class Message:
    content: str | None
    tool_calls: tuple[ToolCall, ...] | None = None
    refusal: str | None = None
    role: str = "assistant"


@dataclass(frozen=True, slots=True)
class Choice:
    message: Message
    finish_reason: str
    """``stop``, ``tool_calls``, ``length``, ``content_filter``; ``incomplete`` where the provider gave another reason,
    an error, or where a part of the answer was lost or never finished."""
    index: int = 0


@dataclass(frozen=True, slots=True)
class CompletionUsage:
    """As stated; a count that was not stated is None, but for a total that can be added up."""

    prompt_tokens: Any = None
    completion_tokens: Any = None
    total_tokens: Any = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One choice, always."""

    id: str
    model: str
    choices: tuple[Choice, ...]
    usage: CompletionUsage | None
    result: Result
    """What it was made of: reasoning, flags, requests."""
    object: str = "chat.completion"


_INCOMPLETE = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "length": "length",
    "content_filter": "content_filter",
}


def completion_of(result: Result, model: str = "") -> Completion:
    """A result in the shape of a chat completion; ``model`` is named where the provider names none."""
    written = [tool_call(item) for item in result.tool_calls]
    calls = tuple(ToolCall(call["id"], call["type"], _function(call[call["type"]])) for call in written)
    message = Message(result.text or None, calls or None, result.refusal or None)
    choice = Choice(message, _finish_reason(result))
    return Completion(result.id or "", result.model or model, (choice,), _usage(result.usage), result)


def _function(named: Mapping[str, Any]) -> Function:
    return Function(named["name"], named["arguments"] if "arguments" in named else named["input"])


def _finish_reason(result: Result) -> str:
    if not _is_whole(result):
        reason = text((mapping(result.incomplete_details) or {}).get("reason"))
        return _INCOMPLETE.get(reason, "incomplete")
    return "tool_calls" if result.tool_calls else "stop"


_ANSWERS = frozenset({"message", "function_call", "custom_tool_call"})
"""Items that a completion shows, or that are missing from it when they are not finished."""


def _is_whole(result: Result) -> bool:
    """Whether nothing in the result speaks against its status; chat has one word for all of it."""
    return (
        result.status == "completed"
        and DAMAGED not in result.flags
        and not _says(result.error)
        and not _says(result.incomplete_details)
        and not any(_is_lost(item, result) for item in result.items)
    )


def _is_lost(item: Item, result: Result) -> bool:
    """Whether an item that belongs to the answer never came to its end, under whatever id a server told it again."""
    if item.finished or item.kind not in _ANSWERS:
        return False
    return not item.call_id or item.call_id not in {call.call_id for call in result.tool_calls}


def _says(stated: Any) -> bool:
    """Whether there is a word in it: servers send the empty forms of what did not happen, too."""
    members = mapping(stated)
    return bool(stated if members is None else any(members.values()))


def _usage(usage: Usage | None) -> CompletionUsage | None:
    if usage is None:
        return None
    total = usage.total
    if total is None and type(usage.input) is int and type(usage.output) is int:
        total = usage.input + usage.output
    return CompletionUsage(usage.input, usage.output, total)


# -- what the provider gets -----------------------------------------------------------------------------------


def request_of(
    messages: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    tool_choice: Any = None,
    response_format: Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    max_completion_tokens: int | None = None,
    reasoning_effort: str | None = None,
    n: int | None = None,
    stream: bool | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The fields of a Responses request that ask what this chat request asks; ``more`` pass as they are.

    The system's and developer's messages before all others become ``instructions``; later ones keep their place.
    Raises ValueError for what a response cannot express: several choices, a stream, an unknown role or part; KeyError
    for a call or a part that lacks a field.
    """
    if stream or (n or 1) != 1:
        raise ValueError("the adapter gives one whole answer: n must be 1 and stream false")
    told, said = _split(messages)
    limit = max_completion_tokens if max_completion_tokens is not None else max_tokens
    request = {
        "input": _items(said),
        "instructions": "\n\n".join(_words(message) for message in told) or None,
        "tools": [_flat(tool) for tool in tools or ()] or None,
        "tool_choice": _flat(tool_choice) if isinstance(tool_choice, Mapping) else tool_choice,
        "text": {"format": _flat(response_format)} if response_format else None,
        "max_output_tokens": limit,
        "reasoning": {"effort": reasoning_effort} if reasoning_effort else None,
        **more,
    }
    return {name: value for name, value in request.items() if value is not None}


_TELLERS = ("system", "developer")


def _split(messages: Sequence[Mapping[str, Any]]) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    first = next((at for at, message in enumerate(messages) if message.get("role") not in _TELLERS), len(messages))
    return messages[:first], messages[first:]


def _items(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    custom: set[Any] = set()
    items: list[dict[str, Any]] = []
    for message in messages:
        role = message.get("role")
        match role:
            case "user":
                items.append({"role": role, "content": [_PARTS[kind](part) for kind, part in _parts(message)]})
            case "system" | "developer":
                items.append({"role": "developer", "content": [{"type": "input_text", "text": _words(message)}]})
            case "assistant":
                calls = [_call(call) for call in sequence(message.get("tool_calls"))]
                custom |= {call["call_id"] for call in calls if call["type"] == "custom_tool_call"}
                items += [*_spoken(message), *calls]
            case "tool":
                id = message.get("tool_call_id")
                kind = "custom_tool_call_output" if id in custom else "function_call_output"
                items.append({"type": kind, "call_id": id, "output": _words(message)})
            case _:
                raise ValueError(f"no message of a chat has the role {role!r}")
    return items


def _spoken(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    words, refusal = _words(message), text(message.get("refusal"))
    content = [{"type": "output_text", "text": words}] if words else []
    content += [{"type": "refusal", "refusal": refusal}] if refusal else []
    return [{"role": "assistant", "content": content}] if content else []


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    if call.get("type") == "custom":
        named = call["custom"]
        return {"type": "custom_tool_call", "call_id": call["id"], "name": named["name"], "input": named["input"]}
    named = call["function"]
    return {"type": "function_call", "call_id": call["id"], "name": named["name"], "arguments": named["arguments"]}


def _words(message: Mapping[str, Any]) -> str:
    """The text of a message that can hold nothing else."""
    parts = _parts(message)
    foreign = [kind for kind, _ in parts if kind not in {"text", "refusal"}]
    if foreign:
        raise ValueError(f"a message of the role {message.get('role')!r} cannot hold a part of type {foreign[0]!r}")
    return "".join(text(part.get("text")) for _, part in parts)


def _parts(message: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    content = message.get("content")
    if isinstance(content, str):
        return [("text", {"text": content})]
    parts = [(text(part.get("type")), part) for part in content or ()]
    unknown = [kind for kind, _ in parts if kind not in _PARTS]
    if unknown:
        raise ValueError(f"no part of a chat message has the type {unknown[0]!r}")
    return parts


def _image(part: Mapping[str, Any]) -> dict[str, Any]:
    image = part["image_url"]
    named = {"url": image} if isinstance(image, str) else image
    detail = {"detail": named["detail"]} if "detail" in named else {}
    return {"type": "input_image", "image_url": named["url"], **detail}


_PARTS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "text": lambda part: {"type": "input_text", "text": part["text"]},
    "refusal": lambda part: {"type": "input_text", "text": part["refusal"]},
    "image_url": _image,
    "input_audio": lambda part: {"type": "input_audio", "input_audio": part["input_audio"]},
    "file": lambda part: {"type": "input_file", **part["file"]},
}


def _flat(nested: Mapping[str, Any]) -> dict[str, Any]:
    """``{"type": T, T: {...}}``, chat's way, without the inner level; what is flat already stays as it is."""
    inner = nested.get(text(nested.get("type")))
    return {"type": nested["type"], **inner} if isinstance(inner, Mapping) else dict(nested)


# -- the call -------------------------------------------------------------------------------------------------


Responder = Callable[..., Result]
"""``Client.respond``, or whatever takes the same and gives the same: ``callbacks``, and the fields of the request."""

AsyncResponder = Callable[..., Awaitable[Result]]
"""The same, to be awaited."""


class Completions:
    """``create`` as SDKs of chat completions have it.

    ``within`` gives the responder that keeps these deadlines:
    ``lambda deadlines: Client(..., http_client=http, deadlines=deadlines).respond``.
    """

    def __init__(self, within: Callable[[Deadlines], Responder], *, deadlines: Deadlines | None = None) -> None:
        self._within = within
        self._deadlines = deadlines or default_deadlines()

    def create(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        timeout: float | None = None,
        interrupted: Callable[[], bool] | None = None,
        **request: Any,
    ) -> Completion:
        """Ask, and wait for the whole answer.

        ``timeout`` (s) is the whole call's, retries included, silent socket or not; ``interrupted`` is asked after
        every event. Raises ValueError as ``request_of``, and RuntimeStreamError: DeadlineExceeded, StreamInterrupted,
        ResponseFailed and the rest.
        """
        respond = self._within(limited(self._deadlines, timeout))
        asked = request_of(messages, model=model, **request)
        return completion_of(respond(callbacks=Callbacks(interrupted=interrupted), **asked), model)


class AsyncCompletions:
    """``Completions`` over a responder that is awaited, as ``AsyncClient.respond`` is."""

    def __init__(self, within: Callable[[Deadlines], AsyncResponder], *, deadlines: Deadlines | None = None) -> None:
        self._within = within
        self._deadlines = deadlines or default_deadlines()

    async def create(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        timeout: float | None = None,
        interrupted: Callable[[], bool] | None = None,
        **request: Any,
    ) -> Completion:
        """As ``Completions.create``."""
        respond = self._within(limited(self._deadlines, timeout))
        asked = request_of(messages, model=model, **request)
        return completion_of(await respond(callbacks=Callbacks(interrupted=interrupted), **asked), model)


_GRACE_S = 0.001
"""A silence as long as the whole call ends it by the total deadline, after which nobody asks again."""


def limited(deadlines: Deadlines, timeout_s: float | None) -> Deadlines:
    """These deadlines with a total; before the head comes, the first-byte deadline is all that ends the wait."""
    if not timeout_s:
        return deadlines
    first = min(deadlines.first_byte_s or timeout_s + _GRACE_S, timeout_s + _GRACE_S)
    return replace(deadlines, first_byte_s=first, total_s=timeout_s)
