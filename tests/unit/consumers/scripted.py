"""A driver that does what it is told: each of its lives follows one list of steps, one step a case.

It is a plain script for the same Python; the steps come in a file, so that a restarted driver goes on where the
last one was lost.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from harness.consumers import probe
from harness.consumers.process import Program
from harness.contract import Capabilities

_BODY = '''
import base64, json, os, signal, sys, time
steps = sys.argv[1]

def step():
    """Take the next step off the list, which outlives this process."""
    with open(steps) as file:
        todo = json.load(file)
    with open(steps, "w") as file:
        json.dump(todo[1:], file)
    return todo[0] if todo else ["fine"]

def say(**body):
    print(json.dumps({"protocol": 1, **body}), flush=True)

def turn(text=WELL):
    return {"ended": "returned", "text": text, "trace": [{"kind": "text", "data": text}]}

def outcome(case, *turns):
    say(case=case, outcome={"outcome": 1, "consumer": "scripted", "version": "1.0", "turns": list(turns)})

start, *rest = step()
if start == "hang":
    time.sleep(3600)
if start == "exit":
    sys.exit("cannot import the consumer")
if start == "print":
    print(rest[0], flush=True)
    time.sleep(3600)
say(ready={"consumer": "scripted", "version": rest[0] if rest else "1.0", "lane": "", "runtime": "python"})
for line in sys.stdin:
    asked = json.loads(line)
    case = asked["case"]
    what, *rest = step()
    if what == "fine":
        outcome(case, turn())
    elif what == "tell what was handed over":
        assert "127.0.0.1" not in asked["base_url"]
        pieces = [base64.b64decode(piece).decode() for piece in asked["answers"][0]]
        outcome(case, turn("|".join(pieces)))
    elif what == "turn":
        say(case=case, turn=rest[0])
        outcome(case, *rest[1:])
    elif what == "wrong":
        outcome(case, turn("All is lost."))
    elif what == "print":
        print(rest[0].replace("CASE", case), flush=True)
        time.sleep(3600)
    elif what == "flood":
        sys.stdout.write("x" * rest[0])
        sys.stdout.flush()
        time.sleep(3600)
    elif what == "exit":
        print("my last words", file=sys.stderr, flush=True)
        os._exit(rest[0])
    elif what == "signal":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == "hang":
        time.sleep(3600)
    elif what == "hang later":
        say(case=case, turn=turn("the first turn"))
        time.sleep(3600)
    elif what == "spawn and hang":
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        with open(rest[0], "w") as file:
            file.write(str(child.pid))
        time.sleep(3600)
    elif what == "talk":
        import subprocess
        with subprocess.Popen(asked["command"], stdin=-1, stdout=-1, bufsize=0) as server:
            for id, method in enumerate(("initialize", "thread/start", "turn/start"), 1):
                server.stdin.write(json.dumps({"id": id, "method": method}).encode() + b"\\n")
            said = {}
            while said.get("method") != "turn/completed":
                said = json.loads(server.stdout.readline())
            server.kill()
        outcome(case, turn(said["params"]["turn"]["items"][0]["text"]))
    elif what == "fail itself":
        say(case=case, error="KeyError: 'turns'")
'''
SCRIPT = f"WELL = {probe.TEXT!r}\n{_BODY}"


FULL = Capabilities()


def program(folder: Path, *steps: list[Any], ready_ms: float = 20_000, capabilities: Capabilities = FULL) -> Program:
    """A program whose driver follows ``steps``: the first of each life is how it starts, the others are its cases."""
    (folder / "driver.py").write_text(SCRIPT)
    (folder / "steps.json").write_text(json.dumps(steps))
    return Program(
        name="scripted==1.0",
        version="1.0",
        command=[sys.executable, "-I", "-S", str(folder / "driver.py"), str(folder / "steps.json")],
        capabilities=capabilities,
        ready_ms=ready_ms,
    )


def left(folder: Path) -> list[Any]:
    """Steps not taken."""
    steps: list[Any] = json.loads((folder / "steps.json").read_text())
    return steps
