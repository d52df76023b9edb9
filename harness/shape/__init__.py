"""The shape of a provider's streams: inferred from cassettes, stored for review, and compared to find drift."""

from harness.shape.compare import compare
from harness.shape.drift import Change, Drift
from harness.shape.infer import Stream, infer
from harness.shape.lattice import EventShape, Field, ItemShape, Shape, Tally, join
from harness.shape.shapefile import ShapeError, dump, load

__all__ = [
    "Change",
    "Drift",
    "EventShape",
    "Field",
    "ItemShape",
    "Shape",
    "ShapeError",
    "Stream",
    "Tally",
    "compare",
    "dump",
    "infer",
    "join",
    "load",
]
