"""Seeded identifiers of the lengths and alphabets that real ones have."""

from __future__ import annotations

import base64
import string
import uuid
from random import Random

_ALPHANUMERIC = string.ascii_letters + string.digits
_BLOCK = 16


class Ids:
    """Ids of one response: all of its items share a root, then tell their second, then differ."""

    def __init__(self, rng: Random, created_at: int) -> None:
        self._rng = rng
        self._created_at = created_at
        self._root = f"0{self._hex(15)}01"

    def of(self, prefix: str) -> str:
        """``msg_...``, ``fc_...``, ``resp_...``: 50 hexadecimal digits after the prefix."""
        return f"{prefix}_{self._root}{self._created_at:08x}{self._hex(4)}81{self._hex(18)}"

    def call(self) -> str:
        return f"call_{self.letters(24)}"

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self._rng.randbytes(16), version=4))

    def letters(self, length: int) -> str:
        return "".join(_ALPHANUMERIC[self._rng.randrange(len(_ALPHANUMERIC))] for _ in range(length))

    def padding(self, delta: str) -> str:
        """Obfuscation: letters that bring every delta up to a multiple of 16 characters."""
        return self.letters(-len(delta) % _BLOCK)

    def encrypted(self, length: int) -> str:
        """Opaque content of ``length`` bytes in the look of a Fernet token: version, time, noise."""
        token = b"\x80" + self._created_at.to_bytes(8, "big") + self._rng.randbytes(length)
        return base64.urlsafe_b64encode(token).decode()

    def _hex(self, digits: int) -> str:
        return f"{self._rng.getrandbits(4 * digits):0{digits}x}"
