"""How fast events come in: first loads beside raw COPY, replacing, and the memory it takes."""

from __future__ import annotations

import multiprocessing
import re
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from sqlalchemy import Engine, event

from app import jobs
from app.config import Config
from app.database import engine as db
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.spool import Extraction
from bench.duck import Duck
from bench.ground import Ground, count_events, load, load_month, spool
from bench.history import Month, month_tables
from bench.results import Result, at_least, at_most, shown
from bench.scale import LAST_DAY

_COPY_GOAL, _MEMORY_GOAL_MB, _RATE_GOAL = 0.6, 400.0, 20_000.0
_SAME_GOAL_PERCENT, _CHANGED_GOAL_PERCENT = 35.0, 100.0
_NIGHTLY_DAYS = 5
_BLOCK_BYTES = 1 << 18


def measure_first(ground: Ground, duck: Duck) -> list[Result]:
    """Load every tenant's history, the largest one's under the clock; fills `duck` with it."""
    results = _first_loads(ground, duck)
    for tenant in range(1, len(ground.tenants)):
        for first, last in ground.scale.months():
            load_month(ground, tenant, first, last)
    vacuum(ground)
    return results


def measure_replacing(ground: Ground) -> list[Result]:
    """The last month and the last days of a full history, unchanged and changed, and back."""
    results = _replacing(ground)
    vacuum(ground)
    return results


def vacuum(ground: Ground) -> None:
    """What autovacuum does in the minutes after a load."""
    with psycopg.connect(ground.urls.superuser, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _first_loads(ground: Ground, duck: Duck) -> list[Result]:
    rates, ratios, peaks = [], [], []
    for first, last in ground.scale.months():
        tables = month_tables(ground.month(0, first, last))
        duck.add(tables)
        with tempfile.TemporaryDirectory(prefix="bench-spool-") as folder:
            extractions = spool(tables, Path(folder))
            whole, derived, peak = _in_child(ground, extractions, first, last)
        events = count_events(tables)
        raw = _raw_copy(ground, first, last)
        rates.append(events / whole)
        ratios.append(raw / (whole - derived))
        peaks.append((events, peak))
    longest = _longest_load(ground)
    return [
        at_least(
            "first load of a month, derived rows included, slowest",
            min(rates),
            "events/s",
            _RATE_GOAL,
        ),
        shown("the same, median", statistics.median(rates), "events/s"),
        at_least(
            "events loaded against raw binary COPY, median",
            statistics.median(ratios),
            "×",
            _COPY_GOAL,
        ),
        at_most(
            f"memory of a load of {max(peaks)[0]:,} events",
            max(p for _, p in peaks),
            "MB",
            _MEMORY_GOAL_MB,
        ),
        at_most(f"memory of a load of {longest[0]:,} events", longest[1], "MB", _MEMORY_GOAL_MB),
    ]


def _longest_load(ground: Ground) -> tuple[int, float]:
    """The whole history in one load, for a tenant that is then emptied: events and MB."""
    month = replace(ground.month(0, ground.scale.first_day, LAST_DAY), seed=ground.seed + 1)
    return load_for_spare(ground, month)


def load_for_spare(ground: Ground, month: Month) -> tuple[int, float]:
    """Load `month` for a tenant that is then emptied: events, and the loader's most MB."""
    tables = month_tables(month)
    with tempfile.TemporaryDirectory(prefix="bench-spool-") as folder:
        extractions = spool(tables, Path(folder))
        events = count_events(tables)
        del tables
        _, _, peak = _in_child(ground, extractions, month.first, month.last, ground.spare)
    with psycopg.connect(ground.urls.superuser, autocommit=True) as connection:
        _empty(connection, ground.spare)
    return events, peak


def _in_child(
    ground: Ground,
    extractions: Mapping[str, Extraction],
    first: date,
    last: date,
    tenant_id: UUID | None = None,
) -> tuple[float, float, float]:
    """Seconds of the load, of them in derivation, and the peak memory in MB, of a new process."""
    arguments = (ground.config, tenant_id or ground.tenants[0], extractions, first, last)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load_measured, arguments)


def _load_measured(
    config: Config, tenant_id: UUID, extractions: Mapping[str, Extraction], first: date, last: date
) -> tuple[float, float, float]:
    db.configure(config, role="worker")
    jobs.configure(config)
    derivation = _clock_derivation()
    seconds = load(tenant_id, extractions, first, last)
    return seconds, sum(derivation), _peak_mb()


