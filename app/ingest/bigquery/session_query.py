"""The BigQuery SQL of the session extraction: one row per session and day table.

It aggregates events of every kind, including those not stored, so that sessions match Google's own
reports.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.ingest.bigquery.export_columns import (
    column,
    event_date,
    event_timestamp,
    has_properties,
    properties,
    value,
)
from app.ingest.store.day_source import Columns

FIRST_MICROS, LAST_MICROS = 946_684_800_000_000, 4_102_444_800_000_000  # 2000 to 2099

# Records with a session's traffic source, best first, and their source, medium and campaign.
_LAST_CLICK = "session_traffic_source_last_click"
_SOURCES = (
    (f"{_LAST_CLICK}.cross_channel_campaign", ("source", "medium", "campaign_name")),
    (f"{_LAST_CLICK}.manual_campaign", ("source", "medium", "campaign_name")),
    ("collected_traffic_source", ("manual_source", "manual_medium", "manual_campaign_name")),
)
_WHOLE = ("int_value", "string_value", "double_value", "float_value")
_TEXT = ("string_value", "int_value", "double_value", "float_value")

_LAST = (
    "event_timestamp desc, if(event_name = 'purchase', 1, 0) desc, batch_page_id desc, "
    "batch_ordering_id desc, batch_event_index desc, event_name desc"
)
_FIRST = "event_timestamp, batch_page_id, batch_ordering_id, batch_event_index, event_name"


def _last_named(name: str) -> str:
    """The last value of an identity; if possible one that is not a word for nothing."""
    rank = f"case when {name} is null then 2 when lower(trim({name})) in unnest(@nothing) then 1"
    order = f"{rank} else 0 end, {_LAST}, {name} desc"
    return f"array_agg({name} order by {order} limit 1)[safe_offset(0)]"


def _first(name: str) -> str:
    order = f"if({name} is null, 1, 0), {_FIRST}, {name}"
    return f"array_agg({name} order by {order} limit 1)[safe_offset(0)]"


def _origin(field: str) -> str:
    """A field of the best traffic source record of the session, earliest event first."""
    order = f"origin.rank, {_FIRST}, origin.source, origin.medium, origin.campaign"
    return f"array_agg(origin order by {order} limit 1)[safe_offset(0)].{field}"


_OUTPUTS = {
    "event_ts": "min(event_timestamp)",
    "event_name": "@event_names[offset(0)]",
    "user_id": _last_named("contact"),
    "company_id": _last_named("company"),
    "branch_id": _last_named("branch"),
    "is_engaged": "logical_or(is_engaged)",
    "batch_page_id": "cast(null as int64)",
    "batch_ordering_id": "cast(null as int64)",
    "batch_event_index": "cast(null as int64)",
    "page_url": "cast(null as string)",
    "content_hash": "cast(null as int64)",
    "last_ts": "max(event_timestamp)",
    "engagement_ms": "sum(greatest(params.engagement_time_msec, 0))",
    "page_views": "countif(event_name = 'page_view')",
    "source": _origin("source"),
    "medium": _origin("medium"),
    "campaign": _origin("campaign"),
    "device_category": _first("device_category"),
    "country": _first("country"),
}


def session_block(
    place: str, outputs: Sequence[str], names: Sequence[str], columns: Columns
) -> str:
    """Session rows of tables with the same columns. Binds @event_names and @nothing as well.

    A row that appears several times in the export is one event.
    """
    picked = ",\n    ".join(f"{_OUTPUTS.get(name, name)} as {name}" for name in outputs)
    plain = ", ".join(_plain(columns))
    tables = "\n            union all\n".join(
        f"            select {plain}, '{name}' as source_table from `{place}.{name}`"  # noqa: S608 - identifiers are checked, values are parameters
        for name in names
    )
    return f"""select {picked}
