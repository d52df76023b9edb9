"""The lines of ``codex app-server``: its messages as data, and what a turn's lines mean."""

from harness.protocols.appserver.lines import Line, Lines, lines_of
from harness.protocols.appserver.reading import read

__all__ = ["Line", "Lines", "lines_of", "read"]
"""The reading has the form of a Responses stream's, so one oracle judges both."""
