"""The in-process transports of httpx2, which openai-python uses from release 3 on; needs the extra ``openai``."""

from __future__ import annotations

import httpx2

from harness.replay.transport import transports

ReplayTransport, AsyncReplayTransport = transports(httpx2)
