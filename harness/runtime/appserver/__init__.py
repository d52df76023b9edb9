"""Turns of ``codex app-server``: a program that runs the agent itself and tells of it in JSON-RPC lines.

``AppServerSession`` runs turns in a process; ``Core`` is the same without any process, for programs that have their
own way of moving bytes.
"""

from harness.runtime.appserver.approvals import Approval, Approve, Decision, decline
from harness.runtime.appserver.core import Core
from harness.runtime.appserver.deadlines import TurnDeadlines, TurnWatch
from harness.runtime.appserver.errors import (
    AppServerError,
    RequestRefused,
    ServerGone,
    ServerSilent,
    SessionRetired,
    TurnFailed,
)
from harness.runtime.appserver.process import Pipes, Process
from harness.runtime.appserver.result import DAMAGED, RECOVERED, UNFINISHED, TurnItem, TurnResult
from harness.runtime.appserver.session import AppServerSession, run_codex_app_server_turn

__all__ = [
    "DAMAGED",
    "RECOVERED",
    "UNFINISHED",
    "AppServerError",
    "AppServerSession",
    "Approval",
    "Approve",
    "Core",
    "Decision",
    "Pipes",
    "Process",
    "RequestRefused",
    "ServerGone",
    "ServerSilent",
    "SessionRetired",
    "TurnDeadlines",
    "TurnFailed",
    "TurnItem",
    "TurnResult",
    "TurnWatch",
    "decline",
    "run_codex_app_server_turn",
]
