import shutil

import pytest

from harness.consumers import registry
from tests.unit.campaign.fuzz.planted import CASSETTES, NAMES, opened


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a few cassettes and the planted consumer."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        shutil.copytree(CASSETTES / name, tmp_path / "cassettes" / name)
    monkeypatch.setattr(registry, "open_consumer", opened)
    return tmp_path
