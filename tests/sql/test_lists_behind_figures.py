"""Every figure leads to rows that add up to it, to the cent, under any branches and days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from app import jobs
from app.config import Config
from app.dashboard.orders.queries import OrderQuestion, OrderRow, list_orders, sum_orders
from app.dashboard.queries import get_dashboard_overview_stats
from app.dashboard.sessions.queries import (
    FLAGS,
    SessionQuestion,
    SessionRow,
    list_sessions,
    sum_sessions,
)
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow
from app.tasks.queries import TaskFilters, count_tasks
from dev.generate import generate, tiny
from tests.loading import contact, load_days
from tests.scopes import EVERYTHING, at
from tests.sql.comparing import Superuser, make_tenant
from tests.sql.test_figures_equal_the_oracle import listed_companies

FIRST, DAYS, SEED = date(2025, 3, 27), 9, 11
LAST = FIRST + timedelta(days=DAYS - 1)
ALL = DateRange(FIRST, LAST)
PERIODS = [ALL, DateRange(FIRST, FIRST), DateRange(FIRST + timedelta(3), LAST)]
PAGE = 37


@pytest.fixture(scope="module")
def shop(config: Config, superuser: Superuser) -> tuple[UUID, list[str]]:
    """A generated shop and the ids of its branches, one of which its branch file does not have."""
    db.configure(config, role="worker")
    jobs.configure(config)
    profile = tiny(SEED, days=DAYS, zone="America/New_York")
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, LAST, SEED)}
    people = [contact(*pair) for pair in sorted(listed_companies(profile, SEED).items())]
    known = [BranchRow(b.branch_id, b.name, is_active=b.is_active) for b in profile.branches]
    tenant_id = make_tenant(superuser, "America/New_York", profile.currency)
    load_days(tenant_id, tables, contacts=people, branches=known[1:])
    db.configure(config)
    return tenant_id, [b.branch_id for b in profile.branches]


def selections(branches: list[str]) -> list[tuple[str, ...] | None]:
    """Everything, each branch alone, no branch, and several together."""
    return [None, *((one,) for one in branches), ("",), (branches[0], ""), tuple(branches[:2])]


def every(read: Any, conn: Connection, tenant_id: UUID, question: Any) -> list[Any]:
    """All rows, a page after the other."""
    found: list[Any] = []
    while True:
        page = read(conn, tenant_id, question, PAGE, len(found))
        found += page
        if len(page) < PAGE:
            return found


def money(rows: Iterable[OrderRow], currency: str) -> Decimal:
    return sum((row.amount for row in rows if row.currency in ("", currency)), Decimal(0))


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period.length} days")
def test_orders_and_refunds_add_up_to_net_revenue(
    shop: tuple[UUID, list[str]], period: DateRange
) -> None:
    tenant_id, branches = shop
    seen = Counter[str]()
    with tenant_transaction(tenant_id) as conn:
        for chosen in selections(branches):
            figures = get_dashboard_overview_stats(conn, tenant_id, period, chosen)
            question = OrderQuestion(period, EVERYTHING, chosen)
            sums = sum_orders(conn, tenant_id, question)
            assert (sums.orders, sums.revenue, sums.refunds) == (
                figures.orders,
                figures.revenue,
                figures.refunds,
            )
            assert sums.other_currencies == figures.other_currencies
            rows = every(list_orders, conn, tenant_id, question)
            assert len(rows) == sums.rows(None)
            assert money(rows, sums.currency) == figures.net_revenue
            only = every(list_orders, conn, tenant_id, replace(question, kind="order"))
            assert len(only) == figures.orders
            seen.update(row.kind for row in rows)
    assert seen["order"] and (seen["refund"] or period.length == 1)


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period.length} days")
def test_sessions_add_up_to_their_figures(shop: tuple[UUID, list[str]], period: DateRange) -> None:
    tenant_id, branches = shop
    seen = Counter[str]()
    with tenant_transaction(tenant_id) as conn:
        for chosen in selections(branches):
            figures = get_dashboard_overview_stats(conn, tenant_id, period, chosen)
            question = SessionQuestion(period, EVERYTHING, chosen)
            sums = sum_sessions(conn, tenant_id, question)
            assert (sums.sessions, sums.visitors) == (figures.sessions, figures.visitors)
            rows: list[SessionRow] = every(list_sessions, conn, tenant_id, question)
            assert len({row.session_id for row in rows}) == figures.sessions
            assert sum(row.is_bounce for row in rows) == figures.bounces
            assert sum(row.has_order for row in rows) == figures.sessions_with_order
            expected = {
                "with_order": figures.sessions_with_order,
                "bounced": figures.bounces,
            }
            for flag in FLAGS:
                narrowed = replace(question, **{flag: True})
                counted = sum_sessions(conn, tenant_id, narrowed)
                assert len(every(list_sessions, conn, tenant_id, narrowed)) == counted.sessions
                assert counted.sessions == expected.get(flag, counted.sessions)
                if flag == "repeat_visitor":
                    assert counted.visitors == figures.repeat_visitors
                seen[flag] += counted.sessions
    assert period.length == 1 or all(seen[flag] for flag in FLAGS)


def test_carts_add_up_to_their_figure(shop: tuple[UUID, list[str]]) -> None:
    tenant_id, branches = shop
    with tenant_transaction(tenant_id) as conn:
        for chosen in selections(branches):
            figures = get_dashboard_overview_stats(conn, tenant_id, ALL, chosen)
            counts = count_tasks(conn, tenant_id, ["cart"], TaskFilters(ALL, EVERYTHING, chosen))
            assert sum(count.tasks for count in counts) == figures.abandoned_carts


def test_pages_hold_every_row_once_in_any_order(shop: tuple[UUID, list[str]]) -> None:
    tenant_id, _ = shop
    with tenant_transaction(tenant_id) as conn:
        everything = Counter(every(list_orders, conn, tenant_id, OrderQuestion(ALL, EVERYTHING)))
        for field in ("placed_at", "amount", "branch"):
            for order in ("asc", "desc"):
                question = OrderQuestion(ALL, EVERYTHING, sort_field=field, sort_order=order)
                rows = every(list_orders, conn, tenant_id, question)
                values = [
                    getattr(row, f"{field}_id" if field == "branch" else field) for row in rows
                ]
                assert values == sorted(values, reverse=order == "desc")
                assert Counter(rows) == everything


def test_a_member_of_one_branch_gets_its_rows_alone(shop: tuple[UUID, list[str]]) -> None:
    tenant_id, branches = shop
    own = at(branches[0])
    with tenant_transaction(tenant_id) as conn:
        orders = every(list_orders, conn, tenant_id, OrderQuestion(ALL, own))
        sessions = every(list_sessions, conn, tenant_id, SessionQuestion(ALL, own))
        asked = OrderQuestion(ALL, own, tuple(branches))
        assert {row.branch_id for row in [*orders, *sessions]} == {branches[0]}
        assert every(list_orders, conn, tenant_id, asked) == orders
        assert sum_orders(conn, tenant_id, asked).rows(None) == len(orders)
        found = sum_sessions(conn, tenant_id, SessionQuestion(ALL, own))
        assert found.sessions == len(sessions)
        theirs = OrderQuestion(ALL, own, (branches[1],))
        assert every(list_orders, conn, tenant_id, theirs) == []


def test_orders_are_found_by_number_and_company(shop: tuple[UUID, list[str]]) -> None:
    tenant_id, _ = shop
    with tenant_transaction(tenant_id) as conn:
        rows = every(list_orders, conn, tenant_id, OrderQuestion(ALL, EVERYTHING))
        one = next(row for row in rows if row.transaction_id and row.kind == "order")
        named = next(row for row in rows if (row.customer_key or "").startswith("k:"))
        by_number = OrderQuestion(ALL, EVERYTHING, query=one.transaction_id or "")
        assert one in every(list_orders, conn, tenant_id, by_number)
        company = (named.customer_key or "")[2:]
        found = every(list_orders, conn, tenant_id, OrderQuestion(ALL, EVERYTHING, query=company))
        assert found and all(company in (row.customer_key or "") for row in found)
        assert (
            sum_orders(conn, tenant_id, OrderQuestion(ALL, EVERYTHING, query="no such order")).rows(
                None
            )
            == 0
        )
