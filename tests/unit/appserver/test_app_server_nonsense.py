"""Whatever a server says, the session and the judge's reading survive it: nothing is trusted to have its shape."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.delivery import Cut, Delivery, Send, Stdio
from harness.protocols.appserver import lines_of, read
from harness.protocols.appserver.catalogue import ITEMS
from harness.runtime.appserver import AppServerError
from harness.runtime.appserver.tools import TOOLS
from tests.unit.appserver.playing import Played, line

THREAD, TURN = "thread-1", "turn-1"
LADDER = b"".join(
    [
        line(id=1, result={}),
        line(id=2, result={"thread": {"id": THREAD}}),
        line(id=3, result={"turn": {"id": TURN}}),
    ]
)
ASKED = lines_of(line(id=3, method="turn/start", params={"threadId": THREAD})).lines

ODD = st.sampled_from([None, True, 0, 1.5, "", "a", [], ["a"], {}, {"a": 1}])
"""What may stand in any member's place."""


def objects(**members: st.SearchStrategy) -> st.SearchStrategy:
    """Objects with these members, each of which may be odd; or something odd in place of one."""
    return st.fixed_dictionaries({name: value | ODD for name, value in members.items()}) | ODD


def ours(**members: st.SearchStrategy) -> st.SearchStrategy:
    """Params that name our turn."""
    place = {"threadId": THREAD, "turnId": TURN}
    return st.fixed_dictionaries({name: value | ODD for name, value in members.items()}).map(
        lambda more: {**place, **more}
    )


WORDS = st.sampled_from(["a", "b", ""])
TEXTS = st.lists(WORDS | ODD, max_size=2)
ITEM = objects(
    id=WORDS,
    type=st.sampled_from([*ITEMS, "userMessage", "new"]),
    text=WORDS,
    summary=TEXTS,
    content=TEXTS,
    command=WORDS,
)
ERROR = objects(message=WORDS, codexErrorInfo=objects(httpConnectionFailed=objects(httpStatusCode=st.integers())))
COUNTS = objects(inputTokens=st.integers(), totalTokens=st.integers())
DELTA = ours(itemId=WORDS, delta=WORDS, summaryIndex=st.integers(), contentIndex=st.integers())
STATUS = st.sampled_from(["completed", "failed", "interrupted", "inProgress"])

TOLD: dict[str, st.SearchStrategy] = {
    "item/started": ours(item=ITEM),
    "item/completed": ours(item=ITEM),
    "item/agentMessage/delta": DELTA,
    "item/plan/delta": DELTA,
    "item/reasoning/textDelta": DELTA,
    "item/reasoning/summaryTextDelta": DELTA,
    "thread/tokenUsage/updated": ours(tokenUsage=objects(total=COUNTS, last=COUNTS)),
    "error": ours(error=ERROR, willRetry=st.booleans()),
    "turn/completed": objects(status=STATUS, items=st.lists(ITEM, max_size=2), error=ERROR).map(
        lambda turn: {"threadId": THREAD, "turnId": TURN, "turn": turn}
    ),
}
NOTIFICATIONS = st.one_of([st.builds(lambda m, p: {"method": m, "params": p}, st.just(m), p) for m, p in TOLD.items()])
MESSAGES = st.one_of(
    NOTIFICATIONS,
    NOTIFICATIONS,
    st.builds(
        lambda id, params: {"id": id, "method": "item/commandExecution/requestApproval", "params": params},
        ODD,
        ours(itemId=WORDS, reason=WORDS),
    ),
    st.builds(lambda id, name, said: {"id": id, name: said}, ODD, st.sampled_from(["result", "error", "params"]), ODD),
    ODD,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MESSAGES, max_size=8), st.booleans())
def test_any_messages_at_all(messages, begun):
    body = (LADDER if begun else b"") + b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    result = Played([Delivery((Stdio(), Send(body or b"\n"), Cut()))]).result
    assert (result.error is None) is (result.status != "failed")
    assert result.error is None or isinstance(result.error, AppServerError)
    assert result.tool_iterations == sum(item.type in TOOLS and item.finished for item in result.items)
    json.dumps(result.messages)
    read(lines_of(body).lines, ASKED)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all(noise):
    result = Played([Delivery((Stdio(), Send(LADDER + noise + b"\n"), Cut()))]).result
    assert result.status == "failed"
    read(lines_of(LADDER + noise).lines, ASKED)