from (
    select *, properties.contact, properties.company, properties.branch,
        params.ga_session_id as ga_session_id,
        {_is_engaged()} as is_engaged,
        {_origin_struct(columns)} as origin
    from (
        select *, {_params(columns)}, {properties(columns)}
        from (
{tables}
        )
        where user_pseudo_id not in ('', '(not set)')
            and event_timestamp >= {FIRST_MICROS} and event_timestamp < {LAST_MICROS}
    )
    where params.ga_session_id is not null
    qualify row_number() over (
        partition by source_table, user_pseudo_id, event_timestamp, event_name, batch_page_id,
            batch_ordering_id, batch_event_index, to_json_string(event_params)
        order by device_category
    ) = 1
)
group by source_table, event_date, user_pseudo_id, ga_session_id"""  # noqa: S608 - as above


def _plain(columns: Columns) -> list[str]:
    """The columns read from each day's table, before unpacking."""
    plain = [
        "event_name",
        f"{event_date(columns)} as event_date",
        f"{event_timestamp(columns)} as event_timestamp",
        f"trim({column(columns, 'user_pseudo_id', 'STRING')}) as user_pseudo_id",
        "event_params",
        f"{column(columns, 'device.category', 'STRING')} as device_category",
        f"{column(columns, 'geo.country', 'STRING')} as country",
    ]
    plain += [
        f"{column(columns, name, 'INT64')} as {name}"
        for name in ("batch_page_id", "batch_ordering_id", "batch_event_index")
    ]
    plain += [
        f"{column(columns, f'{record}.{name}', 'STRING')} as {_alias(position, name)}"
        for position, (record, fields) in enumerate(_SOURCES)
        for name in fields
    ]
    if has_properties(columns):
        plain.append("user_properties")
    return plain


def _alias(position: int, name: str) -> str:
    return f"origin_{position}_{name}"


def _params(columns: Columns) -> str:
    picks = {
        "ga_session_id": ("ga_session_id", "INT64", _WHOLE),
        "engagement_time_msec": ("engagement_time_msec", "INT64", _WHOLE),
        "engaged_text": ("session_engaged", "STRING", ("string_value",)),
        "engaged_number": (
            "session_engaged",
            "FLOAT64",
            ("int_value", "double_value", "float_value"),
        ),
        "source": ("source", "STRING", _TEXT),
        "medium": ("medium", "STRING", _TEXT),
        "campaign": ("campaign", "STRING", _TEXT),
    }
    chosen = ", ".join(
        f"max(if(p.key = '{key}', {value(columns, 'event_params', kind, order)}, null)) as {name}"
        for name, (key, kind, order) in picks.items()
    )
    return f"(select as struct {chosen} from unnest(event_params) as p) as params"  # noqa: S608 - as above


def _is_engaged() -> str:
    """An event's engagement; null if it has none.

    Google writes the number 1 on every session_start and first_visit, so only text counts there.
    """
    return """case
            when params.engaged_text in ('1', '1.0', 'true', 'True') then true
            when event_name in ('session_start', 'first_visit')
                then if(params.engaged_text is null, null, false)
            when params.engaged_number = 1 then true
            when coalesce(params.engaged_text, cast(params.engaged_number as string)) is not null
                then false
        end"""


def _origin_struct(columns: Columns) -> str:
    """The event's traffic source: the best record that names one."""
    cases = [
        [f"nullif({_alias(position, name)}, '')" for name in fields]
        for position, (_, fields) in enumerate(_SOURCES)
    ]
    cases.append([f"nullif(params.{name}, '')" for name in ("source", "medium", "campaign")])

    def pick(field: int) -> str:
        whens = " ".join(f"when {case[0]} is not null then {case[field]}" for case in cases)
        return f"case {whens} end"

    ranks = " ".join(
        f"when {case[0]} is not null then {position}" for position, case in enumerate(cases)
    )
    return (
        f"struct(case {ranks} else {len(cases)} end as rank, {pick(0)} as source, "
        f"{pick(1)} as medium, {pick(2)} as campaign)"
    )
