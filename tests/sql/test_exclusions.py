"""Whoever is excluded from the figures: they come out as if those visits had never been."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.dashboard.queries import Overview, get_chart_data, get_dashboard_overview_stats
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow, ContactRow
from app.ingest.store.rederive import rederive, start_rederiving
from app.jobs.work import _claim
from app.tasks.performance.queries import get_performance_tasks
from dev.generate import generate, tiny
from tests.loading import Row, contact, load_days
from tests.sql.comparing import GRANULARITIES, Superuser, derived_rows, make_tenant

FIRST, DAYS = date(2025, 3, 27), 9
PERIOD = DateRange(FIRST, FIRST + timedelta(days=DAYS - 1))
SUMS = (
    "visitor_gap",
    "repeat_gap",
    "fact",
    "term_visit",
    "branch_day",
    "branch_day_money",
    "clock_hour",
)


class History:
    """A generated history and the tenant that loaded it."""

    def __init__(self, superuser: Superuser, seed: int) -> None:
        self.superuser = superuser
        self.profile = tiny(seed, days=DAYS, zone="Europe/Berlin")
        self.tables = {
            name: list(rows) for name, rows in generate(self.profile, FIRST, PERIOD.end, seed)
        }
        self.tenant_id = self.load(self.tables)

    def load(self, tables: dict[str, list[Row]]) -> UUID:
        """A new tenant with these tables."""
        tenant_id = make_tenant(self.superuser, "Europe/Berlin", self.profile.currency)
        branches = [
            BranchRow(b.branch_id, b.name, is_active=b.is_active) for b in self.profile.branches
        ]
        load_days(tenant_id, tables, branches=branches)
        return tenant_id

    def busiest(self, column: str) -> str:
        """Whoever has most sessions, of one identity each, and orders that happen there alone."""
        row = self.superuser.execute(
            f"""
            select s.{column}
            from session as s
            where s.tenant_id = %(t)s and s.{column} is not null
                and not exists (
                    select from shop_order as o
                    left join order_repeat as r using (tenant_id, order_key)
                    where o.tenant_id = s.tenant_id and o.{column} = s.{column}
                        and (o.session_id is null or r.order_key is not null)
                )
            group by 1
            having not bool_or(s.is_mixed)
            order by count(*) desc, 1
            limit 1
            """,
            {"t": self.tenant_id},
        ).fetchone()
        assert row is not None
        return str(row[0])

    def without(self, column: str, value: str) -> dict[str, list[Row]]:
        """The history without every session of theirs."""
        gone = {
            tuple(row)
            for row in self.superuser.execute(
                f"""
                select user_pseudo_id, ga_session_id::text from session
                where tenant_id = %s and {column} = %s
                """,
                (self.tenant_id, value),
            )
        }
        assert gone
        return {
            name: [row for row in rows if _session(row) not in gone]
            for name, rows in self.tables.items()
        }

    def exclude(self, kind: str, value: str) -> None:
        """Exclude someone, as an admin's form would."""
        self.superuser.execute(
            "insert into exclusion (tenant_id, kind, value, reason, created_by)"
            " values (%s, %s, %s, 'Staff', 'ada@acme.example')",
            (self.tenant_id, kind, value),
        )

    def include(self, kind: str, value: str) -> None:
        """End an exclusion."""
        self.superuser.execute(
            "delete from exclusion where tenant_id = %s and kind = %s and value = %s",
            (self.tenant_id, kind, value),
        )

    def leave_figures(self, is_set: bool) -> None:
        """Set the rule."""
        self.superuser.execute(
            "update tenant_config set rules = jsonb_build_object("
            "'exclude_from_figures', %s::boolean) where tenant_id = %s",
            (is_set, self.tenant_id),
        )

    def follow(self) -> bool:
        """Derive anew if there is a reason to; whether there was."""
        with tenant_transaction(self.tenant_id) as conn:
            job_id = start_rederiving(conn, self.tenant_id, "exclusions")
        if job_id is None:
            return False
        run = _claim(self.tenant_id, job_id)
        assert run is not None
        rederive(run)
        return True


