"""The run as JUnit XML, which every CI server reads: a suite for each consumer, a test case for each case."""

from __future__ import annotations

import re
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from harness.campaign.events import CaseFinished, Event, Mark
from harness.report.renderer import prove_writable
from harness.report.summary import Fault, Summary, faults_of

# XML 1.0 has no way to write these at all (section 2.2), and streams are full of surprises.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnit:
    """Writes ``path`` when the run is over; raises OSError at once when it cannot."""

    def __init__(self, path: Path) -> None:
        prove_writable(path)
        self._path = path
        self._summary = Summary()

    def handle(self, event: Event) -> None:
        self._summary.handle(event)

    def close(self) -> None:
        xml = JUnitXml()
        for consumer in dict.fromkeys(case.consumer for case in self._summary.cases):
            suite = TestSuite(consumer)
            suite.add_testcases([_case(case) for case in self._summary.cases if case.consumer == consumer])
            xml.add_testsuite(suite)
        for unusable in self._summary.unusable:
            suite = TestSuite(unusable.consumer)
            broken = TestCase("start", unusable.consumer)
            broken.result = [Error(_printable(unusable.error), "ConsumerError")]
            suite.add_testcase(broken)
            xml.add_testsuite(suite)
        xml.write(str(self._path), pretty=True)


def _case(case: CaseFinished) -> TestCase:
    family = case.scenario.rpartition("/")[0] or case.scenario
    entry = TestCase(case.id, f"{case.consumer}.{family.replace('/', '.')}", round(case.elapsed_ms / 1000, 6))
    entry.result = [_result(case, fault) for fault in faults_of(case)]
    if case.mark is Mark.SKIPPED:
        entry.result = [Skipped(_printable(case.reason))]
    return entry


def _result(case: CaseFinished, fault: Fault) -> Failure | Error:
    kind = Error if fault.mark is Mark.ERROR else Failure
    result = kind(_printable(f"{fault.rule}: {fault.reason.splitlines()[0] if fault.reason else ''}"), fault.rule)
    parts = (
        fault.reason,
        f"evidenced: {fault.evidenced}" if fault.evidenced else "",
        f"assembled: {fault.assembled}" if fault.assembled else "",
        f"Reproduce with: {case.reproduce}",
    )
    result.text = _printable("\n".join(part for part in parts if part))
    return result


def _printable(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
