"""How fast tasks answer: lists of one type, their counts and searches, and the queue of all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, Engine

from app.database import engine as db
from app.database.tenancy import Scope
from app.tasks import queries
from app.tasks.board.queries import get_team_board
from app.tasks.queries import Place, TaskFilters
from app.tasks.queue.queries import get_task_queue
from bench.figures import GOALS_MS, as_tenant, last_days, nothing, pairs
from bench.ground import Ground
from bench.results import Result, at_most
from bench.scale import LAST_DAY

_QUEUE_GOALS_MS = {90: 60.0, 180: 150.0}
_LISTS = {
    "purchase": queries.get_purchase_tasks,
    "cart": queries.get_cart_abandonment_tasks,
    "no_conversion": queries.get_search_analysis_tasks,
    "repeat_visit": queries.get_repeat_visit_tasks,
}
_WORDS = "part 12"
_EVERYTHING = Scope(None, is_masked=False)
_NOW = datetime.combine(LAST_DAY + timedelta(days=1), time(), UTC)
Ask = Callable[[Connection, UUID], object]


def measure(ground: Ground) -> list[Result]:
    """Every list of the largest tenant, a whole page of it: rows and counts; then the queue."""
    engine, results = db.make_engine(ground.urls.web), []
    for days, goal in GOALS_MS.items():
        for name in _LISTS:
            for label, ask in _pages(name, days).items():
                spent = _clock(ground, engine, ask)
                results.append(at_most(f"{name} tasks, {label}, {days} days", spent, "ms", goal))
    for days, goal in _QUEUE_GOALS_MS.items():
        for whose, holders in (("", None), (" of nobody", ("-",))):
            filters = TaskFilters(last_days(days), _EVERYTHING, holders=holders)
            ask = partial(_queue, filters=filters)
            spent = _clock(ground, engine, ask)
            results.append(at_most(f"my queue{whose}, {days} days", spent, "ms", goal))
        spent = _clock(ground, engine, partial(_board, days=days))
        results.append(at_most(f"team board, {days} days", spent, "ms", goal))
    engine.dispose()
    return results


def _pages(name: str, days: int) -> dict[str, Ask]:
    """The first page, one far down, and the first of a text search, each with its counts."""
    types = (name,) if name == "no_conversion" else ()
    plain = TaskFilters(last_days(days), _EVERYTHING, types=types)
    searched = TaskFilters(last_days(days), _EVERYTHING, types=types, query=_WORDS)
    return {
        "first page": partial(_list, name=name, filters=plain, offset=0),
        "page 40": partial(_list, name=name, filters=plain, offset=1_950),
        "text search": partial(_list, name=name, filters=searched, offset=0),
    }


def _list(
    conn: Connection, tenant_id: UUID, *, name: str, filters: TaskFilters, offset: int
) -> None:
    place = Place(limit=50, offset=offset, now=_NOW)
    _LISTS[name](conn, tenant_id, filters, place)
    queries.count_tasks(conn, tenant_id, [name], filters, _NOW)


def _queue(conn: Connection, tenant_id: UUID, *, filters: TaskFilters) -> None:
    get_task_queue(conn, tenant_id, filters, Place(limit=25, now=_NOW))


def _board(conn: Connection, tenant_id: UUID, *, days: int) -> None:
    since = _NOW - timedelta(days=7)
    get_team_board(conn, tenant_id, _EVERYTHING, last_days(days), since, now=_NOW)


def _clock(ground: Ground, engine: Engine, ask: Ask) -> float:
    tenant_id = ground.tenants[0]
    with as_tenant(engine, tenant_id) as conn:
        spent, _ = pairs(ground.scale.rounds, partial(ask, conn, tenant_id), nothing)
    return spent
