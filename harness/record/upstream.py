"""The one server a recording reaches: where it is, and how a client's request becomes one to it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.delivery import Headers

PREFIX = "/v1"
"""What clients have in their base URL; the upstream's own path stands in for it."""

_PORTS = {"http": 80, "https": 443}
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "host",
        "content-length",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that concern one connection only (RFC 9110, section 7.6.1), and those written anew for the next one."""


class BadUpstream(ValueError):
    """No upstream; the text says why and what to write."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go."""

    host: str
    port: int
    path: str
    """Without a slash at its end; empty when clients' paths hold there as they are."""
    tls: ssl.SSLContext | None

    @classmethod
    def parse(cls, url: str, ca: Path | None = None) -> Upstream:
        """``ca`` is a PEM file to trust instead of the system's authorities. Raises BadUpstream."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadUpstream(f"{url!r} is no http or https address, as in https://api.openai.com/v1")
        if parts.username is not None or parts.query or parts.fragment:
            raise BadUpstream("the address holds more than host, port and path; credentials come from the client")
        try:
            port = parts.port or _PORTS[parts.scheme]
            tls = _context(ca) if parts.scheme == "https" else None
        except (ValueError, OSError) as error:
            raise BadUpstream(f"{url}: {error}") from error
        return cls(parts.hostname, port, parts.path.rstrip("/"), tls)

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"

    def target(self, asked: str) -> str:
        """A client's request target as one of the upstream's."""
        if not self.path:
            return asked
        rest = asked.removeprefix(PREFIX)
        return self.path + (rest if rest != asked and rest[:1] in ("", "/", "?") else asked)

    def headers(self, asked: Headers, length: int) -> Headers:
        """A client's headers as they go up; accept-encoding among them, or the provider would answer differently."""
        listed = (value for name, value in asked if name.lower() == "connection")
        dropped = _HOP_BY_HOP | {name.strip().lower() for value in listed for name in value.split(",")}
        kept = tuple((name, value) for name, value in asked if name.lower() not in dropped)
        has_body = length or any(name.lower() in ("content-length", "transfer-encoding") for name, _ in asked)
        return (("Host", self.authority), *kept, *([("Content-Length", str(length))] if has_body else []))


def _context(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["http/1.1"])
    return context
