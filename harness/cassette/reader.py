"""Loading: nothing leaves this module that does not fit its schema, its bytes and its chunk table.

Every mistake is a :class:`CassetteError` with file, line and JSON pointer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from harness.cassette import stdio
from harness.cassette.errors import CassetteError
from harness.cassette.model import (
    FORMAT_VERSION,
    Cassette,
    Interaction,
    Provenance,
    RecordedRequest,
    RecordedResponse,
)
from harness.cassette.yamlsource import Source, check, read_yaml
from harness.delivery import Framing, Headers

INDEX = "cassette.yaml"


def load(path: Path) -> Cassette:
    """The cassette in folder ``path``. Raises CassetteError when it is missing or broken in any way."""
    path = Path(path)
    if not path.is_dir():
        raise CassetteError(path, "is no cassette folder", hint=f"a folder holding {INDEX} and its body files")
    source = read_yaml(path / INDEX, CassetteError)
    _check_version(source)
    check(source, schema())
    _check_order(source)
    body = source.data
    return Cassette(
        name=_name(path),
        provenance=Provenance(**body["provenance"]),
        interactions=tuple(_interaction(source, number) for number in range(len(body["interactions"]))),
        kind=body["kind"],
        description=body.get("description", ""),
        tags=tuple(body.get("tags", ())),
        path=path,
    )


def load_all(root: Path) -> list[Cassette]:
    """Every cassette below ``root``, by name. Raises CassetteError for the first broken one."""
    return [load(path) for path in find(root)]


def find(root: Path) -> list[Path]:
    """The cassette folders in ``root``, sorted, without hidden ones. Raises CassetteError when there is none."""
    root = Path(root)
    if not root.is_dir():
        raise CassetteError(root, "there is no such folder")
    folders = (index.parent for index in root.rglob(INDEX))
    return sorted(folder for folder in folders if not _hidden(folder.relative_to(root)))


@cache
def schema() -> Draft202012Validator:
    """The published schema of ``cassette.yaml``, ready to use."""
    text = resources.files("harness.cassette").joinpath("schemas", "cassette.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _name(path: Path) -> str:
    full = path.resolve()
    return f"{full.parent.name}/{full.name}"


def _check_version(source: Source) -> None:
    stated = source.data.get("cassette") if isinstance(source.data, dict) else None
    if isinstance(stated, int) and stated != FORMAT_VERSION:
        hint = f"known: {FORMAT_VERSION}; a newer stream-harness may read it"
        raise source.error("/cassette", f"format version {stated} is not known", hint)


def _check_order(source: Source) -> None:
    """Turns count from 0 without a gap, and so do the attempts of each."""
    expected = {0: 0}
    for number, entry in enumerate(source.data["interactions"]):
        turn, attempt = entry["turn"], entry["attempt"]
        if turn not in expected:
            raise source.error(f"/interactions/{number}/turn", f"turn {turn} comes before turn {max(expected)}")
        if attempt != expected[turn]:
            message = f"turn {turn} goes on with attempt {attempt} instead of {expected[turn]}"
            raise source.error(f"/interactions/{number}/attempt", message)
        expected[turn] += 1
        expected.setdefault(turn + 1, 0)


def _interaction(source: Source, number: int) -> Interaction:
    entry = source.data["interactions"][number]
    pointer = f"/interactions/{number}/response"
    request, response = dict(entry["request"]), dict(entry["response"])
    body = _body(source, response, f"{pointer}/body")
    _check_chunks(source, response, len(body), pointer)
    if source.data["kind"] == "jsonl":
        return stdio.interaction(entry, body)
    request.update(headers=_headers(request), redacted=tuple(request.get("redacted", ())))
    response.update(
        headers=_headers(response),
        redacted=tuple(response.get("redacted", ())),
        framing=Framing(response["framing"]),
        body=body,
        chunks=tuple((int(offset), ms) for offset, ms in response["chunks"]),
    )
    return Interaction(RecordedRequest(**request), RecordedResponse(**response), entry["turn"], entry["attempt"])


def _headers(message: Mapping[str, Any]) -> Headers:
    return tuple((name, value) for name, value in message.get("headers", ()))


def _body(source: Source, response: Mapping[str, Any], pointer: str) -> bytes:
    stated = response["body"]
    name: str = stated["file"]
    folder = source.path.parent
    path = folder / name
    if path.is_symlink():
        raise source.error(f"{pointer}/file", f"{name!r} is a link, and may lead out of the cassette's own folder")
    try:
        body = path.read_bytes()
    except OSError as error:
        present = ", ".join(sorted(entry.name for entry in folder.iterdir() if entry.name != INDEX)) or "nothing"
        hint = f"beside {INDEX} there is: {present}"
        raise source.error(f"{pointer}/file", f"{name!r} cannot be read: {error.strerror}", hint) from error
    if len(body) != stated["length"]:
        message = f"{name} holds {len(body)} bytes, not {stated['length']}"
        raise source.error(f"{pointer}/length", message, _CHANGED)
    if hashlib.sha256(body).hexdigest() != stated["sha256"]:
        raise source.error(f"{pointer}/sha256", f"{name} does not have this hash", _CHANGED)
    return body


_CHANGED = "the file was changed after it was recorded; with git, see that .gitattributes marks it -text"


def _check_chunks(source: Source, response: Mapping[str, Any], length: int, pointer: str) -> None:
    for row, message in _chunk_mistakes(response["chunks"], length):
        raise source.error(f"{pointer}/chunks/{row}" if row is not None else f"{pointer}/chunks", message)
    if "status" in response and response["status"] is None and (length or response["ending"] == "fin"):
        raise source.error(f"{pointer}/status", "without a head there is no body and no proper end", "ending: cut")


def _chunk_mistakes(chunks: list[list[float]], length: int) -> Iterator[tuple[int | None, str]]:
    if length and (not chunks or chunks[0][0] != 0):
        yield None, f"the body has {length} bytes, so the first chunk starts at offset 0"
    for row, (offset, ms) in enumerate(chunks):
        if offset >= length:
            yield row, f"offset {offset} lies past the body's {length} bytes"
        if row and offset <= chunks[row - 1][0]:
            yield row, f"offset {offset} does not come after {chunks[row - 1][0]}"
        if row and ms < chunks[row - 1][1]:
            yield row, f"{ms} ms is before {chunks[row - 1][1]} ms"
