import contextlib
import io
import json
import signal
from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from rich.console import Console

from harness.campaign.events import CaseFinished, ConsumerReady, Interrupted, Mark
from harness.report.document import JsonDocument
from harness.report.junit import JUnit
from harness.report.lines import JsonLines
from harness.report.markdown import Markdown, page
from harness.report.renderer import feed
from harness.report.summary import Summary, faults_of
from harness.report.terminal import Terminal
from tests.unit.report.runs import BROKEN, EXPECTED, FAILED, FAILED_TOO, HELD, SKIPPED, events

ALL = (HELD, FAILED, FAILED_TOO, BROKEN, SKIPPED, EXPECTED)


def summary_of(*cases, **more):
    summary = Summary()
    feed(events(*cases, **more), [summary])
    return summary


def terminal_of(*cases, **more):
    out = io.StringIO()
    feed(events(*cases, **more), [Terminal(Console(file=out, width=160))])
    return out.getvalue()


def test_equal_causes_are_one_finding():
    findings = summary_of(*ALL).findings()
    assert [(f.fault.rule, f.first.id, len(f.others)) for f in findings] == [
        ("content-kept", "terminal/b@demo/text", 1),
        ("harness", "retry/c@demo/text", 0),
        ("expect.calls", "http/e@demo/text", 0),
    ]


@pytest.mark.parametrize("case", [HELD, SKIPPED])
def test_what_holds_has_no_faults(case):
    assert faults_of(case) == []


def test_the_terminal_tells_each_failure_whole():
    text = terminal_of(*ALL)
    for words in (
        "terminal/ (2 scenarios)",
        "1 held, 2 FAIL",
        "FAIL content-kept",
        "rule       Nothing that was said is lost.",
        "served     The terminal is odd.",
        "reason     text is lost",
        "[bold]you[/bold]",
        "assembled  ''",
        "90 of 100 bytes, ended complete; duty: complete (the stream ends)",
        "… 2 frames",
        "2  event: a",
        '>    3  data: {"ü": 1}',
        "the same in 1 more:",
        "harness replay terminal/b@demo/more",
        "Reproduce with: harness replay terminal/b@demo/text",
        "KeyError: 'x'",
        "6 cases in 1.2 s: 1 held, 1 skipped, 1 error, 3 FAIL",
    ):
        assert words in text, words


def test_who_was_hurried_and_what_was_not_asked_is_said():
    hurried = ConsumerReady("agent==1@x50", "1", {"time_scale": 50, "items": False})
    late = replace(HELD, consumer="agent==1@x50", mark=Mark.SKIPPED, reason="no C compiler")
    summary = summary_of(late, replace(late, id="another"), HELD)
    summary.handle(hurried)
    assert summary.remarks() == [
        "agent==1@x50: while kept waiting, its clock ran up to 50 times as fast.",
        "agent==1@x50 was not asked 2 cases: no C compiler",
    ]
    assert "agent==1@x50 was not asked 2 cases: no C compiler" in terminal_of(late, replace(late, id="another"), HELD)


def test_every_finding_ends_with_how_to_reproduce_it():
    text = terminal_of(*ALL)
    assert text.count("Reproduce with: harness replay") == len(summary_of(*ALL).findings())


def test_a_family_in_which_all_holds_takes_one_line():
    text = terminal_of(HELD)
    assert "terminal/" in text
    assert "terminal/a" not in text


def test_the_terminal_tells_what_did_not_run():
    text = terminal_of(HELD, interrupted=True, unusable=True)
    assert "Interrupted: 7 cases were not run." in text
    assert "ghost could not be started: it is not installed" in text


def test_lines_are_on_disk_as_soon_as_they_are_told(tmp_path):
    path = tmp_path / "new" / "run.jsonl"
    renderer = JsonLines(path)
    for number, event in enumerate(e for e in events(*ALL) if isinstance(e, CaseFinished)):
        renderer.handle(event)
        lines = path.read_text().splitlines()
        assert len(lines) == number + 1
        assert json.loads(lines[-1])["id"] == event.id
    renderer.close()


def test_the_document_holds_everything(tmp_path):
    path = tmp_path / "new" / "report.json"
    feed(events(*ALL, interrupted=True, unusable=True), [JsonDocument(path)])
    body = json.loads(path.read_text())
    assert [case["id"] for case in body["cases"]] == [case.id for case in ALL]
    assert body["cases"][1]["verdicts"][1]["mark"] == "fail"
    assert body["cases"][1]["attempts"][0]["frames"][1]["pointed_at"] is True
    assert body["interrupted"]["left"] == 7
    assert body["unusable"][0]["consumer"] == "ghost"
    assert body["finished"]["marks"]["fail"] == 3
    assert body["started"]["event"] == "run-started"


def test_junit(tmp_path):
    path = tmp_path / "new" / "junit.xml"
    feed(events(*ALL, unusable=True), [JUnit(path)])
    xml = JUnitXml.fromfile(str(path))
    suites = {suite.name: suite for suite in xml}
    assert set(suites) == {"runtime", "ghost"}
    results = {case.name: case.result for case in suites["runtime"]}
    assert results["terminal/a@demo/text"] == []
    (failure,) = results["terminal/b@demo/text"]
    assert isinstance(failure, Failure)
    assert failure.message == "content-kept: text is lost"
    assert "Reproduce with: harness replay terminal/b@demo/text" in failure.text
    assert isinstance(results["retry/c@demo/text"][0], Error)
    assert isinstance(results["retry/d@demo/text"][0], Skipped)
    assert (suites["runtime"].tests, suites["runtime"].failures, suites["runtime"].errors) == (6, 3, 1)
    assert (suites["ghost"].errors, suites["runtime"].skipped) == (1, 1)


def test_markdown():
    text = page(summary_of(*ALL, interrupted=True))
    assert "| terminal/b | 2 fail |" in text
    assert "Reproduce with: `harness replay terminal/b@demo/text`" in text
    assert "````text\n'Hello ```" in text
    assert "Interrupted: 7 cases were not run." in text


@pytest.mark.parametrize("renderer", [JsonDocument, Markdown, JUnit])
def test_a_report_that_cannot_be_written_is_refused_before_the_run(renderer, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        renderer(tmp_path / "file" / "report")


class Interrupting:
    """A renderer in the middle of which Ctrl-C is pressed."""

    def __init__(self):
        self.closed = False

    def handle(self, event):
        if isinstance(event, CaseFinished):
            raise KeyboardInterrupt

    def close(self):
        self.closed = True


def test_an_interrupt_in_a_renderer_reaches_the_run_and_the_report_is_written():
    def run():
        try:
            yield from events(HELD, FAILED)
        except KeyboardInterrupt:
            yield Interrupted(1)

    summary, interrupting = Summary(), Interrupting()
    feed(run(), [summary, interrupting])
    assert [case.mark for case in summary.cases] == [Mark.PASS]
    assert summary.interrupted == Interrupted(1)
    assert interrupting.closed


def test_an_interrupt_that_a_program_swallows_ends_the_run_and_its_case_is_not_told():
    held = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run():
        try:
            for event in events(HELD, FAILED):
                if event is FAILED:
                    with contextlib.suppress(KeyboardInterrupt):
                        signal.raise_signal(signal.SIGINT)
                yield event
        except KeyboardInterrupt:
            yield Interrupted(1)

    summary = Summary()
    try:
        feed(run(), [summary])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, held)
    assert [case.mark for case in summary.cases] == [Mark.PASS]
    assert summary.interrupted == Interrupted(1)
