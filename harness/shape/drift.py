"""What compares as changed: each change with its danger, its place, and what was seen before and after."""

from __future__ import annotations

from dataclasses import dataclass

from harness.mutations import Plan
from harness.protocols.responses.catalogue import TERMINALS
from harness.shape.danger import BY_NAME, RANK, Danger
from harness.shape.lattice import Shape


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was."""

    kind: str
    """Its row in the table of dangers."""
    event: str
    """The event type; empty for a habit of framing."""
    path: str = ""
    """Where in the payload (places.py); empty for a change of the whole event."""
    item: str = ""
    """The item type, for an event that is missing from such items only."""
    detail: str = ""
    """What it is about, where the place does not say: the new type, the new value, the habit."""
    was: str = ""
    now: str = ""
    plan: Plan | None = None
    """Makes the same change in any stream that has the place."""
    no_plan: str = ""
    """Why there is none."""

    @property
    def danger(self) -> Danger:
        return BY_NAME[self.kind]

    @property
    def place(self) -> str:
        """For people: event, item and path."""
        item = f" of {self.item}" if self.item else ""
        return f"{self.event or 'framing'}{item} {self.path}".rstrip()

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """Equal for the same change, whatever was counted."""
        return self.kind, self.event, self.path, self.item, self.detail

    @property
    def order(self) -> tuple[int, bool, tuple[str, str, str, str, str]]:
        """By danger; of equal ones those of terminals first, because an answer stands and falls with them."""
        return RANK[self.kind], self.event not in TERMINALS, self.identity


@dataclass(frozen=True, slots=True)
class Drift:
    """All changes from one shape to another, the most dangerous first."""

    baseline: Shape
    new: Shape
    changes: tuple[Change, ...]

    @property
    def dangerous(self) -> bool:
        return any(change.danger.dangerous for change in self.changes)
