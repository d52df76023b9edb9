"""The conversation helpers: what each guarantees, for examples and for whatever a careless program has written."""

from __future__ import annotations

import copy
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runtime import consume
from harness.runtime.auxiliary import request_of
from harness.runtime.conversation import (
    INVALID_MARK,
    NO_RESULT,
    assistant_message,
    convert_to_trajectory_format,
    drop_thinking_only_and_merge_users,
    dump_request,
    extract_reasoning,
    input_items,
    merge_users,
    repair_message_sequence,
    sanitize_tool_call_arguments,
    strip_think_blocks,
)
from harness.runtime.errors import HTTPStatusError
from tests.unit.runtime.scripts import call, completed, created, delta, done, message


def user(content):
    return {"role": "user", "content": content}


def said(content, *calls, **more):
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {}), **more}


def made(id, arguments="{}", name="look"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(id, content="seen"):
    return {"role": "tool", "tool_call_id": id, "content": content}


# -- whatever the messages ------------------------------------------------------------------------------------

IDS = st.sampled_from(["a", "b", "", None])
ARGUMENTS = st.sampled_from(["{}", '{"a": 1}', "", "{broken", "[]", "null", None, 3, {"a": 1}, '{"a": NaN}'])
WORDS = st.sampled_from(["", "one", "two", "<think>hm</think>", "<think>left open", "<think>a</think>b", "</think>c"])
CONTENTS = st.one_of(WORDS, st.lists(WORDS.map(lambda text: {"type": "text", "text": text}), max_size=2))
CALLS = st.lists(st.builds(made, IDS, ARGUMENTS), max_size=3)
MESSAGES = st.lists(
    st.one_of(
        st.builds(user, CONTENTS),
        st.builds(lambda content, calls: {**said(content), "tool_calls": calls}, CONTENTS, CALLS),
        st.builds(said, CONTENTS),
        st.builds(result, IDS, WORDS),
        st.builds(lambda content: {"role": "system", "content": content}, WORDS),
    ),
    max_size=8,
)


def words(messages, role):
    """Everything that one role said, without the white space between."""
    contents = (entry["content"] for entry in messages if entry["role"] == role)
    texts = (part if isinstance(part, str) else part["text"] for content in contents for part in content)
    return "".join("".join(texts).split())


HELPERS = [sanitize_tool_call_arguments, repair_message_sequence, drop_thinking_only_and_merge_users, merge_users]


@pytest.mark.parametrize("helper", HELPERS)
@given(messages=MESSAGES)
def test_every_helper_is_pure_idempotent_and_loses_no_word_of_a_user(helper, messages):
    before = copy.deepcopy(messages)
    once = helper(messages)
    assert messages == before
    assert helper(once) == once
    for role in ("user", "system"):
        assert words(once, role) == words(messages, role)


@given(MESSAGES)
def test_after_repair_every_call_has_its_result_and_every_result_its_call(messages):
    repaired = repair_message_sequence(messages)
    waiting = []
    for entry in repaired:
        if entry["role"] == "tool":
            assert entry["tool_call_id"] == waiting.pop(0)
            continue
        assert waiting == []
        waiting = [call["id"] for call in entry.get("tool_calls", ())]
        assert len(set(waiting)) == len(waiting)
        assert all(waiting)
        assert entry.get("tool_calls") != []
    assert waiting == []
    assert not any(a["role"] == b["role"] == "user" for a, b in pairwise(repaired))


@given(MESSAGES)
def test_after_sanitizing_all_arguments_are_objects(messages):
    for entry in sanitize_tool_call_arguments(messages):
        for found in entry.get("tool_calls", ()):
            assert isinstance(json.loads(found["function"]["arguments"]), dict)


@given(MESSAGES)
def test_together_they_make_a_request_that_can_be_sent(messages):
    whole = drop_thinking_only_and_merge_users(repair_message_sequence(sanitize_tool_call_arguments(messages)))
    items = request_of(whole)["input"]
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    assert [item["call_id"] for item in items if item.get("type") == "function_call_output"] == calls
    assert words(whole, "user") == words(messages, "user")


@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", "\n<think>", "<think>a</think>b", "<thinking></think>", "<think"]
)
def test_stripping_costs_one_pass_however_many_tags(piece):
    text = piece * 50_000
    assert "a" not in strip_think_blocks(f"{text}</thought>")


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<thinking>", "</thinking>", "<thi", "nk>", "\n", " ", "word"]))
)
def test_stripping_is_idempotent_whatever_the_text(pieces):
    text = "".join(pieces)
    stripped = strip_think_blocks(text)
    assert strip_think_blocks(stripped) == stripped
    if "think" not in text:
        assert stripped == text.strip()


