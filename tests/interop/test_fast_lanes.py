"""Fast lanes of real programs: on what they can be asked they come to what the full lane comes to.

CI runs openai 2.24.0; hermes-agent is a large download, so it is slow.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from harness.campaign.fuzz.drawing import Drawing, hypothesis_draws
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.trying import attempt
from harness.campaign.library import Library
from harness.consumers import registry
from harness.judge import LANES_AGREE

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
SEED, DRAWS = 1, 40


@pytest.mark.parametrize(
    "name",
    [
        "openai-stream==2.24.0",
        "openai-raw==2.24.0",
        pytest.param("hermes-agent+consumer==0.19.0", marks=pytest.mark.slow),
    ],
)
def test_both_lanes_come_to_the_same(name: str) -> None:
    registry.install(name)
    full = registry.open_consumer(name)
    fast = registry.open_fast(full)
    assert fast is not None
    cassettes = [cassette for cassette in Library(ROOT, ROOT / "cassettes").selection() if cassette.kind == "sse"]
    drawing = Drawing(grounds(cassettes), ("shape", "order", "identity", "frame", "chunk"))
    try:
        tried = [attempt(full, drawing.read(drawn), fast) for drawn in islice(hypothesis_draws(SEED), DRAWS)]
    finally:
        full.close()
        fast.close()
    assert [one.trouble for one in tried if one.trouble] == []
    apart = [verdict for one in tried for verdict in one.failed.values() if verdict.invariant == LANES_AGREE]
    assert apart == []
