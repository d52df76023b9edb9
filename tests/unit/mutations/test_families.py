"""The operators one by one, on a stream small enough to say what must come out."""

import pytest

from harness.delivery import Send, Wait
from harness.mutations import Plan, Take, Unmatched, operators
from harness.mutations.example import STREAM
from harness.protocols.responses.event import decode_all
from harness.wire import decode
from tests.unit.mutations.streams import payloads

EVENTS = payloads(STREAM)
CREATED, ADDED, DELTA, MORE, DONE, CALL, ARGUMENTS, CALL_DONE, END = range(9)


def mutate(name, base=STREAM, **parameters):
    (mutation,) = Plan.from_json([{name: parameters}]).mutations
    return mutation.operator.apply(Take.of(base)).delivery()


def after(name, **parameters):
    return payloads(mutate(name, **parameters))


def types(events):
    return [event["type"] for event in events]


def without(members, *names):
    return {name: value for name, value in members.items() if name not in names}


def differing(events):
    """Positions of the events that are not what they were."""
    assert len(events) == len(EVENTS)
    return [position for position, event in enumerate(events) if event != EVENTS[position]]


OUTPUT = "/response/output"


@pytest.mark.parametrize(
    ("name", "parameters", "value"),
    [
        ("nullify", {}, None),
        ("empty", {}, []),
        ("retype", {"to": "number"}, 1),
        ("retype", {"to": "object"}, {"value": EVENTS[END]["response"]["output"]}),
        ("reshape", {"becomes": "appended"}, [*EVENTS[END]["response"]["output"], None]),
    ],
)
def test_one_member_of_the_terminal(name, parameters, value):
    got = after(name, at="terminal", path=OUTPUT, **parameters)
    assert got[END]["response"]["output"] == value
    assert differing(got) == [END]


def test_omit_entries():
    got = after("omit", at="terminal", path="/response/output/*")
    assert got[END]["response"]["output"] == []


def test_omit_a_member_of_every_event():
    assert after("omit", at="*", path="/sequence_number") == [without(event, "sequence_number") for event in EVENTS]


def test_add_and_rename_members():
    assert after("add-member", at="*.delta", path="", value=[])[DELTA]["x_unknown"] == []
    usage = after("rename-member", at="terminal", path="/response/usage/input_tokens", to="prompt_tokens")
    assert usage[END]["response"]["usage"] == {
        "prompt_tokens": 9,
        **without(EVENTS[END]["response"]["usage"], "input_tokens"),
    }


def test_cut_data_is_no_json_any_more():
    for lost in ("first", "middle", "last"):
        got = decode_all(decode(mutate("cut-data", at="terminal", lost=lost).body)[0])
        assert got[END].damage is not None


@pytest.mark.parametrize("kind", ["nan", "large-integer", "lone-surrogate", "duplicate-key"])
def test_lawless_events_are_read_and_marked_as_such(kind):
    got = decode_all(decode(mutate("lawless", at="terminal", kind=kind).body)[0])
    assert got[END].damage is None
    assert [event.lawless for event in got] == [position == END for position in range(9)]


def test_status():
    assert after("status", to="failed")[END]["response"]["status"] == "failed"
    assert types(after("status", to="failed")) == types(EVENTS)


USAGE = EVENTS[END]["response"]["usage"]


@pytest.mark.parametrize(
    ("form", "usage"),
    [
        ("nulled", None),
        ("empty", {}),
        ("null-details", {**USAGE, "output_tokens_details": None}),
        ("null-numbers", {**USAGE, "output_tokens_details": {"reasoning_tokens": None}}),
        (
            "chat-names",
            {
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "completion_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 13,
            },
        ),
        ("reasoning-exceeds", {**USAGE, "output_tokens_details": {"reasoning_tokens": 11}}),
        ("doubled", {**USAGE, "input_tokens": 18, "output_tokens": 8, "total_tokens": 26}),
        ("no-total", without(USAGE, "total_tokens")),
        ("list", [USAGE]),
    ],
)
def test_usage(form, usage):
    assert after("usage", form=form)[END]["response"]["usage"] == usage


@pytest.mark.parametrize("first", ["texts", "list", "nulled"])
def test_what_is_no_number_cannot_be_exceeded(first):
    with pytest.raises(Unmatched, match="no usage"):
        mutate("usage", base=mutate("usage", form=first), form="reasoning-exceeds")


def test_usage_early():
    assert after("usage-early")[CREATED]["response"]["usage"] == USAGE


def test_phase():
    got = after("phase", to="commentary")
    assert [got[DONE]["item"]["phase"], got[END]["response"]["output"][0]["phase"]] == ["commentary"] * 2
    assert "phase" not in after("phase", to=None)[DONE]["item"]


