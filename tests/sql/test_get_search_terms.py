"""Search terms: their sums, what they mean, and what stands beside them."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import ContactRow
from app.tasks.terms.queries import TermQuestion, get_search_terms
from tests.loading import Row, contact
from tests.oracle.rows import failed_search, item, page_view, purchase, search
from tests.sql.conftest import Shop
from tests.sql.terms import APRIL, DAY, NEXT, Decide, ask, by_term, counted, decide, history

__all__ = ["decide"]


@pytest.mark.parametrize("seed", range(4))
def test_terms_are_what_an_independent_count_finds_in_any_order_of_loading(
    shop: Shop, seed: int
) -> None:
    rows = history(seed)
    days = sorted({row["event_date"] for row in rows})
    random.Random(seed).shuffle(days)
    for day in days:
        shop.load([row for row in rows if row["event_date"] == day])
    shop.load([row for row in rows if row["event_date"] == days[0]])
    for period in (APRIL, DateRange(date(2025, 4, 3), date(2025, 4, 5))):
        for branch in (None, "", "D01", "D02"):
            found = by_term(shop, period=period, location_ids=None if branch is None else (branch,))
            ours = {
                t.term: (
                    t.failed_searches,
                    t.found_searches,
                    t.failed_sessions,
                    t.sessions,
                    t.customers,
                    t.unconverted,
                )
                for t in found.values()
            }
            assert ours == counted(rows, period, branch)


@pytest.mark.parametrize("branches", [None, ("D01",), ("D01", ""), ("D02",)])
def test_all_terms_add_up_to_the_dashboard(shop: Shop, branches: tuple[str, ...] | None) -> None:
    rows = history(7)
    mixed = {"visitor": "m", "session": 999}
    rows += [
        search(f"{DAY} 10:00", "valve", branch="D01", **mixed),
        failed_search(f"{DAY} 10:01", "valve", branch="D02", **mixed),
        failed_search(f"{DAY} 10:02", "hose", **mixed),
    ]
    shop.load(rows)
    for first, last in (("2025-04-01", "2025-04-30"), ("2025-04-02", "2025-04-04")):
        period = DateRange(date.fromisoformat(first), date.fromisoformat(last))
        found = ask(shop, period=period, location_ids=branches)
        stats = shop.overview(first, last, branches)
        assert sum(t.searches for t in found) == stats.total_searches
        assert sum(t.failed_searches for t in found) == stats.failed_searches
        assert {(t.total_failed, t.total_failed + t.total_found) for t in found} <= {
            (stats.failed_searches, stats.total_searches)
        }


def test_an_order_that_moves_to_another_session_makes_searches_unconverted(shop: Shop) -> None:
    found = search(f"{NEXT} 10:00", "valve", "p", 1)
    order = {"transaction_id": "T", "revenue": 5}
    shop.load([found, purchase(f"{NEXT} 10:05", "p", 1, **order)])
    assert by_term(shop)["valve"].unconverted == 0
    shop.load([purchase(f"{DAY} 10:05", "q", 2, **order)])
    assert by_term(shop)["valve"].unconverted == 1
    shop.load([page_view(f"{DAY} 10:05", "q", 2)])
    assert by_term(shop)["valve"].unconverted == 0


def test_what_failed_searches_are_worth_is_hidden_until_it_can_be_estimated(shop: Shop) -> None:
    shop.load([failed_search(f"{DAY} 10:00", "v", "p", n) for n in range(45)])
    assert by_term(shop)["v"].value is None
    scale = "insert into task_scale values (%s, '2030-01-01', 5000, 100, 6, 343.40)"
    shop.superuser.execute(scale, (shop.tenant_id,))
    value = by_term(shop)["v"].value
    assert value is not None and round(value) == 927


def test_terms_are_filtered_sorted_and_paged(shop: Shop, decide: Decide) -> None:
    shop.load(
        [
            *(failed_search(f"{DAY} 10:0{n}", "valve 3in", "p", n + 1) for n in range(3)),
            *(search(f"{DAY} 11:0{n}", "100% hose", "p", n + 1) for n in range(2)),
            failed_search(f"{DAY} 12:00", "valve_2", "p", 9),
        ]
    )
    assert [t.term for t in ask(shop)] == ["valve 3in", "valve_2", "100% hose"]
    assert next(t.term for t in ask(shop, sort_field="found_searches")) == "100% hose"
    assert next(t.term for t in ask(shop, sort_field="term", sort_order="asc")) == "100% hose"
    assert [t.term for t in ask(shop, query="VALVE")] == ["valve 3in", "valve_2"]
    assert [t.term for t in ask(shop, query="%")] == ["100% hose"]
    (second,) = ask(shop, limit=1, offset=1)
    assert (second.term, second.total_terms) == ("valve_2", 3)
    decide("valve_2", "missing")
    assert [t.term for t in ask(shop, status="missing")] == ["valve_2"]
    assert [t.term for t in ask(shop, status="undecided")] == ["valve 3in", "100% hose"]


def test_related_terms_are_like_it_or_searched_for_afterwards(shop: Shop) -> None:
    shop.load(
        [
            failed_search(f"{DAY} 10:00", "ball valve", "p", 1),
            search(f"{DAY} 10:01", "ball valves", "p", 1),
            search(f"{DAY} 10:02", "hose", "p", 1),
            search(f"{DAY} 09:00", "earlier", "p", 1),
            search(f"{DAY} 09:00", "other", "q", 2),
        ]
    )
    related = ask(shop, "get_related_terms", term="ball valve")
    assert [(r.kind, r.term, r.sessions, r.found) for r in related] == [
        ("similar", "ball valves", 1, 1),
        ("next", "ball valves", 1, 1),
        ("next", "hose", 1, 1),
    ]
    assert related[0].likeness >= 0.3


def test_products_bought_in_the_session_or_by_the_customer_within_seven_days(shop: Shop) -> None:
    def bought(ts: str, who: tuple[str, int], name: str, **more: Any) -> Row:
        order = {"transaction_id": name, "revenue": 9, "items": [item(name, price=3, quantity=2)]}
        return purchase(ts, *who, **order, **more)

    shop.load(
        [
            failed_search(f"{DAY} 10:00", "valve", "p", 1, contact="U1"),
            bought(f"{DAY} 10:30", ("p", 1), "A", contact="U1"),
            bought("2025-04-08 10:00", ("z", 5), "B", contact="U9"),
            bought("2025-04-08 10:01", ("z", 5), "C", contact="U9"),
            bought("2025-04-02 10:01", ("y", 6), "D", contact="U2"),
        ],
        contacts=[contact("U1", "K1"), contact("U9", "K1"), contact("U2", "K2")],
    )
    items = ask(shop, "get_term_items", term="valve")
    assert [(i.item_id, i.orders, i.quantity, i.revenue) for i in items] == [
        ("A", 1, 2, 6),
        ("B", 1, 2, 6),
    ]


def test_who_searched_is_the_company_else_the_contact_else_a_device(shop: Shop) -> None:
    people = [
        ContactRow("U1", name="Jo Doe", buying_company_erp_id="K1", buying_company_name="Kay One"),
        ContactRow("U2", name="Al Roe"),
    ]
    shop.load(
        [
            search(f"{DAY} 10:00", "v", "p", 1, contact="U1"),
            failed_search(f"{DAY} 11:00", "v", "q", 2, contact="U2"),
            search(f"{DAY} 12:00", "v", "r", 3),
            search(f"{DAY} 13:00", "v", None, None),
        ],
        contacts=people,
    )
    found = ask(shop, "get_term_customers", term="v")
    assert [(s.customer_key, s.name, s.searches, s.failed, s.total) for s in found] == [
        ("d:r", None, 1, 0, 3),
        ("c:U2", "Al Roe", 1, 1, 3),
        ("k:K1", "Kay One", 1, 0, 3),
    ]


def test_globex_sees_nothing_and_an_empty_tenant_has_nothing(shop: Shop, new_york: Shop) -> None:
    shop.load([failed_search(f"{DAY} 10:00", "valve", "p", 1)])
    for function in (
        "get_search_terms",
        "get_related_terms",
        "get_term_items",
        "get_term_customers",
    ):
        assert ask(new_york, function, term="valve") == []
    with tenant_transaction(new_york.tenant_id) as conn:
        assert get_search_terms(conn, shop.tenant_id, TermQuestion(APRIL)) == []
