"""Taking apart and putting together: nothing that was not touched may change by a byte, a chunk or a wait."""

import pytest

from harness.delivery import Cut, Delivery, End, Framing, Head, Reset, Send, Stall, Wait
from harness.mutations import Take
from tests.unit.mutations.streams import delivery, frame

HTML = Head(500, (("content-type", "text/html"),), Framing.LENGTH)
GZIP = Head(200, (("content-type", "text/event-stream"), ("content-encoding", "gzip")))
WHOLE = delivery().body

SHAPES = {
    "a chunk a frame": delivery(),
    "crlf without spaces": delivery(newline="\r\n", space=""),
    "cr without event lines": delivery(newline="\r", named=False),
    "an unfinished frame at the end": delivery(rest=b"data: {"),
    "one chunk": Delivery((Head(), Send(WHOLE), End())),
    "chunks across frames": Delivery((Head(), Send(WHOLE[:33]), Send(WHOLE[33:700]), Send(WHOLE[700:]), End())),
    "waits everywhere": Delivery(
        (Wait(5), Head(), Wait(7), Send(WHOLE[:40]), Wait(9), Send(WHOLE[40:]), Wait(3), End())
    ),
    "wait before the rest": Delivery((Head(), Send(frame({"type": "a"})), Wait(4), Send(b"data: x"), Cut())),
    "reset": Delivery((Head(), Send(WHOLE[:100]), Reset())),
    "stall before the head": Delivery((Wait(2), Stall())),
    "no body": Delivery((Head(), End())),
    "byte order mark": Delivery((Head(), Send(b"\xef\xbb\xbf" + WHOLE), End())),
    "a page": Delivery((HTML, Send(b"<html>\n\n</html>"), End())),
    "encoded": Delivery((GZIP, Send(b"\x1f\x8b\n\n\x00"), Send(b"\n\n"), End())),
    "wrong length": Delivery((Head(framing=Framing.LENGTH, declared_length=3), Send(WHOLE), End())),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_untouched_take_gives_the_delivery_back(shape):
    assert Take.of(SHAPES[shape]).delivery() == SHAPES[shape]


def test_what_is_no_plain_event_stream_has_no_pieces():
    assert Take.of(SHAPES["a page"]).pieces == ()
    assert Take.of(SHAPES["encoded"]).pieces == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("space", [" ", ""])
def test_a_touched_frame_keeps_its_style(newline, named, space):
    style = {"newline": newline, "named": named, "space": space}
    take = Take.of(delivery(**style))
    edited = take.with_piece(2, take.pieces[2].with_data('{"type":"x"}'))
    name = f"event:{space}response.output_text.delta{newline}" if named else ""
    assert edited.pieces[2].frame.raw == f'{name}data:{space}{{"type":"x"}}{newline}{newline}'.encode()
    assert [p.frame.raw for p in edited.pieces[3:]] == [p.frame.raw for p in take.pieces[3:]]


def test_other_lines_of_a_touched_frame_stay():
    raw = b": note\nid: 7\nevent: a\ndata: 1\ndata: 2\nretry: 5\n\n"
    take = Take.of(Delivery((Head(), Send(raw), End())))
    assert take.pieces[0].with_data("9").frame.raw == b": note\nid: 7\nevent: a\ndata: 9\nretry: 5\n\n"


def test_data_of_several_lines():
    take = Take.of(delivery())
    assert take.pieces[0].with_data("a\nb").frame.data == "a\nb"
