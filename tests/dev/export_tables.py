"""Generated tables in DuckDB, typed by the export's schema, with the columns tests ask about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from dev.bigquery_schema import EVENTS, Column, duckdb_type

WANTED: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "INTEGER": str,
    "FLOAT": (int, float),
    "BOOLEAN": bool,
}
MACROS = """
create macro param(pairs, wanted) as list_filter(pairs, lambda p: p.key = wanted)[1].value;
create macro text(v) as coalesce(v.string_value, v.int_value::varchar, v.double_value::varchar);
"""
EVENT = """
create table event as
select
    *,
    regexp_extract(filename, '(events_.*)\\.json', 1) as table_name,
    param(event_params, 'ga_session_id').int_value as ga_session_id,
    user_pseudo_id || '.' || param(event_params, 'ga_session_id').int_value as session_id,
    text(param(event_params, 'search_term')) as term,
    param(event_params, 'session_engaged') as engaged,
    text(param(event_params, 'currency')) as currency,
    param(event_params, 'value') as value_param,
    ecommerce.transaction_id as order_id,
    ecommerce.purchase_revenue as revenue,
    text(param(user_properties, 'WebUserId')) as contact,
    text(param(user_properties, 'WebCustomerId')) as company,
    text(param(user_properties, 'default_branch_id')) as branch,
    event_timestamp // 1000000 as second
from read_json('{files}', format = 'newline_delimited', columns = {columns}, filename = true)
"""
VISIT = """
create view visit as
select
    session_id,
    user_pseudo_id,
    min(event_date) as event_date,
    min(event_timestamp) as began,
    max(contact) as who
from event
where session_id is not null
group by session_id, user_pseudo_id
"""


def open_tables(ga4: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `event`, every row of every file in `ga4`, and `visit`, its sessions."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    connection.execute(MACROS)
    columns = ", ".join(f"'{column.name}': '{duckdb_type(column)}'" for column in EVENTS)
    connection.execute(EVENT.format(files=ga4 / "*.json.gz", columns=f"{{{columns}}}"))
    connection.execute(VISIT)
    return connection


def faults(value: Any, column: Column) -> list[str]:  # any JSON value may turn up
    """What in `value` is not as `bq extract` writes a column: names of fields with a reason."""
    if column.is_repeated:
        one = Column(column.name, column.type, column.fields)
        return [fault for element in value for fault in faults(element, one)]
    if column.type == "RECORD":
        return record_faults(value, column.fields)
    wanted = WANTED[column.type]
    if column.type == "FLOAT" and value == "NaN":
        return []
    if not isinstance(value, wanted) or (column.type == "INTEGER" and not _is_integer(value)):
        return [f"{column.name}: {value!r} is no {column.type}"]
    return []


def record_faults(record: dict[str, Any], fields: tuple[Column, ...]) -> list[str]:
    """The same for all fields of a record; a null must be left out."""
    known = {field.name: field for field in fields}
    found = [f"{name}: unknown" for name in record if name not in known]
    for name in record.keys() & known.keys():
        found += faults(record[name], known[name])
    return found


def _is_integer(text: Any) -> bool:  # any JSON value may turn up
    return isinstance(text, str) and text.removeprefix("-").isdigit()
