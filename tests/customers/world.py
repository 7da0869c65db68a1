"""Rows put straight into a tenant's tables, so that a test says exactly what there is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg

Superuser = psycopg.Connection[tuple[object, ...]]


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    """That long before now, to the second."""
    moment = datetime.now(UTC) - timedelta(days=days, hours=hours, minutes=minutes)
    return moment.replace(microsecond=0)


def item(item_id: str, price: float, quantity: int = 1, name: str | None = None) -> dict[str, Any]:
    """A line of an order, a cart or an event."""
    return {"item_id": item_id, "item_name": name, "price": price, "quantity": quantity}


@dataclass
class World:
    """One tenant and a connection past every fence."""

    superuser: Superuser
    tenant_id: UUID

    def insert(self, table: str, **values: Any) -> None:
        """One row of this tenant."""
        row = {"tenant_id": self.tenant_id, **values}
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        cells = [_cell(value) for value in row.values()]
        self.superuser.execute(f"insert into {table} ({columns}) values ({marks})", cells)
        store_account(self.superuser, self.tenant_id, table, values)

    def day(self, at: datetime) -> date:
        """The day of that instant in the property's zone, as the export would have it."""
        row = self.superuser.execute(
            "select property_time_zone from tenant_config where tenant_id = %s", (self.tenant_id,)
        ).fetchone()
        assert row is not None
        return at.astimezone(ZoneInfo(str(row[0]))).date()

    def loaded(self) -> None:
        """Say that every day of a year and up to tomorrow is loaded."""
        self.superuser.execute(
            """
            insert into day_load (
                tenant_id, event_date, event_type, source_table, source_kind, row_count,
                load_id, loaded_at
            )
            select %s, %s - d.ago, e.event_type, 'events', 'daily', 0, 1, now()
            from generate_series(-1, 366) as d (ago)
            cross join (values ('purchase'), ('add_to_cart')) as e (event_type)
            on conflict do nothing
            """,
            (self.tenant_id, self.day(ago(days=0))),
        )

    def contact(self, user_id: str, company: str | None = None, **more: Any) -> None:
        """A row of the customer file."""
        self.insert("users", user_id=user_id, buying_company_erp_id=company, **more)

    def branch(self, location_id: str, name: str) -> None:
        """A row of the locations file."""
        self.insert("locations", location_id=location_id, name=name)

    def session(
        self,
        visitor: str,
        number: int,
        at: datetime,
        *,
        contact: str | None = None,
        company: str | None = None,
        branch: str = "D01",
        minutes: int = 10,
        **counts: int,
    ) -> str:
        """A session; answers its id."""
        session_id = f"{visitor}.{number}"
        counted = (
            dict.fromkeys(
                (
                    "page_views",
                    "item_views",
                    "cart_events",
                    "purchases",
                    "searches",
                    "failed_searches",
                ),
                0,
            )
            | {"page_views": 1}
            | counts
        )
        self.insert(
            "session",
            session_key=self.key(visitor, number),
            session_id=session_id,
            user_pseudo_id=visitor,
            ga_session_id=number,
            session_date=self.day(at),
            first_ts=at,
            last_ts=at + timedelta(minutes=minutes),
            first_event_date=self.day(at),
            last_event_date=self.day(at + timedelta(minutes=minutes)),
            visitor_id=f"c:{contact}" if contact else f"d:{visitor}",
            contact_id=contact,
            company_id=company,
            branch_id=branch,
            is_mixed=False,
            is_bounce=False,
            row_hash=1,
            **counted,
        )
        return session_id

    def key(self, visitor: str, number: int) -> int:
        """The hash of a session."""
        row = self.superuser.execute("select hashtextextended(%s, %s)", (visitor, number))
        found = row.fetchone()
        assert found is not None
        return int(str(found[0]))

    def order(
        self,
        order_key: str,
        at: datetime,
        revenue: float,
        *,
        contact: str | None = None,
        company: str | None = None,
        branch: str = "D01",
        visitor: str = "p1",
        currency: str = "",
        session_id: str | None = None,
        items: Sequence[dict[str, Any]] = (),
    ) -> None:
        """An order."""
        self.insert(
            "shop_order",
            order_key=order_key,
            transaction_id=order_key,
            order_ts=at,
            order_date=self.day(at),
            session_id=session_id,
            user_pseudo_id=visitor,
            contact_id=contact,
            company_id=company,
            branch_id=branch,
            currency=currency,
            revenue=revenue,
            is_revenue_missing=False,
            items_json=list(items),
            row_hash=1,
        )

    def refund(self, order_key: str, at: datetime, amount: float) -> None:
        """A refund of an order."""
        self.insert(
            "refund",
            order_key=order_key,
            refund_number=1,
            refund_ts=at,
            refund_date=self.day(at),
            branch_id="D01",
            currency="",
            amount=amount,
            is_attached=True,
        )

    def task(
        self,
        task_type: str,
        at: datetime,
        *,
        company: str | None = None,
        contact: str | None = None,
        branch: str = "D01",
        value: float = 100,
        reach: int = 10,
        detail: dict[str, Any] | None = None,
        name: str | None = None,
        **more: Any,
    ) -> UUID:
        """A task with its last evidence at `at`, ready since then; answers its id."""
        task_id = uuid4()
        subject = f"c:{contact}" if contact else f"k:{company}" if company else "d:p1"
        self.insert(
            "task",
            **{
                "task_type": task_type,
                "subject": subject,
                "first_at": at - timedelta(hours=1),
                "order_key": str(task_id) if task_type == "purchase" else "",
                "task_id": task_id,
                "last_at": at,
                "last_date": self.day(at),
                "user_pseudo_id": "p1",
                "contact_id": contact,
                "company_id": company,
                "customer_key": f"k:{company}" if company else subject,
                "customer_name": name,
                "branch_id": branch,
                "ready_at": at,
                "expires_at": at + timedelta(days=60),
                "currency": "",
                "value": value,
                "is_value_incomplete": False,
                "estimate_sessions": 0,
                "is_task": True,
                "is_flagged": False,
                "has_checkout": False,
                "reach": reach,
                "is_known_buyer": True,
                "detail": detail if detail is not None else _DETAIL[task_type],
                "words": "",
                "row_hash": 1,
                **more,
            },
        )
        return task_id

    def event(self, table: str, at: datetime, visitor: str, number: int, **values: Any) -> None:
        """A row of an event table; its month's partition is made when it is missing."""
        day = self.day(at)
        self.superuser.execute("select _ensure_partitions(%s, %s)", (day, day))
        row = {
            "event_date": day,
            "event_ts": at,
            "event_name": table,
            "user_pseudo_id": visitor,
            "ga_session_id": number,
            "source_table": "events",
            "load_id": 1,
        } | values
        if table == "purchase":
            row.setdefault("order_key", str(row.get("transaction_id")))
        self.insert(table, **row)


_DETAIL: dict[str, dict[str, Any]] = {
    "cart": {"lines": [item("A", 100)]},
    "no_results": {"terms": [{"term": "valve", "searches": 4, "sessions": 2}]},
    "no_conversion": {"terms": [{"term": "pump", "searches": 1, "sessions": 1}], "items": []},
    "repeat_visit": {"visits": 4, "page_views": 20, "items": [item("B", 5, name="Pump")]},
    "purchase": {"transaction_id": "T1", "line_count": 1, "refunded": 0, "is_first": True},
    "bounce": {"bounces": 2, "items": []},
}


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def store_account(
    superuser: Superuser, tenant_id: UUID, table: str, values: Mapping[str, Any]
) -> None:
    """What a load derives from a row of the customer file, an order or a task: whose it is."""
    companies = {"users": "buying_company_erp_id", "shop_order": "company_id", "task": "company_id"}
    if table not in companies:
        return
    contact = values.get("user_id" if table == "users" else "contact_id")
    company, device = values.get(companies[table]), values.get("user_pseudo_id")
    named = f"k:{company}" if company else f"c:{contact}" if contact else f"d:{device}"
    keys = [values.get("customer_key", named)]
    superuser.execute("select _store_accounts(%s, %s)", (tenant_id, keys))
