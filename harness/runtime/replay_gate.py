"""Which reasoning, and what else is sealed, may be sent back to whom.

Encrypted content is sealed by the one who produced it, and nobody else can open it; some refuse even their own. So
every item with such content is kept with its issuer's name, and goes out only to that issuer, if it takes replays at
all: reasoning, with its content or without, and a history that the provider has compacted.
When an issuer says that it cannot read what it is sent, it gets none for the rest of the session, and is asked once
more without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harness.runtime.asking import Asking
from harness.runtime.callbacks import Callbacks
from harness.runtime.errors import ProviderError
from harness.runtime.result import Result
from harness.runtime.summary import STALE_REASONING, summarize

Item = dict[str, Any]

ISSUED_BY = "issued_by"
"""The field under which an item of the history keeps its issuer; it is never sent."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who seals reasoning: everybody under these hosts holds the same key."""

    name: str
    hosts: tuple[str, ...]
    """A host, or a domain with all below it. With a path (``chatgpt.com/backend-api``), only below that path."""
    takes_replays: bool = True


ISSUERS: tuple[Issuer, ...] = (
    Issuer("codex", ("chatgpt.com/backend-api",)),
    Issuer("openai", ("api.openai.com",)),
    Issuer("azure", ("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")),
    Issuer("xai", ("api.x.ai",)),
    # Its gateway spreads requests over backends with keys of their own.
    Issuer("github", ("githubcopilot.com", "models.github.ai"), takes_replays=False),
)
"""Everybody else is an issuer named by its host, and takes its own back."""


def issuer_of(base_url: str, issuers: Iterable[Issuer] = ISSUERS) -> Issuer:
    """The issuer behind a URL. Raises ValueError for a URL without a host."""
    url = urlsplit(base_url)
    if not url.hostname:
        raise ValueError(f"no host in {base_url!r}")
    known = (issuer for issuer in issuers if any(_under(url.hostname, url.path, place) for place in issuer.hosts))
    # The port tells apart the servers of one machine, which share nothing.
    own = url.hostname if url.port is None else f"{url.hostname}:{url.port}"
    return next(known, Issuer(own, (own,)))


def _under(host: str, path: str, place: str) -> bool:
    domain, slash, below = place.partition("/")
    if host != domain and not host.endswith(f".{domain}"):
        return False
    return not slash or path == f"/{below}" or path.startswith(f"/{below}/")


@dataclass(slots=True)
class ReplayGate:
    """One session's memory of who could not read what it was sent. Histories pass through it; it changes none."""

    refused: set[str] = field(default_factory=set)
    """Names of the issuers that get no reasoning any more."""

    def keep(self, items: Iterable[Mapping[str, Any]], issuer: Issuer) -> list[Item]:
        """A response's output items as the history keeps them: what is sealed carries its issuer."""
        return [{**item, ISSUED_BY: issuer.name} if _is_sealed(item) else dict(item) for item in items]

    def admit(self, items: Iterable[Mapping[str, Any]], issuer: Issuer) -> list[Item]:
        """The history as it may be sent to this issuer.

        What anybody else has sealed, or nobody known, is left out whole, and all that is sealed for an issuer that
        takes none: without its sealed content an item is only an id that the server does not know. The ids of the
        items right after it, which refer to it, go too; their content stays.
        """
        open_to = issuer.takes_replays and issuer.name not in self.refused
        sent: list[Item] = []
        orphaned = False
        for item in items:
            bare = {name: value for name, value in item.items() if name != ISSUED_BY}
            if _is_sealed(item):
                orphaned = not (open_to and item.get(ISSUED_BY) == issuer.name)
                if not orphaned:
                    sent.append(bare)
            elif orphaned and _is_output(item):
                sent.append({name: value for name, value in bare.items() if name != "id"})
            else:
                orphaned = False
                sent.append(bare)
        return sent

    def learn(self, error: Exception, sent: Iterable[Mapping[str, Any]], issuer: Issuer) -> bool:
        """Take note when the issuer could not read the reasoning among these items.

        Returns whether to ask once more, without it: True at most once for an issuer in a session.
        """
        could_not = isinstance(error, ProviderError) and cannot_read(error) and any(map(_is_sealed, sent))
        if could_not:
            self.refused.add(issuer.name)
        return could_not

    def respond(
        self,
        ask: Callable[[Sequence[Item], Callbacks], Result],
        items: Sequence[Mapping[str, Any]],
        issuer: Issuer,
        callbacks: Callbacks | None = None,
    ) -> Result:
        """Ask with what may be sent; once more without reasoning, when the issuer cannot read it.

        ``ask`` makes one call of the runtime with these input items, and with the callbacks it is given: they pass on
        to ``callbacks``, which are told by ``on_reset`` what a refusal makes void. The requests of both calls are
        counted. Raises what ``ask`` raises, and StreamInterrupted when the caller stops between the two.
        """
        asking, admitted = Asking(callbacks), self.admit(items, issuer)
        try:
            return asking.call(lambda told: ask(admitted, told))
        except ProviderError as error:
            if not self.learn(error, admitted, issuer):
                raise
            asking.again(error)
        return asking.call(lambda told: ask(self.admit(items, issuer), told))


def cannot_read(error: ProviderError) -> bool:
    """Whether the provider says that it cannot read the encrypted reasoning it was sent."""
    return summarize(error).kind == STALE_REASONING.name


def _is_sealed(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "reasoning" or bool(item.get("encrypted_content"))


def _is_output(item: Mapping[str, Any]) -> bool:
    """Whether the item is something a model said, and not its user or a tool."""
    kind = str(item.get("type") or "message")
    return item.get("role") == "assistant" if kind == "message" else not kind.endswith("_output")
