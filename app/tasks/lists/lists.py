"""The five lists: what each one holds, and one page of it with its counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.dates import utc_now
from app.tasks.lists.context import find_last_day
from app.tasks.lists.filters import Cursor, ListFilters, write_now
from app.tasks.queries import (
    STATES,
    Count,
    Place,
    Task,
    TaskFilters,
    count_tasks,
    get_bounce_tasks,
    get_cart_abandonment_tasks,
    get_purchase_tasks,
    get_repeat_visit_tasks,
    get_search_analysis_tasks,
    list_tasks,
)
from app.tasks.types import TYPES, types_of_list

Getter = Callable[[Connection, UUID, TaskFilters, Place], list[Task]]


@dataclass(frozen=True)
class TaskList:
    """One list. `name` is its view's, `slug` its address's, `nouns` what one and many rows are.

    `about` says what is in it, with the tenant's thresholds to be put in. `get` reads it by a
    function that the specification names; by default its types are asked for.
    """

    name: str
    slug: str
    title: str
    icon: str
    nouns: tuple[str, str]
    about: str
    get: Getter = list_tasks
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of tasks in it."""
        return types_of_list(self.slug)

    @property
    def endpoint(self) -> str:
        """Where the list is asked for."""
        return f"tasks.{self.name}"

    def read(
        self, conn: Connection, tenant_id: UUID, question: TaskFilters, place: Place
    ) -> list[Task]:
        """The rows of one page; without types, the question is about all of the list's."""
        types = question.types or self.types
        return self.get(conn, tenant_id, replace(question, types=types), place)


@dataclass(frozen=True)
class Asked:
    """Who asks a list for what: the filters of the page, and the question they make."""

    tenant_id: UUID
    filters: ListFilters
    question: TaskFilters


@dataclass(frozen=True)
class Chip:
    """One state or type with the number of its tasks under all other filters."""

    name: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Listing:
    """One page of a list. `value` is the sum in the reporting currency, of all pages."""

    tasks: tuple[Task, ...]
    total: int
    value: Decimal
    states: tuple[Chip, ...]
    types: tuple[Chip, ...]
    filters: ListFilters
    now: datetime
    empty_reason: str | None
    last_day: date | None

    @property
    def last_page(self) -> int:
        """The number of the last page, at least 1."""
        return max(-(-self.total // self.filters.limit), 1)

    @property
    def first_row(self) -> int:
        """The number of the first row shown, 0 when there is none."""
        return (self.filters.page - 1) * self.filters.limit + 1 if self.tasks else 0

    @property
    def numbers(self) -> list[int | None]:
        """The pages to offer: the first, the last and those around; None where some are not."""
        here, last = min(self.filters.page, self.last_page), self.last_page
        near = {n for n in (1, here - 1, here, here + 1, last) if 1 <= n <= last}
        shown: list[int | None] = []
        for number in sorted(near):
            if shown and number - (shown[-1] or 0) > 1:
                shown.append(None)
            shown.append(number)
        return shown

    def page_arguments(self, number: int) -> dict[str, Any]:
        """The query string of a page, counted from the start."""
        page = None if number == 1 else number
        return self.filters.arguments(page=page, now=write_now(self.now))

    def step_arguments(self, step: int) -> dict[str, Any]:
        """The query string of the page after (1) or before (-1) this one, by its rows."""
        number = self.filters.page + step
        row = self.tasks[-1 if step > 0 else 0] if self.tasks else None
        if row is None or row.sort_key is None or number <= 1:
            return self.page_arguments(max(number, 1))
        name = "after" if step > 0 else "before"
        return self.page_arguments(number) | {name: str(Cursor(row.sort_key, row.task_id))}


LISTS = {
    made.slug: made
    for made in (
        TaskList(
            "purchases",
            "purchases",
            "Purchases",
            "receipt",
            ("purchase", "purchases"),
            "Web shop orders: who to thank, and what to offer next.",
            get_purchase_tasks,
            {"first": "First orders", "refunded": "Refunded"},
        ),
        TaskList(
            "cart_abandonment",
            "cart-abandonment",
            "Carts",
            "cart",
            ("cart", "carts"),
            "Carts left for {cart_hours} hours without an order.",
            get_cart_abandonment_tasks,
            {"recovered": "Recovered"},
        ),
        TaskList(
            "search_analysis",
            "search-analysis",
            "Searches",
            "search",
            ("search", "searches"),
            "Customers whose searches found nothing, or who searched {searches} times in a visit"
            " without buying.",
            get_search_analysis_tasks,
        ),
        TaskList(
            "repeat_visits",
            "repeat-visits",
            "Repeat visits",
            "eye",
            ("repeat visit", "repeat visits"),
            "Known customers with {visits} visits of {visit_pages} pages, and no order since.",
            get_repeat_visit_tasks,
        ),
        TaskList(
            "performance",
            "performance",
            "Performance",
            "gauge",
            ("bounced visit", "bounced visits"),
            "Known contacts who bounced from product pages {bounces} times or more.",
            get_bounce_tasks,
        ),
    )
}
BY_TYPE = {found.name: LISTS[found.list_slug] for found in TYPES}


def read_list(conn: Connection, task_list: TaskList, asked: Asked) -> Listing:
    """One page with its counts, all read at the same instant."""
    filters, now = asked.filters, asked.filters.now or utc_now()
    question = asked.question
    counts = count_tasks(conn, asked.tenant_id, task_list.types, question, now)
    chosen = [c for c in counts if _is_chosen(c, filters)]
    total = sum(count.tasks for count in chosen)
    tasks = task_list.read(conn, asked.tenant_id, question, filters.place(now)) if total else []
    last_day = find_last_day(conn, asked.tenant_id)
    return Listing(
        tasks=tuple(tasks),
        total=total,
        value=sum((count.value for count in chosen), Decimal(0)),
        states=_chips(STATES, filters.states, counts, lambda c: c.state, filters.types),
        types=_chips(task_list.types, filters.types, counts, lambda c: c.task_type, filters.states),
        filters=filters,
        now=now,
        empty_reason=None if total else _why_empty(filters, last_day),
        last_day=last_day,
    )


@dataclass
class Pages:
    """Reads a list from the start, page after page; `place` is the page to come."""

    task_list: TaskList
    question: TaskFilters
    place: Place
    is_over: bool = False

    def read(self, conn: Connection, tenant_id: UUID) -> list[Task]:
        """The next page; empty when there is none any more."""
        if self.is_over:
            return []
        tasks = self.task_list.read(conn, tenant_id, self.question, self.place)
        self.is_over = len(tasks) < self.place.limit
        if tasks:
            last = tasks[-1]
            self.place = replace(self.place, after_key=last.sort_key, after_id=last.task_id)
        return tasks


def _is_chosen(count: Count, filters: ListFilters) -> bool:
    return (not filters.states or count.state in filters.states) and (
        not filters.types or count.task_type in filters.types
    )


def _chips(
    names: Iterable[str],
    chosen: tuple[str, ...],
    counts: list[Count],
    named: Callable[[Count], str],
    others: tuple[str, ...],
) -> tuple[Chip, ...]:
    """A chip for each name; its count follows what is chosen in the other dimension."""
    return tuple(
        Chip(
            name,
            sum(
                count.tasks
                for count in counts
                if named(count) == name
                and (not others or {count.state, count.task_type} & set(others))
            ),
            name in chosen,
        )
        for name in names
    )


def _why_empty(filters: ListFilters, last_day: date | None) -> str:
    if last_day is None:
        return "nothing_loaded"
    return "no_match" if filters.narrows else "nothing_found"
