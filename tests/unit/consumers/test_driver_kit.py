"""What every Python driver shares: nothing is mended, nothing is invented, and everything said fits the schema."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest

from harness.consumers.drivers import _driver, _loop, _machine
from harness.contract.validate import problem


class Provider(ValueError):
    code = "quota"
    body: Any = {"message": "no credits", 1: {2}}  # noqa: RUF012


class Mute(Exception):
    def __str__(self) -> str:
        raise KeyError("no text")


class Spiteful(Exception):
    @property
    def code(self) -> str:
        raise RuntimeError("no code")


def _fail(*, hidden: bool) -> None:
    try:
        raise KeyError("inner")
    except KeyError:
        if hidden:
            raise OSError("outer") from None
        raise OSError("outer")  # noqa: B904 (the context is what is tested)


def _types(*, hidden: bool) -> list[str]:
    """The chain of an OSError raised while a KeyError was handled."""
    with pytest.raises(OSError, match="outer") as caught:
        _fail(hidden=hidden)
    return [cause["type"] for cause in _driver.describe(caught.value)["chain"]]


def test_an_error_is_described_with_its_bases_and_what_a_caller_can_reach() -> None:
    (cause,) = _driver.describe(Provider("no credits left"))["chain"]
    assert cause["type"] == f"{__name__}.Provider"
    assert cause["bases"] == ["ValueError"]
    assert cause["message"] == "no credits left"
    assert '"code": "quota"' in cause["details"]
    assert "no credits" in cause["details"]


def test_causes_and_contexts_follow_but_what_is_hidden_stays_hidden() -> None:
    assert _types(hidden=False) == ["OSError", "KeyError"]
    assert _types(hidden=True) == ["OSError"]


def test_an_error_without_a_text_of_its_own_is_marked() -> None:
    failure = _driver.describe(Mute())
    assert failure["printable"] is False
    assert failure["chain"][0]["message"] == "str() raised KeyError"


def test_an_attribute_that_raises_is_told_not_passed_on() -> None:
    assert "reading it raised RuntimeError" in _driver.describe(Spiteful())["chain"][0]["details"]


def test_what_a_decoder_could_not_read_is_within_reach_of_its_user() -> None:
    _, failure = _driver.attempt(lambda: json.loads("insufficient_quota: no more today"))
    assert failure is not None
    assert "insufficient_quota: no more today" in failure["chain"][0]["details"]


def test_an_attached_error_that_is_no_object_is_shown_as_the_wire_has_it() -> None:
    assert _driver.attached({"error": True})["failure"]["chain"][0]["details"] == '{"value": true}'


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupt_is_the_users_but_in_a_process_that_no_terminal_interrupts() -> None:
    held = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _driver.attempt(interrupt)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _, failure = _driver.attempt(interrupt)
    finally:
        signal.signal(signal.SIGINT, held)
    assert failure["chain"][0]["type"] == "KeyboardInterrupt"


def test_an_exit_is_an_error_like_any_other() -> None:
    result, failure = _driver.attempt(lambda: sys.exit(3))
    assert result is None
    assert failure is not None
    assert failure["chain"][0]["type"] == "SystemExit"


@pytest.mark.parametrize("as_objects", [False, True])
def test_items_are_copied_from_mappings_and_objects_alike(as_objects: bool) -> None:
    output = [
        {"type": "message", "id": "m", "phase": "commentary", "status": "completed", "content": [
            {"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"},
            {"type": "refusal", "refusal": "no"}]},
        {"type": "message", "content": []},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "e"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{", "status": "in_progress"},
        {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "i"},
        {"type": "web_search_call", "id": "w"},
        {"type": None, "id": 5},
    ]  # fmt: skip
    items = _driver.items_of([_object(item) for item in output] if as_objects else output)
    assert items == [
        {"kind": "message", "type": "message", "id": "m", "text": "ab", "refusal": "no", "phase": "commentary"},
        {"kind": "message", "type": "message"},
        {"kind": "reasoning", "type": "reasoning", "summary": "s", "encrypted": "e"},
        {
            "kind": "function_call", "type": "function_call", "call_id": "c", "name": "f", "arguments": "{",
            "finished": False,
        },
        {"kind": "custom_tool_call", "type": "custom_tool_call", "call_id": "d", "name": "g", "arguments": "i"},
        {"kind": "other", "type": "web_search_call", "id": "w"},
        {"kind": "other", "type": ""},
    ]  # fmt: skip
    body = {"outcome": 1, "consumer": "c", "version": "1", "turns": [{"ended": "returned", "items": items}]}
    assert problem("outcome", body) is None


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{key: _object(entry) for key, entry in value.items()})
    return [_object(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("output", [None, "oops", 3, {}])
def test_an_output_that_is_no_list_has_no_items(output: Any) -> None:
    assert _driver.items_of(output) is None


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        (None, None),
        ({}, {}),
        ({"input_tokens": 1, "output_tokens": "2", "input_tokens_details": None}, {"input": 1, "output": "2"}),
        ({"total_tokens": float("nan")}, {"total": "nan"}),
        ({"output_tokens_details": {"reasoning_tokens": 0}}, {"reasoning": 0}),
    ],
)
def test_usage_is_verbatim(usage: Any, shown: Any) -> None:
    assert _driver.usage_of(usage) == shown


def test_a_conversation_carries_what_was_said_and_an_answer_for_every_call() -> None:
    heard: list[list[dict[str, Any]]] = []

    def call(said: list[dict[str, Any]], number: int) -> dict[str, Any]:
        heard.append(said)
        items = [
            {"kind": "reasoning", "type": "reasoning", "text": "unseen"},
            {"kind": "message", "type": "message", "text": "hi"},
            {"kind": "function_call", "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        ]
        return {"ended": "returned", "items": items}

    told: list[dict[str, Any]] = []
    turns = _driver.converse(
        {"turns": [{"input": "one"}, {"input": [{"role": "user", "content": "two"}]}]}, call, told.append
    )
    assert turns == told
    assert heard[0] == [{"role": "user", "content": "one"}]
    assert heard[1] == [
        {"role": "user", "content": "one"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
        {"role": "user", "content": "two"},
    ]


def test_a_conversation_ends_with_the_first_turn_that_fails() -> None:
    turns = _driver.converse(
        {"turns": [{"input": "one"}, {"input": "two"}]}, lambda said, number: {"ended": "raised"}, lambda turn: None
    )
    assert turns == [{"ended": "raised"}]


def test_an_error_that_names_its_origin_shows_it_as_its_cause() -> None:
    wrapper = RuntimeError("wrapped")
    wrapper.original_exception = Provider("quota exceeded")  # type: ignore[attr-defined]
    assert [cause["message"] for cause in _driver.describe(wrapper)["chain"]] == ["wrapped", "quota exceeded"]


class Kind(Enum):
    TEXT = "response.output_text.delta"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"type": "response.output_text.delta", "delta": "a"}, ("text", "a")),
        (SimpleNamespace(type=Kind.TEXT, delta="a"), ("text", "a")),
        (SimpleNamespace(type="response.created"), ("event", "response.created")),
        (SimpleNamespace(delta="a"), ("event", "")),
        (SimpleNamespace(type=["a list"], delta="a"), ("event", '["a list"]')),
    ],
)
def test_an_event_is_told_by_its_type_whatever_that_is(event: Any, told: tuple[str, str]) -> None:
    """What the wire left out or wrote otherwise is no fault of the consumer that passes it on."""
    trace = _driver.Trace()
    trace.add_event(event)
    assert [(entry["kind"], entry["data"]) for entry in trace.entries] == [told]


def test_a_trace_marks_attempts_and_cancels_once() -> None:
    cancelled: list[int] = []
    trace = _driver.Trace(2, lambda: cancelled.append(1))
    for kind in ("text", "text", "text"):
        trace.request_sent()
        trace.add(kind, "x")
    assert [entry["attempt"] for entry in trace.entries] == [0, 1, 2]
    assert trace.cancelled
    assert cancelled == [1]


@pytest.mark.realtime
def test_threads_sockets_and_processes_left_behind_are_counted() -> None:
    leftovers = _machine.Leftovers()
    assert leftovers.count() == {"threads": 0, "sockets": 0, "processes": 0}
    wake = threading.Event()
    thread = threading.Thread(target=wake.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
    with socket.socket():
        found = leftovers.count()
    wake.set()
    thread.join()
    child.communicate()
    assert found == {"threads": 1, "sockets": 1, "processes": 1}
    assert leftovers.count() == {"threads": 0, "sockets": 0, "processes": 0}


@pytest.mark.realtime
def test_a_worker_that_idles_in_its_pool_is_no_leak_and_one_that_works_is() -> None:
    leftovers = _machine.Leftovers()
    wake = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        assert leftovers.count()["threads"] == 0
        busy = threading.Event()
        pool.submit(lambda: busy.set() or wake.wait())
        busy.wait()
        found = leftovers.count()["threads"]
        wake.set()
    assert found == 1


@pytest.mark.realtime
def test_a_loop_is_shared_by_all_cases_and_each_answers_for_its_own_tasks() -> None:
    async def leave(task: Coroutine[Any, Any, Any]) -> None:
        asyncio.get_running_loop().create_task(task)

    loop = _loop.Loop()
    case = loop.leftovers()
    loop.run(leave(asyncio.sleep(0)))
    assert case.count() == {"threads": 0, "sockets": 0, "processes": 0, "tasks": 0}
    loop.run(leave(asyncio.Event().wait()))
    assert case.count()["tasks"] == 1
    assert loop.leftovers().count()["tasks"] == 0


def test_drivers_reach_nothing_but_loopback() -> None:
    code = (
        "import _machine, socket; _machine.only_loopback()\n"
        "for call in (lambda: socket.create_connection(('192.0.2.1', 9), 1),\n"
        "             lambda: socket.create_connection(('example.com', 9), 1)):\n"
        "    try: call()\n"
        "    except OSError as error: print(error)\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    socket.create_connection(server.getsockname(), 1).close(); print('reached')\n"
    )
    folder = str(_driver.__file__).rpartition("/")[0]
    said = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert said.count("only loopback is reached from here") == 2
    assert said.endswith("reached\n")
