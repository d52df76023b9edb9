"""Every operator: what it does to a known stream, and that it says so when it did nothing."""

import contextlib
from dataclasses import fields, replace

import pytest
from jsonschema import Draft202012Validator

from harness.delivery import Cut, Delivery, End, Framing, Head, Reset, Send, Stall, Wait
from harness.mutations import Operator, Plan, Selector, Take, Unmatched, operators
from harness.wire import decode
from tests.unit.mutations.streams import TEXT, delivery, payloads

BASE = delivery()
EMPTY = Delivery((Head(), End()))


def mutate(written, base=BASE):
    (mutation,) = Plan.from_json([written]).mutations
    return mutation.operator.apply(Take.of(base)).delivery()


def sends(got):
    return [action.data for action in got.actions if isinstance(action, Send)]


def test_patch():
    got = mutate({"patch": {"at": "terminal", "edit": [{"op": "replace", "path": "/response/output", "value": 3}]}})
    assert payloads(got)[-1]["response"]["output"] == 3
    assert sends(got)[:-1] == sends(BASE)[:-1]


def test_patch_leaves_the_event_line_alone():
    got = mutate({"patch": {"at": "terminal", "edit": [{"op": "replace", "path": "/type", "value": "x"}]}})
    assert decode(got.body)[0][-1].event == "response.completed"
    assert payloads(got)[-1]["type"] == "x"


def test_patch_skips_events_that_it_does_not_fit():
    got = mutate({"patch": {"at": "*", "edit": [{"op": "remove", "path": "/item_id"}]}})
    assert not any("item_id" in payload for payload in payloads(got))


def test_patch_that_fits_nowhere():
    with pytest.raises(Unmatched, match="nothing at /nope"):
        mutate({"patch": {"at": "*", "edit": [{"op": "remove", "path": "/nope"}]}})


def test_rename_changes_both_names():
    got = mutate({"rename": {"at": "terminal", "to": "response.done"}})
    assert decode(got.body)[0][-1].event == payloads(got)[-1]["type"] == "response.done"


def test_rename_adds_no_event_line():
    got = mutate({"rename": {"at": "terminal", "to": "response.done"}}, delivery(named=False))
    assert decode(got.body)[0][-1].event == ""


def test_data():
    assert payloads(mutate({"data": {"at": {"nth": 0}, "text": "{"}}))[0] == "{"


def test_rotate_ids_gives_every_event_another():
    ids = [p.get("item_id") or p["item"]["id"] for p in payloads(mutate({"rotate-ids": {}})) if "output_index" in p]
    assert len(set(ids)) == len(ids) == 7


def test_drop():
    assert payloads(mutate({"drop": {"at": "*.delta"}})) == [p for p in TEXT if not p["type"].endswith(".delta")]


def test_duplicate():
    assert payloads(mutate({"duplicate": {"at": "terminal", "times": 2}})) == [*TEXT, TEXT[-1], TEXT[-1]]


@pytest.mark.parametrize(
    ("to", "place", "order"),
    [
        ({"nth": 0}, "before", [8, 0, 1, 2, 3, 4, 5, 6, 7]),
        ({"nth": 0}, "after", [0, 8, 1, 2, 3, 4, 5, 6, 7]),
        ({"nth": -2}, "before", [0, 1, 2, 3, 4, 5, 6, 8, 7]),
    ],
)
def test_move(to, place, order):
    got = mutate({"move": {"at": "terminal", "to": to, "place": place}})
    assert payloads(got) == [TEXT[number] for number in order]


def test_move_forwards_keeps_the_order_of_the_moved():
    got = mutate({"move": {"at": {"output_index": 0}, "to": "terminal", "place": "before"}})
    assert payloads(got) == [TEXT[number] for number in [0, 5, 6, 7, 1, 2, 3, 4, 8]]


@pytest.mark.parametrize("to", ["terminal", {"nth": -2}])
def test_move_to_where_it_is(to):
    with pytest.raises(Unmatched):
        mutate({"move": {"at": "terminal", "to": to}})


def test_insert_writes_as_its_neighbour_does():
    frames = [{"payload": {"type": "new"}}, {"comment": "hi"}, {"data": "[DONE]"}, {"data": "a\nb", "event": "e"}]
    written = {"insert": {"at": {"nth": 0}, "place": "before", "frames": frames}}
    got = mutate(written, delivery(newline="\r\n"))
    first = b'event: new\r\ndata: {"type":"new"}\r\n\r\n: hi\r\n\r\ndata: [DONE]\r\n\r\nevent: e\r\ndata: a\r\ndata: b\r\n\r\n'
    assert got.body == first + delivery(newline="\r\n").body
    assert b"event: new" not in mutate(written, delivery(named=False)).body


