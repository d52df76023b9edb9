"""The guide's mutations are real ones: they are registered, drawn, applied and written like any other."""

import re
from pathlib import Path

import pytest

from harness import mutations
from harness.mutations import Mutation, Plan, Take, Unmatched, operator, operators
from harness.mutations.example import STREAM
from tests.unit.mutations.streams import payloads

GUIDE = Path(mutations.__file__).with_name("GUIDE.md").read_text(encoding="utf-8")
IMPORTS = """
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from harness.mutations.editing import Payload, repayloaded
from harness.mutations.fit import kinds
from harness.mutations.operator import AT, Layer, Operator, applies, register
from harness.mutations.selector import Selector
from harness.mutations.take import Take
"""


@pytest.fixture
def taught(monkeypatch):
    monkeypatch.setattr(operator, "_OPERATORS", dict(operators()))
    written = {"__name__": "guide"}
    exec(IMPORTS + "\n".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)), written)
    return written


def test_they_are_known_and_drawn(taught):
    for name in ("Noop", "Shout"):
        assert operators()[taught[name].name] is taught[name]
        for one in taught[name].space(Take.of(STREAM)):
            plan = Plan((Mutation(one),))
            assert Plan.from_yaml(plan.to_yaml()) == plan


def test_the_second_one_does_what_it_says(taught):
    shout = taught["Shout"].space(Take.of(STREAM))[0]
    assert payloads(shout.apply(Take.of(STREAM)).delivery())[2]["delta"] == "GRÜ"
    with pytest.raises(Unmatched):
        taught["Shout"](mutations.Selector("response.created")).apply(Take.of(STREAM))


def test_it_names_only_what_there_is():
    for module, name in re.findall(r"`(editing|fit|space|frame|order)\.(?!py`)(\w+)`", GUIDE):
        assert hasattr(__import__(f"harness.mutations.{module}", fromlist=[name]), name), (module, name)
