"""The BigQuery SQL of one extraction: flat scalar rows from GA4's nested ones.

Each day's table is read by its own schema, because exports of different years differ: a missing
column becomes null and a retyped one is cast. Identifiers are checked here; event and property
names are always query parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.errors import Upstream
from app.ingest.bigquery.export_columns import (
    column,
    event_date,
    event_timestamp,
    has_properties,
    properties,
    standard,
    text,
    value,
)
from app.ingest.bigquery.names import check_dataset, check_events_table, check_project
from app.ingest.bigquery.session_query import session_block
from app.ingest.store.day_source import Columns
from app.ingest.store.event_tables import SESSION_PART, EventTable, output_columns

_REQUIRED = ("event_date", "event_timestamp", "event_name", "event_params")

# An event's parameters, by how they are read.
_TEXT_PARAMS = (
    "currency",
    "page_location",
    "page_referrer",
    "page_title",
    "search_term",
    "session_engaged",
    "transaction_id",
)
_SCALARS = (
    ("device_category", "device.category", "STRING"),
    ("city", "geo.city", "STRING"),
    ("country", "geo.country", "STRING"),
    ("traffic_source", "traffic_source.source", "STRING"),
    ("traffic_medium", "traffic_source.medium", "STRING"),
    ("ecommerce_id", "ecommerce.transaction_id", "STRING"),
    ("purchase_revenue", "ecommerce.purchase_revenue", "FLOAT64"),
    ("refund_value", "ecommerce.refund_value", "FLOAT64"),
)
_ITEMS = (
    ("item_id", "STRING"),
    ("item_name", "STRING"),
    ("item_category", "STRING"),
    ("price", "FLOAT64"),
    ("quantity", "INT64"),
)
_REVENUE = (
    "coalesce(if(event_name = 'refund', "
    "if(is_nan(refund_value), null, refund_value), "
    "if(is_nan(purchase_revenue), null, purchase_revenue)), params.value)"
)
# All parameters, which are read anyway. At most 18 digits, since whole numbers may also be text.
_CONTENT_HASH = "mod(farm_fingerprint(to_json_string(event_params)), 1000000000000000000)"
# The source of a spool column, if it is not a column of the same name.
_SOURCES = {
    "event_ts": "event_timestamp",
    "ga_session_id": "params.ga_session_id",
    "user_id": "properties.contact",
    "company_id": "properties.company",
    "branch_id": "properties.branch",
    "is_engaged": "params.session_engaged",
    "page_url": "params.page_location",
    "page_title": "params.page_title",
    "page_referrer": "params.page_referrer",
    "currency": "params.currency",
    "value": "params.value",
    "search_term": "params.search_term",
    "transaction_id": "coalesce(ecommerce_id, params.transaction_id)",
    "revenue": _REVENUE,
    "content_hash": _CONTENT_HASH,
    "item_id": "first_item_id",
    "item_name": "first_item_name",
    "item_category": "first_item_category",
    "item_price": "first_price",
    "quantity": "first_quantity",
}


def extraction_query(
    project_id: str, dataset_id: str, table: EventTable, days: Mapping[str, Columns]
) -> str:
    """One query over all source tables of `days` (table name -> its columns).

    Tables with the same columns share one block, which keeps the SQL short. Binds the parameters
    @event_names, @contact_property, @company_property and @branch_property.

    Raises:
        Invalid: a project, dataset or table name is malformed.
        Upstream: a table is not a GA4 export, because required columns are missing.
    """
    place = f"{check_project(project_id)}.{check_dataset(dataset_id)}"
    groups: dict[frozenset[tuple[str, str]], list[str]] = {}
    for name, columns in sorted(days.items()):
        _check_export(name, columns)
        groups.setdefault(frozenset(columns.items()), []).append(name)
    return "\nunion all\n".join(
        session_block(place, output_columns(table), names, dict(columns))
        if table is SESSION_PART
        else _block(place, table, names, dict(columns))
        for columns, names in groups.items()
    )


def _check_export(name: str, columns: Columns) -> None:
    check_events_table(name)
    missing = [column for column in _REQUIRED if column not in columns]
    if missing:
        raise Upstream(
            f"The table {name} is not a GA4 export: it has no column {', '.join(missing)}. "
            "Point the settings at the dataset that Google Analytics exports to.",
            permanent=True,
        )


def _block(place: str, table: EventTable, names: Sequence[str], columns: Columns) -> str:
    """Flat rows of tables with the same columns: read, unpack, then name the outputs."""
    outputs = [(name, _SOURCES.get(name, name)) for name in output_columns(table)]
    wanted = " ".join(source for _, source in outputs)
    picked = ", ".join(f"{source} as {name}" for name, source in outputs)
    unpacked = ",\n        ".join(["*", *_unpacked(table, columns, wanted)])
    plain = ", ".join(_plain_columns(table, columns, wanted))
    tables = "\n        union all\n".join(
        f"        select {plain}, '{name}' as source_table from `{place}.{name}`\n"  # noqa: S608 - identifiers are checked, values are parameters
        "        where event_name in unnest(@event_names)"
        for name in names
    )
    return f"""select {picked}
