"""The replay gate: sealed reasoning goes back to whom it came from, or nowhere."""

from __future__ import annotations

import copy
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runtime import (
    Callbacks,
    Client,
    HTTPStatusError,
    Result,
    Retry,
    StreamErrorEvent,
    StreamInterrupted,
    TransportFailed,
    consume,
    run_stream,
)
from harness.runtime.conversation.turn import input_items
from harness.runtime.replay_gate import ISSUED_BY, ISSUERS, Issuer, ReplayGate, cannot_read, issuer_of
from tests.unit.runtime.scripts import answer, call, completed, created, delta, done, message, sse

CODEX, OPENAI, GITHUB = (issuer for issuer in ISSUERS if issuer.name in {"codex", "openai", "github"})
USER = {"role": "user", "content": "hello"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"}
SAID = {"type": "message", "role": "assistant", "id": "msg_1", "content": [{"type": "output_text", "text": "Hi"}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "seen"}


def history(issuer=CODEX):
    return [USER, *ReplayGate().keep([REASONING, SAID, CALL], issuer), OUTPUT]


def without_id(item):
    return {name: value for name, value in item.items() if name != "id"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://chatgpt.com/backend-api/codex", "codex"),
        ("https://chatgpt.com/backend-apis", "chatgpt.com"),
        ("https://api.openai.com/v1", "openai"),
        ("https://API.OpenAI.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://api.x.ai/v1", "xai"),
        ("https://api.githubcopilot.com", "github"),
        ("https://notapi.openai.com.evil.example/v1", "notapi.openai.com.evil.example"),
        ("https://notapi.openai.com/v1", "notapi.openai.com"),
        ("https://evilchatgpt.com/backend-api/codex", "evilchatgpt.com"),
        ("https://notgithubcopilot.com", "notgithubcopilot.com"),
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080"),
        ("http://127.0.0.1:8081/v1", "127.0.0.1:8081"),
    ],
)
def test_issuers_by_url(url, name):
    assert issuer_of(url).name == name


def test_a_url_without_a_host_has_no_issuer():
    with pytest.raises(ValueError, match="no host"):
        issuer_of("/v1/responses")


def test_the_table_of_issuers_is_the_callers():
    mine = Issuer("mine", ("example.org",), takes_replays=False)
    assert issuer_of("https://llm.example.org/v1", [mine]) is mine


def test_reasoning_goes_back_to_its_issuer_untouched():
    assert ReplayGate().admit(history(), CODEX) == [USER, REASONING, SAID, CALL, OUTPUT]


@pytest.mark.parametrize("issuer", [OPENAI, issuer_of("http://127.0.0.1:1/v1")])
def test_nobody_else_gets_it_nor_the_ids_that_refer_to_it(issuer):
    assert ReplayGate().admit(history(), issuer) == [USER, without_id(SAID), without_id(CALL), OUTPUT]


def test_reasoning_of_nobody_known_is_left_out():
    assert ReplayGate().admit([USER, REASONING], CODEX) == [USER]


def test_an_issuer_that_takes_none_gets_not_even_its_own():
    assert ReplayGate().admit(history(GITHUB), GITHUB) == [USER, without_id(SAID), without_id(CALL), OUTPUT]


@pytest.mark.parametrize("type", ["compaction", "agent_message"])
def test_whatever_else_is_sealed_keeps_to_the_same_rule(type):
    sealed = {"type": type, "id": "s_1", "encrypted_content": "sealed"}
    kept = ReplayGate().keep([sealed, SAID], CODEX)
    assert ReplayGate().admit(kept, CODEX) == [sealed, SAID]
    assert ReplayGate().admit(kept, OPENAI) == [without_id(SAID)]
    assert ReplayGate().admit([sealed], CODEX) == []
    refusal = HTTPStatusError("x", code="invalid_encrypted_content", status=400)
    assert ReplayGate().learn(refusal, [sealed], CODEX)


def test_a_mixed_history_is_sorted_item_by_item():
    other = {**REASONING, "id": "rs_2"}
    mixed = [*history(CODEX), *ReplayGate().keep([other, SAID], OPENAI)]
    assert ReplayGate().admit(mixed, OPENAI) == [USER, without_id(SAID), without_id(CALL), OUTPUT, other, SAID]


ITEMS = st.lists(
    st.one_of(
        st.sampled_from([USER, SAID, CALL, OUTPUT, REASONING]),
        st.sampled_from(["codex", "openai", "github"]).map(lambda name: {**REASONING, ISSUED_BY: name}),
    )
)


@given(ITEMS, st.sampled_from(ISSUERS), st.booleans())
def test_whatever_the_history(items, issuer, refused):
    gate = ReplayGate({issuer.name} if refused else set())
    before = copy.deepcopy(items)
    sent = gate.admit(items, issuer)
    assert items == before
    assert ISSUED_BY not in {name for item in sent for name in item}
    assert [item for item in sent if item["type" if "type" in item else "role"] == "user"] == [
        item for item in items if item == USER
    ]
    assert [without_id(item) for item in sent if item.get("type") != "reasoning"] == [
        without_id(item) for item in items if item.get("type") != "reasoning"
    ]
    own = [item for item in items if item.get(ISSUED_BY) == issuer.name]
    expected = len(own) if issuer.takes_replays and not refused else 0
    assert sum(item.get("type") == "reasoning" for item in sent) == expected


# -- the one retry --------------------------------------------------------------------------------------------

REFUSAL = {"error": {"code": "invalid_encrypted_content", "message": "The encrypted content could not be verified."}}
GOOD = [created(), *message(0, "m", "Hi"), completed()]


class Provider:
    """Refuses every request that holds sealed reasoning, or all of them."""

    def __init__(self, *, stubborn=False):
        self.asked = []
        self._stubborn = stubborn
        http = httpx.Client(transport=httpx.MockTransport(self._handle))
        self._client = Client(base_url="http://127.0.0.1/v1", http_client=http, retry=Retry(retries=0))

    def _handle(self, request):
        items = json.loads(request.content)["input"]
        self.asked.append([item.get("type", "user") for item in items])
        if self._stubborn or any("encrypted_content" in item for item in items):
            return answer(json.dumps(REFUSAL).encode(), 400, content_type="application/json")
        return answer(sse(GOOD))

    def ask(self, items, callbacks) -> Result:
        return self._client.respond(input=items, callbacks=callbacks)


def test_one_refusal_strips_the_session_and_asks_once_more():
    gate, provider = ReplayGate(), Provider()
    result = gate.respond(provider.ask, history(), CODEX)
    assert (result.text, result.requests) == ("Hi", 2)
    assert ["reasoning" in asked for asked in provider.asked] == [True, False]
    gate.respond(provider.ask, history(), CODEX)
    assert len(provider.asked) == 3, "the next turn does not try again"
    assert gate.admit(history(OPENAI), OPENAI)[1] == REASONING, "nobody else is stripped"


def test_the_rule_alone_for_callers_that_await():
    gate = ReplayGate()
    refusal = HTTPStatusError("x", code="invalid_encrypted_content", status=400)
    sent = gate.admit(history(), CODEX)
    assert gate.learn(refusal, sent, CODEX)
    assert not gate.learn(refusal, gate.admit(history(), CODEX), CODEX)
    assert not ReplayGate().learn(TimeoutError(), sent, CODEX)


def test_a_second_refusal_is_the_callers():
    gate, provider = ReplayGate(), Provider(stubborn=True)
    with pytest.raises(HTTPStatusError) as caught:
        gate.respond(provider.ask, history(), CODEX)
    assert (len(provider.asked), caught.value.requests) == (2, 2)


def test_a_refusal_of_nothing_is_not_asked_again():
    gate, provider = ReplayGate(), Provider(stubborn=True)
    with pytest.raises(HTTPStatusError):
        gate.respond(provider.ask, [USER], CODEX)
    assert len(provider.asked) == 1
    assert not gate.refused


def test_any_other_error_is_not_asked_again():
    asked = []

    def ask(items, callbacks):
        asked.append(items)
        raise HTTPStatusError("no", code="server_error", status=500)

    gate = ReplayGate()
    with pytest.raises(HTTPStatusError):
        gate.respond(ask, history(), CODEX)
    assert (len(asked), gate.refused) == (1, set())


def refused_after_words(heard, **callbacks):
    """A conversation whose first answer is refused in the middle of its text, as its caller hears it."""
    refusal = {"type": "error", "code": "invalid_encrypted_content", "message": "could not be verified"}
    streams = [[created(), delta(0, "m", "void"), refusal], GOOD]

    def ask(items, callbacks):
        return run_stream(lambda: streams.pop(0), callbacks=callbacks)

    told = Callbacks(
        on_text_delta=heard.append,
        on_first_delta=lambda: heard.append("<first>"),
        on_reset=lambda reason: heard.append(f"<void: {'could not be verified' in reason}>"),
        **callbacks,
    )
    return ReplayGate().respond(ask, history(), CODEX, told)


def test_words_told_before_the_refusal_are_taken_back():
    heard = []
    result = refused_after_words(heard)
    assert (heard, result.requests) == (["<first>", "void", "<void: True>", "Hi"], 2)


def test_nothing_told_is_not_taken_back():
    heard = []
    told = Callbacks(on_text_delta=heard.append, on_reset=heard.append)
    ReplayGate().respond(Provider().ask, history(), CODEX, told)
    assert heard == ["Hi"]


def test_who_stops_after_the_refusal_is_not_asked_for_again():
    heard, asked = [], []

    def interrupted():
        # Asked after each of three events, and then between the two calls.
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(StreamInterrupted) as stopped:
        refused_after_words(heard, interrupted=interrupted)
    assert (heard, stopped.value.requests, stopped.value.partial.text) == (["<first>", "void"], 1, "void")


def test_a_second_call_that_breaks_has_the_requests_of_both():
    errors = [HTTPStatusError("x", code="invalid_encrypted_content", status=400), TransportFailed("cut")]
    errors[0].requests, errors[1].requests = 1, 2

    def ask(items, callbacks):
        raise errors.pop(0)

    with pytest.raises(TransportFailed) as broken:
        ReplayGate().respond(ask, history(), CODEX)
    assert broken.value.requests == 3


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HTTPStatusError("x", code="invalid_encrypted_content", status=400), True),
        (StreamErrorEvent("The encrypted content gAAA could not be verified."), True),
        (HTTPStatusError("x", code="bad_request", status=400), False),
    ],
)
def test_how_a_refusal_is_known(error, expected):
    assert cannot_read(error) is expected


def test_a_results_own_items_pass_the_gate():
    sealed = done(0, "rs_1", "reasoning", summary=[{"type": "summary_text", "text": "Hm."}], encrypted_content="sealed")
    result = consume([created(), sealed, *call(1, "c", "{}"), completed()])
    kept = ReplayGate().keep(input_items(result), CODEX)
    reasoning, made = ReplayGate().admit(kept, CODEX)
    assert reasoning == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "sealed",
    }
    assert made == {"type": "function_call", "id": "c", "call_id": "call_c", "name": "look", "arguments": "{}"}
    assert [item["type"] for item in ReplayGate().admit(kept, OPENAI)] == ["function_call"]