def _session(row: Row) -> tuple[str | None, str | None]:
    params = {p["key"]: p.get("value") or {} for p in row.get("event_params", ())}
    number = params.get("ga_session_id", {}).get("int_value")
    return row.get("user_pseudo_id"), None if number is None else str(number)


def figures(tenant_id: UUID) -> list[Any]:
    """What pages show, of all branches and of several."""
    found: list[Any] = []
    with tenant_transaction(tenant_id) as conn:
        locations = [r.location_id for r in get_performance_tasks(conn, tenant_id, PERIOD)]
        for chosen in (None, tuple(locations[:3]), tuple(locations[:1])):
            found.append(get_dashboard_overview_stats(conn, tenant_id, PERIOD, chosen))
            found.append(get_performance_tasks(conn, tenant_id, PERIOD, chosen))
            found += [
                get_chart_data(conn, tenant_id, PERIOD, granularity, chosen)
                for granularity in GRANULARITIES
            ]
    return found


def visits(found: list[Any]) -> list[tuple[Any, ...]]:
    """Of these figures what excluded customers still count in: all but the carts."""
    overviews = [one for one in found if isinstance(one, Overview)]
    return [(o.sessions, o.visitors, o.orders, o.revenue, o.total_searches) for o in overviews]


@pytest.mark.parametrize(("column", "kind"), [("contact_id", "contact"), ("company_id", "company")])
@pytest.mark.parametrize("seed", [3, 8])
def test_figures_are_those_of_a_history_without_them(
    as_worker: None, superuser: Superuser, column: str, kind: str, seed: int
) -> None:
    history = History(superuser, seed)
    before, whole = derived_rows(superuser, history.tenant_id), figures(history.tenant_id)
    who = history.busiest(column)
    other_id = history.load(history.without(column, who))

    history.exclude(kind, who)
    assert history.follow() and not history.follow()
    assert visits(figures(history.tenant_id)) == visits(whole)

    history.leave_figures(True)
    assert history.follow() and not history.follow()
    assert figures(history.tenant_id) == figures(other_id) != whole
    ours, theirs = derived_rows(superuser, history.tenant_id), derived_rows(superuser, other_id)
    assert {name: ours[name] for name in SUMS} == {name: theirs[name] for name in SUMS}

    load_days(history.tenant_id, dict(list(history.tables.items())[2:5]))
    assert figures(history.tenant_id) == figures(other_id)

    history.leave_figures(False)
    history.include(kind, who)
    assert history.follow()
    assert derived_rows(superuser, history.tenant_id) == before


def test_a_contact_file_that_tells_of_colleagues_takes_them_out(
    as_worker: None, superuser: Superuser
) -> None:
    history = History(superuser, 3)
    who = history.busiest("contact_id")
    other_id = history.load(history.without("contact_id", who))
    history.exclude("email_domain", "acme.example")
    history.leave_figures(True)
    assert not history.follow()
    colleague = ContactRow(who, email="Ann@ACME.example")
    load_days(history.tenant_id, {}, contacts=[colleague])
    assert figures(history.tenant_id) == figures(other_id)
    load_days(history.tenant_id, {}, contacts=[contact(who)])
    assert figures(history.tenant_id) != figures(other_id)


def test_waiting_jobs_are_not_doubled(as_worker: None, superuser: Superuser) -> None:
    history = History(superuser, 3)
    history.exclude("contact", history.busiest("contact_id"))
    history.leave_figures(True)
    with tenant_transaction(history.tenant_id) as conn:
        first = start_rederiving(conn, history.tenant_id, "exclusions")
    with tenant_transaction(history.tenant_id) as conn:
        assert start_rederiving(conn, history.tenant_id, "exclusions") == first
