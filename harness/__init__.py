"""Replay-and-fuzz harness for programs that read LLM streams."""

__version__ = "0.1.0"
