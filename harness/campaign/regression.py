"""What an exported test needs: serve a cassette to the user's own code, and judge what it gives back.

The user's code is a consumer like any other, with the promises that its answers show: who returns a text only is
judged by the text, who returns items is judged by them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.campaign.case import tools_of, turns_of
from harness.cassette import Cassette, exchange_of, load
from harness.clock import VirtualClock
from harness.consumers.adapters.conversation import failure_of, turn_of
from harness.consumers.drivers import _driver
from harness.contract import Capabilities, Case, Outcome, Turn
from harness.delivery import Transcript
from harness.judge import Mark, Verdict, failures, judge
from harness.replay import LoopbackServer, Player
from harness.replay.pace import Steady
from harness.replay.transport import transports

DEADLINE_S = 20.0
"""When a call that does not end is given up: longer than any answer takes, because silences are made short."""

_PACE = Steady(0.001)
"""Real seconds for one second of silence: only a simulated clock can tell, and that one has no need to wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user's code made of a stream. None: it does not say."""

    text: str | None = None
    items: Sequence[Any] | None = None
    """Output items as the Responses API has them: mappings, or objects with such attributes."""
    status: str | None = None
    usage: Any = None
    """With ``input_tokens``, ``output_tokens`` and ``total_tokens``."""


Ask = Callable[["Served", Any], Answer | str | None]


@dataclass(slots=True)
class Served:
    """One cassette, being served once: over loopback or through a transport, whichever the code asks for."""

    cassette: Cassette
    _server: LoopbackServer | None = None
    _player: Player | None = None
    _errors: list[BaseException] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """Of a server on 127.0.0.1; clients add ``/responses``."""
        if self._server is None:
            self._server = LoopbackServer(exchange_of(self.cassette, timed=True), pace=_PACE)
        return self._server.base_url

    def transport(self, library: ModuleType) -> Any:
        """A transport for ``library.Client`` (httpx or httpx2), in simulated time."""
        if self._player is None:
            self._player = Player(exchange_of(self.cassette, timed=True), VirtualClock())
        return transports(library)[0](self._player)

    def judge(
        self,
        ask: Ask,
        *,
        about: str = "",
        declared_errors: Sequence[str] = (),
        deadline_s: float = DEADLINE_S,
        capabilities: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Ask every turn of the cassette, and say what does not hold: a sentence each; empty when all does.

        ``about`` names a rule: that the answers do not show enough for it to be judged is then said, too.
        ``capabilities`` overrules what the answers show, by the names of a consumer's YAML file.
        """
        case = Case("regression", "", turns=turns_of(self.cassette), tools=tools_of(self.cassette))
        answers: list[Answer] = []
        turns: list[Turn] = []
        for asked in case.turns:
            turn, answer = self._turn(ask, asked["input"], deadline_s)
            turns.append(turn)
            answers += [answer] if answer is not None else []
            if turn.ended != "returned":
                break
        promised = {**_shown(answers), "declared_errors": tuple(declared_errors), **(capabilities or {})}
        outcome = Outcome("the code under test", "", tuple(turns))
        verdicts = judge(case, outcome, self._transcript(), Capabilities(**promised))
        unasked = [verdict for verdict in verdicts if verdict.invariant == about and verdict.mark is Mark.SKIPPED]
        too_little = [f"{about} cannot be judged by this answer: {verdict.reason}" for verdict in unasked if answers]
        return [*map(_sentence, failures(verdicts)), *too_little]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _transcript(self) -> Transcript:
        if self._server is not None:
            return self._server.transcript()
        return self._player.transcript() if self._player is not None else Transcript(())

    def _turn(self, ask: Ask, said: Any, deadline_s: float) -> tuple[Turn, Answer | None]:
        """One call, in a thread of its own: a call that never ends must not hold the test."""
        box: list[Answer | str | None] = []
        raised: list[BaseException] = []

        def call() -> None:
            try:
                box.append(ask(self, said))
            except BaseException as error:  # noqa: BLE001 - handed on below, or what the code under test raises
                raised.append(error)

        thread = threading.Thread(target=call, name="code-under-test", daemon=True)
        thread.start()
        thread.join(deadline_s)
        if thread.is_alive():
            return Turn("hung", notes=f"it did not return within {deadline_s:g} s"), None
        if raised and not isinstance(raised[0], Exception):
            raise raised[0]  # pytest's own, or an interrupt: not the code's answer
        if raised:
            return Turn("raised", failure=failure_of(raised[0])), None
        given = box[0]
        answer = given if isinstance(given, Answer) else Answer(text=given)
        return _turn_of(answer), answer


@contextmanager
def serving(cassette: Path) -> Iterator[Served]:
    """Serve the cassette in this folder. Raises CassetteError."""
    served = Served(load(cassette))
    try:
        yield served
    finally:
        served.close()


def _sentence(verdict: Verdict) -> str:
    compared = (("evidenced", verdict.evidenced), ("assembled", verdict.assembled))
    lines = [f"{verdict.invariant}: {verdict.reason}", *(f"{name}: {text}" for name, text in compared if text)]
    return "\n  ".join(lines)


def _shown(answers: Sequence[Answer]) -> dict[str, Any]:
    """The promises that answers show. Where the code raised every time there are none, and only errors are judged."""
    items = any(answer.items is not None for answer in answers)
    text = items or any(answer.text is not None for answer in answers)
    return {
        "assembles": text or not answers,
        **dict.fromkeys(("items", "tool_calls", "custom_tools", "reasoning", "refusals"), items),
        **dict.fromkeys(("encrypted_reasoning", "phases", "streams", "announces_resets"), False),
        "status": any(answer.status is not None for answer in answers),
        "usage": "response" if any(answer.usage is not None for answer in answers) else "none",
    }


def _turn_of(answer: Answer) -> Turn:
    body = {
        "ended": "returned",
        "status": answer.status,
        "text": answer.text,
        "items": None if answer.items is None else _driver.items_of(list(answer.items)),
        "usage": _driver.usage_of(answer.usage),
    }
    return turn_of({key: value for key, value in body.items() if value is not None})
