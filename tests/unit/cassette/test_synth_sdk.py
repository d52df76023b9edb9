"""The newest openai SDK's stream helper, a strict reader nobody here wrote, accepts every synthesized stream."""

from __future__ import annotations

import warnings

import pytest

from harness.cassette.synth import build_all

openai = pytest.importorskip("openai", minversion="3.0", reason="needs the openai extra")
httpx2 = pytest.importorskip("httpx2", reason="needs the openai extra")

STREAMS = {
    f"{cassette.name}/{entry.turn}": entry.response for cassette in build_all() for entry in cassette.interactions
}
COMPLETED = sorted(name for name in STREAMS if name.split("/")[1] not in {"failed", "incomplete"})


def helper(name: str):
    body = STREAMS[name].body

    def answer(_request):
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    client = openai.OpenAI(
        api_key="none",
        base_url="http://127.0.0.1/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )
    return client.responses.stream(model="m", input="hello")


@pytest.mark.parametrize("name", COMPLETED)
def test_completed_streams(name):
    with warnings.catch_warnings():
        # An item type it does not know is accepted and kept, but its serializer complains.
        warnings.simplefilter("ignore", UserWarning)
        with helper(name) as stream:
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
            final = stream.get_final_response()
    assert final.status == "completed"
    assert sorted("".join(deltas)) == sorted(final.output_text)


@pytest.mark.parametrize("name", sorted(set(STREAMS) - set(COMPLETED)))
def test_streams_that_end_early(name):
    ending = name.split("/")[1]
    with helper(name) as stream:
        last = list(stream)[-1]
    assert last.type == f"response.{ending}"
    assert last.response.status == ending
