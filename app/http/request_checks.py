"""Limits on a request's bytes, fields, depth and text, checked once before a view reads it.

The caller is known by then: the body of an unauthorized caller is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import MultiDict

from app.errors import Malformed, TooLarge

MOST_BODY_BYTES = 2_000_000
MOST_FORM_BYTES = 500_000  # without files
MOST_JSON_BYTES = 200_000
MOST_FIELDS = 2_000  # of a form or a query; in JSON, all values of all objects and lists
DEEPEST = 20

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_UNFIT = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL can store neither


class CheckedJson(DefaultJSONProvider):
    """JSON checked against the limits while it is read."""

    def loads(self, s: str | bytes, **options: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Parse the value.

        Raises:
            Malformed: it is not JSON, nested too deeply, or contains forbidden text or numbers.
            TooLarge: it contains too many values.
        """
        try:
            value = super().loads(s, parse_constant=_refuse_constant, **options)
        except (ValueError, RecursionError):
            raise Malformed("The body is not JSON that can be read.") from None
        _check_json(value)
        return value


def configure(app: Flask) -> None:
    """Set Flask's own limits and the JSON reader."""
    app.json = CheckedJson(app)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES)


def check_form() -> None:
    """Refuse an address or form that none of our pages sends.

    Raises:
        Malformed: a name or value contains forbidden text.
        TooLarge: there are too many fields.
    """
    check_address()
    if request.method in _READING:
        return
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = MOST_FORM_BYTES
        _check_count(request.get_data().count(b"&"))
    _check_fields(request.form)
    _check_texts(upload.filename or "" for upload in request.files.values())


def check_json() -> None:
    """Refuse an address or body that is unreadable, before anything uses it.

    Raises:
        Malformed: wrong content type, no JSON object, or forbidden text.
        TooLarge: more bytes, values or fields than any call needs.
    """
    check_address()
    if request.method in _READING:
        return
    request.max_content_length = MOST_JSON_BYTES
    if not request.get_data():
        return
    if not request.is_json:
        raise Malformed("Send the body as JSON, with Content-Type: application/json.")
    if not isinstance(request.get_json(), dict):
        raise Malformed("The body is not a JSON object.")


def check_address() -> None:
    """Refuse a path or query with too many fields or forbidden text.

    Raises:
        Malformed: the text is forbidden.
        TooLarge: there are too many fields.
    """
    _check_texts(str(value) for value in (request.view_args or {}).values())
    _check_count(request.query_string.count(b"&"))
    _check_fields(request.args)


def _check_fields(fields: MultiDict[str, str]) -> None:
    pairs = list(fields.items(multi=True))
    _check_count(len(pairs))
    _check_texts(text for pair in pairs for text in pair)


def _check_count(count: int) -> None:
    if count > MOST_FIELDS:
        raise TooLarge(f"This holds more than {MOST_FIELDS:,} values.")


def _check_texts(texts: Iterable[str]) -> None:
    if any(_UNFIT.search(text) for text in texts):
        raise Malformed("This holds a character that cannot be stored.")


def _check_json(value: object) -> None:
    """Walk the tree level by level, so that depth costs no stack."""
    level, count = [value], 0
    for _ in range(DEEPEST):
        count += len(level)
        _check_count(count)
        _check_texts(_texts_of(level))
        level = [inner for container in level for inner in _values_of(container)]
        if not level:
            return
    raise Malformed(f"The body is nested more than {DEEPEST} deep.")


def _texts_of(level: Iterable[object]) -> Iterable[str]:
    for value in level:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from value


def _values_of(container: object) -> Iterable[object]:
    if isinstance(container, Mapping):
        return container.values()
    return container if isinstance(container, list) else ()


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python's reader accepts although they are not JSON.

    Raises:
        ValueError: always.
    """
    raise ValueError(name)
