"""The kinds of drift, from the most dangerous to the harmless. The order of this table is the order of every report.

Dangerous is what makes released consumers lose an answer, fail, or hang; harmless is what a tolerant reader does not
even notice. Each row says why, from what such changes have done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Danger:
    """One kind of change."""

    name: str
    title: str
    dangerous: bool
    reason: str


DANGERS: tuple[Danger, ...] = (
    Danger(
        "null-container",
        "null where an array or an object always was",
        True,
        "Iterating or indexing null raises at once, in every answer: one such null took whole agents down.",
    ),
    Danger(
        "terminal-vanished",
        "streams end without a terminal event",
        True,
        "Consumers wait for the terminal: they hang, retry, or take a cut-off answer for a whole one.",
    ),
    Danger(
        "event-vanished",
        "an event that always came is missing",
        True,
        "Whoever builds the answer from that event loses that part of it, mostly in silence.",
    ),
    Danger(
        "type-changed",
        "another JSON type",
        True,
        "Typed readers fail to parse the event; untyped ones iterate a text letter by letter.",
    ),
    Danger(
        "terminal-new",
        "streams end with another terminal event",
        True,
        "An unknown terminal is skipped like any unknown event: the answer never ends, or ends as truncated.",
    ),
    Danger(
        "member-vanished",
        "a member that was always there is missing",
        True,
        "Attribute and key access raise; typed readers reject the whole event.",
    ),
    Danger(
        "emptied",
        "an array that never was empty is",
        True,
        "Readers that trust it return an empty answer as complete; those that take its first entry raise.",
    ),
    Danger(
        "after-terminal",
        "events after the terminal",
        True,
        "Content behind the end is lost, or counted twice; strict readers raise.",
    ),
    Danger(
        "first-changed",
        "streams begin with another event",
        True,
        "Accumulators that demand response.created first raise before any text.",
    ),
    Danger(
        "unreadable",
        "frames that a decoder must discard or cannot parse",
        True,
        "What the standard discards is lost without an error; what is no JSON kills strict readers.",
    ),
    Danger(
        "null-scalar",
        "null where a text, a number or a boolean always was",
        True,
        "Concatenation and arithmetic raise; typed readers reject the event.",
    ),
    Danger(
        "variant-new",
        "items or parts of an unknown type",
        True,
        "Unions over the known types reject it, and with it everything around it.",
    ),
    Danger(
        "state-new",
        "an unknown value where consumers branch on it",
        True,
        "An unknown status falls into the branch of last resort: success here, failure there.",
    ),
    Danger(
        "event-new",
        "an event of an unknown type",
        True,
        "It ought to be ignored; strict readers have died of a keepalive.",
    ),
    Danger(
        "event-line-vanished",
        "frames without their event line",
        True,
        "Readers that dispatch by the event line see no events at all.",
    ),
    Danger(
        "number-kind",
        "a whole number with a fraction, or the reverse",
        True,
        "Strictly typed languages reject a float where an integer is declared.",
    ),
    Danger(
        "text-emptied",
        "a text that never was empty is",
        False,
        "Mostly the model had nothing to say; an empty name or id hurts.",
    ),
    Danger(
        "order-new",
        "an order of events never seen",
        False,
        "Mostly another conversation; readers that file deltas by recency mix items up.",
    ),
    Danger(
        "framing-changed",
        "another habit of framing",
        False,
        "Conforming decoders do not notice; hand-written ones split at the wrong bytes.",
    ),
    Danger(
        "value-new",
        "a value that was not in an enumeration",
        False,
        "A new model name or setting; only closed enumerations reject it.",
    ),
    Danger(
        "null-filled",
        "something where always null was",
        False,
        "A feature that was off is on; readers that never met the value may not know its type.",
    ),
    Danger(
        "array-filled",
        "entries in an array that always was empty",
        False,
        "A feature that was off is on; readers that never met an entry may not know its type.",
    ),
    Danger(
        "member-new",
        "a new member",
        False,
        "It ought to be ignored; only readers that forbid unknown members reject it.",
    ),
)

RANK: Mapping[str, int] = {danger.name: rank for rank, danger in enumerate(DANGERS)}
BY_NAME: Mapping[str, Danger] = {danger.name: danger for danger in DANGERS}
