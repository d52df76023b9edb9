"""Small cassettes for tests, by hand and drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from harness.cassette import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse, save
from harness.delivery import Framing

BODY = b'event: a\ndata: {"type":"a"}\n\ndata: [DONE]\n\n'
PROVENANCE = Provenance("acme", "recorded", "test 1", "2026-11-22", model="m-1")
RESPONSE = RecordedResponse(
    status=200,
    headers=(("Content-Type", "text/event-stream"),),
    framing=Framing.CHUNKED,
    body=BODY,
    chunks=((0, 10.5), (7, 12)),
    head_ms=4,
    ended_ms=20,
)


def cassette(*interactions: Interaction, name: str = "acme/one", **fields) -> Cassette:
    return Cassette(name, PROVENANCE, interactions or (Interaction(RecordedRequest(), RESPONSE),), **fields)


def answered(**fields) -> Cassette:
    """One interaction, its response changed."""
    return cassette(Interaction(RecordedRequest(), replace(RESPONSE, **fields)))


def asked(**fields) -> Cassette:
    """One interaction, its request changed."""
    return cassette(Interaction(RecordedRequest(**fields), RESPONSE))


def written(root: Path, made: Cassette | None = None) -> Path:
    return save(made or cassette(), root)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def responses(draw) -> RecordedResponse:
    body = draw(st.binary(max_size=80))
    inner = draw(st.sets(st.integers(1, max(1, len(body) - 1)), max_size=6)) if len(body) > 1 else set()
    offsets = sorted({0, *inner}) if body else []
    times = sorted(draw(st.lists(st.integers(0, 99_999), min_size=len(offsets), max_size=len(offsets))))
    return RecordedResponse(
        status=draw(st.integers(100, 999)),
        headers=(("Content-Type", draw(_TEXT)),),
        framing=draw(st.sampled_from(Framing)),
        body=body,
        chunks=tuple((offset, tenth / 10) for offset, tenth in zip(offsets, times, strict=True)),
        ending=draw(st.sampled_from(["fin", "cut", "reset", "stall", "client-abort"])),
        head_ms=draw(st.integers(0, 99)) / 10,
        ended_ms=draw(st.integers(0, 99)) / 10,
    )


@st.composite
def spoken(draw, turn: int = 0) -> Interaction:
    """One turn of a process that speaks in lines."""
    written = draw(responses())
    after = sorted(draw(st.lists(st.integers(0, len(written.body)), max_size=3)))
    lines = [{"after": offset, "line": draw(st.dictionaries(_TEXT, _JSON, max_size=2))} for offset in after]
    response = RecordedResponse(
        status=None,
        headers=(),
        framing=Framing.CLOSE,
        body=written.body,
        chunks=written.chunks,
        ending=draw(st.sampled_from(["fin", "cut", "stall"])),
        ended_ms=written.ended_ms,
        exit_code=draw(st.integers(-31, 255)),
        stderr=draw(_TEXT),
    )
    return Interaction(RecordedRequest(method="STDIO", path="codex app-server", body=lines), response, turn)


@st.composite
def cassettes(draw) -> Cassette:
    kind, turns = draw(st.sampled_from(["sse", "jsonl"])), draw(st.integers(1, 2))
    if kind == "jsonl":
        interactions = tuple(draw(spoken(turn)) for turn in range(turns))
    else:
        interactions = tuple(
            Interaction(RecordedRequest(body=draw(_JSON)), draw(responses()), turn, attempt)
            for turn in range(turns)
            for attempt in range(draw(st.integers(1, 2)))
        )
    return cassette(
        *interactions,
        kind=kind,
        description=draw(_TEXT),
        tags=tuple(draw(st.lists(_TEXT.filter(bool), max_size=2))),
    )
