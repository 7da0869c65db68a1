"""What a report says: its tasks sorted into new, open and closed, and the figures of its days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from app.branches import branch_label, get_branch_names
from app.dashboard.queries import Overview, get_dashboard_overview_stats
from app.database.tenancy import Scope
from app.dates import DateRange, today, utc_now
from app.email.sending.ledger import Addressee, OpenTask, Told, list_open_tasks, list_told_tasks
from app.tasks.board.queries import RecoveredRow, get_recovered_revenue
from app.tasks.lists.context import find_last_day
from app.tasks.queries import Card, Task, get_tasks
from app.tasks.queue.queries import Lead, build_leads, card_of, get_scale
from app.tasks.score import card_score
from app.tenant_settings import get_tenant_settings

MOST_NEW, MOST_OPEN, MOST_CLOSED, MOST_REASONS = 10, 15, 15, 4
_CLOSED_STATES = ("done", "closed", "expired")


@dataclass(frozen=True)
class Sorted:
    """Task ids as a report orders them, a tuple a customer, the best customer first.

    `new`: customers with a task they were not told of, at most MOST_NEW; `untold`: these tasks;
    `later`: how many untold tasks of further customers wait for the next report; `open`: customers
    without such a task; `open_count`: all tasks that were told and wait; `gone`: those that wait
    no longer.
    """

    new: tuple[tuple[UUID, ...], ...]
    untold: frozenset[UUID]
    later: int
    open: tuple[tuple[UUID, ...], ...]
    open_count: int
    gone: tuple[UUID, ...]


@dataclass(frozen=True)
class Figures:
    """The figures of the report's days and branches, and of the same number of days before."""

    now: Overview
    before: Overview
    recovered: RecoveredRow


@dataclass(frozen=True)
class Report:
    """One recipient's report. `later` as in Sorted; `last_day`: the last loaded one."""

    addressee: Addressee
    branches: tuple[str, ...]
    period: DateRange
    new: tuple[Lead, ...]
    untold: frozenset[UUID]
    later: int
    open: tuple[Card, ...]
    open_count: int
    closed: tuple[Task, ...]
    figures: Figures
    last_day: date | None

    @property
    def new_count(self) -> int:
        """How many tasks it tells for the first time."""
        return len(self.untold)

    @property
    def is_worth_sending(self) -> bool:
        """Whether anything is new or closed."""
        return bool(self.untold or self.closed)

    def told(self) -> Iterator[tuple[UUID, str]]:
        """Each task it tells of, with what it says: new, open or closed."""
        for lead in self.new:
            for task in lead.card.tasks:
                yield task.task_id, "new" if task.task_id in self.untold else "open"
        for card in self.open:
            yield from ((task.task_id, "open") for task in card.tasks)
        yield from ((task.task_id, "closed") for task in self.closed)


def sort_tasks(waiting: Iterable[OpenTask], told: Told) -> Sorted:
    """What is new, open and gone for somebody who was told so much before."""
    customers: dict[str, list[OpenTask]] = {}
    for task in waiting:
        customers.setdefault(task.customer_key, []).append(task)
    ranked = sorted(customers.items(), key=lambda item: (-_score(item[1]), item[0]))
    cards = [tuple(task.task_id for task in tasks) for _, tasks in ranked]
    fresh = [card for card in cards if any(task_id not in told for task_id in card)]
    shown, later = fresh[:MOST_NEW], fresh[MOST_NEW:]
    here = {task_id for card in cards for task_id in card}
    return Sorted(
        new=tuple(shown),
        untold=frozenset(i for card in shown for i in card if i not in told),
        later=sum(i not in told for card in later for i in card),
        open=tuple(card for card in cards if all(i in told for i in card)),
        open_count=sum(i in told for i in here),
        gone=tuple(sorted(i for i, word in told.items() if word != "closed" and i not in here)),
    )


def _score(tasks: Sequence[OpenTask]) -> float:
    return card_score([task.score for task in tasks])


class Reports:
    """Builds the reports of one period; what several share is read once."""

    def __init__(
        self, conn: Connection, tenant_id: UUID, period: DateRange, recipients: Iterable[str]
    ) -> None:
        self._conn, self._tenant_id, self._period = conn, tenant_id, period
        settings = get_tenant_settings(conn, tenant_id)
        self._now = utc_now()
        self._waiting = list_open_tasks(conn, tenant_id, today(settings.property_time_zone))
        self._told: Mapping[str, Told] = list_told_tasks(conn, tenant_id, recipients)
        self._names = get_branch_names(conn, tenant_id)
        self._last_day = find_last_day(conn, tenant_id)
        self._currency = get_scale(conn, tenant_id).currency
        self._figures: dict[tuple[str, ...], Figures] = {}

    def sort(self, addressee: Addressee) -> Sorted:
        """What is new, open and gone for this addressee; gone tasks may only sleep."""
        waiting = (task for name in addressee.branch_ids for task in self._waiting.get(name, ()))
        return sort_tasks(waiting, self._told.get(addressee.email, {}))

    def build(self, addressee: Addressee) -> Report:
        """The report of this addressee, as things stand now."""
        found = self.sort(addressee)
        shown = (*found.new, *found.open[:MOST_OPEN])
        ids = [task_id for card in shown for task_id in card]
        scope = Scope(addressee.branch_ids)
        tasks = get_tasks(self._conn, self._tenant_id, scope, [*ids, *found.gone], self._now)
        cards = [self._card(card, tasks) for card in found.new]
        leads = build_leads(
            self._conn, self._tenant_id, scope, [card for card in cards if card], self._now
        )
        still_open = [self._card(card, tasks) for card in found.open[:MOST_OPEN]]
        gone = [tasks[task_id] for task_id in found.gone if task_id in tasks]
        return Report(
            addressee=addressee,
            branches=tuple(branch_label(self._names, name) for name in addressee.branch_ids),
            period=self._period,
            new=tuple(leads),
            untold=found.untold & {task.task_id for lead in leads for task in lead.card.tasks},
            later=found.later,
            open=tuple(card for card in still_open if card),
            open_count=found.open_count,
            closed=tuple(
                task
                for task in gone
                if task.state in _CLOSED_STATES and task.branch_id in addressee.branch_ids
            ),
            figures=self._figures_of(addressee.branch_ids),
            last_day=self._last_day,
        )

    def _card(self, ids: Iterable[UUID], tasks: Mapping[UUID, Task]) -> Card | None:
        return card_of([tasks[task_id] for task_id in ids if task_id in tasks], self._currency)

    def _figures_of(self, branch_ids: tuple[str, ...]) -> Figures:
        if branch_ids not in self._figures:
            conn, tenant_id, period = self._conn, self._tenant_id, self._period
            self._figures[branch_ids] = Figures(
                get_dashboard_overview_stats(conn, tenant_id, period, branch_ids),
                get_dashboard_overview_stats(conn, tenant_id, period.previous(), branch_ids),
                get_recovered_revenue(conn, tenant_id, period, branch_ids).total,
            )
        return self._figures[branch_ids]
