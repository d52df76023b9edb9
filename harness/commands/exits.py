"""How a command ends: the exit codes, and the errors that carry them.

0 held, 1 findings, 2 usage (a broken scenario, plan or cassette is usage too), 3 the harness or a driver is broken,
5 nothing ran, 130 interrupted before anything was found.
"""

from __future__ import annotations

import click

HELD, FINDINGS, USAGE, BROKEN, NOTHING_RAN, INTERRUPTED = 0, 1, 2, 3, 5, 130


class Usage(click.ClickException):
    """What the user named is not there, or is not right."""

    exit_code = USAGE


class Broken(click.ClickException):
    """It is our fault, or that of a driver or the machine."""

    exit_code = BROKEN


class NothingRan(click.ClickException):
    """All is well, and there was nothing to do."""

    exit_code = NOTHING_RAN
