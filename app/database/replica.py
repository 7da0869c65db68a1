"""The read replica: whether it may serve a read, and how far it must have replayed.

It may serve a read after replaying what the primary wrote until a few seconds ago, so that nothing
shown is older, and the last change of the tenant's rows, so that people see their own changes at
once. Compares positions in the primary's log, never two clocks.

A thread checks both servers every second. If one does not answer in time, every connection to the
replica is cut, even those in use: the primary serves their requests instead.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID
from weakref import WeakSet

import psycopg
from redis import Redis, RedisError

from app.log import logger

MOST_BEHIND_S = 5.0
_LOOK_S = 1.0
_ANSWER_S = 2.0
_OVERDUE_S = _LOOK_S + _ANSWER_S
_KEEP_S = 60  # longer than any needed position can stay ahead of the replica
_WRITTEN = "written:"
_PRIMARY = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_REPLICA = "select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"

Wire = psycopg.Connection[Any]


@dataclass(frozen=True)
class Standing:
    """The replica's state at a check, in bytes of the primary's log.

    `needed` is the primary's position at the oldest check that still counts.
    """

    looked_at: float
    needed: int
    replayed: int
    written: int

    @property
    def is_usable(self) -> bool:
        """Whether reads may use it if no change of their own makes them wait."""
        return self.replayed >= self.needed

    @property
    def behind_bytes(self) -> int:
        """The bytes not replayed yet."""
        return max(0, self.written - self.replayed)


@dataclass
class Replica:
    """One replica of one primary; addresses are libpq URLs."""

    url: str
    primary_url: str
    redis: Redis
    _looks: deque[tuple[float, int]] = field(default_factory=deque)
    _standing: Standing | None = None
    _is_well: bool | None = None
    _wires: WeakSet[Wire] = field(default_factory=WeakSet)
    _lookers: dict[str, Wire] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def needed(self, tenant_id: UUID) -> int | None:
        """The position that a read of this tenant needs; None means use the primary."""
        standing = self.standing()
        if standing is None:
            return None
        try:
            changed = self.redis.zscore(_WRITTEN + str(tenant_id), "position")
        except RedisError:
            return None
        return max(standing.needed, int(changed or 0))

    def note_change(self, tenant_id: UUID, position: int) -> None:
        """Require at least this position for reads of this tenant from now on."""
        key = _WRITTEN + str(tenant_id)
        with suppress(RedisError), self.redis.pipeline() as pipe:
            pipe.zadd(key, {"position": position}, gt=True)
            pipe.expire(key, _KEEP_S)
            pipe.execute()

    def standing(self) -> Standing | None:
        """The result of the last check; None if it failed or is overdue."""
        self._watch_on()
        standing = self._standing
        if standing is None or time.monotonic() - standing.looked_at > _OVERDUE_S:
            return None
        return standing

    def keep(self, wire: Wire) -> None:
        """Cut this connection too when the replica stops answering."""
        with self._lock:
            self._wires.add(wire)

    def close(self) -> None:
        self._end.set()

    def _watch_on(self) -> None:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_on, name="replica", daemon=True)
                self._watch.start()

    def _look_on(self) -> None:
        """Check until closed. A hanging check is cut off, so one more thread is enough."""
        with ThreadPoolExecutor(1, "replica-look") as pool:
            while not self._end.is_set():
                try:
                    look = pool.submit(self._look)
                except RuntimeError:  # the interpreter is shutting down
                    return
                try:
                    self._take(look)
                except (TimeoutError, psycopg.Error) as error:
                    self._lose(error)
                self._end.wait(_LOOK_S)
            self._cut_all()

    def _look(self) -> tuple[int, int]:
        """The primary's position, and what the replica has replayed."""
        return self._ask(self.primary_url, _PRIMARY), self._ask(self.url, _REPLICA)

    def _ask(self, url: str, query: LiteralString) -> int:
        kept = self._lookers.get(url)
        if kept is None or kept.closed:
            timeout_s = int(_ANSWER_S)
            kept = psycopg.connect(url, autocommit=True, connect_timeout=timeout_s)
            self._lookers[url] = kept
        row = kept.execute(query).fetchone()
        if row is None or row[0] is None:
            raise psycopg.OperationalError("this server replays nothing")
        return int(row[0])

    def _take(self, look: Future[tuple[int, int]]) -> None:
        asked_at = time.monotonic()
        written, replayed = look.result(_ANSWER_S)
        while self._looks and self._looks[0][0] < asked_at - MOST_BEHIND_S:
            self._looks.popleft()
        self._looks.append((asked_at, written))
        self._standing = Standing(time.monotonic(), self._looks[0][1], replayed, written)
        if not self._is_well:
            self._is_well = True
            logger.info("replica.answers", behind_bytes=self._standing.behind_bytes)

    def _lose(self, error: Exception) -> None:
        self._standing = None
        self._cut_all()
        if self._is_well is not False:
            self._is_well = False
            logger.error("replica.lost", error=type(error).__name__)

    def _cut_all(self) -> None:
        with self._lock:
            wires = [*self._wires, *self._lookers.values()]
        for wire in wires:
            _cut(wire)
        self._lookers.clear()


def _cut(wire: Wire) -> None:
    """Close a connection that another thread may be waiting on."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(wire.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
