"""Consumers of the user's own: a function or a command, named in the project's pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.consumers import probe, registry
from harness.consumers.base import ConsumerError, UnknownConsumer
from harness.consumers.registered import registered
from harness.delivery import Delivery, End, Exchange, Head, Stall
from harness.delivery.actions import EndingAction
from tests.unit.consumers.scripted import SCRIPT

READER = """
import json, urllib.request

def frames(call):
    body = json.dumps({"model": "m", "input": call.input, "stream": True}).encode()
    request = urllib.request.Request(call.base_url + "/responses", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        for line in answer:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

def text(call):
    told = ""
    for event in frames(call):
        if event["type"] == "response.output_text.delta":
            told += event["delta"]
            if not call.on_text(event["delta"]):
                return told
    return told

def whole(call):
    return [event for event in frames(call) if event["type"] == "response.completed"][0]["response"]

def broken(call):
    raise ValueError("mine")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "reader.py").write_text(READER)
    (tmp_path / "speaks.py").write_text(SCRIPT)
    inside = tmp_path / "src"
    inside.mkdir()
    monkeypatch.chdir(inside)
    return tmp_path


def register(project: Path, table: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.harness.consumers]\n{table}\n")


def asked(name: str, **case):
    consumer = registry.open_consumer(name)
    try:
        observed = consumer.run(probe.CASE, probe.EXCHANGE)
        return consumer, observed.outcome.turns[0]
    finally:
        consumer.close()


def test_a_function_that_returns_text(project: Path) -> None:
    register(project, 'mine = "reader:text"')
    consumer, turn = asked("mine")
    assert (turn.ended, turn.text, len(turn.trace)) == ("returned", probe.TEXT, 2)
    assert not consumer.capabilities.items
    assert "mine" in registry.installed_names()


def test_a_function_that_returns_a_response_and_promises_more(project: Path) -> None:
    register(project, 'mine = {call = "reader:whole", capabilities = {items = true, status = true}}')
    consumer, turn = asked("mine")
    assert turn.status == "completed"
    assert turn.items is not None
    assert turn.items[0].text == probe.TEXT
    assert consumer.capabilities.items


def test_what_a_function_raises_is_the_outcome(project: Path) -> None:
    register(project, 'mine = "reader:broken"')
    _, turn = asked("mine")
    assert turn.ended == "raised"
    assert turn.failure is not None
    assert turn.failure.chain[0].type == "ValueError"


def test_a_command_that_speaks_the_protocol_is_started_in_the_project(project: Path) -> None:
    (project / "steps.json").write_text('[["start"], ["fine"]]')
    register(project, f'mine = {{command = ["{sys.executable}", "speaks.py", "steps.json"]}}')
    _, turn = asked("mine")
    assert turn.text == probe.TEXT


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("mine = 3", "/tool/harness/consumers/mine"),
        ('mine = {call = "a:b", command = ["c"]}', "/tool/harness/consumers/mine"),
        ('mine = "no colon"', "/tool/harness/consumers/mine"),
        ("mine = ", "pyproject.toml"),
    ],
)
def test_a_table_that_is_wrong_says_where(project: Path, table: str, words: str) -> None:
    register(project, table)
    with pytest.raises(UnknownConsumer, match=words):
        registered()


def test_a_function_that_is_not_there_says_so(project: Path) -> None:
    register(project, 'mine = "reader:nothing"')
    with pytest.raises(ConsumerError, match="nothing"):
        asked("mine")


def test_without_a_project_there_are_none(tmp_path: Path) -> None:
    assert registered(tmp_path) == {}


POOLED = """
import http.client, json, sys
KEPT = []

def ask(call):
    connection = http.client.HTTPConnection(call.base_url.split("/")[2])
    KEPT.append(connection)
    body = json.dumps({"model": "m", "input": call.input, "stream": True})
    connection.request("POST", "/v1/responses", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    while b"response.completed" not in answer.readline():
        pass
    return "All is well."
"""


@pytest.mark.parametrize(("ending", "left"), [(End(), 0), (Stall(), 1)])
def test_a_pooled_connection_is_no_leak_and_one_in_mid_body_is(project: Path, ending: EndingAction, left: int) -> None:
    (project / "pooled.py").write_text(POOLED)
    register(project, 'mine = "pooled:ask"')
    consumer = registry.open_consumer("mine")
    served = Exchange.single(Delivery((Head(), *probe.sends(probe.events()), ending)))
    try:
        leftovers = consumer.run(probe.CASE, served).outcome.leftovers
    finally:
        consumer.close()
    assert leftovers.sockets == left


def test_its_clock_is_hurried_by_name(project: Path) -> None:
    register(project, 'mine = "reader:text"')
    consumer = registry.open_consumer("mine@x50")
    assert (consumer.name, consumer.capabilities.time_scale) == ("mine@x50", 50)