def ids(events):
    streamed = [event.get("item_id") or event["item"].get("id") for event in events if "output_index" in event]
    return streamed, [item.get("id") for item in events[END]["response"]["output"]]


def test_ids():
    assert ids(after("same-ids")) == (["item_0"] * 7, ["item_0"] * 2)
    got = after("no-ids")
    assert not any("item_id" in event or "id" in event.get("item", {}) for event in got)
    assert ids(after("done-ids")) == (ids(EVENTS)[0], ["final_0000", "final_0001"])


@pytest.mark.parametrize(
    ("how", "calls"),
    [("same", ["call_0"] * 3), ("empty", [""] * 3), ("absent", [None] * 3), ("rotated", ["call_rotated_0000"])],
)
def test_call_ids(how, calls):
    got = after("call-ids", how=how)
    told = [
        item.get("call_id") for item in (got[CALL]["item"], got[CALL_DONE]["item"], got[END]["response"]["output"][1])
    ]
    assert told[: len(calls)] == calls


def test_response_id():
    assert after("response-id")[END]["response"]["id"] == "resp_other"
    assert after("response-id")[CREATED]["response"]["id"] == "resp_1"


@pytest.mark.parametrize(
    ("how", "indexes"),
    [
        ("zero", [0] * 7),
        ("shifted", [1, 1, 1, 1, 2, 2, 2]),
        ("negative", [-1] * 7),
        ("gapped", [5, 5, 5, 5, 15, 15, 15]),
        ("counting", list(range(7))),
        ("text", ["0"] * 4 + ["1"] * 3),
        ("nulled", [None] * 7),
    ],
)
def test_output_index(how, indexes):
    got = after("output-index", how=how)
    assert [event["output_index"] for event in got if "output_index" in event] == indexes


def test_numbers_missing_and_constant():
    assert not any("output_index" in event for event in after("output-index", how="missing"))
    assert {event["sequence_number"] for event in after("sequence-numbers", how="constant")} == {1}
    assert after("part-index", how="zero")[DELTA]["content_index"] == 0


def order(*positions):
    return [EVENTS[position] for position in positions]


def test_swap():
    assert after("swap", at={"nth": 0}) == order(ADDED, CREATED, DELTA, MORE, DONE, CALL, ARGUMENTS, CALL_DONE, END)
    with pytest.raises(Unmatched):
        mutate("swap", at="terminal")


@pytest.mark.parametrize(
    ("what", "gone"),
    [("deltas", {DELTA, MORE, ARGUMENTS}), ("item-done", {DONE, CALL_DONE}), ("added", {ADDED, CALL})],
)
def test_without(what, gone):
    assert after("without", what=what) == order(*(position for position in range(9) if position not in gone))


def test_without_what_is_not_there():
    with pytest.raises(Unmatched, match="part-done"):
        mutate("without", what="part-done")


def test_interleave():
    mixed = order(CREATED, ADDED, CALL, DELTA, ARGUMENTS, MORE, CALL_DONE, DONE, END)
    assert after("interleave") == mixed


def test_strangers():
    assert types(after("stranger", kind="keepalive", place="before"))[:2] == ["keepalive", "response.created"]
    got = after("strange-item", at="terminal", place="before")
    assert [event["item"]["type"] for event in got[END:-1]] == ["mystery_call"] * 2
    kinds = [event["item"]["type"] for event in after("item-type", of="message") if "item" in event]
    assert kinds == ["mystery_call"] * 2 + ["function_call"] * 2
    assert after("part-type")[DONE]["item"]["content"][0]["type"] == "mystery_part"


@pytest.mark.parametrize(
    ("name", "parameters", "added"),
    [
        ("second-terminal", {}, ["response.completed"]),
        ("second-terminal", {"kind": "failed"}, ["response.failed"]),
        ("second-terminal", {"kind": "error"}, ["error"]),
        ("late", {"at": "*.delta"}, types(order(DELTA, MORE, ARGUMENTS))),
        ("late-item", {}, ["response.output_item.added", "response.output_item.done"]),
    ],
)
def test_what_comes_after_the_end(name, parameters, added):
    got = after(name, **parameters)
    assert got[:9] == EVENTS
    assert types(got[9:]) == added


def test_begin_again():
    assert after("begin-again", at=EVENTS[ADDED]["type"]) == [*EVENTS[:2], *EVENTS]


@pytest.mark.parametrize("end", ["failed", "incomplete", "cancelled"])
def test_end_as(end):
    got = after("end-as", end=end)
    assert types(got)[END] == f"response.{end}"
    assert got[END]["response"]["status"] == end
    assert decode(mutate("end-as", end=end).body)[0][END].event == f"response.{end}"