from (
    select
        {unpacked}
    from (
{tables}
    )
)"""  # noqa: S608 - as above


def _plain_columns(table: EventTable, columns: Columns, wanted: str) -> list[str]:
    """The columns read from each day's table, before unpacking."""
    plain = [
        "event_name",
        f"{event_date(columns)} as event_date",
        f"{event_timestamp(columns)} as event_timestamp",
        f"{column(columns, 'user_pseudo_id', 'STRING')} as user_pseudo_id",
        "event_params",
    ]
    plain += [
        f"{column(columns, name, 'INT64')} as {name}"
        for name in ("batch_page_id", "batch_ordering_id", "batch_event_index")
    ]
    plain += [
        f"{column(columns, path, kind)} as {alias}"
        for alias, path, kind in _SCALARS
        if re.search(rf"\b{alias}\b", wanted)
    ]
    if has_properties(columns):
        plain.append("user_properties")
    if "items_json" in table.schema.names and "items" in columns:
        plain.append(_slim_items(columns))
    return plain


def _unpacked(table: EventTable, columns: Columns, wanted: str) -> list[str]:
    parts = [_params(columns, wanted), properties(columns)]
    if "items_json" in table.schema.names:
        parts += _items(columns, wanted)
    return parts


def _params(columns: Columns, wanted: str) -> str:
    number = value(
        columns,
        "event_params",
        "FLOAT64",
        ("double_value", "float_value", "int_value", "string_value"),
    )
    whole = value(
        columns,
        "event_params",
        "INT64",
        ("int_value", "string_value", "double_value", "float_value"),
    )
    picks = [("ga_session_id", whole)]
    picks += [
        (key, text(columns, "event_params"))
        for key in _TEXT_PARAMS
        if re.search(rf"\bparams\.{key}\b", wanted)
    ]
    if "params.value" in wanted:
        picks.append(("value", number))
    chosen = ", ".join(f"max(if(p.key = '{key}', {found}, null)) as {key}" for key, found in picks)
    return f"(select as struct {chosen} from unnest(event_params) as p) as params"  # noqa: S608 - as above


def _slim_items(columns: Columns) -> str:
    """The items in order, with only the five fields kept: unread fields cost nothing."""
    fields = ", ".join(f"{_item_field(columns, name, kind)} as {name}" for name, kind in _ITEMS)
    return (
        f"array(select as struct {fields} from unnest(items) as i "  # noqa: S608 - as above
        "with offset as position order by position) as items"
    )


def _item_field(columns: Columns, name: str, kind: str) -> str:
    found = columns.get(f"items.{name}")
    if found is None:
        return f"cast(null as {kind})"
    typed = f"i.{name}" if standard(found) == kind else f"safe_cast(i.{name} as {kind})"
    if kind == "STRING":
        return f"nullif({typed}, '')"
    if kind == "FLOAT64":
        return f"if(is_nan({typed}) or is_inf({typed}), null, {typed})"
    return typed


def _items(columns: Columns, wanted: str) -> list[str]:
    firsts = [(name, kind) for name, kind in _ITEMS if f"first_{name}" in wanted]
    if "items" not in columns:
        nulls = [f"cast(null as {kind}) as first_{name}" for name, kind in firsts]
        return ["cast(null as string) as items_json", *nulls]
    picks = [f"items[safe_offset(0)].{name} as first_{name}" for name, _ in firsts]
    return ["to_json_string(items) as items_json", *picks]
