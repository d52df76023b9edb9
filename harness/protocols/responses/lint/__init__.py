"""The grammar of a Responses stream, rule by rule, and the dialects real servers speak."""

from harness.protocols.responses.lint.check import RULES, lint
from harness.protocols.responses.lint.dialects import DIALECTS, Dialect, dialects, speakers
from harness.protocols.responses.lint.habits import HABITS, Habit
from harness.protocols.responses.lint.remark import Level, Remark, Rule

__all__ = [
    "DIALECTS",
    "HABITS",
    "RULES",
    "Dialect",
    "Habit",
    "Level",
    "Remark",
    "Rule",
    "dialects",
    "lint",
    "speakers",
]
