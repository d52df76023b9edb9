"""Callbacks: when they are called, what their errors do, and that what was told is what the result says."""

from __future__ import annotations

import pytest

from harness.runtime import Callbacks, StreamInterrupted, consume
from tests.unit.runtime.scripts import (
    Listener,
    added,
    call,
    completed,
    created,
    delta,
    done,
    message,
    text_done,
    text_item,
)


def listen(*events):
    listener = Listener()
    return consume(events, callbacks=listener.callbacks), listener


def test_the_first_delta_is_announced_once_before_it():
    _, listener = listen(delta(0, "r", "hm", "reasoning_text"), *message(1, "m", "Hel", "lo"), completed())
    assert listener.names() == ["first", "reasoning", "text", "text"]


def test_every_event_is_shown_before_anything_is_done_with_it():
    order = []
    callbacks = Callbacks(on_event=lambda event: order.append(event["type"]), on_text_delta=order.append)
    consume([created(), delta(0, "m", "Hello"), completed()], callbacks=callbacks)
    assert order == ["response.created", "response.output_text.delta", "Hello", "response.completed"]


@pytest.mark.parametrize("hook", ["on_event", "on_text_delta", "on_first_delta"])
@pytest.mark.parametrize("error", [TimeoutError, InterruptedError])
def test_a_hook_can_end_the_call(hook, error):
    def fail(*_):
        raise error("enough")

    with pytest.raises(error, match="enough"):
        consume([*message(0, "m", "Hello"), completed()], callbacks=Callbacks(**{hook: fail}))


@pytest.mark.parametrize("hook", ["on_event", "on_text_delta", "on_first_delta"])
def test_any_other_error_of_a_hook_is_logged_and_the_stream_goes_on(hook, caplog):
    def fail(*_):
        raise KeyError("mine")

    result = consume([*message(0, "m", "Hello"), completed()], callbacks=Callbacks(**{hook: fail}))
    assert result.text == "Hello"
    assert "KeyError" in caplog.text


def test_the_interrupt_check_ends_the_call_with_what_had_arrived():
    answers = iter([False, False, False, True])
    with pytest.raises(StreamInterrupted) as caught:
        consume(
            [added(0, "m"), delta(0, "m", "Hel"), delta(0, "m", "lo"), delta(0, "m", "!"), completed()],
            callbacks=Callbacks(interrupted=lambda: next(answers)),
        )
    assert isinstance(caught.value, InterruptedError)
    assert caught.value.partial.text == "Hello"
    assert caught.value.partial.status == "in_progress"


def test_text_is_silent_from_the_first_call_on_and_reasoning_is_not():
    events = [*message(0, "a", "before"), *call(1, "f", "{}"), *message(2, "b", "after")]
    result, listener = listen(*events, delta(3, "r", "hm", "reasoning_text"), completed())
    assert (listener.standing(), listener.standing("reasoning")) == ("before", "hm")
    assert result.all_text == "beforeafter"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([text_item(0, "m", "Hello")], id="no deltas at all"),
        pytest.param([added(0, "m"), delta(0, "m", "Hel"), text_done(0, "m", "Hello")], id="the end is in the done"),
        pytest.param([added(0, "m"), delta(0, "m", "Hel"), text_item(0, "m", "Hello")], id="the end is in the item"),
        pytest.param([added(0, "m"), text_item(0, "m", "Hello"), delta(0, "m", "Hello")], id="the done comes first"),
        pytest.param([added(0, "m"), delta(0, "m", "Hxl"), text_item(0, "m", "Hello")], id="the done contradicts"),
        pytest.param(
            [*message(0, "a", "Hel"), delta(1, "b", "xx"), text_item(1, "b", "lo")], id="a later item contradicts"
        ),
        pytest.param([delta(0, "m", "Hello"), done(0, "m", content=[])], id="the done is empty"),
    ],
)
def test_what_was_told_is_what_the_result_says(events):
    result, listener = listen(*events, completed())
    assert result.all_text == listener.standing() == "Hello"


def test_text_that_comes_late_and_out_of_order_is_told_again_in_order():
    result, listener = listen(added(0, "a"), text_item(1, "b", "second"), text_item(0, "a", "first "), completed())
    assert result.all_text == listener.standing() == "first second"


def test_deltas_that_interleave_stand_as_they_came():
    one, two = message(0, "a", "a", "b"), message(1, "b", "c", "d")
    _, listener = listen(*[event for pair in zip(one, two, strict=True) for event in pair], completed())
    assert listener.names() == ["first", "text", "text", "text", "text"]
    assert listener.standing() == "acbd"


def test_what_is_recovered_from_the_snapshot_is_told_as_well():
    output = [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hello"}]}]
    result, listener = listen(created(), completed(output=output))
    assert result.text == listener.standing() == "Hello"


def test_deltas_that_are_contradicted_are_taken_back_before_the_text_is_told_again():
    events = [delta(0, "r", "hm", "reasoning_text"), delta(1, "m", "Hxl"), text_done(1, "m", "Hello"), completed()]
    _, listener = listen(*events)
    assert listener.names() == ["first", "reasoning", "text", "reset", "reasoning", "text"]
    assert (listener.standing(), listener.standing("reasoning")) == ("Hello", "hm")
