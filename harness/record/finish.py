"""The end of a recording: into its place, or, when it may hold a secret, into quarantine with an explanation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from harness.cassette import Cassette, CassetteError, RedactionError, load, save
from harness.record.journal import TARGET, locked
from harness.record.restore import CUT_BY_RECORDER, Restored, restore
from harness.record.target import Target, journals, quarantine

_EXPLANATION = "EXPLANATION.txt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording: one of the two paths, or neither when there was nothing to keep."""

    interactions: int
    saved: str | None = None
    quarantined: str | None = None
    why: str = ""
    """Why it is in quarantine."""
    cut: bool = False
    """Whether the recorder broke a response off."""

    def dump(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def parse(cls, data: bytes) -> Outcome:
        return cls(**orjson.loads(data))


class Refused(Exception):
    """A recording that is not written; the text says why."""


def finish(folder: Path) -> Outcome:
    """Make a cassette of the journal in ``folder``, which is gone afterwards.

    Raises OSError when a place cannot be written to; the journal then stays.
    """
    restored = restore(folder)
    count = len(restored.cassette.interactions)
    if not count:
        shutil.rmtree(folder)
        return Outcome(0)
    try:
        saved = _save(restored)
    except (Refused, RedactionError, CassetteError) as error:
        return Outcome(count, quarantined=str(_set_aside(folder, restored.target, str(error))), why=str(error))
    shutil.rmtree(folder)
    return Outcome(count, saved=str(saved), cut=CUT_BY_RECORDER in restored.cassette.tags)


def heal() -> Iterator[Outcome]:
    """Finish what recorders left behind that were ended together with their keepers."""
    for folder in sorted(journals().glob("*")):
        lock = locked(folder) if (folder / TARGET).exists() else None
        if lock is not None:
            with lock:
                yield finish(folder)


def _save(restored: Restored) -> Path:
    """Raises Refused, RedactionError or CassetteError."""
    if restored.unreadable:
        codings = ", ".join(sorted(set(restored.unreadable)))
        raise Refused(
            f"{restored.cassette.name} is not written: a body came encoded as {codings}, which cannot be searched for "
            "secrets here. Install the library for it (brotli for br, zstandard for zstd), or have the client ask for "
            "another coding. Of that body nothing was kept."
        )
    saved = save(_placed(restored), Path(restored.target.root))
    for number, body in restored.decoded.items():
        (saved / f"{number}.decoded.{restored.cassette.kind}").write_bytes(body)
    return saved


def _placed(restored: Restored) -> Cassette:
    """The cassette as it goes into its place, which may hold the turns before it. Raises Refused."""
    target = restored.target
    if not target.folder.exists() or target.present == "replace":
        return restored.cassette
    if target.present == "keep":
        raise Refused(f"{restored.cassette.name} is not written: something else stands in its place by now")
    before = load(target.folder)
    turns = 1 + max(entry.turn for entry in before.interactions)
    later = tuple(replace(entry, turn=entry.turn + turns) for entry in restored.cassette.interactions)
    tags = tuple(dict.fromkeys((*before.tags, *restored.cassette.tags)))
    return replace(before, interactions=(*before.interactions, *later), tags=tags)


def _set_aside(folder: Path, target: Target, why: str) -> Path:
    place = quarantine() / folder.name
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(folder, place)
    (place / _EXPLANATION).write_text(_EXPLAINED.format(why=why, target=target.folder), "utf-8")
    return place


_EXPLAINED = """\
This is the journal of a recording that was meant for
  {target}
and was not written there:

{why}

N.jsonl holds request, head, chunk rows and ending of interaction N, N.body its body as sent, N.decoded what an encoded
body means. What the rules found is replaced already; what is named above may still be a secret. Read it, then delete
this folder, and record again: without the secret in the conversation, or with a rule that covers it.
"""
