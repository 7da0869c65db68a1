"""Checks a customer or branch file against the last accepted one.

Each reason continues a sentence that begins with the file's name, and includes its numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.ingest.files.customer_file import Parsed

WORDS = {"users": "contacts", "locations": "branches"}

_KEYS = {"users": "user_id", "locations": "location_id"}
_SINGULAR = {"users": "contact", "locations": "branch"}
_CROWDED = {"buying_company_erp_id": "company", "branch_id": "branch"}
_COLUMNS = {
    "users": (
        "name",
        "email",
        "phone",
        "buying_company_erp_id",
        "buying_company_name",
        "branch_id",
        "account_owner",
    ),
    "locations": ("name", "city", "region", "email", "phone"),
}
_CROWD_ROWS = 200
_FEW, _MANY = 10, 30  # per cent of all contacts
_EMPTY = 100  # fewer than one in this many rows: the column counts as empty


def find_reasons(
    conn: Connection, tenant_id: UUID, file_type: str, parsed: Parsed[Any]
) -> list[str]:
    """Why an admin should check the file before it replaces the last one; empty if fine.

    For a first file only its end is checked.
    """
    cut = [parsed.cut] if parsed.cut else []
    before, rows = count_last_rows(conn, tenant_id, file_type), len(parsed.rows)
    if not before:
        return cut
    reasons = cut
    if not rows or rows * 2 < before:
        reasons = [f"has {rows:,} {WORDS[file_type]} and had {before:,} the last time", *cut]
    if rows:
        reasons += _emptied(conn, tenant_id, file_type, parsed)
    if file_type == "users" and rows >= _CROWD_ROWS:
        reasons += _crowded(conn, tenant_id, parsed.rows)
    return reasons + _forgotten(conn, tenant_id, file_type, parsed.rows)


def count_last_rows(conn: Connection, tenant_id: UUID, file_type: str) -> int:
    """The number of rows in the last accepted file, 0 if none."""
    statement = text("""
        select row_count from file_load where tenant_id = :t and file_type = :file_type
    """)
    return conn.execute(statement, {"t": tenant_id, "file_type": file_type}).scalar() or 0


def get_known_ids(conn: Connection, tenant_id: UUID, file_type: str) -> frozenset[str]:
    """The ids in the last accepted file."""
    statement = {"users": _CONTACT_IDS, "locations": _BRANCH_IDS}[file_type]
    return frozenset(conn.execute(statement, {"t": tenant_id}).scalars())


def _emptied(
    conn: Connection, tenant_id: UUID, file_type: str, parsed: Parsed[Any]
) -> Iterator[str]:
    """Columns filled in more than half of the last file's rows and empty now."""
    rows = parsed.rows
    empty = [n for n in _COLUMNS[file_type] if _filled(n, file_type, rows) * _EMPTY < len(rows)]
    statement = text("select * from get_filled_columns(:t, :file_type, :columns)")
    values = {"t": tenant_id, "file_type": file_type, "columns": empty}
    for name, filled, of in conn.execute(statement, values):
        if filled * 2 > of:
            fault = f"has the column {name} empty"
            yield (
                f"{fault if name in parsed.columns else f'lacks the column {name}'}; "
                f"{_percent(filled, of)} % of the rows of the last file had it filled"
            )


def _filled(name: str, file_type: str, rows: Sequence[Any]) -> int:
    """The number of rows with this column filled. A branch name equal to its id is not a name."""
    key = _KEYS[file_type]
    values = ((getattr(row, name), getattr(row, key)) for row in rows)
    return sum(value is not None and (key == "user_id" or value != own) for value, own in values)


def _crowded(conn: Connection, tenant_id: UUID, rows: Sequence[Any]) -> Iterator[str]:
    """Companies and branches that few contacts had before and many have now."""
    for name, word in _CROWDED.items():
        counts = Counter(getattr(row, name) for row in rows)
        counts.pop(None, None)
        for value, count in counts.most_common(100 // _MANY):
            had, of = conn.execute(_HAD[name], {"t": tenant_id, "value": value}).one()
            if count * 100 > len(rows) * _MANY and had * 100 < of * _FEW:
                yield (
                    f"gives {_percent(count, len(rows))} % of its contacts the {word} “{value}”, "
                    f"which {_percent(had, of)} % of them had the last time"
                )


def _forgotten(conn: Connection, tenant_id: UUID, file_type: str, rows: Sequence[Any]) -> list[str]:
    """Whether the file knows at most half of what the last one knew of recent events."""
    before = {name.lower() for name in get_known_ids(conn, tenant_id, file_type)}
    after = {getattr(row, _KEYS[file_type]).lower() for row in rows}
    if before <= after:
        return []
    statement = text("select * from get_named_events(:t, :file_type)")
    named = conn.execute(statement, {"t": tenant_id, "file_type": file_type}).all()
    total = sum(count for _, count in named)
    knew = sum(count for name, count in named if name.lower() in before)
    knows = sum(count for name, count in named if name.lower() in after)
    if not knew or knows * 2 > knew:
        return []
    return [
        f"knows the {_SINGULAR[file_type]} of {_percent(knows, total)} % of the events of the "
        f"last 30 loaded days that name one; the last file knew {_percent(knew, total)} %"
    ]


def _percent(part: int, whole: int) -> str:
    """A percentage, with a decimal below ten."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f}" if share >= 10 or share == int(share) else f"{share:.1f}"


_CONTACT_IDS = text("select user_id from users where tenant_id = :t")
_BRANCH_IDS = text("select location_id from locations where tenant_id = :t")
_HAD = {
    "buying_company_erp_id": text("""
        select count(*) filter (where buying_company_erp_id = :value), count(*)
        from users
        where tenant_id = :t
    """),
    "branch_id": text("""
        select count(*) filter (where lower(branch_id) = lower(:value)), count(*)
        from users
        where tenant_id = :t
    """),
}
