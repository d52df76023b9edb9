"""Pure data: what goes down the wire, for whom, and what really did."""

from harness.delivery.actions import Action, Await, Cut, End, Framing, Head, Headers, Reset, Send, Stall, Stdio, Wait
from harness.delivery.exchange import Delivery, Exchange
from harness.delivery.transcript import Ending, Request, Served, Transcript

__all__ = [
    "Action",
    "Await",
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
    "Stdio",
    "Transcript",
    "Wait",
]
