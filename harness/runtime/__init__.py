"""A consumer of Responses streams that rebuilds nothing from the terminal event.

Three ways in, from the thinnest: ``consume`` assembles any iterable of events; ``run_stream`` opens a source, retries
it and closes it; ``Client`` is a source of its own over httpx. All return a Result or raise a RuntimeStreamError.
``harness.runtime.aio`` has the last two for async programs.
"""

import logging

from harness.runtime.assembler import Assembler, Delta, Reset
from harness.runtime.auxiliary import AsyncCompletions, Completion, Completions
from harness.runtime.budget import RetryBudget
from harness.runtime.callbacks import Callbacks
from harness.runtime.client import Client
from harness.runtime.deadlines import Deadlines
from harness.runtime.errors import (
    DeadlineExceeded,
    HTTPStatusError,
    NotAStream,
    ProviderError,
    ResponseCancelled,
    ResponseFailed,
    RuntimeStreamError,
    StreamErrorEvent,
    StreamInterrupted,
    TransportFailed,
    TruncatedStream,
    UndecodableStream,
)
from harness.runtime.events import Damage, EventDecoder, Marker, decode_events, parse
from harness.runtime.replay_gate import ISSUERS, Issuer, ReplayGate, issuer_of
from harness.runtime.result import DAMAGED, INVALID_ARGUMENTS, NO_TERMINAL, RECOVERED, Item, Part, Result, Usage
from harness.runtime.retry import Retry
from harness.runtime.runner import consume, run_stream
from harness.runtime.summary import Summary, summarize
from harness.runtime.transport import TRANSPORT_ERRORS, is_transport_error

logging.getLogger(__name__).addHandler(logging.NullHandler())

run_create_stream_fallback = run_stream
"""The name under which programs that had a streaming helper and a fallback know the one path there is now."""

__all__ = [
    "DAMAGED",
    "INVALID_ARGUMENTS",
    "ISSUERS",
    "NO_TERMINAL",
    "RECOVERED",
    "TRANSPORT_ERRORS",
    "Assembler",
    "AsyncCompletions",
    "Callbacks",
    "Client",
    "Completion",
    "Completions",
    "Damage",
    "DeadlineExceeded",
    "Deadlines",
    "Delta",
    "EventDecoder",
    "HTTPStatusError",
    "Issuer",
    "Item",
    "Marker",
    "NotAStream",
    "Part",
    "ProviderError",
    "ReplayGate",
    "Reset",
    "ResponseCancelled",
    "ResponseFailed",
    "Result",
    "Retry",
    "RetryBudget",
    "RuntimeStreamError",
    "StreamErrorEvent",
    "StreamInterrupted",
    "Summary",
    "TransportFailed",
    "TruncatedStream",
    "UndecodableStream",
    "Usage",
    "consume",
    "decode_events",
    "is_transport_error",
    "issuer_of",
    "parse",
    "run_create_stream_fallback",
    "run_stream",
    "summarize",
]