def _peak_mb() -> float:
    """The most memory this process has held; getrusage would count what its parent held too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status does not say VmHWM")
    return int(found.group(1)) / 1024


def _clock_derivation() -> list[float]:
    """A list that grows by the seconds of each `select _derive(…)` from now on."""
    spent: list[float] = []
    begun: list[float] = []

    def before(*arguments: object) -> None:
        if "_derive(" in str(arguments[2]):
            begun.append(time.perf_counter())

    def after(*arguments: object) -> None:
        if "_derive(" in str(arguments[2]):
            spent.append(time.perf_counter() - begun.pop())

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    return spent


def _raw_copy(ground: Ground, first: date, last: date) -> float:
    """Seconds of a superuser's COPY of the month's stored rows, for a tenant that has none."""
    with psycopg.connect(ground.urls.superuser) as connection:
        kept = {name: _stored_rows(connection, name, ground, first, last) for name in EVENT_TABLES}
        connection.commit()
        begin = time.perf_counter()
        for name, (columns, content) in kept.items():
            statement = sql.SQL("copy {} ({}) from stdin (format binary)")
            with connection.cursor().copy(statement.format(sql.Identifier(name), columns)) as copy:
                for block in content:
                    copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - begin
        _empty(connection, ground.spare)
        connection.commit()
    return seconds


def _stored_rows(
    connection: psycopg.Connection[Any], name: str, ground: Ground, first: date, last: date
) -> tuple[sql.Composed, list[bytes]]:
    """The largest tenant's rows of these days in COPY's binary form, as the spare tenant's."""
    found = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 1"
        " and not attisdropped and attgenerated = '' order by attnum",
        (name,),
    ).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(column) for (column,) in found)
    statement = sql.SQL(
        "copy (select {}::uuid, {} from {} where tenant_id = {} and event_date between {} and {}"
        " order by event_ts) to stdout (format binary)"
    ).format(
        str(ground.spare),
        columns,
        sql.Identifier(name),
        str(ground.tenants[0]),
        sql.Literal(first),
        sql.Literal(last),
    )
    with connection.cursor().copy(statement) as copy:
        content = b"".join(bytes(block) for block in copy)
    blocks = [content[at : at + _BLOCK_BYTES] for at in range(0, len(content), _BLOCK_BYTES)]
    return sql.SQL(", ").join([sql.Identifier("tenant_id"), columns]), blocks


def _empty(connection: psycopg.Connection[Any], tenant_id: UUID) -> None:
    """Take every row of a tenant out of the tables that a load fills."""
    for name in (*EVENT_TABLES, *_DERIVED):
        statement = sql.SQL("delete from {} where tenant_id = %s").format(sql.Identifier(name))
        connection.execute(statement, (tenant_id,))


_DERIVED = (
    "session",
    "shop_order",
    "order_repeat",
    "refund",
    "fact",
    "term_visit",
    "task",
    "derivation",
    "id_name",
    "branch_day",
    "branch_day_money",
    "clock_hour",
    "clock_zone",
    "visitor_gap",
    "repeat_gap",
    "day_load",
)


def _replacing(ground: Ground) -> list[Result]:
    first, last = ground.scale.months()[-1]
    month = ground.month(0, first, last)
    same = month_tables(month)
    other = month_tables(replace(month, seed=ground.seed + 2))
    late = _with_late(same, other)
    nightly = LAST_DAY - timedelta(days=_NIGHTLY_DAYS - 1)
    of_month = [
        ("nothing changed", same),
        ("late events came", late),
        ("every session another", other),
        ("every session back", same),
    ]
    of_night = [("nothing changed", same), ("late events came", late), ("back", same)]
    runs = [
        *((f"replace a month, {name}", tables, first) for name, tables in of_month),
        *(
            (f"nightly run, {_NIGHTLY_DAYS} days, {name}", _since(tables, nightly), nightly)
            for name, tables in of_night
        ),
    ]
    return [
        result for name, tables, since in runs for result in _replace(ground, name, tables, since)
    ]


def _replace(
    ground: Ground, name: str, tables: Mapping[str, pa.Table], since: date
) -> list[Result]:
    """Events a second, and by how much tasks make the rest of the load longer."""
    with psycopg.connect(ground.urls.superuser, autocommit=True) as connection:
        connection.execute("select pg_stat_reset()")
        with tempfile.TemporaryDirectory(prefix="bench-spool-") as folder:
            extractions = spool(tables, Path(folder))
            seconds = load(ground.tenants[0], extractions, since, LAST_DAY)
        in_tasks = _seconds_in(connection, "_derive_tasks", "_derive_visits")
    added = 100 * in_tasks / (seconds - in_tasks)
    goal = _SAME_GOAL_PERCENT if name.endswith("nothing changed") else _CHANGED_GOAL_PERCENT
    return [
        at_least(name, count_events(tables) / seconds, "events/s", _RATE_GOAL),
        at_most(f"{name}: tasks add", added, "%", goal),
    ]


def _seconds_in(connection: psycopg.Connection[Any], *functions: str) -> float:
    """How long these ran in the last load, as PostgreSQL counted it."""
    row = connection.execute(
        "select coalesce(sum(total_time), 0) / 1000 from pg_stat_user_functions"
        " where funcname = any(%s)",
        (list(functions),),
    ).fetchone()
    return float(row[0]) if row else 0.0


def _with_late(
    tables: Mapping[str, pa.Table], other: Mapping[str, pa.Table]
) -> dict[str, pa.Table]:
    """The same rows and a twentieth of further sessions, as Google writes a day anew."""
    grown = {}
    for name, table in tables.items():
        number = pc.fill_null(other[name]["ga_session_id"], 1)
        is_late = pc.equal(pc.subtract(number, pc.multiply(pc.divide(number, 20), 20)), 0)
        grown[name] = pa.concat_tables([table, other[name].filter(is_late)]).sort_by("event_ts")
    return grown


def _since(tables: Mapping[str, pa.Table], first: date) -> dict[str, pa.Table]:
    return {
        name: table.filter(pc.greater_equal(table["event_date"], first))
        for name, table in tables.items()
    }
