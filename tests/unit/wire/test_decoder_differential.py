"""The decoder against independent ones: alike on every stream that none of their known deviations touches."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.corpus import requires_corpus
from tests.corpus import streams as recorded
from tests.unit.wire.feeding import LINE_ENDS, LINES, streams, unhurried
from tests.unit.wire.peers import PEERS, Stream

TOKENS = (b"data", b"event", b"id", b"retry", b":", b" ", b"0", b"x", b"\0", b"\n", b"\r", b"\n\n", "é".encode())
SOUP = st.lists(st.sampled_from(TOKENS), max_size=24).map(b"".join)

by_peer = pytest.mark.parametrize("peer", [pytest.param(peer, id=peer.name) for peer in PEERS])


def calm_streams(peer):
    """Streams of lines that the peer reads as it should, mostly with one kind of line end, and finished."""
    lines = tuple(line for line in LINES if not peer.touched(Stream(b"data: x\n" + line + b"\ndata: y\n\n")))
    kinds = st.sampled_from([*((end,) for end in LINE_ENDS), LINE_ENDS])
    return kinds.flatmap(lambda kind: streams(lines, kind).map(lambda drawn: drawn + b"\ndata: z\n\n"))


@by_peer
@unhurried
@given(st.data())
def test_alike_where_no_deviation_touches(peer, data):
    stream = Stream(data.draw(st.one_of(calm_streams(peer), streams(), SOUP)))
    assume(not peer.touched(stream))
    assert peer.reading(stream.raw) == stream.events


@pytest.mark.parametrize(
    ("peer", "deviation", "example"),
    [
        pytest.param(peer, deviation, example, id=f"{peer.name}: {deviation.name}: {example!r}")
        for peer in PEERS
        for deviation in peer.deviations
        for example in deviation.examples
    ],
)
def test_each_known_deviation_still_is_one(peer, deviation, example):
    stream = Stream(example)
    assert peer.touched(stream) == [deviation.name]
    assert peer.reading(example) != stream.events


@requires_corpus
@pytest.mark.parametrize(("name", "provider", "body"), [pytest.param(*row, id=row[0]) for row in recorded()])
def test_alike_on_recorded_streams(name, provider, body):
    stream = Stream(body)
    for peer in PEERS:
        assert peer.touched(stream) == []
        assert peer.reading(body) == stream.events
