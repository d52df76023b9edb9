"""The synthesized library: equal seeds give equal bytes, and every stream is one a provider could have sent."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from harness.cassette import delivery_of, load_all
from harness.cassette.synth import PROFILES, SCRIPTS, build, build_all
from harness.cassette.writer import files
from harness.delivery import Send
from harness.protocols.responses.lint import Level, lint
from harness.wire import decode

LIBRARY = Path(__file__).parents[3] / "cassettes"
ALL = {cassette.name: cassette for cassette in build_all()}
STREAMS = {f"{name}/{entry.turn}": entry.response for name, cassette in ALL.items() for entry in cassette.interactions}
ENDED_EARLY = {"incomplete": "response.incomplete", "failed": "response.failed"}

every_cassette = pytest.mark.parametrize("name", sorted(ALL))
every_stream = pytest.mark.parametrize("name", sorted(STREAMS))


def events(name: str) -> list[dict]:
    frames, tail = decode(STREAMS[name].body)
    assert tail is None
    return [json.loads(frame.data) for frame in frames]


def of_type(name: str, kind: str) -> list[dict]:
    return [event for event in events(name) if event["type"] == kind]


def test_both_families_hold_every_script():
    assert set(ALL) == {f"{profile}/{script}" for profile in ("codex", "openai") for script in SCRIPTS}


@every_cassette
def test_the_committed_folder_is_what_the_seed_gives(name):
    folder = LIBRARY / name
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files(ALL[name])


def test_the_committed_library_loads():
    loaded = {cassette.name: cassette for profile in PROFILES for cassette in load_all(LIBRARY / profile)}
    assert loaded == ALL


def test_another_seed_gives_other_text_of_the_same_shape():
    first, second = (build(PROFILES["openai"], SCRIPTS["failed"], seed) for seed in (1, 2))
    bodies = [cassette.interactions[0].response.body for cassette in (first, second)]
    assert bodies[0] != bodies[1]
    kinds = [[json.loads(frame.data)["type"] for frame in decode(body)[0]] for body in bodies]
    assert kinds[0] == kinds[1]


@every_stream
def test_no_lint_error(name):
    remarks = lint(*decode(STREAMS[name].body))
    assert [remark for remark in remarks if remark.level is Level.ERROR] == []


@every_stream
def test_frames_are_framed_as_the_provider_does(name):
    for frame in decode(STREAMS[name].body)[0]:
        event = json.loads(frame.data)
        assert frame.event == event["type"]
        assert frame.raw.startswith(b"event: ")
        compact = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        assert compact == frame.data


@every_stream
def test_one_prelude_one_terminal(name):
    kinds = [event["type"] for event in events(name)]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    ending = ENDED_EARLY.get(name.split("/")[1], "response.completed")
    assert [kind for kind in kinds if kind in {*ENDED_EARLY.values(), "response.completed"}] == [kinds[-1]] == [ending]
    numbers = [event["sequence_number"] for event in events(name) if event["type"].startswith("response.")]
    assert numbers == list(range(len(numbers)))


@every_stream
def test_deltas_are_what_done_events_say(name):
    told: dict[tuple, str] = {}
    for event in events(name):
        stem, _, step = event["type"].rpartition(".")
        place = (stem, event.get("item_id"), event.get("content_index"), event.get("summary_index"))
        if step == "delta":
            told[place] = told.get(place, "") + event["delta"]
            assert (len(event["delta"]) + len(event["obfuscation"])) % 16 == 0
        elif place in told:
            assert told[place] in event.values()


@every_stream
def test_the_snapshot_is_what_the_items_say(name):
    response = events(name)[-1]["response"]
    done = sorted(of_type(name, "response.output_item.done"), key=lambda event: event["output_index"])
    assert response["output"] == [event["item"] for event in done]
    usage = response["usage"]
    if usage is not None:
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@every_stream
def test_chunks_are_cut_and_joined(name):
    response = STREAMS[name]
    starts = {frame.start for frame in decode(response.body)[0]}
    offsets = {offset for offset, _ in response.chunks}
    times = [ms for _, ms in response.chunks]
    assert times == sorted(times)
    assert response.head_ms <= times[0]
    assert times[-1] <= response.ended_ms
    assert b"".join(a.data for a in delivery_of(response).actions if isinstance(a, Send)) == response.body
    assert offsets - starts or starts - offsets


def test_the_library_as_a_whole_cuts_every_way():
    inside_character = inside_frame = joined = 0
    for response in STREAMS.values():
        starts = {frame.start for frame in decode(response.body)[0]}
        for offset, _ in response.chunks:
            inside_frame += offset not in starts
            inside_character += response.body[offset] & 0xC0 == 0x80
        edges = [*(offset for offset, _ in response.chunks), len(response.body)]
        joined += sum(sum(start <= at < end for at in starts) > 1 for start, end in pairwise(edges))
    assert min(inside_character, inside_frame, joined) > 20


def test_the_text_breaks_what_can_be_broken():
    text = "".join(event.get("delta", "") for name in STREAMS for event in events(name))
    for piece in ('"', "\\", "\n\n", "\t", "\ndata: ", "🦊", "👩‍🚀", "漢字", "سلام", "e\u0301"):
        assert piece in text, piece


@pytest.mark.parametrize("profile", PROFILES)
def test_calls_and_messages_really_interleave(profile):
    for script, kind, expected in (
        ("parallel-calls", "response.function_call_arguments.delta", {0, 1}),
        ("commentary-final", "response.output_text.delta", {1, 2}),
    ):
        indexes = [event["output_index"] for event in of_type(f"{profile}/{script}/0", kind)]
        turns = [index for index, after in pairwise([*indexes, None]) if index != after and index in expected]
        assert set(turns) == expected
        assert len(turns) > 4


def test_what_only_codex_does():
    for name in STREAMS:
        codex = name.startswith("codex/")
        assert len(of_type(name, "codex.rate_limits")) == (1 if codex else 0)
        for event in of_type(name, "response.output_item.done"):
            item = event["item"]
            assert ("phase" in item) or item["type"] != "message" or not codex
            assert ("encrypted_content" in item) == (codex and item["type"] == "reasoning")


@pytest.mark.parametrize("profile", PROFILES)
def test_phases_refusals_and_arguments(profile):
    def done(script: str) -> list[dict]:
        return [event["item"] for event in of_type(f"{profile}/{script}/0", "response.output_item.done")]

    assert sorted(item["phase"] for item in done("commentary-final")) == ["commentary", "commentary", "final_answer"]
    assert done("refusal")[0]["content"][0]["type"] == "refusal"
    assert len(done("two-parts")[0]["content"]) == 2
    assert [item["type"] for item in done("custom-and-hosted")] == ["web_search_call", "message", "custom_tool_call"]
    assert len(done("custom-and-hosted")[1]["content"][0]["annotations"]) == 2
    assert [item["type"] for item in done("two-searches")] == ["reasoning", *["web_search_call"] * 2, "message"]
    assert [item["type"] for item in done("reasoning-between")] == ["reasoning", "message"] * 2
    assert [item["type"] for item in done("text-then-call")] == ["message", "function_call"]
    assert [item["type"] for item in done("custom-call")] == ["reasoning", "custom_tool_call"]
    assert of_type(f"{profile}/arguments-done-only/0", "response.function_call_arguments.delta") == []
    assert json.loads(done("arguments-done-only")[0]["arguments"])["query"]
    assert of_type(f"{profile}/failed/0", "response.output_text.delta")
    assert done("failed") == []
    assert 55 <= len(events(f"{profile}/long-text/0")) <= 65


@pytest.mark.parametrize("script", ["multi-turn", "two-rounds"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_later_turn_answers_the_call_of_the_one_before(profile, script):
    for before, after in pairwise(ALL[f"{profile}/{script}"].interactions):
        stream = f"{profile}/{script}/{before.turn}"
        call = of_type(stream, "response.output_item.done")[-1]["item"]
        sent = after.request.body["input"]
        assert sent[-1]["type"] == "function_call_output"
        assert sent[-1]["call_id"] == call["call_id"]
        if PROFILES[profile].stores:
            assert after.request.body["previous_response_id"] == events(stream)[0]["response"]["id"]
            assert len(sent) == 1
        else:
            assert sent[: len(before.request.body["input"])] == before.request.body["input"]
            assert call in sent
