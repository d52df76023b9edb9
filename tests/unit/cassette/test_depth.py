"""Saving, importing and scanning read as deep as the recorder does: the same secrets in the same places."""

from __future__ import annotations

import gzip
import json

import pytest
from click.testing import CliRunner

from harness.cassette import RedactionError, load, redact, save, unresolved
from harness.cassette.commands import cassettes
from harness.cassette.importing import Labels, import_file
from harness.cassette.rules import RULES
from harness.cassette.writer import files
from tests.corpus import requires_corpus, streams
from tests.unit.cassette.making import answered, asked
from tests.unit.cassette.planted import KEY, PLACES, SECRETS, delta, meaning

TEXT = delta("some words before it ")
EVERYWHERE = pytest.mark.parametrize(
    ("secret", "place"),
    [pytest.param(secret, place, id=f"{kind}-{place}") for kind, secret in SECRETS.items() for place in PLACES],
)


def body_with(secret: str, place: str) -> bytes:
    body = TEXT + PLACES[place](secret) + TEXT
    assert secret in meaning(body), "the secret has to be there before it can be missed"
    return body


def holding(body: bytes, **fields):
    return answered(body=body, chunks=((0, 1),), **fields)


def smuggled(made, root):
    """On the disk as an older version or another tool could have left it."""
    folder = root / made.name
    folder.mkdir(parents=True)
    for name, content in files(made).items():
        (folder / name).write_bytes(content)
    return folder


def scan(*arguments):
    return CliRunner().invoke(cassettes, ["scan", *map(str, arguments)])


@EVERYWHERE
def test_it_is_not_saved(tmp_path, secret, place):
    made = holding(body_with(secret, place))
    with pytest.raises(RedactionError) as caught:
        save(made, tmp_path / "library")
    assert not (tmp_path / "library").exists()
    assert secret not in str(caught.value)


@EVERYWHERE
def test_redaction_takes_it_out(tmp_path, secret, place):
    made = holding(body_with(secret, place))
    folder = save(redact(made), tmp_path)
    body = load(folder).interactions[0].response.body
    assert secret not in meaning(body)
    assert len(body) == len(made.interactions[0].response.body)


@EVERYWHERE
def test_importing_takes_it_out(tmp_path, secret, place):
    raw = tmp_path / "answer.txt"
    raw.write_bytes(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + body_with(secret, place))
    made = import_file(raw, Labels(provider="acme"))
    assert secret not in meaning(made.interactions[0].response.body)
    assert unresolved(made) == ()


@EVERYWHERE
def test_scanning_finds_it_and_does_not_tell_it(tmp_path, secret, place):
    smuggled(holding(body_with(secret, place)), tmp_path)
    result = scan(tmp_path)
    assert result.exit_code == 1
    assert "response.body, bytes " in result.output
    assert secret not in result.output


PARTS = {
    "request.path": lambda secret: asked(path=f"/v1/responses?note={secret}"),
    "request.header:user-agent": lambda secret: asked(headers=(("User-Agent", f"me {secret}"),)),
    "request.body": lambda secret: asked(body={"input": json.dumps({"said": f"it is\n{secret}"})}),
    "response.header:server": lambda secret: answered(headers=(("Server", secret), ("Content-Type", "text/plain"))),
}


@pytest.mark.parametrize("place", PARTS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_other_parts_of_a_cassette(tmp_path, secret, place):
    made = PARTS[place](secret)
    smuggled(made, tmp_path / "found")
    result = scan(tmp_path / "found")
    assert (result.exit_code, place in result.output, secret in result.output) == (1, True, False)
    written = save(redact(made), tmp_path / "clean")
    assert scan(tmp_path / "clean").exit_code == 0
    assert not [path for path in written.iterdir() if secret.encode() in path.read_bytes()]


def test_a_stream_that_does_not_say_what_it_is_is_read_as_one():
    made = holding(body_with(KEY, "letter by letter"), headers=())
    assert {hit.rule for hit in unresolved(made)} == {"api-key"}


def test_an_encoded_body_and_its_decoded_view(tmp_path):
    body = body_with(KEY, "over two deltas")
    coded = (("Content-Encoding", "gzip"), ("Content-Type", "text/event-stream"))
    folder = smuggled(holding(gzip.compress(body, mtime=0), headers=coded), tmp_path)
    (folder / "1.decoded.sse").write_bytes(body)
    lines = scan(tmp_path).output.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [
        str(folder / "1.decoded.sse"),
        str(folder / "cassette.yaml"),
    ]


def test_comments_in_the_yaml_are_read_and_a_broken_cassette_too(tmp_path):
    folder = smuggled(answered(), tmp_path)
    index = folder / "cassette.yaml"
    index.write_text(f"{index.read_text()}# {KEY}\n")
    assert f"{index}: line {index.read_text().count(chr(10))}: api-key" in scan(tmp_path).output
    index.write_text(f"# {KEY}\ncassette: 9\n")
    result = scan(tmp_path)
    assert result.exit_code == 2
    assert f"{index}: line 1: api-key" in result.output


def test_a_clean_library(tmp_path):
    smuggled(answered(), tmp_path)
    result = scan(tmp_path)
    assert (result.exit_code, result.output) == (0, f"0 hits in 1 cassettes, {len(RULES)} rules\n")


OWN = """rules:
  - name: employee
    pattern: 'EMP-(?P<secret>\\d{6})'
    why: who somebody is
"""


def test_rules_of_ones_own_are_looked_for_as_deep_as_all_others(tmp_path):
    (tmp_path / "rules.yaml").write_text(OWN)
    smuggled(holding(body_with("EMP-123456", "letter by letter")), tmp_path / "library")
    assert scan(tmp_path / "library").exit_code == 0
    result = scan(tmp_path / "library", "--rules", tmp_path / "rules.yaml")
    assert result.exit_code == 1
    assert "response.body, bytes " in result.output
    assert ": employee\n" in result.output
    assert f"1 hits in 1 cassettes, {len(RULES) + 1} rules" in result.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (OWN, "- a\n", ":1 at /: "),
        ("why: who somebody is", "", ":2 at /rules/0: "),
        ("employee", "api-key", ":2 at /rules/0/name: there is a rule 'api-key' already"),
        ("(?P<secret>\\d{6})", "\\d{6}", ":3 at /rules/0/pattern: names no group 'secret'"),
        ("(?P<secret>\\d{6})", "(", ":3 at /rules/0/pattern: is no regular expression: "),
        ("EMP-(?P<secret>\\d{6})", "(?P<secret>x*)", ":3 at /rules/0/pattern: matches the empty text"),
        ("rules:", "rules: [", " is not YAML"),
    ],
)
def test_a_broken_rule_file_is_usage_with_its_line(tmp_path, old, new, told):
    assert old in OWN
    path = tmp_path / "rules.yaml"
    path.write_text(OWN.replace(old, new))
    smuggled(answered(), tmp_path / "library")
    result = scan(tmp_path / "library", "--rules", path)
    assert result.exit_code == 2
    assert told in result.output


@requires_corpus
def test_recorded_streams_are_not_mangled_at_any_depth():
    """One program in the corpus greets its user by a real-looking address; that one is a right hit."""
    hits = {(name, hit.rule) for name, _, body in streams() for hit in unresolved(holding(body))}
    assert {rule for _, rule in hits} <= {"e-mail"}
    assert len({name for name, _ in hits}) <= 1
