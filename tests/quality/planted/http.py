"""The HTTP answer around the stream: its status, its body, and errors of the connection."""

from __future__ import annotations

from harness.runtime import HTTPStatusError, NotAStream, Result
from harness.runtime.client import Client
from harness.runtime.retry import Retry
from harness.runtime.transport import translate
from tests.quality.planted.defect import OPENER, RESPOND, RETRY, TRANSLATE, defect


def _opened(change):
    """Responses that were just opened, as they are passed on."""

    def opener(self, body, deadlines, _opener=Client.opener):
        open_stream = _opener(self, body, deadlines)
        return lambda: change(open_stream())

    return {OPENER: opener}


@defect("http-body")
def error_body_is_not_read():
    """An error status is reported by its number; the body with the provider's words is never read."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except HTTPStatusError as error:
            raise HTTPStatusError(f"HTTP {error.status}", status=error.status) from None

    return {RESPOND: respond}


@defect("http-body", "entitlement errors")
def words_under_error_are_lost():
    """An error body is understood only where ``error`` is an object; words in its place are dropped."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except HTTPStatusError as error:
            stated = error.raw.get("error") if isinstance(error.raw, dict) else None
            if isinstance(stated, dict):
                raise
            raise HTTPStatusError("Forbidden", status=error.status) from None

    return {RESPOND: respond}


@defect("retry", "entitlement errors")
def forbidden_is_asked_again():
    """A missing entitlement is taken for an expired token: the same request is made three times more."""

    class Planted(Retry):
        def allows(self, error, requests):
            forbidden = isinstance(error, HTTPStatusError) and error.status in {401, 403}
            return requests <= 3 if forbidden else super().allows(error, requests)

    return {RETRY: Planted}


@defect("http-body", "transport recovery set")
def transport_errors_escape():
    """The errors of the HTTP library go to the caller as they are."""
    return {TRANSLATE: lambda error: None if type(error).__module__.startswith("http") else translate(error)}


@defect("http-body", "transport recovery set")
def a_reset_is_no_transport_error():
    """A read error in mid-stream is missing from the list of errors that are translated."""
    return {TRANSLATE: lambda error: None if type(error).__name__ == "ReadError" else translate(error)}


@defect("http-body")
def no_body_is_an_empty_answer():
    """A good status over something that is no stream is an answer without items."""

    def respond(self, *args, _respond=Client.respond, **kwargs):
        try:
            return _respond(self, *args, **kwargs)
        except NotAStream as error:
            return Result("completed", requests=error.requests)

    return {RESPOND: respond}


@defect("resource-leak")
def error_status_is_not_closed():
    """An answer with an error status is left as it is, neither read nor closed."""

    def opened(response):
        if response.is_error:
            raise HTTPStatusError(f"HTTP {response.status_code}", status=response.status_code)
        return response

    return _opened(opened)
