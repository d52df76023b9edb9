"""Asking again: when, how often, and what the failed attempt leaves behind."""

from __future__ import annotations

from dataclasses import replace

from harness.runtime import Assembler
from harness.runtime.call import Attempt
from harness.runtime.callbacks import Teller
from harness.runtime.client import Client
from harness.runtime.errors import DeadlineExceeded, TransportFailed
from harness.runtime.retry import Retry
from tests.quality.planted.defect import ASSEMBLER, ATTEMPT, RESPOND, RETRY, TELLER, defect


@defect("retry", "stream runner")
def old_deltas_stay():
    """After a retry nobody is told that the deltas of the failed attempt are void."""

    class Planted(Teller):
        def void(self, reason):
            pass

    return {TELLER: Planted}


@defect("duplicate", "stream runner")
def old_items_stay():
    """What a failed attempt had assembled stands before the answer of the next one."""

    class Keeping(Assembler):
        kept = ()

        def finish(self):
            result = super().finish()
            return replace(result, items=(*self.kept, *result.items))

    class Planted(Attempt):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            earlier = self.teller.__dict__.get("assembler")
            if earlier is not None:
                self.assembler.kept = earlier.partial().items
            self.teller.assembler = self.assembler

    return {ATTEMPT: Planted, ASSEMBLER: Keeping}


@defect("retry", "transport recovery set")
def asks_again_and_again():
    """A connection that fails is tried nine times more."""

    class Planted(Retry):
        def allows(self, error, requests):
            return requests <= 9 and isinstance(error, TransportFailed | DeadlineExceeded)

    return {RETRY: Planted}


@defect("retry", "stream runner")
def every_error_is_worth_a_retry():
    """What the provider refused is asked three times more."""

    class Planted(Retry):
        def allows(self, error, requests):
            return requests <= 3

    return {RETRY: Planted}


@defect("retry", "stream runner")
def a_stall_is_retried_for_ever():
    """A deadline that passes is no failure: the same is asked until something comes."""

    class Planted(Retry):
        def allows(self, error, requests):
            return requests <= 20 if isinstance(error, DeadlineExceeded) else super().allows(error, requests)

    return {RETRY: Planted}


@defect("retry", "create-stream fallback")
def fallback_retries_on_its_own():
    """When the stream helper has failed with all its retries, a fallback makes the call anew, with retries."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except TransportFailed:
            return _respond(self, *args, **kwargs)

    return {RESPOND: respond}


@defect("usage", "stream runner")
def usage_of_attempts_is_added():
    """Each attempt counts as a response, so an answer that took two costs twice what was stated."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        result = _respond(self, *args, **kwargs)
        counts = result.usage
        if counts is None or type(counts.output) is not int:
            return result
        return replace(result, usage=replace(counts, output=counts.output * result.requests))

    return {RESPOND: respond}
