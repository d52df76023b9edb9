"""Which credential is asked with next, and when an error is none's fault."""

from __future__ import annotations

import pytest

from harness.clock import VirtualClock
from harness.runtime import Callbacks, HTTPStatusError, Result, TransportFailed, run_stream
from harness.runtime.credentials import Credential, CredentialPool, recover_with_credential_pool
from tests.unit.runtime.scripts import completed, created, delta, message

ONE, TWO, THREE = Credential("one", "k1", "a"), Credential("two", "k2", "a"), Credential("three", "k3", "b")
EXPIRED = ("token_expired", 401)
LIMITED = ("rate_limit_exceeded", 429)
USED_UP = ("usage_limit_reached", 429)
UNPAID = ("insufficient_quota", 429)
NOT_ENTITLED = ("permission_denied", 403)


def refused(code, status, requests=1, retry_after_s=None):
    error = HTTPStatusError("words", code=code, status=status, retry_after_s=retry_after_s)
    error.requests = requests
    return error


def pool(*credentials):
    clock = VirtualClock()
    return CredentialPool(credentials or (ONE, TWO, THREE), clock), clock


@pytest.mark.parametrize(
    ("error", "next_one", "back_after_s"),
    [
        (EXPIRED, TWO, None),
        (LIMITED, TWO, 60),
        (USED_UP, THREE, 3_600),
        (UNPAID, THREE, 3_600),
        (NOT_ENTITLED, THREE, None),
    ],
)
def test_what_an_error_takes_out_and_for_how_long(error, next_one, back_after_s):
    given, clock = pool()
    assert given.recover(refused(*error), ONE) == given.current == next_one
    if back_after_s is not None:
        clock.sleep(back_after_s - 1)
        assert given.current == next_one
        clock.sleep(1)
        assert given.current == ONE
    else:
        clock.sleep(10**9)
        assert given.current == next_one


def test_the_providers_own_time_wins():
    given, clock = pool()
    given.recover(refused(*LIMITED, retry_after_s=5), ONE)
    clock.sleep(5)
    assert given.current == ONE


@pytest.mark.parametrize(
    "error", [TransportFailed("cut"), refused("server_error", 500), refused("context_length_exceeded", 400)]
)
def test_what_is_no_credentials_fault_takes_none_out(error):
    given, _ = pool()
    assert given.recover(error, ONE) is None
    assert given.current == ONE


def test_asking_goes_on_until_one_is_not_at_fault_and_counts_all_requests():
    asked = []

    def ask(credential, callbacks):
        asked.append(credential.name)
        if credential is not THREE:
            raise refused(*EXPIRED, requests=2)
        return Result("completed", requests=1)

    given, _ = pool()
    assert recover_with_credential_pool(given, ask).requests == 5
    assert asked == ["one", "two", "three"]
    assert recover_with_credential_pool(given, ask).requests == 1


def test_when_none_is_left_the_last_error_is_raised_with_all_requests():
    def ask(credential, callbacks):
        raise refused(*EXPIRED)

    given, _ = pool()
    with pytest.raises(HTTPStatusError) as raised:
        recover_with_credential_pool(given, ask)
    assert raised.value.requests == 3
    with pytest.raises(LookupError, match="all credentials are out"):
        recover_with_credential_pool(given, ask)


def test_words_told_with_a_credential_that_failed_are_taken_back():
    used_up = {"type": "error", "code": USED_UP[0], "message": "The usage limit has been reached"}
    streams = [[created(), delta(0, "m", "void"), used_up], [created(), *message(0, "m", "Hi"), completed()]]
    heard = []
    told = Callbacks(on_text_delta=heard.append, on_reset=lambda reason: heard.append("<void>"))
    given, _ = pool()
    result = recover_with_credential_pool(
        given, lambda credential, callbacks: run_stream(lambda: streams.pop(0), callbacks=callbacks), told
    )
    assert (heard, result.requests) == (["void", "<void>", "Hi"], 2)


def test_an_account_that_is_not_stated_is_nobody_elses():
    given, _ = pool(Credential("x", "1"), Credential("y", "2"))
    assert given.recover(refused(*UNPAID), given.current).name == "y"


def test_a_secret_is_not_shown():
    assert "k1" not in repr(ONE)
    with pytest.raises(ValueError, match="needs a credential"):
        CredentialPool((), VirtualClock())
