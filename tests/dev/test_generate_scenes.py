"""Every trap of a real export is in every small generated tenant: one query per promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dev.generate import generate, tiny, write_tenant
from dev.generator.customer_files import contact_rows
from tests.dev.export_tables import open_tables

TODAY = date(2026, 11, 4)
ORDERS = "select * from event where event_name = 'purchase'"
CASES = {
    "an order is exported again within minutes": f"""
        from ({ORDERS}) group by order_id, session_id having order_id like 'SO-%'
        and count(*) = 3 and max(second) - min(second) between 60 and 600""",
    "an order is exported again days later with another revenue": f"""
        from ({ORDERS}) where order_id like 'SO-%' group by order_id
        having count(distinct event_date) > 1 and count(distinct revenue) > 1
        and count(distinct session_id) > 1""",
    "every placeholder stands for an order id": f"""
        from ({ORDERS}) having count(distinct order_id)
        filter (order_id in ('', '(not set)', 'null', '0')) = 4""",
    "an order has no id at all": f"from ({ORDERS}) where order_id is null",
    "unnamed orders of one session, second and revenue": f"""
        from ({ORDERS}) where order_id = '(not set)' group by session_id, second, revenue
        having count(*) = 2 and count(distinct event_timestamp) = 2""",
    "an order without revenue or value": f"""
        from ({ORDERS}) where revenue is null and value_param is null""",
    "revenue only in the parameter value, as double and as integer": f"""
        from ({ORDERS}) where revenue is null having count(value_param.double_value) > 0
        and count(value_param.int_value) > 0""",
    "revenue that is not a number": f"from ({ORDERS}) where isnan(revenue)",
    "an order of 90 in the foreign currency": f"""
        from ({ORDERS}) where revenue = 90 and currency = $foreign""",
    "an order without currency": f"from ({ORDERS}) where currency is null and revenue > 0",
    "an order of 31 lines and one of none": f"""
        from ({ORDERS}) having max(len(items)) = 31 and min(len(items)) = 0""",
    "a refund of a whole order without value or lines": """
        from event where event_name = 'refund' and ecommerce.refund_value is null and items = []
        and order_id in (select order_id from event where event_name = 'purchase')""",
    "a refund of a whole order by value": """
        from event as r join event as p using (order_id) where r.event_name = 'refund'
        and p.event_name = 'purchase' and r.ecommerce.refund_value = p.revenue""",
    "a refund of a part by value": """
        from event as r join event as p using (order_id) where r.event_name = 'refund'
        and p.event_name = 'purchase' and r.event_date > p.event_date
        and r.ecommerce.refund_value between 0.01 and p.revenue - 0.01""",
    "a refund of more than the order": """
        from event as r join event as p using (order_id) where r.event_name = 'refund'
        and p.event_name = 'purchase' and r.ecommerce.refund_value > p.revenue""",
    "a refund by lines": """
        from event where event_name = 'refund' and ecommerce.refund_value is null
        and len(items) > 0""",
    "a refund twice in one second": """
        from event where event_name = 'refund' and ecommerce.refund_value > 0
        group by order_id, second, ecommerce.refund_value
        having count(*) = 2 and count(distinct event_timestamp) = 2""",
    "a refund of an order that never comes": """
        from event where event_name = 'refund' and order_id like 'SO-%' and order_id not in
        (select order_id from event where event_name = 'purchase' and order_id is not null)""",
    "a refund of no order at all": """
        from event where event_name = 'refund' and order_id = '(not set)'""",
    "a refund without visitor": "from event where event_name = 'refund' and session_id is null",
    "a refund before its order": """
        from event as r join event as p using (order_id) where r.event_name = 'refund'
        and p.event_name = 'purchase' group by order_id
        having max(r.event_timestamp) < min(p.event_timestamp)""",
    "a refund days later in the session of its order": """
        from event as r join event as p using (order_id, session_id)
        where r.event_name = 'refund' and p.event_name = 'purchase'
        and r.event_date > p.event_date""",
    "a session that orders after midnight": """
        from event as c join event as o using (session_id) where c.event_name = 'add_to_cart'
        and o.event_name = 'purchase' and c.event_date < o.event_date
        and o.event_timestamp - c.event_timestamp < 3600000000""",
    "a session on three days": """
        from event where session_id is not null and event_name = 'page_view'
        group by session_id having count(distinct event_date) = 3""",
    "an order and a cart at one instant, the order's index first": """
        from event as o join event as c using (session_id, event_timestamp, batch_ordering_id)
        where o.event_name = 'purchase' and c.event_name = 'add_to_cart'
        and o.batch_event_index < c.batch_event_index""",
    "rows that tie in instant and whole batch order": """
        from event where session_id is not null group by session_id, event_timestamp,
        batch_page_id, batch_ordering_id, batch_event_index
        having bool_or(event_name = 'page_view') and bool_or(event_name = 'add_to_cart')""",
    "rows exported twice, equal in every column": """
        from (select to_json(event) as row from event where event_name = 'page_view')
        group by row having count(*) > 1""",
    "a sign-in in mid-session": """
        from event where session_id is not null group by session_id
        having arg_min(contact, event_timestamp) is not null and count(distinct contact) = 1
        and min(event_timestamp) filter (contact is null)
            < min(event_timestamp) filter (contact is not null)""",
    "two contacts in one session with nobody between": """
        from event group by session_id having count(distinct contact) = 2
        and count(*) filter (contact is null) > 0""",
    "a contact's browser without sign-in": """
        from visit as before join visit as during using (user_pseudo_id, event_date)
        join visit as after using (user_pseudo_id, event_date)
        where before.who is null and during.who is not null and after.who is null
        and before.began < during.began and during.began < after.began""",
    "an order with revenue and without consent": f"""
        from ({ORDERS}) where privacy_info.analytics_storage = 'No' and revenue > 0
        and user_pseudo_id is null and ga_session_id is null""",
    "an unnamed order without consent": f"""
        from ({ORDERS}) where user_pseudo_id is null and order_id = '(not set)'""",
    "a visitor without session": """
        from event where user_pseudo_id is not null and ga_session_id is null""",
    "a session without visitor": """
        from event where user_pseudo_id is null and ga_session_id is not null""",
    "a session id of three visitors, one of whom orders": """
        from event group by ga_session_id having count(distinct user_pseudo_id) = 3 and
        count(distinct user_pseudo_id) filter (event_name = 'purchase') = 1""",
    "a visitor id with several dots": "from event where user_pseudo_id like '%.%.%.%'",
    "an engaged session by string, one by integer, and bounces": """
        from event having count(*) filter (engaged.string_value = '1') > 0
        and count(*) filter (engaged.string_value = '0') > 0
        and count(*) filter (engaged.int_value = 1) > 0
        and count(*) filter (engaged.int_value = 0) > 0""",
    "a one-page session with a purchase that says nothing of engagement": """
        from event where session_id is not null group by session_id having count(engaged) = 0
        and count(*) filter (event_name = 'page_view') = 1 and count(contact) = 0
        and count(*) filter (event_name = 'purchase') = 1""",
    "a one-page session that says nothing of engagement": """
        from event where session_id is not null group by session_id having count(engaged) = 0
        and count(*) filter (event_name = 'page_view') = 1
        and count(*) filter (event_name not in ('page_view', 'session_start', 'first_visit')) = 0
        """,
    "buyers of an unknown and of a closed branch": f"""
        from ({ORDERS}) group by event_date having bool_or(branch = 'D99')
        and bool_or(branch = 'D13')""",
    "properties that are all null": """
        from event where list_contains(list_transform(user_properties, lambda p: p.key is null),
        true)""",
    "empty and unset contact and company": """
        from event where contact = '' and company = '(not set)'""",
    "a company without a contact": "from event where company is not null and contact is null",
    "a search for markup, formulas, NUL, emoji and right-to-left text": """
        from event where event_name like '%no_%' having bool_or(term like '%<script>%')
        and bool_or(term like '=HYPERLINK%') and bool_or(contains(term, chr(0)))
        and bool_or(contains(term, chr(8238))) and bool_or(contains(term, '🔧'))
        and max(len(term)) = 900""",
    "markup as page title and product name": """
        from event having bool_or(text(param(event_params, 'page_title')) like '<b on%')
        and bool_or(items[1].item_name like '<script>%')""",
    "one failed term in eight spellings and both event names": """
        from event where event_name in ('no_search_results', 'view_search_results_no_results')
        and regexp_replace(lower(nfc_normalize(term)), '[^a-zｖａｌ0-9]', '', 'g') = 'vavle3in'
        having count(distinct term) >= 6 and count(distinct event_name) = 2""",
    "searches without a term": """
        from event where event_name = 'no_search_results'
        having count(*) filter (term is null) > 0 and count(*) filter (term = '') > 0""",
    "a search, a view and an order of what was found": """
        from event group by session_id
        having count(*) filter (event_name = 'view_search_results') > 0
        and arg_min(items[1].item_id, event_timestamp) filter (event_name = 'view_item')
            = arg_min(items[1].item_id, event_timestamp) filter (event_name = 'purchase')""",
    "four successful searches of a contact and no order": """
        from event where contact is not null group by session_id
        having count(*) filter (event_name = 'view_search_results') >= 8
        and count(*) filter (event_name = 'purchase') = 0""",
    "a cart reduced, checked out and continued on a new browser": """
        from event as a join event as b using (contact) where a.event_name = 'begin_checkout'
        and b.event_name = 'add_to_cart' and a.event_date = b.event_date
        and a.user_pseudo_id <> b.user_pseudo_id and a.event_timestamp < b.event_timestamp
        and a.session_id in (select session_id from event where event_name = 'remove_from_cart')
        and b.session_id not in
            (select session_id from event where event_name = 'purchase' and session_id is not null)
        """,
    "a cart emptied to nothing": """
        from event where event_name in ('add_to_cart', 'remove_from_cart')
        group by session_id, items[1].item_id having count(*) = 2 and sum(items[1].quantity
        * case event_name when 'add_to_cart' then 1 else -1 end) = 0""",
    "more removed than was in the cart, then added again": """
        from event where event_name in ('add_to_cart', 'remove_from_cart')
        group by session_id, items[1].item_id having count(*) = 3 and sum(items[1].quantity
        * case event_name when 'add_to_cart' then 1 else -1 end) = -2""",
    "cart lines without price, quantity, id, name, and no line": """
        from event where event_name = 'add_to_cart' having bool_or(items = [])
        and bool_or(items[1].price is null and items[1].item_id is not null)
        and bool_or(items[1].quantity is null and items[1].item_id is not null)
        and bool_or(items[1].item_id is null and items[1].item_name is not null)
        and bool_or(items[1].item_name is null and items[1].item_id is not null)
        and bool_or(items[1].item_id = '(not set)' and items[1].quantity = 0)""",
    "three lines added in one event, then one at another price": """
        from event as a join event as b using (session_id) where len(a.items) = 3
        and a.event_name = 'add_to_cart' and b.event_name = 'add_to_cart'
        and a.items[1].item_id = b.items[1].item_id and b.items[1].price > a.items[1].price""",
    "a cart after an order in its session": """
        from event where contact is not null group by session_id
        having max(event_timestamp) filter (event_name = 'add_to_cart')
        > max(event_timestamp) filter (event_name = 'purchase')
        and count(distinct event_timestamp) filter (event_name = 'add_to_cart') > 1""",
    "a cart ordered by another contact the same day": """
        from event as c join event as o using (company, event_date)
        where c.event_name = 'add_to_cart' and o.event_name = 'purchase'
        and c.contact <> o.contact and c.session_id <> o.session_id
        and c.items[1].item_id = o.items[1].item_id
        and c.event_timestamp < o.event_timestamp
        and o.session_id in (select session_id from event
            where text(param(event_params, 'page_title')) = 'Quick order')""",
    "an order exactly 24 hours after a cart, and one a second later": """
        from event as c join event as o using (contact) where c.event_name = 'add_to_cart'
        and o.event_name = 'purchase' having
        count(*) filter (o.event_timestamp - c.event_timestamp = 86400000000) > 0
        and count(*) filter (o.event_timestamp - c.event_timestamp = 86401000000) > 0""",
    "a cart ordered more than a day later": """
        from event as c join event as o using (contact) where c.event_name = 'add_to_cart'
        and o.event_name = 'purchase' and c.items[1].item_id = o.items[1].item_id
        and o.event_timestamp - c.event_timestamp > 87000000000""",
    "events that nothing reads": """
        from event having count(*) filter (event_name in ('session_start', 'first_visit',
        'scroll', 'user_engagement')) * 1.0 / count(*) between 0.2 and 0.6""",
    "a current day up to noon only": """
        from event where table_name = 'events_intraday_20261104'
        having count(*) > 0 and max(event_timestamp) < epoch_us($noon::timestamptz)""",
}


@pytest.fixture(scope="module", params=(1, 2, 3))
def tables(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    directory: Path = tmp_path_factory.mktemp("tiny")
    profile = tiny(request.param, zone="America/New_York", currency="USD")
    write_tenant(directory, profile, TODAY, request.param, intraday_hour=12)
    with open_tables(directory / "ga4") as connection:
        yield connection


@pytest.mark.parametrize("promise", CASES)
def test_small_tenant_has(tables: duckdb.DuckDBPyConnection, promise: str) -> None:
    query = f"select 1 {CASES[promise]}"
    given = {"foreign": "EUR", "noon": "2026-11-04 12:00:00-05"}
    named = {name: value for name, value in given.items() if f"${name}" in query}
    assert tables.execute(query, named).fetchone() is not None


def test_customer_file_misses_one_buyer_and_lists_people_who_never_come() -> None:
    profile = tiny(4)
    tables = generate(profile, TODAY - timedelta(days=7), TODAY - timedelta(days=1), 4)
    rows = [row for _, table in tables for row in table if row["event_name"] == "purchase"]
    buyers = {
        pair["value"]["string_value"]
        for row in rows
        for pair in row["user_properties"]
        if pair["key"] == "WebUserId"
    }
    listed = {str(row[0]) for row in contact_rows(profile, 4)}
    assert len(buyers - listed) == 1
    assert {"W99001", "W99002", "W99003", ""} <= listed - buyers
