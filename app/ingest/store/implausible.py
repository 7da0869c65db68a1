"""Ids shared by too many devices or amounts to be real: found in staged events and warned of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from app.jobs import Run

MOST_DEVICES = 50  # per contact or company and day
FEWEST_AMOUNTS = 3  # per order number, from as many devices
SHOWN = 20


@dataclass(frozen=True)
class ImplausibleId:
    """A value with the day on which it had the most devices. `kind`: contact, company, order."""

    kind: str
    value: str
    event_date: date
    devices: int
    amounts: int

    @property
    def warning(self) -> str:
        """What was found and what to do about it."""
        day = f"{self.event_date:%d %B %Y}".lstrip("0")
        if self.kind == "order":
            seen = (
                f"The order number “{self.value}” came with {self.amounts} different amounts from "
                f"{self.devices} devices, last on {day}. They count as one order."
            )
        else:
            seen = (
                f"The {self.kind} “{self.value}” stands for {self.devices:,} devices on {day}. "
                f"They count as one {self.kind}."
            )
        return f"{seen} If it names nobody, add it to the words for nothing in Settings."


def warn_of_implausible(conn: Connection, run: Run, event_types: Iterable[str]) -> None:
    """Add a warning to the job for each such id in the staged rows of these types."""
    for found in list_implausible(conn, run.tenant_id, event_types):
        run.warn(found.warning, found.value)


def list_implausible(
    conn: Connection, tenant_id: UUID, event_types: Iterable[str]
) -> list[ImplausibleId]:
    """The implausible ids in the staged rows of these types, most devices first, at most SHOWN.

    Leaves out words for nothing.
    """
    types = list(event_types)
    if not types:
        return []
    rows = [*_people(conn, tenant_id, types)]
    if "purchase" in types:
        rows += _orders(conn, tenant_id)
    found = [ImplausibleId(*row) for row in rows]
    return sorted(found, key=lambda one: (-one.devices, one.kind, one.value))[:SHOWN]


def _people(
    conn: Connection, tenant_id: UUID, types: list[str]
) -> Iterator[tuple[str, str, date, int, int]]:
    for kind, column in (("contact", "user_id"), ("company", "company_id")):
        seen = " union ".join(
            f"select event_date, {column} as value, user_pseudo_id from stage_{name}"  # noqa: S608 - names of constants
            f" where {column} is not null and user_pseudo_id is not null"
            for name in types
        )
        statement = text(f"""
            select distinct on (d.value) :kind, d.value, d.event_date, d.devices, 0
            from (
                select s.value, s.event_date, count(*) as devices
                from ({seen}) as s
                group by s.value, s.event_date
                having count(*) > :most
            ) as d
            where not _is_nothing(d.value, (select _nothing_words(:t)))
            order by d.value, d.devices desc, d.event_date
        """)  # noqa: S608 - as above
        values = {"t": tenant_id, "kind": kind, "most": MOST_DEVICES}
        for row in conn.execute(statement, values):
            yield row[0], row[1], row[2], row[3], row[4]


def _orders(conn: Connection, tenant_id: UUID) -> Iterator[tuple[str, str, date, int, int]]:
    statement = text("""
        select
            'order', btrim(p.transaction_id), max(p.event_date),
            count(distinct p.user_pseudo_id), count(distinct p.revenue)
        from stage_purchase as p
        where
            p.event_name = 'purchase'
            and not _is_nothing(p.transaction_id, (select _nothing_words(:t)))
        group by btrim(p.transaction_id)
        having count(distinct p.revenue) >= :fewest and count(distinct p.user_pseudo_id) >= :fewest
    """)
    values = {"t": tenant_id, "fewest": FEWEST_AMOUNTS}
    for row in conn.execute(statement, values):
        yield row[0], row[1], row[2], row[3], row[4]
