"""For the whole suite: nothing but the loopback can be reached, and a slow machine fails no property."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from harness.replay.guard import socket_guard

# How long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    with socket_guard():
        yield
