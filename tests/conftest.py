"""For the whole suite: nothing but the loopback can be reached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.replay.guard import socket_guard


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    with socket_guard():
        yield
