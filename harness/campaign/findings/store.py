"""The findings folder: one folder a finding, readable by people, complete by itself, and never half-written.

A finding is written beside its place and moved in. Whoever is killed between two moves leaves the old one under a
hidden name; the next who opens the store puts it back.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from harness.campaign.events import AttemptView, FrameView, plain
from harness.campaign.findings.finding import Finding
from harness.cassette import Cassette, load
from harness.cassette.writer import files as cassette_files
from harness.cassette.yamlsource import Source, SourceError, as_yaml, check, read_yaml
from harness.judge.verdict import Mark, Verdict
from harness.mutations import Plan, PlanError

FINDINGS = Path(".harness") / "findings"

FORMAT = 1
_INDEX, _PLAN, _EVIDENCE, _BASE, _STREAM = "finding.yaml", "plan.yaml", "evidence.json", "base", "stream"
_TEXTS = ("invariant", "cause", "reason", "evidenced", "assembled")


class FindingError(SourceError):
    """A finding on disk that cannot be used as it is written."""


class Store:
    """The findings below ``root``; nothing is made before the first is written."""

    def __init__(self, root: Path = FINDINGS) -> None:
        self.root = root
        self._heal()

    def ids(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if (path / _INDEX).is_file() and path.name[0] != ".")

    def __contains__(self, id: str) -> bool:
        return id in self.ids()

    def path(self, id: str) -> Path:
        return self.root / id

    def write(self, finding: Finding) -> Path:
        """Keep a finding, in place of an older form of it; returns its folder."""
        self.root.mkdir(parents=True, exist_ok=True)
        target = self.path(finding.id)
        fresh = self.root / f".{finding.id}.{os.getpid()}.new"
        old = self.root / f".{finding.id}.old"
        shutil.rmtree(fresh, ignore_errors=True)
        for name, content in _files(finding):
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
        return target

    def load(self, id: str) -> Finding:
        """Raises FindingError with file, line and pointer; CassetteError for its cassette."""
        folder = self.path(id)
        source = read_yaml(folder / _INDEX, FindingError)
        check(source, schema())
        body = source.data
        return Finding(
            consumer=body["consumer"],
            version=body["version"],
            verdict=Verdict(
                mark=Mark.FAIL,
                turn=body.get("turn"),
                frames=tuple(body.get("frames", ())),
                **{name: body.get(name, "") for name in _TEXTS},
            ),
            cassette=_cassette(source, folder / _BASE),
            plan=_plan(folder / _PLAN),
            example=body.get("example", 0),
            seed=body.get("seed"),
            steady=body.get("steady", True),
            versions=body.get("versions", {}),
            attempts=_attempts(folder / _EVIDENCE),
            stream=_cassette(source, folder / _STREAM) if (folder / _STREAM).is_dir() else None,
        )

    def drop(self, id: str) -> None:
        shutil.rmtree(self.path(id))

    def _heal(self) -> None:
        for old in self.root.glob(".*.old") if self.root.is_dir() else ():
            target = self.root / old.name[1:-4]
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(target)


@cache
def schema() -> Draft202012Validator:
    """The published schema of ``finding.yaml``, ready to use."""
    text = files("harness.campaign").joinpath("schemas", "finding.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _files(finding: Finding) -> Iterator[tuple[str, bytes]]:
    verdict = finding.verdict
    texts = {name: _printable(text) for name in _TEXTS if (text := getattr(verdict, name))}
    index: dict[str, Any] = {
        "finding": FORMAT,
        "id": finding.id,
        "consumer": finding.consumer,
        "version": finding.version,
        **texts,
        **({"turn": verdict.turn} if verdict.turn is not None else {}),
        **({"frames": list(verdict.frames)} if verdict.frames else {}),
        "cassette": finding.cassette.name,
        "mutations": len(finding.plan.mutations),
        "steady": finding.steady,
        "example": finding.example,
        **({"seed": finding.seed} if finding.seed is not None else {}),
        "versions": dict(finding.versions),
        "reproduce": finding.reproduce,
    }
    yield _INDEX, _yaml(index)
    yield _PLAN, finding.plan.to_yaml().encode()
    if finding.attempts is not None:
        yield _EVIDENCE, _json([plain(attempt) for attempt in finding.attempts])
    if finding.outcome:
        yield "outcome.json", _json(finding.outcome)
    yield from _cassette_files(finding.cassette, _BASE)
    if finding.stream is not None:
        yield from _cassette_files(finding.stream, _STREAM)


def _cassette_files(cassette: Cassette, folder: str) -> Iterator[tuple[str, bytes]]:
    return ((f"{folder}/{cassette.name}/{name}", content) for name, content in cassette_files(cassette).items())


def _cassette(source: Source, folder: Path) -> Cassette:
    found = next(iter(sorted(folder.glob("*/*/cassette.yaml"))), None)
    if found is None:
        raise source.error("/cassette", f"there is no cassette in {folder}", "run the campaign again")
    return load(found.parent)


def _attempts(path: Path) -> tuple[AttemptView, ...] | None:
    """What was served and read; None where it was not written, or in another form than today's."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        return tuple(
            AttemptView(**{**row, "frames": tuple(FrameView(**frame) for frame in row["frames"])}) for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _plan(path: Path) -> Plan:
    source = read_yaml(path, FindingError)
    try:
        return Plan.from_json(source.data or [])
    except PlanError as error:
        raise source.error(error.pointer, str(error)) from error


def _printable(text: str) -> str:
    """Without lone surrogates, which streams may hold and YAML may not."""
    return text.encode("utf-8", "backslashreplace").decode()


def _yaml(value: Any) -> bytes:
    return as_yaml(value).encode()


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=1, default=repr)
    return f"{text}\n".encode("utf-8", "backslashreplace")
