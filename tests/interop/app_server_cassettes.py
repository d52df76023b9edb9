"""The cassettes of the app-server: recorded from the real program, and others made of them.

Run as ``python -m tests.interop.app_server_cassettes [OUT]`` with the program installed (see codex_app_server). Ids,
paths and names of the machine are replaced in what was recorded; a made one says which recording it was made of.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from harness import __version__
from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse, save
from harness.cassette.model import RecordedEnding
from harness.cassette.stdio import METHOD
from harness.delivery import Exchange, Framing
from harness.runtime import Callbacks
from tests.interop import app_server_talks as talks
from tests.interop.app_server_talks import Edit, Said, Talk
from tests.interop.codex_app_server import (
    Running,
    answer,
    codex,
    command,
    conversation,
    message,
    refusal,
    thought,
    version,
)

PROVIDER = "app-server"
COMMAND = "codex app-server"
_RECORDER = "python -m tests.interop.app_server_cassettes"


@dataclass(frozen=True)
class Recipe:
    """How a talk is recorded: what the provider answers, what the user says."""

    about: str
    exchange: Exchange
    inputs: tuple[str, ...] = ("Say something.",)
    retries: int = 0
    interrupt_after: int | None = None


@dataclass(frozen=True)
class Variation:
    """What the real program does too rarely to wait for, made of what it did."""

    about: str
    of: str
    edit: Edit
    ending: RecordedEnding = "fin"
    exit_code: int = 0
    stderr: str = ""
    cut_bytes: int = 0
    """So many bytes at the end are never written."""
    chunk_bytes: int = 0
    """The size of the chunks, where they are not those of the recording."""


PATCH = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: hello.txt\n+hello\n*** End Patch\nEOF"
EDIT = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "status": "completed",
    "name": "exec_command",
    "arguments": json.dumps({"cmd": PATCH}),
}

RECORDED: dict[str, Recipe] = {
    "text": Recipe("One message.", conversation(answer(message("All is well, said the model.")))),
    "reasoning": Recipe(
        "Reasoning, then a message.",
        conversation(answer(thought("**Weighing** the words before they are said."), message("Thought through."))),
    ),
    "command": Recipe(
        "A command that has to be approved, its output, and the answer.",
        conversation(
            answer(
                thought("**Looking** for a way to greet."), message("I will run it."), command("echo hello", "to greet")
            ),
            answer(message("The shell says hello.", 2)),
        ),
        ("Greet me from the shell.",),
    ),
    "file-change": Recipe(
        "A change of a file that has to be approved, and the answer.",
        conversation(answer(EDIT), answer(message("Written.", 2))),
        ("Write hello.txt.",),
    ),
    "two-turns": Recipe(
        "Two turns on one thread.",
        conversation(answer(message("The first answer.")), answer(message("The second answer.", 2))),
        ("First.", "Second."),
    ),
    "failed": Recipe(
        "The provider refuses the model: the turn fails.",
        conversation(refusal(400, "The model `gpt-5` is not available to you.", "model_not_found")),
    ),
    "retried": Recipe(
        "The provider's stream breaks in the middle of a message and is asked for again.",
        conversation(
            (
                answer(message("This message breaks off in the middle."), cut_after=5),
                answer(message("Whole at the second try.", 2)),
            )
        ),
        retries=1,
    ),
    "interrupted": Recipe(
        "The user stops the turn in the middle of a message.",
        conversation(answer(message("This message is never finished."), stall_after=5)),
        interrupt_after=2,
    ),
}


PANIC = "thread 'main' panicked at core/src/session.rs:214:\ncalled `Option::unwrap()` on a `None` value\n"
IN_MESSAGE, AFTER_TOOL = talks.until(talks.DELTA), talks.until(talks.TOOL_DONE)

MADE: dict[str, Variation] = {
    "crash-at-start": Variation(
        "The process dies before it answers anything.", "text", talks.only_asked, "cut", 101, PANIC
    ),
    "crash-in-turn": Variation("The process dies in the middle of a message.", "text", IN_MESSAGE, "cut", 101, PANIC),
    "crash-after-tool": Variation(
        "The process dies when a command has just finished.", "command", AFTER_TOOL, "cut", 101, PANIC
    ),
    "crash-between-turns": Variation(
        "The process dies after its first turn; the second is asked of nobody.",
        "two-turns",
        talks.next_turn_unanswered,
        "cut",
        101,
        PANIC,
    ),
    "killed-in-turn": Variation("The process is killed in the middle of a message.", "text", IN_MESSAGE, "cut", -9),
    "exit-in-line": Variation("The process ends in the middle of a line.", "text", IN_MESSAGE, "cut", cut_bytes=40),
    "exit-in-turn": Variation(
        "The process ends in good order before the turn does.", "text", talks.until(talks.DONE), "cut"
    ),
    "hang-at-start": Variation("The process answers nothing.", "text", talks.only_asked, "stall"),
    "hang-in-turn": Variation("The process falls silent in the middle of a message.", "text", IN_MESSAGE, "stall"),
    "silent-after-tool": Variation("A command has finished, and nothing follows.", "command", AFTER_TOOL, "stall"),
    "garbage-line": Variation("A library prints to the same output.", "text", talks.with_lines(talks.garbage)),
    "split-lines": Variation("Lines arrive in pieces of 61 bytes.", "text", lambda talk: talk, chunk_bytes=61),
    "huge-line": Variation(
        "A command's whole output comes in one line of 300 kB.",
        "command",
        talks.edited(talks.TOOL_DONE, talks.long_output),
    ),
    "unknown-notification": Variation(
        "Notifications that no released client knows.", "text", talks.with_lines(talks.unknown_notifications)
    ),
    "unknown-request": Variation(
        "The server asks something that no released client knows.", "text", talks.with_lines(talks.unknown_request)
    ),
    "other-turn": Variation(
        "Another turn on the same thread tells of itself and completes first.",
        "text",
        talks.with_lines(talks.other_turn),
    ),
    "other-thread": Variation(
        "A thread of another client fails while ours goes on.", "text", talks.with_lines(talks.other_thread)
    ),
    "early-notifications": Variation(
        "The turn's first notifications overtake the answer to turn/start.", "text", talks.overtaken
    ),
    "turn-refused": Variation("turn/start is answered with an error.", "text", talks.refused),
    "failed-untold": Variation(
        "The turn fails; only an error notification says why.",
        "failed",
        talks.edited(talks.OVER, talks.without_error),
    ),
    "message-only-listed": Variation(
        "The message is only in the list of the turn's last line.",
        "text",
        talks.without(talks.STARTED, talks.DELTA, talks.DONE),
    ),
}


def record(recipe: Recipe) -> Talk:
    """Both sides' lines, without anything of this machine."""
    heard: list[str] = []
    stop = None if recipe.interrupt_after is None else (lambda: len(heard) >= recipe.interrupt_after)
    callbacks = Callbacks(on_text_delta=heard.append, interrupted=stop)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with codex(recipe.exchange, place, retries=recipe.retries, approve=lambda _: "accept") as running:
            for text in recipe.inputs:
                print(running.session.run_turn(text, callbacks=callbacks).status)
        return _scrubbed(running, place)


