"""Every kind of secret in every position a conversation has, through the whole recorder: none comes to the disk."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.cassette import load
from tests.unit.cassette.planted import ESCAPED, MEMBERS, PLACES, SECRETS, TAIL, delta, done, meaning
from tests.unit.record.taping import hear, taping

KINDS: Mapping[str, str] = SECRETS | {
    "project-id": "proj_Ab3dEf6hIj9kLm2nOp5qRs8t",
    "user-id": "user-Ab3dEf6hIj9kLm2nOp5q",
    "session-key": "sess-Ab3dEf6hIj9kLm2nOp5qRs8t",
}


@dataclass(frozen=True)
class Talk:
    """One request and its answer, as bytes."""

    target: str = "/v1/responses"
    headers: tuple[str, ...] = ()
    body: bytes = b'{"input": "hello"}'
    status: str = "200 OK"
    answer_headers: tuple[str, ...] = ()
    answer: bytes = delta("hello")
    pieces: int = 1_000
    """How many bytes of the answer are one chunk."""
    trailer: str = ""

    def asked(self) -> bytes:
        lines = (f"POST {self.target} HTTP/1.1", "Host: x", f"Content-Length: {len(self.body)}", "Connection: close")
        return "\r\n".join([*lines, *self.headers, "", ""]).encode() + self.body

    def answered(self) -> bytes:
        lines = (f"HTTP/1.1 {self.status}", "content-type: text/event-stream", "transfer-encoding: chunked")
        head = "\r\n".join([*lines, *self.answer_headers, "connection: close", "", ""]).encode()
        cuts = range(0, len(self.answer), self.pieces)
        chunks = [self.answer[start : start + self.pieces] for start in cuts]
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        return head + body + b"0\r\n" + (f"{self.trailer}\r\n" if self.trailer else "").encode() + b"\r\n"


def header(name: str, before: str = "") -> Callable[[str], Talk]:
    return lambda secret: Talk(headers=(f"{name}: {before}{secret}",))


def answer_header(name: str, before: str = "") -> Callable[[str], Talk]:
    return lambda secret: Talk(answer_headers=(f"{name}: {before}{secret}",))


def body(make: Callable[[str], object]) -> Callable[[str], Talk]:
    return lambda secret: Talk(body=json.dumps(make(secret)).encode())


POSITIONS: Mapping[str, Callable[[str], Talk]] = {
    "authorization": header("Authorization", "Bearer "),
    "cookie": header("Cookie", "sid="),
    "key header": header("x-api-key"),
    "unknown header": header("X-Odd", "it is "),
    "kept header": header("User-Agent", "me/1 "),
    "parameter": lambda secret: Talk(target=f"/v1/responses?api_key={quote(secret)}&a=1"),
    "unknown parameter": lambda secret: Talk(target=f"/v1/responses?a={secret}"),
    "quoted parameter": lambda secret: Talk(target=f"/v1/responses?a={quote(secret, safe='')}"),
    "parameter after an escape": lambda secret: Talk(target=f"/v1/responses?a=use%20{secret}"),
    "path": lambda secret: Talk(target=f"/v1/{secret}/responses"),
    "input": body(lambda secret: {"input": f"take {secret} please"}),
    "deep input": body(lambda secret: {"input": [{"content": [{"text": f"\n{secret}"}]}]}),
    "key of the body": body(lambda secret: {"input": "hello", "metadata": {secret: 1}}),
    "JSON in the body": body(lambda secret: {"input": json.dumps({"a": json.dumps({"b": f"\n{secret}"})})}),
    "body without JSON": lambda secret: Talk(body=f"input={secret}&a".encode()),
    "broken body": lambda secret: Talk(body=f'{{"input": "{secret}'.encode()),
    "set-cookie": answer_header("Set-Cookie", "sid="),
    "organization": answer_header("openai-organization"),
    "unknown answer header": answer_header("x-odd"),
    "kept answer header": answer_header("server", "host of "),
    "reason phrase": lambda secret: Talk(status=f"200 {secret}"),
    "trailer": lambda secret: Talk(trailer=f"x-odd: {secret}"),
    "address in the text": lambda secret: Talk(answer=done(f"see https://host/of/{secret}/x"), pieces=5),
    "error body": lambda secret: Talk(status="401 No", answer=json.dumps({"error": {"message": f"no {secret}"}}).encode()),
    "last bytes": lambda secret: Talk(answer=f"data: it is {secret}".encode()),
    "byte by byte": lambda secret: Talk(answer=done(f"it is {secret}") + delta("-"), pieces=1),
    **{place: lambda secret, plant=plant: Talk(answer=plant(secret), pieces=7) for place, plant in PLACES.items()},
}  # fmt: skip


def test_there_are_enough() -> None:
    assert len(KINDS) * len(POSITIONS) >= 200


@contextmanager
def upstream(talks: list[Talk]) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for talk in talks:
            connection, _ = listener.accept()
            with connection:
                wanted = talk.body
                heard = b""
                while not heard.endswith(wanted):
                    heard += connection.recv(1 << 16)
                connection.sendall(talk.answered())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    thread.join(20)
    listener.close()


def ask(port: int, talk: Talk) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(talk.asked())
        return hear(sock).body


def forms(secret: str) -> set[str]:
    """As written, and as an URL would have it."""
    return {secret, quote(secret), quote(secret, safe="")}


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_comes_to_the_disk(kind: str, tmp_path: Path) -> None:
    secret = KINDS[kind]
    talks = [plant(secret) for plant in POSITIONS.values()]
    out = tmp_path / "library" / "provider" / "name"
    with upstream(talks) as url, taping(url, out) as tape:
        for talk in talks:
            assert ask(tape.port, talk) == talk.answered().partition(b"\r\n\r\n")[2]
        outcome = tape.finish()
    assert outcome.interactions == len(talks)
    state = Path(os.environ["XDG_STATE_HOME"])
    files = {
        path: path.read_bytes().decode() for root in (tmp_path, state) for path in root.rglob("*") if path.is_file()
    }
    assert [str(path) for path, text in files.items() for form in forms(secret) if form in text] == []
    assert outcome.saved == str(out), outcome
    recorded = load(out).interactions
    named = dict(zip(POSITIONS, recorded, strict=True))
    assert [place for place, entry in named.items() if secret in meaning(entry.response.body)] == []
    assert [place for place, entry in named.items() if secret in str(entry.request)] == []


MEMBER_POSITIONS: Mapping[str, Callable[[bytes], Talk]] = {
    "body": lambda value: Talk(body=b'{"input": "hello", "api_key": "%b"}' % value),
    "list of the body": lambda value: Talk(body=b'{"input": "hello", "api_key": ["a", "%b"]}' % value),
    "JSON in the body": lambda value: Talk(
        body=json.dumps({"input": (b'{"password": "%b"}' % value).decode()}).encode()
    ),
    "broken body": lambda value: Talk(body=b'{"input": "hello", "api_key": "%b' % value),
    "error body": lambda value: Talk(status="401 No", answer=b'{"error": {"api_key": "%b"}}' % value),
    "unfinished frame": lambda value: Talk(answer=b'data: {"type": "x", "api_key": "%b' % value, pieces=3),
    **{name: lambda value, plant=plant: Talk(answer=plant(value), pieces=7) for name, plant in MEMBERS.items()},
}


@pytest.mark.parametrize("kind", ESCAPED)
def test_no_end_of_a_named_secret_comes_to_the_disk(kind: str, tmp_path: Path) -> None:
    talks = [plant(ESCAPED[kind]) for plant in MEMBER_POSITIONS.values()]
    out = tmp_path / "library" / "provider" / "name"
    with upstream(talks) as url, taping(url, out) as tape:
        for talk in talks:
            assert ask(tape.port, talk) == talk.answered().partition(b"\r\n\r\n")[2]
        outcome = tape.finish()
    assert outcome.saved == str(out), outcome
    roots = (tmp_path, Path(os.environ["XDG_STATE_HOME"]))
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    assert [str(path) for path in files if TAIL in path.read_bytes()] == []
    named = dict(zip(MEMBER_POSITIONS, load(out).interactions, strict=True))
    assert [place for place, entry in named.items() if TAIL.decode() in meaning(entry.response.body)] == []
