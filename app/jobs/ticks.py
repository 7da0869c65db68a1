"""Periodic jobs: any number of schedulers may run; one of them does each tick."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.config import ConfigError
from app.jobs.doors import short_admin_transaction
from app.log import logger

_RETRY_S = 60.0
_AWAY_S = 2.0


@dataclass(frozen=True)
class Periodic:
    """Something to do every `every_s` seconds, by whichever scheduler comes first."""

    name: str
    every_s: float
    function: Callable[[], object]


def run_ticks(periodic: Sequence[Periodic], is_stopping: Callable[[], bool]) -> None:
    """Do what is due until asked to stop. Survives every outage of the database and Redis."""
    due = {entry.name: 0.0 for entry in periodic}
    while not is_stopping():
        for entry in periodic:
            if time.monotonic() >= due[entry.name] and not is_stopping():
                due[entry.name] = time.monotonic() + tick(entry)
        time.sleep(0.2)


def tick(entry: Periodic) -> float:
    """Do a periodic job if it is due and nobody else does it; returns when to look again."""
    try:
        wait_s = _claim(entry)
        if wait_s is not None:
            return wait_s
        entry.function()
    except (SQLAlchemyError, RedisError) as error:
        logger.warning("scheduler.tick.postponed", tick=entry.name, error=type(error).__name__)
        return _postpone(entry)
    except ConfigError as error:
        logger.error("scheduler.tick.failed", tick=entry.name, reason=str(error))
        return _postpone(entry)
    except Exception as error:  # one broken periodic job must not stop the sweeper
        logger.opt(exception=error).error("scheduler.tick.failed", tick=entry.name)
        return _postpone(entry)
    return entry.every_s


def _claim(entry: Periodic) -> float | None:
    """None if this scheduler does it now; else the seconds until it is due again.

    A due time further away than the interval is left over from a changed setting and ignored.
    """
    claim = text("""
        insert into periodic_tick (tick, due_at)
        values (:tick, clock_timestamp() + make_interval(secs => :every_s))
        on conflict (tick) do update set due_at = excluded.due_at
        where periodic_tick.due_at <= clock_timestamp()
            or periodic_tick.due_at > excluded.due_at + interval '1 minute'
        returning tick
    """)
    wait = text("""
        select extract(epoch from due_at - clock_timestamp())::float8
        from periodic_tick
        where tick = :tick
    """)
    with short_admin_transaction() as conn:
        values = {"tick": entry.name, "every_s": entry.every_s}
        if conn.execute(claim, values).scalar_one_or_none() is not None:
            return None
        return max(0.05, float(conn.execute(wait, {"tick": entry.name}).scalar_one()))


def _postpone(entry: Periodic) -> float:
    """Make a failed tick due again soon, for every scheduler; returns the seconds until then."""
    statement = text("""
        update periodic_tick
        set due_at = least(due_at, clock_timestamp() + make_interval(secs => :retry_s))
        where tick = :tick
    """)
    try:
        with short_admin_transaction() as conn:
            conn.execute(statement, {"tick": entry.name, "retry_s": min(_RETRY_S, entry.every_s)})
    except SQLAlchemyError:
        return _AWAY_S
    return min(_RETRY_S, entry.every_s)
