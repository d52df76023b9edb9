"""``harness record`` from the outside: the command it runs, exit codes, errors for people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cassette import load
from harness.delivery import Delivery, End, Exchange, Framing, Head, Send
from harness.record.upstream import BadUpstream, Upstream
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import KEY, delta

ASK = """
import os, urllib.request
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/responses", b'{"input": "hi", "model": "m-1"}')
print(urllib.request.urlopen(request).read().decode())
"""
SERVED = Delivery((Head(), Send(delta("hello ")), End()))


def record(upstream: str, out: Path, *rest: str) -> subprocess.CompletedProcess:
    code = "from harness.record.commands import record; record(prog_name='harness record')"
    arguments = [sys.executable, "-c", code, "--upstream", upstream, "--out", str(out), *rest]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


def asking(code: str = ASK) -> tuple[str, ...]:
    return ("--", sys.executable, "-c", code)


def test_a_command_is_run_with_its_base_url(tmp_path: Path) -> None:
    with LoopbackServer(Exchange.single(SERVED)) as server:
        done = record(server.base_url, tmp_path / "acme" / "text", *asking())
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    assert f"{tmp_path / 'acme' / 'text'}: 1 response(s)" in done.stderr
    cassette = load(tmp_path / "acme" / "text")
    assert (cassette.provenance.provider, cassette.provenance.model) == ("acme", "m-1")
    assert cassette.interactions[0].response.body == SERVED.body


def test_its_exit_code_is_passed_on(tmp_path: Path) -> None:
    with LoopbackServer(Exchange.single(SERVED)) as server:
        done = record(server.base_url, tmp_path / "p" / "n", *asking(ASK + "raise SystemExit(41)"))
        assert done.returncode == 41
        assert (tmp_path / "p" / "n" / "cassette.yaml").exists(), "a client that fails is worth recording"


def test_nothing_recorded(tmp_path: Path) -> None:
    done = record("http://127.0.0.1:9", tmp_path / "p" / "n", *asking("pass"))
    assert done.returncode == 5
    assert "nothing was recorded" in done.stderr


def test_the_upstream_is_not_there(tmp_path: Path) -> None:
    done = record("http://127.0.0.1:9", tmp_path / "p" / "n", *asking())
    assert done.returncode == 1, "urllib fails on the recorder's own answer"
    assert "127.0.0.1:9 cannot be reached" in done.stderr


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    done = record("http://127.0.0.1:9", tmp_path / "p" / "n", "--", "no-such-program")
    assert done.returncode == 3
    assert "no-such-program" in done.stderr
    assert "Traceback" not in done.stderr


def test_quarantine(tmp_path: Path, state: Path) -> None:
    """A body in a coding nobody here can read cannot be searched, so it goes nowhere near the repository."""
    head = Head(200, (("content-type", "text/event-stream"), ("content-encoding", "sealed")), Framing.LENGTH)
    with LoopbackServer(Exchange.single(Delivery((head, Send(KEY.encode()), End())))) as server:
        done = record(server.base_url, tmp_path / "p" / "n", *asking())
    assert done.returncode == 3
    assert "encoded as sealed" in done.stderr
    assert not (tmp_path / "p").exists()
    (folder,) = (state / "quarantine").iterdir()
    assert str(folder) in done.stderr
    assert KEY.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    ("upstream", "out", "said"),
    [
        ("api.openai.com", "p/n", "is no http or https address"),
        ("https://me:pw@host/v1", "p/n", "credentials come from the client"),
        ("http://127.0.0.1:99999", "p/n", "Port out of range"),
        ("http://127.0.0.1:9", "p/bad name", "PROVIDER/NAME"),
        ("http://127.0.0.1:9", "there/already", "--overwrite replaces it"),
    ],
)
def test_usage(upstream: str, out: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "there" / "already").mkdir(parents=True)
    done = record(upstream, Path(f"{tmp_path}/{out}"), *asking("print('ran')"))
    assert done.returncode == 2
    assert said in done.stderr
    assert "ran" not in done.stdout


@pytest.mark.parametrize(
    ("url", "asked", "target"),
    [
        ("http://h", "/v1/responses", "/v1/responses"),
        ("http://h/", "/v1/responses", "/v1/responses"),
        ("http://h/v1", "/v1/responses", "/v1/responses"),
        ("http://h/v1/", "/v1/responses?stream=1", "/v1/responses?stream=1"),
        ("http://h/backend-api/codex", "/v1/responses", "/backend-api/codex/responses"),
        ("http://h/api", "/v1", "/api"),
        ("http://h/api", "/v1?x=1", "/api?x=1"),
        ("http://h/api", "/v10/x", "/api/v10/x"),
        ("http://h/api", "/models", "/api/models"),
    ],
)
def test_paths(url: str, asked: str, target: str) -> None:
    assert Upstream.parse(url).target(asked) == target


@pytest.mark.parametrize(
    ("url", "host"), [("http://h:80", "h"), ("http://h:81", "h:81"), ("https://h", "h"), ("http://[::1]:7", "[::1]:7")]
)
def test_host(url: str, host: str) -> None:
    assert Upstream.parse(url).authority == host


def test_an_authority_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BadUpstream):
        Upstream.parse("https://h", tmp_path / "ca.pem")
