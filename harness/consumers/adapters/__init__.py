"""Consumers in this process: they get a transport instead of a server, and simulated time instead of waiting."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from harness.consumers.base import Consumer, ConsumerError
from harness.contract import Capabilities

_ADAPTERS = {
    "runtime": ("runtime", "make"),
    "runtime-app-server": ("runtime_app_server", "make"),
    "runtime-async": ("runtime_async", "make"),
    "runtime-auxiliary": ("runtime_auxiliary", "make"),
    "runtime-auxiliary-async": ("runtime_auxiliary", "make_async"),
    "runtime-replay-gate": ("runtime_replay_gate", "make"),
    "runtime+openai": ("runtime_openai", "make"),
    "openai-stream": ("openai_stream", "make"),
}


def adapter(name: str) -> Callable[[str, Capabilities], Consumer]:
    """``make(consumer_name, capabilities)`` of an adapter. Raises ConsumerError when its library is not here."""
    module, function = _ADAPTERS[name]
    try:
        found = importlib.import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as error:
        raise ConsumerError(
            f"{name} needs {error.name}, which is not installed here; add it with: pip install 'stream-harness[openai]'"
        ) from None
    make: Callable[[str, Capabilities], Consumer] = getattr(found, function)
    return make
