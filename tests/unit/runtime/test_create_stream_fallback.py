"""The name under which programs with a helper and a fallback know the one path there is."""

from __future__ import annotations

import harness.runtime
from harness.runtime import TransportFailed, run_create_stream_fallback, run_stream
from tests.unit.runtime.scripts import completed, created, message


def test_it_is_the_runner_itself_and_public():
    assert run_create_stream_fallback is run_stream
    assert "run_create_stream_fallback" in harness.runtime.__all__


def test_it_asks_again_as_the_runner_does():
    answers = [TransportFailed("cut"), [created(), *message(0, "m", "Hello"), completed()]]

    def open_stream():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    result = run_create_stream_fallback(open_stream)
    assert (result.text, result.requests) == ("Hello", 2)
