"""A finding as a file that works without the store: a test for the user's own code, or a scenario of this program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from string import Template

from harness import __version__
from harness.campaign.case import turns_of
from harness.campaign.findings.finding import Finding
from harness.campaign.findings.stream import cassette_of
from harness.cassette import Cassette, save
from harness.cassette.yamlsource import as_yaml
from harness.judge import LANES_AGREE

FOLDER = "found"
"""Of exported scenarios below ``scenarios/``, and the provider of the exported streams below ``cassettes/``."""


class NotExportable(Exception):
    """A finding that has no such form."""


def export_pytest(finding: Finding, out: Path, *, replace: bool = False) -> list[Path]:
    """A test module, and beside it ``cassettes/found/<id>`` with the stream it serves; returns both paths.

    Raises NotExportable, also where the module is there already, unless it is to be replaced: a call has been written
    into it by then. Raises RedactionError when the stream holds what looks like a secret.
    """
    if finding.cassette.kind != "sse":
        raise NotExportable(f"{finding.id} is about lines over stdio; only event streams can be served to a test")
    if finding.verdict.invariant == LANES_AGREE:
        raise NotExportable(f"{finding.id} is about two lanes into one program, and a test has one; use --scenario")
    module = out / f"test_finding_{finding.id}.py"
    if module.exists() and not replace:
        raise NotExportable(f"{module} is there already; --replace writes over it, and over the call in it")
    stream = _stream(finding)
    folder = save(stream, out / "cassettes")
    verdict = finding.verdict
    text = _template("test_finding.py.txt").substitute(
        version=__version__,
        id=finding.id,
        rule=verdict.invariant,
        title=_one_line(f"{verdict.invariant}: {verdict.reason or verdict.cause}"),
        evidenced=_comment("The stream said", verdict.evidenced),
        assembled=_comment("The consumer made of it", verdict.assembled),
        consumer=f"{finding.consumer} {finding.version}",
        calls="one call" if len(turns_of(stream)) == 1 else f"{len(turns_of(stream))} calls, one a turn",
    )
    module.write_text(text, encoding="utf-8", errors="backslashreplace")
    return [module, folder]


def export_scenario(finding: Finding, scenarios: Path, cassettes: Path) -> list[Path]:
    """``scenarios/found/<id>.yaml``, and the cassette where the library does not have it; returns what was written.

    Raises RedactionError when the cassette holds what looks like a secret.
    """
    written = []
    base = finding.cassette
    if not (cassettes / base.name / "cassette.yaml").is_file():
        written.append(save(base, cassettes))
    verdict = finding.verdict
    body = {
        "summary": _one_line(f"{verdict.invariant}: {verdict.reason or verdict.cause}")[:300],
        "why": _one_line(
            f"A campaign found it on {finding.consumer} {finding.version}. "
            f"The stream said: {verdict.evidenced} The consumer made of it: {verdict.assembled}"
        ),
        "cassette": base.name,
        **({"plan": finding.plan.to_json()} if finding.plan.mutations else {}),
        **({"lanes": True} if verdict.invariant == LANES_AGREE else {}),
    }
    target = scenarios / FOLDER / f"{finding.id}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(as_yaml(body), encoding="utf-8")
    return [target, *written]


def _stream(finding: Finding) -> Cassette:
    """What is served: the least stream where it was made, else all of it."""
    if finding.stream is not None:
        return finding.stream
    _, exchange = finding.planned().prepare()
    return cassette_of(exchange, finding.cassette, f"{FOLDER}/{finding.id}", finding.verdict.reason)


def _template(name: str) -> Template:
    return Template(files("harness.campaign.findings").joinpath("templates", name).read_text(encoding="utf-8"))


def _one_line(text: str) -> str:
    return " ".join(text.replace('"""', "'''").replace("\\", "/").split())


def _comment(title: str, text: str) -> str:
    lines: Iterable[str] = textwrap.wrap(_one_line(f"{title}: {text}"), 110) if text else ()
    return "\n".join(lines)
