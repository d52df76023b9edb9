"""Plays an exchange of lines as a real process, and keeps the transcript of it."""

from harness.replay.stdio.server import ScriptedServer
from harness.replay.stdio.stage import LineServer
from harness.replay.stdio.talk import NeverAnswers

__all__ = ["LineServer", "NeverAnswers", "ScriptedServer"]
