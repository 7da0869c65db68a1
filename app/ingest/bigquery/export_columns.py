"""BigQuery SQL for the columns of a day's table of the export.

Exports of different years differ: a missing column becomes null and a retyped one is cast. Property
names are query parameters.
"""

from __future__ import annotations

from app.ingest.store.day_source import Columns

_LEGACY_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_PROPERTIES = ("contact", "company", "branch")


def column(columns: Columns, path: str, kind: str) -> str:
    """A column of the table as `kind`."""
    found = columns.get(path)
    if found is None:
        return f"cast(null as {kind})"
    return path if standard(found) == kind else f"safe_cast({path} as {kind})"


def standard(bigquery_type: str) -> str:
    """The standard SQL name of a type; schemas may use its legacy name."""
    return _LEGACY_TYPES.get(bigquery_type.upper(), bigquery_type.upper())


def event_date(columns: Columns) -> str:
    """The event's day as text."""
    return (
        "event_date"
        if standard(columns["event_date"]) == "STRING"
        else ("cast(event_date as string)")
    )


def event_timestamp(columns: Columns) -> str:
    """The event's instant in microseconds since 1970."""
    if standard(columns["event_timestamp"]) == "TIMESTAMP":
        return "unix_micros(event_timestamp)"
    return column(columns, "event_timestamp", "INT64")


def value(columns: Columns, record: str, kind: str, order: tuple[str, ...]) -> str:
    """The first present typed value of a parameter, as `kind`."""
    present = []
    for name in order:
        found = columns.get(f"{record}.value.{name}")
        if found is None:
            continue
        typed = f"p.value.{name}"
        present.append(typed if standard(found) == kind else f"safe_cast({typed} as {kind})")
    if not present:
        return f"cast(null as {kind})"
    return f"coalesce({', '.join(present)})" if len(present) > 1 else present[0]


def text(columns: Columns, record: str) -> str:
    """A parameter or property as text, from any exported type."""
    order = ("string_value", "int_value", "double_value", "float_value")
    return value(columns, record, "STRING", order)


def has_properties(columns: Columns) -> bool:
    return "user_properties.key" in columns and "user_properties.value" in columns


def properties(columns: Columns) -> str:
    """The struct `properties` with the event's contact, company and branch as exported."""
    if not has_properties(columns):
        nulls = ", ".join(f"cast(null as string) as {name}" for name in _PROPERTIES)
        return f"(select as struct {nulls}) as properties"
    found = text(columns, "user_properties")
    chosen = ", ".join(
        f"max(if(p.key = @{name}_property, {found}, null)) as {name}" for name in _PROPERTIES
    )
    return f"(select as struct {chosen} from unnest(user_properties) as p) as properties"  # noqa: S608 - identifiers are checked, values are parameters