def test_insert_after_each_selected():
    got = mutate({"insert": {"at": "*.delta", "frames": [{"payload": {"type": "keepalive"}}]}})
    assert [p["type"] for p in payloads(got)].count("keepalive") == 3


@pytest.mark.parametrize("shape", ["flat", "nested", "string", "typeless", "event-line", "alias", "failed"])
def test_error_frames_are_terminals_that_carry_the_words(shape):
    from harness.protocols.responses.event import decode_all
    from harness.protocols.responses.reading.terminal import terminal_of

    written = {"at": {"nth": 0}, "shape": shape, "place": "before", "code": "c_1", "message": "The words."}
    first = decode_all(decode(mutate({"error-frame": written}).body)[0])[0]
    terminal = terminal_of(first)
    assert terminal is not None
    assert "The words." in first.data
    assert "The words." in (terminal.error.message or "")


def test_answer():
    got = mutate({"answer": {"status": 429, "headers": [["retry-after", "0"]], "body": {"error": "no"}}})
    assert got == Delivery(
        (
            Head(429, (("content-type", "application/json"), ("retry-after", "0")), Framing.LENGTH),
            Send(b'{"error":"no"}'),
            End(),
        )
    )


def test_answer_without_body():
    assert sends(mutate({"answer": {"status": 204, "content_type": None}})) == []


@pytest.mark.parametrize(("to", "newline"), [("lf", "\n"), ("cr", "\r"), ("crlf", "\r\n")])
def test_newline(to, newline):
    base = delivery(newline="\n" if to != "lf" else "\r")
    assert mutate({"newline": {"to": to}}, base).body == delivery(newline=newline).body


def test_nameless():
    assert mutate({"nameless": {}}).body == delivery(named=False).body


def test_comment():
    frames = decode(mutate({"comment": {"text": "x", "at": "*.delta"}}).body)[0]
    assert [frame.comments for frame in frames].count(("x",)) == 3


def test_byte_order_mark_goes_before_everything_and_only_once():
    got = mutate({"bom": {}})
    assert got.body == b"\xef\xbb\xbf" + BASE.body
    with pytest.raises(Unmatched):
        mutate({"bom": {}}, got)


def test_a_frame_with_a_byte_order_mark_can_still_be_edited():
    got = mutate({"rename": {"at": {"nth": 0}, "to": "x"}}, mutate({"bom": {}}))
    assert got.body.startswith(b'\xef\xbb\xbfevent: x\ndata: {"type":"x"')


def test_unterminated():
    assert mutate({"unterminated": {}}).body == BASE.body[:-1]


def test_chunk_size():
    got = mutate({"chunk-size": {"size": 7}})
    assert {len(data) for data in sends(got)[:-1]} == {7}
    assert got.body == BASE.body


def test_one_chunk():
    assert sends(mutate({"one-chunk": {}})) == [BASE.body]


def test_split_characters():
    got = sends(mutate({"split-characters": {}}))
    assert [data[-1:] for data in got[:-1]] == ["ü".encode()[:1], "ß".encode()[:1]]
    with pytest.raises(Unmatched):
        mutate({"split-characters": {}}, delivery(TEXT[:2]))


@pytest.mark.parametrize(("by", "ending"), [("end", End()), ("cut", Cut()), ("reset", Reset()), ("stall", Stall())])
def test_stop_endings(by, ending):
    got = mutate({"stop": {"at": {"nth": 1}, "by": by}})
    assert got.ending == ending
    assert payloads(got) == TEXT[:2]


