"""The in-process transports of httpx: ``httpx.Client(transport=ReplayTransport(player))``."""

from __future__ import annotations

import httpx

from harness.replay.transport import transports

ReplayTransport, AsyncReplayTransport = transports(httpx)
