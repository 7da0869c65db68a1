"""Keys that strangers made, in addresses: a customer's, a session's. They may hold anything."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import PathConverter, ValidationError

_PLAIN = re.compile(r"[A-Za-z0-9:._-]")
_ESCAPED = re.compile(rb"~([0-9A-F]{2})")
_MAX_CHARS = 600


class KeyConverter(PathConverter):
    """`<key:name>`: what is no letter, digit, colon, dot, - or _ becomes ~ and its two hex digits.

    Percent signs would be undone on the way: a browser resolves “..”, a proxy merges slashes.
    """

    def to_python(self, value: str) -> str:
        """The key; text that was only percent-encoded is taken as it is."""
        raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
        try:
            key = raw.decode()
        except UnicodeDecodeError as error:
            raise ValidationError from error
        if len(key) > _MAX_CHARS or "\x00" in key:
            raise ValidationError
        return key

    def to_url(self, value: str) -> str:
        """The key as it stands in an address."""
        return in_address(value)


def in_address(key: str) -> str:
    """The key with nothing in it that an address treats in a way of its own."""
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"~{b:02X}" for b in letter.encode())
        for letter in key
    )


def configure(app: Flask) -> None:
    """Let routes of this application use `<key:…>`."""
    app.url_map.converters["key"] = KeyConverter
