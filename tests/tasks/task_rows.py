"""Task rows put straight into the database, for tests of what pages make of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.customers.world import store_account
from tests.running import ADA, Browser, Site

Superuser = psycopg.Connection[tuple[object, ...]]
DAYS = "start_date=2025-04-01&end_date=2025-04-30"
HTMX = {"HX-Request": "true"}
SLUGS = {
    "purchase": "purchases",
    "cart": "cart-abandonment",
    "no_results": "search-analysis",
    "no_conversion": "search-analysis",
    "repeat_visit": "repeat-visits",
    "bounce": "performance",
}
_ITEM = {
    "item_id": "V-3",
    "item_name": "Valve 3in",
    "category": "Valves",
    "price": 12.5,
    "views": 4,
}
_TERM = {"term": "valve 3in", "searches": 4, "sessions": 2, "last_at": "2025-04-10T14:00:00Z"}
DETAILS: Mapping[str, Mapping[str, Any]] = {
    "purchase": {"transaction_id": "SO-1", "refunded": 0, "line_count": 2, "is_first": False},
    "cart": {
        "lines": [
            {"item_id": "V-3", "item_name": "Valve 3in", "quantity": 2, "price": 1000},
            {"item_id": "P-1", "item_name": "Pipe", "quantity": 1, "price": None},
        ]
    },
    "no_results": {"terms": [_TERM]},
    "no_conversion": {"terms": [_TERM], "items": [_ITEM]},
    "repeat_visit": {"visits": 4, "page_views": 17, "items": [_ITEM]},
    "bounce": {"visits": 2, "page_views": 2, "items": [_ITEM]},
}


@dataclass
class TaskRows:
    """Adds rows to one tenant's `task`; what is not said is a plain open task."""

    superuser: Superuser
    tenant_id: UUID

    def add(self, task_type: str, subject: str, **changes: Any) -> UUID:
        """One task of that subject; answers its id."""
        seed = f"{self.tenant_id}{task_type}{subject}"
        task_id = UUID(hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest())
        last_at = changes.pop("last_at", "2025-04-10 14:00:00+00")
        detail = DETAILS[task_type] | changes.pop("detail", {})
        row = {
            "tenant_id": self.tenant_id,
            "task_type": task_type,
            "subject": subject,
            "first_at": last_at,
            "order_key": "",
            "task_id": task_id,
            "last_at": last_at,
            "last_date": last_at[:10],
            "contact_id": subject,
            "customer_key": f"c:{subject}",
            "customer_name": f"Customer {subject}",
            "branch_id": "D01",
            "ready_at": last_at,
            "expires_at": "2099-01-01",
            "currency": "",
            "value": 100,
            "is_value_incomplete": False,
            "estimate_sessions": 0,
            "is_task": True,
            "is_flagged": False,
            "has_checkout": False,
            "reach": 10,
            "is_known_buyer": False,
            "detail": json.dumps(detail),
            "words": f" customer {subject.lower()} ",
            "row_hash": 0,
        } | changes
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        self.superuser.execute(f"insert into task ({names}) values ({marks})", list(row.values()))
        store_account(self.superuser, self.tenant_id, "task", row)
        return task_id

    def add_contact(self, user_id: str, **fields: str) -> None:
        """A row of the customer file."""
        row = {"tenant_id": self.tenant_id, "user_id": user_id} | fields
        marks = ", ".join(["%s"] * len(row))
        self.superuser.execute(
            f"insert into users ({', '.join(row)}) values ({marks})", list(row.values())
        )
        store_account(self.superuser, self.tenant_id, "users", fields | {"user_id": user_id})

    def add_branch(self, location_id: str, name: str) -> None:
        """A row of the locations file."""
        self.superuser.execute(
            "insert into locations (tenant_id, location_id, name) values (%s, %s, %s)",
            (self.tenant_id, location_id, name),
        )

    def load_days(self) -> None:
        """Say that every day of April 2025 was ingested."""
        for event_type in ("purchase", "add_to_cart"):
            self.superuser.execute(
                "insert into day_load"
                " (tenant_id, event_date, event_type, source_kind, row_count, load_id)"
                " select %s, d.day, %s, 'daily', 1, 1"
                " from generate_series(date '2025-04-01', '2025-04-30', '1 day') as d (day)"
                " on conflict do nothing",
                (self.tenant_id, event_type),
            )

    def clear(self) -> None:
        """Take every task and all work on them away."""
        for table in ("task_cooldown", "task_history", "task_work", "task"):
            self.superuser.execute(f"delete from {table} where tenant_id = %s", (self.tenant_id,))


@pytest.fixture(scope="module")
def acme(site: Site, superuser: Superuser) -> TaskRows:
    """Rows of acme, with two branches and a month that is loaded."""
    rows = TaskRows(superuser, site.acme)
    rows.add_branch("D01", "Harbour & <Sons>")
    rows.add_branch("D02", "Uptown")
    rows.load_days()
    return rows


@pytest.fixture
def tasks(acme: TaskRows) -> Iterator[TaskRows]:
    """The same, without any task before and after."""
    acme.clear()
    yield acme
    acme.clear()


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    """A browser of acme's admin."""
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


def list_path(task_type: str, more: str = "") -> str:
    """The address of the list of that type over April 2025."""
    return f"/analytics/tasks/{SLUGS[task_type]}?{DAYS}{more and '&' + more}"
