"""Bytes to SSE frames and back; knows nothing of any provider."""

from harness.wire.frame import Frame, Tail

__all__ = ["Frame", "Tail"]
