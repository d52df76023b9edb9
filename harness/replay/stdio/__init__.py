"""Plays an exchange of lines as a real process, and keeps the transcript of it."""

from harness.replay.stdio.server import NeverAnswers, ScriptedServer

__all__ = ["NeverAnswers", "ScriptedServer"]
