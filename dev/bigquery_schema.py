"""The GA4 daily export's schema as of 2026, and its DuckDB types.

Imported by the emulator's own interpreter too, so it needs nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column or record field, in BigQuery's REST words."""

    name: str
    type: str
    fields: tuple[Column, ...] = ()
    is_repeated: bool = False


DUCKDB_TYPES = {"STRING": "VARCHAR", "INTEGER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN"}


def _of(kind: str, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name in names.split())


def strings(names: str) -> tuple[Column, ...]:
    """STRING columns of these names."""
    return _of("STRING", names)


def integers(names: str) -> tuple[Column, ...]:
    """INTEGER columns of these names."""
    return _of("INTEGER", names)


def floats(names: str) -> tuple[Column, ...]:
    """FLOAT columns of these names."""
    return _of("FLOAT", names)


def record(name: str, *fields: tuple[Column, ...], is_repeated: bool = False) -> Column:
    """A RECORD of groups of fields."""
    return Column(name, "RECORD", tuple(f for group in fields for f in group), is_repeated)


def parameters(name: str, *more: tuple[Column, ...]) -> Column:
    """Key and typed value, as event, user and item parameters have them."""
    value = record(
        "value",
        strings("string_value"),
        integers("int_value"),
        floats("float_value double_value"),
        *more,
    )
    return record(name, strings("key"), (value,), is_repeated=True)


DEVICE = record(
    "device",
    strings(
        "category mobile_brand_name mobile_model_name mobile_marketing_name"
        " mobile_os_hardware_model operating_system operating_system_version vendor_id"
        " advertising_id language is_limited_ad_tracking"
    ),
    integers("time_zone_offset_seconds"),
    strings("browser browser_version"),
    (record("web_info", strings("browser browser_version hostname")),),
)

ECOMMERCE = record(
    "ecommerce",
    integers("total_item_quantity"),
    floats(
        "purchase_revenue_in_usd purchase_revenue refund_value_in_usd refund_value"
        " shipping_value_in_usd shipping_value tax_value_in_usd tax_value"
    ),
    integers("unique_items"),
    strings("transaction_id"),
)

ITEMS = record(
    "items",
    strings(
        "item_id item_name item_brand item_variant item_category item_category2 item_category3"
        " item_category4 item_category5"
    ),
    floats("price_in_usd price"),
    integers("quantity"),
    floats("item_revenue_in_usd item_revenue item_refund_in_usd item_refund"),
    strings(
        "coupon affiliation location_id item_list_id item_list_name item_list_index promotion_id"
        " promotion_name creative_name creative_slot"
    ),
    (parameters("item_params"),),
    is_repeated=True,
)

COLLECTED_SOURCE = record(
    "collected_traffic_source",
    strings(
        "manual_campaign_id manual_campaign_name manual_source manual_medium manual_term"
        " manual_content manual_creative_format manual_marketing_tactic manual_source_platform"
        " gclid dclid srsltid"
    ),
)

LAST_CLICK_CAMPAIGNS = {
    "manual": "campaign_id campaign_name source medium term content source_platform"
    " creative_format marketing_tactic",
    "google_ads": "customer_id account_name campaign_id campaign_name ad_group_id ad_group_name",
    "cross_channel": "campaign_id campaign_name source medium source_platform"
    " default_channel_group primary_channel_group",
    "sa360": "campaign_id campaign_name source medium ad_group_id ad_group_name creative_format"
    " engine_account_name engine_account_type manager_account_name",
    "cm360": "campaign_id campaign_name source medium account_id account_name advertiser_id"
    " advertiser_name creative_id creative_format creative_name creative_type creative_type_id"
    " creative_version placement_id placement_cost_structure placement_name rendering_id site_id"
    " site_name",
    "dv360": "advertiser_id advertiser_name campaign_id campaign_name creative_id creative_format"
    " creative_name exchange_id exchange_name insertion_order_id insertion_order_name"
    " line_item_id line_item_name marketing_tactic partner_id partner_name source medium",
}

LAST_CLICK = record(
    "session_traffic_source_last_click",
    tuple(
        record(f"{name}_campaign", strings(fields)) for name, fields in LAST_CLICK_CAMPAIGNS.items()
    ),
)

EVENTS = record(
    "events",
    strings("event_date"),
    integers("event_timestamp"),
    strings("event_name"),
    (parameters("event_params"),),
    integers("event_previous_timestamp"),
    floats("event_value_in_usd"),
    integers("event_bundle_sequence_id event_server_timestamp_offset"),
    strings("user_id user_pseudo_id"),
    (
        record("privacy_info", strings("analytics_storage ads_storage uses_transient_token")),
        parameters("user_properties", integers("set_timestamp_micros")),
    ),
    integers("user_first_touch_timestamp"),
    (
        record("user_ltv", floats("revenue"), strings("currency")),
        DEVICE,
        record("geo", strings("city country continent region sub_continent metro")),
        record("app_info", strings("id version install_store firebase_app_id install_source")),
        record("traffic_source", strings("name medium source")),
    ),
    strings("stream_id platform"),
    (record("event_dimensions", strings("hostname")), ECOMMERCE, ITEMS, COLLECTED_SOURCE),
    _of("BOOLEAN", "is_active_user"),
    integers("batch_event_index batch_page_id batch_ordering_id"),
    (
        LAST_CLICK,
        record(
            "publisher", floats("ad_revenue_in_usd"), strings("ad_format ad_source_name ad_unit_id")
        ),
    ),
).fields


def duckdb_type(column: Column) -> str:
    """The DuckDB type the emulator stores this column as."""
    kind = DUCKDB_TYPES.get(column.type) or _struct(column)
    return f"{kind}[]" if column.is_repeated else kind


def _struct(column: Column) -> str:
    return "STRUCT(" + ", ".join(f'"{f.name}" {duckdb_type(f)}' for f in column.fields) + ")"


def rest_field(column: Column) -> dict[str, object]:
    """The column as BigQuery's REST API describes it."""
    described: dict[str, object] = {
        "name": column.name,
        "type": column.type,
        "mode": "REPEATED" if column.is_repeated else "NULLABLE",
    }
    if column.fields:
        described["fields"] = [rest_field(field) for field in column.fields]
    return described


def size_of(column: Column, value: str, depth: int = 0) -> str:
    """A DuckDB expression: the logical bytes BigQuery counts for `value`, 0 for null.

    Strings count 2 and their UTF-8 length, numbers 8, booleans 1; records and arrays what is in
    them.
    """
    if column.is_repeated:
        element = f"e{depth}"
        inner = " + ".join(size_of(f, f'{element}."{f.name}"', depth + 1) for f in column.fields)
        return f"coalesce(list_sum(list_transform({value}, lambda {element}: {inner})), 0)"
    if column.fields:
        return " + ".join(size_of(f, f'{value}."{f.name}"', depth) for f in column.fields)
    if column.type == "STRING":
        return f"coalesce(2 + strlen({value}), 0)"
    return f"case when {value} is null then 0 else {1 if column.type == 'BOOLEAN' else 8} end"


def repeated_columns() -> Iterator[Column]:
    """Top-level arrays, which BigQuery never stores as null."""
    return (column for column in EVENTS if column.is_repeated)
