"""Tokens of links in mail: the tenant's id and 32 random bytes, in letters that a URL takes.

The tenant opens the fence, and behind it the SHA-256 of the random bytes is looked up; the bytes
themselves are kept nowhere but in the message.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from uuid import UUID

_LETTERS = re.compile(r"[A-Za-z0-9_-]{64}", re.ASCII)
_RANDOM_BYTES = 32


@dataclass(frozen=True)
class LinkToken:
    """A token that was read: whose it is, and what is stored of it."""

    tenant_id: UUID
    secret: bytes = field(repr=False)

    @property
    def token_hash(self) -> bytes:
        """The 32 bytes that are stored."""
        return hashlib.sha256(self.secret).digest()

    @property
    def letters(self) -> str:
        """The token as it stands in a URL, 64 letters."""
        return base64.urlsafe_b64encode(self.tenant_id.bytes + self.secret).decode()


def make_token(tenant_id: UUID) -> LinkToken:
    """A new one that nobody can guess."""
    return LinkToken(tenant_id, secrets.token_bytes(_RANDOM_BYTES))


def find_token(letters: str) -> LinkToken | None:
    """The token of a URL; None when it cannot be one. Whether it is known is another question."""
    if not _LETTERS.fullmatch(letters):
        return None
    read = base64.urlsafe_b64decode(letters)
    return LinkToken(UUID(bytes=read[:16]), read[16:])