@pytest.mark.parametrize("name", ["http-error", "no-stream"])
def test_answers_instead_of_a_stream(name):
    for one in operators()[name].space(Take.of(STREAM)):
        got = one.apply(Take.of(STREAM)).delivery()
        assert (got.head.status >= 400) == (name == "http-error")
        assert b"resp_1" not in got.body


def test_whole_response():
    import json

    assert json.loads(mutate("whole-response").body) == EVENTS[END]["response"]


@pytest.mark.parametrize("name", ["spaces", "many-lines", "ids", "retry", "event-line"])
def test_fields_leave_the_payloads_alone(name):
    got = mutate(name)
    assert payloads(got) == EVENTS
    assert got.body != STREAM.body


def test_fields():
    frames = decode(mutate("ids").body)[0]
    assert [frame.id for frame in frames] == [str(number) for number in range(9)]
    assert {frame.retry for frame in decode(mutate("retry").body)[0]} == {3000}
    assert {frame.event for frame in decode(mutate("event-line", text="x").body)[0]} == {"x"}
    assert b"data: " not in mutate("spaces").body
    assert mutate("many-lines", at="terminal").body.count(b"\ndata: ") > 20
    assert decode(mutate("bare-frame", kind="comment").body)[0][1].comments == ("ping",)
    assert decode(mutate("done-marker").body)[0][-1].data == "[DONE]"


def test_a_space_that_belongs_to_the_value_stays():
    from harness.mutations.lines import with_spaces

    assert with_spaces(b"data:  x\n\n", after_colon=False) == b"data:  x\n\n"
    assert with_spaces(b"data:x\n: c\n\n", after_colon=True) == b"data: x\n: c\n\n"


def test_bad_utf8_breaks_one_character():
    broken = decode(mutate("bad-utf8", at={"nth": DELTA}).body)[0]
    assert [frame.replaced for frame in broken] == [position == DELTA for position in range(9)]


def chunks(got):
    return [action.data for action in got.actions if isinstance(action, Send)]


def test_split_lines_parts_every_blank_line():
    assert all(chunk.endswith(b"\n") and not chunk.endswith(b"\n\n") for chunk in chunks(mutate("split-lines"))[:-1])


@pytest.mark.parametrize("shift", [0, -1, 6])
def test_chunk_frames(shift):
    got = chunks(mutate("chunk-frames", frames=2, shift=shift))
    frames = [len(chunk) for chunk in chunks(STREAM)]
    ends = [sum(frames[:number]) + shift for number in (2, 4, 6, 8)]
    assert [sum(map(len, got[: number + 1])) for number in range(4)] == ends


def test_head():
    assert mutate("content-type", to="none").head.headers == ()
    assert ("connection", "close") in mutate("connection-close").head.headers
    assert ("content-encoding", "gzip") in mutate("gzip").head.headers
    with pytest.raises(Unmatched):
        mutate("gzip", base=mutate("gzip"))


def test_silences():
    assert mutate("wait-for-end", ms=7).actions[-2] == Wait(7)
    drip = mutate("drip", at={"nth": 0}, ms=3, size=50).actions
    assert drip[1:5] == (Wait(3), Send(STREAM.body[:50]), Wait(3), Send(STREAM.body[50:100]))
    alive = mutate("keep-alives", at={"nth": 0}, every_ms=15, times=2).actions
    assert alive[1:5] == (Wait(15), Send(b": keep-alive\n\n")) * 2


def test_sizes():
    assert len(after("huge-delta", at={"nth": DELTA}, chars=1000)[DELTA]["delta"]) == 1000
    split = after("split-deltas")
    assert "".join(event["delta"] for event in split if "output_text.delta" in event["type"]) == "Grüße"
    assert len(split) == 9 + 2 + 1 + 7
    many = after("many-items", times=3, output_index=1)
    assert len({event["item"]["id"] for event in many if "item" in event}) == 2 + 3
    assert types(many)[-1] == "response.completed"
    assert {len(event["obfuscation"]) for event in after("padding", chars=40)} == {40}
    assert mutate("many-comments", times=50).body.count(b": OPENROUTER") == 50


def test_the_lines_of_a_process_are_edited_by_no_plan():
    from harness.delivery import Delivery, End, Exchange, Stdio

    exchange = Exchange.single(Delivery((Stdio(), Send(b"{}\n"), End())))
    applied = Plan.from_json([{"finish": {"by": "cut"}}]).apply(exchange)
    assert applied.exchange == exchange
    assert "process" in applied.misses[0].reason
