"""Small streams with every style of framing, as deliveries."""

import json

from harness.delivery import Delivery, End, Exchange, Framing, Head, Send

TEXT = [
    {"type": "response.created", "response": {"id": "r", "output": [], "status": "in_progress"}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "m0"}},
    {"type": "response.output_text.delta", "output_index": 0, "item_id": "m0", "delta": "Grüße "},
    {"type": "response.output_text.delta", "output_index": 0, "item_id": "m0", "delta": "an alle"},
    {"type": "response.output_item.done", "output_index": 0, "item": {"type": "message", "id": "m0"}},
    {"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "id": "c1"}},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "c1", "delta": "{}"},
    {"type": "response.output_item.done", "output_index": 1, "item": {"type": "function_call", "id": "c1"}},
    {"type": "response.completed", "response": {"id": "r", "output": None, "status": "completed"}},
]


def frame(payload, *, newline="\n", named=True, space=" "):
    lines = [f"event:{space}{payload['type']}"] if named else []
    lines.append(f"data:{space}{json.dumps(payload, ensure_ascii=False)}")
    return "".join(line + newline for line in [*lines, ""]).encode()


def delivery(payloads=TEXT, *, framing=Framing.CHUNKED, rest=b"", **style):
    sends = tuple(Send(frame(payload, **style)) for payload in payloads)
    return Delivery((Head(framing=framing), *sends, *((Send(rest),) if rest else ()), End()))


def exchange(**style):
    return Exchange.single(delivery(**style))


def payloads(got):
    """What a delivery's body says, event by event."""
    from harness.protocols.responses.event import decode_all
    from harness.wire import decode

    return [event.payload if event.payload is not None else event.data for event in decode_all(decode(got.body)[0])]
