"""Keys from outside in addresses: a customer's, a session's. They may contain anything."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import PathConverter, ValidationError

_PLAIN = re.compile(r"[A-Za-z0-9:._-]")
_ESCAPED = re.compile(rb"~([0-9A-F]{2})")
_MAX_CHARS = 600


class KeyConverter(PathConverter):
    """`<key:name>`: all but letters, digits, colon, dot, - and _ become ~ and two hex digits per
    byte.

    Percent-encoding would not survive: browsers resolve “..” and proxies merge slashes.
    """

    def to_python(self, value: str) -> str:
        """The key; accepts text that was only percent-encoded."""
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
        return in_address(value)


def in_address(key: str) -> str:
    """The key without characters that have a meaning in addresses."""
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"~{b:02X}" for b in letter.encode())
        for letter in key
    )


def configure(app: Flask) -> None:
    """Register `<key:…>` for routes of this application."""
    app.url_map.converters["key"] = KeyConverter
