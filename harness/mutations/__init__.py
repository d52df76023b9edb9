"""Named, pure edits of a stream, and plans made of them."""

from harness.mutations.operator import Layer, Operator, Unmatched, operators
from harness.mutations.piece import Piece
from harness.mutations.plan import Applied, Miss, Mutation, Plan, PlanError
from harness.mutations.selector import Selector
from harness.mutations.take import Take

__all__ = [
    "Applied",
    "Layer",
    "Miss",
    "Mutation",
    "Operator",
    "Piece",
    "Plan",
    "PlanError",
    "Selector",
    "Take",
    "Unmatched",
    "operators",
]
