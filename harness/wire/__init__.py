"""Bytes to SSE frames and back; knows nothing of any provider."""

from harness.wire.blocks import frame_of, split, whole_blocks
from harness.wire.decoder import Decoder, decode
from harness.wire.encoder import Newline, encode
from harness.wire.frame import Frame, Payload, Tail
from harness.wire.limits import UNLIMITED, LimitExceeded, Limits

__all__ = [
    "UNLIMITED",
    "Decoder",
    "Frame",
    "LimitExceeded",
    "Limits",
    "Newline",
    "Payload",
    "Tail",
    "decode",
    "encode",
    "frame_of",
    "split",
    "whole_blocks",
]