# -- arguments ------------------------------------------------------------------------------------------------


def test_valid_arguments_stay_as_they_were_written():
    given_ = [said(None, made("a", '{"a" :  1}')), result("a")]
    assert sanitize_tool_call_arguments(given_) == given_


@pytest.mark.parametrize("arguments", ["{broken", "[]", "null", '"x"', 3, ["a"], '{"a": 1', "[" * 100_000])
def test_invalid_arguments_become_none_and_the_result_is_marked(arguments):
    clean = sanitize_tool_call_arguments([said(None, made("a", arguments)), result("a", "error: bad JSON")])
    assert clean == [said(None, made("a", "{}")), result("a", f"{INVALID_MARK}\nerror: bad JSON")]


def test_a_result_is_made_where_there_is_none():
    clean = sanitize_tool_call_arguments([said(None, made("a", "{"), made("b")), result("b"), user("go on")])
    assert clean == [
        said(None, made("a", "{}"), made("b")),
        result("b"),
        result("a", INVALID_MARK),
        user("go on"),
    ]
    assert sanitize_tool_call_arguments([said(None, made("a", "{"))])[1] == result("a", INVALID_MARK)


@pytest.mark.parametrize(("arguments", "expected"), [("", "{}"), (None, "{}"), ("  ", "{}"), ({"a": 1}, '{"a": 1}')])
def test_no_arguments_and_objects_are_not_invalid(arguments, expected):
    assert sanitize_tool_call_arguments([said(None, made("a", arguments)), result("a")]) == [
        said(None, made("a", expected)),
        result("a"),
    ]


# -- sequence -------------------------------------------------------------------------------------------------


def test_a_whole_conversation_is_left_alone():
    given_ = [user("go"), said("Hm.", made("a"), made("b")), result("a"), result("b"), said("Done."), user("thanks")]
    assert repair_message_sequence(given_) == given_


def test_results_come_home_and_the_lost_are_made():
    given_ = [said(None, made("a"), made("b"), made("c")), user("well?"), result("c", "3"), result("a", "1")]
    assert repair_message_sequence(given_) == [
        said(None, made("a"), made("b"), made("c")),
        result("a", "1"),
        result("b", NO_RESULT),
        result("c", "3"),
        user("well?"),
    ]


def test_results_of_nothing_and_second_results_are_left_out():
    given_ = [result("x"), said(None, made("a")), result("a", "1"), result("a", "2"), said("Done.")]
    assert repair_message_sequence(given_) == [said(None, made("a")), result("a", "1"), said("Done.")]


def test_an_id_used_again_in_a_later_message_is_that_messages():
    given_ = [said(None, made("a")), result("a", "1"), said(None, made("a")), result("a", "2")]
    assert repair_message_sequence(given_) == given_


def test_calls_without_an_id_of_their_own_get_one():
    repaired = repair_message_sequence(
        [said(None, made("a"), made("a"), made(None)), result("a", "1"), result("a", "2")]
    )
    calls = [entry["id"] for entry in repaired[0]["tool_calls"]]
    assert calls == ["a", "call_repaired_1", "call_repaired_2"]
    assert [entry["content"] for entry in repaired[1:]] == ["1", "2", NO_RESULT]


