"""What is read off streams, on streams small enough to be counted by hand."""

import json

import pytest

from harness.mutations import Plan
from harness.shape import Stream, Tally, dump, infer
from harness.shape.infer import DAMAGED, NO_TYPE
from harness.shape.lattice import END, START
from harness.wire import encode
from tests.unit.shape.streams import baseline, cassettes, stream, streams


def event(*payloads):
    """The shape of event ``e`` in streams of one event each."""
    return infer([stream({"type": "e", **payload}) for payload in payloads]).event("e")


def test_presence_is_counted_against_the_objects_that_could_have_it():
    fields = event({"a": 1}, {"a": 2, "b": {"c": 1}}, {"b": {}}, {"b": None}).fields
    assert fields["/a"].tally == Tally(2, 2)
    assert fields["/b"].tally == Tally(3, 1)
    assert fields["/b/c"].tally == Tally(1, 1), "only objects can hold a member, null cannot"


def test_types_and_nullability():
    field = event({"a": 1}, {"a": 1.5}, {"a": None}, {"a": "x"}, {"a": ""}, {"a": []}, {"a": {}}, {"a": True}).fields[
        "/a"
    ]
    assert set(field.types) == {"integer", "number", "null", "string", "string:empty", "array", "object", "boolean"}


def test_objects_are_told_apart_by_their_type():
    fields = event({"item": {"type": "message", "text": "x"}}, {"item": {"type": "call"}}, {"item": {}}).fields
    assert fields["/item"].types == {"object:message": 1, "object:call": 1, "object": 1}
    assert fields["/item/<message>/text"].tally == Tally(1, 0), "a call without text takes nothing from the message"


def test_arrays_have_a_length_and_one_shape_of_entries():
    fields = event({"a": []}, {"a": [1, "x"]}).fields
    assert fields["/a"].length == (0, 2)
    assert fields["/a/*"].types == {"integer": 1, "string": 1}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["completed", "in_progress"], {"completed", "in_progress"}),
        (["gpt-5.5", "gpt-5.5-2026-04-23"], {"gpt-5.5", "gpt-5.5-2026-04-23"}),
        (["completed", "Two words"], None),
        (["msg_053b514ce79a09ca01"], None),
        ([f"w{letter}" for letter in "abcdefghijklmnop"], {f"w{letter}" for letter in "abcdefghijklmnop"}),
        ([f"w{letter}" for letter in "abcdefghijklmnopq"], None),
    ],
)
def test_words_that_look_like_an_enumeration(values, words):
    found = event(*({"status": value} for value in values)).fields["/status"].words
    assert found == (None if words is None else frozenset(words))


@pytest.mark.parametrize("name", ["id", "some_id", "delta", "text", "name"])
def test_texts_of_free_members_are_no_enumeration(name):
    assert event({name: "word"}).fields[f"/{name}"].words is None


@pytest.mark.parametrize("name", ["tools", "metadata", "input", "schema"])
def test_what_the_caller_sent_is_not_looked_into(name):
    fields = event({name: {"private": "word"}}, {name: [{"private": "word"}]}).fields
    assert set(fields[f"/{name}"].types) == {"array", "object"}
    assert not [path for path in fields if "private" in path]


def test_a_shape_holds_nothing_that_was_said():
    text = dump(baseline())
    said = set()
    for cassette in cassettes():
        for entry in cassette.interactions:
            for line in entry.response.body.decode().splitlines():
                if line.startswith("data: {"):
                    payload = json.loads(line[6:])
                    said |= {payload[name] for name in ("delta", "text", "arguments") if payload.get(name)}
    longer = {words for words in said if len(words.strip()) > 6}
    assert len(longer) > 20
    assert not [words for words in longer if words in text]


def test_names_that_are_steps_of_a_path_stay_apart():
    fields = event({"*": 1, "<a>": 2, "a/b": 3, "~": 4}).fields
    assert set(fields) == {"", "/type", "/~2", "/~3a>", "/a~1b", "/~0"}


def test_order_first_and_last():
    shape = infer([stream({"type": "a"}, {"type": "b"}, {"type": "b"}), stream({"type": "a"}, whole=False)])
    assert shape.order == {START: {"a": 2}, "a": {"b": 1}, "b": {"b": 1, END: 1}}
    assert shape.first == {"a"}
    assert shape.last == {"b"}


def test_items_and_the_events_of_their_lives():
    message = {"type": "message"}
    shape = infer(
        [
            stream(
                {"type": "added", "output_index": 0, "item": message},
                {"type": "text", "output_index": 0},
                {"type": "added", "output_index": 1, "item": message},
                {"type": "ping"},
            )
        ]
    )
    assert shape.item("message").times == 2
    assert shape.item("message").events == {"added": Tally(2, 0), "text": Tally(1, 1)}


def test_items_without_an_index_are_told_apart_by_id():
    events = [
        {"type": "added", "item": {"type": "message", "id": "m1"}},
        {"type": "text", "item_id": "m1"},
        {"type": "added", "item": {"type": "call", "id": "c1"}},
    ]
    shape = infer([stream(*events)])
    assert shape.item("message").events == {"added": Tally(1, 0), "text": Tally(1, 0)}
    assert shape.item("call").events == {"added": Tally(1, 0)}


@pytest.mark.parametrize(
    ("body", "habit", "tally"),
    [
        (encode("{}", event="x") + encode("{}"), "event-line", Tally(1, 1)),
        (encode("{}", id="1"), "id-line", Tally(1, 0)),
        (encode("{}", retry=5), "retry-line", Tally(1, 0)),
        (encode("{}", comments=["hi"]) + b": alone\n\n", "comment", Tally(2, 0)),
        (encode('{"a":\n1}'), "data-lines", Tally(1, 0)),
        (b"data:{}\n\n", "space", Tally(0, 1)),
        (encode("{}", newline="\r\n"), "crlf", Tally(1, 0)),
        (encode("{}", newline="\r\n"), "cr", Tally(0, 1)),
        (encode("{}", newline="\r"), "cr", Tally(1, 0)),
        (encode("{") + encode("[DONE]"), "not-json", Tally(1, 0)),
        (b"data: \xff\n\n", "not-utf8", Tally(1, 0)),
        (encode("{}") + encode("[DONE]"), "done-marker", Tally(1, 0)),
        (b"\xef\xbb\xbf" + encode("{}"), "byte-order-mark", Tally(1, 0)),
        (encode("{}") + b"data: {}\n", "unterminated", Tally(1, 0)),
    ],
)
def test_habits_of_framing(body, habit, tally):
    assert infer([Stream(body)]).habit(habit) == tally


def test_a_cut_stream_is_not_unterminated():
    assert infer([Stream(b"data: {}\n", whole=False)]).habit("unterminated") == Tally(0, 1)


def test_odd_events_are_filed_under_names_of_their_own():
    shape = infer([Stream(encode("not json") + encode('{"error": 1}') + encode("") + encode("[DONE]"))])
    assert list(shape.events) == [DAMAGED, NO_TYPE]


def test_a_payload_nested_very_deeply():
    deep = '{"type":"e","a":' + "[" * 400 + "]" * 400 + "}"
    assert infer([Stream(encode(deep))]).event("e").fields["/a" + "/*" * 399].length == (0, 0)


def test_the_library_in_numbers():
    shape = baseline()
    assert shape.providers == {"codex"}
    assert shape.streams == len(list(streams(Plan())))
    output = shape.event("response.completed").fields["/response/output"]
    assert output.kinds == {"array"}
    assert output.length[0] > 0
