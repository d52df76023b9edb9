"""One cassette of a test suite: played where it is known, recorded where the mode says so.

The modes are those of pytest-recording: ``none`` never records, ``once`` records what has no cassette yet, ``new``
also adds turns to one, ``all`` records afresh. Requests are told apart by their order and conversation, as in every
replay; a cassette does not check what is asked.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from harness.cassette import exchange_of, load
from harness.clock import RealClock
from harness.delivery import Exchange
from harness.delivery.seating import Seating
from harness.record.finish import Outcome
from harness.record.keeper import LocalKeeper
from harness.record.target import Target
from harness.record.transport import Tape, transports
from harness.replay import Player

Mode = Literal["none", "once", "new", "all"]


class NotRecorded(Exception):
    """There is no cassette for this, and the mode forbids making one."""


class Recording:
    """The cassette in ``folder``, for as many clients as a test makes, one after the other or at once."""

    def __init__(self, folder: Path, mode: Mode) -> None:
        """Raises NotRecorded, CassetteError for one that is broken, BadTarget where none can be recorded."""
        exists = folder.exists()
        if mode == "none" and not exists:
            raise NotRecorded(f"{folder} is not recorded yet; --record-mode once records it")
        self._exchange = exchange_of(load(folder)) if exists and mode != "all" else None
        self._keeper: LocalKeeper | None = None
        if mode in ("new", "all") or not exists:
            self._keeper = LocalKeeper(Target.at(folder, "replace" if mode == "all" else "extend"))
        self._tape = None if self._keeper is None else Tape(self._keeper)

    def transport(self, library: ModuleType, real: Any = None) -> Any:
        """A transport for ``library.Client``; ``library`` is httpx or httpx2, ``real`` what reaches the server."""
        return self._made(library, 0, real, library.HTTPTransport)

    def async_transport(self, library: ModuleType, real: Any = None) -> Any:
        """A transport for ``library.AsyncClient``."""
        return self._made(library, 1, real, library.AsyncHTTPTransport)

    def finish(self) -> Outcome | None:
        """Write what was recorded; None when nothing could have been."""
        return None if self._keeper is None else self._keeper.finish()

    def _made(self, library: ModuleType, kind: int, real: Any, default: Any) -> Any:
        recorder = None if self._tape is None else transports(library)[kind](real or default(), self._tape)
        if self._exchange is None:
            return recorder
        player = _player(library, kind, self._exchange)
        return player if recorder is None else _switches(library)[kind](player, self._exchange.turns, recorder)


class _Switch:
    """Plays the turns that are known, records those after them."""

    def __init__(self, player: Any, turns: int, recorder: Any) -> None:
        self._player = player
        self._turns = turns
        self._recorder = recorder
        self._seating = Seating()

    def _for(self, body: bytes) -> Any:
        turn, _ = self._seating.seat(body)
        return self._player if turn < self._turns else self._recorder


class _SyncSwitch(_Switch):
    def handle_request(self, request: Any) -> Any:
        return self._for(request.read()).handle_request(request)

    def close(self) -> None:
        self._player.close()
        self._recorder.close()


class _AsyncSwitch(_Switch):
    async def handle_async_request(self, request: Any) -> Any:
        return await self._for(await request.aread()).handle_async_request(request)

    async def aclose(self) -> None:
        await self._player.aclose()
        await self._recorder.aclose()


def _switches(library: ModuleType) -> tuple[type[Any], type[Any]]:
    return (
        type("SwitchTransport", (_SyncSwitch, library.BaseTransport), {}),
        type("AsyncSwitchTransport", (_AsyncSwitch, library.AsyncBaseTransport), {}),
    )


def _player(library: ModuleType, kind: int, exchange: Exchange) -> Any:
    module = import_module(f"harness.replay.over_{library.__name__}")
    made = (module.ReplayTransport, module.AsyncReplayTransport)[kind]
    return made(Player(exchange, RealClock()))