@pytest.mark.parametrize(
    ("inside", "left"),
    [("before", lambda raw: 0), ("start", lambda raw: 1), ("middle", lambda raw: len(raw) // 2), ("after", len)],
)
def test_stop_places(inside, left):
    first, second = sends(BASE)[:2]
    got = mutate({"stop": {"at": {"nth": 1}, "inside": inside}})
    assert got.body == first + second[: left(second)]


def test_stop_inside_a_character_finds_the_first_one():
    got = mutate({"stop": {"at": "*", "inside": "character"}})
    with pytest.raises(UnicodeDecodeError):
        got.body.decode()
    assert got.body == BASE.body[: BASE.body.index("ü".encode()) + 1]


def test_a_cut_in_content_length_framing_has_promised_the_whole():
    got = mutate({"stop": {"at": {"nth": 1}}}, delivery(framing=Framing.LENGTH))
    assert got.content_length == len(BASE.body)


@pytest.mark.parametrize("byte", [0, 1, 200, len(BASE.body) - 1, len(BASE.body), -1, -200])
def test_stop_at_byte(byte):
    got = mutate({"stop-at-byte": {"byte": byte}})
    assert got.body == BASE.body[: byte if byte >= 0 else len(BASE.body) + byte]


@pytest.mark.parametrize("byte", [len(BASE.body) + 1, -len(BASE.body) - 1])
def test_stop_at_a_byte_that_is_not_there(byte):
    with pytest.raises(Unmatched):
        mutate({"stop-at-byte": {"byte": byte}})


def test_the_earlier_of_two_stops_counts():
    plan = Plan.from_json([{"stop": {"at": {"nth": 3}}}, {"stop": {"at": {"nth": 1}, "by": "end"}}])
    take = Take.of(BASE)
    for mutation in plan.mutations:
        take = mutation.operator.apply(take)
    assert take.delivery().ending == End()
    assert payloads(take.delivery()) == TEXT[:2]


def test_unanswered():
    assert mutate({"unanswered": {"by": "reset"}}) == Delivery((Reset(),))


def test_finish():
    assert mutate({"finish": {"by": "stall"}}).actions == (*BASE.actions[:-1], Stall())


@pytest.mark.parametrize("off_by", [-5, 0, 5])
def test_framing(off_by):
    got = mutate({"framing": {"to": "content-length", "off_by": off_by}})
    assert got.content_length == len(BASE.body) + off_by
    assert got.body == BASE.body


def test_framing_states_the_length_of_what_later_operators_leave():
    plan = [{"framing": {"to": "content-length", "off_by": 4}}, {"drop": {"at": "*.delta"}}]
    take = Take.of(BASE)
    for mutation in Plan.from_json(plan).mutations:
        take = mutation.operator.apply(take)
    got = take.delivery()
    assert got.content_length == len(got.body) + 4


def test_header():
    assert mutate({"header": {"header": "Content-Type", "value": None}}).head.headers == ()
    assert mutate({"header": {"header": "x-a", "value": "b"}}).head.headers[-1] == ("x-a", "b")


@pytest.mark.parametrize(("place", "position"), [("before", 2), ("after", 3)])
def test_wait(place, position):
    got = mutate({"wait": {"at": {"nth": 1}, "ms": 50, "place": place}})
    assert got.actions[position] == Wait(50)
    assert got.body == BASE.body


def test_waiting_after_the_last_frame_is_waiting_for_the_end():
    assert mutate({"wait": {"at": "terminal", "ms": 50, "place": "after"}}).actions[-2:] == (Wait(50), End())


def test_wait_for_head():
    assert mutate({"wait-for-head": {"ms": 9}}).actions[0] == Wait(9)


TAKE = Take.of(BASE)
AIMED = [name for name, operator in operators().items() if "at" in operator.parameters and operator.space(TAKE)]


@pytest.mark.parametrize("name", AIMED)
def test_an_operator_that_finds_no_frame_says_so(name):
    astray = replace(operators()[name].space(TAKE)[0], at=Selector("no.such.event"))
    with pytest.raises(Unmatched, match=r"no\.such\.event"):
        astray.apply(TAKE)


@pytest.mark.parametrize("name", operators())
def test_every_operator_is_described(name):
    operator: type[Operator] = operators()[name]
    assert operator.name == name
    assert operator.meaning().endswith(".")
    assert operator.incident.endswith(".")
    assert set(operator.schema()["properties"]) == {spec.name for spec in fields(operator)}
    Draft202012Validator.check_schema(operator.schema())


@pytest.mark.parametrize("name", operators())
def test_an_answer_without_body_gets_none_unless_it_is_replaced(name):
    """No operator may fail on it in any other way than by saying that there is nothing to do."""
    operator, replaces = operators()[name], operators()[name].__module__.endswith(".answer")
    drawn = list(operator.space(TAKE)[:3])
    for one in drawn:
        with contextlib.suppress(Unmatched):
            assert replaces or one.apply(Take.of(EMPTY)).delivery().body == b""
    for one in operator.space(Take.of(EMPTY))[:3]:
        one.apply(Take.of(EMPTY)).delivery()
