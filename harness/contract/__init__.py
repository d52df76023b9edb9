"""What crosses between rooms: outcomes, capabilities and the driver protocol."""

from harness.contract.capabilities import Capabilities, Deadlines
from harness.contract.driver import DRIVER_PROTOCOL, Case, Ready
from harness.contract.outcome import (
    Callback,
    Cause,
    Failure,
    Item,
    Leftovers,
    Outcome,
    Turn,
    Usage,
    from_json,
    to_json,
)

__all__ = [
    "DRIVER_PROTOCOL",
    "Callback",
    "Capabilities",
    "Case",
    "Cause",
    "Deadlines",
    "Failure",
    "Item",
    "Leftovers",
    "Outcome",
    "Ready",
    "Turn",
    "Usage",
    "from_json",
    "to_json",
]
