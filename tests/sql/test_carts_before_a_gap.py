"""Carts before a day that is not loaded are not judged: in no list, no figure, no factor."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.dates import DateRange, utc_now
from dev.generate import generate, tiny
from tests.loading import Row, load_days
from tests.oracle import Oracle, OracleSettings, SourceKind
from tests.oracle.rows import add_to_cart, item, page_view, purchase
from tests.sql.comparing import Superuser, compare, derived_rows, make_tenant
from tests.sql.conftest import Shop
from tests.sql.task_rows import oracle_tasks, stored_tasks
from tests.sql.tasks import tasks
from tests.sql.test_exclusions import FIRST

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (f"2025-04-{day:02d}" for day in range(7, 11))
CART = add_to_cart(f"{MONDAY} 15:00", "p", 1, contact="U1", items=[item("A", price=10)])
LATER = page_view(f"{THURSDAY} 10:00", "q", 2)
ORDER = purchase(f"{TUESDAY} 09:00", "p", 3, contact="U1", transaction_id="T", revenue=5)
PREFIXES = {SourceKind.DAILY: "", SourceKind.INTRADAY: "intraday_", SourceKind.FRESH: "fresh_"}


def counts(shop: Shop, first: str = MONDAY, last: str = THURSDAY) -> tuple[int, int]:
    """The carts of these days, as the figures count them and as their list shows them."""
    listed = tasks(shop.tenant_id, "cart", f"{last} 12:00")
    return shop.overview(first, last).abandoned_carts, len(listed)


def recent() -> list[str]:
    """The last four days, of which those that streamed are not settled yet."""
    return [(utc_now().date() - timedelta(days=ago)).isoformat() for ago in (3, 2, 1, 0)]


def cart_of(day: str) -> Row:
    """The cart, on another day."""
    return add_to_cart(f"{day} 15:00", "p", 1, contact="U1", items=[item("A", price=10)])


@pytest.mark.parametrize(("missing_rows", "judged"), [([], 1), ([ORDER], 0)])
def test_a_cart_before_a_missing_day_is_judged_when_the_day_is_loaded(
    shop: Shop, missing_rows: list[Row], judged: int
) -> None:
    shop.load([CART])
    shop.load([page_view(f"{WEDNESDAY} 10:00"), LATER])
    assert counts(shop) == (0, 0)
    assert shop.rows("select value_p90 from task_scale where tenant_id = %(t)s") == [(None,)]
    shop.load(missing_rows, until=TUESDAY)
    assert counts(shop) == (judged, judged)


def test_a_day_whose_orders_were_not_loaded_is_a_gap(shop: Shop) -> None:
    shop.load([CART])
    tuesday = {f"events_{TUESDAY.replace('-', '')}": [page_view(f"{TUESDAY} 23:00")]}
    load_days(shop.tenant_id, tuesday, event_types=["add_to_cart", "page_view"])
    shop.load([page_view(f"{WEDNESDAY} 10:00"), LATER])
    assert counts(shop) == (0, 0)
    load_days(shop.tenant_id, tuesday, event_types=["purchase"])
    assert counts(shop) == (1, 1)


@pytest.mark.parametrize(("last", "judged"), [("14:59", 0), ("15:00", 1)])
@pytest.mark.parametrize("kind", ["intraday_", "fresh_"])
def test_the_last_streamed_day_counts_to_its_last_event(
    shop: Shop, kind: str, last: str, judged: int
) -> None:
    first, second, _, today = recent()
    shop.load([cart_of(first)])
    shop.load([page_view(f"{second} {last}")], kind=kind)
    assert counts(shop, first, today) == (judged, judged)


@pytest.mark.parametrize(("hours", "judged"), [(23, 0), (24, 1)])
def test_a_streamed_day_in_between_counts_whole_when_it_was_read_after_its_end(
    shop: Shop, hours: int, judged: int
) -> None:
    first, second, third, today = recent()
    shop.load([cart_of(first)])
    shop.load([page_view(f"{second} 09:00")], kind="intraday_")
    shop.load([page_view(f"{third} 10:00")])
    read_at = datetime.fromisoformat(f"{second}T00:05+00:00") + timedelta(hours=hours)
    shop.superuser.execute(
        "update day_load set loaded_at = %s where tenant_id = %s and event_date = %s",
        (read_at, shop.tenant_id, second),
    )
    assert counts(shop, first, today) == (judged, judged)


@pytest.mark.parametrize("seed", [4, 11])
def test_figures_equal_the_oracle_s_with_gaps_in_any_order_of_loads(
    as_worker: None, superuser: Superuser, seed: int
) -> None:
    luck, days = Random(seed), 9
    profile = tiny(seed, days=days, zone="America/New_York")
    last = FIRST + timedelta(days=days - 1)
    rows = dict(zip(DateRange(FIRST, last).days, _by_day(profile, last, seed), strict=True))
    kinds = {day: luck.choice(list(SourceKind)) for day in rows}
    tables = {day: f"events_{PREFIXES[kinds[day]]}{day:%Y%m%d}" for day in rows}
    loaded = sorted(luck.sample(sorted(rows), days - 3))
    orders = [loaded, luck.sample(loaded, len(loaded))]
    made = [make_tenant(superuser, "America/New_York", profile.currency) for _ in orders]
    for tenant_id, order in zip(made, orders, strict=True):
        for day in order:
            load_days(tenant_id, {tables[day]: rows[day]})
    settings = OracleSettings(
        "America/New_York", profile.currency, loaded={day: kinds[day] for day in loaded}
    )
    oracle = Oracle(None, [row for day in loaded for row in rows[day]], [], [], settings)
    for tenant_id in made:
        compare(tenant_id, oracle, DateRange(FIRST, last), [])
        assert stored_tasks(superuser, tenant_id) == oracle_tasks(oracle.tasks())
    one, other = (derived_rows(superuser, tenant_id) for tenant_id in made)
    assert one == other
    scales = superuser.execute(
        "select value_p90, search_sessions, search_sessions_with_order, average_order"
        " from task_scale where tenant_id = any(%s)",
        (made,),
    ).fetchall()
    assert scales[0] == scales[1]


def _by_day(profile: Any, last: Any, seed: int) -> list[list[Row]]:
    return [list(rows) for _, rows in generate(profile, FIRST, last, seed)]
