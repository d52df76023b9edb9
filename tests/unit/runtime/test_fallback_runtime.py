"""Changing over to another runtime, and coming back to the primary."""

from __future__ import annotations

import pytest

from harness.clock import VirtualClock
from harness.runtime import HTTPStatusError, TransportFailed
from harness.runtime.fallback import REST_S, Fallbacks

DOWN = TransportFailed("cut")


def status(code, number, retry_after_s=None):
    return HTTPStatusError("words", code=code, status=number, retry_after_s=retry_after_s)


def fallbacks(*names):
    clock = VirtualClock()
    return Fallbacks(names or ("primary", "second", "third"), clock), clock


@pytest.mark.parametrize(
    "error", [DOWN, status("server_error", 500), status("insufficient_quota", 429), status("model_not_found", 404)]
)
def test_what_another_runtime_may_cure_changes_over(error):
    given, _ = fallbacks()
    assert given.change_over(error)
    assert (given.current, given.is_primary) == ("second", False)


@pytest.mark.parametrize("error", [status("context_length_exceeded", 400), status("content_filter", 400)])
def test_what_is_wrong_everywhere_changes_nothing(error):
    given, _ = fallbacks()
    assert not given.change_over(error)
    assert given.current == "primary"


def test_the_primary_is_restored_when_it_has_rested_and_not_before():
    given, clock = fallbacks()
    given.change_over(DOWN)
    assert not given.restore_primary_runtime()
    clock.sleep(REST_S - 1)
    assert not given.restore_primary_runtime()
    clock.sleep(1)
    assert given.restore_primary_runtime()
    assert given.current == "primary"


def test_the_providers_own_time_wins():
    given, clock = fallbacks()
    given.change_over(status("rate_limit_exceeded", 429, retry_after_s=600))
    clock.sleep(REST_S)
    assert not given.restore_primary_runtime()
    clock.sleep(600 - REST_S)
    assert given.restore_primary_runtime()


def test_each_is_tried_and_a_rested_one_is_tried_again():
    given, clock = fallbacks()
    order = [given.current]
    while given.change_over(DOWN):
        order.append(given.current)
    assert order == ["primary", "second", "third"]
    assert given.current == "third"
    clock.sleep(REST_S)
    assert given.change_over(DOWN)
    assert given.current == "primary"


def test_alone_there_is_nowhere_to_go():
    given, _ = fallbacks("primary")
    assert not given.change_over(DOWN)
    assert given.is_primary
    with pytest.raises(ValueError, match="primary"):
        Fallbacks((), VirtualClock())
