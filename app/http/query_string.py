"""Reads and writes the arguments in a page's address: one rule per kind of value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app.errors import Invalid

LIMITS = (25, 50, 100)
DEFAULT_LIMIT = 50
MAX_PAGE = 100_000
SORT_ORDERS = ("desc", "asc")
_LONGEST_QUERY = 200
_LONGEST_BRANCH = 200
_LONGEST_OWNER = 254
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})?")


def check_readable(arguments: MultiDict[str, str], *but: str) -> None:
    """Refuse an address with control characters in any argument except those named.

    Raises:
        Invalid: there are some.
    """
    read = (value for name, value in arguments.items(multi=True) if name not in but)
    if not all(value.isprintable() for value in read):
        raise Invalid("The address holds characters that cannot be read.")


def choice(arguments: MultiDict[str, str], name: str, allowed: Iterable[str], default: str) -> str:
    """The argument `name` if it is one of `allowed`, `default` if it is missing.

    Raises:
        Invalid: it is another value.
    """
    value = arguments.get(name, "")
    if not value:
        return default
    if value not in allowed:
        raise Invalid(f"{name} “{value[:40]}” is not known. Use one of {', '.join(allowed)}.")
    return value


def several(arguments: MultiDict[str, str], name: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """The distinct values of the argument `name`.

    Raises:
        Invalid: one of them is not `allowed`.
    """
    values = tuple(dict.fromkeys(value for value in arguments.getlist(name) if value))
    for value in values:
        choice(MultiDict({name: value}), name, allowed, "")
    return values


def parse_branches(values: Iterable[str]) -> tuple[str, ...]:
    """The requested branches, each once.

    Raises:
        Invalid: one is too long for a branch id.
    """
    wanted = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if any(len(value) > _LONGEST_BRANCH for value in wanted):
        raise Invalid(f"A branch has at most {_LONGEST_BRANCH} characters.")
    return wanted


def parse_owner(arguments: MultiDict[str, str]) -> str:
    """Whose customers: a row of the team board, empty if everybody's.

    Raises:
        Invalid: it is too long for an address or a name.
    """
    owner = arguments.get("owner", "").strip()
    if len(owner) > _LONGEST_OWNER:
        raise Invalid(f"An owner has at most {_LONGEST_OWNER} characters.")
    return owner


def parse_query(arguments: MultiDict[str, str]) -> str:
    """The search words, with single spaces and without control characters.

    Raises:
        Invalid: there are too many of them.
    """
    words = " ".join(arguments.get("query", "").split())
    query = "".join(sign for sign in words if sign.isprintable())
    if len(query) > _LONGEST_QUERY:
        raise Invalid(f"Search for at most {_LONGEST_QUERY} characters.")
    return query


def parse_least_value(arguments: MultiDict[str, str]) -> Decimal | None:
    """The minimum value; None if missing or 0.

    Raises:
        Invalid: it is not an amount.
    """
    written = arguments.get("least_value", "").strip()
    if not written:
        return None
    if not _AMOUNT.fullmatch(written):
        raise Invalid(f"The minimum value “{written[:40]}” is not an amount. Write it like 1000.")
    return Decimal(written) or None


def parse_limit(arguments: MultiDict[str, str]) -> int:
    """The number of rows per page, one of LIMITS."""
    limit = arguments.get("limit", DEFAULT_LIMIT, type=int)
    return limit if limit in LIMITS else DEFAULT_LIMIT


def parse_page(arguments: MultiDict[str, str]) -> int:
    return min(max(arguments.get("page", 1, type=int), 1), MAX_PAGE)


def without_defaults(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values to put into an address: neither empty nor the default."""
    return {k: v for k, v in values.items() if v and v != defaults.get(k)}
