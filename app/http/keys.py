"""Keys from outside in addresses: a customer's, a session's. They may contain anything.

A contact's key holds the id that the shop gave, which may be an address. Viewers get such a key
sealed, and cannot ask by the open one: who may not read an address cannot guess it either.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import Flask, current_app, g, has_request_context, request
from werkzeug.routing import PathConverter, ValidationError

from app.errors import NotFound

_PLAIN = re.compile(r"[A-Za-z0-9:._-]")
_ESCAPED = re.compile(rb"~([0-9A-F]{2})")
_SEALED = "s:"
_MAX_CHARS = 600
_MAX_SEALED = 2_000


class Unsealed(str):
    """A key that was read from its sealed form, which was made for `tenant_id`."""

    tenant_id: str


class KeyConverter(PathConverter):
    """`<key:name>`: all but letters, digits, colon, dot, - and _ become ~ and two hex digits per
    byte.

    Percent-encoding would not survive: browsers resolve “..” and proxies merge slashes.
    """

    def to_python(self, value: str) -> str:
        """The key; accepts text that was only percent-encoded."""
        if value.startswith(_SEALED):
            return _unseal(value)
        raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
        try:
            key = raw.decode()
        except UnicodeDecodeError as error:
            raise ValidationError from error
        if len(key) > _MAX_CHARS or "\x00" in key:
            raise ValidationError
        return key

    def to_url(self, value: str) -> str:
        """The key as it appears in an address."""
        return in_address(shown_key(value))


def shown_key(key: str) -> str:
    """The key as the current member may see it: sealed if it is a person's and the member a viewer.

    The same key of a tenant is always sealed the same.
    """
    membership = g.get("membership") if has_request_context() else None
    if membership is None or membership.role != "viewer" or not _names_a_person(key):
        return key
    sealed = _cipher().encrypt(f"{membership.tenant.tenant_id}|{key}".encode(), None)
    return _SEALED + base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def check_keys() -> None:
    """Refuse keys that the current member may not ask by.

    Raises:
        NotFound: a viewer asks by a person's open key, or the key was sealed for another tenant.
    """
    membership = g.get("membership")
    for key in (request.view_args or {}).values():
        if not isinstance(key, str) or membership is None:
            continue
        if isinstance(key, Unsealed):
            is_fit = key.tenant_id == str(membership.tenant.tenant_id)
        else:
            is_fit = membership.role != "viewer" or not _names_a_person(key)
        if not is_fit:
            raise NotFound


def in_address(key: str) -> str:
    """The key without characters that have a meaning in addresses."""
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"~{b:02X}" for b in letter.encode())
        for letter in key
    )


def _names_a_person(key: str) -> bool:
    return "@" in key


def _unseal(value: str) -> Unsealed:
    if len(value) > _MAX_SEALED:
        raise ValidationError
    encoded = value.removeprefix(_SEALED)
    try:
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
        tenant_id, _, key = _cipher().decrypt(sealed, None).decode().partition("|")
    except (InvalidTag, ValueError) as error:
        raise ValidationError from error
    found = Unsealed(key)
    found.tenant_id = tenant_id
    return found


def _cipher() -> AESSIV:
    secret = str(current_app.config["SECRET_KEY"])
    return AESSIV(sha512(f"keys for viewers {secret}".encode()).digest())


def configure(app: Flask) -> None:
    """Register `<key:…>` for routes of this application, and check what viewers ask by."""
    app.url_map.converters["key"] = KeyConverter
    app.before_request(check_keys)
