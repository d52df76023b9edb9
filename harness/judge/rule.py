"""The shape of an invariant: one rule between evidence and outcome, by name, in a file of its own.

A check looks at one turn under one reading of its evidence and yields a breach for each way the rule is broken.
It knows no case and no consumer. What a consumer does not promise is not asked of it: ``needs`` says which
promise the rule rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from harness.contract import Capabilities, Case, Leftovers, Turn
from harness.judge.duty import Obligation
from harness.judge.evidence import Attempt, TurnEvidence
from harness.judge.verdict import Mark


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One turn as the judge sees it, under one reading of the last attempt."""

    case: Case
    capabilities: Capabilities
    turn: Turn
    evidence: TurnEvidence
    history: tuple[TurnEvidence, ...]
    """The turns before this one."""
    attempt: Attempt
    """The last attempt, under the reading in force."""
    obligation: Obligation
    leftovers: Leftovers
    last_turn: bool


@dataclass(frozen=True, slots=True)
class Breach:
    """One way a rule is broken, or bent."""

    reason: str
    cause: str
    """Equal for equal bugs: no ids, numbers or texts of this case."""
    evidenced: str = ""
    assembled: str = ""
    frames: tuple[int, ...] = ()
    mark: Mark = Mark.FAIL


Arity = Literal["run", "several", "lanes"]
"""Whether one run can break a rule, only several runs compared, or only two lanes on one exchange."""
Check = TypeVar("Check", bound=Callable[[Any], Iterator[Breach]])
Needs = Callable[[Capabilities], str | None]
"""Why this consumer is not asked, in words; None when it is."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A registered rule."""

    id: str
    rule: str
    """What must hold, in one sentence."""
    why: str
    """What its breach costs a user."""
    incident: str
    """A real one."""
    check: Callable[[Any], Iterator[Breach]]
    """Takes a Scene; of a rule about several runs, a Pair; of one about lanes, both of them."""
    needs: Needs
    arity: Arity = "run"


REGISTRY: dict[str, Invariant] = {}


def everyone(_: Capabilities) -> str | None:
    """For rules that hold for every program that reads a stream."""
    return None


def assemblers(capabilities: Capabilities) -> str | None:
    """For rules about what was assembled: a raw event loop is not judged by its driver's folding."""
    return None if capabilities.assembles else "it hands out raw events and assembles nothing"


def openers(capabilities: Capabilities) -> str | None:
    """For rules about requests and connections: a lane that is handed its bytes has none."""
    return None if capabilities.opens else "it is handed the bytes of an answer and opens no connection"


def invariant(
    id: str, *, rule: str, why: str, incident: str, needs: Needs = everyone, arity: Arity = "run"
) -> Callable[[Check], Check]:
    """Register a check under its name. Raises ValueError when the name is taken."""

    def register(check: Check) -> Check:
        if id in REGISTRY:
            raise ValueError(f"two invariants are called {id}")
        REGISTRY[id] = Invariant(id, rule, why, incident, check, needs, arity)
        return check

    return register
