"""The process behind a session: pumped without a deadlock, and gone without a trace."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from harness.replay.stdio.script import steps_of
from harness.replay.stdio.server import PROGRAM
from harness.runtime.appserver import (
    AppServerError,
    AppServerSession,
    Process,
    ServerGone,
    TurnDeadlines,
    run_codex_app_server_turn,
)
from tests.unit.appserver.playing import deliveries

FAST = ["-I", "-S", "-c"]


def started(program: str) -> Process:
    return Process([sys.executable, *FAST, program])


def drained(process: Process) -> bytes:
    output = b""
    while chunk := process.read(10):
        output += chunk
    return output


def standing() -> tuple[int, set[threading.Thread]]:
    return len(os.listdir("/proc/self/fd")), set(threading.enumerate())


def children() -> set[int]:
    found = set()
    for entry in os.listdir("/proc"):
        with suppress(OSError, ValueError):
            if int(Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(entry))
    return found


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A dead one that its new parent has not waited for yet is gone as well.
    return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.stdin.read()",
        "import time; time.sleep(600)",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
        "raise SystemExit(3)",
        "import os, time; os.close(1); time.sleep(600)",
        "import os\nwhile True: os.write(1, b'x' * 65536)",
        "import os\nwhile True: os.write(2, b'x' * 65536)",
    ],
    ids=["waits", "sleeps", "ignores-sigterm", "exits", "closes-stdout", "floods-stdout", "floods-stderr"],
)
@pytest.mark.parametrize("at_fault", [True, False])
def test_whatever_it_does_nothing_is_left_of_it(program, at_fault, monkeypatch):
    monkeypatch.setattr("harness.runtime.appserver.process.GRACE_S", 0.3)
    monkeypatch.setattr("harness.runtime.appserver.process.TERMINATE_S", 0.3)
    before, before_children = standing(), children()
    process = started(program)
    process.read(0.2)
    process.end(at_fault=at_fault)
    process.end(at_fault=at_fault)
    assert standing() == before
    assert children() == before_children
    assert gone(process.pid)


def test_what_it_started_goes_with_it():
    process = started(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    grandchild = int(process.read(10))
    process.end(at_fault=False)
    deadline = time.monotonic() + 10
    while not gone(grandchild):
        assert time.monotonic() < deadline


def test_both_sides_may_write_more_than_a_pipe_holds():
    process = started(
        "import os, sys\n"
        "data = b''\n"
        "while len(data) < 1_000_000:\n"
        "    os.write(2, b'e' * 1000)\n"
        "    data += (part := os.read(0, 65536))\n"
        "    os.write(1, part)\n"
    )
    sent = bytes(range(256)) * 3_907
    process.send(sent)
    assert drained(process)[: len(sent)] == sent
    assert process.stderr.endswith("eee")
    assert len(process.stderr) <= 4_000
    process.end(at_fault=False)


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("raise SystemExit(7)", "exit code 7"),
        ("pass", "exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
    ],
)
def test_how_it_ended_is_told(program, ending):
    process = started(program)
    assert drained(process) == b""
    assert process.ending == ending
    process.end(at_fault=True)


def test_its_last_words_are_told():
    process = started("import sys; sys.exit('no configuration: ' + '€' * 3)")
    assert drained(process) == b""
    assert process.stderr == "no configuration: €€€"
    process.end(at_fault=True)


def test_one_that_never_stops_complaining_is_heard_for_a_moment():
    process = started("import os\nwhile True: os.write(2, b'x' * 65536)")
    assert process.read(0.05) is None
    assert set(process.stderr) == {"x"}
    process.end(at_fault=True)


def test_writing_to_one_that_is_gone_is_noticed_when_it_is_read():
    process = started("pass")
    assert drained(process) == b""
    for _ in range(3):
        process.send(b"x" * 100_000)
    assert process.read(1) == b""
    process.end(at_fault=True)
    process.send(b"late")


def test_nothing_within_the_time_is_none():
    process = started("import sys; sys.stdin.read()")
    assert process.read(0.01) is None
    process.end(at_fault=True)


def test_a_program_that_is_not_there_is_an_error_of_the_turn():
    with pytest.raises(AppServerError, match="cannot be started"):
        Process(["/nowhere/codex", "app-server"])
    result = AppServerSession(lambda: Process(["/nowhere/codex"])).run_turn("Hello.")
    assert (result.status, result.retired) == ("failed", True)
    assert "cannot be started" in str(result.error)


def test_one_turn_alone_leaves_nothing(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps(steps_of(deliveries("text"))))
    before = standing()
    result = run_codex_app_server_turn([sys.executable, "-I", "-S", str(PROGRAM), str(script)], "Say something.")
    assert (result.status, result.text, result.retired) == ("completed", "All is well, said the model.", True)
    assert standing() == before


def test_where_the_dead_cannot_be_looked_at_it_ends_all_the_same(monkeypatch):
    monkeypatch.delattr(os, "waitid")
    before = standing()
    process = started("raise SystemExit(7)")
    assert drained(process) == b""
    assert process.ending == "exit code 7"
    process.end(at_fault=True)
    assert (standing(), gone(process.pid)) == (before, True)


def test_a_session_over_a_program_that_panics_says_so_and_leaves_nothing():
    before = standing()
    program = "import sys, os; os.read(0, 1); sys.exit('panicked at the start')"
    result = AppServerSession(lambda: started(program)).run_turn("Hello.")
    assert isinstance(result.error, ServerGone)
    assert (result.error.ending, result.error.stderr) == ("exit code 1", "panicked at the start")
    assert standing() == before


@pytest.mark.realtime
@pytest.mark.parametrize(("program", "deadline"), [("import time; time.sleep(600)", "handshake"), (None, "idle")])
def test_a_deadline_ends_a_real_wait_and_a_real_process(program, deadline, tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps(steps_of(deliveries("hang-in-turn"))))
    playing = [sys.executable, "-I", "-S", str(PROGRAM), str(script)]
    before = standing()
    result = run_codex_app_server_turn(
        playing if program is None else [sys.executable, *FAST, program],
        "Say something.",
        # Wide enough for a loaded machine to start the program in.
        deadlines=TurnDeadlines(handshake_s=5 if program is None else 0.2, idle_s=0.2),
    )
    assert (result.status, result.error.deadline) == ("failed", deadline)
    assert standing() == before
