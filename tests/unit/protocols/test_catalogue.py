"""The catalogue agrees with itself, and with the union of events that the newest SDK knows."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from harness.protocols.responses import catalogue
from harness.protocols.responses.catalogue import EVENTS, ITEM_TYPES, STRANDS, TERMINALS, Field, canonical


def test_every_terminal_states_a_status() -> None:
    assert dict(TERMINALS) == {
        "response.completed": "completed",
        "response.incomplete": "incomplete",
        "response.failed": "failed",
        "error": "failed",
        "response.done": "completed",
        "response.cancelled": "cancelled",
        "response.canceled": "cancelled",
        "response.error": "failed",
    }
    assert set(TERMINALS.values()) <= catalogue.RESPONSE_STATUSES


def test_what_may_come_before_created() -> None:
    assert {"keepalive", "response.keep_alive", "codex.rate_limits", "response.metadata"} <= catalogue.PRELUDE
    assert {"response.queued", "response.in_progress"} <= catalogue.PRELUDE
    assert not catalogue.PRELUDE & TERMINALS.keys()
    assert "response.created" not in catalogue.PRELUDE


def test_aliases_name_events_of_the_same_shape() -> None:
    assert canonical("response.reasoning.delta") == "response.reasoning_text.delta"
    assert canonical("response.unheard_of") == "response.unheard_of"
    for alias, meant in catalogue.ALIASES.items():
        assert EVENTS[alias].group == EVENTS[meant].group
        assert EVENTS[alias].index_keys == EVENTS[meant].index_keys
        assert canonical(meant) == meant


@pytest.mark.parametrize("strand", STRANDS, ids=lambda strand: strand.name)
def test_strands_speak_of_events_and_items_that_exist(strand: Any) -> None:
    for event_type in (strand.delta, strand.done):
        assert EVENTS[event_type].index_keys == strand.keys
        assert EVENTS[event_type].item_types == strand.item_types
    assert EVENTS[strand.done].field(strand.payload) == Field(strand.payload, "string")
    assert EVENTS[strand.delta].field("delta") == Field("delta", "string")
    assert strand.path.count(None) == len(strand.keys) - 1
    if strand.part_type is not None:
        home, member = catalogue.PART_HOMES[strand.part_type]
        assert ((home,), member, catalogue.PART_TEXTS[strand.part_type]) == (
            strand.item_types,
            strand.path[0],
            strand.path[-1],
        )


def test_every_event_of_an_item_names_a_known_type() -> None:
    named = {kind for spec in EVENTS.values() for kind in spec.item_types}
    assert named <= ITEM_TYPES.keys()


@pytest.mark.parametrize(
    ("json", "value", "accepted"),
    [
        ("string", "", True),
        ("string", None, False),
        ("integer", 5, True),
        ("integer", True, False),
        ("integer", 5.0, False),
        ("number", 5, True),
        ("number", 5.5, True),
        ("object", [], False),
        ("array", [], True),
        ("any", None, True),
    ],
)
def test_fields_tell_types_apart(json: Any, value: Any, accepted: bool) -> None:
    assert Field("name", json).accepts(value) is accepted


def test_a_field_that_is_not_required_may_be_null() -> None:
    assert Field("name", "string", required=False).accepts(None)


OTHERWISE_IN_THE_SDK = {
    # Flat in the schema, nested on many wires, so no member of it is one that every server sends.
    "error": {"message"},
}


def _sdk(name: str) -> Any:
    responses = pytest.importorskip("openai.types.responses", reason="needs the openai package, 3 or newer")
    return {
        get_args(model.model_fields["type"].annotation)[0]: model
        for model in get_args(get_args(getattr(responses, name))[0])
    }


def _required(model: Any) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()} - {"type", "sequence_number"}


def test_events_are_those_of_the_sdk_and_a_few_more() -> None:
    models = _sdk("ResponseStreamEvent")
    assert models.keys() <= EVENTS.keys()
    for event_type, model in models.items():
        ours = {field.name for field in EVENTS[event_type].fields if field.required}
        assert _required(model) ^ ours == OTHERWISE_IN_THE_SDK.get(event_type, set()), event_type


def test_events_beyond_the_sdk_are_marked_as_such() -> None:
    models = _sdk("ResponseStreamEvent")
    beyond = {spec.type for spec in EVENTS.values() if spec.origin in {"observed", "open-responses"}}
    assert beyond == EVENTS.keys() - models.keys()


def test_items_are_those_of_the_sdk() -> None:
    models = _sdk("ResponseOutputItem")
    assert models.keys() <= ITEM_TYPES.keys()
    for item_type, model in models.items():
        ours = {field.name for field in ITEM_TYPES[item_type].fields if field.required}
        assert _required(model) == ours, item_type


def test_error_codes_and_statuses_are_those_of_the_sdk() -> None:
    responses = pytest.importorskip("openai.types.responses", reason="needs the openai package, 3 or newer")
    assert set(get_args(responses.ResponseError.model_fields["code"].annotation)) == catalogue.ERROR_CODES
    status = responses.Response.model_fields["status"].annotation
    assert set(get_args(get_args(status)[0])) == catalogue.RESPONSE_STATUSES
