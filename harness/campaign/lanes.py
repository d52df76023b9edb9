"""Which consumers a scenario is run against when nobody names any: the lanes of the runtime that it concerns.

A lane names the families that concern it (``default_for``), and gets those of their scenarios whose needs it promises:
nobody reads that a synchronous call was not cancelled while it waited. A scenario that no lane can run stays with the
first, which then says why it is skipped.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.campaign.case import Planned
from harness.campaign.run import concerned
from harness.consumers.registry import default_entries


class Lanes:
    """The default consumers of some cases."""

    def __init__(self, cases: Sequence[Planned]) -> None:
        self._lanes = {entry.name: (entry, entry.capabilities_of(None)) for entry in default_entries()}
        self._wanted = {planned.id: self._of(planned) for planned in cases}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are asked about a case at all."""
        return tuple(name for name in self._lanes if any(name in wanted for wanted in self._wanted.values()))

    def concern(self, name: str, planned: Planned) -> bool:
        return name in self._wanted[planned.id]

    def _of(self, planned: Planned) -> frozenset[str]:
        able = frozenset(
            name
            for name, (entry, capabilities) in self._lanes.items()
            if entry.is_default_for(planned.scenario.id) and concerned(planned, capabilities)
        )
        return able or frozenset(list(self._lanes)[:1])
