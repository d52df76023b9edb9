"""An answer is judged by what it shows, and the rule that a test is about must be shown enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.campaign.regression import Answer, Served, serving

TEXT = Path(__file__).parents[3] / "cassettes" / "openai" / "text"


def ask(served: Served) -> str:
    client = httpx.Client(transport=served.transport(httpx), base_url="http://127.0.0.1:9")
    client.post("/responses", json={"input": "hello", "stream": True}).read()
    return "what was said"


@pytest.mark.parametrize(("about", "said"), [("", False), ("nothing-invented", False), ("tool-calls-whole", True)])
def test_a_rule_that_an_answer_shows_nothing_of_is_named(about: str, said: bool) -> None:
    with serving(TEXT) as served:
        broken = served.judge(lambda served, _: ask(served), about=about)
    assert any("cannot be judged by this answer" in sentence for sentence in broken) is said


def test_items_show_enough_for_a_rule_about_calls() -> None:
    def answer(served: Served, _: Any) -> Answer:
        return Answer(text=ask(served), items=[])

    with serving(TEXT) as served:
        assert not any("cannot be judged" in sentence for sentence in served.judge(answer, about="tool-calls-whole"))
