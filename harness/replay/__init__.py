"""Plays an exchange: in process (httpx, httpx2, respx) or from a loopback server, and says what was really served."""

from harness.replay.guard import NonLoopbackRefused, socket_guard
from harness.replay.over_httpx import AsyncReplayTransport, ReplayTransport
from harness.replay.player import NeverEnds, Player
from harness.replay.server import LoopbackServer

__all__ = [
    "AsyncReplayTransport",
    "LoopbackServer",
    "NeverEnds",
    "NonLoopbackRefused",
    "Player",
    "ReplayTransport",
    "socket_guard",
]
