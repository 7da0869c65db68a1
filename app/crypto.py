"""Tenants' credentials at rest: AES-256-GCM envelopes under a ring of named keys.

Every value has its own data key, wrapped by a key of the ring. Both layers are bound to the tenant
and the field, so that an envelope moved to another row or column cannot be decrypted.

Layout: version (1 byte) · length of the key's name (1) · name · nonce (12) · wrapped data key (48)
· nonce (12) · ciphertext with its tag.
"""

from __future__ import annotations

import base64
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.config import ConfigError

_VERSION = 1
_NONCE = 12
_KEY = 32
_WRAPPED = _KEY + 16

_ring: dict[str, bytes] = {}


class CredentialError(RuntimeError):
    """A stored credential cannot be decrypted; the message says why, never its content."""


def configure(credential_keys: str) -> None:
    """Read the key ring, `name:base64[,name:base64…]`. The first key encrypts, all decrypt."""
    entries = [entry.strip().partition(":") for entry in credential_keys.split(",")]
    ring = {name: base64.b64decode(key, validate=True) for name, _, key in entries}
    if len(ring) != len(entries):
        raise ConfigError("CREDENTIAL_KEYS: two keys have the same name")
    if any(len(name.encode()) > 255 for name in ring):
        raise ConfigError("CREDENTIAL_KEYS: a key's name is too long")
    _ring.clear()
    _ring.update(ring)


def encrypt(tenant_id: UUID, field: str, plaintext: str) -> bytes:
    """An envelope that can be decrypted only for this tenant's field."""
    name = _first_key()
    bound = _bound_to(tenant_id, field)
    data_key = secrets.token_bytes(_KEY)
    header = bytes([_VERSION, len(name.encode())]) + name.encode()
    wrapped = _seal(_ring[name], data_key, bound + header)
    return header + wrapped + _seal(data_key, plaintext.encode(), bound)


def decrypt(tenant_id: UUID, field: str, envelope: bytes) -> str:
    """The plaintext of this tenant's field.

    Raises:
        CredentialError: another tenant's or field's, damaged, or its key left the ring.
    """
    header, name = _read_header(envelope)
    if name not in _ring:
        raise CredentialError(f"The key “{name}” of this credential is not in CREDENTIAL_KEYS.")
    bound = _bound_to(tenant_id, field)
    rest = envelope[len(header) :]
    split = _NONCE + _WRAPPED
    try:
        data_key = _open(_ring[name], rest[:split], bound + header)
        return _open(data_key, rest[split:], bound).decode()
    except (InvalidTag, ValueError) as error:
        raise CredentialError("This credential is damaged or was stored elsewhere.") from error


def is_current(envelope: bytes) -> bool:
    """Whether the current key made this envelope; if not, encrypt it again."""
    return _read_header(envelope)[1] == _first_key()


def _first_key() -> str:
    if not _ring:
        raise ConfigError("app.crypto.configure() was not called")
    return next(iter(_ring))


def _read_header(envelope: bytes) -> tuple[bytes, str]:
    if len(envelope) < 2 or envelope[0] != _VERSION:
        raise CredentialError("This credential was not stored by this system.")
    header = envelope[: 2 + envelope[1]]
    return header, header[2:].decode(errors="replace")


def _bound_to(tenant_id: UUID, field: str) -> bytes:
    return tenant_id.bytes + field.encode() + b"\0"


def _seal(key: bytes, plaintext: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
