"""Bytes to SSE frames and back; knows nothing of any provider."""

from harness.wire.decoder import Decoder, decode
from harness.wire.encoder import Newline, encode
from harness.wire.frame import Frame, Tail
from harness.wire.limits import UNLIMITED, LimitExceeded, Limits

__all__ = ["UNLIMITED", "Decoder", "Frame", "LimitExceeded", "Limits", "Newline", "Tail", "decode", "encode"]
