import pytest

from harness.delivery import Delivery, End, Head, Send
from harness.mutations import Selector, Take
from tests.unit.mutations.streams import TEXT, delivery, frame

TAKE = Take.of(delivery())

ROWS = [
    ("response.created", [0]),
    ("response.output_item.*", [1, 4, 5, 7]),
    ("*.delta", [2, 3, 6]),
    ("*", list(range(len(TEXT)))),
    ("terminal", [8]),
    ("nothing", []),
    ({"type": "*.delta", "nth": 0}, [2]),
    ({"type": "*.delta", "nth": -1}, [6]),
    ({"type": "*.delta", "nth": 3}, []),
    ({"type": "*.delta", "nth": -4}, []),
    ({"item": "function_call"}, [5, 6, 7]),
    ({"item": "func*", "type": "*.done"}, [7]),
    ({"output_index": 0}, [1, 2, 3, 4]),
    ({"output_index": 1, "nth": -1}, [7]),
    ({"nth": 0}, [0]),
]


@pytest.mark.parametrize(("written", "positions"), ROWS, ids=str)
def test_positions(written, positions):
    assert Selector.from_json(written).positions(TAKE) == positions


@pytest.mark.parametrize("written", [row[0] for row in ROWS], ids=str)
def test_written_and_read_again(written):
    selector = Selector.from_json(written)
    assert Selector.from_json(selector.to_json() or "*") == selector


def test_frames_that_dispatch_nothing_are_never_selected():
    take = Take.of(Delivery((Head(), Send(b": comment\n\n" + frame({"type": "a"})), End())))
    assert Selector().positions(take) == [1]


def test_an_error_without_type_is_a_terminal():
    take = Take.of(Delivery((Head(), Send(b'data: {"error": {"message": "no"}}\n\n'), End())))
    assert Selector("terminal").positions(take) == [0]
