"""Words for "no value": what exports and files contain where there is nothing.

Only sql/functions/words/_nothing_words.sql has the list; Python reads it from there.
"""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import Connection, text

_TEMPLATE = re.compile(r"\{\{.*\}\}|%.+%|\$\{.*\}", re.DOTALL)
_TEMPLATE_STARTS = frozenset("{%$")  # a cheap test, because most values are not templates

Words = frozenset[str]


def get_nothing_words(conn: Connection, tenant_id: UUID) -> Words:
    """The built-in words and the tenant's own, in lower case. Source: _nothing_words.sql."""
    statement = text("select unnest(_nothing_words(:tenant_id))")
    return frozenset(conn.execute(statement, {"tenant_id": tenant_id}).scalars())


def list_built_in(conn: Connection) -> list[str]:
    """The visible built-in words, in order. Source: _nothing_words.sql."""
    statement = text("select w from unnest(_nothing_words(null)) as w where w <> '' order by w")
    return list(conn.execute(statement).scalars())


def is_nothing(value: str, words: Words) -> bool:
    """Whether this text means no value: a word of the list, or an unresolved template."""
    trimmed = value.strip()
    if trimmed.lower() in words:
        return True
    return trimmed[:1] in _TEMPLATE_STARTS and _TEMPLATE.fullmatch(trimmed) is not None