def test_users_in_a_row_become_one_pictures_included():
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    assert repair_message_sequence([user("one"), user("two")]) == [user("one\n\ntwo")]
    assert repair_message_sequence([user("one"), user([picture])]) == [user([{"type": "text", "text": "one"}, picture])]


# -- thinking -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "stripped"),
    [
        ("<think>hm</think>Yes.", "Yes."),
        ("<THINK>hm\nhm</think>\n\nYes.", "Yes."),
        ("Yes.<reasoning>hm</reasoning>No.", "Yes.No."),
        ("<thinking mode='x'>hm</thinking>Yes.", "Yes."),
        ("Yes.\n<think>cut off", "Yes."),
        ("hm</think>Yes.", "hmYes."),
        ("Yes. <thi<think>a</think>nk>b</think>", "Yes. <think>b"),
        ("<think>a<reasoning>b</reasoning>c</think>Yes.", "Yes."),
        ("Write <think> before it.", "Write <think> before it."),
        ("a < b > c, thinking", "a < b > c, thinking"),
        ("<thinker>no</thinker>", "<thinker>no</thinker>"),
        ("", ""),
    ],
)
def test_strip_think_blocks(answer, stripped):
    assert strip_think_blocks(answer) == stripped


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (said("Yes.", reasoning="one"), "one"),
        (said("Yes.", reasoning="one", reasoning_content="one"), "one"),
        (said("Yes.", reasoning_content="one", reasoning_details=[{"summary": "two"}, {"text": "three"}, 4]), "one\n\ntwo\n\nthree"),
        (said("<think>one</think>Yes.<think>two"), "one"),
        (said("<think>one</think>Yes.\n<think>two"), "one\n\ntwo"),
        (said("<think>ignored</think>Yes.", reasoning="one"), "one"),
        (said("Yes.", reasoning=None), None),
        (said(None), None),
    ],
)  # fmt: skip
def test_extract_reasoning(given_, expected):
    assert extract_reasoning(given_) == expected


def test_messages_of_thinking_alone_go_and_users_close_ranks():
    given_ = [user("one"), said("<think>hm</think>"), said(None), user("two"), said("Yes.")]
    assert drop_thinking_only_and_merge_users(given_) == [user("one\n\ntwo"), said("Yes.")]


@pytest.mark.parametrize(
    "kept",
    [
        said(None, made("a")),
        said("", refusal="No."),
        said([{"type": "image_url", "image_url": {"url": "x"}}]),
        said("<think>hm</think>Yes."),
    ],
)
def test_what_says_anything_is_kept(kept):
    assert drop_thinking_only_and_merge_users([kept]) == [kept]


# -- trajectory -----------------------------------------------------------------------------------------------


def test_a_trajectory():
    turns = convert_to_trajectory_format(
        [
            {"role": "system", "content": "Be brief."},
            user([{"type": "text", "text": "go"}]),
            said("Hm.", made("a", '{"q": "é"}'), reasoning="why"),
            result("a", '{"n": 1}'),
            result("x", "lost"),
            said("<think>so</think>Done."),
        ]
    )
    assert turns == [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "go"},
        {
            "from": "gpt",
            "value": '<think>\nwhy\n</think>\nHm.\n<tool_call>\n{"name": "look", "arguments": {"q": "é"}}\n</tool_call>',
        },
        {
            "from": "tool",
            "value": '<tool_response>\n{"tool_call_id": "a", "name": "look", "content": {"n": 1}}\n</tool_response>\n'
            '<tool_response>\n{"tool_call_id": "x", "name": "unknown", "content": "lost"}\n</tool_response>',
        },
        {"from": "gpt", "value": "<think>\nso\n</think>\nDone."},
    ]