def _scrubbed(running: Running, folder: Path) -> Talk:
    ids: dict[bytes, bytes] = {}

    def stand_in(found: re.Match[bytes]) -> bytes:
        return ids.setdefault(found[0], b"00000000-0000-7000-8000-%012d" % (len(ids) + 1))

    def scrub(line: bytes) -> bytes:
        for old, new in (
            (str(folder / "project"), "/home/user/project"),
            (str(folder / "home"), "/home/user/.codex"),
        ):
            line = line.replace(old.encode(), new.encode())
        line = re.sub(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", stand_in, line)
        line = re.sub(rb'"serverName":"[^"]*"', b'"serverName":"host"', line)
        line = re.sub(rb'"processId":"\d+"', b'"processId":"1"', line)
        return re.sub(rb"\((?:Debian|Ubuntu)[^;]*; ", b"(Linux; ", line)

    return tuple(Said(side, scrub(line), ms, chunk) for side, line, ms, chunk in running.taps[0].log)


def recorded(name: str, recipe: Recipe, talk: Talk) -> Cassette:
    """A recording as a cassette."""
    program = f"{version()} with stream-harness's loopback server as its provider; not a model"
    notes = f"{program}\nrecorded by: {_RECORDER}\nids, paths and names replaced"
    provenance = Provenance(PROVIDER, "recorded", _tool(), date.today().isoformat(), "gpt-5", notes)
    return _cassette(name, recipe.about, provenance, talk)


def made(name: str, variation: Variation, talk: Talk) -> Cassette:
    """A variation of a recording as a cassette."""
    notes = f"made of {PROVIDER}/{variation.of} by: {_RECORDER}"
    provenance = Provenance(PROVIDER, "synthesized", _tool(), date.today().isoformat(), "gpt-5", notes)
    whole = _cassette(name, variation.about, provenance, variation.edit(talk), variation.chunk_bytes)
    *before, last = whole.interactions
    body = last.response.body[: len(last.response.body) - variation.cut_bytes]
    response = replace(
        last.response,
        body=body,
        chunks=tuple((offset, ms) for offset, ms in last.response.chunks if offset < len(body)),
        ending=variation.ending,
        exit_code=variation.exit_code,
        stderr=variation.stderr,
    )
    return replace(whole, interactions=(*before, replace(last, response=response)))


def _tool() -> str:
    return f"stream-harness {__version__}"


def _cassette(name: str, about: str, provenance: Provenance, talk: Talk, chunk_bytes: int = 0) -> Cassette:
    return Cassette(
        name=f"{PROVIDER}/{name}",
        provenance=provenance,
        interactions=tuple(_interaction(part, turn, chunk_bytes) for turn, part in enumerate(talks.turns(talk))),
        kind="jsonl",
        description=about,
        tags=(PROVIDER, name),
    )


def _interaction(talk: Talk, turn: int, chunk_bytes: int) -> Interaction:
    body, lines, chunks, last = b"", [], [], None
    began = talk[0].ms if turn else 0.0
    for said in talk:
        if said.side == "client":
            lines.append({"after": len(body), "line": said.message})
            continue
        if said.chunk != last:
            chunks.append((len(body), round(max(0.0, said.ms - began), 1)))
            last = said.chunk
        body += said.line + b"\n"
    if chunk_bytes:
        chunks = [(offset, float(number)) for number, offset in enumerate(range(0, len(body), chunk_bytes))]
    response = RecordedResponse(
        status=None,
        headers=(),
        framing=Framing.CLOSE,
        body=body,
        chunks=tuple(chunks),
        ended_ms=chunks[-1][1] if chunks else 0.0,
    )
    return Interaction(RecordedRequest(method=METHOD, path=COMMAND, body=lines), response, turn)


def main(out: Path) -> None:
    heard: dict[str, Talk] = {}
    for name, recipe in RECORDED.items():
        heard[name] = record(recipe)
        print(save(recorded(name, recipe, heard[name]), out))
    for name, variation in MADE.items():
        print(save(made(name, variation, heard[variation.of]), out))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("cassettes"))
