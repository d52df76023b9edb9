"""Planted bugs: what the campaign must find by itself, one small file a part of the reader."""

from tests.quality.planted import (  # noqa: F401  (each registers its own)
    auxiliary,
    deltas,
    errors,
    framing,
    http,
    identity,
    reasoning,
    retry,
    terminal,
    time,
    tools,
    unknown,
    usage,
)
from tests.quality.planted.defect import DEFECTS, KINDS, SYSTEMS, Defect

__all__ = ["DEFECTS", "KINDS", "SYSTEMS", "Defect"]
