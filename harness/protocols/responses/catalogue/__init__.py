"""What a Responses stream is made of, as data: events, items, parts, strands of deltas, and closed lists of words."""

from harness.protocols.responses.catalogue.events import (
    ALIASES,
    COMMON_OPTIONAL,
    DELTAS,
    DONES,
    EVENTS,
    PRELUDE,
    STRANDS,
    TERMINALS,
    canonical,
)
from harness.protocols.responses.catalogue.items import (
    CODEX_ERROR_CODES,
    ERROR_CODES,
    INCOMPLETE_REASONS,
    ITEM_STATUSES,
    ITEM_TYPES,
    PART_HOMES,
    PART_TEXTS,
    PHASES,
    RESPONSE_STATUSES,
)
from harness.protocols.responses.catalogue.model import EventSpec, Field, ItemKind, ItemSpec, Strand, json_type

__all__ = [
    "ALIASES",
    "CODEX_ERROR_CODES",
    "COMMON_OPTIONAL",
    "DELTAS",
    "DONES",
    "ERROR_CODES",
    "EVENTS",
    "INCOMPLETE_REASONS",
    "ITEM_STATUSES",
    "ITEM_TYPES",
    "PART_HOMES",
    "PART_TEXTS",
    "PHASES",
    "PRELUDE",
    "RESPONSE_STATUSES",
    "STRANDS",
    "TERMINALS",
    "EventSpec",
    "Field",
    "ItemKind",
    "ItemSpec",
    "Strand",
    "canonical",
    "json_type",
]
