"""What the Node drivers make of what their programs give, with programs of a few lines in the place of the real ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.consumers import probe, registry
from harness.consumers.process import ProcessConsumer, Program
from harness.contract import Capabilities, Case, Turn

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine to run them")

DRIVER = (registry.DRIVERS / "_driver.mjs").as_uri()


def described(thrown: str) -> list[dict[str, Any]]:
    """The chain that is made of a JavaScript expression, once that is thrown."""
    script = f'import {{ describe }} from "{DRIVER}"; console.log(JSON.stringify(describe({thrown}).chain));'
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=True
    )
    return list(json.loads(done.stdout))


def test_a_class_goes_by_its_public_name_whatever_a_bundler_calls_it() -> None:
    (cause,) = described("new (class _CallError extends (class _Base extends Error {}) {})('it broke')")
    assert (cause["type"], cause["bases"][:2]) == ("CallError", ["Base", "Error"])


def test_the_last_of_the_errors_that_were_retried_is_a_cause() -> None:
    outer, inner = described("Object.assign(new Error('three attempts'), { lastError: new RangeError('too many') })")
    assert (outer["message"], inner["type"], inner["message"]) == ("three attempts", "RangeError", "too many")


def test_an_object_that_is_no_error_says_its_message() -> None:
    (cause,) = described("({ message: 'overloaded', code: 'slow_down' })")
    assert cause["message"] == "overloaded"
    assert json.loads(cause["details"]) == {"code": "slow_down"}


Codex = Callable[..., Turn]


@pytest.fixture
def codex(tmp_path: Path) -> Codex:
    """The turn of a Codex that prints these events and leaves with this code."""

    def run(*events: dict[str, Any], code: int = 0) -> Turn:
        program, drivers = tmp_path / "node_modules" / ".bin" / "codex", tmp_path / "drivers"
        package = tmp_path / "node_modules" / "@openai" / "codex" / "package.json"
        for folder in (program.parent, package.parent, drivers):
            folder.mkdir(parents=True)
        package.write_text('{"version": "1.2.3"}', encoding="utf-8")
        lines = "".join(json.dumps(event) + "\n" for event in events)
        program.write_text(f"process.stdout.write({json.dumps(lines)}); process.exitCode = {code};", encoding="utf-8")
        for name in ("_driver.mjs", "codex_exec.mjs"):
            (drivers / name).write_bytes((registry.DRIVERS / name).read_bytes())
        command = ["node", str(drivers / "codex_exec.mjs"), "exec"]
        consumer = ProcessConsumer(Program("codex", None, command, Capabilities()))
        try:
            return consumer.run(Case("case", "", deadline_ms=60_000), probe.EXCHANGE).outcome.turns[0]
        finally:
            consumer.close()

    return run


RECONNECTS = {"type": "error", "message": "Reconnecting... 1/1"}
ANSWER = {"type": "item.completed", "item": {"id": "item_0", "type": "agent_message", "text": "All is well."}}
DONE = {"type": "turn.completed", "usage": {"input_tokens": 1, "output_tokens": 2}}
FAILED = {"type": "turn.failed", "error": {"message": "it broke"}}


def test_an_attempt_that_codex_makes_again_is_no_failure(codex: Codex) -> None:
    turn = codex(RECONNECTS, ANSWER, DONE)
    assert (turn.ended, turn.status, turn.text) == ("returned", "completed", "All is well.")


def test_a_turn_that_codex_gives_up_is_one_with_all_it_said_of_it(codex: Codex) -> None:
    turn = codex(RECONNECTS, FAILED, code=1)
    assert turn.ended == "raised"
    assert turn.failure is not None
    assert [cause.type for cause in turn.failure.chain] == ["codex.turn.failed", "codex.error"]
    assert turn.failure.chain[0].message == "it broke"


def test_an_exit_without_a_word_is_a_failure_too(codex: Codex) -> None:
    turn = codex(ANSWER, code=3)
    assert turn.failure is not None
    assert (turn.failure.chain[0].type, "exit code 3" in turn.failure.chain[0].message) == ("codex.exit", True)
