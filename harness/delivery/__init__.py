"""Pure data: what goes down the wire, for whom, and what really did."""

from harness.delivery.actions import Action, Cut, End, Framing, Head, Headers, Reset, Send, Stall, Wait
from harness.delivery.exchange import Delivery, Exchange
from harness.delivery.transcript import Ending, Request, Served, Transcript

__all__ = [
    "Action",
    "Cut",
    "Delivery",
    "End",
    "Ending",
    "Exchange",
    "Framing",
    "Head",
    "Headers",
    "Request",
    "Reset",
    "Send",
    "Served",
    "Stall",
    "Transcript",
    "Wait",
]
