"""The openai SDK as a source of events for ``run_stream``: one client, with nothing in it that the runtime decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.runtime.client import CONNECT_S


def create_openai_client(
    *,
    base_url: str,
    api_key: str,
    headers: Mapping[str, str] | None = None,
    http_client: Any = None,
) -> Any:
    """An ``openai.OpenAI`` that never retries by itself and never gives up a silent stream by itself.

    Two programs that both retry multiply what a turn costs, and an SDK's timeout beside a watchdog cuts what the
    watchdog would have let live. ``http_client`` is one of the HTTP library that the installed release stands on; one
    that is given is never closed here. Raises ImportError, saying what to install.
    """
    try:
        import openai
    except ModuleNotFoundError:
        raise ImportError(
            "the openai SDK is not installed; add it with: pip install 'stream-harness[openai]'"
        ) from None
    return openai.OpenAI(
        base_url=base_url,
        api_key=api_key,
        default_headers=dict(headers or {}),
        http_client=http_client,
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_S),
    )
