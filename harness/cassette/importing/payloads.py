"""One event's JSON a line, as many test suites keep their fixtures; each line becomes one frame."""

from __future__ import annotations

import json

from harness.cassette.importing.answer import EVENT_STREAM, Stored, response_of
from harness.cassette.importing.importer import Exchanged, Importer, Raw
from harness.cassette.model import RecordedRequest
from harness.protocols.responses.event import DONE
from harness.wire import encode


def sniff(data: bytes) -> bool:
    return data.lstrip().startswith(b"{") and any(map(_is_object, data.split(b"\n")))


def read(raw: Raw) -> list[Exchanged]:
    # Not splitlines: JSON texts may hold U+2028 and the like, which end no line here.
    lines = [line.removesuffix("\r") for line in _text(raw).split("\n")]
    # A damaged payload is a recording like any other: servers send such.
    odd = [number for number, line in enumerate(lines, 1) if line.strip() not in {"", DONE} and not _is_object(line)]
    body = b"".join(encode(line) for line in lines if line.strip())
    response, remarks = response_of(Stored(200, EVENT_STREAM, body))
    damaged = (f"no JSON object on line {', '.join(map(str, odd))}",) if odd else ()
    return [Exchanged(RecordedRequest(), response, (*remarks, *damaged))]


def _is_object(line: str | bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _text(raw: Raw) -> str:
    try:
        return raw.data.decode()
    except UnicodeDecodeError as error:
        raise raw.failed(f"is not UTF-8 (byte {error.start})") from error


PAYLOADS = Importer(
    name="payloads",
    reads="one event's JSON a line",
    loses=(
        "the request, status and headers, all times, the chunk boundaries, how the connection ended, and the frames: "
        "they are written anew, without event lines"
    ),
    sniff=sniff,
    read=read,
)
