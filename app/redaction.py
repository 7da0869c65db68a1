"""Removes addresses, tokens and credentials from log output."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping

import psycopg
from sqlalchemy.exc import StatementError

_HIDDEN = "[redacted]"
_MAX_DEPTH = 6

# Fields whose names show that their values must not be logged.
_PRIVATE_FIELD = re.compile(
    r"pass(word|phrase|wd)?$|secret|token|authorization|cookie|credential|private_?key|api_?key"
    r"|e[-_]?mail|phone|recipient|nonce",
    re.IGNORECASE,
)
_SHAPES = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL), "[key]"),
    (re.compile(r"(://)[^/\s@:]*:[^/\s@]*@"), rf"\1{_HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?"), "[token]"),
    (
        re.compile(
            r"\b((?:access_|refresh_|id_)?token|client_secret|secret|password|passwd"
            r"|code_verifier|nonce|private_key|assertion)"
            r"(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\"&,;)}]+",
            re.IGNORECASE,
        ),
        rf"\1\2\3{_HIDDEN}",
    ),
    # pydantic's messages show refused input, PostgreSQL's show rows and values.
    (re.compile(r"input_value=.*?, input_type=", re.DOTALL), f"input_value={_HIDDEN}, input_type="),
    (
        re.compile(r"^(DETAIL|CONTEXT|HINT|STATEMENT):.*?(?=^\S+:|\Z)", re.DOTALL | re.MULTILINE),
        rf"\1: {_HIDDEN}\n",
    ),
    (re.compile(r"\[parameters: .*?\](?=\n|\Z)", re.DOTALL), f"[parameters: {_HIDDEN}]"),
    (re.compile(r"([?&](?:code|state)=)[^\s&'\"]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+"), "[email]"),
)


_QUOTED = re.compile(r'".*"', re.DOTALL)  # PostgreSQL's messages quote both names and values


def describe_error(error: BaseException) -> str:
    """An error's message without quoted values of a statement.

    For PostgreSQL's own errors: the kind, the message without quotes, and the names of table,
    column and constraint. Never DETAIL, CONTEXT or HINT, which repeat rows and values.
    """
    if isinstance(error, StatementError):
        return describe_error(error.orig) if error.orig else type(error).__name__
    if not isinstance(error, psycopg.Error):
        return redact_text(str(error))
    said = error.diag
    message = said.message_primary or str(error).partition("\n")[0]
    names = (said.table_name, said.column_name, said.constraint_name)
    return " ".join(part for part in (error.sqlstate, _QUOTED.sub('"…"', message), *names) if part)


def describe_traceback(error: BaseException) -> str:
    """The traceback of an error and its causes, oldest first, described by `describe_error`."""
    parts = []
    for one in _chain(error):
        parts += ["Traceback (most recent call last):\n", *traceback.format_tb(one.__traceback__)]
        parts.append(f"{type(one).__qualname__}: {describe_error(one)}\n\n")
    return redact_text("".join(parts).rstrip())


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error's causes, then the error."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return reversed(found)


def redact_text(text: str) -> str:
    """The text without anything that looks like an address, token or credential."""
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def redact(name: str, value: object, depth: int = 0) -> object:
    """A field's value as it may be logged. Cleans nested values too."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _PRIVATE_FIELD.search(name) or depth > _MAX_DEPTH:
        return _HIDDEN
    if isinstance(value, BaseException):
        return describe_error(value)
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {str(key): redact(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(name, item, depth + 1) for item in value]
    return redact_text(str(value))
