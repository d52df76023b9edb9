"""From a profile, a script and a seed to a cassette; equal arguments give equal bytes, on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from harness.cassette.model import Cassette, Interaction, Provenance, RecordedRequest, RecordedResponse
from harness.cassette.synth.chunks import cut
from harness.cassette.synth.ids import Ids
from harness.cassette.synth.items import Maker, Told
from harness.cassette.synth.profile import PROFILES, Profile
from harness.cassette.synth.script import Script
from harness.cassette.synth.scripts import SCRIPTS
from harness.cassette.synth.stream import Asked, Stream, stream, tell_turn
from harness.cassette.synth.words import Words
from harness.cassette.writer import save
from harness.delivery import Framing

DEFAULT_SEED = 1
TOOL = "stream-harness synth 1"
"""Counts up when equal seeds no longer give the bytes they used to give."""

# The day the shapes are of, and its second; no clock is read, or no two runs would agree.
_DATE = "2026-11-22"
_EPOCH = 1_795_305_600


def build(profile: Profile, script: Script, seed: int = DEFAULT_SEED) -> Cassette:
    """The cassette of one conversation."""
    rng = Random(f"{seed}/{profile.name}/{script.name}")
    return Cassette(
        name=f"{profile.name}/{script.name}",
        provenance=Provenance(
            provider=profile.name,
            model=profile.model,
            source="synthesized",
            tool=TOOL,
            date=_DATE,
            notes=f"harness cassettes synth --profile {profile.name} --script {script.name} --seed {seed}",
        ),
        interactions=tuple(_interactions(rng, profile, script)),
        description=script.description,
        tags=(profile.name, script.name),
    )


def build_all(
    profiles: Iterable[Profile] = tuple(PROFILES.values()),
    scripts: Iterable[Script] = tuple(SCRIPTS.values()),
    seed: int = DEFAULT_SEED,
) -> Iterator[Cassette]:
    """Every script in every profile."""
    scripts = tuple(scripts)
    return (build(profile, script, seed) for profile in profiles for script in scripts)


def write_all(root: Path, seed: int = DEFAULT_SEED) -> list[Path]:
    """The whole library, saved below ``root``; returns the folders."""
    return [save(cassette, root) for cassette in build_all(seed=seed)]


def _interactions(rng: Random, profile: Profile, script: Script) -> Iterator[Interaction]:
    created_at = _EPOCH + rng.randrange(86_400)
    words = Words(rng)
    shared = Ids(rng, created_at)
    instructions, cache_key = words.sentence(7), shared.uuid()
    history: list[dict[str, Any]] = [_said(words.sentence(6))]
    previous: Stream | None = None
    tools: list[dict[str, Any]] = []
    for number, turn in enumerate(script.turns):
        second = created_at + 5 * number
        maker = Maker(profile, rng, words, Ids(rng, second))
        told = tell_turn(maker, turn)
        tools = [*tools, *_tools(told)]
        if previous is not None:
            history = _continued(profile, history, previous, words)
        stored = previous.response_id if previous is not None and profile.stores else None
        asked = Asked(second, instructions, cache_key, stored, tools)
        previous = stream(maker, turn, told, asked)
        yield Interaction(_request(profile, history, asked, turn.ending), _response(rng, profile, previous), number)


def _said(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def _tools(told: Iterable[Told]) -> list[dict[str, Any]]:
    return [entry.tool for entry in told if entry.tool is not None]


def _continued(profile: Profile, history: list[dict[str, Any]], last: Stream, words: Words) -> list[dict[str, Any]]:
    """The next turn's input: a result for every call, after everything so far where the provider keeps nothing."""
    results = [
        {"type": "function_call_output", "call_id": item["call_id"], "output": words.sentence(4)}
        for item in last.items
        if item["type"] == "function_call"
    ]
    return results if profile.stores else [*history, *last.items, *results]


def _request(profile: Profile, history: list[dict[str, Any]], asked: Asked, ending: str) -> RecordedRequest:
    limit = {"max_output_tokens": 16} if ending == "incomplete" else {}
    stored = {} if asked.previous_response_id is None else {"previous_response_id": asked.previous_response_id}
    body = {
        "model": profile.model,
        "instructions": asked.instructions,
        "input": history,
        "tools": asked.tools,
        **profile.request,
        "prompt_cache_key": asked.prompt_cache_key,
        **limit,
        **stored,
    }
    marks = tuple(f"header:{name}" for name, value in profile.request_headers if value.startswith("redacted-"))
    return RecordedRequest(path=profile.path, headers=profile.request_headers, body=body, redacted=marks)


def _response(rng: Random, profile: Profile, told: Stream) -> RecordedResponse:
    frames = told.frames
    chunks = cut(rng, frames)
    marks = tuple(f"header:{name}" for name, value in profile.response_headers if value.startswith("redacted-"))
    return RecordedResponse(
        status=200,
        headers=profile.response_headers,
        framing=Framing.CHUNKED,
        body=b"".join(frames),
        chunks=chunks,
        head_ms=rng.randrange(1_000, 2_900) / 10,
        ended_ms=round(chunks[-1][1] + rng.randrange(2, 80) / 10, 1),
        redacted=marks,
    )
