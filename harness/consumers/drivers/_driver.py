"""What every Python driver shares: the lines, the conversation, the form of an outcome, errors as data.

Runs in the consumer's own environment, where neither the harness nor its dependencies exist: standard library only.
A driver copies what its consumer gave, and leaves out what it did not give; nothing here repairs a value. Texts that
are no texts on the wire stay out of text fields, because the form has no place for them.
"""

import json
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
Json = dict[str, Any]

PROTOCOL = 1
OUTCOME = 1

_DETAILS = (
    "code", "status_code", "status", "param", "type", "body", "raw", "request_id", "reason", "errno", "doc",
)  # fmt: skip

DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.function_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "arguments",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
}
"""The strand that each of the wire's delta events belongs to."""


class Trace:
    """The callbacks of one turn, in order, each with the attempt it belongs to."""

    def __init__(self, cancel_after: int | None = None, on_cancel: Callable[[], object] = lambda: None) -> None:
        self.told: list[tuple[str, str, int]] = []
        """Kind, data and attempt of each."""
        self.requests = 0
        self.cancel_after, self._on_cancel = cancel_after, on_cancel

    @property
    def cancelled(self) -> bool:
        """Whether the case asks to stop here."""
        return self.cancel_after is not None and len(self.told) >= self.cancel_after

    @property
    def entries(self) -> list[Json]:
        """All of them in the outcome's form."""
        return [{"kind": kind, "data": data, "attempt": attempt} for kind, data, attempt in self.told]

    def request_sent(self, *_: Any) -> None:
        """To be hooked on the HTTP client: a new request is a new attempt."""
        self.requests += 1

    def add(self, kind: str, data: Any = None) -> None:
        text = data if type(data) is str else json.dumps(data, default=str) if data else ""
        self.told.append((kind, text, self.requests - 1 if self.requests else 0))
        if len(self.told) == self.cancel_after:
            self._on_cancel()

    def add_event(self, event: Any) -> None:
        """An event in the wire's own form: a delta goes to its strand, any other is told by its type, if it has one."""
        kind = get(event, "type")
        kind = getattr(kind, "value", kind)  # of an enumeration
        strand = DELTAS.get(kind) if isinstance(kind, str) else None
        self.add(strand or "event", get(event, "delta") if strand else kind)


