"""Cassettes as a pytest fixture: ``stream_cassette("openai/text").transport(httpx)``; ``--record-mode`` records.

Without the option nothing is ever recorded, so a CI run reaches no network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from harness.record.recording import Mode, Recording

_MODES: Mapping[str | None, Mode] = {
    None: "none",
    "none": "none",
    "once": "once",
    "new": "new",
    "all": "all",
    # pytest-recording's own names for them, where that plugin brought the option.
    "new_episodes": "new",
    "rewrite": "all",
}


class NotWritten(Exception):
    """What a test recorded was not written to its place; the text says why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("stream-harness")
    try:
        group.addoption(
            "--record-mode",
            default="none",
            choices=("none", "once", "new", "all"),
            help="record streams: none (default), once where there is no cassette, new turns also, all afresh",
        )
    except ValueError:
        # pytest-recording has an option of this name, and the same meaning; argparse allows one.
        return


@pytest.fixture
def cassette_root(request: pytest.FixtureRequest) -> Path:
    """The folder that holds ``<provider>/<name>``; override it to keep cassettes elsewhere."""
    return request.config.rootpath / "cassettes"


@pytest.fixture
def stream_cassette(request: pytest.FixtureRequest, cassette_root: Path) -> Iterator[Callable[[str], Recording]]:
    """Open the cassette ``<provider>/<name>``; what was recorded is written when the test is over.

    Raises NotWritten then, when it had to go to quarantine.
    """
    mode = _MODES[cast("str | None", request.config.getoption("--record-mode"))]
    opened: list[Recording] = []

    def opener(name: str) -> Recording:
        opened.append(Recording(cassette_root / name, mode))
        return opened[-1]

    yield opener
    for outcome in [recording.finish() for recording in opened]:
        if outcome is not None and outcome.quarantined is not None:
            raise NotWritten(f"{outcome.why}\nquarantined: {outcome.quarantined}")
