"""The auxiliary adapter: chat completions in shape, and never a half answer that says ``stop``."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from harness.clock import VirtualClock
from harness.delivery import Delivery, End, Exchange, Head, Send, Stall, Wait
from harness.replay import AsyncReplayTransport, Player, ReplayTransport
from harness.runtime import Client, consume
from harness.runtime.aio import AsyncClient
from harness.runtime.auxiliary import AsyncCompletions, Completions, completion_of, limited, request_of
from harness.runtime.deadlines import DEFAULT, Deadlines
from harness.runtime.errors import (
    DeadlineExceeded,
    HTTPStatusError,
    ResponseFailed,
    StreamErrorEvent,
    StreamInterrupted,
    TruncatedStream,
)
from harness.runtime.retry import Retry
from harness.virtual_loop import run
from tests.unit.runtime.scripts import answer, call, completed, created, delta, done, ended, message, sse

HELLO = [{"role": "user", "content": "hello"}]
USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
GOOD = [created(), *message(0, "m", "Hel", "lo"), completed(usage=USAGE)]


def completions(*answers, asked=None):
    waiting = list(answers)

    def handle(request):
        if asked is not None:
            asked.append(json.loads(request.content))
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    http = httpx.Client(transport=httpx.MockTransport(handle))
    return Completions(
        lambda deadlines: Client(base_url="http://127.0.0.1/v1", http_client=http, deadlines=deadlines).respond
    )


def create(*events, **request):
    return completions(answer(sse(events))).create(model="m", messages=HELLO, **request)


def test_text_and_usage_under_the_names_of_chat():
    completion = create(*GOOD)
    choice = completion.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hello", "stop")
    assert choice.message.tool_calls is None
    usage = completion.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 4, 7)
    assert (completion.id, completion.model, completion.object) == ("resp_1", "m", "chat.completion")


def test_tool_calls():
    events = [created(), *message(0, "m", "Look"), *call(1, "c", '{"a"', ":1}"), completed()]
    choice = create(*events).choices[0]
    (found,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert (found.id, found.type, found.function.name, found.function.arguments) == (
        "call_c", "function", "look", '{"a":1}',
    )  # fmt: skip


def test_custom_tool_calls():
    item = done(0, "c", "custom_tool_call", call_id="call_c", name="patch", input="*** Begin")
    (found,) = create(created(), item, completed()).choices[0].message.tool_calls
    assert (found.type, found.function.name, found.function.arguments) == ("custom", "patch", "*** Begin")


def test_a_refusal_stays_a_refusal():
    item = done(0, "m", content=[{"type": "refusal", "refusal": "No."}])
    spoken = create(created(), item, completed()).choices[0].message
    assert (spoken.content, spoken.refusal) == (None, "No.")


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("a reason of tomorrow", "incomplete"),
        (None, "incomplete"),
    ],
)
def test_incomplete_is_never_stop(reason, expected):
    events = [created(), *message(0, "m", "Hel"), ended("incomplete", incomplete_details={"reason": reason})]
    choice = create(*events).choices[0]
    assert (choice.finish_reason, choice.message.content) == (expected, "Hel")


def test_incomplete_with_a_call_is_not_tool_calls():
    events = [created(), *call(0, "c", "{}"), ended("incomplete", incomplete_details={"reason": "max_output_tokens"})]
    assert create(*events).choices[0].finish_reason == "length"


def test_damage_is_never_stop():
    choice = create(created(), *message(0, "m", "Hel"), "{broken", completed()).choices[0]
    assert choice.finish_reason == "incomplete"


HALF_A_CALL = call(0, "c", '{"a":')[:-1]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([*HALF_A_CALL, completed()], "incomplete"),
        ([*HALF_A_CALL, completed(incomplete_details={"reason": "max_output_tokens"})], "length"),
        ([*call(1, "d", "{}"), *HALF_A_CALL, completed()], "incomplete"),
        ([done(0, "m", status="incomplete", content=[{"type": "output_text", "text": "Hel"}]), completed()], "incomplete"),
        ([*message(0, "m", "Hel"), completed(incomplete_details={"reason": "max_output_tokens"})], "length"),
        ([*message(0, "m", "Hel"), completed(incomplete_details={"reason": "content_filter"})], "content_filter"),
        ([*message(0, "m", "Hel"), completed(error={"code": "server_error", "message": "boom"})], "incomplete"),
        ([*message(0, "m", "Hello"), completed(incomplete_details={"reason": None}, error={})], "stop"),
        ([done(0, "r", "reasoning", status="incomplete"), *message(1, "m", "Hello"), completed()], "stop"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_never_stop_whatever_its_status_says(events, expected):
    assert create(created(), *events).choices[0].finish_reason == expected


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([created(), ended("failed", error={"code": "server_error", "message": "boom"})], ResponseFailed),
        ([created(), ended("cancelled")], ResponseFailed),
        ([{"type": "error", "message": "boom", "code": "x"}], StreamErrorEvent),
        ([created(), delta(0, "m", "Hel")], TruncatedStream),
    ],
)
def test_what_failed_is_raised(events, error):
    with pytest.raises(error):
        create(*events)


def test_an_http_error_is_raised_with_its_status():
    refused = answer(b'{"error": {"message": "no", "code": "x"}}', 403, content_type="application/json")
    with pytest.raises(HTTPStatusError) as caught:
        completions(refused).create(model="m", messages=HELLO)
    assert caught.value.status_code == 403


def test_the_interrupt_check_is_asked_at_every_event():
    asked = []
    with pytest.raises(StreamInterrupted):
        create(*GOOD, interrupted=lambda: len(asked) == 3 or asked.append(1))
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, (3, 4, 7)),
        ({"input_tokens": 3}, (3, None, None)),
        ({"input_tokens": "3", "output_tokens": 4}, ("3", 4, None)),
        (None, None),
    ],
)
def test_usage_is_renamed_and_never_made_up(usage, expected):
    found = create(created(), *message(0, "m", "Hi"), completed(usage=usage)).usage
    assert (found and (found.prompt_tokens, found.completion_tokens, found.total_tokens)) == expected


# -- the total timeout, in virtual time -----------------------------------------------------------------------


def play(*actions, timeout, retry=None):
    """The error and the seconds it took; every request is served the same."""
    player, clock = playing(actions)
    with httpx.Client(transport=ReplayTransport(player), timeout=None) as http:
        adapter = Completions(
            lambda deadlines: (
                Client(
                    base_url="http://127.0.0.1/v1", http_client=http, clock=clock, deadlines=deadlines, retry=retry
                ).respond
            )
        )
        with pytest.raises(DeadlineExceeded) as caught:
            adapter.create(model="m", messages=HELLO, timeout=timeout)
    assert clock.pending == 0
    return caught.value, clock.now()


def play_awaited(*actions, timeout):
    """The same, awaited."""
    player, clock = playing(actions)

    async def program():
        async with httpx.AsyncClient(transport=AsyncReplayTransport(player), timeout=None) as http:
            adapter = AsyncCompletions(
                lambda deadlines: (
                    AsyncClient(base_url="http://127.0.0.1/v1", http_client=http, deadlines=deadlines).respond
                )
            )
            with pytest.raises(DeadlineExceeded) as caught:
                await adapter.create(model="m", messages=HELLO, timeout=timeout)
            return caught.value

    return run(program, clock), clock.now()


def playing(actions):
    clock = VirtualClock()
    return Player(Exchange({(0, attempt): Delivery(actions) for attempt in range(3)}), clock), clock


EVENT = Send(sse([delta(0, "m", "x")]))


@pytest.mark.parametrize("ask", [play, play_awaited])
@pytest.mark.parametrize(
    "actions",
    [
        pytest.param([Stall()], id="no head"),
        pytest.param([Head(), Stall()], id="a head and silence"),
        pytest.param([Head(), EVENT, Stall()], id="silence in the middle"),
        pytest.param([Head(), *[Wait(1_000), EVENT] * 100, End()], id="never silent, never done"),
        pytest.param([Head(), *[Wait(1_000), Send(b": ping\n\n")] * 100, End()], id="keep-alives only"),
    ],
)
def test_the_timeout_is_the_whole_calls_though_the_socket_is_silent(actions, ask):
    error, took_s = ask(*actions, timeout=10)
    assert error.deadline == "total"
    assert isinstance(error, TimeoutError)
    assert took_s == pytest.approx(10, abs=0.01)
    assert error.requests == 1


def test_a_timeout_leaves_the_other_deadlines_alone():
    error, took_s = play(Stall(), timeout=600, retry=Retry(retries=0))
    assert (error.deadline, took_s) == ("first_byte", pytest.approx(45, abs=0.01))


def test_limits():
    assert limited(DEFAULT, None) is DEFAULT
    assert limited(Deadlines(), 10).total_s == 10


# -- the request ----------------------------------------------------------------------------------------------


def test_leading_tellers_become_instructions_and_later_ones_keep_their_place():
    request = request_of(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "hello"},
            {"role": "system", "content": "Now be long."},
        ]
    )
    assert request["instructions"] == "Be brief.\n\nBe kind."
    assert request["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
        {"role": "developer", "content": [{"type": "input_text", "text": "Now be long."}]},
    ]


def test_a_call_and_its_result():
    function = {"name": "look", "arguments": '{"a":1}'}
    request = request_of(
        [
            {"role": "assistant", "content": "Hm.", "tool_calls": [{"id": "c", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "c", "content": "seen"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "d", "type": "custom", "custom": {"name": "p", "input": "x"}}]},
            {"role": "tool", "tool_call_id": "d", "content": [{"type": "text", "text": "done"}]},
        ]
    )  # fmt: skip
    assert request["input"] == [
        {"role": "assistant", "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c", **function},
        {"type": "function_call_output", "call_id": "c", "output": "seen"},
        {"type": "custom_tool_call", "call_id": "d", "name": "p", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "done"},
    ]


def test_pictures_files_and_sounds():
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
        {"type": "file", "file": {"file_id": "f"}},
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
    ]
    (item,) = request_of([{"role": "user", "content": parts}])["input"]
    assert item["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"},
        {"type": "input_file", "file_id": "f"},
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
    ]


def test_tools_choice_format_and_limits():
    request = request_of(
        HELLO,
        tools=[{"type": "function", "function": {"name": "look", "parameters": {}}}, {"type": "web_search"}],
        tool_choice={"type": "function", "function": {"name": "look"}},
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
        max_tokens=5,
        reasoning_effort="low",
        temperature=0,
    )
    del request["input"]
    assert request == {
        "tools": [{"type": "function", "name": "look", "parameters": {}}, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "look"},
        "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
        "max_output_tokens": 5,
        "reasoning": {"effort": "low"},
        "temperature": 0,
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"messages": HELLO, "n": 2},
        {"messages": HELLO, "stream": True},
        {"messages": [{"role": "narrator", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "smell"}]}]},
        {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": "x"}]}]},
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(request_):
    asked = []
    with pytest.raises(ValueError, match=r"must be|has the|cannot hold"):
        completions(answer(sse(GOOD)), asked=asked).create(model="m", **request_)
    assert asked == []


def test_the_request_as_it_is_sent():
    asked = []
    completions(answer(sse(GOOD)), asked=asked).create(model="gpt", messages=HELLO)
    assert asked == [
        {
            "model": "gpt",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
            "stream": True,
        }
    ]


def test_the_answer_of_one_call_asks_the_next():
    first = completion_of(consume([created(), *call(0, "c", "{}"), completed()]))
    (made,) = first.choices[0].message.tool_calls
    history = [
        *HELLO,
        {"role": "assistant", "tool_calls": [{"id": made.id, "type": made.type, "function": {"name": made.function.name, "arguments": made.function.arguments}}]},
        {"role": "tool", "tool_call_id": made.id, "content": "seen"},
    ]  # fmt: skip
    assert [item.get("type", "message") for item in request_of(history)["input"]] == [
        "message", "function_call", "function_call_output",
    ]  # fmt: skip


# -- awaited --------------------------------------------------------------------------------------------------


def test_the_same_over_an_awaited_responder():
    seen = {}

    async def respond(*, callbacks, **request):
        seen.update(request, callbacks=callbacks)
        return consume(GOOD)

    def within(deadlines):
        seen["deadlines"] = deadlines
        return respond

    stop = lambda: False  # noqa: E731
    completion = asyncio.run(AsyncCompletions(within).create(model="m", messages=HELLO, timeout=7, interrupted=stop))
    assert completion.choices[0].message.content == "Hello"
    assert seen["deadlines"].total_s == 7
    assert seen["callbacks"].interrupted is stop
    assert seen["model"] == "m"


def test_an_awaited_failure_is_raised():
    async def respond(*, callbacks, **request):
        return consume([created(), ended("failed", error={"message": "boom"})])

    with pytest.raises(ResponseFailed, match="boom"):
        asyncio.run(AsyncCompletions(lambda deadlines: respond).create(model="m", messages=HELLO))
