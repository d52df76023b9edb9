"""The one set of transport errors: every decision to ask again looks into it, and nothing else does."""

from __future__ import annotations

import ssl
from http.client import IncompleteRead, RemoteDisconnected

import httpx
import pytest

from harness.runtime import TRANSPORT_ERRORS, DeadlineExceeded, Retry, TransportFailed, is_transport_error, summarize
from harness.runtime.transport import translate


def foreign(library, name):
    """An error class of a library that is not there."""
    return type(name, (Exception,), {"__module__": library})


IN = [
    httpx.RemoteProtocolError("peer closed connection"),
    httpx.ReadTimeout("timed out"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken pipe"),
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("timed out"),
    httpx.PoolTimeout("no connection"),
    ConnectionResetError(104, "reset"),
    TimeoutError("timed out"),
    BrokenPipeError(32, "broken pipe"),
    IncompleteRead(b"data: {"),
    RemoteDisconnected("closed without response"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    *(
        foreign(library, name)("broken")
        for library, name in [
            ("urllib3.exceptions", "ProtocolError"),
            ("urllib3.exceptions", "NewConnectionError"),
            ("requests.exceptions", "ChunkedEncodingError"),
            ("aiohttp.client_exceptions", "ClientPayloadError"),
        ]
    ),
]
OUT = [
    httpx.DecodingError("bad gzip"),
    httpx.TooManyRedirects("11"),
    httpx.UnsupportedProtocol("ftp"),
    httpx.InvalidURL("x"),
    ValueError("no JSON"),
    OSError(28, "no space left"),
    KeyError("output"),
    ssl.SSLCertVerificationError(1, "self-signed certificate"),
    foreign("urllib3.exceptions", "LocationParseError")("x"),
    foreign("somewhere", "ProtocolError")("x"),
]


def named(error):
    return f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"


@pytest.mark.parametrize("error", IN, ids=named)
def test_what_is_in_the_set_is_curable_wherever_it_is_asked(error):
    assert is_transport_error(error)
    ours = translate(error)
    assert isinstance(ours, TransportFailed)
    assert str(error) in str(ours)
    assert Retry().allows(ours, requests=1)
    assert not Retry().allows(ours, requests=2)
    assert (summarize(error).kind, summarize(error).retryable) == ("transport", True)


@pytest.mark.parametrize("error", OUT, ids=named)
def test_what_is_not_in_it_is_not(error):
    assert not is_transport_error(error)
    assert not isinstance(translate(error), TransportFailed)
    assert not summarize(error).retryable or summarize(error).kind != "transport"


def test_the_openai_sdks_are_known_by_name():
    openai = pytest.importorskip("openai", reason="the SDK is an extra")
    request = __import__("httpx2").Request("POST", "http://replayed.invalid")
    for error in (openai.APIConnectionError(request=request), openai.APITimeoutError(request=request)):
        assert is_transport_error(error)
    assert {name for names in TRANSPORT_ERRORS.values() for name in names} >= {"APIConnectionError", "APITimeoutError"}


@pytest.mark.parametrize(("deadline", "again"), [("first_byte", True), ("idle", True), ("total", False)])
def test_a_stall_is_in_it_unless_the_whole_call_is_out_of_time(deadline, again):
    error = DeadlineExceeded(deadline, 45, 0)
    assert is_transport_error(error)
    assert Retry().allows(error, requests=1) is again
    assert summarize(error).retryable is again
