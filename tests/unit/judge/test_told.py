"""A body is read by the pieces it was sent in, where they are known: what they say is what the body says as a whole."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.told import Told
from tests.unit.judge.streams import call, message, sse, whole

BODY = sse(whole(message("Hello, world", pieces=6), call('{"x":1}', 1)))
BODIES = st.sampled_from(
    [
        BODY,
        BODY[:-1],
        BODY[:-40],
        BODY.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + BODY,
        b": ping\n\n" + BODY,
        BODY + b"\n\n",
        BODY.replace(b"data: ", b"data:\ndata: "),
        b"",
    ]
)


@settings(deadline=None)
@given(BODIES, st.lists(st.integers(0, len(BODY)), max_size=8), st.booleans())
def test_pieces_say_what_their_body_says(body: bytes, cuts: list[int], at_frames: bool) -> None:
    ends = [place for place in range(len(body)) if body[:place].endswith(b"\n\n")]
    places = sorted({0, len(body), *(ends if at_frames else ()), *(cut for cut in cuts if cut < len(body))})
    pieces = [body[start:end] for start, end in pairwise(places)]
    by_pieces, at_once = Told(pieces), Told([body])
    for name in ("facts", "numbers", "total_frames", "rest", "frames", "reading", "others"):
        assert getattr(by_pieces, name) == getattr(at_once, name)
