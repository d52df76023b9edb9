"""Every known consumer that has releases: its newest installs, and gives back a healthy stream whole.

The newest is looked up on the index and may be a large download, so all of it is slow; what CI runs of real consumers
is pinned, in the other files of this folder.
"""

from __future__ import annotations

import subprocess

import pytest

from harness.consumers import probe, registry

pytestmark = [pytest.mark.interop, pytest.mark.slow]

WITH_RELEASES = [entry.name for entry in registry.known().values() if entry.package is not None]


@pytest.mark.parametrize("name", WITH_RELEASES)
def test_the_newest_release_serves_a_healthy_stream(name: str) -> None:
    environment = registry.install(name)
    consumer = registry.open_consumer(f"{name}=={environment.version}")
    try:
        observation = consumer.run(probe.CASE, probe.exchange_for(consumer.capabilities))
    finally:
        consumer.close()
    assert probe.complaint(observation.outcome, consumer.capabilities) is None
    assert len(observation.transcript.served) == 1


NAMED = """
import importlib, sys
import _driver
for name in sys.argv[1:]:
    module, _, kind = name.rpartition(".")
    given = _driver._qualified(getattr(importlib.import_module(module or "builtins"), kind))
    if given != name:
        print(f"{name} goes by {given}")
"""


@pytest.mark.parametrize("name", [name for name in WITH_RELEASES if registry.entry_of(name).index == "pypi"])
def test_declared_errors_go_by_the_names_that_its_driver_gives_them(name: str) -> None:
    environment = registry.install(name)
    declared = registry.entry_of(name).capabilities_of(environment.version).declared_errors
    command = [*environment.program, "-c", NAMED, *declared]
    done = subprocess.run(command, cwd=registry.DRIVERS, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
