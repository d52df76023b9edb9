"""The shapes beside the committed cassettes are what these cassettes say."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.shape.commands import shape
from harness.shape.sources import SHAPE_FILE

LIBRARY = Path(__file__).parents[3] / "cassettes"
SHAPES = sorted(LIBRARY.glob(f"*/{SHAPE_FILE}"))


def test_the_synthesized_providers_have_one():
    assert {"codex", "openai"} <= {path.parent.name for path in SHAPES}


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.parent.name)
def test_it_is_as_inferred(path):
    result = CliRunner().invoke(shape, ["infer", str(path.parent), "-o", str(path), "--check"])
    assert (result.exit_code, result.output) == (0, f"{path}: as inferred\n")
