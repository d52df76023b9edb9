"""The recording transports of httpx and httpx2: what a client does is unchanged, what the server did is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import httpx
import httpx2
import pytest

from harness.cassette import RecordedEnding, delivery_of, load
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Reset, Send, Stall
from harness.record.keeper import LocalKeeper
from harness.record.recording import Mode, NotRecorded, Recording
from harness.record.target import Target
from harness.record.transport import Tape, transports
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import KEY, delta

TYPE = (("content-type", "text/event-stream"),)
CHUNKED, LENGTH = Head(200, TYPE), Head(200, TYPE, Framing.LENGTH, 99)
A, B = Send(delta("one ")), Send(delta("two "))
ENDINGS: list[tuple[Delivery, RecordedEnding]] = [
    (Delivery((CHUNKED, A, B, End())), "fin"),
    (Delivery((CHUNKED, A, Cut())), "cut"),
    (Delivery((CHUNKED, A, Reset())), "reset"),
    (Delivery((CHUNKED, A, Stall())), "stall"),
    (Delivery((LENGTH, Send(b"data: 1\n\n"), Cut())), "cut"),
    (Delivery((Cut(),)), "cut"),
    (Delivery((Reset(),)), "reset"),
    (Delivery((Stall(),)), "stall"),
]
Client = Callable[[ModuleType, str, Tape], tuple[bytes, str]]


def read(library: ModuleType, url: str, tape: Tape) -> tuple[bytes, str]:
    got = b""
    transport = transports(library)[0](library.HTTPTransport(verify=False), tape)
    with library.Client(transport=transport, timeout=0.3) as client:
        try:
            with client.stream(
                "POST", url, json={"input": "hi"}, headers={"Authorization": f"Bearer {KEY}"}
            ) as response:
                for part in response.iter_raw():
                    got += part
        except library.TransportError as error:
            return got, type(error).__name__
    return got, ""


def aread(library: ModuleType, url: str, tape: Tape) -> tuple[bytes, str]:
    async def work() -> tuple[bytes, str]:
        got = b""
        transport = transports(library)[1](library.AsyncHTTPTransport(verify=False), tape)
        async with library.AsyncClient(transport=transport, timeout=0.3) as client:
            try:
                async with client.stream("POST", url, json={"input": "hi"}) as response:
                    async for part in response.aiter_raw():
                        got += part
            except library.TransportError as error:
                return got, type(error).__name__
        return got, ""

    return asyncio.run(work())


@pytest.mark.realtime
@pytest.mark.parametrize("client", [read, aread], ids=["sync", "async"])
@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
@pytest.mark.parametrize(("served", "ending"), ENDINGS)
def test_every_ending(served: Delivery, ending: str, library: ModuleType, client: Client, tmp_path: Path) -> None:
    keeper = LocalKeeper(Target.at(tmp_path / "p" / "n"))
    with LoopbackServer(Exchange.single(served)) as server:
        got, error = client(library, f"{server.base_url}/responses", Tape(keeper))
    assert got == served.body
    assert (error == "") == (ending == "fin"), "the client sees the error it would see without the recorder"
    assert keeper.finish().saved
    (entry,) = load(tmp_path / "p" / "n").interactions
    assert entry.response.ending == ending
    assert delivery_of(entry.response) == served
    assert KEY not in str(entry.request)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=lambda library: library.__name__)
def test_a_client_that_closes_early(library: ModuleType, tmp_path: Path) -> None:
    keeper = LocalKeeper(Target.at(tmp_path / "p" / "n"))
    with LoopbackServer(Exchange.single(Delivery((CHUNKED, A, Stall())))) as server:
        client = library.Client(transport=transports(library)[0](library.HTTPTransport(verify=False), Tape(keeper)))
        with client, client.stream("POST", f"{server.base_url}/responses", json={"input": "hi"}) as response:
            assert next(response.iter_raw()) == A.data
    keeper.finish()
    response = load(tmp_path / "p" / "n").interactions[0].response
    assert (response.ending, response.body) == ("client-abort", A.data)


def test_a_server_that_is_not_there_is_no_recording(tmp_path: Path) -> None:
    keeper = LocalKeeper(Target.at(tmp_path / "p" / "n"))
    assert read(httpx, "http://127.0.0.1:9/v1/responses", Tape(keeper)) == (b"", "ConnectError")
    assert keeper.finish().interactions == 0


def modes(tmp_path: Path, *steps: tuple[Mode, tuple[str, ...]]) -> list[list[bytes]]:
    """Each step is one test run in a mode, asking some questions; the server answers with a running number."""
    answers = {(turn, 0): Delivery((CHUNKED, Send(b"data: %d\n\n" % turn), End())) for turn in range(9)}
    out, seen = tmp_path / "p" / "n", []
    with LoopbackServer(Exchange(answers)) as server:
        for mode, questions in steps:
            recording = Recording(out, mode)
            client = httpx.Client(transport=recording.transport(httpx, httpx.HTTPTransport(verify=False)))
            with client:
                urls = [(f"{server.base_url}/responses", {"input": question}) for question in questions]
                seen.append([client.post(url, json=body).content for url, body in urls])
            recording.finish()
    return seen


FIRST, SECOND, THIRD, FOURTH = (b"data: %d\n\n" % number for number in range(4))


def test_none_plays_and_never_records(tmp_path: Path) -> None:
    assert modes(tmp_path, ("once", ("a",)), ("none", ("a",))) == [[FIRST], [FIRST]]
    with pytest.raises(NotRecorded, match="--record-mode once"):
        Recording(tmp_path / "p" / "other", "none")


def test_once_records_what_is_not_there(tmp_path: Path) -> None:
    seen = modes(tmp_path, ("once", ("a", "b")), ("once", ("a", "b", "c")))
    assert seen[1][:2] == [FIRST, SECOND]
    assert b"not_replayed" in seen[1][2]
    assert len(load(tmp_path / "p" / "n").interactions) == 2


def test_new_adds_turns(tmp_path: Path) -> None:
    assert modes(tmp_path, ("new", ("a",)), ("new", ("a", "b")), ("none", ("a", "b"))) == [
        [FIRST],
        [FIRST, SECOND],
        [FIRST, SECOND],
    ]


def test_all_records_afresh(tmp_path: Path) -> None:
    assert modes(tmp_path, ("all", ("a", "b")), ("all", ("c",)), ("none", ("c",))) == [
        [FIRST, SECOND],
        [THIRD],
        [THIRD],
    ]
