"""Recorded streams of public test suites: each imports, lints, and gives through the runtime just what it says."""

import os
from pathlib import Path

import pytest

from harness.cassette import exchange_of
from harness.cassette.importing import Labels, import_file
from harness.consumers.registry import open_consumer
from harness.contract import Case
from harness.judge import Mark, failures, judge
from harness.protocols.responses.lint import lint
from harness.wire import decode
from tests.corpus import VARIABLE, requires_corpus, streams

SIZE = 214

REDACTED = {
    "vercel__ai/openai-responses/packages_openai_src_responses___fixtures___openai-mcp-tool.1.chunks.txt.0.chunks.txt": "e-mail",
}
"""Streams that hold something to redact, and what; all others must come out byte for byte."""

DAMAGED = {
    "vercel__ai/openai-responses/packages_openai_src_responses___fixtures___parallel-tool-call-wrapper.1.chunks.txt.0.chunks.txt": "No JSON object on line 1, 6.",
}
"""Streams with payloads that are no JSON, and where."""

NAMES = [name for name, _, _ in streams()]


@pytest.fixture(scope="module")
def runtime():
    consumer = open_consumer("runtime")
    yield consumer
    consumer.close()


@pytest.fixture(scope="module")
def cassettes():
    root = Path(os.environ[VARIABLE])
    return {name: import_file(root / name, Labels(provider=provider)) for name, provider, _ in streams()}


@requires_corpus
def test_all_are_here(cassettes):
    assert len(cassettes) == SIZE


@requires_corpus
@pytest.mark.parametrize(("name", "body"), [(name, body) for name, _, body in streams()], ids=NAMES)
def test_the_bytes_are_kept(cassettes, name, body):
    (entry,) = cassettes[name].interactions
    if name in REDACTED:
        assert entry.response.redacted == (REDACTED[name],)
        assert len(entry.response.body) == len(body)
    else:
        assert entry.response.body == body
        assert entry.response.redacted == ()
    assert ("No JSON object" in cassettes[name].provenance.notes) is (name in DAMAGED)
    assert DAMAGED.get(name, "") in cassettes[name].provenance.notes


@requires_corpus
@pytest.mark.parametrize("name", NAMES)
def test_the_grammar_lint_reads_it(cassettes, name):
    (entry,) = cassettes[name].interactions
    assert all(remark.rule for remark in lint(*decode(entry.response.body)))


@requires_corpus
@pytest.mark.parametrize("name", NAMES)
def test_the_runtime_makes_of_it_what_it_says(cassettes, runtime, name):
    case = Case(id=name, base_url="http://127.0.0.1:9/v1", turns=({"input": "hello"},))
    seen = runtime.run(case, exchange_of(cassettes[name]))
    verdicts = judge(case, seen.outcome, seen.transcript, runtime.capabilities)
    assert list(failures(verdicts)) == []
    assert {verdict.mark for verdict in verdicts} <= {Mark.PASS, Mark.SKIPPED}
