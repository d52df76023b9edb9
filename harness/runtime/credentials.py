"""Several credentials for one service: which to ask with, and what an error means for the one that was used.

A credential is taken out for as long as its error says: for the session when it is refused, for the provider's own
time when its allowance is used up. What one account is not entitled to, none of its credentials is. An error that no
other credential could cure takes none out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf

from harness.clock import Clock
from harness.runtime.asking import Asking
from harness.runtime.callbacks import Callbacks
from harness.runtime.errors import RuntimeStreamError
from harness.runtime.result import Result
from harness.runtime.summary import AUTH, BILLING, ENTITLEMENT, RATE_LIMIT, USAGE_LIMIT, Summary, summarize


@dataclass(frozen=True, slots=True)
class Credential:
    """One key or token."""

    name: str
    secret: str = field(repr=False)
    account: str = ""
    """Credentials of one account share its plan and its bill; the name stands for it where it is not stated."""

    @property
    def owner(self) -> str:
        return self.account or self.name


@dataclass(frozen=True, slots=True)
class Rest:
    """What an error does to a credential: out for so many seconds (the provider's own, if it states any)."""

    seconds: float
    whole_account: bool = False


RESTS: dict[str, Rest] = {
    AUTH.name: Rest(inf),
    RATE_LIMIT.name: Rest(60.0),
    USAGE_LIMIT.name: Rest(3_600.0, whole_account=True),
    BILLING.name: Rest(3_600.0, whole_account=True),
    ENTITLEMENT.name: Rest(inf, whole_account=True),
}
"""By kind of error; any other kind is no credential's fault."""


class CredentialPool:
    """One session's credentials, in the order of preference. Not for several threads at once."""

    def __init__(self, credentials: Sequence[Credential], clock: Clock) -> None:
        if not credentials:
            raise ValueError("a pool needs a credential")
        self._credentials = tuple(credentials)
        self._clock = clock
        self._out_until: dict[str, float] = {}

    @property
    def current(self) -> Credential | None:
        """The first that is not out; None when all are."""
        now = self._clock.now()
        return next((each for each in self._credentials if self._out_until.get(each.name, -inf) <= now), None)

    def recover(self, error: Exception, used: Credential) -> Credential | None:
        """Take note of the error; the credential to ask again with, or None when another would not help."""
        summary = summarize(error)
        rest = RESTS.get(summary.kind)
        if rest is None:
            return None
        until = self._clock.now() + _seconds(rest, summary)
        for each in self._credentials:
            if each == used or (rest.whole_account and each.owner == used.owner):
                self._out_until[each.name] = max(until, self._out_until.get(each.name, -inf))
        return self.current


def _seconds(rest: Rest, summary: Summary) -> float:
    return rest.seconds if summary.retry_after_s is None or rest.seconds == inf else summary.retry_after_s


def recover_with_credential_pool(
    pool: CredentialPool, ask: Callable[[Credential, Callbacks], Result], callbacks: Callbacks | None = None
) -> Result:
    """Ask with one credential after another until one is not at fault. The requests of all calls are counted.

    ``ask`` makes one call of the runtime, with the callbacks it is given: they pass on to ``callbacks``, which are
    told by ``on_reset`` what an error makes void. Every error takes at least one credential out, so this ends. Raises
    what ``ask`` raised last, StreamInterrupted when the caller stops between two calls, and LookupError when all
    credentials are out from the start.
    """
    credential = pool.current
    if credential is None:
        raise LookupError("all credentials are out: refused, or their allowance is used up")
    asking = Asking(callbacks)
    while True:
        try:
            return asking.call(partial(ask, credential))
        except RuntimeStreamError as error:
            another = pool.recover(error, credential)
            if another is None:
                raise
            asking.again(error)
            credential = another