def serve(
    consumer: str, version: str, lane: str, run_case: Callable[[Json, Callable[[Json], None]], tuple[list[Json], Json]]
) -> None:
    """Answer cases until stdin closes. ``run_case(case, tell_turn)`` returns ``(turns, leftovers)``.

    The real stdout is kept for the protocol alone: what the consumer prints, in Python or below it, goes to stderr.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def say(**body: Any) -> None:
        data = json.dumps({"protocol": PROTOCOL, **body}, ensure_ascii=True, allow_nan=False, default=str)
        rest = memoryview(data.encode() + b"\n")
        while rest:
            rest = rest[lines.write(rest) :]

    runtime = f"{platform.python_implementation().lower()} {platform.python_version()}"
    say(ready={"consumer": consumer, "version": version, "lane": lane, "runtime": runtime})
    for line in sys.stdin:
        case = json.loads(line)
        name = case["case"]
        close_retired()
        try:
            turns, left = run_case(case, partial(_tell, say, name))
        except Exception:  # noqa: BLE001 (the harness tells people, and says whose fault it is)
            say(case=name, error=traceback.format_exc(limit=-6))
        else:
            outcome = {"outcome": OUTCOME, "consumer": consumer, "version": version, "turns": turns, "leftovers": left}
            say(case=name, outcome=outcome)


def _tell(say: Callable[..., None], name: str, turn: Json) -> None:
    say(case=name, turn=turn)


def attempt(call: Callable[[], T]) -> tuple[T | None, Json | None]:
    """``(result, failure)`` of a call; exactly one is None. SystemExit is what a consumer must not do to its user, and
    so is KeyboardInterrupt in a process of its own, which no terminal interrupts; elsewhere it is the user's."""
    try:
        return call(), None
    except KeyboardInterrupt as error:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            raise
        return None, describe(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (all are outcomes)
        return None, describe(error)


# --- the conversation ---------------------------------------------------------------------------------------------


def converse(case: Json, call: Callable[[list[Json], int], Json], tell_turn: Callable[[Json], None]) -> list[Json]:
    """Every turn of the case, each with all that was said before it; the first that does not return ends it.

    ``call(input_items, number)`` gives the turn's part of the outcome.
    """
    said: list[Json] = []
    turns: list[Json] = []
    for number, asked in enumerate(case["turns"]):
        said = said + new_items(asked)
        turn = call(list(said), number)
        turns.append(turn)
        tell_turn(turn)
        if turn["ended"] != "returned":
            break
        said += answered(turn)
    return turns


def answered(turn: Json) -> list[Json]:
    """What a turn adds to the conversation: its output as input items, and an output for every call in it."""
    items = turn.get("items") or [{"kind": "message", "text": turn.get("text")}]
    return [given for given in map(input_item, items) if given is not None] + tool_results(items)


def read_timeout_s(case: Json) -> float | None:
    """The deadline an HTTP client can keep for itself: the shortest the case sets for one silence, in seconds."""
    given = case.get("timeouts", {})
    silences = [given[key] for key in ("read_ms", "idle_ms", "first_byte_ms") if given.get(key)]
    return min(silences) / 1000 if silences else None


def new_items(turn: Json) -> list[Json]:
    """A turn's ``input`` as Responses input items."""
    given = turn["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given)


def tool_results(items: Iterable[Json]) -> list[Json]:
    """An output for every call among the outcome's items, as the program around the consumer would add."""
    kinds = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
    return [
        {"type": kinds[item["kind"]], "call_id": item["call_id"], "output": "ok"}
        for item in items
        if item["kind"] in kinds and item.get("call_id")
    ]


def input_item(item: Json) -> Json | None:
    """An outcome's item as an input item of the next turn; None for what a client cannot send back."""
    if item["kind"] == "message":
        parts = [("output_text", "text", item.get("text")), ("refusal", "refusal", item.get("refusal"))]
        content = [{"type": kind, key: text} for kind, key, text in parts if text]
        return {"type": "message", "role": "assistant", "content": content} if content else None
    if item["kind"] == "reasoning" and item.get("encrypted"):
        summary = [{"type": "summary_text", "text": item["summary"]}] if item.get("summary") else []
        return {"type": "reasoning", "encrypted_content": item["encrypted"], "summary": summary}
    if item["kind"] in {"function_call", "custom_tool_call"} and item.get("call_id"):
        payload = "arguments" if item["kind"] == "function_call" else "input"
        return {
            "type": item["kind"],
            "call_id": item["call_id"],
            "name": item.get("name") or "",
            payload: item.get("arguments") or "",
        }
    return None


# --- output items -------------------------------------------------------------------------------------------------


def get(source: Any, name: str) -> Any:
    """A member of a mapping or an attribute of an object; None when there is none."""
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


def text_of(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def items_of(output: Any) -> list[Json] | None:
    """Output items as the consumer holds them, in its order; None when the output is no list."""
    return [item_of(item) for item in output] if isinstance(output, (list, tuple)) else None


def item_of(item: Any) -> Json:
    kind = text_of(get(item, "type")) or ""
    shown: Json = {"kind": kind if kind in _FIELDS else "other", "type": kind, "id": text_of(get(item, "id"))}
    shown.update({key: value for key, value in _FIELDS.get(kind, _other)(item).items() if value is not None})
    status = get(item, "status")
    if status in {"in_progress", "incomplete"}:
        shown["finished"] = False
    return {key: value for key, value in shown.items() if value is not None}


def _message(item: Any) -> Json:
    parts = get(item, "content")
    return {
        "text": _joined(parts, "output_text", "text"),
        "refusal": _joined(parts, "refusal", "refusal"),
        "phase": text_of(get(item, "phase")),
    }


def _reasoning(item: Any) -> Json:
    return {
        "text": _joined(get(item, "content"), "reasoning_text", "text"),
        "summary": _joined(get(item, "summary"), "summary_text", "text"),
        "encrypted": text_of(get(item, "encrypted_content")),
    }


def _call(payload: str) -> Callable[[Any], Json]:
    def fields(item: Any) -> Json:
        return {
            "call_id": text_of(get(item, "call_id")),
            "name": text_of(get(item, "name")),
            "arguments": text_of(get(item, payload)),
        }

    return fields


def _other(item: Any) -> Json:
    return {}


_FIELDS = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _call("arguments"),
    "custom_tool_call": _call("input"),
}


def _joined(parts: Any, kind: str, key: str) -> str | None:
    """Texts of the parts of one kind; None when there is no such part."""
    if not isinstance(parts, (list, tuple)):
        return None
    texts = [text_of(get(part, key)) or "" for part in parts if get(part, "type") == kind]
    return "".join(texts) if texts else None


def usage_of(usage: Any) -> Json | None:
    """Token counts verbatim, by the wire's names; None when the consumer holds none."""
    if usage is None:
        return None
    counts = {
        "input": get(usage, "input_tokens"),
        "output": get(usage, "output_tokens"),
        "total": get(usage, "total_tokens"),
        "cached": get(get(usage, "input_tokens_details"), "cached_tokens"),
        "reasoning": get(get(usage, "output_tokens_details"), "reasoning_tokens"),
    }
    return {key: _json(value) for key, value in counts.items() if value is not None}


def _json(value: Any) -> Any:
    """The value itself when JSON has it, else its text: NaN is no JSON, and an object of the SDK is none either."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return repr(value)


# --- errors -------------------------------------------------------------------------------------------------------


def describe(error: BaseException | None) -> Json:
    """An exception and its causes, as its user can see them: what ``raise ... from None`` hides stays hidden."""
    chain: list[Json] = []
    printable, seen = True, set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        message, said = _text(error)
        printable = printable and said
        cause = {
            "type": _qualified(type(error)),
            "bases": [_qualified(base) for base in type(error).__mro__[1:] if base not in _ROOTS],
            "message": message,
            "details": _attributes(error),
        }
        chain.append({key: value for key, value in cause.items() if value})
        error = _cause_of(error)
    failure = {"chain": chain}
    return failure if printable else {**failure, "printable": False}


def _cause_of(error: BaseException) -> BaseException | None:
    """What it was raised from, or names as its origin in an attribute, as who wraps errors by himself does."""
    origin = getattr(error, "original_exception", None)
    named = origin if isinstance(origin, BaseException) else None
    return error.__cause__ or named or (None if error.__suppress_context__ else error.__context__)


_ROOTS = (object, BaseException, Exception)


def _text(error: BaseException) -> tuple[str, bool]:
    try:
        return str(error), True
    except Exception as another:  # noqa: BLE001 (an error without a text of its own is a finding)
        return f"str() raised {type(another).__name__}", False


def _qualified(kind: type) -> str:
    # A package shows its errors at its top; where they are defined is its own affair.
    top = kind.__module__.partition(".")[0]
    public = getattr(sys.modules.get(top), kind.__name__, None) is kind
    module = top if public else kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def _attributes(error: BaseException) -> str:
    found: Json = {}
    for name in _DETAILS:
        try:
            value = getattr(error, name, None)
        except Exception as another:  # noqa: BLE001 (so is an attribute that raises)
            value = f"reading it raised {type(another).__name__}"
        if value is not None and not callable(value):
            found[name] = value
    body = _response_body(error)
    if body:
        found["response_body"] = body
    return as_json(found) if found else ""


def _response_body(error: BaseException) -> str:
    """The body of the HTTP response an error carries, where it was read: all its user has to do is look."""
    try:
        return text_of(error.response.text) or ""  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 (no response, or one whose body was never read: nothing to look at)
        return ""


def attached(result: Any) -> Json:
    """The error and incomplete_details that a returned response carries, as the outcome's ``failure``."""
    stated = (get(result, name) for name in ("error", "incomplete_details"))
    found = [value for value in stated if value is not None]
    return {"failure": {"chain": [_attached_cause(value) for value in found]}} if found else {}


def _attached_cause(value: Any) -> Json:
    shown = value if isinstance(value, dict) else getattr(value, "__dict__", {"value": value})
    message = text_of(get(value, "message")) or text_of(get(value, "reason"))
    return {"type": "attached", "message": message or "", "details": as_json(shown)}


def as_json(value: Any) -> str:
    """One JSON text of anything, what JSON has no word for by its ``repr``."""
    return json.dumps(value, default=repr, ensure_ascii=False)


# --- clients ------------------------------------------------------------------------------------------------------


def retire(close: Callable[[], Any]) -> None:
    """Close what a case used, but only when the next one starts.

    A connection that the consumer forgot must stay as it is while the server still looks: were the driver to
    close its client at once, nobody could tell a leak from a release.
    """
    _retired.append(close)


def close_retired() -> None:
    while _retired:
        _retired.pop()()


_retired: list[Callable[[], Any]] = []
