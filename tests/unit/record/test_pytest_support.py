"""The fixture in a pytest run of its own, as a user's suite would have it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from harness.delivery import Delivery, End, Exchange, Head, Send
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import delta

SUITE = """
import httpx

def test_it(stream_cassette):
    transport = stream_cassette("acme/text").transport(httpx, httpx.HTTPTransport(verify=False))
    with httpx.Client(transport=transport) as client:
        assert "hello" in client.post("{url}", json={{"input": "hi"}}).text
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "harness.record.pytest_support",
        "-p",
        "no:cacheprovider",
        *options,
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_record_once_then_play_without_a_server(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    served = Delivery((Head(), Send(delta("hello ")), End()))
    with LoopbackServer(Exchange.single(served)) as server:
        (tmp_path / "test_suite.py").write_text(SUITE.format(url=f"{server.base_url}/responses"))
        missing = run(tmp_path)
        assert missing.returncode == 1
        assert "--record-mode once records it" in missing.stdout
        assert not server.transcript().served, "nothing is asked without the option"
        recorded = run(tmp_path, "--record-mode", "once")
        assert recorded.returncode == 0, recorded.stdout
    assert (tmp_path / "cassettes" / "acme" / "text" / "cassette.yaml").exists()
    assert run(tmp_path).returncode == 0, "the server is gone, the cassette is there"
