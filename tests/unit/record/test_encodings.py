"""Encoded bodies: kept as sent where they hold no secret, decoded where redaction has to change them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest

from harness.cassette import load
from harness.delivery import Cut, Delivery, End, Exchange, Framing, Head, Send
from harness.delivery.codings import Decoding, UnknownCoding, codings_of
from harness.replay import LoopbackServer
from tests.unit.cassette.planted import KEY, delta
from tests.unit.record.taping import ask, taping

TEXT = b"".join(delta(f"word{number} ") for number in range(30))
SECRET = TEXT + delta(f"the key is {KEY} there") + TEXT


def record(body: bytes, out: Path, coding: str, ending: End | Cut | None = None, framing: Framing = Framing.CHUNKED):
    head = Head(200, (("content-type", "text/event-stream"), ("content-encoding", coding)), framing)
    sends = [Send(body[start : start + 100]) for start in range(0, len(body), 100)]
    with (
        LoopbackServer(Exchange.single(Delivery((head, *sends, ending or End())))) as server,
        taping(server.base_url, out) as tape,
    ):
        assert ask(tape.port, "hi").raw.count(b"content-encoding") == 1
        return tape.finish()


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_kept_as_sent_with_its_meaning_beside(coding: str, encode, tmp_path: Path) -> None:
    body = encode(TEXT)
    outcome = record(body, tmp_path / "p" / "n", coding)
    assert outcome.saved
    response = load(tmp_path / "p" / "n").interactions[0].response
    assert response.body == body
    assert len(response.chunks) == -(-len(body) // 100)
    assert [offset for offset, _ in response.chunks] == list(range(0, len(body), 100))
    assert response.head_ms <= response.chunks[0][1] <= response.chunks[-1][1] <= response.ended_ms
    assert (tmp_path / "p" / "n" / "1.decoded.sse").read_bytes() == TEXT


def test_a_cut_body_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    body = gzip.compress(TEXT)[:150]
    record(body, tmp_path / "p" / "n", "gzip", Cut())
    response = load(tmp_path / "p" / "n").interactions[0].response
    assert (response.body, response.ending) == (body, "cut")
    assert TEXT.startswith((tmp_path / "p" / "n" / "1.decoded.sse").read_bytes())


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH])
def test_a_secret_inside_is_redacted_and_the_meaning_stored(framing: Framing, tmp_path: Path) -> None:
    assert record(gzip.compress(SECRET), tmp_path / "p" / "n", "gzip", framing=framing).saved
    cassette = load(tmp_path / "p" / "n")
    response = cassette.interactions[0].response
    assert len(response.body) == len(SECRET)
    assert response.head_ms <= response.chunks[0][1] <= response.chunks[-1][1] <= response.ended_ms
    assert KEY.encode() not in response.body
    assert response.body.startswith(TEXT)
    assert "content-encoding" not in {name for name, _ in response.headers}
    assert response.redacted == ("api-key",)
    assert "it is stored decoded" in cassette.provenance.notes
    assert not (tmp_path / "p" / "n" / "1.decoded.sse").exists()


def test_a_body_that_is_not_in_its_coding_is_searched_as_it_stands(tmp_path: Path) -> None:
    assert record(SECRET, tmp_path / "p" / "n", "gzip").saved
    assert KEY.encode() not in load(tmp_path / "p" / "n").interactions[0].response.body


def test_an_unknown_coding_is_not_written_anywhere(tmp_path: Path, state: Path) -> None:
    outcome = record(b"\x01\x02marker", tmp_path / "p" / "n", "aes128gcm")
    assert outcome.saved is None
    assert "encoded as aes128gcm" in outcome.why
    assert not (tmp_path / "p" / "n").exists()
    assert not [path for path in state.rglob("*") if path.is_file() and b"marker" in path.read_bytes()]
    assert (Path(outcome.quarantined) / "EXPLANATION.txt").read_text().count("aes128gcm") == 1


def test_codings_are_undone_in_reverse_and_members_go_on() -> None:
    headers = (("Content-Encoding", "deflate, gzip"), ("Transfer-Encoding", "chunked"))
    assert codings_of(headers) == ("deflate", "gzip")
    decoding = Decoding(("deflate", "gzip"))
    body = gzip.compress(zlib.compress(b"one")[:4]) + gzip.compress(zlib.compress(b"one")[4:])
    assert b"".join(decoding.feed(bytes([byte])) for byte in body) == b"one"
    with pytest.raises(UnknownCoding, match="br0"):
        Decoding(("br0",))