def test_a_trajectory_has_no_holes():
    with pytest.raises(ValueError, match="narrator"):
        convert_to_trajectory_format([{"role": "narrator", "content": "x"}])


@given(MESSAGES)
def test_whatever_can_be_repaired_can_be_a_trajectory(messages):
    turns = convert_to_trajectory_format(repair_message_sequence(sanitize_tool_call_arguments(messages)))
    human = "".join("".join(turn["value"] for turn in turns if turn["from"] == "human").split())
    assert human == words(messages, "user")


# -- dump -----------------------------------------------------------------------------------------------------

KEY = "sk-proj-" + "a1B2" * 8
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123"


def dumped(**changes):
    request = {
        "method": "POST",
        "url": f"https://name:{KEY}@api.example.org/v1/responses?key={KEY}",
        "headers": {"Authorization": f"Bearer {KEY}", "X-New-Key": "abc", "Content-Type": "application/json"},
        "body": {
            "model": "m",
            "input": [user(f"my key is {KEY}, my token {JWT}")],
            "metadata": {"api_key": "short", "Access-Token": "short"},
            "tools": [{"name": "login", "parameters": {"properties": {"token": {"type": "string"}}}}],
            "max_tokens": 5,
        },
    }
    return dump_request(**{**request, **changes})


def test_a_dump_shows_no_secret():
    dump = dumped(error=HTTPStatusError(f"Incorrect API key provided: {KEY}", code="invalid_api_key", status=401))
    written = json.dumps(dump)
    for secret in (KEY, JWT, "short", '"abc"'):
        assert secret not in written
    assert dump["error"]["kind"] == "auth"


def test_a_dump_shows_the_rest():
    dump = dumped()
    assert dump["url"].endswith("@api.example.org/v1/responses")
    assert dump["headers"]["Content-Type"] == "application/json"
    assert dump["body"]["model"] == "m"
    assert dump["body"]["max_tokens"] == 5
    assert dump["body"]["tools"][0]["parameters"]["properties"]["token"] == {"type": "string"}
    assert dump["body"]["input"][0]["content"].startswith("my key is [redacted], my token ")
    assert "error" not in dump


def test_a_dump_changes_nothing():
    body = {"api_key": "x", "input": [KEY]}
    before = copy.deepcopy(body)
    dumped(body=body)
    assert body == before


# -- from one turn to the next --------------------------------------------------------------------------------

REASONING = done(0, "rs", "reasoning", summary=[{"type": "summary_text", "text": "Hm."}], encrypted_content="sealed")


def test_a_result_as_a_message_and_as_items():
    turn = consume([created(), REASONING, *message(1, "m", "Look."), *call(2, "c", '{"a":1}'), completed()])
    assert assistant_message(turn) == said("Look.", made("call_c", '{"a":1}'), reasoning_content="Hm.")
    assert [item["type"] for item in input_items(turn)] == ["reasoning", "message", "function_call"]
    assert input_items(turn)[0]["encrypted_content"] == "sealed"


def test_items_of_unknown_types_go_back_as_they_came():
    item = {"id": "w", "type": "web_search_call", "status": "completed", "action": {"query": "x"}}
    turn = consume([created(), {"type": "response.output_item.done", "output_index": 0, "item": item}, completed()])
    assert input_items(turn) == [item]


def test_a_refusal_as_a_message_and_as_an_item():
    turn = consume([created(), done(0, "m", content=[{"type": "refusal", "refusal": "No."}]), completed()])
    assert assistant_message(turn) == said(None, refusal="No.")
    assert input_items(turn)[0]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_call_that_may_not_be_made_is_in_neither():
    with pytest.raises(Exception, match="terminal") as caught:
        consume([created(), *call(0, "c", "{}")[:1], delta(0, "c", '{"a"', "function_call_arguments")])
    assert assistant_message(caught.value.partial) == said(None)
    assert input_items(caught.value.partial) == []
